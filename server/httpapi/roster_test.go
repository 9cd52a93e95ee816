package httpapi

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// rosterReader answers for rosters and remembers what it was asked.
type rosterReader struct {
	fakeReader
	duty   dispatch.RosterDuty
	filter dispatch.RosterFilter
	gaps   dispatch.GapFilter
	areas  []int64
	skip   int
	days   [2]dispatch.Day
}

func (f *rosterReader) Roster(_ context.Context, filter dispatch.RosterFilter) ([]dispatch.RosterDuty, int, error) {
	f.filter = filter
	return slices.Repeat([]dispatch.RosterDuty{f.duty}, filter.Limit), 99, nil
}

func (f *rosterReader) RosterDuty(context.Context, int64) (dispatch.RosterDuty, error) {
	return f.duty, nil
}

func (f *rosterReader) RosterNow(_ context.Context, areas []int64) ([]dispatch.AreaForce, error) {
	f.areas = areas
	return []dispatch.AreaForce{{AreaID: 4, OnDuty: 2, OnCall: 1}, {AreaID: 2, OnDuty: 1}}, nil
}

func (f *rosterReader) RosterGaps(_ context.Context, filter dispatch.GapFilter) ([]dispatch.RosterGap, error) {
	f.gaps = filter
	return []dispatch.RosterGap{{AreaID: 2, Hours: 3}}, nil
}

func (f *rosterReader) RosterConflicts(_ context.Context, areas []int64, limit, skip int) ([]dispatch.RosterConflict, int, error) {
	f.areas, f.skip = areas, skip
	return make([]dispatch.RosterConflict, limit), 99, nil
}

func (f *rosterReader) Shifts(_ context.Context, areas []int64) ([]dispatch.Shift, error) {
	f.areas = areas
	return []dispatch.Shift{{ID: 3}}, nil
}

func (f *rosterReader) Shift(_ context.Context, id int64) (dispatch.Shift, error) {
	return dispatch.Shift{ID: id}, nil
}

func (f *rosterReader) Team(_ context.Context, id int64) (dispatch.Team, error) {
	return dispatch.Team{ID: id}, nil
}

func (f *rosterReader) Rotation(_ context.Context, id int64) (dispatch.Rotation, error) {
	return dispatch.Rotation{ID: id}, nil
}

func (f *rosterReader) Holidays(_ context.Context, from, to dispatch.Day) ([]dispatch.Holiday, error) {
	f.days = [2]dispatch.Day{from, to}
	return []dispatch.Holiday{{Day: from}}, nil
}

func newRosterUnder(t *testing.T) (*under, *rosterReader) {
	far, name := int64(3), "王芳"
	r := &rosterReader{duty: dispatch.RosterDuty{ID: 7, AreaID: 4, StartsAt: testNow.Add(time.Microsecond), StandsForName: &name, StandsForArea: &far}}
	return newUnder(t, func(d *Deps) { d.Reader = r }), r
}

