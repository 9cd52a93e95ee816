package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

// Source is where snapshots and missed events are read.
type Source interface {
	Head(ctx context.Context) (epoch string, offset int64, err error)
	Snapshot(ctx context.Context, reach dispatch.Reach) (dispatch.Snapshot, error)
	Changes(ctx context.Context, after int64, limit int) ([]dispatch.Change, error)
}

// Config is what a hub is made of.
type Config struct {
	Source Source
	Tree   func() *dispatch.AreaTree
	// Look gives the people without a task in a view, or where they are more than most, how many
	// stand where; see dispatch.Service.
	Look func(view orb.Bound, most int, accept func(areaID int64) bool) ([]dispatch.Responder, []dispatch.Crowd, int)
	Now  func() time.Time
	Log  zerolog.Logger
}

// Since is where a subscriber wants to continue; the zero value asks for a snapshot.
type Since struct {
	Epoch  string `json:"epoch"`
	Offset int64  `json:"offset"`
}

// Hub hands changes and positions to those who may see them. Nothing in it
// waits for a subscriber.
type Hub struct {
	cfg Config

	mu          sync.Mutex
	offset      int64
	subscribers map[*Subscriber]struct{}
	byRoot      map[int64]map[*Subscriber]struct{} // area of a grant
	byResponder map[int64]map[*Subscriber]struct{} // responders' own
	byUnit      map[int64]map[*Subscriber]struct{} // units' own people
	byHome      map[int64]map[*Subscriber]struct{} // responders' registered area
	workArea    map[int64]int64                    // responder on a task -> area of its incident
	movedAt     time.Time
	changedAt   time.Time
	stopped     bool
}

const (
	tick       = 200 * time.Millisecond
	heartbeat  = 2 * time.Second
	resumeMost = 5000 // events that are caught up on; beyond it a snapshot is less
	resumePage = 500
)

// New makes a hub that has seen the log up to offset.
func New(cfg Config, offset int64) *Hub {
	return &Hub{cfg: cfg, offset: offset, subscribers: map[*Subscriber]struct{}{}, byRoot: map[int64]map[*Subscriber]struct{}{},
		byResponder: map[int64]map[*Subscriber]struct{}{}, byUnit: map[int64]map[*Subscriber]struct{}{}, byHome: map[int64]map[*Subscriber]struct{}{}, workArea: map[int64]int64{},
		movedAt: cfg.Now(), changedAt: cfg.Now()}
}

// Run ticks positions and heartbeats until ctx ends, then closes everybody.
func (h *Hub) Run(ctx context.Context) {
	ticks, beats := time.NewTicker(tick), time.NewTicker(heartbeat)
	defer ticks.Stop()
	defer beats.Stop()
	for {
		select {
		case <-ctx.Done():
			h.stop()
			return
		case <-ticks.C:
			for _, s := range h.all() {
				s.flush()
			}
		case <-beats.C:
			h.beat()
		}
	}
}

func (h *Hub) stop() {
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	for _, s := range h.all() {
		s.close(ReasonStopping)
	}
}

func (h *Hub) all() []*Subscriber {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Subscriber, 0, len(h.subscribers))
	for s := range h.subscribers {
		list = append(list, s)
	}
	return list
}

// beat sends the server's time and each layer's age to everybody who is live.
func (h *Hub) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.cfg.Now()
	frame := encode(heartbeatFrame{Type: "heartbeat", Offset: h.offset, ServerTime: now, Layers: map[string]int64{
		"incidents": now.Sub(h.changedAt).Milliseconds(), "responders": now.Sub(h.movedAt).Milliseconds()}})
	for s := range h.subscribers {
		if !s.joining {
			s.push(frame)
		}
	}
}

// Len says how many are subscribed.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subscribers)
}

