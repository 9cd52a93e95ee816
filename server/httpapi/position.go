package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type positionsInput struct {
	Body struct {
		Positions []dispatch.Position `json:"positions" minItems:"1" maxItems:"500"`
	}
}

// positionsView is what became of a batch.
type positionsView struct {
	Accepted int                   `json:"accepted" doc:"How many were sound. The newest is kept, and all of a task whose track is."`
	Refused  []refusedPositionView `json:"refused" nullable:"false" doc:"Those that were not; the others count."`
}

type refusedPositionView struct {
	Index  int    `json:"index" doc:"In the batch, from 0."`
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail" doc:"Why, in the language asked for."`
}

func newPositionsView(lang string, kept dispatch.KeptPositions) positionsView {
	out := positionsView{Accepted: kept.Accepted, Refused: []refusedPositionView{}}
	for _, r := range kept.Refused {
		out.Refused = append(out.Refused, refusedPositionView{r.Index, r.Field(), string(r.Reason.Code), sentence(lang, string(r.Reason.Code), r.Reason.Values)})
	}
	return out
}

func (a *api) positions() {
	operation(a, "POST", "/api/v1/positions", "send-positions", "The own phone's positions, on duty or on a task only", Access(dispatch.ActionRespond), 200,
		func(ctx context.Context, in *positionsInput) (*body[positionsView], error) {
			kept, err := a.Reader.SavePositions(ctx, actorOf(ctx).ResponderID, in.Body.Positions)
			return answer(newPositionsView(languageOf(ctx), kept), err)
		})
}
