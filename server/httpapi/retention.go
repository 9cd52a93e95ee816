package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"yiping/server/dispatch"
	"yiping/server/sheet"
)

type retentionView struct {
	Rules []dispatch.RetentionRule `json:"rules" nullable:"false"`
}

type setRetentionInput struct {
	CommandInput
	What string `path:"what" enum:"positions,emergency,offer_answers,import_files,import_changes,sessions,idempotency_keys,retired_responders,retired_care,ended_consents,tracks"`
	Body struct {
		Version int    `json:"version" minimum:"1" doc:"The version that was seen."`
		Days    int    `json:"days" minimum:"1" maximum:"3650" doc:"Within the rule's bounds."`
		Reason  string `json:"reason" maxLength:"500" doc:"At least four characters, kept in the audit trail."`
	}
}

type destroyedView struct {
	Destroyed  []dispatch.Destroyed `json:"destroyed" nullable:"false"`
	NextCursor string               `json:"next_cursor,omitempty"`
}

type holdInput struct {
	CommandInput
	IDInput
	Body struct {
		Reason string    `json:"reason" maxLength:"1000" doc:"The assessment: why it has to be kept; at least ten characters."`
		Until  time.Time `json:"until" doc:"At the latest a year from now."`
	}
}

type liftHoldInput struct {
	CommandInput
	IDInput
}

func (a *api) retentions() {
	read, hold := Access(dispatch.ActionRecords), Access(dispatch.ActionHold)
	operation(a, "GET", "/api/v1/retention", "list-retention", "How long what is kept, and why", read, 200, func(ctx context.Context, _ *none) (*body[retentionView], error) {
		return a.retentionRules(ctx)
	})
	operation(a, "POST", "/api/v1/retention/{what}", "set-retention", "Say for how many days something is kept", Access(dispatch.ActionRetain), 200, func(ctx context.Context, in *setRetentionInput) (*body[retentionView], error) {
		if _, err := a.Service.SetRetention(ctx, a.command(ctx, in.Key, "retention.set", in), in.What, in.Body.Version, in.Body.Days, in.Body.Reason); err != nil {
			return nil, err
		}
		return a.retentionRules(ctx)
	})
	operation(a, "GET", "/api/v1/destroyed", "list-destroyed", "The register of what was destroyed (处置记录), the newest first", read, 200, a.listDestroyed)
	a.raw("GET", "/api/v1/destroyed/export", read, a.exportDestroyed)
	operation(a, "GET", "/api/v1/incidents/{id}/retention", "incident-retention", "When an incident's words and pictures are destroyed", Access(dispatch.ActionSeeMasked), 200, func(ctx context.Context, in *IDInput) (*body[dispatch.IncidentRetention], error) {
		return a.incidentRetention(ctx, in.ID)
	})
	operation(a, "POST", "/api/v1/incidents/{id}/hold", "hold-incident", "Keep an incident's words and pictures longer, by an assessment", hold, 200, func(ctx context.Context, in *holdInput) (*body[dispatch.IncidentRetention], error) {
		if _, err := a.Service.HoldIncident(ctx, a.command(ctx, in.Key, "incident.hold", in), in.ID, in.Body.Reason, in.Body.Until); err != nil {
			return nil, err
		}
		return a.incidentRetention(ctx, in.ID)
	})
	operation(a, "POST", "/api/v1/incidents/{id}/hold/lift", "lift-hold", "End the keeping of an incident's words and pictures", hold, 200, func(ctx context.Context, in *liftHoldInput) (*body[dispatch.IncidentRetention], error) {
		if _, err := a.Service.LiftHold(ctx, a.command(ctx, in.Key, "incident.lift_hold", in.ID), in.ID); err != nil {
			return nil, err
		}
		return a.incidentRetention(ctx, in.ID)
	})
}

func (a *api) retentionRules(ctx context.Context) (*body[retentionView], error) {
	list, err := a.Personal.RetentionRules(ctx)
	for k := range list {
		list[k].Basis = list[k].BasisZh
		if languageOf(ctx) == "en" {
			list[k].Basis = list[k].BasisEn
		}
	}
	return answer(retentionView{list}, err)
}

func (a *api) incidentRetention(ctx context.Context, id int64) (*body[dispatch.IncidentRetention], error) {
	i, err := a.Reader.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	shown, err := a.shownIncident(ctx, i)
	if err != nil {
		return nil, err
	}
	out, err := a.Personal.IncidentRetention(ctx, i)
	if shown.Masked { // why it is held is words, too
		out.Hold, out.Holds = nil, []dispatch.Hold{}
	}
	return answer(out, err)
}

func (a *api) listDestroyed(ctx context.Context, in *PageInput) (*body[destroyedView], error) {
	before, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := a.Personal.DestroyedRecords(ctx, before, in.Limit)
	view := destroyedView{Destroyed: list}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, err)
}

func (a *api) exportDestroyed(w http.ResponseWriter, r *http.Request) {
	language := languageOf(r.Context())
	columns := titled(language, "destroyed", "id", "what", "records", "until", "days", "at", "by")
	a.writeList(w, r, "destroyed", languages[language].Titles["destroyed.title"], columns, func(t sheet.Writer) error {
		return everyPage(r.Context(), a.Personal.DestroyedRecords, func(d dispatch.Destroyed) int64 { return d.ID }, func(d dispatch.Destroyed) error {
			days := ""
			if d.Days != nil {
				days = strconv.Itoa(*d.Days)
			}
			return t.Write([]string{strconv.FormatInt(d.ID, 10), languages[language].Titles["what."+d.What], strconv.FormatInt(d.Records, 10), told(d.Until), days, told(&d.At), d.By})
		})
	})
}
