package dispatch

import (
	"context"
	"slices"
	"time"
)

// rosterZone is the time by which days and shifts are counted. China keeps one
// time all year round.
var rosterZone = time.FixedZone("Asia/Shanghai", 8*60*60)

// Day is a calendar day of the installation, as 2006-01-02. Days compare as
// their texts do.
type Day string

// ParseDay reads a day, CodeInvalid for a field where it is none.
func ParseDay(text, field string) (Day, error) {
	if t, err := time.Parse(time.DateOnly, text); err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return "", &Error{Code: CodeInvalid, Field: field, Err: err}
	}
	return Day(text), nil
}

// DayOf gives the day that a moment lies in.
func DayOf(t time.Time) Day { return Day(t.In(rosterZone).Format(time.DateOnly)) }

// Start gives the day's first moment; the zero time for what is no day.
func (d Day) Start() time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), rosterZone)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add gives the day some days later.
func (d Day) Add(days int) Day { return DayOf(d.Start().AddDate(0, 0, days)) }

// Since gives how many days after another this one is.
func (d Day) Since(other Day) int { return int(d.Start().Sub(other.Start()) / (24 * time.Hour)) }

// number gives the day as 20060102, by which the log calls it.
func (d Day) number() int64 {
	y, m, day := d.Start().Date()
	return int64(y)*10000 + int64(m)*100 + int64(day)
}

// Shift is a stretch of the day that is worked (班次). It is used by the teams
// of its area and below.
type Shift struct {
	ID       int64      `json:"id"`
	AreaID   int64      `json:"area_id"`
	AreaName string     `json:"area_name"`
	Name     string     `json:"name"`
	Kind     DutyState  `json:"kind" enum:"on_duty,on_call"`
	StartsAt string     `json:"starts_at" doc:"HH:MM of the day, in the installation's time."`
	Minutes  int        `json:"minutes"`
	Version  int        `json:"version"`
	Retired  *time.Time `json:"-" db:"retired_at"`
}

// Team is people who work shifts together (班组).
type Team struct {
	ID       int64        `json:"id"`
	AreaID   int64        `json:"area_id"`
	AreaName string       `json:"area_name"`
	Name     string       `json:"name"`
	Members  []TeamMember `json:"members" nullable:"false"`
	Version  int          `json:"version"`
	Retired  *time.Time   `json:"-" db:"retired_at"`
}

// TeamMember is one of a team.
type TeamMember struct {
	ID   int64  `json:"id" doc:"The responder."`
	Name string `json:"name"`
}

// The days on which a rotation is worked.
const (
	DaysEvery   = "every"
	DaysWorking = "working"
	DaysFree    = "free"
)

// Rotation says which shift a team works on which day (轮班). The pattern goes
// on by the calendar, whether a day is worked or not.
type Rotation struct {
	ID        int64   `json:"id"`
	TeamID    int64   `json:"team_id"`
	TeamName  string  `json:"team_name"`
	AreaID    int64   `json:"area_id" doc:"The team's."`
	Shifts    []int64 `json:"shifts" nullable:"false" doc:"The shift of each day from starts_on on, in turn; 0 is a day of rest."`
	StartsOn  Day     `json:"starts_on" format:"date"`
	EndsOn    *Day    `json:"ends_on,omitempty" format:"date"`
	Days      string  `json:"days" enum:"every,working,free"`
	Version   int     `json:"version"`
	MadeUntil *Day    `json:"made_until,omitempty" format:"date" doc:"The last day whose duties are made."`
	TeamGone  bool    `json:"-"`
}

// Holiday is a day that differs from the week: a holiday, or a weekend day that
// is worked (调休).
type Holiday struct {
	Day     Day    `json:"day" format:"date"`
	Name    string `json:"name"`
	Working bool   `json:"working" doc:"It is worked although the week says otherwise."`
}

// PlannedDuty is what everybody in a rotation's team works on a day.
type PlannedDuty struct {
	Day      Day
	ShiftID  int64
	Kind     DutyState
	StartsAt time.Time
	EndsAt   time.Time
}

// PlanDuties gives what a rotation asks for from one day to another, both
// included, in order. Shifts that are not given, or retired, are not worked.
func PlanDuties(r Rotation, shifts []Shift, holidays []Holiday, from, to Day) []PlannedDuty {
	from = max(from, r.StartsOn)
	if r.EndsOn != nil {
		to = min(to, *r.EndsOn)
	}
	var planned []PlannedDuty
	if len(r.Shifts) == 0 || r.TeamGone {
		return planned
	}
	for day := from; day <= to; day = day.Add(1) {
		id := r.Shifts[day.Since(r.StartsOn)%len(r.Shifts)]
		k := slices.IndexFunc(shifts, func(s Shift) bool { return s.ID == id && s.Retired == nil })
		if k < 0 || !workedOn(r.Days, day, holidays) {
			continue
		}
		start := startOf(day, shifts[k].StartsAt)
		planned = append(planned, PlannedDuty{Day: day, ShiftID: id, Kind: shifts[k].Kind,
			StartsAt: start, EndsAt: start.Add(time.Duration(shifts[k].Minutes) * time.Minute)})
	}
	return planned
}

