package dispatch

import (
	"slices"
	"time"
)

// UnitOrderState is where work that was given to a unit stands.
type UnitOrderState string

// The states.
const (
	OrderSent            UnitOrderState = "sent"
	OrderSigned          UnitOrderState = "signed"           // 签收
	OrderExtensionAsked  UnitOrderState = "extension_asked"  // 申请延期
	OrderSuspensionAsked UnitOrderState = "suspension_asked" // 申请挂账
	OrderSuspended       UnitOrderState = "suspended"        // 挂账
	OrderReturned        UnitOrderState = "returned"         // 退回
	OrderReassigned      UnitOrderState = "reassigned"       // 改派
	OrderDone            UnitOrderState = "done"
	OrderWithdrawn       UnitOrderState = "withdrawn"
)

// Open says whether the unit still has the work.
func (s UnitOrderState) Open() bool { return s == OrderSent || s.Taken() }

// Taken says whether the unit has signed for the work and is not through with it.
func (s UnitOrderState) Taken() bool {
	return s == OrderSigned || s == OrderExtensionAsked || s == OrderSuspensionAsked || s == OrderSuspended
}

// TakesPart says whether an order in this state lets its unit take part in the
// incident: until it gave the work back or was relieved of it.
func (s UnitOrderState) TakesPart() bool { return s.Open() || s == OrderDone }

// UnitRole is what a unit is wanted for.
type UnitRole string

// The roles.
const (
	UnitLeads    UnitRole = "lead"    // 主办
	UnitSupports UnitRole = "support" // 协办
	UnitChecks   UnitRole = "check"   // 核查, after the work
)

// UnitOrder gives an incident's work to a responsible unit.
type UnitOrder struct {
	ID          int64          `json:"id"`
	IncidentID  int64          `json:"incident_id"`
	TypeCode    string         `json:"type_code" doc:"Of its incident; empty where that is not seen."`
	Place       string         `json:"place" doc:"Of its incident."`
	AreaID      int64          `json:"area_id" doc:"Of its incident."`
	UnitID      int64          `json:"unit_id"`
	UnitName    string         `json:"unit_name"`
	UnitKind    string         `json:"unit_kind"`
	DutyPhone   string         `json:"duty_phone"`
	Role        UnitRole       `json:"role" enum:"lead,support,check"`
	State       UnitOrderState `json:"state" enum:"sent,signed,extension_asked,suspension_asked,suspended,returned,reassigned,done,withdrawn"`
	Version     int            `json:"version"`
	Words       string         `json:"words" doc:"What is asked of the unit."`
	Said        []OrderSaid    `json:"said" nullable:"false" doc:"Why its steps were taken, the first first."`
	SentBy      *int64         `json:"sent_by,omitempty"`
	SentAt      time.Time      `json:"sent_at"`
	SignBy      time.Time      `json:"sign_by"`
	DoneSeconds int            `json:"done_seconds" doc:"How long the unit has from signing."`
	SignedAt    *time.Time     `json:"signed_at,omitempty"`
	DoneBy      *time.Time     `json:"done_by,omitempty"`
	DueAt       *time.Time     `json:"due_at,omitempty" doc:"When the clock that runs now runs out."`
	OverdueAt   *time.Time     `json:"overdue_at,omitempty" doc:"When it was said that it ran out."`
	AskedBy     *int64         `json:"asked_by,omitempty"`
	AskedAt     *time.Time     `json:"asked_at,omitempty"`
	AskedUntil  *time.Time     `json:"asked_until,omitempty" doc:"Until when more time is asked for."`
	DecidedBy   *int64         `json:"decided_by,omitempty"`
	DecidedAt   *time.Time     `json:"decided_at,omitempty"`
	SuspendedAt *time.Time     `json:"suspended_at,omitempty"`
	EndedAt     *time.Time     `json:"ended_at,omitempty"`
	OnBehalf    bool           `json:"on_behalf" doc:"A dispatcher recorded the last step for the unit (代填)."`
	PreviousID  *int64         `json:"previous_id,omitempty" doc:"The order that this one was reassigned from."`
	calendar    Calendar       // that its clocks count by, where a plan says so
}

