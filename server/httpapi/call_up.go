package httpapi

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// CallUpReader is what the handlers of call-ups read.
type CallUpReader interface {
	CallUps(ctx context.Context, f dispatch.CallUpFilter) ([]dispatch.CallUp, error)
	CallUp(ctx context.Context, id int64) (dispatch.CallUp, error)
	CallUpRoll(ctx context.Context, id int64) (dispatch.CallUpRoll, error)
	CallUpMembers(ctx context.Context, f dispatch.MemberFilter) (list []dispatch.CallUpMember, total int, err error)
	CallUpMember(ctx context.Context, id int64) (dispatch.CallUpMember, error)
	// Served gives somebody's own service, and its minutes in all.
	Served(ctx context.Context, responderID int64, limit int) (list []dispatch.ServedTime, minutes int, err error)
}

// CalledBody says who is called.
type CalledBody struct {
	AreaIDs      []int64    `json:"area_ids" minItems:"1" maxItems:"200" doc:"Where the people are registered, and everything below."`
	Affiliations []string   `json:"affiliations,omitempty" enum:"party_member,community_worker,grid_member,volunteer,property_staff,unit_staff" doc:"Any of them; none for everybody."`
	Skills       []string   `json:"skills,omitempty" maxItems:"30" doc:"Any of them; none for everybody."`
	Duties       []string   `json:"duties" minItems:"1" enum:"on_duty,on_call,willing" doc:"At the time of assembly; willing is on call by their own word."`
	Quota        *int       `json:"quota,omitempty" minimum:"1" maximum:"50000" doc:"How many are wanted; the others are substitutes."`
	GatherAt     *time.Time `json:"gather_at,omitempty" doc:"Now where it is missing."`
}

type previewCallUpInput struct {
	Body struct{ CalledBody }
}

type callUpInput struct {
	CommandInput
	Body struct {
		CalledBody
		Reason string  `json:"reason" minLength:"1" maxLength:"500"`
		Place  string  `json:"place" minLength:"1" maxLength:"200" doc:"The assembly point in words."`
		Lon    float64 `json:"lon"`
		Lat    float64 `json:"lat"`
	}
}

func (b CalledBody) input() dispatch.CallUpInput {
	return dispatch.CallUpInput{AreaIDs: b.AreaIDs, Affiliations: b.Affiliations, Skills: b.Skills, Duties: b.Duties, Quota: b.Quota, GatherAt: timeOf(b.GatherAt).UTC()}
}

