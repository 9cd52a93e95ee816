package live

import (
	"maps"
	"slices"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/frame"
)

// everywhere is the view of a subscriber that has named none.
var everywhere = orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}

// peopleMost is how many without a task are shown one by one.
const peopleMost = 800

// channel is those who are sent the same positions: one audience's that look at
// the same view, of the same area. What is written for one is written for all.
type channel struct {
	channelKey
	members []*Subscriber
	tree    *dispatch.AreaTree // that sees was asked of
	sees    map[stand]dispatch.View
	places  []place // of this tick
}

type channelKey struct {
	audience *audience
	areaID   int64 // that is wanted, 0 for all
	view     geo.View
	crowded  bool // people there are too many to be followed one by one
}

// stand is where somebody belongs and where they work, 0 for nowhere.
type stand struct{ areaID, work int64 }

// follow puts a subscriber on the channel of what it looks at; under the lock.
func (h *Hub) follow(s *Subscriber, v geo.View, crowded bool) {
	h.unfollow(s)
	key := channelKey{s.audience, s.wish.AreaID, v, crowded}
	c := h.channels[key]
	if c == nil {
		c = &channel{channelKey: key, sees: map[stand]dispatch.View{}}
		h.channels[key] = c
		h.views.Add(v, c)
	}
	s.channel, s.channelSlot = c, len(c.members)
	c.members = append(c.members, s)
}

func (h *Hub) unfollow(s *Subscriber) {
	c := s.channel
	if c == nil {
		return
	}
	s.channel = nil
	last := c.members[len(c.members)-1]
	c.members[s.channelSlot], last.channelSlot = last, s.channelSlot
	c.members[len(c.members)-1] = nil
	if c.members = c.members[:len(c.members)-1]; len(c.members) == 0 {
		delete(h.channels, c.channelKey)
		h.views.Remove(c.view, c)
	}
}

// Look sends the people without a task who stand in a view, and from then on
// only their positions; nil is everywhere. Those on a task are in the snapshot. A
// view is widened to whole quads: some who stand just outside are sent too.
func (h *Hub) Look(s *Subscriber, bound *orb.Bound) {
	if !s.positions {
		return
	}
	if bound == nil {
		bound = &everywhere
	}
	v := geo.CoverView(*bound)
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.audience == nil { // it has left
		return
	}
	tree := h.cfg.Tree()
	sight := s.audience.sight.On(tree)
	people, crowd, total := h.cfg.Look(v.Bound(), peopleMost, func(areaID int64) bool {
		return s.wish.within(tree, areaID) && sight.In(areaID).Sees(dispatch.FieldResponder)
	})
	for k, r := range people {
		people[k], _ = sight.Person(r)
	}
	h.follow(s, v, crowd != nil)
	words := encode(peopleFrame{Type: "people", Offset: h.offset, Total: total, Responders: people, Crowd: spots(crowd)})
	if crowd != nil { // counts alone
		s.push(frame.Own(array(words), 1))
		return
	}
	s.push(message(words))
}

// Move takes positions that were committed; the next tick hands on the last one of
// each responder.
func (h *Hub) Move(positions []dispatch.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.movedAt = h.cfg.Now()
	for _, p := range positions {
		h.moved[p.ResponderID] = p
	}
}

// delivery is what one channel is sent of a tick.
type delivery struct {
	places []place
	to     []*Subscriber
}

// tick hands on the positions of a tick: encoded once a channel, outside the lock.
func (h *Hub) tick() {
	for _, d := range h.spread() {
		words := array(encodePositions(d.places))
		// Deflating for one alone costs more than the bytes are worth.
		m := frame.New(words)
		if len(d.to) > 1 {
			m = frame.Own(words, len(d.to))
		}
		for _, s := range d.to {
			s.pushPlaces(m, d.places)
		}
	}
}

// spread sorts what has moved to the channels that see it.
func (h *Hub) spread() []delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.moved) == 0 {
		return nil
	}
	tree := h.cfg.Tree()
	var full []*channel
	for _, id := range slices.Sorted(maps.Keys(h.moved)) { // numbers that are alike deflate better side by side
		p := h.moved[id]
		at := stand{p.AreaID, h.workArea[id]}
		give := func(c *channel) {
			if c.crowded && at.work == 0 {
				return
			}
			if seen, ok := c.seen(tree, at).Position(p); ok {
				if len(c.places) == 0 {
					full = append(full, c)
				}
				c.places = append(c.places, placeOf(seen))
			}
		}
		if at.work == 0 {
			h.views.Find(orb.Point{p.Lon, p.Lat}, give)
			continue
		}
		for _, c := range h.channels { // who is on a task is followed wherever one looks
			give(c)
		}
	}
	clear(h.moved)
	out := make([]delivery, len(full))
	for k, c := range full {
		out[k] = delivery{c.places, append([]*Subscriber(nil), c.members...)}
		c.places = nil
	}
	return out
}

// seen gives how the channel sees the position of somebody who stands so.
func (c *channel) seen(tree *dispatch.AreaTree, at stand) dispatch.View {
	if c.tree != tree {
		c.tree = tree
		clear(c.sees)
	}
	v, known := c.sees[at]
	if !known {
		if c.areaID == 0 || tree.Within(at.areaID, c.areaID) || at.work != 0 && tree.Within(at.work, c.areaID) {
			v = c.audience.sight.On(tree).Place(at.areaID, at.work)
		}
		c.sees[at] = v
	}
	return v
}
