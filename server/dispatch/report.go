package dispatch

import "time"

// Channel is the way a report came.
type Channel string

// The channels.
const (
	ChannelResident   Channel = "resident"
	ChannelDispatcher Channel = "dispatcher"
	ChannelResponder  Channel = "responder"
	ChannelDevice     Channel = "device"
)

// Report is one person's or device's word of an incident.
type Report struct {
	ID         int64          `json:"id"`
	IncidentID int64          `json:"incident_id"`
	Channel    Channel        `json:"channel" enum:"resident,dispatcher,responder,device"`
	TypeCode   string         `json:"type_code"`
	AreaID     int64          `json:"-"`
	Lon        float64        `json:"lon"`
	Lat        float64        `json:"lat"`
	Place      string         `json:"place"`
	Words      string         `json:"words"`
	Phone      string         `json:"phone" doc:"Masked: 138****1234. In full by unmask, with a reason."`
	ReceivedAt time.Time      `json:"received_at"`
	Answers    []ReportAnswer `json:"answers" nullable:"false" doc:"What who reported said of how it was handled (满意度), one a closing, the last last."`
}

// Tracking is what the holder of a tracking number is told: how far it is, in
// plain steps, and nothing about who is on it.
type Tracking struct {
	Tracking     string          `json:"tracking"`
	State        string          `json:"state" enum:"received,verified,handling,resolved,closed,rejected"`
	Steps        []TrackingStep  `json:"steps" nullable:"false"`
	TypeCode     string          `json:"type_code"`
	ReceivedAt   time.Time       `json:"received_at"`
	Satisfaction *TrackingAnswer `json:"satisfaction,omitempty" doc:"Whether one is asked how it was handled (满意度), and what one answered; missing until it is closed."`
}

// TrackingStep is one step that was reached.
type TrackingStep struct {
	State string    `json:"state" enum:"received,verified,handling,resolved,closed,rejected"`
	At    time.Time `json:"at"`
}

// Track gives what a resident is told of an incident.
func Track(i Incident, number string, receivedAt time.Time) Tracking {
	t := Tracking{Tracking: number, TypeCode: i.TypeCode, ReceivedAt: receivedAt, State: "received",
		Steps: []TrackingStep{{"received", receivedAt}}}
	add := func(state string, at *time.Time) {
		if at != nil {
			if at.Before(receivedAt) { // it joined an incident that was further on
				at = &receivedAt
			}
			t.Steps = append(t.Steps, TrackingStep{state, *at})
			t.State = state
		}
	}
	if i.State == IncidentRejected || i.State == IncidentCancelled {
		add("rejected", &i.StateSince)
		return t
	}
	add("verified", i.VerifiedAt)
	add("handling", i.FirstAcceptanceAt)
	add("resolved", i.ResolvedAt)
	add("closed", i.ClosedAt)
	return t
}

// TimelineEntry is what somebody wrote or showed about an incident. It lives
// outside the event log so that it can be destroyed.
type TimelineEntry struct {
	ID         int64     `json:"id"`
	Kind       string    `json:"kind" enum:"note,told_119,told_110,told_120,photo"`
	By         string    `json:"by"`
	Words      string    `json:"words"`
	SaidAt     time.Time `json:"said_at"`
	ReceivedAt time.Time `json:"received_at"`
	PhotoIDs   []int64   `json:"photo_ids" nullable:"false"`
}

// Photo is a picture of an incident, without its bytes.
type Photo struct {
	ID        int64     `json:"id"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	CreatedAt time.Time `json:"created_at"`
	URL       string    `json:"url"`
}

// IncidentDetail is an incident with all that belongs to it.
type IncidentDetail struct {
	Incident    Incident        `json:"incident"`
	Plan        Plan            `json:"plan"`
	Reports     []Report        `json:"reports" nullable:"false"`
	Offers      []Offer         `json:"offers" nullable:"false"`
	Assignments []Assignment    `json:"assignments" nullable:"false"`
	UnitOrders  []UnitOrder     `json:"unit_orders" nullable:"false"`
	Timeline    []TimelineEntry `json:"timeline" nullable:"false"`
	Events      []Event         `json:"events" nullable:"false"`
	Photos      []Photo         `json:"photos" nullable:"false"`
	Escalations []Escalation    `json:"escalations" nullable:"false" doc:"Who was told that a state lasts, in order."`
	Merged      []Merge         `json:"merged" nullable:"false" doc:"Incidents that are shown with this one."`
	Parties     []Party         `json:"parties" nullable:"false" doc:"Areas that take part beyond the incident's own, those that did among them."`
}
