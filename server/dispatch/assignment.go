package dispatch

import (
	"slices"
	"time"
)

// AssignmentState is where one responder's work on one incident stands. Status
// belongs to the assignment, never to the person.
type AssignmentState string

// The states.
const (
	AssignmentReserved AssignmentState = "reserved"
	AssignmentAccepted AssignmentState = "accepted"
	AssignmentEnRoute  AssignmentState = "en_route"
	AssignmentOnScene  AssignmentState = "on_scene"
	AssignmentDone     AssignmentState = "done"
	AssignmentReleased AssignmentState = "released"
)

// Active says whether the responder is on it now. A responder has at most one
// active assignment.
func (s AssignmentState) Active() bool {
	return s == AssignmentAccepted || s == AssignmentEnRoute || s == AssignmentOnScene
}

// Assignment is one responder working one incident.
type Assignment struct {
	ID            int64           `json:"id"`
	IncidentID    int64           `json:"incident_id"`
	ResponderID   int64           `json:"responder_id"`
	ResponderName string          `json:"responder_name"`
	AreaID        int64           `json:"-"` // of its incident
	OfferID       int64           `json:"offer_id"`
	Task          TaskKind        `json:"task" enum:"direct,perimeter" doc:"perimeter: outside the danger (疏散引导, 物资, 登记)."`
	State         AssignmentState `json:"state" enum:"reserved,accepted,en_route,on_scene,done,released"`
	Version       int             `json:"version"`
	AcceptedAt    time.Time       `json:"accepted_at"`
	EnRouteAt     *time.Time      `json:"en_route_at,omitempty"`
	OnSceneAt     *time.Time      `json:"on_scene_at,omitempty"`
	DoneAt        *time.Time      `json:"done_at,omitempty"`
	ReleasedAt    *time.Time      `json:"released_at,omitempty"`
	Reason        string          `json:"reason"`
	// Whether they are all right is asked while they are on scene, see Plan.
	WelfareAt    *time.Time `json:"welfare_at,omitempty" doc:"When they are asked next whether they are all right, or the answer is missed."`
	WelfareAsked *time.Time `json:"welfare_asked,omitempty" doc:"Since when an answer is waited for."`
	WelfareTries int        `json:"welfare_tries" doc:"How often they were asked since the last answer."`
	// Who reads the arrival knows whether the responder said so.
	OnBehalf []AssignmentState `json:"on_behalf" nullable:"false" doc:"States that a dispatcher recorded for the responder (代填)."`
}

// inRound says whether it belongs to the present round of work: what was done
// before a refused check or a reopening fills no place and resolves nothing again.
func (a Assignment) inRound(i Incident) bool { return !a.AcceptedAt.Before(i.RoundAt) }

type assignmentStep struct {
	from []AssignmentState
	to   AssignmentState
	kind string
}

// The transitions, one table. A step may be skipped forward (a phone without
// signal reports the arrival alone), never backward.
var assignmentSteps = map[string]assignmentStep{
	"en_route": {[]AssignmentState{AssignmentAccepted}, AssignmentEnRoute, "assignment.en_route"},
	"on_scene": {[]AssignmentState{AssignmentAccepted, AssignmentEnRoute}, AssignmentOnScene, "assignment.on_scene"},
	"done":     {[]AssignmentState{AssignmentAccepted, AssignmentEnRoute, AssignmentOnScene}, AssignmentDone, "assignment.done"},
	"release":  {[]AssignmentState{AssignmentReserved, AssignmentAccepted, AssignmentEnRoute, AssignmentOnScene}, AssignmentReleased, "assignment.released"},
}

// Step gives the assignment after a transition and the kind of event it makes.
func (a Assignment) Step(step string, at time.Time) (Assignment, string, error) {
	s, ok := assignmentSteps[step]
	if !ok || !slices.Contains(s.from, a.State) {
		return a, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(a.State), "step": step}}
	}
	a.State = s.to
	a.Version++
	switch s.to {
	case AssignmentEnRoute:
		a.EnRouteAt = &at
	case AssignmentOnScene:
		a.OnSceneAt = &at
	case AssignmentDone:
		a.DoneAt = &at
	case AssignmentReleased:
		a.ReleasedAt = &at
	}
	if !a.State.Active() {
		a.WelfareAt, a.WelfareAsked, a.WelfareTries = nil, nil, 0
	}
	return a, s.kind, nil
}
