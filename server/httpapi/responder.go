package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type respondersInput struct {
	AreaID int64  `query:"area_id"`
	Duty   string `query:"duty" enum:"on_duty,on_call,off"`
	Skill  string `query:"skill" maxLength:"64"`
	Query  string `query:"q" maxLength:"64"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type respondersView struct {
	Responders []dispatch.Responder `json:"responders" nullable:"false"`
	NextCursor string               `json:"next_cursor,omitempty"`
	Total      int                  `json:"total"`
}

func (a *api) responders() {
	operation(a, "GET", "/api/v1/responders", "list-responders", "People who can be dispatched", Access(dispatch.ActionSee), 200, a.listResponders)
	operation(a, "GET", "/api/v1/responders/{id}", "get-responder", "One person", SignedIn, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Responder], error) {
		r, err := a.Reader.Responder(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return answer(a.shownResponder(ctx, r))
	})
}

func (a *api) listResponders(ctx context.Context, in *respondersInput) (*body[respondersView], error) {
	areas, err := a.scope(ctx, dispatch.ActionSee, in.AreaID)
	if err != nil {
		return nil, err
	}
	after, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, total, err := a.Reader.Responders(ctx, dispatch.ResponderFilter{AreaIDs: areas, Duty: in.Duty, Skill: in.Skill, Query: in.Query, Limit: in.Limit, AfterID: after})
	if err != nil {
		return nil, err
	}
	for k := range list {
		if list[k], err = a.shownResponder(ctx, list[k]); err != nil {
			return nil, err
		}
	}
	view := respondersView{Responders: list, Total: total}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, nil)
}
