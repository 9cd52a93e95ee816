package live

import (
	"cmp"
	"fmt"
	"slices"

	"yiping/server/dispatch"
)

// audience is those who see alike, so that what one of them is shown all are:
// desks and walls of the same grants. A responder or a unit's account, whose sight
// follows what they take part in, is an audience of its own.
type audience struct {
	key     string // "" where it is somebody's own
	sight   dispatch.Sight
	members []*Subscriber
}

// audienceKey says by what two that have no responder and no unit see alike.
func audienceKey(a dispatch.Actor) string {
	grants := slices.SortedFunc(slices.Values(a.Grants), func(x, y dispatch.Grant) int {
		return cmp.Or(cmp.Compare(x.AreaID, y.AreaID), cmp.Compare(x.Role, y.Role))
	})
	only := "all"
	if a.Only != nil {
		only = fmt.Sprint(slices.Sorted(slices.Values(a.Only)))
	}
	return fmt.Sprint(a.System, grants, only)
}

// personal says whether what s sees follows what it takes part in.
func (s *Subscriber) personal() bool { return s.actor.ResponderID != 0 || s.actor.UnitID != 0 }

// seat puts a subscriber into its audience; under the lock, as all below.
func (h *Hub) seat(s *Subscriber) {
	key := ""
	if !s.personal() {
		key = audienceKey(s.actor)
	}
	a := h.audiences[key]
	if a == nil || key == "" {
		a = &audience{key: key, sight: s.actor.Sight(h.cfg.Tree())}
		h.index(a, s)
	}
	if key != "" {
		h.audiences[key] = a
	}
	s.audience, s.slot = a, len(a.members)
	a.members = append(a.members, s)
}

// index notes by what changes concern an audience; s is its first member.
func (h *Hub) index(a *audience, s *Subscriber) {
	for _, root := range a.sight.Roots() {
		add(h.byRoot, root, a)
	}
	if s.actor.ResponderID != 0 {
		add(h.byResponder, s.actor.ResponderID, a)
	}
	if s.actor.UnitID != 0 {
		add(h.byUnit, s.actor.UnitID, a)
	}
	if s.homeArea != 0 {
		add(h.byHome, s.homeArea, a)
	}
	if a.key == "" {
		h.arriving[a] = struct{}{}
	}
}

// unseat takes a subscriber out, and with the last one the audience.
func (h *Hub) unseat(s *Subscriber) {
	a := s.audience
	last := a.members[len(a.members)-1]
	a.members[s.slot], last.slot = last, s.slot
	a.members[len(a.members)-1] = nil
	if a.members = a.members[:len(a.members)-1]; len(a.members) > 0 {
		return
	}
	delete(h.audiences, a.key)
	delete(h.arriving, a)
	for _, root := range a.sight.Roots() {
		remove(h.byRoot, root, a)
	}
	remove(h.byResponder, s.actor.ResponderID, a)
	remove(h.byUnit, s.actor.UnitID, a)
	remove(h.byHome, s.homeArea, a)
	for id := range s.part {
		remove(h.byPart, id, a)
	}
}

// takesPart notes that a subscriber takes part in an incident, or no longer does.
func (h *Hub) takesPart(s *Subscriber, incidentID int64, does bool) {
	if does {
		if s.part == nil {
			s.part = map[int64]bool{}
		}
		s.part[incidentID] = true
		add(h.byPart, incidentID, s.audience)
		return
	}
	delete(s.part, incidentID)
	remove(h.byPart, incidentID, s.audience)
}

func add[V comparable](m map[int64]map[V]struct{}, key int64, v V) {
	if m[key] == nil {
		m[key] = map[V]struct{}{}
	}
	m[key][v] = struct{}{}
}

func remove[V comparable](m map[int64]map[V]struct{}, key int64, v V) {
	if delete(m[key], v); len(m[key]) == 0 {
		delete(m, key)
	}
}
