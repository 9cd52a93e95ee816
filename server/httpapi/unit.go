package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type unitsView struct {
	Units []dispatch.Unit `json:"units" nullable:"false"`
}

func (a *api) units() {
	operation(a, "GET", "/api/v1/units", "list-units", "Responsible units", sees(dispatch.FieldUnit), 200, func(ctx context.Context, _ *none) (*body[unitsView], error) {
		areas, err := a.scope(ctx, dispatch.See(dispatch.FieldUnit), 0)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Units(ctx, areas)
		return answer(unitsView{list}, err)
	})
}
