package httpapi

import (
	"context"

	"github.com/paulmach/orb"

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

type addResponderInput struct {
	CommandInput
	Body struct {
		Name         string   `json:"name" minLength:"1" maxLength:"64"`
		Phone        string   `json:"phone,omitempty" maxLength:"32" pattern:"^[0-9+ -]*$"`
		Affiliations []string `json:"affiliations" minItems:"1" maxItems:"6" enum:"party_member,community_worker,grid_member,volunteer,property_staff,unit_staff"`
		Skills       []string `json:"skills,omitempty" maxItems:"20"`
		Adult        bool     `json:"adult,omitempty" doc:"Of age, as seen; else a hazard keeps them away."`
		InsuredUntil string   `json:"insured_until,omitempty" format:"date" doc:"The last day of accident insurance; without it a hazard keeps them away."`
		Vehicle      string   `json:"vehicle,omitempty" enum:"foot,bicycle,ebike,car" default:"foot"`
		Lon          float64  `json:"lon" doc:"The post: where they are taken to be while no position is known."`
		Lat          float64  `json:"lat"`
		Source       string   `json:"source,omitempty" maxLength:"64" default:"local"`
		ExternalID   string   `json:"external_id" minLength:"1" maxLength:"128" doc:"With the source it tells a repeat from somebody new."`
	}
}

func (a *api) addResponder(ctx context.Context, in *addResponderInput) (*body[dispatch.Responder], error) {
	b := in.Body
	if b.Skills == nil {
		b.Skills = []string{}
	}
	out, err := a.Service.AddResponder(ctx, a.command(ctx, in.Key, "responder.add", b), dispatch.ResponderInput{Name: b.Name, Phone: b.Phone,
		Affiliations: b.Affiliations, Skills: b.Skills, Adult: b.Adult, InsuredUntil: b.InsuredUntil, Vehicle: b.Vehicle, Post: orb.Point{b.Lon, b.Lat}, Source: b.Source, ExternalID: b.ExternalID})
	if err != nil {
		return nil, err
	}
	r, err := a.Reader.Responder(ctx, out.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.shownResponder(ctx, r))
}

func (a *api) responders() {
	operation(a, "POST", "/api/v1/responders", "add-responder", "Register a person, or change one", Access(dispatch.ActionAdminister), 200, a.addResponder)
	operation(a, "GET", "/api/v1/responders", "list-responders", "People who can be dispatched", sees(dispatch.FieldResponderPost), 200, a.listResponders)
	operation(a, "GET", "/api/v1/responders/{id}", "get-responder", "One person", SignedIn, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Responder], error) {
		r, err := a.Reader.Responder(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return answer(a.shownResponder(ctx, r))
	})
}

func (a *api) listResponders(ctx context.Context, in *respondersInput) (*body[respondersView], error) {
	areas, err := a.scope(ctx, dispatch.See(dispatch.FieldResponderPost), in.AreaID)
	if err != nil {
		return nil, err
	}
	after, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	byNumber, err := a.findsByNumber(ctx, in.Query)
	if err == nil && byNumber {
		areas, err = a.scope(ctx, dispatch.ActionSeePhones, in.AreaID)
	}
	if err != nil {
		return nil, err
	}
	list, total, err := a.Reader.Responders(ctx, dispatch.ResponderFilter{AreaIDs: areas, Duty: in.Duty, Skill: in.Skill, Query: in.Query, ByNumber: byNumber, Limit: in.Limit, AfterID: after})
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
