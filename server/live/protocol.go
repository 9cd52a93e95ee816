package live

import (
	"time"

	"yiping/server/dispatch"
)

// FrameKind is a kind of frame for the document of the feed: the value of its type
// member, what it says, and one of it, from whose Go type the schema is made.
type FrameKind struct {
	Name, Says string
	Example    any
}

// positionsFrame is what encodePositions writes: responder, longitude, latitude,
// heading to ten degrees (-1 unknown), time in ms since 1970, to tenths of a second.
type positionsFrame struct {
	Type string       `json:"type"`
	P    [][5]float64 `json:"p" nullable:"false" doc:"Each: responder, longitude, latitude, heading in degrees, to ten (-1 unknown), time in ms since 1970, to tenths of a second."`
}

// FrameKinds gives every kind of frame that a subscriber is sent.
func FrameKinds() []FrameKind {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	incidentID, areaID := int64(812), int64(4)
	incident := dispatch.Incident{ID: incidentID, TypeCode: "urban.street_light", PlanID: 31, Family: "urban", AreaID: areaID, Priority: dispatch.PriorityNormal, State: dispatch.IncidentVerified,
		StateSince: at, Version: 2, Lon: 122.6, Lat: 38.2, Cell: "8931aa42a5bffff", Quota: 1, ReportedAt: at}
	event := dispatch.Event{Offset: 90412, Kind: "incident.verified", At: at, Noun: dispatch.NounIncident, NounID: incidentID, NounVersion: 2, AreaID: areaID, IncidentID: &incidentID, Data: map[string]string{}}
	lon, lat := 122.60112, 38.20031
	person := dispatch.Responder{ID: 77, Version: 5, Name: "王*", Affiliations: []string{"volunteer"}, Skills: []string{"first_aid"}, Vehicle: "foot", AreaID: areaID, Duty: dispatch.DutyOn, Lon: &lon, Lat: &lat, Cell: "8931aa42a5bffff"}
	return []FrameKind{
		{"snapshot", "What is open of what may be seen, whole: it takes the place of all that was known. The reason is first, epoch (the log is another one) or gap (too much was missed).",
			snapshotFrame{Type: "snapshot", Epoch: "5b0e", Offset: 90411, ServerTime: at, Reason: "first",
				Incidents: []dispatch.Incident{incident}, Offers: []dispatch.Offer{}, Assignments: []dispatch.Assignment{}, Responders: []dispatch.Responder{}}},
		{"resumed", "Everything after the offset that was asked for follows as events: nothing is missing, nothing comes twice.",
			resumedFrame{Type: "resumed", Epoch: "5b0e", Offset: 90411, ServerTime: at}},
		{"event", "A committed change, in the order of the log, with what it changed as the reader may see it.",
			eventFrame{Type: "event", Offset: 90412, Event: event, Incident: &incident}},
		{"people", "Who stands in the view without a task, or, where they are many, how many stand where; it takes the place of the people before.",
			peopleFrame{Type: "people", Offset: 90412, Total: 1, Responders: []dispatch.Responder{person}}},
		{"people", "Many people of a view.",
			peopleFrame{Type: "people", Offset: 90412, Total: 1207, Crowd: [][3]float64{{122.6, 38.2, 1104}, {122.61, 38.21, 103}}}},
		{"positions", "Where people are now; the last one of each wins.",
			positionsFrame{Type: "positions", P: [][5]float64{{77, 122.60112, 38.20031, -1, float64(at.UnixMilli())}}}},
		{"presence", "Who has an incident open that the reader has open, the reader among them; told when it changes, to those who may dispatch there.",
			presenceFrame{Type: "presence", IncidentID: incidentID, Accounts: []Onlooker{{ID: 5, Name: "张三"}, {ID: 6, Name: "李四"}}}},
		{"slow", "What moves is merged for this reader, who takes too little of it; false once that is over.",
			slowFrame{Type: "slow", Slow: true}},
		{"heartbeat", "Each two seconds: all that concerns the reader up to the offset has been sent; the server's time, and each layer's age in ms. Before the first snapshot or resumed it says, at the reader's own offset, that the reader's turn will come: the server was started and many come back.",
			heartbeatFrame{Type: "heartbeat", Offset: 90412, ServerTime: at, Layers: map[string]int64{"incidents": 1400, "responders": 200}}},
	}
}
