package live

import (
	"maps"

	"yiping/server/dispatch"
	"yiping/server/frame"
)

// Publish hands on changes in the order of the log.
func (h *Hub) Publish(changes []dispatch.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	tree := h.cfg.Tree()
	for _, c := range changes {
		h.offset, h.changedAt = c.Event.Offset, h.cfg.Now()
		h.noteWork(c)
		frames := map[dispatch.ChangeView]*frame.Message{}
		for a := range h.receivers(c, tree) {
			h.tell(a, c, tree, frames)
		}
	}
}

// tell sends a change to an audience: how it is seen is asked once for all of it.
// frames holds what was encoded of the change for those who see it alike.
func (h *Hub) tell(a *audience, c dispatch.Change, tree *dispatch.AreaTree, frames map[dispatch.ChangeView]*frame.Message) {
	var v dispatch.ChangeView
	asked := false
	for _, s := range a.members {
		if s.joining {
			s.kept = append(s.kept, c)
			continue
		}
		if !asked {
			v, asked = h.viewOf(s, c, tree), true
		}
		m, done := frames[v]
		if !done {
			m = shown(c, v)
			frames[v] = m
		}
		if h.due(s, c, v, tree) && m != nil {
			s.push(m)
		}
	}
}

// due says whether a subscriber does not have a change yet and wants it.
func (h *Hub) due(s *Subscriber, c dispatch.Change, v dispatch.ChangeView, tree *dispatch.AreaTree) bool {
	if c.Event.Offset <= s.floor {
		return false
	}
	s.floor = c.Event.Offset
	return s.wants(c, v, tree)
}

// shown gives the message of a change as it is seen, nil where it is not.
func shown(c dispatch.Change, v dispatch.ChangeView) *frame.Message {
	if words := encodeChange(c, v); words != nil {
		return message(words)
	}
	return nil
}

// receivers gives every audience that might see a change: by the areas it lies in, by
// those that take part, by the responder it is about and the area they are
// registered in, by whom it calls up, by home, by the unit it is about, and the
// responders and units that take part.
func (h *Hub) receivers(c dispatch.Change, tree *dispatch.AreaTree) map[*audience]struct{} {
	found := map[*audience]struct{}{}
	h.collect(found, tree, c.Event.AreaID)
	maps.Copy(found, h.byHome[c.Event.AreaID])
	if c.Incident != nil {
		for _, p := range c.Incident.Parties {
			h.collect(found, tree, p.AreaID)
		}
	}
	if c.Responder != nil && c.Responder.AreaID != c.Event.AreaID {
		h.collect(found, tree, c.Responder.AreaID)
	}
	if c.Event.ResponderID != nil {
		maps.Copy(found, h.byResponder[*c.Event.ResponderID])
	}
	if c.UnitOrder != nil {
		maps.Copy(found, h.byUnit[c.UnitOrder.UnitID])
	}
	for _, id := range c.Called {
		maps.Copy(found, h.byResponder[id])
	}
	if c.Event.IncidentID != nil {
		maps.Copy(found, h.byPart[*c.Event.IncidentID])
		maps.Copy(found, h.arriving)
	}
	return found
}

// collect adds the audiences of an area and of all above it.
func (h *Hub) collect(found map[*audience]struct{}, tree *dispatch.AreaTree, areaID int64) {
	for range 8 {
		maps.Copy(found, h.byRoot[areaID])
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
