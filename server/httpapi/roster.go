package httpapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// RosterReader is what the handlers of rosters read.
type RosterReader interface {
	Roster(ctx context.Context, f dispatch.RosterFilter) (list []dispatch.RosterDuty, total int, err error)
	RosterDuty(ctx context.Context, id int64) (dispatch.RosterDuty, error)
	RosterNow(ctx context.Context, areaIDs []int64) ([]dispatch.AreaForce, error)
	RosterGaps(ctx context.Context, f dispatch.GapFilter) ([]dispatch.RosterGap, error)
	RosterConflicts(ctx context.Context, areaIDs []int64, limit, skip int) (list []dispatch.RosterConflict, total int, err error)
	Shifts(ctx context.Context, areaIDs []int64) ([]dispatch.Shift, error)
	Shift(ctx context.Context, id int64) (dispatch.Shift, error)
	Teams(ctx context.Context, areaIDs []int64) ([]dispatch.Team, error)
	Team(ctx context.Context, id int64) (dispatch.Team, error)
	Rotations(ctx context.Context, areaIDs []int64, teamID int64) ([]dispatch.Rotation, error)
	Rotation(ctx context.Context, id int64) (dispatch.Rotation, error)
	Holidays(ctx context.Context, from, to dispatch.Day) ([]dispatch.Holiday, error)
}

const longestRoster = 92 * 24 * time.Hour // what one query may ask for