// TestRosterPage: the time asked for, the areas seen, and a cursor that goes on
// after the last duty to the microsecond.
func TestRosterPage(t *testing.T) {
	u, r := newRosterUnder(t)
	v := decoded[rosterView](t, u.do("GET", "/api/v1/roster?limit=2&kind=on_duty&team_id=9", "dispatcher@2", ""), 200)
	if v.Total != 99 || len(v.Duties) != 2 || !r.filter.From.Equal(testNow) || r.filter.To.Sub(r.filter.From) != 7*24*time.Hour ||
		fmt.Sprint(r.filter.AreaIDs) != "[2 4]" || r.filter.Kind != "on_duty" || r.filter.TeamID != 9 || r.filter.AfterID != 0 {
		t.Fatalf("%+v asked with %+v", v, r.filter)
	}
	if v.Duties[0].StandsForName != nil {
		t.Error("somebody of another street was named")
	}
	u.do("GET", "/api/v1/roster?limit=2&cursor="+v.NextCursor, "commander", "")
	if !r.filter.AfterStart.Equal(r.duty.StartsAt) || r.filter.AfterID != 7 || r.filter.AreaIDs != nil {
		t.Fatalf("went on with %+v", r.filter)
	}
	named := decoded[rosterView](t, u.do("GET", "/api/v1/roster?limit=1&from="+url.QueryEscape("2026-05-04T00:00:00+08:00"), "commander", ""), 200)
	if named.Duties[0].StandsForName == nil || !r.filter.From.Equal(time.Date(2026, 5, 3, 16, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v", r.filter)
	}
	for _, bad := range []string{"cursor=x", "cursor=" + writeCursor(0), "to=2026-01-01T00:00:00Z", "from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z", "kind=off", "area_id=3"} {
		if w := u.do("GET", "/api/v1/roster?"+bad, "dispatcher@2", ""); w.Code != 422 && w.Code != 404 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	u.problem(u.do("GET", "/api/v1/roster", "wall", ""), 403, "forbidden")
}

func TestRosterNowAddsUp(t *testing.T) {
	u, r := newRosterUnder(t)
	v := decoded[rosterNowView](t, u.do("GET", "/api/v1/roster/now?area_id=4", "dispatcher@2", ""), 200)
	if v.OnDuty != 3 || v.OnCall != 1 || fmt.Sprint(r.areas) != "[4]" || !v.AsOf.Equal(testNow) {
		t.Fatalf("%+v of %v", v, r.areas)
	}
}

// TestGapsLookAtTheRightAreas: streets, or communities for who sees no street.
func TestGapsLookAtTheRightAreas(t *testing.T) {
	tests := []struct {
		query, want string
		minimum     int
	}{
		{"", "[2 3]", 1},
		{"?level=community", "[4]", 1},
		{"?level=district&minimum=3", "[1]", 3},
		{"?area_id=4", "[4]", 1},
		{"?area_id=4&level=street", "[]", 1},
	}
	for _, tt := range tests {
		u, r := newRosterUnder(t)
		v := decoded[gapsView](t, u.do("GET", "/api/v1/roster/gaps"+tt.query, "commander", ""), 200)
		slices.Sort(r.gaps.AreaIDs)
		if fmt.Sprint(r.gaps.AreaIDs) != tt.want || r.gaps.Minimum != tt.minimum || v.Total != 1 || v.Areas != len(r.gaps.AreaIDs) ||
			r.gaps.To.Sub(r.gaps.From) != 7*24*time.Hour || r.gaps.Kind != "on_duty" {
			t.Errorf("%s: %+v", tt.query, r.gaps)
		}
	}
}

func TestConflictPages(t *testing.T) {
	u, r := newRosterUnder(t)
	v := decoded[conflictsView](t, u.do("GET", "/api/v1/roster/conflicts?limit=5", "administrator@2", ""), 200)
	u.do("GET", "/api/v1/roster/conflicts?limit=5&cursor="+v.NextCursor, "administrator@2", "")
	if r.skip != 5 || v.Total != 99 || fmt.Sprint(r.areas) != "[2 4]" {
		t.Fatalf("skipped %d of %+v in %v", r.skip, v, r.areas)
	}
}

// TestShiftsOfAbove: who sees a community is shown the shifts that its teams
// may use, of the street and the district too, and of no other street.
func TestShiftsOfAbove(t *testing.T) {
	u, r := newRosterUnder(t)
	u.do("GET", "/api/v1/shifts?area_id=4", "dispatcher@2", "")
	slices.Sort(r.areas)
	if fmt.Sprint(r.areas) != "[1 2 4]" {
		t.Fatalf("asked for %v", r.areas)
	}
}

func TestHolidaysOfTheYear(t *testing.T) {
	u, r := newRosterUnder(t)
	u.do("GET", "/api/v1/holidays", "commander", "")
	if r.days != [2]dispatch.Day{"2026-01-01", "2027-12-31"} {
		t.Fatalf("asked for %v", r.days)
	}
	u.problem(u.do("GET", "/api/v1/holidays?from=2026-02-30", "commander", ""), 422, "invalid")
}

// TestRosterCommands: each reaches the domain under its name and with what
// tells a repeat from another request, and answers with what it made.
func TestRosterCommands(t *testing.T) {
	shift := `"name":"早班","kind":"on_duty","starts_at":"08:00","minutes":480`
	tests := []struct {
		token, path, body, name string
		status                  int
	}{
		{"administrator", "shifts", `{"area_id":2,` + shift + `}`, "shift.add", 201},
		{"administrator", "shifts/3", `{"version":1,` + shift + `}`, "shift.change", 200},
		{"administrator", "shifts/3/retire", `{"version":1}`, "shift.retire", 204},
		{"administrator", "teams", `{"area_id":2,"name":"一组","member_ids":[1,2]}`, "team.add", 201},
		{"administrator", "teams/3", `{"version":1,"name":"一组","member_ids":[]}`, "team.change", 200},
		{"administrator", "teams/3/retire", `{"version":1}`, "team.retire", 204},
		{"administrator", "rotations", `{"team_id":3,"shifts":[3,0],"starts_on":"2026-05-04"}`, "rotation.add", 201},
		{"administrator", "rotations/3/end", `{"version":1,"ends_on":"2026-06-04"}`, "rotation.end", 204},
		{"administrator", "rotations/3/make", `{"version":1}`, "rotation.make", 200},
		{"administrator", "holidays", `{"day":"2026-10-01","name":"国庆节"}`, "holiday.set", 200},
		{"administrator", "holidays/2026-10-01/remove", ``, "holiday.remove", 204},
		{"dispatcher@2", "duties", `{"responder_id":1,"kind":"on_duty","starts_at":"2026-05-02T00:00:00Z","ends_at":"2026-05-02T08:00:00Z"}`, "duty.set", 201},
		{"dispatcher@2", "duties/7/hand-over", `{"responder_id":1,"reason":"事假"}`, "duty.hand_over", 200},
		{"dispatcher@2", "duties/7/swap", `{"with_duty_id":8,"reason":"互换"}`, "duty.swap", 200},
		{"dispatcher@2", "duties/7/withdraw", `{"reason":"撤岗"}`, "duty.withdraw", 204},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, _ := newRosterUnder(t)
			w := u.do("POST", "/api/v1/"+tt.path, tt.token, tt.body, "Idempotency-Key", "k")
			if w.Code != tt.status || len(u.store.commands) != 1 || u.store.commands[0].Name != tt.name || u.store.commands[0].Key != "k" {
				t.Fatalf("%d %s, commands %+v", w.Code, w.Body, u.store.commands)
			}
			if tt.status != 204 && !strings.Contains(w.Body.String(), `"7"`) && !strings.Contains(w.Body.String(), `"id":7`) && tt.name != "holiday.set" {
				t.Errorf("answered %s", w.Body)
			}
			if u.do("POST", "/api/v1/"+tt.path, tt.token, tt.body).Code != 400 {
				t.Error("without a key")
			}
			u.problem(u.do("POST", "/api/v1/"+tt.path, "responder", tt.body, "Idempotency-Key", "k"), 403, "forbidden")
		})
	}
}

