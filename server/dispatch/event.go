package dispatch

import "time"

// Noun names what an event is about.
type Noun string

// The nouns of the event log.
const (
	NounIncident   Noun = "incident"
	NounReport     Noun = "report"
	NounOffer      Noun = "offer"
	NounAssignment Noun = "assignment"
	NounDuty       Noun = "duty"
	NounArea       Noun = "area"
	NounCamera     Noun = "camera"
	NounTimeline   Noun = "timeline"
	NounPhoto      Noun = "photo"
	NounResponder  Noun = "responder"
	NounShift      Noun = "shift"
	NounTeam       Noun = "team"
	NounRotation   Noun = "rotation"
	NounHoliday    Noun = "holiday"
	NounConsent    Noun = "consent"
	NounRetention  Noun = "retention"
	NounPurpose    Noun = "purpose"
	NounCare       Noun = "care_record"
)

// Event is one committed change, in the order of its offset. It carries ids and
// states, never a person's name, phone, address, free text or coordinates.
type Event struct {
	Offset      int64             `json:"offset"`
	Kind        string            `json:"kind"`
	At          time.Time         `json:"at"`
	Noun        Noun              `json:"noun"`
	NounID      int64             `json:"noun_id"`
	NounVersion int               `json:"noun_version"`
	AreaID      int64             `json:"area_id"`
	Cell        int64             `json:"-"`
	IncidentID  *int64            `json:"incident_id,omitempty"`
	ResponderID *int64            `json:"responder_id,omitempty"`
	AccountID   *int64            `json:"account_id,omitempty"`
	Data        map[string]string `json:"data" nullable:"false"`
}

// Change is an event with the nouns it touched as they are now, which may be
// newer than the event. The tail makes it, the hub hands it on.
type Change struct {
	Event      Event
	Incident   *Incident
	Offer      *Offer
	Assignment *Assignment
	Responder  *Responder
}

// Snapshot is what a new subscriber starts from: everything open, with the
// offset up to which events are contained for certain. Later events may be
// contained too; their nouns' versions tell.
type Snapshot struct {
	Epoch       string
	Offset      int64
	Incidents   []Incident
	Offers      []Offer
	Assignments []Assignment
	Responders  []Responder
}
