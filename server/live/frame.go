package live

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"yiping/server/dispatch"
)

// variant is a way of seeing a change. Frames are encoded once for each.
type variant int

const (
	unseen      variant = iota
	whole               // everything, for those whose role sees the area
	masked              // no words, no names, no exact points
	party               // the event and the incident, for those who take part
	nearby              // the incident masked, for responders of its area
	force               // a responder of one's area who works elsewhere
	forceMasked         // the same, masked
	variants
)

// eventFrame is a change as it travels.
type eventFrame struct {
	Type       string               `json:"type"`
	Offset     int64                `json:"offset"`
	Event      dispatch.Event       `json:"event"`
	Incident   *dispatch.Incident   `json:"incident,omitempty"`
	Offer      *dispatch.Offer      `json:"offer,omitempty"`
	Assignment *dispatch.Assignment `json:"assignment,omitempty"`
	Responder  *dispatch.Responder  `json:"responder,omitempty"`
}

// encodeChange gives the frame of a change in a way of seeing. own is the
// responder it is about where the receiver is that responder.
func encodeChange(c dispatch.Change, v variant) []byte {
	f := eventFrame{Type: "event", Offset: c.Event.Offset, Event: c.Event}
	switch v {
	case whole:
		f.Incident, f.Offer, f.Assignment, f.Responder = c.Incident, c.Offer, c.Assignment, hidePhone(c.Responder)
	case masked:
		f.Incident, f.Responder = maskIncident(c.Incident), maskResponder(c.Responder)
		f.Offer, f.Assignment = maskOffer(c.Offer), maskAssignment(c.Assignment)
		f.Event.AccountID = nil
	case party:
		f.Incident, f.Offer, f.Assignment = c.Incident, c.Offer, c.Assignment
	case nearby:
		f.Incident = maskIncident(c.Incident)
		f.Event.AccountID, f.Event.ResponderID = nil, nil
	case force:
		f.Responder = hidePhone(c.Responder)
	case forceMasked:
		f.Responder = maskResponder(c.Responder)
	}
	return encode(f)
}

func hidePhone(r *dispatch.Responder) *dispatch.Responder {
	if r == nil {
		return nil
	}
	out := *r
	out.Phone = dispatch.MaskPhone(out.Phone)
	return &out
}

func maskIncident(i *dispatch.Incident) *dispatch.Incident {
	if i == nil {
		return nil
	}
	out := dispatch.MaskIncident(*i)
	return &out
}

func maskResponder(r *dispatch.Responder) *dispatch.Responder {
	if r == nil {
		return nil
	}
	out := dispatch.MaskResponder(*r)
	return &out
}

func maskOffer(o *dispatch.Offer) *dispatch.Offer {
	if o == nil {
		return nil
	}
	out := *o
	out.ResponderName, out.Reason, out.AnswerReason = dispatch.MaskName(o.ResponderName), "", ""
	return &out
}

func maskAssignment(a *dispatch.Assignment) *dispatch.Assignment {
	if a == nil {
		return nil
	}
	out := *a
	out.ResponderName, out.Reason = dispatch.MaskName(a.ResponderName), ""
	return &out
}

// snapshotFrame is what a subscriber starts from.
type snapshotFrame struct {
	Type        string                `json:"type"`
	Epoch       string                `json:"epoch"`
	Offset      int64                 `json:"offset"`
	ServerTime  time.Time             `json:"server_time"`
	Reason      string                `json:"reason"`
	Incidents   []dispatch.Incident   `json:"incidents"`
	Offers      []dispatch.Offer      `json:"offers"`
	Assignments []dispatch.Assignment `json:"assignments"`
	Responders  []dispatch.Responder  `json:"responders"`
}

// peopleFrame is who is in the view without a task, or how many stand where:
// longitude, latitude, count.
type peopleFrame struct {
	Type       string               `json:"type"`
	Offset     int64                `json:"offset"`
	Total      int                  `json:"total"`
	Responders []dispatch.Responder `json:"responders,omitempty"`
	Crowd      [][3]float64         `json:"crowd,omitempty"`
}

// spots gives crowds as they travel; a metre is near enough.
func spots(crowd []dispatch.Crowd) [][3]float64 {
	out := make([][3]float64, len(crowd))
	for k, c := range crowd {
		out[k] = [3]float64{math.Round(c.Lon*1e5) / 1e5, math.Round(c.Lat*1e5) / 1e5, float64(c.Count)}
	}
	return out
}

type resumedFrame struct {
	Type       string    `json:"type"`
	Epoch      string    `json:"epoch"`
	Offset     int64     `json:"offset"`
	ServerTime time.Time `json:"server_time"`
}

type heartbeatFrame struct {
	Type       string           `json:"type"`
	Offset     int64            `json:"offset"`
	ServerTime time.Time        `json:"server_time"`
	Layers     map[string]int64 `json:"layers"`
}

// encode marshals what was made here: it cannot fail.
func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"type":"error"}`)
	}
	return raw
}

// place is a position as it travels: id, lon, lat, heading (-1 unknown), time.
type place struct {
	lon, lat, heading float64
	at                int64 // unix milliseconds
}

// encodePositions writes the compact frame of positions.
func encodePositions(places map[int64]place) []byte {
	out := make([]byte, 0, 64+len(places)*56)
	out = append(out, `{"type":"positions","p":[`...)
	first := true
	for id, p := range places {
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(out, '[')
		out = strconv.AppendInt(out, id, 10)
		out = append(out, ',')
		out = strconv.AppendFloat(out, p.lon, 'f', 6, 64)
		out = append(out, ',')
		out = strconv.AppendFloat(out, p.lat, 'f', 6, 64)
		out = append(out, ',')
		out = strconv.AppendFloat(out, p.heading, 'f', 0, 64)
		out = append(out, ',')
		out = strconv.AppendInt(out, p.at, 10)
		out = append(out, ']')
	}
	return append(out, `]}`...)
}
