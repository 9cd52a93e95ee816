package dispatch

import (
	"context"
	"slices"
	"strconv"
	"time"
)

// Alarm says that somebody at work may be in danger: they called for help, or did
// not answer when they were asked. What was done is in the incident's notes.
type Alarm struct {
	ID             int64      `json:"id"`
	IncidentID     int64      `json:"incident_id"`
	AssignmentID   int64      `json:"assignment_id"`
	ResponderID    int64      `json:"responder_id"`
	ResponderName  string     `json:"responder_name"`
	AreaID         int64      `json:"area_id"`
	Kind           AlarmKind  `json:"kind" enum:"help,silent" doc:"help: they called for it; silent: they did not answer when asked."`
	State          AlarmState `json:"state" enum:"open,acknowledged,closed"`
	Version        int        `json:"version"`
	RaisedAt       time.Time  `json:"raised_at" doc:"By the device's clock."`
	ReceivedAt     time.Time  `json:"received_at"`
	OnBehalf       bool       `json:"on_behalf" doc:"A dispatcher raised it for them (代填)."`
	AcknowledgedBy *int64     `json:"acknowledged_by,omitempty"`
	AcknowledgedAt *time.Time `json:"acknowledged_at,omitempty"`
	ClosedBy       *int64     `json:"closed_by,omitempty"`
	ClosedAt       *time.Time `json:"closed_at,omitempty"`
}

// AlarmKind is what raised an alarm.
type AlarmKind string

// The kinds.
const (
	AlarmHelp   AlarmKind = "help"
	AlarmSilent AlarmKind = "silent"
)

// AlarmState is where an alarm stands.
type AlarmState string

// The states.
const (
	AlarmOpen         AlarmState = "open"
	AlarmAcknowledged AlarmState = "acknowledged"
	AlarmClosed       AlarmState = "closed"
)

// alarmSteps are the transitions, one table.
var alarmSteps = map[string]struct {
	from []AlarmState
	to   AlarmState
	kind string
}{
	"acknowledge": {[]AlarmState{AlarmOpen}, AlarmAcknowledged, "alarm.acknowledged"},
	"close":       {[]AlarmState{AlarmAcknowledged}, AlarmClosed, "alarm.closed"},
}

// Step gives the alarm after a transition and the kind of event it makes. It is
// acknowledged before it is closed: somebody has it.
func (a Alarm) Step(step string, by *int64, at time.Time) (Alarm, string, error) {
	s, ok := alarmSteps[step]
	if !ok || !slices.Contains(s.from, a.State) {
		return a, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(a.State), "step": step}}
	}
	a.State = s.to
	a.Version++
	switch s.to {
	case AlarmAcknowledged:
		a.AcknowledgedBy, a.AcknowledgedAt = by, &at
	case AlarmClosed:
		a.ClosedBy, a.ClosedAt = by, &at
	}
	return a, s.kind, nil
}

// SafetyStore is the part of a store that safety needs.
type SafetyStore interface {
	// DueWelfare gives the ids of assignments of which a welfare check is due, and
	// when the next one's will be (zero for none).
	DueWelfare(ctx context.Context, at time.Time) ([]int64, time.Time, error)
}

// SafetyTx is the part of a transaction that safety needs.
type SafetyTx interface {
	Alarm(ctx context.Context, id int64) (Alarm, error)
	LockAlarm(ctx context.Context, id int64) (Alarm, error)
	// OpenAlarm gives the alarm of an assignment that nobody has acknowledged yet,
	// nil for none.
	OpenAlarm(ctx context.Context, assignmentID int64, kind AlarmKind) (*Alarm, error)
	InsertAlarm(ctx context.Context, a *Alarm) error
	SaveAlarm(ctx context.Context, a Alarm) error
}

// answerWindow is how long an answer to a welfare check is waited for, and
// welfareTries how often they are asked before silence is an alarm.
const (
	answerWindow = time.Minute
	welfareTries = 2
)

// watch gives the assignment with its next welfare check: from the arrival, and
// anew from each answer. Elsewhere none is due.
func (a Assignment) watch(p Plan, now time.Time) Assignment {
	a.WelfareAt, a.WelfareAsked, a.WelfareTries = nil, nil, 0
	if a.State == AssignmentOnScene && p.WelfareSeconds > 0 {
		at := now.Add(time.Duration(p.WelfareSeconds) * time.Second)
		a.WelfareAt = &at
	}
	return a
}

// welfareDue gives the assignment after its check is due: asked, asked once more,
// or silent, which is an alarm. False where nothing is due.
func (a Assignment) welfareDue(now time.Time) (next Assignment, kind string, due bool) {
	if a.State != AssignmentOnScene || a.WelfareAt == nil || a.WelfareAt.After(now) {
		return a, "", false
	}
	a.Version++
	if a.WelfareTries >= welfareTries {
		a.WelfareAt = nil // still asked: an answer begins anew
		return a, "assignment.silent", true
	}
	until := now.Add(answerWindow)
	a.WelfareAt, a.WelfareTries = &until, a.WelfareTries+1
	if a.WelfareAsked == nil {
		a.WelfareAsked = &now
	}
	return a, "assignment.welfare_asked", true
}

// alone says whether a step would have somebody in the danger alone where the plan
// demands two: the first waits for the second. The perimeter is outside of it.
func (p Plan) alone(step string, a Assignment, all []Assignment) bool {
	arrives := step == "on_scene" || step == "done" && a.State != AssignmentOnScene
	if !p.Pair || !arrives || a.Task != TaskDirect {
		return false
	}
	there := 0
	for _, other := range all {
		if other.Task == TaskDirect && other.State.Active() {
			there++
		}
	}
	return there < 2
}

func alarmEvent(a Alarm, kind string, by Actor, at time.Time) Event {
	return Event{Kind: kind, At: at, Noun: NounAlarm, NounID: a.ID, NounVersion: a.Version, AreaID: a.AreaID,
		IncidentID: &a.IncidentID, ResponderID: &a.ResponderID, AccountID: accountOf(by),
		Data: map[string]string{"kind": string(a.Kind), "assignment": strconv.FormatInt(a.AssignmentID, 10)}}
}
