package dispatch

import "slices"

// Sight is how an actor sees: the one choke point of answers, exports, tiles,
// files and the live feed. It gives a View of a thing by where the thing lies and
// who takes part in it; the View then shows the thing (access_show.go).
type Sight struct {
	tree      *AreaTree
	grants    []grantSight
	always    View // wherever a thing is
	task      View
	home      View
	self      View
	responder int64 // one's own, 0 for none
	unit      int64 // whose people one belongs to, 0 for none
}

// grantSight is what one grant shows within its area and by the area's taking part.
type grantSight struct {
	root        int64
	area, party View
}

// Sight gives how the actor sees over a tree.
func (a Actor) Sight(tree *AreaTree) Sight {
	s := Sight{tree: tree}
	if a.System {
		s.always = everything
		return s
	}
	for _, g := range a.Grants {
		of := func(part Part) View { return a.scopedView(rights.views[g.Role][part], part) }
		if a.UnitID == 0 {
			s.grants = append(s.grants, grantSight{root: g.AreaID, area: of(PartArea), party: of(PartParty)})
		}
		s.always = s.always.plus(of(PartAny))
		if a.ResponderID != 0 || a.UnitID != 0 {
			s.responder, s.unit = a.ResponderID, a.UnitID
			s.task, s.home, s.self = s.task.plus(of(PartTask)), s.home.plus(of(PartHome)), s.self.plus(of(PartSelf))
		}
	}
	return s
}

// Roots gives the areas of the grants by which anything is seen there, or by the
// area's taking part.
func (s Sight) Roots() []int64 {
	var roots []int64
	for _, g := range s.grants {
		if g.area != (View{}) || g.party != (View{}) {
			roots = append(roots, g.root)
		}
	}
	return roots
}

// On gives the same sight over a tree that has changed.
func (s Sight) On(tree *AreaTree) Sight {
	s.tree = tree
	return s
}

// scopedView narrows what a role sees to the actor's scopes.
func (a Actor) scopedView(v View, part Part) View {
	if a.Only == nil || slices.Contains(a.Only, ActionSee) {
		return v
	}
	var out View
	for _, action := range a.Only {
		if action == ActionSeeMasked {
			out = out.plus(v.within(rights.views[RoleWall][part]))
		} else if f, ok := rights.seen[action]; ok {
			out = out.plus(v.only(rights.bits[f]))
		}
	}
	return out
}

// In gives how a thing is seen that lies in an area and that nobody takes part in.
func (s Sight) In(areaID int64) View {
	v := s.always
	for _, g := range s.grants {
		if s.tree.Within(areaID, g.root) {
			v = v.plus(g.area)
		}
	}
	return v
}

// joined gives what an area's taking part adds.
func (s Sight) joined(areaID int64) (v View) {
	for _, g := range s.grants {
		if s.tree.Within(areaID, g.root) {
			v = v.plus(g.party)
		}
	}
	return v
}

// Incident gives how an incident is seen, and what belongs to it. asked says
// that the actor's own responder was asked to go, or goes, or their unit has an
// order for it.
func (s Sight) Incident(i Incident, asked bool) View {
	v := s.In(i.AreaID)
	for _, p := range i.Parties {
		if p.Until == nil {
			v = v.plus(s.joined(p.AreaID))
		}
	}
	if asked {
		v = v.plus(s.task)
	}
	return v
}

// Nearby gives how an incident is seen in the community of one's own.
func (s Sight) Nearby() View { return s.home }

// Offer shows an offer to whose it is, and to those of its incident's area.
func (s Sight) Offer(o Offer) (Offer, bool) { return s.own(s.In(o.AreaID), o.ResponderID).Offer(o) }

// Assignment shows an assignment to whose it is, and to those of its incident's area.
func (s Sight) Assignment(a Assignment) (Assignment, bool) {
	return s.own(s.In(a.AreaID), a.ResponderID).Assignment(a)
}

// Alarm shows an alarm to whose it is, and to those of its incident's area.
func (s Sight) Alarm(a Alarm) (Alarm, bool) {
	return s.own(s.In(a.AreaID), a.ResponderID).Alarm(a)
}

// UnitOrder shows an order to whose unit's it is, and to those of its incident's area.
func (s Sight) UnitOrder(o UnitOrder) (UnitOrder, bool) {
	return s.ownOrder(s.In(o.AreaID), o).UnitOrder(o)
}

// ownOrder adds what is seen of an order to one's own unit, and leaves nothing of
// another unit's to a unit's people.
func (s Sight) ownOrder(v View, o UnitOrder) View {
	switch {
	case s.unit == 0:
		return v
	case s.unit == o.UnitID:
		return v.plus(s.self)
	}
	return View{}
}

// own adds what is seen of a thing of one's own.
func (s Sight) own(v View, responderID int64) View {
	if responderID != 0 && responderID == s.responder {
		return v.plus(s.self)
	}
	return v
}

// Responder gives how a person is seen: by where they are registered and where
// they work.
func (s Sight) Responder(r Responder) View {
	v := s.own(s.In(r.AreaID), r.ID)
	if r.Task != nil && r.Task.AreaID != 0 {
		v = v.plus(s.joined(r.Task.AreaID))
	}
	return v
}

// ChangeView is how a change is seen: what it is of, and the person it names.
// Two that are equal show the same, so that one frame serves all of them.
type ChangeView struct{ thing, person View }

// Change gives how a change is seen. task says that the actor's own responder or
// unit takes part in its incident, home is the community they are registered in.
func (s Sight) Change(c Change, task bool, home int64) ChangeView {
	e := c.Event
	v := ChangeView{thing: s.In(e.AreaID)}
	if c.Incident != nil {
		v.thing = v.thing.plus(s.party(c))
	}
	own := e.ResponderID != nil && *e.ResponderID == s.responder || c.UnitOrder != nil && s.unit != 0 && s.unit == c.UnitOrder.UnitID
	if _, called := slices.BinarySearch(c.Called, s.responder); called && s.responder != 0 {
		own = true
	}
	switch {
	case own:
		v.thing = v.thing.plus(s.task).plus(s.self)
	case task && (e.Noun == NounIncident || e.Noun == NounTimeline || e.Noun == NounPhoto):
		v.thing = v.thing.plus(s.task)
	}
	if home != 0 && home == e.AreaID && e.Noun == NounIncident {
		v.thing = v.thing.plus(s.home)
	}
	if c.Responder != nil {
		v.person = s.In(c.Responder.AreaID)
		if e.IncidentID != nil {
			v.person = v.person.plus(s.joined(e.AreaID))
		}
	}
	return v
}

// party gives what the areas that take part add. Those whose part has ended by
// now are told of what was until then, its end the last, without words.
func (s Sight) party(c Change) (v View) {
	for _, p := range c.Incident.Parties {
		joined := s.joined(p.AreaID)
		switch {
		case p.Until == nil:
			v = v.plus(joined)
		case !c.Event.At.After(*p.Until):
			v = v.plus(joined.within(rights.views[RoleWall][PartParty]))
		}
	}
	return v
}

// Place gives how a person's position is seen: by where they are registered,
// and where they work, 0 for nowhere.
func (s Sight) Place(areaID, worksIn int64) View {
	v := s.In(areaID)
	if worksIn != 0 {
		v = v.plus(s.joined(worksIn))
	}
	return v
}
