package screen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync"
	"time"
)

// Frame is one frame of the feed, as far as a picture needs it. Frames are
// shared by all who were sent the same: nobody writes to one.
type Frame struct {
	Type        string       `json:"type"`
	Epoch       string       `json:"epoch"`
	Offset      int64        `json:"offset"`
	ServerTime  time.Time    `json:"server_time"`
	Reason      string       `json:"reason"`
	Event       Event        `json:"event"`
	Incident    *Noun        `json:"incident"`
	Offer       *Noun        `json:"offer"`
	Assignment  *Noun        `json:"assignment"`
	Responder   *Responder   `json:"responder"`
	Incidents   []*Noun      `json:"incidents"`
	Offers      []*Noun      `json:"offers"`
	Assignments []*Noun      `json:"assignments"`
	Responders  []*Responder `json:"responders"`
	Crowd       [][3]float64 `json:"crowd"`
	Places      [][5]float64 `json:"p"` // responder, longitude, latitude, heading, unix milliseconds
}

// Event is what happened.
type Event struct {
	Kind   string    `json:"kind"`
	At     time.Time `json:"at"`
	Noun   string    `json:"noun"`
	NounID int64     `json:"noun_id"`
}

// Noun is an incident, an offer or an assignment.
type Noun struct {
	ID      int64  `json:"id"`
	Version int64  `json:"version"`
	State   string `json:"state"`
}

// Responder is somebody on the map.
type Responder struct {
	ID         int64      `json:"id"`
	Version    int64      `json:"version"`
	Duty       string     `json:"duty"`
	Task       *struct{}  `json:"task"`
	Lon        *float64   `json:"lon"`
	Lat        *float64   `json:"lat"`
	PositionAt *time.Time `json:"position_at"`
}

// Parse reads a message: an array of frames.
func Parse(message []byte) ([]*Frame, error) {
	var frames []*Frame
	if err := json.Unmarshal(message, &frames); err != nil {
		return nil, fmt.Errorf("no array of frames: %w", err)
	}
	for _, f := range frames {
		if f == nil || f.Type == "" {
			return nil, fmt.Errorf("a frame without type in %.200q", message)
		}
	}
	return frames, nil
}

// Reader reads messages for many screens on one machine. Most are sent the same,
// which is read once. The zero value is ready.
type Reader struct {
	mu     sync.Mutex
	seed   maphash.Seed
	known  map[uint64]*read
	recent [recentMessages]uint64
	next   int
}

type read struct {
	message []byte
	frames  []*Frame
	err     error
	once    sync.Once
}

const recentMessages = 512

// Parse reads a message, or gives what came of it before.
func (r *Reader) Parse(message []byte) ([]*Frame, error) {
	m := r.find(message)
	if !bytes.Equal(m.message, message) { // one hash, two messages
		return Parse(message)
	}
	m.once.Do(func() { m.frames, m.err = Parse(message) })
	return m.frames, m.err
}

func (r *Reader) find(message []byte) *read {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil {
		r.known, r.seed = map[uint64]*read{}, maphash.MakeSeed()
	}
	key := maphash.Bytes(r.seed, message)
	if m := r.known[key]; m != nil {
		return m
	}
	m := &read{message: message}
	delete(r.known, r.recent[r.next])
	r.known[key], r.recent[r.next] = m, key
	r.next = (r.next + 1) % recentMessages
	return m
}
