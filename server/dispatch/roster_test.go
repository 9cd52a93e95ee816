package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func drawRotation(t *rapid.T) (Rotation, []Shift, []Holiday) {
	shifts := []Shift{}
	ids := []int64{0}
	for k := range rapid.IntRange(1, 4).Draw(t, "shifts") {
		s := Shift{ID: int64(k + 1), Kind: rapid.SampledFrom([]DutyState{DutyOn, DutyOnCall}).Draw(t, "kind"),
			StartsAt: fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")),
			Minutes:  rapid.IntRange(15, 1440).Draw(t, "minutes")}
		if rapid.IntRange(0, 9).Draw(t, "retired") == 0 {
			s.Retired = &noon
		}
		shifts, ids = append(shifts, s), append(ids, s.ID)
	}
	r := Rotation{ID: 1, Shifts: rapid.SliceOfN(rapid.SampledFrom(ids), 1, 10).Draw(t, "pattern"),
		StartsOn: Day("2026-01-01").Add(rapid.IntRange(0, 400).Draw(t, "start")),
		Days:     rapid.SampledFrom([]string{DaysEvery, DaysWorking, DaysFree}).Draw(t, "days")}
	if rapid.Bool().Draw(t, "ends") {
		end := r.StartsOn.Add(rapid.IntRange(0, 60).Draw(t, "length"))
		r.EndsOn = &end
	}
	holidays := []Holiday{}
	for _, k := range rapid.SliceOfNDistinct(rapid.IntRange(-10, 70), 0, 10, rapid.ID[int]).Draw(t, "holidays") {
		holidays = append(holidays, Holiday{Day: r.StartsOn.Add(k), Working: rapid.Bool().Draw(t, "working")})
	}
	return r, shifts, holidays
}

// TestPlanDuties holds every day of a plan against the rules said another way:
// by the clock of the place itself and counting on from the first day.
func TestPlanDuties(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		r, shifts, holidays := drawRotation(t)
		from := r.StartsOn.Add(rapid.IntRange(-20, 40).Draw(t, "from"))
		to := from.Add(rapid.IntRange(-1, 60).Draw(t, "window"))
		planned := map[Day]PlannedDuty{}
		for _, p := range PlanDuties(r, shifts, holidays, from, to) {
			if _, twice := planned[p.Day]; twice {
				t.Fatalf("%s is there twice", p.Day)
			}
			planned[p.Day] = p
		}
		turn := 0
		for at := r.StartsOn.Start().In(zone); turn < 200; at, turn = at.AddDate(0, 0, 1), turn+1 {
			day := Day(at.Format(time.DateOnly))
			p, there := planned[day]
			delete(planned, day)
			want := wantedShift(r, shifts, holidays, at, turn)
			inside := day >= from && day <= to && (r.EndsOn == nil || day <= *r.EndsOn)
			if (want != nil && inside) != there {
				t.Fatalf("%s planned %v, wanted %+v within the window %v", day, there, want, inside)
			}
			if !there {
				continue
			}
			local := p.StartsAt.In(zone)
			if p.ShiftID != want.ID || p.Kind != want.Kind || local.Format("2006-01-02 15:04:05") != string(day)+" "+want.StartsAt+":00" ||
				p.EndsAt.Sub(p.StartsAt) != time.Duration(want.Minutes)*time.Minute {
				t.Fatalf("planned %+v for %+v", p, want)
			}
		}
		if len(planned) > 0 {
			t.Fatalf("planned outside of all days: %+v", planned)
		}
	})
}

// wantedShift says the rules once more: nil where nothing is worked.
func wantedShift(r Rotation, shifts []Shift, holidays []Holiday, at time.Time, turn int) *Shift {
	id := r.Shifts[turn%len(r.Shifts)]
	if id == 0 || shifts[id-1].Retired != nil {
		return nil
	}
	free := at.Weekday() == time.Sunday || at.Weekday() == time.Saturday
	for _, h := range holidays {
		if string(h.Day) == at.Format(time.DateOnly) {
			free = !h.Working
		}
	}
	if r.Days == DaysFree && !free || r.Days == DaysWorking && free {
		return nil
	}
	return &shifts[id-1]
}

// TestPlansAddUp: two windows side by side give what one gives, and
// working days with free days give every day.
func TestPlansAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, shifts, holidays := drawRotation(t)
		from := r.StartsOn.Add(rapid.IntRange(-5, 5).Draw(t, "from"))
		middle := from.Add(rapid.IntRange(0, 30).Draw(t, "middle"))
		to := middle.Add(rapid.IntRange(1, 30).Draw(t, "to"))
		whole := PlanDuties(r, shifts, holidays, from, to)
		if parts := append(PlanDuties(r, shifts, holidays, from, middle), PlanDuties(r, shifts, holidays, middle.Add(1), to)...); !slices.Equal(whole, parts) {
			t.Fatalf("whole %v, in parts %v", whole, parts)
		}
		every, working, free := r, r, r
		every.Days, working.Days, free.Days = DaysEvery, DaysWorking, DaysFree
		both := append(PlanDuties(working, shifts, holidays, from, to), PlanDuties(free, shifts, holidays, from, to)...)
		slices.SortFunc(both, func(x, y PlannedDuty) int { return x.Day.Since(y.Day) })
		if all := PlanDuties(every, shifts, holidays, from, to); !slices.Equal(all, both) {
			t.Fatalf("every day %v, working and free %v", all, both)
		}
		gone := every
		gone.TeamGone = true
		if left := PlanDuties(gone, shifts, holidays, from, to); len(left) != 0 {
			t.Fatalf("a team that is gone works %v", left)
		}
	})
}

func TestDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Day("2024-02-28").Add(rapid.IntRange(-2000, 2000).Draw(t, "first"))
		n := rapid.IntRange(-2000, 2000).Draw(t, "days")
		later := d.Add(n)
		if later.Since(d) != n || (later > d) != (n > 0) || DayOf(later.Start()) != later || DayOf(later.Start().Add(-1)) != later.Add(-1) {
			t.Fatalf("%s and %d days is %s", d, n, later)
		}
	})
	for text, fine := range map[string]bool{"2026-02-29": false, "2028-02-29": true, "2026-1-1": false, "": false, "0001-01-01": false, "2026-05-01T00": false} {
		if _, err := ParseDay(text, "day"); (err == nil) != fine {
			t.Errorf("%q: %v", text, err)
		}
	}
	if DayOf(time.Date(2026, 4, 30, 16, 0, 0, 0, time.UTC)) != "2026-05-01" || Day("2026-05-01").number() != 20260501 {
		t.Error("a day begins at midnight of the installation's time")
	}
}
