package seed

import (
	"testing"
	"time"
)

// Every duty of a roster is what its rotation asks for on its day, and nobody
// who is asked for is missing.
func TestRotationsGiveDuties(t *testing.T) {
	d := made(t)
	type due struct {
		rotation, responder int
		day                 time.Time
	}
	have := map[due]Duty{}
	for _, y := range d.Duties {
		if (y.Rotation == None) != (y.Origin == "self") {
			t.Fatalf("a duty of origin %s follows from rotation %d", y.Origin, y.Rotation)
		}
		if y.Rotation != None {
			have[due{y.Rotation, y.Responder, y.Day}] = y
		}
	}
	off := map[time.Time]bool{}
	for _, h := range d.Holidays {
		off[h.Day] = true
	}
	asked := 0
	first := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for i, n := range d.Rotations {
		for k := range rosterDays {
			day := first.AddDate(0, 0, k)
			weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
			shift := n.Shifts[int(day.Sub(n.StartsOn).Hours()/24)%len(n.Shifts)]
			if shift == None || n.Days == "free" && !weekend && !off[day] {
				continue
			}
			s := d.Shifts[shift]
			for _, who := range d.Teams[n.Team].Members {
				asked++
				y, ok := have[due{i, who, day}]
				local := y.Start.In(beijing)
				if !ok || local.Hour()*60+local.Minute() != s.Start || local.Day() != day.Day() || y.End.Sub(y.Start) != time.Duration(s.Minutes)*time.Minute || y.Kind != s.Kind {
					t.Fatalf("rotation %d, %s on %s: %+v", i, d.Responders[who].Name, day.Format(time.DateOnly), y)
				}
			}
		}
		if n.MadeUntil != first.AddDate(0, 0, rosterDays-1) || n.StartsOn.Weekday() != time.Monday {
			t.Errorf("rotation %d begins on %v and is made until %v", i, n.StartsOn, n.MadeUntil)
		}
	}
	if asked != len(have) {
		t.Errorf("%d duties follow from rotations, %d are asked for", len(have), asked)
	}
}

func TestTeams(t *testing.T) {
	d := made(t)
	member, perStreet := map[int]bool{}, map[int]int{}
	for _, team := range d.Teams {
		if d.Areas[team.Area].Level != "street" || len(team.Members) == 0 {
			t.Errorf("%s of %s has %d members", team.Name, d.Areas[team.Area].Name, len(team.Members))
		}
		perStreet[team.Area]++
		for _, who := range team.Members {
			if member[who] || d.Areas[d.Responders[who].Area].Parent != team.Area {
				t.Errorf("%s is in the wrong team", d.Responders[who].Name)
			}
			member[who] = true
		}
	}
	if len(perStreet) != 10 || len(d.Shifts) != 40 {
		t.Errorf("%d streets have teams, with %d shifts", len(perStreet), len(d.Shifts))
	}
}

func TestHolidays(t *testing.T) {
	d := Generate(Options{Seed: 1, Scale: 0.05, Now: time.Date(2026, 12, 24, 2, 30, 0, 0, time.UTC)})
	days := map[string]string{}
	for _, h := range d.Holidays {
		days[h.Day.Format(time.DateOnly)] = h.Name
	}
	if len(days) != 10 || days["2027-01-01"] != "元旦" || days["2026-10-03"] != "国庆节" {
		t.Errorf("%v", days)
	}
	for _, y := range d.Duties { // 1 January 2027 is a Friday
		if y.Rotation != None && d.Rotations[y.Rotation].Days == "free" && y.Day.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
			return
		}
	}
	t.Error("nobody is in reserve on New Year's Day")
}
