package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type unmaskInput struct {
	IDInput
	Body struct {
		Field  string `json:"field,omitempty" enum:"phone" default:"phone"`
		Reason string `json:"reason" maxLength:"200" doc:"Why, in four characters or more; it is kept with the record."`
	}
}

type unmaskedView struct {
	Field string `json:"field" enum:"phone"`
	Value string `json:"value" doc:"In full; empty where none is known."`
}

type tracksInput struct {
	IDInput
	Body reasonBody
}

type unmaskReasonsView struct {
	Reasons     []string `json:"reasons" nullable:"false" doc:"To choose from; another may be written."`
	LeastLength int      `json:"least_length"`
}

// unmaskings are the routes on which a masked value is given in full, one at a time,
// or where those went who worked on an incident: for a reason, on record before it
// is answered.
func (a *api) unmaskings() {
	can := Access(dispatch.ActionSeePhones)
	operation(a, "GET", "/api/v1/unmask-reasons", "list-unmask-reasons", "Reasons for seeing a number in full, to choose from", can, 200,
		func(ctx context.Context, _ *none) (*body[unmaskReasonsView], error) {
			view := unmaskReasonsView{Reasons: []string{}, LeastLength: dispatch.LeastReason}
			for _, key := range dispatch.UnmaskReasons {
				view.Reasons = append(view.Reasons, sentence(languageOf(ctx), "unmask_reason."+key, nil))
			}
			return answer(view, nil)
		})
	a.unmasking("/api/v1/responders/{id}/unmask", "unmask-responder", "A person's telephone number in full, on record", dispatch.NounResponder)
	a.unmasking("/api/v1/reports/{id}/unmask", "unmask-report", "The telephone number of who reported in full, on record", dispatch.NounReport)
	operation(a, "POST", "/api/v1/incidents/{id}/tracks", "see-tracks", "Where those went who worked on an incident and agreed to its being kept, on record", Access(dispatch.ActionTracks), 200,
		func(ctx context.Context, in *tracksInput) (*body[dispatch.TaskTracks], error) {
			tracks, err := a.Service.Tracks(ctx, actorOf(ctx), in.ID, in.Body.Reason)
			return answer(tracks, err)
		})
}

func (a *api) unmasking(path, id, summary string, noun dispatch.Noun) {
	operation(a, "POST", path, id, summary, Access(dispatch.ActionSeePhones), 200, func(ctx context.Context, in *unmaskInput) (*body[unmaskedView], error) {
		phone, err := a.Service.Unmask(ctx, actorOf(ctx), noun, in.ID, in.Body.Reason)
		return answer(unmaskedView{"phone", phone}, err)
	})
}

// findsByNumber says whether a query is a telephone number that the actor may
// look for; each such search is bounded and on record, or numbers could be tried
// out until one is found.
func (a *api) findsByNumber(ctx context.Context, query string) (bool, error) {
	actor := actorOf(ctx)
	if !dispatch.IsPhone(query) || !actor.May(dispatch.ActionSeePhones) {
		return false, nil
	}
	return true, a.Service.Disclose(ctx, actor, dispatch.RevealFind, dispatch.NounResponder, "")
}
