package dispatch

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

// office is a morning and an afternoon from Monday to Friday.
func office() []Hours {
	week := []Hours{}
	for day := 1; day <= 5; day++ {
		week = append(week, Hours{day, 13*60 + 30, 17*60 + 30}, Hours{day, 8*60 + 30, 12 * 60})
	}
	return week
}

func TestDue(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	week := NewCalendar(office(), []Holiday{
		{Day: "2026-10-01", Name: "国庆节"}, {Day: "2026-10-02", Name: "国庆节"}, {Day: "2026-10-05", Name: "国庆节"},
		{Day: "2026-10-10", Name: "调休", Working: true},
	})
	for _, c := range []struct {
		name, start, want string
		seconds           int
		calendar          Calendar
	}{
		{"within the morning", "2026-09-21 09:00:00", "2026-09-21 10:00:00", 3600, week},
		{"the second that is given is kept", "2026-09-21 09:00:07", "2026-09-21 10:00:07", 3600, week},
		{"over noon", "2026-09-21 11:30:00", "2026-09-21 14:00:00", 3600, week},
		{"to the end of the day, not to the next morning", "2026-09-21 16:30:00", "2026-09-21 17:30:00", 3600, week},
		{"one second more", "2026-09-21 16:30:00", "2026-09-22 08:30:01", 3601, week},
		{"reported at night", "2026-09-21 23:10:00", "2026-09-22 09:30:00", 3600, week},
		{"before the day begins", "2026-09-21 00:00:00", "2026-09-21 08:30:01", 1, week},
		{"over the weekend", "2026-09-25 17:00:00", "2026-09-28 09:00:00", 3600, week},
		{"over the holidays", "2026-09-30 17:00:00", "2026-10-06 09:00:00", 3600, week},
		{"a Saturday that is worked has Monday's hours", "2026-10-09 17:00:00", "2026-10-10 09:00:00", 3600, week},
		{"two working days", "2026-09-21 08:30:00", "2026-09-22 17:30:00", 2 * 75 * 360, week},
		{"no time at all", "2026-09-26 03:00:00", "2026-09-26 03:00:00", 0, week},
		{"less than none", "2026-09-26 03:00:00", "2026-09-26 03:00:00", -5, week},
		{"without hours by the wall clock", "2026-09-26 03:00:00", "2026-09-26 04:00:00", 3600, Calendar{}},
		{"holidays alone are no hours", "2026-10-01 03:00:00", "2026-10-01 04:00:00", 3600, NewCalendar(nil, []Holiday{{Day: "2026-10-01"}})},
	} {
		t.Run(c.name, func(t *testing.T) {
			start, err := time.ParseInLocation(time.DateTime, c.start, zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, zone := range []*time.Location{zone, time.UTC, time.FixedZone("far", -11*3600)} {
				if got := Due(start.In(zone), c.seconds, c.calendar).In(start.Location()).Format(time.DateTime); got != c.want {
					t.Errorf("from %s in %s: %s, want %s", c.start, zone, got, c.want)
				}
			}
		})
	}
}

func drawCalendar(t *rapid.T, start time.Time) ([]Hours, []Holiday) {
	week := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Hours {
		from := rapid.IntRange(0, minutesOfDay-1).Draw(t, "from")
		return Hours{rapid.IntRange(0, 6).Draw(t, "weekday"), from, rapid.IntRange(from+1, minutesOfDay).Draw(t, "to")}
	}), 1, 8).Draw(t, "week")
	holidays := []Holiday{}
	for _, k := range rapid.SliceOfNDistinct(rapid.IntRange(-1, 12), 0, 6, rapid.ID[int]).Draw(t, "holidays") {
		holidays = append(holidays, Holiday{Day: DayOf(start).Add(k), Working: rapid.Bool().Draw(t, "working")})
	}
	return week, holidays
}

