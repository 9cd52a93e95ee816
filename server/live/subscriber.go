package live

import (
	"sync"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
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

// Subscriber is one page's view of the feed. The hub fills it; its owner waits
// on Ready and takes what is there with Next.
type Subscriber struct {
	hub       *Hub
	actor     dispatch.Actor
	sight     dispatch.Sight
	homeArea  int64 // a responder's registered area, 0 for others
	wish      Wish
	resumed   bool // it went on from an offset: what it was told of before is not known
	positions bool // the responders layer is wanted, and may be seen

	// Under the hub's lock.
	joining bool
	kept    []dispatch.Change // published while joining
	floor   int64             // offsets up to it are contained in what was sent
	told    map[int64]bool    // whether an incident fitted when it was last told of
	part    map[int64]bool    // incidents this responder or unit takes part in
	view    orb.Bound         // what part of the map it looks at
	crowded bool              // people there are too many to be followed one by one

	mu     sync.Mutex
	queue  [][]byte
	bytes  int
	places map[int64]place
	closed Reason
	ready  chan struct{}
}

// Ready is signalled when there is something to take, or the end.
func (s *Subscriber) Ready() <-chan struct{} { return s.ready }

// Next takes everything that waits as one JSON array, nil when there is
// nothing, and says whether the subscriber was closed and why.
func (s *Subscriber) Next() (message []byte, closed Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, s.closed
	}
	message = make([]byte, 0, s.bytes+len(s.queue)+2)
	message = append(message, '[')
	for k, f := range s.queue {
		if k > 0 {
			message = append(message, ',')
		}
		message = append(message, f...)
	}
	s.queue, s.bytes = s.queue[:0], 0
	return append(message, ']'), s.closed
}

// push queues a frame; one too many closes the subscriber instead of waiting.
func (s *Subscriber) push(frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != "" {
		return
	}
	if len(s.queue) >= mostFrames || s.bytes+len(frame) > mostBytes && len(s.queue) > 0 {
		s.closed, s.queue, s.bytes = ReasonTooSlow, nil, 0
	} else {
		s.queue = append(s.queue, frame)
		s.bytes += len(frame)
	}
	s.signal()
}

func (s *Subscriber) close(why Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed == "" {
		s.closed = why
		s.signal()
	}
}

func (s *Subscriber) signal() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// move keeps a position until the next tick; the last one wins.
func (s *Subscriber) move(id int64, p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places == nil {
		s.places = map[int64]place{}
	}
	s.places[id] = p
}

// flush queues the positions of a tick as one frame. Where the last one was not
// taken yet they wait on and merge: a slow client gets fewer, not older ones.
func (s *Subscriber) flush() {
	s.mu.Lock()
	places := s.places
	if len(places) == 0 || len(s.queue) > 64 {
		s.mu.Unlock()
		return
	}
	s.places = nil
	s.mu.Unlock()
	s.push(encodePositions(places))
}

// viewOf decides how this subscriber sees a change. Calls for one subscriber come
// in order of the log, under the hub's lock, since what a responder takes part in
// follows from it.
func (s *Subscriber) viewOf(c dispatch.Change, tree *dispatch.AreaTree) dispatch.ChangeView {
	task := s.follow(c)
	return s.sight.On(tree).Change(c, task, s.homeArea)
}

// follow says whether the subscriber's own responder or unit takes part in a
// change's incident, and keeps in mind what the change changes about it: they do
// from an offer or an order on until they decline, return it, leave, or it is over.
func (s *Subscriber) follow(c dispatch.Change) bool {
	e := c.Event
	if e.IncidentID == nil || s.actor.UnitID == 0 && (s.actor.ResponderID == 0 || !s.actor.May(dispatch.ActionRespond)) {
		return false
	}
	was := s.part[*e.IncidentID]
	if o := c.UnitOrder; o != nil && s.actor.OfUnit(o.UnitID) {
		if o.State.TakesPart() {
			s.part[*e.IncidentID] = true
		} else {
			delete(s.part, *e.IncidentID)
		}
	}
	if e.ResponderID != nil && *e.ResponderID == s.actor.ResponderID {
		switch {
		case c.Offer != nil && c.Offer.State.Open(), c.Assignment != nil && c.Assignment.State.Active():
			s.part[*e.IncidentID] = true
		case c.Assignment != nil && c.Assignment.State == dispatch.AssignmentReleased,
			c.Offer != nil && c.Offer.State != dispatch.OfferAccepted:
			delete(s.part, *e.IncidentID)
		}
	}
	if was && c.Incident != nil && c.Incident.State.Terminal() {
		delete(s.part, *e.IncidentID)
	}
	return was
}
