package seed

import (
	"slices"
	"time"
)

// China keeps one time, eight hours ahead, all year.
var beijing = time.FixedZone("CST", 8*hour)

// rosterDays is how many days the rosters reach, from yesterday on: as far ahead
// as they are made later on.
const rosterDays = 30

// addDuties puts most staff and some Party members and volunteers into teams
// whose rotations give their duties, so that at any time about a quarter of all
// are on duty; the rest offer on-call hours or belong to their street's reserve.
func (b *builder) addDuties() {
	r := b.random("duties")
	now := b.options.Now.In(beijing)
	first := time.Date(now.Year(), now.Month(), now.Day()-1, 0, 0, 0, 0, time.UTC)
	rostered, reserve := map[int][]int{}, map[int][]int{}
	for i, p := range b.Responders {
		street := b.Areas[p.Area].Parent
		staff := p.Affiliations[0].Kind != "party_member" && p.Affiliations[0].Kind != "volunteer"
		switch {
		case staff && r.chance(0.95), !staff && r.chance(0.42):
			rostered[street] = append(rostered[street], i)
		case r.chance(0.24):
			reserve[street] = append(reserve[street], i)
		default:
			b.addOnCall(i, first, r)
		}
	}
	b.addRotations(rostered, reserve, first)
	b.workRotations(first)
	slices.SortFunc(b.Duties, func(x, y Duty) int {
		if x.Responder != y.Responder {
			return x.Responder - y.Responder
		}
		return x.Start.Compare(y.Start)
	})
}

// addOnCall gives a willing person hours: around the clock for the whole time,
// or evenings and whole days at the weekend.
func (b *builder) addOnCall(i int, first time.Time, r *random) {
	put := func(day time.Time, start, hours int) {
		from := day.Add(time.Duration(start-8) * time.Hour)
		b.Duties = append(b.Duties, Duty{Responder: i, Rotation: None, Day: day, Kind: "on_call", Origin: "self", Start: from, End: from.Add(time.Duration(hours) * time.Hour)})
	}
	if r.chance(0.5) {
		put(first, 8, 24*rosterDays)
		return
	}
	for d := range rosterDays {
		if day := first.AddDate(0, 0, d); day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			put(day, 8, 14)
		} else if r.chance(0.7) {
			put(day, 18, 4)
		}
	}
}