// OrderSaid is what was said at a step of an order.
type OrderSaid struct {
	Step     string    `json:"step" doc:"The kind of its event without the noun: returned, extension_asked, refused ..."`
	Words    string    `json:"words"`
	By       *int64    `json:"by,omitempty"`
	At       time.Time `json:"at"`
	OnBehalf bool      `json:"on_behalf,omitempty"`
}

// inRound says whether it belongs to the incident's present round of work.
func (o UnitOrder) inRound(i Incident) bool { return !o.SentAt.Before(i.RoundAt) }

// handles says whether the order is to do the work, not to check it.
func (o UnitOrder) handles() bool { return o.Role != UnitChecks }

// orderParty is who may take a step.
type orderParty int

const (
	byUnit     orderParty = iota // the unit's people; a dispatcher records it for them
	byEither                     // they, or a dispatcher in their own name
	byDesk                       // who dispatches where the incident is
	byApprover                   // who checks there, and is not the one who asked
	byClock
)

// orderClock is what a step does to the clocks.
type orderClock int

const (
	keepsOn   orderClock = iota
	doneStart            // signing: sign-by stops, done-by starts
	doneMoves            // more time: done-by is when it was asked for
	doneWaits            // done-by stands still
	doneRests            // done-by goes on with what was left
	allStop
	ranOut // it is said that the clock ran out
)

type unitOrderStep struct {
	from  []UnitOrderState
	to    UnitOrderState // "" stays
	by    orderParty
	clock orderClock
	why   bool // needs a reason
	kind  string
}

var (
	sentOnly   = []UnitOrderState{OrderSent}
	signedOnly = []UnitOrderState{OrderSigned}
	ticking    = []UnitOrderState{OrderSent, OrderSigned, OrderExtensionAsked, OrderSuspensionAsked}
	openOrders = []UnitOrderState{OrderSent, OrderSigned, OrderExtensionAsked, OrderSuspensionAsked, OrderSuspended}
)

// The transitions, one table. Asking stops no clock; only the approval does.
var unitOrderSteps = map[string]unitOrderStep{
	"sign":               {sentOnly, OrderSigned, byUnit, doneStart, false, "unit_order.signed"},
	"return":             {[]UnitOrderState{OrderSent, OrderSigned}, OrderReturned, byUnit, allStop, true, "unit_order.returned"},
	"ask_extension":      {signedOnly, OrderExtensionAsked, byUnit, keepsOn, true, "unit_order.extension_asked"},
	"approve_extension":  {[]UnitOrderState{OrderExtensionAsked}, OrderSigned, byApprover, doneMoves, false, "unit_order.extended"},
	"refuse_extension":   {[]UnitOrderState{OrderExtensionAsked}, OrderSigned, byApprover, keepsOn, true, "unit_order.extension_refused"},
	"ask_suspension":     {signedOnly, OrderSuspensionAsked, byUnit, keepsOn, true, "unit_order.suspension_asked"},
	"approve_suspension": {[]UnitOrderState{OrderSuspensionAsked}, OrderSuspended, byApprover, doneWaits, false, "unit_order.suspended"},
	"refuse_suspension":  {[]UnitOrderState{OrderSuspensionAsked}, OrderSigned, byApprover, keepsOn, true, "unit_order.suspension_refused"},
	"resume":             {[]UnitOrderState{OrderSuspended}, OrderSigned, byEither, doneRests, false, "unit_order.resumed"},
	"done":               {[]UnitOrderState{OrderSigned, OrderExtensionAsked, OrderSuspensionAsked}, OrderDone, byUnit, allStop, false, "unit_order.done"},
	"reassign":           {append([]UnitOrderState{OrderReturned}, openOrders...), OrderReassigned, byDesk, allStop, true, "unit_order.reassigned"},
	"withdraw":           {openOrders, OrderWithdrawn, byDesk, allStop, false, "unit_order.withdrawn"},
	"overdue":            {ticking, "", byClock, ranOut, false, "unit_order.overdue"},
}

// decision gives the step by which what is asked for is approved or refused, the
// word itself where nothing is.
func (o UnitOrder) decision(word string) string {
	switch o.State {
	case OrderExtensionAsked:
		return word + "_extension"
	case OrderSuspensionAsked:
		return word + "_suspension"
	}
	return word
}