type rosterInput struct {
	AreaID      int64     `query:"area_id"`
	From        time.Time `query:"from" doc:"Now where it is missing."`
	To          time.Time `query:"to" doc:"A week after from where it is missing; at most 92 days after it."`
	TeamID      int64     `query:"team_id"`
	ResponderID int64     `query:"responder_id"`
	Kind        string    `query:"kind" enum:"on_duty,on_call"`
	Limit       int       `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor      string    `query:"cursor" maxLength:"64"`
}

type rosterView struct {
	Duties     []dispatch.RosterDuty `json:"duties" nullable:"false"`
	NextCursor string                `json:"next_cursor,omitempty"`
	Total      int                   `json:"total"`
}

type areaInput struct {
	AreaID int64 `query:"area_id"`
}

type rosterNowView struct {
	AsOf   time.Time            `json:"as_of"`
	OnDuty int                  `json:"on_duty"`
	OnCall int                  `json:"on_call"`
	Areas  []dispatch.AreaForce `json:"areas" nullable:"false" doc:"Every community, and every other area in which somebody is."`
}

type gapsInput struct {
	AreaID  int64  `query:"area_id"`
	Days    int    `query:"days" default:"7" minimum:"1" maximum:"28"`
	Level   string `query:"level" enum:"district,street,community" doc:"Streets where it is missing, communities for who sees no whole street."`
	Kind    string `query:"kind" enum:"on_duty,on_call" default:"on_duty"`
	Minimum int    `query:"minimum" default:"1" minimum:"1" maximum:"1000"`
}

type gapsView struct {
	From    time.Time            `json:"from"`
	To      time.Time            `json:"to"`
	Minimum int                  `json:"minimum"`
	Areas   int                  `json:"areas" doc:"How many were looked at."`
	Gaps    []dispatch.RosterGap `json:"gaps" nullable:"false"`
	Total   int                  `json:"total"`
}

type conflictsInput struct {
	AreaID int64  `query:"area_id"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type conflictsView struct {
	Conflicts  []dispatch.RosterConflict `json:"conflicts" nullable:"false"`
	NextCursor string                    `json:"next_cursor,omitempty"`
	Total      int                       `json:"total"`
}

type setDutyInput struct {
	CommandInput
	Body struct {
		ResponderID int64     `json:"responder_id" minimum:"1"`
		Kind        string    `json:"kind" enum:"on_duty,on_call"`
		StartsAt    time.Time `json:"starts_at"`
		EndsAt      time.Time `json:"ends_at" doc:"At most seven days after starts_at."`
	}
}

type handOverInput struct {
	CommandInput
	IDInput
	Body struct {
		ResponderID int64  `json:"responder_id" minimum:"1" doc:"Who takes it over."`
		Reason      string `json:"reason" minLength:"1" maxLength:"500"`
		Version     int    `json:"version,omitempty" minimum:"0" doc:"The version that was seen; 0 where none was looked at."`
	}
}

type swapInput struct {
	CommandInput
	IDInput
	Body struct {
		WithDutyID int64  `json:"with_duty_id" minimum:"1"`
		Reason     string `json:"reason" minLength:"1" maxLength:"500"`
		Version    int    `json:"version,omitempty" minimum:"0"`
	}
}

type withdrawInput struct {
	CommandInput
	IDInput
	Body struct {
		Reason  string `json:"reason" minLength:"1" maxLength:"500"`
		Version int    `json:"version,omitempty" minimum:"0"`
	}
}

func (a *api) rosters() {
	see, can := sees(dispatch.FieldRoster), Access(dispatch.ActionRoster)
	operation(a, "GET", "/api/v1/roster", "roster", "The duties in a time, by their beginning (值班表)", see, 200, a.roster)
	operation(a, "GET", "/api/v1/roster/now", "roster-now", "Who is on duty and on call now, by community", see, 200, a.rosterNow)
	operation(a, "GET", "/api/v1/roster/gaps", "roster-gaps", "When too few are on duty, by area", see, 200, a.rosterGaps)
	operation(a, "GET", "/api/v1/roster/conflicts", "roster-conflicts", "Duties that rotations ask for and that could not be made", see, 200, a.rosterConflicts)
	operation(a, "POST", "/api/v1/duties", "set-duty", "Put somebody on duty or on call", can, 201, func(ctx context.Context, in *setDutyInput) (*body[dispatch.RosterDuty], error) {
		b := in.Body
		return a.rosterAfter(ctx)(a.Service.SetDuty(ctx, a.command(ctx, in.Key, "duty.set", b), b.ResponderID, dispatch.DutyState(b.Kind), b.StartsAt.UTC(), b.EndsAt.UTC()))
	})
	operation(a, "POST", "/api/v1/duties/{id}/hand-over", "hand-over-duty", "Give what is left of a duty to somebody else (替班)", can, 200, func(ctx context.Context, in *handOverInput) (*body[dispatch.RosterDuty], error) {
		return a.rosterAfter(ctx)(a.Service.HandOver(ctx, a.command(ctx, in.Key, "duty.hand_over", in), in.ID, in.Body.Version, in.Body.ResponderID, in.Body.Reason))
	})
	operation(a, "POST", "/api/v1/duties/{id}/swap", "swap-duties", "Exchange what is left of two duties (换班)", can, 200, func(ctx context.Context, in *swapInput) (*body[dispatch.RosterDuty], error) {
		return a.rosterAfter(ctx)(a.Service.SwapDuties(ctx, a.command(ctx, in.Key, "duty.swap", in), in.ID, in.Body.Version, in.Body.WithDutyID, in.Body.Reason))
	})
	operation(a, "POST", "/api/v1/duties/{id}/withdraw", "withdraw-duty", "Take back a duty that has not begun, end one that runs", can, 204, func(ctx context.Context, in *withdrawInput) (*none, error) {
		_, err := a.Service.WithdrawDuty(ctx, a.command(ctx, in.Key, "duty.withdraw", in), in.ID, in.Body.Version, in.Body.Reason)
		return &none{}, err
	})
}

func (a *api) rosterAfter(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.RosterDuty], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.RosterDuty], error) {
		if err != nil {
			return nil, err
		}
		d, err := a.Reader.RosterDuty(ctx, out.ID)
		if err != nil {
			return nil, err
		}
		return answer(found(a.sight(ctx).RosterDuty(d)))
	}
}

