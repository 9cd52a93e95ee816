package dispatch

import (
	"fmt"
	"slices"
	"time"
)

// Priority is how soon an incident must be handled (特急, 紧急, 一般, 缓办).
type Priority string

// The priorities, most urgent first.
const (
	PriorityCritical Priority = "critical"
	PriorityUrgent   Priority = "urgent"
	PriorityNormal   Priority = "normal"
	PriorityLow      Priority = "low"
)

// Valid says whether the priority is a known one.
func (p Priority) Valid() bool {
	return slices.Contains([]Priority{PriorityCritical, PriorityUrgent, PriorityNormal, PriorityLow}, p)
}

// IncidentState is where an incident stands.
type IncidentState string

// The states.
const (
	IncidentReported    IncidentState = "reported"
	IncidentVerified    IncidentState = "verified"
	IncidentDispatching IncidentState = "dispatching"
	IncidentHandling    IncidentState = "handling"
	IncidentResolved    IncidentState = "resolved"
	IncidentChecked     IncidentState = "checked"
	IncidentClosed      IncidentState = "closed"
	IncidentRejected    IncidentState = "rejected"
	IncidentMerged      IncidentState = "merged"
	IncidentCancelled   IncidentState = "cancelled"
)

// Terminal says whether the incident is over.
func (s IncidentState) Terminal() bool {
	return s == IncidentClosed || s == IncidentRejected || s == IncidentMerged || s == IncidentCancelled
}

// Incident is something that happened, where, of what type, and how far it is.
// Coordinates are WGS-84; the cell is of resolution 9.
type Incident struct {
	ID                int64         `json:"id"`
	TypeCode          string        `json:"type_code"`
	PlanID            int64         `json:"plan_id"`
	Family            string        `json:"family" enum:"natural,accident,health,security,urban,service"`
	AreaID            int64         `json:"area_id"`
	StreetID          *int64        `json:"street_id,omitempty"`
	CompoundID        *int64        `json:"compound_id,omitempty"`
	Priority          Priority      `json:"priority" enum:"critical,urgent,normal,low"`
	Grade             *Grade        `json:"grade,omitempty" enum:"special,major,large,general"`
	State             IncidentState `json:"state" enum:"reported,verified,dispatching,handling,resolved,checked,closed,rejected,merged,cancelled"`
	StateSince        time.Time     `json:"state_since"`
	DueAt             *time.Time    `json:"due_at,omitempty"`
	Version           int           `json:"version"`
	Lon               float64       `json:"lon"`
	Lat               float64       `json:"lat"`
	Cell              string        `json:"cell"`
	Place             string        `json:"place"`
	Summary           string        `json:"summary"`
	Quota             int           `json:"quota"`
	Hazard            bool          `json:"hazard"`
	Offered           int           `json:"offered" doc:"Offers waiting for an answer."`
	Active            int           `json:"active" doc:"Assignments accepted, en route or on scene."`
	OnScene           int           `json:"on_scene" doc:"Assignments on scene."`
	Orders            int           `json:"orders" doc:"Orders that units still have."`
	OpenedBy          *int64        `json:"opened_by,omitempty"`
	VerifiedBy        *int64        `json:"verified_by,omitempty"`
	ResolvedBy        *int64        `json:"resolved_by,omitempty"`
	CheckedBy         *int64        `json:"checked_by,omitempty"`
	MergedInto        *int64        `json:"merged_into,omitempty"`
	Reason            string        `json:"reason"`
	ReportedAt        time.Time     `json:"reported_at"`
	RoundAt           time.Time     `json:"-"` // when the present round of work began
	VerifiedAt        *time.Time    `json:"verified_at,omitempty"`
	FirstOfferAt      *time.Time    `json:"first_offer_at,omitempty"`
	FirstAcceptanceAt *time.Time    `json:"first_acceptance_at,omitempty"`
	FirstArrivalAt    *time.Time    `json:"first_arrival_at,omitempty"`
	ResolvedAt        *time.Time    `json:"resolved_at,omitempty"`
	CheckedAt         *time.Time    `json:"checked_at,omitempty"`
	ClosedAt          *time.Time    `json:"closed_at,omitempty"`
	Parties           []Party       `json:"-"` // areas that take part, those that did among them
	WaveAt            *time.Time    `json:"wave_at,omitempty" doc:"When the next wave is sent by itself."`
	WaveAreas         []int64       `json:"-"` // whose people may be sent by themselves
	WaveRound         int           `json:"wave_round" doc:"How many waves were sent by themselves since they were begun."`
	LadderAt          *time.Time    `json:"-"` // when the next level is told
	LadderRung        int           `json:"-"` // how many the present state has climbed
	ToldLevel         Level         `json:"told_level" enum:"community,street,district," doc:"The highest level that was told that the present state lasts; empty for none."`
	Was               *Standing     `json:"-"` // where it stood before it was merged, as far as a command asked
	DestroyedAt       *time.Time    `json:"destroyed_at,omitempty" doc:"When its words and pictures were destroyed; the skeleton remains."`
	Masked            bool          `json:"masked,omitempty" doc:"Words are left out and the point is the cell's centre."`
}

// destroyed says whether the incident is over and its words are gone: nothing is
// added to it any more.
func (i Incident) destroyed() bool { return i.DestroyedAt != nil && i.State.Terminal() }

// incidentStep is one legal transition of an incident and the event it makes.
type incidentStep struct {
	from []IncidentState
	to   IncidentState
	kind string
}

