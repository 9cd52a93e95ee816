package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

type careCellsInput struct {
	AreaID     int64  `query:"area_id"`
	Resolution int    `query:"resolution" default:"8" minimum:"6" maximum:"8"`
	Category   string `query:"category" enum:"disabled,elderly_alone,low_income,bedridden,severe_illness,child_in_need,other"`
}

type openCareInput struct {
	IDInput
	Body reasonBody
}

type carePeopleView struct {
	IncidentID int64                 `json:"incident_id"`
	People     []dispatch.CarePerson `json:"people" nullable:"false" doc:"The nearest first. Not to be kept: it closes with the incident."`
}

type careExportBody struct {
	Reason string `json:"reason"`
	AreaID int64  `json:"area_id"`
}

func (a *api) cares() {
	operation(a, "GET", "/api/v1/care/cells", "care-cells", "How many need care where, told so that nobody is found out", Access(dispatch.ActionCareCounts), 200, func(ctx context.Context, in *careCellsInput) (*body[dispatch.CareCounts], error) {
		areas, err := a.scope(ctx, dispatch.ActionCareCounts, in.AreaID)
		if err != nil {
			return nil, err
		}
		return answer(a.Service.CareCounts(ctx, areas, in.Resolution, in.Category))
	})
	// Each answer shows people anew, so each is on record anew: no key.
	operation(a, "POST", "/api/v1/incidents/{id}/care", "open-care", "People who need care around an open incident, with a reason, for those who go", SignedIn, 200, func(ctx context.Context, in *openCareInput) (*body[carePeopleView], error) {
		people, err := a.Service.OpenCare(ctx, actorOf(ctx), in.ID, in.Body.Reason)
		return answer(carePeopleView{in.ID, people}, err)
	})
	a.raw("POST", "/api/v1/care/export", Access(dispatch.ActionPrivacy), a.exportCare)
}

// exportCare writes the care records of an area in clear: on record before, in
// the audit trail and in the register of what went outside.
func (a *api) exportCare(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	var asked careExportBody
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeInvalid, ""))
		return
	}
	areas, err := a.scope(ctx, dispatch.ActionPrivacy, asked.AreaID)
	var people []dispatch.CarePerson
	if err == nil {
		err = a.Personal.EachCare(ctx, areas, func(p dispatch.CarePerson) error {
			people = append(people, p)
			return nil
		})
	}
	if err == nil {
		err = a.Service.ExportCare(ctx, actorOf(ctx), asked.AreaID, len(people), asked.Reason)
	}
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	language := languageOf(ctx)
	columns := titled(language, "care", "id", "area", "categories", "name", "phone", "address", "needs")
	a.writeList(w, r, "care", languages[language].Titles["care.title"], columns, func(t sheet.Writer) error {
		for _, p := range people {
			categories := make([]string, len(p.Categories))
			for k, c := range p.Categories {
				categories[k] = languages[language].Titles["care_category."+c]
			}
			if err := t.Write([]string{strconv.FormatInt(p.ID, 10), p.AreaName, strings.Join(categories, "、"), p.Name, p.Phone, p.Address, p.Needs}); err != nil {
				return err
			}
		}
		return nil
	})
}
