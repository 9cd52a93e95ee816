package seed

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Shift is a stretch of the day that is worked, by the time of Beijing.
type Shift struct {
	Area    int // its street or town
	Name    string
	Kind    string // on_duty or on_call
	Start   int    // minutes after midnight
	Minutes int
}

// Team is people who work shifts together.
type Team struct {
	Area    int // its street or town
	Name    string
	Members []int // indices into Responders
}

// Rotation says which shift a team works on which day. The pattern goes on by
// the calendar, whether a day is worked or not.
type Rotation struct {
	Team      int
	Shifts    []int     // of each day from StartsOn on, in turn: indices into Shifts, None for rest
	StartsOn  time.Time // midnight UTC of the day
	Days      string    // every or free
	MadeUntil time.Time // the last day whose duties are made, as StartsOn
}

// Holiday is a day that nobody has to work, or a weekend day that is worked.
type Holiday struct {
	Day     time.Time // midnight UTC of the day
	Name    string
	Working bool
}

// A team that works around the clock has about as many people; a street has at
// most so many of them, however large it is.
const (
	teamPeople = 14
	mostTeams  = 60
)

// addRotations gives each street its shifts, its teams and their turns: three
// teams share day, night and rest (三班两运转); the reserve is on call in the
// evenings, and by day when others are off.
func (b *builder) addRotations(rostered, reserve map[int][]int, first time.Time) {
	monday := first.AddDate(0, 0, -28-int(first.Weekday()+6)%7)
	last := first.AddDate(0, 0, rosterDays-1)
	b.holidays(first, last)
	for i, a := range b.Areas {
		if a.Level != "street" {
			continue
		}
		at := len(b.Shifts)
		b.Shifts = append(b.Shifts,
			Shift{i, "白班", "on_duty", 8 * 60, 720}, Shift{i, "夜班", "on_duty", 20 * 60, 720},
			Shift{i, "晚间备勤", "on_call", 18 * 60, 240}, Shift{i, "节假日备勤", "on_call", 8 * 60, 600})
		teams := b.splitTeams(i, rostered[i])
		for t, team := range teams {
			turn := []int{at, at + 1, None}
			b.Rotations = append(b.Rotations, Rotation{team, slices.Concat(turn[t%3:], turn[:t%3]), monday, "every", last})
		}
		if len(reserve[i]) > 0 {
			team := len(b.Teams)
			b.Teams = append(b.Teams, Team{i, "备勤组", reserve[i]})
			b.Rotations = append(b.Rotations,
				Rotation{team, []int{at + 2, None}, monday, "every", last},
				Rotation{team, []int{at + 3}, monday, "free", last})
		}
	}
}

// splitTeams deals a street's people out to teams, so that neighbours are on at
// different times, and gives the teams.
func (b *builder) splitTeams(street int, people []int) []int {
	n := 3 * max(1, int(math.Round(float64(len(people))/3/teamPeople)))
	n = min(n, mostTeams)
	teams := make([]int, n)
	for t := range teams {
		teams[t] = len(b.Teams)
		b.Teams = append(b.Teams, Team{Area: street, Name: fmt.Sprintf("第%s值守组", numeral(t+1))})
	}
	for k, who := range people {
		team := &b.Teams[teams[k%n]]
		team.Members = append(team.Members, who)
	}
	return teams
}

// holidays adds the fixed holidays of the years that the rosters touch.
func (b *builder) holidays(first, last time.Time) {
	for year := first.Year(); year <= last.Year(); year++ {
		for _, h := range []struct {
			month time.Month
			day   int
			name  string
		}{{1, 1, "元旦"}, {5, 1, "劳动节"}, {10, 1, "国庆节"}, {10, 2, "国庆节"}, {10, 3, "国庆节"}} {
			b.Holidays = append(b.Holidays, Holiday{Day: time.Date(year, h.month, h.day, 0, 0, 0, 0, time.UTC), Name: h.name})
		}
	}
}

// free says whether a day is off: a weekend or a holiday.
func (b *builder) free(day time.Time) bool {
	for _, h := range b.Holidays {
		if h.Day.Equal(day) {
			return !h.Working
		}
	}
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// turn is a day on which a rotation is worked, and the shift.
type turn struct {
	day   time.Time
	shift Shift
}

// turns gives when a rotation is worked from a day to its last.
func (b *builder) turns(n Rotation, first time.Time) []turn {
	var out []turn
	for day := first; !day.After(n.MadeUntil); day = day.AddDate(0, 0, 1) {
		k := n.Shifts[int(day.Sub(n.StartsOn)/(24*time.Hour))%len(n.Shifts)]
		if k != None && (n.Days == "every" || b.free(day)) {
			out = append(out, turn{day, b.Shifts[k]})
		}
	}
	return out
}

// workRotations makes the duties of all rotations from a day on.
func (b *builder) workRotations(first time.Time) {
	turns, count := make([][]turn, len(b.Rotations)), 0
	for i, n := range b.Rotations {
		turns[i] = b.turns(n, first)
		count += len(turns[i]) * len(b.Teams[n.Team].Members)
	}
	b.Duties = slices.Grow(b.Duties, count)
	for i, n := range b.Rotations {
		for _, t := range turns[i] {
			// The day is counted in UTC, the shift in Beijing: eight hours earlier.
			start := t.day.Add(time.Duration(t.shift.Start)*time.Minute - 8*time.Hour)
			end := start.Add(time.Duration(t.shift.Minutes) * time.Minute)
			for _, who := range b.Teams[n.Team].Members {
				b.Duties = append(b.Duties, Duty{Responder: who, Rotation: i, Day: t.day, Kind: t.shift.Kind, Origin: "roster", Start: start, End: end, Post: b.Responders[who].Post})
			}
		}
	}
}