// Subscribe adds a subscriber and hands it over without a gap; see the
// package's comment. Leave must be called.
func (h *Hub) Subscribe(ctx context.Context, actor dispatch.Actor, homeArea int64, since Since, wish Wish) (*Subscriber, error) {
	s := &Subscriber{hub: h, actor: actor, sight: actor.Sight(h.cfg.Tree()),
		joining: true, view: everywhere, part: map[int64]bool{}, wish: wish, told: map[int64]bool{}, ready: make(chan struct{}, 1)}
	s.positions = actor.May(dispatch.See(dispatch.FieldResponderPoint)) && wish.layer(LayerResponders)
	if actor.ResponderID != 0 {
		s.homeArea = homeArea
	}
	if err := h.register(s); err != nil {
		return nil, err
	}
	first, missed, err := h.catchUp(ctx, s, since)
	if err != nil {
		h.Leave(s)
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.push(first)
	tree := h.cfg.Tree()
	for _, c := range append(missed, s.kept...) {
		h.give(s, c, tree, nil)
	}
	s.kept, s.joining = nil, false
	return s, nil
}

func (h *Hub) register(s *Subscriber) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return dispatch.Refuse(dispatch.CodeUnavailable, "")
	}
	h.subscribers[s] = struct{}{}
	for _, root := range s.sight.Roots() {
		add(h.byRoot, root, s)
	}
	if s.actor.ResponderID != 0 {
		add(h.byResponder, s.actor.ResponderID, s)
	}
	if s.actor.UnitID != 0 {
		add(h.byUnit, s.actor.UnitID, s)
	}
	if s.homeArea != 0 {
		add(h.byHome, s.homeArea, s)
	}
	return nil
}

// Leave takes a subscriber out.
func (h *Hub) Leave(s *Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subscribers, s)
	for _, root := range s.sight.Roots() {
		remove(h.byRoot, root, s)
	}
	remove(h.byResponder, s.actor.ResponderID, s)
	remove(h.byUnit, s.actor.UnitID, s)
	remove(h.byHome, s.homeArea, s)
}

func add(m map[int64]map[*Subscriber]struct{}, key int64, s *Subscriber) {
	if m[key] == nil {
		m[key] = map[*Subscriber]struct{}{}
	}
	m[key][s] = struct{}{}
}

func remove(m map[int64]map[*Subscriber]struct{}, key int64, s *Subscriber) {
	if delete(m[key], s); len(m[key]) == 0 {
		delete(m, key)
	}
}

