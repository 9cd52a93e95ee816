package live

import (
	"maps"
	"slices"
	"sync"

	"yiping/server/dispatch"
	"yiping/server/frame"
)

// Reason says why a subscriber was closed.
type Reason string

// The reasons, each a close code of the socket.
const (
	ReasonTooSlow  Reason = "too_slow"
	ReasonStopping Reason = "server_stopping"
)

// Bounds of what is kept for a subscriber that does not take it.
const (
	mostFrames = 8192
	mostBytes  = 8 << 20
)

// slowAfter is for how many ticks in a row a client's positions were not taken when
// it is told that it is slow: a second.
const slowAfter = 5

// Subscriber is one page's view of the feed. The hub fills it and wakes its owner,
// who takes what is there with Next.
type Subscriber struct {
	actor     dispatch.Actor
	homeArea  int64 // a responder's registered area, 0 for others
	wish      Wish
	resumed   bool // it went on from an offset: what it was told of before is not known
	positions bool // the responders layer is wanted, and may be seen
	wake      func()

	// Under the hub's lock.
	joining     bool
	kept        []dispatch.Change // published while joining
	floor       int64             // offsets up to it are contained in what was sent
	told        map[int64]bool    // whether an incident fitted when it was last told of; nil where all are wanted
	part        map[int64]bool    // incidents this responder or unit takes part in
	audience    *audience         // nil once it has left
	slot        int               // among its members
	channel     *channel          // of what it looks at, nil for no positions
	channelSlot int

	mu     sync.Mutex
	queue  []*frame.Message
	bytes  int
	placed bool            // positions wait in the queue
	late   map[int64]place // newer ones than those
	behind int             // ticks whose positions are among late
	slow   bool            // it was told that it is
	closed Reason
}

// Next appends everything that waits to a list, each a JSON array of frames, and
// says whether the subscriber was closed and why.
func (s *Subscriber) Next(list []*frame.Message) ([]*frame.Message, Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list = append(list, s.queue...)
	clear(s.queue)
	s.queue, s.bytes, s.placed = s.queue[:0], 0, false
	if len(s.late) > 0 {
		list = append(list, message(encodePositions(slices.Collect(maps.Values(s.late)))))
		s.late = nil
	}
	if s.slow && s.behind == 0 && len(list) > 0 {
		s.slow = false
		list = append(list, message(encode(slowFrame{Type: "slow", Slow: false})))
	}
	s.behind = 0
	return list, s.closed
}

// push queues a message; one too many closes the subscriber instead of waiting.
func (s *Subscriber) push(m *frame.Message) {
	s.mu.Lock()
	wake := s.put(m)
	s.mu.Unlock()
	if wake {
		s.wake()
	}
}

// put queues a message under the lock, and says whether to wake the owner: they
// have been where something waited already.
func (s *Subscriber) put(m *frame.Message) bool {
	if s.closed != "" {
		return false
	}
	if len(s.queue) >= mostFrames || s.bytes+m.Len() > mostBytes && len(s.queue) > 0 {
		s.closed, s.queue, s.bytes, s.late = ReasonTooSlow, nil, 0, nil
		return true
	}
	s.queue = append(s.queue, m)
	s.bytes += m.Len()
	return len(s.queue) == 1
}

// pushPlaces queues positions that many are sent. Where the last ones were not
// taken yet, these wait and merge: a slow client gets fewer, not older ones, and is
// told that it is slow.
func (s *Subscriber) pushPlaces(m *frame.Message, places []place) {
	s.mu.Lock()
	var wake bool
	if s.placed {
		wake = s.merge(places)
	} else {
		wake, s.placed = s.put(m), s.closed == ""
	}
	s.mu.Unlock()
	if wake {
		s.wake()
	}
}

func (s *Subscriber) merge(places []place) (wake bool) {
	if s.closed != "" {
		return false
	}
	if s.late == nil {
		s.late = map[int64]place{}
	}
	for _, p := range places {
		s.late[p.id] = p
	}
	if s.behind++; s.behind >= slowAfter && !s.slow {
		s.slow = true
		return s.put(message(encode(slowFrame{Type: "slow", Slow: true})))
	}
	return false
}

func (s *Subscriber) close(why Reason) {
	s.mu.Lock()
	first := s.closed == ""
	if first {
		s.closed = why
	}
	s.mu.Unlock()
	if first {
		s.wake()
	}
}

// viewOf decides how a subscriber sees a change. Calls for one subscriber come
// in order of the log, under the hub's lock, since what a responder takes part in
// follows from it.
func (h *Hub) viewOf(s *Subscriber, c dispatch.Change, tree *dispatch.AreaTree) dispatch.ChangeView {
	task := h.takePartBy(s, c)
	return s.audience.sight.On(tree).Change(c, task, s.homeArea)
}

// takePartBy says whether the subscriber's own responder or unit takes part in a
// change's incident, and keeps in mind what the change changes about it: they do
// from an offer or an order on until they decline, return it, leave, or it is over.
func (h *Hub) takePartBy(s *Subscriber, c dispatch.Change) bool {
	e := c.Event
	if e.IncidentID == nil || s.actor.UnitID == 0 && (s.actor.ResponderID == 0 || !s.actor.May(dispatch.ActionRespond)) {
		return false
	}
	was := s.part[*e.IncidentID]
	if o := c.UnitOrder; o != nil && s.actor.OfUnit(o.UnitID) {
		if o.State.TakesPart() {
			h.takesPart(s, *e.IncidentID, true)
		} else {
			h.takesPart(s, *e.IncidentID, false)
		}
	}
	if e.ResponderID != nil && *e.ResponderID == s.actor.ResponderID {
		switch {
		case c.Offer != nil && c.Offer.State.Open(), c.Assignment != nil && c.Assignment.State.Active():
			h.takesPart(s, *e.IncidentID, true)
		case c.Assignment != nil && c.Assignment.State == dispatch.AssignmentReleased,
			c.Offer != nil && c.Offer.State != dispatch.OfferAccepted:
			h.takesPart(s, *e.IncidentID, false)
		}
	}
	if was && c.Incident != nil && c.Incident.State.Terminal() {
		h.takesPart(s, *e.IncidentID, false)
	}
	return was
}
