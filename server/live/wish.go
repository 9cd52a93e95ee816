package live

import (
	"slices"

	"yiping/server/dispatch"
)

// The layers.
const (
	LayerIncidents  = "incidents"  // with all that belongs to them
	LayerResponders = "responders" // people without a task, and where people are
)

// Wish is what part of what it may see a subscriber wants: layers, of an area and
// below, and of incidents those that fit. What names nothing is no limit; the zero
// value wants everything.
type Wish struct {
	Layers                       []string
	AreaID                       int64
	States, Priorities, Families []string
}

func (w Wish) layer(name string) bool { return len(w.Layers) == 0 || slices.Contains(w.Layers, name) }

func (w Wish) within(tree *dispatch.AreaTree, areaID int64) bool {
	return w.AreaID == 0 || tree.Within(areaID, w.AreaID)
}

// incident says whether an incident, as it is seen, is wanted.
func (w Wish) incident(tree *dispatch.AreaTree, i dispatch.Incident) bool {
	among := func(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
	return w.layer(LayerIncidents) && w.within(tree, i.AreaID) &&
		among(w.States, string(i.State)) && among(w.Priorities, string(i.Priority)) && among(w.Families, i.Family)
}

// anything says that there is no limit to it but perhaps people's places.
func (w Wish) anything() bool {
	return w.layer(LayerIncidents) && w.AreaID == 0 && len(w.States)+len(w.Priorities)+len(w.Families) == 0
}

// wants says whether a change that is seen so is wanted: of an incident that fits,
// or did when it was last told of, so that its reader learns that it no longer does.
// After a resumption what was told of is not known, and each incident is told of
// once more. What is about the subscriber's own responder is always wanted. Called
// in order of the log, under the hub's lock.
func (s *Subscriber) wants(c dispatch.Change, v dispatch.ChangeView, tree *dispatch.AreaTree) bool {
	if s.wish.anything() {
		return true
	}
	own := c.Event.ResponderID != nil && s.actor.ResponderID != 0 && *c.Event.ResponderID == s.actor.ResponderID
	if c.Event.IncidentID == nil {
		return own || s.wish.within(tree, c.Event.AreaID)
	}
	id := *c.Event.IncidentID
	told, known := s.told[id]
	if !known {
		told = s.resumed && s.wish.layer(LayerIncidents)
	}
	fits := told
	if shown, ok := v.Show(c); ok && shown.Incident != nil {
		fits = s.wish.incident(tree, *shown.Incident)
		if s.told == nil {
			s.told = map[int64]bool{}
		}
		if s.told[id] = fits; shown.Incident.State.Terminal() {
			delete(s.told, id)
		}
	}
	return fits || told || own
}

// narrow leaves of a snapshot what is wanted.
func (s *Subscriber) narrow(tree *dispatch.AreaTree, snap dispatch.Snapshot) dispatch.Snapshot {
	if s.wish.anything() {
		return snap
	}
	s.told = map[int64]bool{}
	snap.Incidents = slices.DeleteFunc(snap.Incidents, func(i dispatch.Incident) bool { return !s.wish.incident(tree, i) })
	for _, i := range snap.Incidents {
		s.told[i.ID] = true
	}
	own := func(responderID int64) bool { return responderID == s.actor.ResponderID && responderID != 0 }
	snap.Offers = slices.DeleteFunc(snap.Offers, func(o dispatch.Offer) bool { return !s.told[o.IncidentID] && !own(o.ResponderID) })
	snap.Assignments = slices.DeleteFunc(snap.Assignments, func(a dispatch.Assignment) bool { return !s.told[a.IncidentID] && !own(a.ResponderID) })
	snap.Responders = slices.DeleteFunc(snap.Responders, func(r dispatch.Responder) bool {
		return (r.Task == nil || !s.told[r.Task.IncidentID]) && !own(r.ID)
	})
	return snap
}