func TestRosterInputIsChecked(t *testing.T) {
	tests := []struct{ path, body, field string }{
		{"shifts", `{"area_id":2,"name":"早班","kind":"on_duty","starts_at":"24:00","minutes":480}`, "starts_at"},
		{"shifts", `{"area_id":2,"name":"早班","kind":"off","starts_at":"08:00","minutes":480}`, "kind"},
		{"shifts", `{"area_id":2,"name":"早班","kind":"on_duty","starts_at":"08:00","minutes":5}`, "minutes"},
		{"shifts", `{"area_id":2,"kind":"on_duty","starts_at":"08:00","minutes":50}`, "name"},
		{"rotations", `{"team_id":3,"shifts":[],"starts_on":"2026-05-04"}`, "shifts"},
		{"rotations", `{"team_id":3,"shifts":[1],"starts_on":"2026-02-30"}`, "starts_on"},
		{"rotations", `{"team_id":3,"shifts":[1],"starts_on":"2026-02-03","days":"odd"}`, "days"},
		{"duties/7/hand-over", `{"responder_id":1}`, "reason"},
		{"holidays", `{"day":"1026-10-01","name":"早"}`, "day"},
	}
	for _, tt := range tests {
		u, _ := newRosterUnder(t)
		p := u.problem(u.do("POST", "/api/v1/"+tt.path, "administrator", tt.body, "Idempotency-Key", "k"), 422, "invalid")
		if len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Location+p.Errors[0].Message, tt.field) {
			t.Errorf("%s %s: blamed %+v", tt.path, tt.body, p.Errors)
		}
	}
}

// TestRosterRefusals: what a message says of the time in the way, of people
// from elsewhere, and of a constraint that knows no time.
func TestRosterRefusals(t *testing.T) {
	tests := []struct {
		err    *dispatch.Error
		status int
		say    string
	}{
		{&dispatch.Error{Code: dispatch.CodeDutyOverlap, Values: map[string]string{"period": " 2026-05-01 08:00–16:00"}}, 409, "重叠 2026-05-01 08:00–16:00。"},
		{&dispatch.Error{Code: dispatch.CodeDutyOverlap, Values: map[string]string{"period": ""}}, 409, "重叠。"},
		{&dispatch.Error{Code: dispatch.CodeOutsideArea, Values: map[string]string{"names": "王芳", "area": "东街道"}}, 422, "王芳不在东街道范围内"},
		{&dispatch.Error{Code: dispatch.CodeInUse, Values: map[string]string{"by": "一组"}}, 409, "一组"},
		{&dispatch.Error{Code: dispatch.CodeVersionConflict, Values: map[string]string{"by": "somebody"}}, 409, "已被其他人员修改"},
		{&dispatch.Error{Code: dispatch.CodeIllegalTransition, Values: map[string]string{"state": "ended"}}, 409, "已结束"},
	}
	for _, tt := range tests {
		u, _ := newRosterUnder(t)
		u.store.err = tt.err
		p := u.problem(u.do("POST", "/api/v1/duties/7/hand-over", "commander", `{"responder_id":1,"reason":"因"}`, "Idempotency-Key", "k"), tt.status, string(tt.err.Code))
		if !strings.Contains(p.Detail, tt.say) || strings.Contains(p.Detail, "{") {
			t.Errorf("said %s", p.Detail)
		}
	}
}
