package live

import (
	"context"
	"fmt"
	"slices"

	"yiping/geo"
	"yiping/server/dispatch"
)

// Subscribe adds a subscriber and hands it over without a gap; see the
// package's comment. wake is called when there is something to take and must not
// wait. Leave must be called.
func (h *Hub) Subscribe(ctx context.Context, actor dispatch.Actor, homeArea int64, since Since, wish Wish, wake func()) (*Subscriber, error) {
	s := &Subscriber{actor: actor, wake: wake,
		joining: true, wish: wish}
	s.positions = actor.May(dispatch.See(dispatch.FieldResponderPoint)) && wish.layer(LayerResponders)
	if actor.ResponderID != 0 {
		s.homeArea = homeArea
	}
	if err := h.register(s); err != nil {
		return nil, err
	}
	first, behind, err := h.catchUp(ctx, s, since)
	if err != nil {
		h.Leave(s)
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.push(message(h.after(s, [][]byte{first}, behind, since.Offset)...))
	s.kept, s.joining = nil, false
	delete(h.arriving, s.audience)
	if s.positions {
		h.follow(s, geo.CoverView(everywhere), false)
	}
	return s, nil
}

// after appends the frames of changes that a subscriber is owed before it is live:
// what it missed since an offset, nil for nothing, and what was kept.
func (h *Hub) after(s *Subscriber, frames [][]byte, behind *missed, since int64) [][]byte {
	tree := h.cfg.Tree()
	add := func(changes []dispatch.Change, encode func(dispatch.Change, dispatch.ChangeView) []byte) {
		for _, c := range changes {
			v := h.viewOf(s, c, tree)
			if !h.due(s, c, v, tree) {
				continue
			}
			if words := encode(c, v); words != nil {
				frames = append(frames, words)
			}
		}
	}
	if behind != nil {
		add(behind.from(since), behind.encode)
	}
	add(s.kept, encodeChange)
	return frames
}

func (h *Hub) register(s *Subscriber) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return dispatch.Refuse(dispatch.CodeUnavailable, "")
	}
	h.subscribers[s] = struct{}{}
	h.seat(s)
	return nil
}

// Leave takes a subscriber out; once more is nothing.
func (h *Hub) Leave(s *Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.audience == nil {
		return
	}
	delete(h.subscribers, s)
	h.unfollow(s)
	h.unseat(s)
	s.audience = nil
}

// catchUp gives a subscriber's first frame and what it missed after it, and
// sets the offset that is contained.
func (h *Hub) catchUp(ctx context.Context, s *Subscriber, since Since) (first []byte, behind *missed, err error) {
	head, err := h.source.head(ctx)
	if err != nil {
		return nil, nil, err
	}
	reason := "first"
	switch {
	case since.Epoch == "":
	case since.Epoch != head.epoch:
		reason = "epoch"
	case since.Offset > head.offset || head.offset-since.Offset > resumeMost:
		reason = "gap"
	default:
		if since.Offset < head.offset {
			behind, err = h.source.missed(ctx, since.Offset)
		}
		if err != nil {
			return nil, nil, err
		}
		if err := h.takePart(ctx, s); err != nil {
			return nil, nil, err
		}
		h.setFloor(s, since.Offset)
		s.resumed = true
		return encode(resumedFrame{Type: "resumed", Epoch: head.epoch, Offset: since.Offset, ServerTime: h.cfg.Now()}), behind, nil
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

// takePart notes the incidents a returning responder or unit takes part in.
func (h *Hub) takePart(ctx context.Context, s *Subscriber) error {
	if s.actor.ResponderID == 0 && s.actor.UnitID == 0 {
		return nil
	}
	parts, err := h.source.parts(ctx)
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range append(slices.Clone(parts.Responders[s.actor.ResponderID]), parts.Units[s.actor.UnitID]...) {
		h.takesPart(s, id, true)
	}
	return nil
}

func (h *Hub) notePart(s *Subscriber, snap dispatch.Snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range snap.Offers {
		if o.ResponderID == s.actor.ResponderID {
			h.takesPart(s, o.IncidentID, true)
		}
	}
	for _, a := range snap.Assignments {
		if a.ResponderID == s.actor.ResponderID {
			h.takesPart(s, a.IncidentID, true)
		}
	}
	for _, o := range snap.UnitOrders {
		h.takesPart(s, o.IncidentID, true)
	}
}

// snapshot reads what is open of what a subscriber may see, as they see it.
func (h *Hub) snapshot(ctx context.Context, s *Subscriber) (dispatch.Snapshot, error) {
	tree, see := h.cfg.Tree(), dispatch.See(dispatch.FieldIncident)
	roots := s.actor.Roots(see)
	if s.homeArea != 0 {
		roots = append(roots, s.homeArea)
	}
	snap, err := h.source.snapshot(ctx, dispatch.Reach{AreaIDs: tree.Reach(roots),
		PartyAreaIDs: tree.Below(s.actor.PartyRoots(see)...), ResponderID: s.actor.ResponderID, UnitID: s.actor.UnitID})
	if err != nil {
		return snap, err
	}
	h.notePart(s, snap)
	return s.audience.sight.On(tree).Snapshot(snap, s.part, s.homeArea), nil
}
