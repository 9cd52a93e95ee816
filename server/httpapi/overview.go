package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type overviewInput struct {
	AreaID int64 `query:"area_id" doc:"The area and all below it; without it all of one's areas."`
}

func (a *api) overviews() {
	operation(a, "GET", "/api/v1/overview", "overview", "The wall's figures", Access(dispatch.ActionSeeMasked), 200,
		func(ctx context.Context, in *overviewInput) (*body[dispatch.Overview], error) {
			areas, err := a.scope(ctx, dispatch.ActionSeeMasked, in.AreaID)
			if err != nil {
				return nil, err
			}
			id := in.AreaID
			if roots := actorOf(ctx).Roots(dispatch.ActionSeeMasked); id == 0 && len(roots) > 0 {
				id = roots[0]
			}
			out, err := a.Reader.Overview(ctx, id, areas)
			out.Forces, out.ForcesTotal = a.Service.CountForces(areas)
			return answer(out, err)
		})
}
