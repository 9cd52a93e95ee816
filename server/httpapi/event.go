package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

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

func (a *api) events() {
	operation(a, "GET", "/api/v1/events", "list-events", "The event log of one's areas", sees(dispatch.FieldEvent), 200,
		func(ctx context.Context, in *eventsInput) (*body[eventsView], error) {
			areas, show, err := a.eventsSeen(ctx, in.IncidentID)
			if err != nil {
				return nil, err
			}
			epoch, list, err := a.Reader.Events(ctx, areas, in.IncidentID, in.After, in.Before, in.Limit)
			return answer(eventsView{epoch, dispatch.Each(list, show)}, err)
		})
}

// eventsSeen gives the areas whose events the actor sees, and how; those of one
// incident are seen as it is, wherever it lies.
func (a *api) eventsSeen(ctx context.Context, incidentID int64) ([]int64, func(dispatch.Event) (dispatch.Event, bool), error) {
	if incidentID <= 0 {
		areas, err := a.scope(ctx, dispatch.See(dispatch.FieldEvent), 0)
		sight := a.sight(ctx)
		return areas, func(e dispatch.Event) (dispatch.Event, bool) { return sight.In(e.AreaID).Event(e) }, err
	}
	i, err := a.Reader.Incident(ctx, incidentID)
	if err != nil {
		return nil, nil, err
	}
	v, err := a.incidentView(ctx, i)
	return nil, v.Event, err
}
