package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

type personInput struct {
	IDInput
	Body reasonBody
}

type erasePersonInput struct {
	CommandInput
	IDInput
	Body reasonBody
}

type erasedView struct {
	Responder dispatch.Responder `json:"responder"`
}

// PhoneInput asks for what is kept under a number.
type PhoneInput struct {
	Body struct {
		Phone  string `json:"phone" minLength:"5" maxLength:"32" pattern:"^[0-9+ -]*$"`
		Reason string `json:"reason" maxLength:"500" doc:"At least four characters, kept in the audit trail."`
	}
}

type erasePhoneInput struct {
	CommandInput
	PhoneInput
}

type phoneErasedView struct {
	Reports     int64 `json:"reports" doc:"Whose caller is not known any more."`
	CareRecords int64 `json:"care_records" doc:"Deleted."`
}

type trackView struct {
	Points []dispatch.TrackPoint `json:"points" nullable:"false" doc:"By time."`
}

func (a *api) erasures() {
	can := Access(dispatch.ActionPrivacy)
	operation(a, "GET", "/api/v1/me/personal-data", "my-personal-data", "Everything that is kept about oneself", Access(dispatch.ActionRespond), 200, func(ctx context.Context, _ *none) (*body[dispatch.PersonalData], error) {
		return answer(a.ownData(ctx))
	})
	operation(a, "GET", "/api/v1/me/track", "my-track", "All that is kept of where one went on tasks", Access(dispatch.ActionRespond), 200, func(ctx context.Context, _ *none) (*body[trackView], error) {
		points, err := a.Personal.OwnTrack(ctx, actorOf(ctx).ResponderID)
		return answer(trackView{points}, err)
	})
	a.raw("GET", "/api/v1/me/personal-data/export", Access(dispatch.ActionRespond), func(w http.ResponseWriter, r *http.Request) {
		data, err := a.ownData(r.Context())
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		a.writePersonalData(w, r, data)
	})
	// What shows people's data is on record each time it does: it takes no key.
	operation(a, "POST", "/api/v1/responders/{id}/personal-data", "personal-data", "Everything that is kept about a person, with a reason", can, 200, func(ctx context.Context, in *personInput) (*body[dispatch.PersonalData], error) {
		return answer(a.dataOf(ctx, in.ID, in.Body.Reason))
	})
	a.raw("POST", "/api/v1/responders/{id}/personal-data/export", can, a.exportPersonalData)
	operation(a, "POST", "/api/v1/responders/{id}/erase", "erase-responder", "Erase what tells who a person is; ids stay", can, 200, func(ctx context.Context, in *erasePersonInput) (*body[erasedView], error) {
		out, err := a.Service.ErasePerson(ctx, a.command(ctx, in.Key, "responder.erase", in), in.ID, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		r, err := a.person(ctx, out.ID)
		return answer(erasedView{r}, err)
	})
	operation(a, "POST", "/api/v1/personal-data/find", "find-phone", "What is kept under a telephone number, with a reason", can, 200, a.findPhone)
	operation(a, "POST", "/api/v1/personal-data/erase", "erase-phone", "Erase who gave reports under a telephone number, and care records under it", can, 200, func(ctx context.Context, in *erasePhoneInput) (*body[phoneErasedView], error) {
		out, err := a.Service.EraseReporter(ctx, a.command(ctx, in.Key, "reporter.erase", in.Body), in.Body.Phone, in.Body.Reason)
		return answer(phoneErasedView{out.ID, int64(out.Version)}, err)
	})
}

// person gives somebody to those who look after accounts and people's data, and
// see nothing of the work: read with that person's own eyes.
func (a *api) person(ctx context.Context, id int64) (dispatch.Responder, error) {
	return a.Reader.Responder(dispatch.WithViewer(ctx, dispatch.Viewer{ResponderID: id}), id)
}

// ownData gives what is kept about the actor, and notes that they took a copy.
func (a *api) ownData(ctx context.Context) (dispatch.PersonalData, error) {
	actor := actorOf(ctx)
	data, err := a.Personal.PersonalData(ctx, actor.ResponderID)
	if err != nil {
		return data, err
	}
	return data, a.Personal.RecordShare(ctx, dispatch.Share{Recipient: "本人", Channel: dispatch.SharePerson, What: string(dispatch.NounResponder), Records: 1,
		Basis: "个人信息保护法第四十五条", NounID: &actor.ResponderID, AccountID: &actor.AccountID})
}

// dataOf gives what is kept about a person, after that is on record.
func (a *api) dataOf(ctx context.Context, id int64, reason string) (dispatch.PersonalData, error) {
	if err := a.Service.ExportPerson(ctx, actorOf(ctx), id, reason); err != nil {
		return dispatch.PersonalData{}, err
	}
	return a.Personal.PersonalData(ctx, id)
}

func (a *api) exportPersonalData(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	var asked reasonBody
	if err != nil || json.NewDecoder(r.Body).Decode(&asked) != nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeInvalid, ""))
		return
	}
	data, err := a.dataOf(r.Context(), id, asked.Reason)
	if err != nil {
		a.writeProblem(w, r, err)
		return
	}
	a.writePersonalData(w, r, data)
}

func (a *api) findPhone(ctx context.Context, in *PhoneInput) (*body[dispatch.PhoneFinding], error) {
	areas, err := a.scope(ctx, dispatch.ActionPrivacy, 0)
	if err != nil {
		return nil, err
	}
	if err := a.Service.LookForPhone(ctx, actorOf(ctx), in.Body.Reason); err != nil {
		return nil, err
	}
	return answer(a.Personal.FindPhone(ctx, in.Body.Phone, areas))
}

// writePersonalData answers with a person's data as a table: section, item,
// field, value. It is made from the JSON, so that it never says less.
func (a *api) writePersonalData(w http.ResponseWriter, r *http.Request, data dispatch.PersonalData) {
	language := languageOf(r.Context())
	columns := titled(language, "personal", "section", "item", "field", "value")
	a.writeList(w, r, "personal-data", languages[language].Titles["personal.title"], columns, func(t sheet.Writer) error {
		raw, err := json.Marshal(data)
		if err != nil {
			return err
		}
		rows, err := personalRows(raw)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if title, ok := languages[language].Titles["personal."+row[0]]; ok {
				row[0] = title
			}
			if err := t.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
}