type callUpsInput struct {
	AreaID int64  `query:"area_id"`
	Open   bool   `query:"open" doc:"Those alone that go on."`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type callUpsView struct {
	CallUps    []dispatch.CallUp `json:"call_ups" nullable:"false"`
	NextCursor string            `json:"next_cursor,omitempty"`
}

type membersInput struct {
	IDInput
	State       string `query:"state" enum:"substitute,asked,seen,coming,declined,arrived,left,stood_down,came" doc:"came is whoever has arrived, wherever they stand now."`
	GroupID     int64  `query:"group_id" minimum:"-1" doc:"-1 for those in none."`
	AreaID      int64  `query:"area_id"`
	Affiliation string `query:"affiliation" maxLength:"40"`
	Query       string `query:"q" maxLength:"40" doc:"A part of the name."`
	Limit       int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
	Cursor      string `query:"cursor" maxLength:"64"`
}

type membersView struct {
	Members    []dispatch.CallUpMember `json:"members" nullable:"false"`
	NextCursor string                  `json:"next_cursor,omitempty"`
	Total      int                     `json:"total"`
}

type memberInput struct {
	CommandInput
	IDInput
	Body struct {
		At       *time.Time `json:"at,omitempty" doc:"When it was tapped, by the device's clock."`
		OnBehalf bool       `json:"on_behalf,omitempty" doc:"A dispatcher records it for them (代填)."`
	}
}

type endCallUpInput struct {
	CommandInput
	IDInput
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

type moreInput struct {
	CommandInput
	IDInput
	Body struct {
		Count int `json:"count" minimum:"1" maximum:"200"`
	}
}

// GroupBody is a group as it is to be.
type GroupBody struct {
	Name         string  `json:"name" minLength:"1" maxLength:"60"`
	LeaderID     *int64  `json:"leader_id,omitempty" doc:"The responder who leads it."`
	ResponderIDs []int64 `json:"responder_ids,omitempty" maxItems:"5000" doc:"Who is moved to it."`
}

type addGroupInput struct {
	CommandInput
	IDInput
	Body struct{ GroupBody }
}

// GroupIDInput names a group of a call-up.
type GroupIDInput struct {
	IDInput
	GroupID int64 `path:"group_id" minimum:"1"`
}

type changeGroupInput struct {
	CommandInput
	GroupIDInput
	Body struct {
		GroupBody
		Version int `json:"version" minimum:"1"`
	}
}

type callUpCommandInput struct {
	CommandInput
	IDInput
}

type groupCommandInput struct {
	CommandInput
	GroupIDInput
}

type hoursView struct {
	Minutes int                   `json:"minutes" doc:"Of all there is, not of this page."`
	Served  []dispatch.ServedTime `json:"served" nullable:"false"`
}

// mostServed is how many stretches of service a phone is given.
const mostServed = 200

func (a *api) callUps() {
	can := Access(dispatch.ActionDispatch)
	operation(a, "POST", "/api/v1/call-ups/preview", "preview-call-up", "How many a call-up would ask now", can, 200, func(ctx context.Context, in *previewCallUpInput) (*body[dispatch.CallUpPreview], error) {
		return answer(a.Service.PreviewCallUp(ctx, actorOf(ctx), in.Body.input()))
	})
	operation(a, "POST", "/api/v1/call-ups", "call-up", "Call people to an assembly point (集结); they are asked in the background", can, 201, func(ctx context.Context, in *callUpInput) (*body[dispatch.CallUp], error) {
		b := in.Body
		asked := b.input()
		asked.Reason, asked.Place, asked.Point = b.Reason, b.Place, orb.Point{b.Lon, b.Lat}
		out, err := a.Service.CallUp(ctx, a.command(ctx, in.Key, "call_up.create", b), asked)
		if err != nil {
			return nil, err
		}
		return answer(a.Reader.CallUp(ctx, out.ID))
	})
	operation(a, "GET", "/api/v1/call-ups", "call-ups", "Call-ups, the newest first", can, 200, a.listCallUps)
	operation(a, "GET", "/api/v1/call-ups/{id}", "call-up-roll", "A call-up with how many stand where", can, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.CallUpRoll], error) {
		return a.roll(ctx, in.ID)
	})
	operation(a, "GET", "/api/v1/call-ups/{id}/members", "call-up-members", "Who is called up, and where they stand", can, 200, a.members)
	for _, end := range []struct{ path, step, summary string }{{"stand-down", "stand_down", "Send everybody home"}, {"cancel", "cancel", "Call it off, with a reason"}} {
		operation(a, "POST", "/api/v1/call-ups/{id}/"+end.path, "call-up-"+end.path, end.summary, can, 200, func(ctx context.Context, in *endCallUpInput) (*body[dispatch.CallUpRoll], error) {
			return a.rollAfter(ctx)(a.Service.EndCallUp(ctx, a.command(ctx, in.Key, "call_up."+end.step, in), in.ID, end.step, in.Body.Reason))
		})
	}
	operation(a, "POST", "/api/v1/call-ups/{id}/more", "call-up-more", "Ask further substitutes", can, 200, func(ctx context.Context, in *moreInput) (*body[dispatch.CallUpRoll], error) {
		return a.rollAfter(ctx)(a.Service.CallSubstitutes(ctx, a.command(ctx, in.Key, "call_up.more", in), in.ID, in.Body.Count))
	})
	for _, step := range []struct{ name, summary string }{{"seen", "The call was seen"}, {"come", "I am coming"}, {"decline", "I cannot come: a substitute is asked"},
		{"arrive", "Arrived at the assembly point"}, {"leave", "Left: the hours end"}} {
		operation(a, "POST", "/api/v1/call-up-members/{id}/"+step.name, "call-up-member-"+step.name, step.summary, SignedIn, 200, func(ctx context.Context, in *memberInput) (*body[dispatch.CallUpMember], error) {
			return a.memberAfter(ctx)(a.Service.AnswerCallUp(ctx, a.command(ctx, in.Key, "call_up_member."+step.name, in), in.ID,
				dispatch.MemberAnswer{Step: step.name, At: timeOf(in.Body.At), OnBehalf: in.Body.OnBehalf}))
		})
	}
	operation(a, "GET", "/api/v1/me/hours", "my-hours", "The own service hours", Access(dispatch.ActionRespond), 200, a.hours)
	a.callUpGroups(can)
}