func (a *api) roster(ctx context.Context, in *rosterInput) (*body[rosterView], error) {
	areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
	if err != nil {
		return nil, err
	}
	f := dispatch.RosterFilter{AreaIDs: areas, From: in.From, To: in.To, TeamID: in.TeamID, ResponderID: in.ResponderID, Kind: in.Kind, Limit: in.Limit}
	if f.From.IsZero() {
		f.From = a.Service.Now()
	}
	if f.To.IsZero() {
		f.To = f.From.Add(7 * 24 * time.Hour)
	}
	if !f.To.After(f.From) || f.To.Sub(f.From) > longestRoster {
		return nil, dispatch.Refuse(dispatch.CodeInvalid, "to")
	}
	if f.AfterStart, f.AfterID, err = readRosterCursor(in.Cursor); err != nil {
		return nil, err
	}
	list, total, err := a.Reader.Roster(ctx, f)
	if err != nil {
		return nil, err
	}
	view := rosterView{Duties: dispatch.Each(list, a.sight(ctx).RosterDuty), Total: total}
	if len(list) == in.Limit {
		view.NextCursor = writeRosterCursor(list[len(list)-1])
	}
	return answer(view, nil)
}

// The cursor of a roster: the beginning and id of the last duty that was given.
func writeRosterCursor(d dispatch.RosterDuty) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", d.StartsAt.UnixMicro(), d.ID))
}

func readRosterCursor(cursor string) (time.Time, int64, error) {
	if cursor == "" {
		return time.Time{}, 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	var micros, id int64
	if err == nil {
		_, err = fmt.Fscanf(strings.NewReader(string(raw)), "%d.%d", &micros, &id)
	}
	if err != nil || id <= 0 {
		return time.Time{}, 0, dispatch.Refuse(dispatch.CodeInvalid, "cursor")
	}
	return time.UnixMicro(micros).UTC(), id, nil
}

func (a *api) rosterNow(ctx context.Context, in *areaInput) (*body[rosterNowView], error) {
	areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
	if err != nil {
		return nil, err
	}
	view := rosterNowView{AsOf: a.Service.Now()}
	if view.Areas, err = a.Reader.RosterNow(ctx, areas); err != nil {
		return nil, err
	}
	for _, area := range view.Areas {
		view.OnDuty += area.OnDuty
		view.OnCall += area.OnCall
	}
	return answer(view, nil)
}

func (a *api) rosterGaps(ctx context.Context, in *gapsInput) (*body[gapsView], error) {
	areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
	if err != nil {
		return nil, err
	}
	now := a.Service.Now()
	f := dispatch.GapFilter{AreaIDs: a.placesOf(areas, dispatch.Level(in.Level)), From: now, To: now.Add(time.Duration(in.Days) * 24 * time.Hour),
		Minimum: in.Minimum, Kind: in.Kind}
	view := gapsView{From: f.From, To: f.To, Minimum: f.Minimum, Areas: len(f.AreaIDs)}
	view.Gaps, err = a.Reader.RosterGaps(ctx, f)
	view.Total = len(view.Gaps)
	return answer(view, err)
}

// placesOf gives those of areas (nil for all) that are of a level; with no
// level the streets, and where there is none the communities.
func (a *api) placesOf(areas []int64, level dispatch.Level) []int64 {
	tree := a.Service.Tree()
	if areas == nil {
		areas = tree.Below(tree.Root())
	}
	of := func(level dispatch.Level) []int64 {
		places := []int64{}
		for _, id := range areas {
			if area, ok := tree.Area(id); ok && area.Level == level {
				places = append(places, id)
			}
		}
		return places
	}
	if level != "" {
		return of(level)
	}
	if streets := of(dispatch.LevelStreet); len(streets) > 0 {
		return streets
	}
	return of(dispatch.LevelCommunity)
}

func (a *api) rosterConflicts(ctx context.Context, in *conflictsInput) (*body[conflictsView], error) {
	areas, err := a.scope(ctx, dispatch.See(dispatch.FieldRoster), in.AreaID)
	if err != nil {
		return nil, err
	}
	skip, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, total, err := a.Reader.RosterConflicts(ctx, areas, in.Limit, int(skip))
	if err != nil {
		return nil, err
	}
	view := conflictsView{Conflicts: list, Total: total}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(skip + int64(in.Limit))
	}
	return answer(view, nil)
}