// catchUp gives a subscriber's first frame and what it missed after it, and
// sets the offset that is contained.
func (h *Hub) catchUp(ctx context.Context, s *Subscriber, since Since) (first []byte, missed []dispatch.Change, err error) {
	epoch, head, err := h.cfg.Source.Head(ctx)
	if err != nil {
		return nil, nil, err
	}
	reason := "first"
	switch {
	case since.Epoch == "":
	case since.Epoch != epoch:
		reason = "epoch"
	case since.Offset > head || head-since.Offset > resumeMost:
		reason = "gap"
	default:
		missed, err := h.missed(ctx, since.Offset, head)
		if err != nil {
			return nil, nil, err
		}
		if err := h.takePart(ctx, s); err != nil {
			return nil, nil, err
		}
		h.setFloor(s, since.Offset)
		s.resumed = true
		return encode(resumedFrame{Type: "resumed", Epoch: epoch, Offset: since.Offset, ServerTime: h.cfg.Now()}), missed, nil
	}
	snap, err := h.snapshot(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	snap = s.narrow(h.cfg.Tree(), snap)
	h.setFloor(s, snap.Offset)
	return encode(snapshotFrame{Type: "snapshot", Epoch: snap.Epoch, Offset: snap.Offset, ServerTime: h.cfg.Now(), Reason: reason,
		Incidents: snap.Incidents, Offers: snap.Offers, Assignments: snap.Assignments, Responders: snap.Responders}), nil, nil
}

func (h *Hub) setFloor(s *Subscriber, offset int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.floor = offset
}

// missed reads the events after an offset up to the head.
func (h *Hub) missed(ctx context.Context, after, head int64) ([]dispatch.Change, error) {
	var all []dispatch.Change
	for after < head {
		page, err := h.cfg.Source.Changes(ctx, after, resumePage)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		all = append(all, page...)
		after = page[len(page)-1].Event.Offset
	}
	return all, nil
}

// takePart notes the incidents a returning responder or unit takes part in.
func (h *Hub) takePart(ctx context.Context, s *Subscriber) error {
	if s.actor.ResponderID == 0 && s.actor.UnitID == 0 {
		return nil
	}
	snap, err := h.cfg.Source.Snapshot(ctx, dispatch.Reach{AreaIDs: []int64{}, ResponderID: s.actor.ResponderID, UnitID: s.actor.UnitID})
	if err != nil {
		return err
	}
	h.notePart(s, snap)
	return nil
}

func (h *Hub) notePart(s *Subscriber, snap dispatch.Snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range snap.Offers {
		if o.ResponderID == s.actor.ResponderID {
			s.part[o.IncidentID] = true
		}
	}
	for _, a := range snap.Assignments {
		if a.ResponderID == s.actor.ResponderID {
			s.part[a.IncidentID] = true
		}
	}
	for _, o := range snap.UnitOrders {
		s.part[o.IncidentID] = true
	}
}

// snapshot reads what is open of what a subscriber may see, as they see it.
func (h *Hub) snapshot(ctx context.Context, s *Subscriber) (dispatch.Snapshot, error) {
	tree, see := h.cfg.Tree(), dispatch.See(dispatch.FieldIncident)
	roots := s.actor.Roots(see)
	if s.homeArea != 0 {
		roots = append(roots, s.homeArea)
	}
	snap, err := h.cfg.Source.Snapshot(ctx, dispatch.Reach{AreaIDs: tree.Reach(roots),
		PartyAreaIDs: tree.Below(s.actor.PartyRoots(see)...), ResponderID: s.actor.ResponderID, UnitID: s.actor.UnitID})
	if err != nil {
		return snap, err
	}
	h.notePart(s, snap)
	return s.sight.On(tree).Snapshot(snap, s.part, s.homeArea), nil
}

// Publish hands on changes in the order of the log.
func (h *Hub) Publish(changes []dispatch.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	tree := h.cfg.Tree()
	for _, c := range changes {
		h.offset, h.changedAt = c.Event.Offset, h.cfg.Now()
		h.noteWork(c)
		frames := map[dispatch.ChangeView][]byte{}
		for s := range h.receivers(c, tree) {
			if s.joining {
				s.kept = append(s.kept, c)
				continue
			}
			h.give(s, c, tree, frames)
		}
	}
}

// give sends a change to a subscriber that may see it and does not have it.
// frames holds what was encoded of the change for those who see it alike.
func (h *Hub) give(s *Subscriber, c dispatch.Change, tree *dispatch.AreaTree, frames map[dispatch.ChangeView][]byte) {
	if c.Event.Offset <= s.floor {
		return
	}
	s.floor = c.Event.Offset
	v := s.viewOf(c, tree)
	if !s.wants(c, v, tree) {
		return
	}
	frame, done := frames[v]
	if !done {
		frame = encodeChange(c, v)
		if frames != nil {
			frames[v] = frame
		}
	}
	if frame != nil {
		s.push(frame)
	}
}

// receivers gives everybody who might see a change: by the areas it lies in, by
// those that take part, by the responder it is about and the area they are
// registered in, by whom it calls up, by home, by the unit it is about, and all
// responders and units that take part.
func (h *Hub) receivers(c dispatch.Change, tree *dispatch.AreaTree) map[*Subscriber]struct{} {
	found := map[*Subscriber]struct{}{}
	h.collect(found, tree, c.Event.AreaID)
	for s := range h.byHome[c.Event.AreaID] {
		found[s] = struct{}{}
	}
	if c.Incident != nil {
		for _, p := range c.Incident.Parties {
			h.collect(found, tree, p.AreaID)
		}
	}
	if c.Responder != nil && c.Responder.AreaID != c.Event.AreaID {
		h.collect(found, tree, c.Responder.AreaID)
	}
	if c.Event.ResponderID != nil {
		for s := range h.byResponder[*c.Event.ResponderID] {
			found[s] = struct{}{}
		}
	}
	if c.UnitOrder != nil {
		for s := range h.byUnit[c.UnitOrder.UnitID] {
			found[s] = struct{}{}
		}
	}
	for _, id := range c.Called {
		for s := range h.byResponder[id] {
			found[s] = struct{}{}
		}
	}
	if c.Event.IncidentID != nil {
		for _, own := range []map[int64]map[*Subscriber]struct{}{h.byResponder, h.byUnit} {
			for _, subscribers := range own {
				for s := range subscribers {
					if s.joining || s.part[*c.Event.IncidentID] {
						found[s] = struct{}{}
					}
				}
			}
		}
	}
	return found
}

// collect adds the subscribers of an area and of all above it.
func (h *Hub) collect(found map[*Subscriber]struct{}, tree *dispatch.AreaTree, areaID int64) {
	for range 8 {
		for s := range h.byRoot[areaID] {
			found[s] = struct{}{}
		}
		area, ok := tree.Area(areaID)
		if !ok || area.ParentID == nil {
			return
		}
		areaID = *area.ParentID
	}
}

// noteWork remembers where responders on a task work: dispatchers there see
// their positions too.
func (h *Hub) noteWork(c dispatch.Change) {
	if c.Assignment == nil {
		return
	}
	if c.Assignment.State.Active() {
		h.workArea[c.Assignment.ResponderID] = c.Assignment.AreaID
	} else {
		delete(h.workArea, c.Assignment.ResponderID)
	}
}

// Working notes who is on which incident at the start, before changes tell.
func (h *Hub) Working(assignments []dispatch.Assignment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range assignments {
		h.workArea[a.ResponderID] = a.AreaID
	}
}

// everywhere is the view of a subscriber that has named none.
var everywhere = orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}

