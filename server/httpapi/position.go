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

type positionsView struct {
	Accepted int `json:"accepted"`
}

func (a *api) positions() {
	operation(a, "POST", "/api/v1/positions", "send-positions", "The own phone's positions, on duty or on a task only", Access(dispatch.ActionRespond), 200,
		func(ctx context.Context, in *positionsInput) (*body[positionsView], error) {
			n, err := a.Reader.SavePositions(ctx, actorOf(ctx).ResponderID, in.Body.Positions)
			return answer(positionsView{n}, err)
		})
}