// worked says of a minute whether it is worked, by the words of the rules.
func worked(at time.Time, week []Hours, holidays []Holiday) bool {
	weekday, minute := int(at.Weekday()), at.Hour()*60+at.Minute()
	has := func(weekday int) (known, now bool) {
		for _, h := range week {
			if h.Weekday == weekday {
				known = true
				now = now || h.From <= minute && minute < h.To
			}
		}
		return known, now
	}
	for _, h := range holidays {
		if string(h.Day) != at.Format(time.DateOnly) {
			continue
		}
		if !h.Working {
			return false
		}
		for k := range 8 { // its own weekday, then from Monday on
			day := weekday
			if k > 0 {
				day = k % 7
			}
			if known, now := has(day); known {
				return now
			}
		}
	}
	_, now := has(weekday)
	return now
}

// TestDueCountsEveryMinute holds Due against a walk minute by minute on the
// place's own clock, and against itself: later from later, and two stretches one
// after the other are the sum.
func TestDueCountsEveryMinute(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_780_000_000+rapid.Int64Range(0, 30*86400).Draw(t, "start"), 0).In(zone)
		week, holidays := drawCalendar(t, start)
		seconds := rapid.IntRange(1, 30_000).Draw(t, "seconds")
		c := NewCalendar(week, holidays)
		due := Due(start, seconds, c)

		want, left := start, seconds
		for left > 0 { // to the end of this minute, or as far as is left
			step := 60 - want.Second()
			if worked(want, week, holidays) {
				step = min(step, left)
				left -= step
			}
			want = want.Add(time.Duration(step) * time.Second)
		}
		if !due.Equal(want) {
			t.Fatalf("%d s from %s: %s, want %s", seconds, start, due, want)
		}
		first := rapid.IntRange(0, seconds).Draw(t, "first")
		if parts := Due(Due(start, first, c), seconds-first, c); !parts.Equal(due) {
			t.Fatalf("%d s and %d s: %s, together %s", first, seconds-first, parts, due)
		}
		if passed := Worked(start, due, c); passed != time.Duration(seconds)*time.Second {
			t.Fatalf("%d s from %s to %s, counted back %s", seconds, start, due, passed)
		}
		later := start.Add(time.Duration(rapid.Int64Range(0, 5*86400).Draw(t, "later")) * time.Second)
		if Due(later, seconds, c).Before(due) {
			t.Fatalf("from %s earlier than from %s", later, start)
		}
	})
}

// TestClocksOfAPlanCountItsHours: the clock of a state, the ladder and an order to
// a unit go by the plan's calendar, and by the wall where it has none; what was
// left of an order when it was suspended is what is left when it goes on.
func TestClocksOfAPlanCountItsHours(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.ParseInLocation(time.DateTime, text, time.FixedZone("CST", 8*3600))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	friday := at("2026-09-25 17:00:00")
	for name, c := range map[string]struct {
		calendar                     Calendar
		verify, told, done, goesOnTo string
	}{
		"hours": {NewCalendar(office(), nil), "2026-09-28 09:00:00", "2026-09-28 09:30:00", "2026-09-28 10:30:00", "2026-09-29 10:30:00"},
		"wall":  {Calendar{}, "2026-09-25 18:00:00", "2026-09-25 18:30:00", "2026-09-25 19:30:00", "2026-09-29 10:30:00"},
	} {
		p := Plan{VerifySeconds: 3600, Ladder: []Rung{{LevelStreet, 5400}}, Calendar: c.calendar}
		i := Incident{State: IncidentReported, StateSince: friday}
		if due := clock(i.State, p, friday); !due.Equal(at(c.verify)) {
			t.Errorf("%s: verified by %s, want %s", name, due, c.verify)
		}
		if told := p.rungAt(i); !told.Equal(at(c.told)) {
			t.Errorf("%s: the street is told at %s, want %s", name, told, c.told)
		}
		o := UnitOrder{State: OrderSent, DoneSeconds: 9000, calendar: c.calendar}
		o.turn(doneStart, friday)
		if !o.DueAt.Equal(at(c.done)) {
			t.Errorf("%s: done by %s, want %s", name, o.DueAt, c.done)
		}
		o.turn(doneWaits, friday.Add(30*time.Minute))
		o.turn(doneRests, at("2026-09-29 08:30:00"))
		if !o.DueAt.Equal(at(c.goesOnTo)) {
			t.Errorf("%s: after it was suspended done by %s, want %s", name, o.DueAt, c.goesOnTo)
		}
	}
}