func startOf(day Day, clock string) time.Time {
	t, err := time.ParseInLocation(time.DateOnly+" 15:04", string(day)+" "+clock, rosterZone)
	if err != nil { // a shift's time is checked when it is taken in
		return day.Start()
	}
	return t
}

func workedOn(days string, day Day, holidays []Holiday) bool {
	weekday := day.Start().Weekday()
	working := weekday != time.Saturday && weekday != time.Sunday
	if k := slices.IndexFunc(holidays, func(h Holiday) bool { return h.Day == day }); k >= 0 {
		working = holidays[k].Working
	}
	return days == DaysEvery || working == (days == DaysWorking)
}

// Made says what making a rotation's duties changed.
type Made struct {
	Made      int // duties that are new
	Removed   int // duties that had not begun and are no longer asked for
	Conflicts int // duties that somebody could not be given
}

// DutyChange is what was done to a duty by hand.
type DutyChange struct {
	DutyID        int64
	Step          string // set, hand_over, swap, withdraw
	ResponderID   int64
	ToResponderID int64
	Reason        string
}

// Person is somebody as a roster needs them.
type Person struct {
	ID     int64
	Name   string
	AreaID int64
}

// RosterTx is the part of a transaction that rosters need. Shifts, teams and
// rotations are locked before responders, responders before duties.
type RosterTx interface {
	InsertShift(ctx context.Context, s *Shift) error
	LockShift(ctx context.Context, id int64) (Shift, error)
	SaveShift(ctx context.Context, s Shift) error
	// Shifts gives those of the ids that are there, retired ones too.
	Shifts(ctx context.Context, ids []int64) ([]Shift, error)
	// InsertTeam and SaveTeam write the members with the team.
	InsertTeam(ctx context.Context, t *Team) error
	LockTeam(ctx context.Context, id int64) (Team, error)
	SaveTeam(ctx context.Context, t Team) error
	// People gives those of the ids who are registered and not retired.
	People(ctx context.Context, ids []int64) ([]Person, error)

	InsertRotation(ctx context.Context, r *Rotation) error
	LockRotation(ctx context.Context, id int64) (Rotation, error)
	// LockRotations gives the rotations of a team, or those with a shift, that
	// are worked on a day or later (zero: any team, any shift), by id.
	LockRotations(ctx context.Context, teamID, shiftID int64, day Day) ([]Rotation, error)
	// LockDueRotation gives the first after an id whose duties are not made up
	// to a day, nil for none. One that is locked is passed over.
	LockDueRotation(ctx context.Context, afterID int64, today, until Day) (*Rotation, error)
	SaveRotation(ctx context.Context, r Rotation) error
	DeleteRotation(ctx context.Context, id int64) error
	// MakeDuties makes the duties of the days from and to as planned for every
	// member of the team: what has not begun and is no longer planned goes, but
	// for what was handed over; what is missing is made, but for what was
	// withdrawn or overlaps another duty of the person.
	MakeDuties(ctx context.Context, r Rotation, planned []PlannedDuty, from, to Day, now time.Time) (Made, error)

	Holidays(ctx context.Context, from, to Day) ([]Holiday, error)
	SaveHoliday(ctx context.Context, h Holiday) error
	DeleteHoliday(ctx context.Context, d Day) error

	// Duty gives a duty without locking it: to know whom to lock before it.
	Duty(ctx context.Context, id int64) (Duty, error)
	// OverlappingDuty gives a duty of a person and kind that lies in a time,
	// but for those of the ids; nil for none.
	OverlappingDuty(ctx context.Context, responderID int64, kind DutyState, from time.Time, to *time.Time, but ...int64) (*Duty, error)
	// PassDuty gives what is left of a duty to another person. One that runs is
	// split: the part until now stays, the rest is a new duty.
	PassDuty(ctx context.Context, d Duty, to int64, now time.Time) (Duty, error)
	// SwapDuties exchanges what is left of two duties.
	SwapDuties(ctx context.Context, one, other Duty, now time.Time) (Duty, Duty, error)
	NoteDutyChange(ctx context.Context, c DutyChange, a Actor, at time.Time) error
}
