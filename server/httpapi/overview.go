package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type overviewInput struct {
	AreaID int64 `query:"area_id" doc:"The area and all below it; without it all of one's areas."`
}

type eventsInput struct {
	After      int64 `query:"after" default:"-1" minimum:"-1" doc:"Events after this offset, ascending; -1 for the newest, descending."`
	Before     int64 `query:"before" minimum:"0" doc:"With after=-1: those before this offset."`
	IncidentID int64 `query:"incident_id" minimum:"-1" doc:"Of one incident; -1 for those of any incident, leaving duties and areas out."`
	Limit      int   `query:"limit" default:"50" minimum:"1" maximum:"1000"`
}

type eventsView struct {
	Epoch  string           `json:"epoch"`
	Events []dispatch.Event `json:"events" nullable:"false"`
}

type cellsInput struct {
	Measure    string `query:"measure" required:"true" enum:"incidents,responders,cameras,facilities"`
	Resolution int    `query:"resolution" default:"8" minimum:"5" maximum:"9"`
}

type cellsView struct {
	Resolution int            `json:"resolution"`
	Cells      map[string]int `json:"cells" nullable:"false"`
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
			return answer(a.Reader.Overview(ctx, id, areas))
		})
}

func (a *api) events() {
	operation(a, "GET", "/api/v1/events", "list-events", "The event log of one's areas", Access(dispatch.ActionSeeMasked), 200,
		func(ctx context.Context, in *eventsInput) (*body[eventsView], error) {
			areas, err := a.scope(ctx, dispatch.ActionSeeMasked, 0)
			if err != nil {
				return nil, err
			}
			epoch, list, err := a.Reader.Events(ctx, areas, in.IncidentID, in.After, in.Before, in.Limit)
			return answer(eventsView{epoch, list}, err)
		})
}

func (a *api) cells() {
	operation(a, "GET", "/api/v1/cells", "cells", "A measure counted by cell", Access(dispatch.ActionSeeMasked), 200,
		func(ctx context.Context, in *cellsInput) (*body[cellsView], error) {
			areas, err := a.scope(ctx, dispatch.ActionSeeMasked, 0)
			if err != nil {
				return nil, err
			}
			counts, err := a.Reader.Cells(ctx, in.Measure, in.Resolution, areas)
			return answer(cellsView{in.Resolution, counts}, err)
		})
}
