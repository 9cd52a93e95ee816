package screen

import "time"

// Picture is what a page shows, as the feed has told it.
type Picture struct {
	Epoch       string
	Offset      int64
	Incidents   map[int64]*Noun      // that are not over
	Offers      map[int64]*Noun      // that are open
	Assignments map[int64]*Noun      // that go on
	Responders  map[int64]*Responder // on a task, and those in the view unless they are a crowd
	Crowd       int                  // places where those stand who are too many to be named
}

// Fold takes a frame over. It says false for an event that the picture is past
// already: a page drops it, and a server must not send it.
func (p *Picture) Fold(f *Frame) bool {
	switch f.Type {
	case "snapshot":
		*p = Picture{Epoch: f.Epoch, Offset: f.Offset, Incidents: byID(f.Incidents), Offers: byID(f.Offers), Assignments: byID(f.Assignments),
			Responders: make(map[int64]*Responder, len(f.Responders))}
		p.people(f.Responders)
	case "resumed":
		p.Epoch = f.Epoch
	case "heartbeat":
		// Everything up to this offset that is ours came before it on the same socket.
		p.Offset = max(p.Offset, f.Offset)
	case "people":
		for id, r := range p.Responders {
			if r.Task == nil {
				delete(p.Responders, id)
			}
		}
		p.people(f.Responders)
		p.Crowd = len(f.Crowd)
	case "positions":
		p.move(f.Places)
	case "event":
		if f.Offset <= p.Offset {
			return false
		}
		p.change(f)
	}
	return true
}

func (p *Picture) people(list []*Responder) {
	for _, r := range list {
		p.Responders[r.ID] = r
	}
}

func (p *Picture) change(f *Frame) {
	p.Offset = f.Offset
	put(p.Incidents, f.Incident, func(state string) bool { return !over[state] })
	put(p.Offers, f.Offer, func(state string) bool { return open[state] })
	put(p.Assignments, f.Assignment, func(state string) bool { return active[state] })
	r := f.Responder
	if r == nil {
		return
	}
	held := p.Responders[r.ID]
	shown := r.Task != nil || r.Duty != "off" && p.Crowd == 0
	switch {
	case held != nil && held.Version > r.Version:
	case shown:
		p.Responders[r.ID] = r
	default:
		delete(p.Responders, r.ID)
	}
}

// The states that decide what a picture keeps.
var (
	over   = set("closed", "rejected", "merged", "cancelled")
	open   = set("offered", "seen", "later", "standby")
	active = set("accepted", "en_route", "on_scene")
)

func set(states ...string) map[string]bool {
	out := map[string]bool{}
	for _, s := range states {
		out[s] = true
	}
	return out
}

// put takes a noun over unless a newer version is held, and drops it when it is over.
func put(held map[int64]*Noun, n *Noun, keep func(state string) bool) {
	switch {
	case n == nil || held[n.ID] != nil && held[n.ID].Version > n.Version:
	case keep(n.State):
		held[n.ID] = n
	default:
		delete(held, n.ID)
	}
}

// move takes positions over: the newest of each who is shown.
func (p *Picture) move(places [][5]float64) {
	for _, place := range places {
		id, at := int64(place[0]), time.UnixMilli(int64(place[4])).UTC()
		held := p.Responders[id]
		if held == nil || held.PositionAt != nil && held.PositionAt.After(at) {
			continue
		}
		moved := *held
		moved.Lon, moved.Lat, moved.PositionAt = &place[1], &place[2], &at
		p.Responders[id] = &moved
	}
}

func byID(list []*Noun) map[int64]*Noun {
	out := make(map[int64]*Noun, len(list))
	for _, n := range list {
		out[n.ID] = n
	}
	return out
}
