package live

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"yiping/server/dispatch"
	"yiping/server/frame"
)

// eventFrame is a change as it travels.
type eventFrame struct {
	Type       string               `json:"type"`
	Offset     int64                `json:"offset"`
	Event      dispatch.Event       `json:"event"`
	Incident   *dispatch.Incident   `json:"incident,omitempty"`
	Offer      *dispatch.Offer      `json:"offer,omitempty"`
	Assignment *dispatch.Assignment `json:"assignment,omitempty"`
	UnitOrder  *dispatch.UnitOrder  `json:"unit_order,omitempty"`
	Responder  *dispatch.Responder  `json:"responder,omitempty"`
}

// encodeChange gives the frame of a change as it is seen, nil where it is not.
func encodeChange(c dispatch.Change, v dispatch.ChangeView) []byte {
	c, ok := v.Show(c)
	if !ok {
		return nil
	}
	return encode(eventFrame{Type: "event", Offset: c.Event.Offset, Event: c.Event,
		Incident: c.Incident, Offer: c.Offer, Assignment: c.Assignment, UnitOrder: c.UnitOrder, Responder: c.Responder})
}

// snapshotFrame is what a subscriber starts from.
type snapshotFrame struct {
	Type        string                `json:"type"`
	Epoch       string                `json:"epoch"`
	Offset      int64                 `json:"offset"`
	ServerTime  time.Time             `json:"server_time"`
	Reason      string                `json:"reason" enum:"first,epoch,gap"`
	Incidents   []dispatch.Incident   `json:"incidents" nullable:"false"`
	Offers      []dispatch.Offer      `json:"offers" nullable:"false"`
	Assignments []dispatch.Assignment `json:"assignments" nullable:"false"`
	Responders  []dispatch.Responder  `json:"responders" nullable:"false"`
}

// peopleFrame is who is in the view without a task, or how many stand where:
// longitude, latitude, count.
type peopleFrame struct {
	Type       string               `json:"type"`
	Offset     int64                `json:"offset"`
	Total      int                  `json:"total"`
	Responders []dispatch.Responder `json:"responders,omitempty" nullable:"false"`
	Crowd      [][3]float64         `json:"crowd,omitempty" nullable:"false" doc:"Each: longitude, latitude, how many."`
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
	Layers     map[string]int64 `json:"layers" nullable:"false" doc:"Age of each layer in ms."`
}

// Waiting tells a client whose turn on the feed has not come yet that the server is
// there: a heartbeat at the offset that it has.
func Waiting(offset int64, now time.Time) *frame.Message {
	return message(encode(heartbeatFrame{Type: "heartbeat", Offset: offset, ServerTime: now, Layers: map[string]int64{}}))
}

// slowFrame says that what moves is merged, since its reader takes too little, or
// that it no longer is.
type slowFrame struct {
	Type string `json:"type"`
	Slow bool   `json:"slow"`
}

// array gives frames as they travel, one JSON array.
func array(frames ...[]byte) []byte {
	n := 2
	for _, f := range frames {
		n += len(f) + 1
	}
	out := append(make([]byte, 0, n), '[')
	for k, f := range frames {
		if k > 0 {
			out = append(out, ',')
		}
		out = append(out, f...)
	}
	return append(out, ']')
}

// message gives frames as one message that goes as it is.
func message(frames ...[]byte) *frame.Message { return frame.New(array(frames...)) }

// encode marshals what was made here: it cannot fail.
func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"type":"error"}`)
	}
	return raw
}

// How exactly the rest of a place travels: no tick shows a finer time, no arrow a finer
// heading than a phone knows, and digits that nothing foretells are what deflating leaves.
const (
	placeTime    = 100 // ms
	placeHeading = 10  // degrees
)

// place is a position as it travels: id, lon, lat, heading (-1 unknown), time.
type place struct {
	id                int64
	lon, lat, heading float64
	at                int64 // unix milliseconds
}

func placeOf(p dispatch.Position) place {
	out := place{id: p.ResponderID, lon: p.Lon, lat: p.Lat, heading: -1, at: p.At.UnixMilli() / placeTime * placeTime}
	if p.HeadingDegrees != nil {
		out.heading = math.Mod(math.Round(*p.HeadingDegrees/placeHeading)*placeHeading, 360)
	}
	return out
}

// placeDigits are those of a place in degrees: a metre, where a phone knows five.
const placeDigits = 5

// encodePositions writes the compact frame of positions.
func encodePositions(places []place) []byte {
	out := make([]byte, 0, 64+len(places)*56)
	out = append(out, `{"type":"positions","p":[`...)
	for k, p := range places {
		if k > 0 {
			out = append(out, ',')
		}
		out = append(out, '[')
		out = strconv.AppendInt(out, p.id, 10)
		out = append(out, ',')
		out = strconv.AppendFloat(out, p.lon, 'f', placeDigits, 64)
		out = append(out, ',')
		out = strconv.AppendFloat(out, p.lat, 'f', placeDigits, 64)
		out = append(out, ',')
		out = strconv.AppendFloat(out, p.heading, 'f', 0, 64)
		out = append(out, ',')
		out = strconv.AppendInt(out, p.at, 10)
		out = append(out, ']')
	}
	return append(out, `]}`...)
}
