package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// roster is a fixture with an administrator, and people who have no duty.
type roster struct {
	*fixture
	boss dispatch.Actor // administrator of the district
}

func newRoster(t *testing.T) *roster {
	f := newFixture(t)
	return &roster{f, f.account("boss", dispatch.RoleSystemAdministrator, f.district.ID, 0)}
}

// person adds somebody without a duty.
func (f *roster) person(name string, areaID int64) int64 {
	f.t.Helper()
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `insert into responder (area_id, name, post, post_cell, external_id)
		select $1, $2, st_setsrid(st_makepoint(121.05, 38.05), 4326), 7, $2 returning id`, areaID, name).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	f.exec(`insert into responder_skill (responder_id, skill) values ($1, 'fire_rescue')`, id)
	return id
}

// wholeDay makes a shift that begins at midnight and lasts the day.
func (f *roster) wholeDay() dispatch.Shift {
	f.t.Helper()
	out := f.must(f.svc.AddShift(f.t.Context(), f.as(f.boss, "shift"), dispatch.Shift{AreaID: f.district.ID, Name: "全天", Kind: dispatch.DutyOn, StartsAt: "00:00", Minutes: 1440}))
	s, err := f.store.Shift(everywhere(f.t), out.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *roster) team(areaID int64, members ...int64) dispatch.Team {
	f.t.Helper()
	out := f.must(f.svc.AddTeam(f.t.Context(), f.as(f.boss, "team"), dispatch.Team{AreaID: areaID, Name: "一组"}, members))
	return f.teamNow(out.ID)
}

func (f *roster) teamNow(id int64) dispatch.Team {
	f.t.Helper()
	team, err := f.store.Team(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return team
}

func (f *roster) rotate(team dispatch.Team, days string, shifts ...int64) dispatch.Rotation {
	f.t.Helper()
	out := f.must(f.svc.AddRotation(f.t.Context(), f.as(f.boss, "rotation"), dispatch.Rotation{TeamID: team.ID, Shifts: shifts, StartsOn: f.today(), Days: days}))
	return f.rotationNow(out.ID)
}

func (f *roster) rotationNow(id int64) dispatch.Rotation {
	f.t.Helper()
	r, err := f.store.Rotation(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *roster) today() dispatch.Day { return dispatch.DayOf(f.store.now()) }

// ids gives the duties of a rotation by their external ids.
func (f *roster) ids(rotationID int64) map[string]int64 {
	f.t.Helper()
	type row struct {
		ID         int64
		ExternalID string
	}
	rows, err := many[row](f.t.Context(), f.owner, `select id, external_id from duty where rotation_id = $1 and source = 'rotation'`, rotationID)
	if err != nil {
		f.t.Fatal(err)
	}
	ids := map[string]int64{}
	for _, r := range rows {
		ids[r.ExternalID] = r.ID
	}
	return ids
}

func dutyName(rotationID, responderID int64, day dispatch.Day) string {
	return fmt.Sprintf("rotation-%d-%d-%s", rotationID, responderID, day)
}

// TestRotationMakesDuties: four weeks of them, each once, with the ids and days
// of the plan, none begun; again and again nothing more.
func TestRotationMakesDuties(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two := f.person("一", f.west.ID), f.person("二", f.east.ID)
	shift := f.wholeDay()
	r := f.rotate(f.team(f.street.ID, one, two), dispatch.DaysEvery, shift.ID, 0)
	ids := f.ids(r.ID)
	for k := 1; k <= 28; k++ {
		day := f.today().Add(k)
		for _, person := range []int64{one, two} {
			if _, there := ids[dutyName(r.ID, person, day)]; there != (k%2 == 0) {
				t.Errorf("%s of %d is there: %v", day, person, there)
			}
		}
	}
	if len(ids) != 28 || r.MadeUntil == nil || *r.MadeUntil != f.today().Add(28) {
		t.Fatalf("%d duties, until %v", len(ids), r.MadeUntil)
	}
	d, err := f.store.Duty(everywhere(t), ids[dutyName(r.ID, one, f.today().Add(2))])
	if err != nil || !d.StartsAt.Equal(f.today().Add(2).Start()) || d.EndsAt.Sub(d.StartsAt) != 24*time.Hour || d.Origin != "roster" {
		t.Fatalf("%+v, %v", d, err)
	}
	for range 2 {
		if err := f.svc.MakeRosters(ctx); err != nil {
			t.Fatal(err)
		}
	}
	f.must(f.svc.RemakeRotation(ctx, f.as(f.boss, "make"), r.ID, r.Version))
	if again := f.ids(r.ID); fmt.Sprint(again) != fmt.Sprint(ids) {
		t.Fatalf("made anew: %v, before %v", again, ids)
	}
}

// TestRostersAreKeptAhead: what was made until some day goes on after it, once,
// whoever asks at the same time.
func TestRostersAreKeptAhead(t *testing.T) {
	f := newRoster(t)
	one := f.person("一", f.west.ID)
	r := f.rotate(f.team(f.west.ID, one), dispatch.DaysEvery, f.wholeDay().ID)
	f.exec(`delete from duty where lower(period) >= $1`, f.today().Add(10).Start())
	f.exec(`update rotation set made_until = $1::text::date`, f.today().Add(9))
	for _, err := range atOnce(4, func(int) error { return f.svc.MakeRosters(t.Context()) }) {
		if err != nil {
			t.Error(err)
		}
	}
	if n := len(f.ids(r.ID)); n != 28 || *f.rotationNow(r.ID).MadeUntil != f.today().Add(28) {
		t.Fatalf("%d duties until %v", n, f.rotationNow(r.ID).MadeUntil)
	}
}

// TestChangesRemakeWhatHasNotBegun: members, shifts, holidays and the end change
// the duties to come; what runs, was handed over or was withdrawn stays as it is.
func TestChangesRemakeWhatHasNotBegun(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two, three := f.person("一", f.west.ID), f.person("二", f.west.ID), f.person("三", f.west.ID)
	shift := f.wholeDay()
	team := f.team(f.west.ID, one)
	r := f.rotate(team, dispatch.DaysEvery, shift.ID)
	name := func(person int64, days int) string { return dutyName(r.ID, person, f.today().Add(days)) }
	ids := f.ids(r.ID)
	f.must(f.svc.HandOver(ctx, f.as(f.desk, "hand"), ids[name(one, 3)], 0, three, "事假"))
	f.must(f.svc.WithdrawDuty(ctx, f.as(f.desk, "withdraw"), ids[name(one, 4)], 0, "撤岗"))
	f.exec(`update duty set period = tstzrange(now() - interval '1 hour', now() + interval '1 hour'), start_told = true where id = $1`, ids[name(one, 1)])

	f.must(f.svc.RemakeRotation(ctx, f.as(f.boss, "make"), r.ID, r.Version))
	if ids = f.ids(r.ID); ids[name(one, 4)] != 0 || len(ids) != 27 {
		t.Fatalf("what was withdrawn was made again: %d", len(ids))
	}
	f.must(f.svc.ChangeTeam(ctx, f.as(f.boss, "team"), team.ID, team.Version, "二组", []int64{two}))
	ids = f.ids(r.ID)
	if ids[name(one, 1)] == 0 || ids[name(one, 3)] == 0 || ids[name(one, 2)] != 0 || ids[name(two, 2)] == 0 || len(ids) != 30 {
		t.Fatalf("after the members changed: %d duties", len(ids))
	}
	half := shift
	half.StartsAt, half.Minutes = "12:00", 60
	f.must(f.svc.ChangeShift(ctx, f.as(f.boss, "shift"), shift.ID, shift.Version, half))
	d, err := f.store.Duty(everywhere(t), f.ids(r.ID)[name(two, 5)])
	if err != nil || !d.StartsAt.Equal(f.today().Add(5).Start().Add(12*time.Hour)) {
		t.Fatalf("after the shift changed: %+v, %v", d, err)
	}
	f.must(f.svc.EndRotation(ctx, f.as(f.boss, "end"), r.ID, r.Version, f.today().Add(7)))
	if ids = f.ids(r.ID); ids[name(two, 7)] == 0 || ids[name(two, 8)] != 0 || ids[name(one, 1)] == 0 {
		t.Fatalf("after the end: %v", ids)
	}
	if now := f.rotationNow(r.ID); *now.EndsOn != f.today().Add(7) || now.Version != r.Version+1 {
		t.Fatalf("ended: %+v", now)
	}
	team = f.teamNow(team.ID)
	f.must(f.svc.RetireTeam(ctx, f.as(f.boss, "retire"), team.ID, team.Version))
	if ids = f.ids(r.ID); len(ids) != 2 || ids[name(one, 1)] == 0 || ids[name(one, 3)] == 0 {
		t.Fatalf("after the team went: %v", ids)
	}
}

func TestARotationThatHasNotBegunIsRemoved(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one := f.person("一", f.west.ID)
	out := f.must(f.svc.AddRotation(ctx, f.as(f.boss, "rotation"), dispatch.Rotation{TeamID: f.team(f.west.ID, one).ID,
		Shifts: []int64{f.wholeDay().ID}, StartsOn: f.today().Add(3), Days: dispatch.DaysEvery}))
	if n := len(f.ids(out.ID)); n != 26 {
		t.Fatalf("%d duties", n)
	}
	if _, err := f.svc.EndRotation(ctx, f.as(f.boss, "end"), out.ID, 1, f.today().Add(-2)); dispatch.CodeOf(err) != dispatch.CodeInvalid {
		t.Fatalf("ended in the past: %v", err)
	}
	f.must(f.svc.EndRotation(ctx, f.as(f.boss, "end"), out.ID, 1, f.today()))
	var left int
	if err := f.owner.QueryRow(ctx, `select (select count(*) from duty) + (select count(*) from rotation)`).Scan(&left); err != nil || left != 0 {
		t.Fatalf("%d rows left, %v", left, err)
	}
}

func TestHolidaysRemakeTheirDay(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one := f.person("一", f.west.ID)
	r := f.rotate(f.team(f.west.ID, one), dispatch.DaysWorking, f.wholeDay().ID)
	day := f.today().Add(7)
	for weekday := day.Start().Weekday(); weekday == time.Saturday || weekday == time.Sunday; weekday = day.Start().Weekday() {
		day = day.Add(1)
	}
	free := day
	for free.Start().Weekday() != time.Saturday {
		free = free.Add(1)
	}
	there := func(d dispatch.Day) bool { return f.ids(r.ID)[dutyName(r.ID, one, d)] != 0 }
	if !there(day) || there(free) {
		t.Fatalf("%s %v, %s %v", day, there(day), free, there(free))
	}
	all := len(f.ids(r.ID))
	f.must(f.svc.SetHoliday(ctx, f.as(f.boss, "holiday"), dispatch.Holiday{Day: day, Name: "节"}))
	f.must(f.svc.SetHoliday(ctx, f.as(f.boss, "holiday"), dispatch.Holiday{Day: free, Name: "调休", Working: true}))
	if there(day) || !there(free) || len(f.ids(r.ID)) != all {
		t.Fatalf("a holiday: %s %v, %s %v", day, there(day), free, there(free))
	}
	f.must(f.svc.RemoveHoliday(ctx, f.as(f.boss, "holiday"), day))
	if !there(day) {
		t.Fatal("the day that is no holiday any more")
	}
	if _, err := f.svc.RemoveHoliday(ctx, f.as(f.boss, "holiday"), day); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("removed twice: %v", err)
	}
	part := f.account("part", dispatch.RoleSystemAdministrator, f.street.ID, 0)
	if _, err := f.svc.SetHoliday(ctx, f.as(part, "holiday"), dispatch.Holiday{Day: day}); dispatch.CodeOf(err) != dispatch.CodeForbidden {
		t.Fatalf("a street's administrator: %v", err)
	}
}

// TestConflictsAreReported: who has a duty already is passed over and named,
// with what is in the way; once that is gone the duty is made.
func TestConflictsAreReported(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two := f.person("一", f.west.ID), f.person("二", f.west.ID)
	start := f.today().Add(5).Start().Add(20 * time.Hour)
	other := f.must(f.svc.SetDuty(ctx, f.as(f.desk, "set"), one, dispatch.DutyOn, start, start.Add(8*time.Hour)))
	r := f.rotate(f.team(f.west.ID, one, two), dispatch.DaysEvery, f.wholeDay().ID)
	if n := len(f.ids(r.ID)); n != 54 {
		t.Fatalf("%d duties made", n)
	}
	list, total, err := f.store.RosterConflicts(everywhere(t), []int64{f.west.ID}, 1, 1)
	if err != nil || total != 2 || len(list) != 1 {
		t.Fatalf("%d of %d, %v", len(list), total, err)
	}
	c := list[0]
	if c.ResponderID != one || c.Day != f.today().Add(6) || c.RotationID != r.ID || c.OtherID == nil || *c.OtherID != other.ID || !c.OtherStartsAt.Equal(start) {
		t.Fatalf("reported %+v", c)
	}
	if _, total, _ = f.store.RosterConflicts(everywhere(t), []int64{f.east.ID}, 10, 0); total != 0 {
		t.Fatalf("%d conflicts elsewhere", total)
	}
	f.must(f.svc.WithdrawDuty(ctx, f.as(f.desk, "withdraw"), other.ID, 0, "改期"))
	f.must(f.svc.RemakeRotation(ctx, f.as(f.boss, "make"), r.ID, r.Version))
	if _, total, _ = f.store.RosterConflicts(everywhere(t), nil, 10, 0); total != 0 || len(f.ids(r.ID)) != 56 {
		t.Fatalf("%d conflicts left, %d duties", total, len(f.ids(r.ID)))
	}
}

// TestWhoMayPlan: areas, versions, members and shifts that are refused.
func TestWhoMayPlan(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two := f.person("王一", f.west.ID), f.person("李二", f.east.ID)
	shift, team := f.wholeDay(), f.team(f.west.ID, one)
	part := f.account("part", dispatch.RoleSystemAdministrator, f.west.ID, 0)
	eastern := f.must(f.svc.AddShift(ctx, f.as(f.boss, "shift"), dispatch.Shift{AreaID: f.east.ID, Name: "东", Kind: dispatch.DutyOn, StartsAt: "08:00", Minutes: 60})).ID
	tests := []struct {
		name string
		do   func() (dispatch.Outcome, error)
		want dispatch.Code
		say  string
	}{
		{"a shift above one's area", func() (dispatch.Outcome, error) { return f.svc.ChangeShift(ctx, f.as(part, "x"), shift.ID, 1, shift) }, dispatch.CodeNotFound, ""},
		{"a shift of an old version", func() (dispatch.Outcome, error) { return f.svc.ChangeShift(ctx, f.as(f.boss, "x"), shift.ID, 7, shift) }, dispatch.CodeVersionConflict, ""},
		{"a dispatcher plans", func() (dispatch.Outcome, error) {
			return f.svc.ChangeTeam(ctx, f.as(f.desk, "x"), team.ID, 1, "", nil)
		}, dispatch.CodeForbidden, ""},
		{"a team of an old version", func() (dispatch.Outcome, error) { return f.svc.RetireTeam(ctx, f.as(part, "x"), team.ID, 7) }, dispatch.CodeVersionConflict, ""},
		{"a member from elsewhere is named", func() (dispatch.Outcome, error) {
			return f.svc.ChangeTeam(ctx, f.as(f.boss, "x"), team.ID, 1, "", []int64{one, two, 999})
		}, dispatch.CodeOutsideArea, "李二, #999"},
		{"a member one may not see is not named", func() (dispatch.Outcome, error) {
			return f.svc.ChangeTeam(ctx, f.as(part, "x"), team.ID, 1, "", []int64{two})
		}, dispatch.CodeOutsideArea, fmt.Sprintf("#%d", two)},
		{"a shift of another area", func() (dispatch.Outcome, error) {
			return f.svc.AddRotation(ctx, f.as(f.boss, "x"), dispatch.Rotation{TeamID: team.ID, Shifts: []int64{eastern}, StartsOn: f.today(), Days: "every"})
		}, dispatch.CodeNotFound, ""},
		{"days of rest alone", func() (dispatch.Outcome, error) {
			return f.svc.AddRotation(ctx, f.as(f.boss, "x"), dispatch.Rotation{TeamID: team.ID, Shifts: []int64{0}, StartsOn: f.today(), Days: "every"})
		}, dispatch.CodeRequired, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.do()
			if dispatch.CodeOf(err) != tt.want || tt.say != "" && !strings.Contains(err.Error(), "names:"+tt.say+"]") {
				t.Fatalf("got %v, want %s %s", err, tt.want, tt.say)
			}
		})
	}
	f.rotate(team, dispatch.DaysEvery, shift.ID)
	if _, err := f.svc.RetireShift(ctx, f.as(f.boss, "retire"), shift.ID, 1); dispatch.CodeOf(err) != dispatch.CodeInUse {
		t.Fatalf("a shift in use was retired: %v", err)
	}
	f.must(f.svc.RetireTeam(ctx, f.as(f.boss, "retire"), team.ID, 1))
	f.must(f.svc.RetireShift(ctx, f.as(f.boss, "retire"), shift.ID, 1))
	if list, err := f.store.Shifts(ctx, nil); err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
}
