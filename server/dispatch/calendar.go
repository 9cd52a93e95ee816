package dispatch

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// minutesOfDay is how long a day is; China keeps one time all year round.
const minutesOfDay = 24 * 60

// Hours is a stretch of a weekday that is worked, in minutes from its midnight;
// a morning and an afternoon are two.
type Hours struct {
	Weekday int `json:"weekday" minimum:"0" maximum:"6" doc:"0 is Sunday."`
	From    int `json:"from" minimum:"0" maximum:"1439" doc:"Minutes from midnight, in the installation's time."`
	To      int `json:"to" minimum:"1" maximum:"1440" doc:"Minutes from midnight; behind from."`
}

// CheckHours refuses stretches of a week that end before they begin, or of which
// two share a time.
func CheckHours(week []Hours) error {
	for k, h := range week {
		if h.Weekday < 0 || h.Weekday > 6 || h.From < 0 || h.To > minutesOfDay || h.From >= h.To {
			return Refuse(CodeInvalid, fmt.Sprintf("week[%d]", k))
		}
		for _, other := range week[:k] {
			if other.Weekday == h.Weekday && other.From < h.To && h.From < other.To {
				return Refuse(CodeHoursOverlap, fmt.Sprintf("week[%d]", k))
			}
		}
	}
	return nil
}

// Calendar says when an office works: what the clocks of types that need not be
// handled day and night count. The zero Calendar works always.
type Calendar struct {
	week  [7][]Hours // by weekday, in order, without overlap
	spare []Hours    // of a weekend day that is worked: those of the week's first day with any, from Monday on
	days  map[Day]bool
}

// NewCalendar makes a calendar from the hours of the week and the days that
// differ from it. A holiday is not worked; a day worked although the week says
// otherwise (调休) has the hours of its weekday, and where that has none those of
// Monday, or of the first day behind it that has any.
func NewCalendar(week []Hours, holidays []Holiday) Calendar {
	c := Calendar{days: make(map[Day]bool, len(holidays))}
	week = slices.Clone(week)
	slices.SortFunc(week, func(a, b Hours) int { return cmp.Or(a.Weekday-b.Weekday, a.From-b.From, a.To-b.To) })
	for _, h := range week {
		if h.Weekday < 0 || h.Weekday > 6 {
			continue
		}
		day := &c.week[h.Weekday]
		if n := len(*day); n > 0 {
			h.From = max(h.From, (*day)[n-1].To)
		}
		if h.From, h.To = max(h.From, 0), min(h.To, minutesOfDay); h.From < h.To {
			*day = append(*day, h)
		}
	}
	for k := 1; k <= 7 && len(c.spare) == 0; k++ {
		c.spare = c.week[k%7]
	}
	for _, h := range holidays {
		c.days[h.Day] = h.Working
	}
	return c
}

// on gives the hours of a day.
func (c Calendar) on(day Day) []Hours {
	hours := c.week[day.Start().Weekday()]
	if working, differs := c.days[day]; differs {
		switch {
		case !working:
			return nil
		case len(hours) == 0:
			return c.spare
		}
	}
	return hours
}

// Worked gives how much of the calendar's working time lies between two moments,
// none where the second is not behind the first. A calendar without hours counts
// every second.
func Worked(from, to time.Time, c Calendar) time.Duration {
	if len(c.spare) == 0 {
		return max(to.Sub(from), 0)
	}
	var sum time.Duration
	for day := DayOf(from); day.Start().Before(to); day = day.Add(1) {
		midnight := day.Start()
		for _, h := range c.on(day) {
			begin, end := midnight.Add(time.Duration(h.From)*time.Minute), midnight.Add(time.Duration(h.To)*time.Minute)
			if begin.Before(from) {
				begin = from
			}
			if end.After(to) {
				end = to
			}
			sum += max(end.Sub(begin), 0)
		}
	}
	return sum
}

// Due gives the moment by which so many seconds of the calendar's working time
// have passed since start: the first such moment, so that what is due at the end
// of an afternoon is not due next morning. A calendar without hours counts every
// second.
func Due(start time.Time, seconds int, c Calendar) time.Time {
	left := time.Duration(seconds) * time.Second
	if left <= 0 || len(c.spare) == 0 {
		return start.Add(max(left, 0))
	}
	for day := DayOf(start); ; day = day.Add(1) { // holidays are finite, and each week has hours
		midnight := day.Start()
		for _, h := range c.on(day) {
			from, to := midnight.Add(time.Duration(h.From)*time.Minute), midnight.Add(time.Duration(h.To)*time.Minute)
			if from.Before(start) {
				from = start
			}
			worked := to.Sub(from)
			if worked >= left {
				return from.Add(left).In(start.Location())
			}
			if worked > 0 {
				left -= worked
			}
		}
	}
}
