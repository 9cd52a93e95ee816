package dispatch

import (
	"strings"
	"time"
)

// Noun names what an event is about.
type Noun string

// The nouns of the event log.
const (
	NounIncident   Noun = "incident"
	NounReport     Noun = "report"
	NounOffer      Noun = "offer"
	NounAssignment Noun = "assignment"
	NounAlarm      Noun = "alarm"
	NounUnitOrder  Noun = "unit_order"
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
	NounType       Noun = "type"
	NounPlan       Noun = "plan"
	NounCalendar   Noun = "calendar"

	NounVolunteer    Noun = "volunteer"
	NounCallUp       Noun = "call_up"
	NounCallUpMember Noun = "call_up_member"
)

// Nouns of commands that the event log does not tell of.
const (
	NounAccount      Noun = "account"
	NounSession      Noun = "session"
	NounToken        Noun = "token"
	NounEnrolment    Noun = "enrolment"
	NounInstallation Noun = "installation"
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

// mostDigits is how long a number in an event's data may be: a telephone number
// is longer.
const mostDigits = 10

// Plain says whether the data holds words of the program alone: letters without
// a space, short numbers, dates. What people write cannot be told from a name or
// a number, so it is kept out of the log here, whoever emits it.
func (e Event) Plain() bool {
	for _, value := range e.Data {
		digits := 0
		if len(value) > 200 {
			return false
		}
		for _, c := range value {
			switch {
			case c >= '0' && c <= '9':
				if digits++; digits > mostDigits {
					return false
				}
				continue
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.ContainsRune("_-.,:/", c):
			default:
				return false
			}
			digits = 0
		}
	}
	return true
}

// Change is an event with the nouns it touched as they are now, which may be
// newer than the event. The tail makes it, the hub hands it on.
type Change struct {
	Event      Event
	Incident   *Incident
	Offer      *Offer
	Assignment *Assignment
	UnitOrder  *UnitOrder
	Responder  *Responder
	Called     []int64 // the responders whom a change of a call-up concerns, ascending
}

// Parts is who takes part in which incidents: responders who were asked or go, and
// units that have an order.
type Parts struct{ Responders, Units map[int64][]int64 }

// Snapshot is what a new subscriber starts from: everything open, with the
// offset up to which events are contained for certain. Later events may be
// contained too; their nouns' versions tell.
type Snapshot struct {
	Epoch       string
	Offset      int64
	Incidents   []Incident
	Offers      []Offer
	Assignments []Assignment
	UnitOrders  []UnitOrder // of the unit that asks, by which it takes part
	Responders  []Responder
}
