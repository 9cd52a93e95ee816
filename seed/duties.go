package seed

import "time"

// China keeps one time, eight hours ahead, all year.
var beijing = time.FixedZone("CST", 8*hour)

// rosterDays is how many days ahead the rosters reach.
const rosterDays = 21

// addDuties makes rosters from yesterday on: half of those with a roster work
// by day, half by night, so that at any time about a quarter of all are on
// duty; and on-call hours of Party members and volunteers.
func (b *builder) addDuties() {
	r := b.random("duties")
	now := b.options.Now.In(beijing)
	first := time.Date(now.Year(), now.Month(), now.Day()-1, 0, 0, 0, 0, beijing)
	for i := range b.Responders {
		switch kind := b.Responders[i].Affiliations[0].Kind; {
		case kind != "party_member" && kind != "volunteer" && r.chance(0.78), r.chance(0.14):
			b.addRoster(i, first, r.chance(0.5), r)
		default:
			b.addOnCall(i, first, r)
		}
	}
}

// addRoster puts a person on twelve-hour shifts, at 08:00 or at 20:00, with a
// rest day now and then that is not today.
func (b *builder) addRoster(i int, first time.Time, night bool, r *random) {
	start := 8
	if night {
		start = 20
	}
	rest := r.within(2, 6)
	for d := range rosterDays {
		if d > 2 && d%7 == rest {
			continue
		}
		from := first.AddDate(0, 0, d).Add(time.Duration(start) * time.Hour)
		b.Duties = append(b.Duties, Duty{
			Responder: i, Kind: "on_duty", Origin: "roster",
			Start: from.UTC(), End: from.Add(12 * time.Hour).UTC(), Post: b.Responders[i].Post,
		})
	}
}

// addOnCall gives a willing person hours: evenings, or the whole day at the
// weekend; one in three, around the clock for a week.
func (b *builder) addOnCall(i int, first time.Time, r *random) {
	put := func(from time.Time, hours int) {
		b.Duties = append(b.Duties, Duty{Responder: i, Kind: "on_call", Origin: "self", Start: from.UTC(), End: from.Add(time.Duration(hours) * time.Hour).UTC()})
	}
	switch {
	case r.chance(0.3):
		put(first.Add(8*time.Hour), 24*rosterDays)
	case r.chance(0.5):
		for d := range rosterDays {
			if day := first.AddDate(0, 0, d); day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
				put(day.Add(8*time.Hour), 14)
			} else if r.chance(0.7) {
				put(day.Add(18*time.Hour), 4)
			}
		}
	}
}