var openStates = []IncidentState{IncidentReported, IncidentVerified, IncidentDispatching, IncidentHandling, IncidentResolved, IncidentChecked}

// The transitions, one table. Who may is decided by the command that asks
// (service.go); which clock runs in a state is in clock.
var incidentSteps = map[string]incidentStep{
	"verify":       {[]IncidentState{IncidentReported}, IncidentVerified, "incident.verified"},
	"reject":       {[]IncidentState{IncidentReported}, IncidentRejected, "incident.rejected"},
	"offer":        {[]IncidentState{IncidentVerified}, IncidentDispatching, "incident.dispatching"},
	"send_first":   {[]IncidentState{IncidentReported}, IncidentDispatching, "incident.dispatching"}, // where the plan says so
	"accept":       {[]IncidentState{IncidentVerified, IncidentDispatching}, IncidentHandling, "incident.handling"},
	"abandon":      {[]IncidentState{IncidentHandling}, IncidentDispatching, "incident.dispatching"},
	"resolve":      {[]IncidentState{IncidentDispatching, IncidentHandling}, IncidentResolved, "incident.resolved"},
	"check":        {[]IncidentState{IncidentResolved}, IncidentChecked, "incident.checked"},
	"refuse_check": {[]IncidentState{IncidentResolved}, IncidentDispatching, "incident.check_refused"},
	"close":        {[]IncidentState{IncidentChecked}, IncidentClosed, "incident.closed"},
	"reopen":       {[]IncidentState{IncidentResolved, IncidentChecked, IncidentClosed}, IncidentVerified, "incident.reopened"},
	"cancel":       {openStates, IncidentCancelled, "incident.cancelled"},
	"merge":        {openStates, IncidentMerged, "incident.merged"},
	"unmerge":      {[]IncidentState{IncidentMerged}, "", "incident.unmerged"}, // to where it stood
}

// CanStep says whether a step is legal from the incident's state.
func (i Incident) CanStep(step string) bool {
	s, ok := incidentSteps[step]
	return ok && slices.Contains(s.from, i.State)
}

// Step gives the incident after a transition, with its version, clock and
// times set, and the kind of event it makes. It refuses an illegal one.
func (i Incident) Step(step string, plan Plan, at time.Time) (Incident, string, error) {
	s, ok := incidentSteps[step]
	if !ok || !slices.Contains(s.from, i.State) {
		return i, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": step}}
	}
	if step == "unmerge" {
		return i.unmerged(s.kind)
	}
	if step == "merge" {
		i.Was = &Standing{State: i.State, Since: i.StateSince, DueAt: i.DueAt, LadderAt: i.LadderAt, LadderRung: i.LadderRung, ToldLevel: i.ToldLevel}
	}
	i.State, i.StateSince = s.to, at
	i.Version++
	i.DueAt = clock(s.to, plan, at)
	i.LadderRung, i.ToldLevel = 0, ""
	i.LadderAt = plan.rungAt(i)
	if s.to != IncidentDispatching && s.to != IncidentHandling {
		i.WaveAt = nil
	}
	if step == "verify" || step == "reopen" || step == "refuse_check" {
		i.RoundAt = at
	}
	switch s.to {
	case IncidentVerified:
		i.VerifiedAt = &at
		i.ResolvedAt, i.CheckedAt, i.ClosedAt, i.ResolvedBy, i.CheckedBy = nil, nil, nil, nil, nil
	case IncidentDispatching:
		i.ResolvedAt, i.ResolvedBy = nil, nil
	case IncidentResolved:
		i.ResolvedAt = &at
	case IncidentChecked:
		i.CheckedAt = &at
	case IncidentClosed:
		i.ClosedAt = &at
	}
	return i, s.kind, nil
}

// confirm verifies an incident to which people were sent first. Its state and its
// clock stay.
func (i Incident) confirm(at time.Time) (Incident, string) {
	i.VerifiedAt = &at
	i.Version++
	return i, "incident.verified"
}

// unconfirmed says whether people were sent and nobody has verified it yet.
func (i Incident) unconfirmed() bool {
	return i.VerifiedAt == nil && (i.State == IncidentDispatching || i.State == IncidentHandling)
}

// unmerged gives the incident back to where it stood, its clock counting from
// when it came there.
func (i Incident) unmerged(kind string) (Incident, string, error) {
	if i.Was == nil {
		return i, "", fmt.Errorf("incident %d: nobody knows where it stood", i.ID)
	}
	i.State, i.StateSince, i.DueAt = i.Was.State, i.Was.Since, i.Was.DueAt
	i.LadderAt, i.LadderRung, i.ToldLevel = i.Was.LadderAt, i.Was.LadderRung, i.Was.ToldLevel
	i.MergedInto, i.Was = nil, nil
	i.Version++
	return i, kind, nil
}

// clock gives when the clock of a state runs out, nil where none runs. It
// counts from the state's own entry, so that an edit never resets it.
func clock(state IncidentState, plan Plan, entered time.Time) *time.Time {
	seconds := map[IncidentState]int{
		IncidentReported:    plan.VerifySeconds,
		IncidentVerified:    plan.DispatchSeconds,
		IncidentDispatching: plan.DispatchSeconds,
		IncidentHandling:    plan.ResolveSeconds,
		IncidentResolved:    plan.CheckSeconds,
		IncidentChecked:     plan.CheckSeconds,
	}[state]
	if seconds == 0 {
		return nil
	}
	due := plan.due(entered, seconds)
	return &due
}