// CanStep says whether a step is legal from the order's state.
func (o UnitOrder) CanStep(step string) bool {
	s, ok := unitOrderSteps[step]
	return ok && slices.Contains(s.from, o.State) && (s.clock != ranOut || o.OverdueAt == nil && o.DueAt != nil)
}

// Step gives the order after a transition, with its clocks set, and the kind of
// event it makes. until is what ask_extension asks for.
func (o UnitOrder) Step(step string, until *time.Time, at time.Time) (UnitOrder, string, error) {
	if !o.CanStep(step) {
		return o, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(o.State), "step": step}}
	}
	s := unitOrderSteps[step]
	if s.to != "" {
		o.State = s.to
	}
	o.Version++
	if o.State == OrderExtensionAsked || o.State == OrderSuspensionAsked {
		if s.clock != ranOut {
			o.AskedAt, o.AskedUntil, o.DecidedAt, o.DecidedBy = &at, until, nil, nil
		}
	}
	if s.by == byApprover {
		o.DecidedAt = &at
	}
	o.turn(s.clock, at)
	return o, s.kind, nil
}

// turn sets the clocks.
func (o *UnitOrder) turn(c orderClock, at time.Time) {
	switch c {
	case keepsOn:
	case doneStart:
		by := Due(at, o.DoneSeconds, o.calendar)
		o.SignedAt, o.DoneBy, o.DueAt, o.OverdueAt = &at, &by, &by, nil
	case doneMoves:
		o.DoneBy, o.DueAt, o.OverdueAt = o.AskedUntil, o.AskedUntil, nil
	case doneWaits:
		o.SuspendedAt, o.DueAt = &at, nil
	case doneRests:
		by := o.DoneBy.Add(at.Sub(*o.SuspendedAt))
		if left := Worked(*o.SuspendedAt, *o.DoneBy, o.calendar); left > 0 {
			by = Due(at, int(left/time.Second), o.calendar)
		}
		o.DoneBy, o.DueAt, o.SuspendedAt = &by, &by, nil
	case allStop:
		o.EndedAt, o.DueAt = &at, nil
	case ranOut:
		o.OverdueAt = &at
	}
}

// PlanUnit says what a plan wants a kind of unit for.
type PlanUnit struct {
	Role UnitRole `json:"role" enum:"lead,support,check"`
	Kind string   `json:"kind"`
}

// Responsible is why a unit is responsible for a place.
type Responsible string

// The reasons, nearest first.
const (
	ForCompound  Responsible = "compound"  // the company of the compound
	ForCommunity Responsible = "community" // of the community itself
	ForStreet    Responsible = "street"
	ForDistrict  Responsible = "district"
)

// ResponsibleUnit is a unit that is responsible for an incident's place.
type ResponsibleUnit struct {
	Unit
	Why Responsible `json:"why" enum:"compound,community,street,district"`
}

// ProposedUnit is what a plan wants, and which unit of the place that is.
type ProposedUnit struct {
	PlanUnit
	UnitID *int64 `json:"unit_id,omitempty" doc:"None where the place has no such unit."`
}

// UnitProposal says to whom an incident's work may be given.
type UnitProposal struct {
	Proposed []ProposedUnit    `json:"proposed" nullable:"false" doc:"What the plan wants, the leading first."`
	Units    []ResponsibleUnit `json:"units" nullable:"false" doc:"All that are responsible for the place, the nearest first."`
}

// propose finds for each role of a plan the unit of its kind that is nearest.
func propose(plan Plan, units []ResponsibleUnit) UnitProposal {
	p := UnitProposal{Proposed: []ProposedUnit{}, Units: units}
	for _, role := range []UnitRole{UnitLeads, UnitSupports, UnitChecks} {
		for _, u := range plan.Units {
			if u.Role != role {
				continue
			}
			want := ProposedUnit{PlanUnit: u}
			if at := slices.IndexFunc(units, func(r ResponsibleUnit) bool { return r.Kind == u.Kind }); at >= 0 {
				want.UnitID = &units[at].ID
			}
			p.Proposed = append(p.Proposed, want)
		}
	}
	return p
}

// UnitOrderFilter narrows a list of orders.
type UnitOrderFilter struct {
	Reach
	UnitID   int64  // 0 for whichever
	Queue    string // open, sign, overdue, approval, returned, all
	Limit    int
	BeforeID int64 // cursor: ids below it; 0 from the newest
}