func (a *api) callUpGroups(can Access) {
	operation(a, "POST", "/api/v1/call-ups/{id}/groups", "add-call-up-group", "Make a group with its leader", can, 200, func(ctx context.Context, in *addGroupInput) (*body[dispatch.CallUpRoll], error) {
		return a.rollAfter(ctx)(a.Service.SetCallUpGroup(ctx, a.command(ctx, in.Key, "call_up.group", in), in.ID,
			dispatch.GroupInput{Name: in.Body.Name, LeaderID: in.Body.LeaderID, ResponderIDs: in.Body.ResponderIDs}))
	})
	operation(a, "POST", "/api/v1/call-ups/{id}/groups/by-area", "group-call-up-by-area", "Put everybody who comes and is in no group into one of their community", can, 200, func(ctx context.Context, in *callUpCommandInput) (*body[dispatch.CallUpRoll], error) {
		return a.rollAfter(ctx)(a.Service.GroupCallUpByArea(ctx, a.command(ctx, in.Key, "call_up.group_by_area", in.ID), in.ID))
	})
	operation(a, "POST", "/api/v1/call-ups/{id}/groups/{group_id}/edit", "change-call-up-group", "Change a group, or move people to it", can, 200, func(ctx context.Context, in *changeGroupInput) (*body[dispatch.CallUpRoll], error) {
		return a.rollAfter(ctx)(a.Service.SetCallUpGroup(ctx, a.command(ctx, in.Key, "call_up.group", in), in.ID,
			dispatch.GroupInput{ID: in.GroupID, Seen: in.Body.Version, Name: in.Body.Name, LeaderID: in.Body.LeaderID, ResponderIDs: in.Body.ResponderIDs}))
	})
	operation(a, "POST", "/api/v1/call-ups/{id}/groups/{group_id}/stand-down", "stand-down-call-up-group", "Send a group home", can, 200, func(ctx context.Context, in *groupCommandInput) (*body[dispatch.CallUpRoll], error) {
		return a.rollAfter(ctx)(a.Service.StandDownGroup(ctx, a.command(ctx, in.Key, "call_up.stand_down_group", in), in.ID, in.GroupID))
	})
}

// dispatchesCallUp refuses who does not dispatch in a call-up's area.
func (a *api) dispatchesCallUp(ctx context.Context, c dispatch.CallUp) error {
	_, err := found(c, actorOf(ctx).MayIn(a.Service.Tree(), dispatch.ActionDispatch, c.AreaID))
	return err
}

func (a *api) listCallUps(ctx context.Context, in *callUpsInput) (*body[callUpsView], error) {
	areas, err := a.scope(ctx, dispatch.ActionDispatch, in.AreaID)
	if err != nil {
		return nil, err
	}
	f := dispatch.CallUpFilter{AreaIDs: areas, Open: in.Open, Limit: in.Limit}
	if f.BeforeID, err = readCursor(in.Cursor); err != nil {
		return nil, err
	}
	view := callUpsView{}
	if view.CallUps, err = a.Reader.CallUps(ctx, f); err != nil {
		return nil, err
	}
	if n := len(view.CallUps); n == in.Limit {
		view.NextCursor = writeCursor(view.CallUps[n-1].ID)
	}
	return answer(view, nil)
}

func (a *api) roll(ctx context.Context, id int64) (*body[dispatch.CallUpRoll], error) {
	roll, err := a.Reader.CallUpRoll(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(roll, a.dispatchesCallUp(ctx, roll.CallUp))
}

func (a *api) rollAfter(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.CallUpRoll], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.CallUpRoll], error) {
		if err != nil {
			return nil, err
		}
		return a.roll(ctx, out.ID)
	}
}

func (a *api) members(ctx context.Context, in *membersInput) (*body[membersView], error) {
	call, err := a.Reader.CallUp(ctx, in.ID)
	if err == nil {
		err = a.dispatchesCallUp(ctx, call)
	}
	if err != nil {
		return nil, err
	}
	f := dispatch.MemberFilter{CallUpID: in.ID, State: dispatch.MemberState(in.State), GroupID: in.GroupID, Affiliation: in.Affiliation, Query: in.Query, Limit: in.Limit}
	if in.AreaID != 0 {
		f.AreaIDs = a.Service.Tree().Below(in.AreaID)
	}
	if f.AfterID, err = readCursor(in.Cursor); err != nil {
		return nil, err
	}
	list, total, err := a.Reader.CallUpMembers(ctx, f)
	if err != nil {
		return nil, err
	}
	view := membersView{Members: dispatch.Each(list, a.sight(ctx).CallUpMember), Total: total}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, nil)
}

func (a *api) memberAfter(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.CallUpMember], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.CallUpMember], error) {
		if err != nil {
			return nil, err
		}
		m, err := a.Reader.CallUpMember(ctx, out.ID)
		if err != nil {
			return nil, err
		}
		return answer(found(a.sight(ctx).CallUpMember(m)))
	}
}

func (a *api) hours(ctx context.Context, _ *none) (*body[hoursView], error) {
	var view hoursView
	var err error
	view.Served, view.Minutes, err = a.Reader.Served(ctx, actorOf(ctx).ResponderID, mostServed)
	return answer(view, err)
}
