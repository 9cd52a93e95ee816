package postgres

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"yiping/server/dispatch"
)

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }

// duty sets a duty some hours from now and gives its id.
func (f *roster) duty(person int64, kind dispatch.DutyState, from, to time.Duration) int64 {
	f.t.Helper()
	now := f.store.now()
	return f.must(f.svc.SetDuty(f.t.Context(), f.as(f.desk, "set"), person, kind, now.Add(from), now.Add(to))).ID
}

func (f *roster) dutyNow(id int64) dispatch.RosterDuty {
	f.t.Helper()
	d, err := f.store.RosterDuty(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func TestHandOverBeforeItBegins(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two, three := f.person("一", f.west.ID), f.person("二", f.east.ID), f.person("三", f.west.ID)
	id := f.duty(one, dispatch.DutyOn, time.Hour, 3*time.Hour)
	f.must(f.svc.HandOver(ctx, f.as(f.desk, "hand"), id, 1, two, "事假"))
	d := f.dutyNow(id)
	if d.ResponderID != two || d.StandsFor == nil || *d.StandsFor != one || *d.StandsForName != "一" || d.Version != 2 || *d.Reason != "事假" || *d.Step != "hand_over" {
		t.Fatalf("handed over: %+v", d)
	}
	f.must(f.svc.HandOver(ctx, f.as(f.chief, "hand"), id, 2, three, "再换"))
	if d = f.dutyNow(id); d.ResponderID != three || *d.StandsFor != one {
		t.Fatalf("handed on: %+v", d)
	}
	f.must(f.svc.HandOver(ctx, f.as(f.boss, "hand"), id, 0, one, "回来了"))
	if d = f.dutyNow(id); d.ResponderID != one || d.StandsFor != nil {
		t.Fatalf("handed back: %+v", d)
	}
	read := f.until("the events", func(read []dispatch.Change) bool { return len(of(read, "duty.taken_over")) == 3 })
	if given := of(read, "duty.handed_over"); len(given) != 3 || *given[0].Event.ResponderID != one || *of(read, "duty.taken_over")[0].Event.ResponderID != two {
		t.Fatalf("events %+v", given)
	}
}

func of(read []dispatch.Change, kind string) []dispatch.Change {
	return slices.DeleteFunc(slices.Clone(read), func(c dispatch.Change) bool { return c.Event.Kind != kind })
}

// TestHandOverOfARunningDuty: it is split at now; the position of who leaves
// goes, and both are read anew at once.
func TestHandOverOfARunningDuty(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two := f.person("一", f.west.ID), f.person("二", f.west.ID)
	id := f.duty(one, dispatch.DutyOn, 0, 3*time.Hour)
	f.agree(one)
	if _, err := f.store.SavePositions(ctx, one, []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	i := f.verified()
	f.candidates("the first", i.ID, one)
	whole := f.dutyNow(id)
	out := f.must(f.svc.HandOver(ctx, f.as(f.desk, "hand"), id, 0, two, "不适"))
	first, rest := f.dutyNow(id), f.dutyNow(out.ID)
	if out.ID == id || first.ResponderID != one || rest.ResponderID != two || !first.StartsAt.Equal(whole.StartsAt) ||
		!first.EndsAt.Equal(rest.StartsAt) || !rest.EndsAt.Equal(*whole.EndsAt) || *rest.StandsFor != one {
		t.Fatalf("split into %+v and %+v", first, rest)
	}
	f.candidates("the second", i.ID, two)
	var kept int
	if err := f.owner.QueryRow(ctx, `select count(*) from position`).Scan(&kept); err != nil || kept != 0 {
		t.Fatalf("%d positions kept, %v", kept, err)
	}
	if n, err := f.svc.TurnDuties(ctx); err != nil || n != 0 {
		t.Fatalf("%d duties were told of twice, %v", n, err)
	}
	f.must(f.svc.WithdrawDuty(ctx, f.as(f.desk, "withdraw"), rest.ID, 0, "撤岗"))
	f.candidates("nobody", i.ID)
}

// candidates waits until those who could be sent are the people given.
func (f *roster) candidates(what string, incidentID int64, want ...int64) {
	f.t.Helper()
	f.until(what, func([]dispatch.Change) bool {
		rec, err := f.svc.Recommend(f.t.Context(), f.desk, incidentID, dispatch.Wanted{Skill: "fire_rescue", Limit: 50})
		if err != nil {
			f.t.Fatal(err)
		}
		got := []int64{}
		for _, c := range rec.Candidates {
			got = append(got, c.Responder.ID)
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

func TestHandOverIsRefused(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two, gone := f.person("一", f.west.ID), f.person("二", f.east.ID), f.person("三", f.west.ID)
	f.exec(`update responder set retired_at = now() where id = $1`, gone)
	id := f.duty(one, dispatch.DutyOn, 2*time.Hour, 4*time.Hour)
	f.duty(two, dispatch.DutyOn, 3*time.Hour, 5*time.Hour)
	f.duty(two, dispatch.DutyOnCall, 0, 5*time.Hour)
	over := f.duty(one, dispatch.DutyOnCall, 0, time.Hour)
	f.exec(`update duty set period = tstzrange(now() - interval '2 hours', now() - interval '1 hour') where id = $1`, over)
	west := f.account("west", dispatch.RoleDispatcher, f.west.ID, 0)
	east := f.account("east", dispatch.RoleDispatcher, f.east.ID, 0)
	own := f.account("own", dispatch.RoleResponder, f.west.ID, one)
	tests := []struct {
		name   string
		actor  dispatch.Actor
		id, to int64
		seen   int
		reason string
		want   dispatch.Code
	}{
		{"no reason", f.desk, id, two, 0, "", dispatch.CodeReasonRequired},
		{"an overlapping duty", f.desk, id, two, 0, "因", dispatch.CodeDutyOverlap},
		{"to the same", f.desk, id, one, 0, "因", dispatch.CodeInvalid},
		{"to somebody retired", f.desk, id, gone, 0, "因", dispatch.CodeNotFound},
		{"to somebody elsewhere", west, id, two, 0, "因", dispatch.CodeNotFound},
		{"of somebody elsewhere", east, id, two, 0, "因", dispatch.CodeNotFound},
		{"by themselves", own, id, two, 0, "因", dispatch.CodeNotFound},
		{"another version seen", f.desk, id, two, 9, "因", dispatch.CodeVersionConflict},
		{"over", f.desk, over, two, 0, "因", dispatch.CodeIllegalTransition},
		{"not there", f.desk, 9999, two, 0, "因", dispatch.CodeNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := f.svc.HandOver(ctx, f.as(tt.actor, "hand"), tt.id, tt.seen, tt.to, tt.reason)
			if dispatch.CodeOf(err) != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			var refused *dispatch.Error
			if tt.want == dispatch.CodeDutyOverlap && (!errors.As(err, &refused) || !strings.Contains(refused.Values["period"], "–")) {
				t.Fatalf("the period is not named: %+v", refused)
			}
		})
	}
	if d := f.dutyNow(id); d.ResponderID != one || d.Version != 1 {
		t.Fatalf("a refused hand-over changed %+v", d)
	}
}

// TestSwap: duties apart, overlapping, the same hours, and one that runs.
func TestSwap(t *testing.T) {
	tests := []struct {
		name                   string
		from, to, from2, until int // hours from now
	}{
		{"apart", 1, 2, 5, 6},
		{"overlapping", 1, 4, 2, 6},
		{"the same hours", 1, 4, 1, 4},
		{"one runs", 0, 4, 6, 8},
		{"the other runs", 6, 8, 0, 4},
		{"both run", 0, 4, 0, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newRoster(t)
			ctx := t.Context()
			one, two := f.person("一", f.west.ID), f.person("二", f.east.ID)
			mine := f.duty(one, dispatch.DutyOn, hours(tt.from), hours(tt.to))
			theirs := f.duty(two, dispatch.DutyOn, hours(tt.from2), hours(tt.until))
			was, were := f.dutyNow(mine), f.dutyNow(theirs)
			f.must(f.svc.SwapDuties(ctx, f.as(f.desk, "swap"), mine, 1, theirs, "互换"))
			list, total, err := f.store.Roster(everywhere(t), dispatch.RosterFilter{From: f.store.now().Add(time.Second), To: f.store.now().Add(24 * time.Hour), Limit: 50})
			if err != nil || total != 2 {
				t.Fatalf("%d duties to come, %v", total, err)
			}
			for _, d := range list {
				want := were
				if d.ResponderID == two {
					want = was
				}
				begins := d.StartsAt.Equal(want.StartsAt) || want.StartsAt.Before(d.StartsAt) && !d.StartsAt.After(f.store.now())
				if !begins || !d.EndsAt.Equal(*want.EndsAt) || d.StandsFor == nil || *d.StandsFor != want.ResponderID || *d.Reason != "互换" || *d.Step != "swap" {
					t.Errorf("swapped: %+v, want the time of %+v", d, want)
				}
			}
		})
	}
}

func TestSwapIsBothOrNone(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two := f.person("一", f.west.ID), f.person("二", f.west.ID)
	mine, theirs := f.duty(one, dispatch.DutyOn, time.Hour, 2*time.Hour), f.duty(two, dispatch.DutyOn, 5*time.Hour, 6*time.Hour)
	f.duty(one, dispatch.DutyOn, 3*time.Hour, 5*time.Hour+time.Minute) // in the way of the way back
	if _, err := f.svc.SwapDuties(ctx, f.as(f.desk, "swap"), mine, 1, theirs, "互换"); dispatch.CodeOf(err) != dispatch.CodeDutyOverlap {
		t.Fatalf("got %v", err)
	}
	if f.dutyNow(mine).ResponderID != one || f.dutyNow(theirs).ResponderID != two {
		t.Fatal("half a swap")
	}
	if _, err := f.svc.SwapDuties(ctx, f.as(f.desk, "swap"), mine, 1, 9999, "互换"); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("with nothing: %v", err)
	}
}

// TestOneHandOverWins: ten people are given one duty at once; one gets it, and
// the others are refused for what changed meanwhile.
func TestOneHandOverWins(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	id := f.duty(f.person("零", f.west.ID), dispatch.DutyOn, 0, 4*time.Hour)
	const n = 10
	people := make([]int64, n)
	commands := make([]dispatch.Command, n)
	for k := range people {
		people[k], commands[k] = f.person(string(rune('一'+k)), f.west.ID), f.as(f.desk, "hand")
	}
	won := 0
	for _, err := range atOnce(n, func(k int) error {
		_, err := f.svc.HandOver(ctx, commands[k], id, 1, people[k], "抢")
		return err
	}) {
		switch dispatch.CodeOf(err) {
		case "":
			won++
		case dispatch.CodeVersionConflict, dispatch.CodeIllegalTransition:
		default:
			t.Errorf("refused with %v", err)
		}
	}
	force, err := f.store.RosterNow(everywhere(t), nil)
	if err != nil || won != 1 || len(force) != 2 || force[0].OnDuty+force[1].OnDuty != 1 {
		t.Fatalf("%d won, on duty %+v, %v", won, force, err)
	}
}

// TestCrossedSwaps: the same two duties are swapped, and handed over, in both
// directions at once; nobody waits for good and every duty has one person.
func TestCrossedSwaps(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one, two, three := f.person("一", f.west.ID), f.person("二", f.west.ID), f.person("三", f.west.ID)
	a, b := f.duty(one, dispatch.DutyOn, time.Hour, 3*time.Hour), f.duty(two, dispatch.DutyOn, 2*time.Hour, 4*time.Hour)
	commands := []dispatch.Command{f.as(f.desk, "swap"), f.as(f.desk, "swap"), f.as(f.desk, "hand"), f.as(f.desk, "hand")}
	errs := atOnce(4, func(k int) error {
		var err error
		switch k {
		case 0:
			_, err = f.svc.SwapDuties(ctx, commands[k], a, 1, b, "换")
		case 1:
			_, err = f.svc.SwapDuties(ctx, commands[k], b, 1, a, "换")
		case 2:
			_, err = f.svc.HandOver(ctx, commands[k], a, 1, three, "替")
		case 3:
			_, err = f.svc.HandOver(ctx, commands[k], b, 1, three, "替")
		}
		return err
	})
	won := 0
	for _, err := range errs {
		switch dispatch.CodeOf(err) {
		case "":
			won++
		case dispatch.CodeVersionConflict, dispatch.CodeDutyOverlap:
		default:
			t.Errorf("refused with %v", err)
		}
	}
	if won == 0 || f.dutyNow(a).ResponderID == f.dutyNow(b).ResponderID {
		t.Fatalf("%d won; %+v %+v", won, f.dutyNow(a), f.dutyNow(b))
	}
}

func TestSetAndWithdraw(t *testing.T) {
	f := newRoster(t)
	ctx := everywhere(t)
	one := f.person("一", f.west.ID)
	now := f.store.now()
	for name, times := range map[string][2]int{"backwards": {2, 1}, "past": {-3, -2}, "long ago begun": {-1, 5}, "too long": {0, 24 * 8}, "in years": {24 * 400, 24*400 + 1}} {
		if _, err := f.svc.SetDuty(ctx, f.as(f.desk, "set"), one, dispatch.DutyOn, now.Add(hours(times[0])), now.Add(hours(times[1]))); dispatch.CodeOf(err) != dispatch.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := f.account("east", dispatch.RoleDispatcher, f.east.ID, 0)
	if _, err := f.svc.SetDuty(ctx, f.as(elsewhere, "set"), one, dispatch.DutyOn, now, now.Add(time.Hour)); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("of another area: %v", err)
	}
	id := f.duty(one, dispatch.DutyOn, time.Hour, 2*time.Hour)
	if _, err := f.svc.SetDuty(ctx, f.as(f.desk, "set"), one, dispatch.DutyOn, now, now.Add(90*time.Minute)); dispatch.CodeOf(err) != dispatch.CodeDutyOverlap {
		t.Fatalf("overlapping: %v", err)
	}
	f.must(f.svc.WithdrawDuty(ctx, f.as(f.desk, "withdraw"), id, 1, "取消"))
	if _, err := f.store.RosterDuty(everywhere(t), id); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("withdrawn and there: %v", err)
	}
	f.until("both events", func(read []dispatch.Change) bool {
		return len(of(read, "duty.set")) == 1 && len(of(read, "duty.withdrawn")) == 1
	})
}