// peopleMost is how many without a task are shown one by one.
const peopleMost = 800

// Look sends the people without a task who stand in a view, and from then on
// only their positions; nil is everywhere. Those on a task are in the snapshot.
func (h *Hub) Look(s *Subscriber, view *orb.Bound) {
	if !s.positions {
		return
	}
	if view == nil {
		view = &everywhere
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	tree := h.cfg.Tree()
	sight := s.sight.On(tree)
	people, crowd, total := h.cfg.Look(*view, peopleMost, func(areaID int64) bool {
		return s.wish.within(tree, areaID) && sight.In(areaID).Sees(dispatch.FieldResponder)
	})
	for k, r := range people {
		people[k], _ = sight.Person(r)
	}
	s.view, s.crowded = *view, crowd != nil
	s.push(encode(peopleFrame{Type: "people", Offset: h.offset, Total: total, Responders: people, Crowd: spots(crowd)}))
}

// Move hands on positions that were committed; the last one of a tick wins.
func (h *Hub) Move(positions []dispatch.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.movedAt = h.cfg.Now()
	tree := h.cfg.Tree()
	for _, p := range positions {
		found := map[*Subscriber]struct{}{}
		h.collect(found, tree, p.AreaID)
		work, working := h.workArea[p.ResponderID]
		if working {
			h.collect(found, tree, work)
		}
		for s := range found {
			if !s.positions || s.joining || !working && (s.crowded || !s.view.Contains(orb.Point{p.Lon, p.Lat})) {
				continue
			}
			if seen, ok := s.sight.On(tree).Place(p.AreaID, work).Position(p); ok {
				s.move(p.ResponderID, placeOf(seen))
			}
		}
	}
}
