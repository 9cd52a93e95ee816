package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/dispatch"
)

// picture is what a page holds: the snapshot of the live socket with every
// change folded into it. Safe for use by several goroutines.
type picture struct {
	who   *client
	heard func(frame)             // told every frame after it was folded
	odd   func(difference string) // told what cannot be

	mu          sync.Mutex
	epoch       string
	offset      int64
	incidents   map[int64]dispatch.Incident // not over
	offers      map[int64]dispatch.Offer    // open
	assignments map[int64]dispatch.Assignment
	ready       chan struct{} // closed with the first snapshot
	changed     chan struct{} // something was folded in
}

// frame is one frame of the live socket.
type frame struct {
	Type        string                `json:"type"`
	Epoch       string                `json:"epoch"`
	Offset      int64                 `json:"offset"`
	Event       dispatch.Event        `json:"event"`
	Incident    *dispatch.Incident    `json:"incident"`
	Offer       *dispatch.Offer       `json:"offer"`
	Assignment  *dispatch.Assignment  `json:"assignment"`
	Incidents   []dispatch.Incident   `json:"incidents"`
	Offers      []dispatch.Offer      `json:"offers"`
	Assignments []dispatch.Assignment `json:"assignments"`
}

func newPicture(who *client, heard func(frame), odd func(string)) *picture {
	return &picture{who: who, heard: heard, odd: odd, incidents: map[int64]dispatch.Incident{}, offers: map[int64]dispatch.Offer{},
		assignments: map[int64]dispatch.Assignment{}, ready: make(chan struct{}), changed: make(chan struct{}, 1)}
}

// follow keeps the picture until ctx ends: after a broken link it goes on where
// it was.
func (p *picture) follow(ctx context.Context) {
	for wait := 100 * time.Millisecond; ctx.Err() == nil; wait = min(2*wait, 5*time.Second) {
		if p.listen(ctx) {
			wait = 100 * time.Millisecond
		}
		sleep(ctx, wait)
	}
}

// listen follows one connection, and says whether it was one.
func (p *picture) listen(ctx context.Context) bool {
	if err := p.who.get(ctx, "who-am-i", "/api/v1/session", nil); err != nil { // signs in anew where that is needed
		return false
	}
	dialer := websocket.Dialer{Jar: p.who.http.Jar, NetDialContext: p.who.dial, TLSClientConfig: p.who.tls, HandshakeTimeout: 10 * time.Second}
	conn, res, err := dialer.DialContext(ctx, p.who.liveAddress(), nil)
	if err != nil {
		if res != nil {
			_ = res.Body.Close()
		}
		return false
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() { stop(); _ = conn.Close() }()
	hello := body{"type": "subscribe", "protocol": 1, "layers": []string{"incidents"}}
	if epoch, offset := p.since(); epoch != "" {
		hello["since"] = body{"epoch": epoch, "offset": offset}
	}
	if conn.WriteJSON(hello) != nil {
		return false
	}
	for {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return true
		}
		var frames []frame
		if err := json.Unmarshal(raw, &frames); err != nil {
			p.odd(fmt.Sprintf("the live socket sends what cannot be read: %v", err))
			return true
		}
		for _, f := range frames {
			p.fold(f)
		}
	}
}

func (p *picture) since() (string, int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.epoch, p.offset
}

// fold takes a frame over and tells who listens.
func (p *picture) fold(f frame) {
	p.mu.Lock()
	switch f.Type {
	case "snapshot":
		p.begin(f)
	case "resumed":
		p.epoch = f.Epoch
	case "event":
		p.change(f)
	}
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
	p.heard(f)
}

func (p *picture) begin(f frame) {
	p.epoch, p.offset = f.Epoch, f.Offset
	clear(p.incidents)
	clear(p.offers)
	clear(p.assignments)
	for _, i := range f.Incidents {
		p.incidents[i.ID] = i
	}
	for _, o := range f.Offers {
		p.offers[o.ID] = o
	}
	for _, a := range f.Assignments {
		p.assignments[a.ID] = a
	}
	select {
	case <-p.ready:
	default:
		close(p.ready)
	}
}

// change folds an event: the newer version of a noun wins. A noun is as it is
// now, so that its counts may change while its version stays.
func (p *picture) change(f frame) {
	if f.Offset <= p.offset {
		p.odd(fmt.Sprintf("the live socket sends offset %d after %d", f.Offset, p.offset))
		return
	}
	p.offset = f.Offset
	if i := f.Incident; i != nil && i.Version >= p.incidents[i.ID].Version {
		if p.incidents[i.ID] = *i; i.State.Terminal() {
			delete(p.incidents, i.ID)
		}
	}
	if o := f.Offer; o != nil && o.Version >= p.offers[o.ID].Version {
		if p.offers[o.ID] = *o; !o.State.Open() {
			delete(p.offers, o.ID)
		}
	}
	if a := f.Assignment; a != nil && a.Version >= p.assignments[a.ID].Version {
		if p.assignments[a.ID] = *a; !a.State.Active() {
			delete(p.assignments, a.ID)
			return
		}
		for _, other := range p.assignments {
			if other.ResponderID == a.ResponderID && other.ID != a.ID {
				p.odd(fmt.Sprintf("responder %d is on incidents %d and %d at a time", a.ResponderID, other.IncidentID, a.IncidentID))
			}
		}
	}
}

// holds gives the incidents that are not over and fit.
func (p *picture) holds(fits func(dispatch.Incident) bool) (ids []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, i := range p.incidents {
		if fits(i) {
			ids = append(ids, id)
		}
	}
	return ids
}
