package dispatch

import (
	"slices"
	"time"
)

// OfferState is where the asking of one responder stands.
type OfferState string

// The states.
const (
	OfferOffered   OfferState = "offered"
	OfferSeen      OfferState = "seen"
	OfferAccepted  OfferState = "accepted"
	OfferDeclined  OfferState = "declined"
	OfferLater     OfferState = "later"
	OfferStandby   OfferState = "standby"
	OfferExpired   OfferState = "expired"
	OfferWithdrawn OfferState = "withdrawn"
)

// Open says whether an answer can still come.
func (s OfferState) Open() bool {
	return s == OfferOffered || s == OfferSeen || s == OfferLater || s == OfferStandby
}

// Offer asks one responder to take an incident.
type Offer struct {
	ID             int64      `json:"id"`
	IncidentID     int64      `json:"incident_id"`
	ResponderID    int64      `json:"responder_id"`
	ResponderName  string     `json:"responder_name"`
	AreaID         int64      `json:"-"` // of its incident: decides who may see it
	Wave           int        `json:"wave"`
	Task           TaskKind   `json:"task" enum:"direct,perimeter" doc:"perimeter: outside the danger (疏散引导, 物资, 登记)."`
	State          OfferState `json:"state" enum:"offered,seen,accepted,declined,later,standby,expired,withdrawn"`
	Version        int        `json:"version"`
	DistanceMeters *float64   `json:"distance_meters,omitempty"`
	Reason         string     `json:"reason" doc:"Why this responder was picked by hand; empty where the ranking was followed."`
	Choice         `json:"-"`
	OfferedBy      *int64     `json:"-"`
	OfferedAt      time.Time  `json:"offered_at"`
	ExpiresAt      time.Time  `json:"expires_at"`
	SeenAt         *time.Time `json:"seen_at,omitempty"`
	AnsweredAt     *time.Time `json:"answered_at,omitempty"`
	AnsweredBy     *int64     `json:"-"`
	AnswerReason   string     `json:"answer_reason"`
	LaterUntil     *time.Time `json:"later_until,omitempty"`
	EndedFor       EndedFor   `json:"ended_for,omitempty" enum:"quota,other_task,incident_over,by_hand" doc:"Why it was withdrawn."`
	OnBehalf       bool       `json:"on_behalf" doc:"A dispatcher recorded the answer for the responder (代接单)."`
}

// EndedFor is why an offer was withdrawn, so that people are thanked for the right
// thing.
type EndedFor string

// The reasons.
const (
	EndedQuota     EndedFor = "quota" // there are enough
	EndedOtherTask EndedFor = "other_task"
	EndedIncident  EndedFor = "incident_over"
	EndedByHand    EndedFor = "by_hand"
)

type offerStep struct {
	from []OfferState
	to   OfferState
	kind string
}

var waiting = []OfferState{OfferOffered, OfferSeen, OfferLater, OfferStandby}

// The transitions, one table.
var offerSteps = map[string]offerStep{
	"seen":     {[]OfferState{OfferOffered}, OfferSeen, "offer.seen"},
	"accept":   {waiting, OfferAccepted, "offer.accepted"},
	"decline":  {waiting, OfferDeclined, "offer.declined"},
	"later":    {[]OfferState{OfferOffered, OfferSeen, OfferLater}, OfferLater, "offer.later"},
	"standby":  {[]OfferState{OfferOffered, OfferSeen, OfferLater}, OfferStandby, "offer.standby"},
	"expire":   {[]OfferState{OfferOffered, OfferSeen}, OfferExpired, "offer.expired"},
	"remind":   {[]OfferState{OfferLater}, OfferOffered, "offer.reminded"},    // the time they asked for has come
	"recall":   {[]OfferState{OfferStandby}, OfferOffered, "offer.recalled"},  // somebody has left
	"follow":   {[]OfferState{OfferWithdrawn}, OfferStandby, "offer.standby"}, // willing, a moment after there were enough
	"withdraw": {waiting, OfferWithdrawn, "offer.withdrawn"},
}

// Step gives the offer after a transition and the kind of event it makes.
func (o Offer) Step(step string, at time.Time) (Offer, string, error) {
	s, ok := offerSteps[step]
	if !ok || !slices.Contains(s.from, o.State) {
		return o, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(o.State), "step": step}}
	}
	o.State = s.to
	o.Version++
	switch s.to {
	case OfferOffered:
		o.SeenAt, o.LaterUntil = nil, nil
	case OfferStandby:
		o.EndedFor, o.AnsweredAt = "", &at
	case OfferSeen:
		o.SeenAt = &at
	case OfferAccepted, OfferDeclined, OfferLater:
		o.AnsweredAt = &at
	}
	return o, s.kind, nil
}
