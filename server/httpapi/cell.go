package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type cellsInput struct {
	Measure    string `query:"measure" required:"true" enum:"incidents,responders,cameras,facilities"`
	Resolution int    `query:"resolution" default:"8" minimum:"5" maximum:"9"`
}

type cellsView struct {
	Resolution int            `json:"resolution"`
	Cells      map[string]int `json:"cells" nullable:"false"`
}

func (a *api) cells() {
	operation(a, "GET", "/api/v1/cells", "cells", "A measure counted by cell", sees(dispatch.FieldFigure), 200,
		func(ctx context.Context, in *cellsInput) (*body[cellsView], error) {
			areas, err := a.scope(ctx, dispatch.See(dispatch.FieldFigure), 0)
			if err != nil {
				return nil, err
			}
			var counts map[string]int
			if in.Measure == "responders" {
				counts, err = a.Service.ForcesByCell(in.Resolution, areas)
			} else {
				counts, err = a.Reader.Cells(ctx, in.Measure, in.Resolution, areas)
			}
			return answer(cellsView{in.Resolution, counts}, err)
		})
}
