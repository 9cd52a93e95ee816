package dispatch

import "yiping/geo"

// only gives what a view shows of some fields.
func (v View) only(bits fieldSet) View {
	return View{v.counted & bits, v.masked & bits, v.whole & bits}
}

// text gives a text as far as a field is seen.
func (v View) text(f Field, text string, mask func(string) string) string {
	switch v.Of(f) {
	case Whole:
		return text
	case Masked:
		return mask(text)
	}
	return ""
}

// middle gives the middle of a cell, which is where a masked thing is said to be.
func middle(cell string) (lon, lat float64, ok bool) {
	c, err := geo.ParseCell(cell)
	if err != nil {
		return 0, 0, false
	}
	p, err := c.Center()
	return p.Lon(), p.Lat(), err == nil
}

// Incident shows an incident, false where it does not exist for the asker.
func (v View) Incident(i Incident) (Incident, bool) {
	if !v.Sees(FieldIncident) {
		return Incident{}, false
	}
	if v.Of(FieldIncidentWords) != Whole {
		i.Summary, i.Place, i.Reason, i.Masked = "", "", "", true
		i.OpenedBy, i.VerifiedBy, i.ResolvedBy, i.CheckedBy = nil, nil, nil, nil
	}
	if v.Of(FieldIncidentPoint) != Whole {
		lon, lat, ok := middle(i.Cell)
		if v.Of(FieldIncidentPoint) == None || !ok {
			lon, lat, i.Cell = 0, 0, ""
		}
		i.Lon, i.Lat, i.Masked = lon, lat, true
	}
	return i, true
}

// Report shows a report.
func (v View) Report(r Report) (Report, bool) {
	if v.Of(FieldReportWords) != Whole {
		return Report{}, false
	}
	r.Phone = v.text(FieldReportPhone, r.Phone, MaskPhone)
	return r, true
}

// Offer shows an offer.
func (v View) Offer(o Offer) (Offer, bool) {
	if !v.Sees(FieldOffer) {
		return Offer{}, false
	}
	o.ResponderName = v.text(FieldOfferName, o.ResponderName, MaskName)
	if v.Of(FieldOfferWords) != Whole {
		o.Reason, o.AnswerReason = "", ""
	}
	return o, true
}

// Assignment shows an assignment.
func (v View) Assignment(a Assignment) (Assignment, bool) {
	if !v.Sees(FieldAssignment) {
		return Assignment{}, false
	}
	a.ResponderName = v.text(FieldAssignmentName, a.ResponderName, MaskName)
	if v.Of(FieldAssignmentWords) != Whole {
		a.Reason = ""
	}
	return a, true
}

// Alarm shows an alarm, which is of an assignment.
func (v View) Alarm(a Alarm) (Alarm, bool) {
	if !v.Sees(FieldAssignment) {
		return Alarm{}, false
	}
	a.ResponderName = v.text(FieldAssignmentName, a.ResponderName, MaskName)
	if v.Of(FieldAssignmentWords) != Whole {
		a.AcknowledgedBy, a.ClosedBy = nil, nil
	}
	return a, true
}

// UnitOrder shows an order.
func (v View) UnitOrder(o UnitOrder) (UnitOrder, bool) {
	if !v.Sees(FieldUnitOrder) {
		return UnitOrder{}, false
	}
	if v.Of(FieldUnitOrderWords) != Whole {
		o.Words, o.Said, o.Place, o.SentBy, o.AskedBy, o.DecidedBy = "", []OrderSaid{}, "", nil, nil, nil
	}
	return o, true
}

// Event shows an event: who did it and whom it names, as far as they are seen.
func (v View) Event(e Event) (Event, bool) {
	if v.Of(FieldEventAccount) != Whole {
		e.AccountID = nil
	}
	if !v.Sees(FieldResponder) && !v.Sees(FieldAssignment) {
		e.ResponderID = nil
	}
	return e, v.Sees(FieldEvent)
}

// Responder shows a person. Their whole number is another request, with a
// reason: see Unmask.
func (v View) Responder(r Responder) (Responder, bool) {
	if !v.Sees(FieldResponder) {
		return Responder{}, false
	}
	r.Phone = v.text(FieldResponderPhone, r.Phone, MaskPhone)
	if v.Of(FieldResponderName) != Whole {
		r.Name, r.PartyOrganisation, r.HomeAreaID = v.text(FieldResponderName, r.Name, MaskName), nil, nil
	}
	if v.Of(FieldResponderPoint) != Whole {
		r.AccuracyMeters, r.HeadingDegrees = nil, nil
		lon, lat, ok := middle(r.Cell)
		switch {
		case v.Of(FieldResponderPoint) == None || r.Lon != nil && !ok:
			r.Lon, r.Lat, r.Cell = nil, nil, ""
		case r.Lon != nil:
			r.Lon, r.Lat = &lon, &lat
		}
	}
	return r, true
}

// Position shows where somebody is.
func (v View) Position(p Position) (Position, bool) {
	switch v.Of(FieldResponderPoint) {
	case Whole:
		return p, true
	case Masked:
		cell, err := geo.CellOf([2]float64{p.Lon, p.Lat}, geo.ResolutionPeople)
		if err != nil {
			return Position{}, false
		}
		lon, lat, ok := middle(cell.String())
		return Position{ResponderID: p.ResponderID, AreaID: p.AreaID, Lon: lon, Lat: lat, At: p.At}, ok
	}
	return Position{}, false
}

// Camera shows a camera.
func (v View) Camera(c Camera) (Camera, bool) {
	if !v.Sees(FieldCamera) {
		return Camera{}, false
	}
	if v.Of(FieldCameraRecord) != Whole {
		c.FilingNumber = ""
	}
	return c, true
}

// Show shows a change with the nouns it carries, false where it does not exist
// for who has this view. Numbers in frames are masked: a page that may call
// asks for the person.
func (v ChangeView) Show(c Change) (Change, bool) {
	var seen, known bool
	out := Change{}
	out.Event, seen = v.thing.plus(v.person.only(rights.bits[FieldResponder])).Event(c.Event)
	if seen = seen && v.thing.Sees(FieldEvent); seen {
		out.Incident = shown(c.Incident, v.thing.Incident)
		out.Offer = shown(c.Offer, v.thing.Offer)
		out.Assignment = shown(c.Assignment, v.thing.Assignment)
		out.UnitOrder = shown(c.UnitOrder, v.thing.UnitOrder)
	}
	if c.Responder != nil {
		var r Responder
		if r, known = v.person.Responder(*c.Responder); known {
			r.Phone = v.person.text(FieldResponderPhone, c.Responder.Phone, MaskPhone)
			out.Responder = &r
		}
	}
	return out, seen || known
}

// shown shows what is there.
func shown[T any](thing *T, show func(T) (T, bool)) *T {
	if thing == nil {
		return nil
	}
	out, ok := show(*thing)
	if !ok {
		return nil
	}
	return &out
}

// Detail shows an incident with all that belongs to it, which is what a view of
// it shows of each, and what is the asker's own.
func (s Sight) Detail(v View, d IncidentDetail) (IncidentDetail, bool) {
	var ok bool
	if d.Incident, ok = v.Incident(d.Incident); !ok {
		return IncidentDetail{}, false
	}
	d.Reports = Each(d.Reports, v.Report)
	d.Offers = Each(d.Offers, func(o Offer) (Offer, bool) { return s.own(v, o.ResponderID).Offer(o) })
	d.Assignments = Each(d.Assignments, func(a Assignment) (Assignment, bool) { return s.own(v, a.ResponderID).Assignment(a) })
	d.UnitOrders = Each(d.UnitOrders, func(o UnitOrder) (UnitOrder, bool) { return s.ownOrder(v, o).UnitOrder(o) })
	d.Events = Each(d.Events, v.Event)
	if v.Of(FieldTimelineWords) != Whole {
		d.Timeline = []TimelineEntry{}
	}
	if v.Of(FieldPhotoPicture) != Whole {
		d.Photos = []Photo{}
	}
	if v.Of(FieldIncidentWords) != Whole {
		d.Parties, d.Escalations = []Party{}, []Escalation{}
	}
	return d, true
}

// Surroundings shows what is around an incident: cameras to who sees their
// records there, or where they stand.
func (s Sight) Surroundings(i Incident, out Surroundings) Surroundings {
	here := s.In(i.AreaID)
	out.Cameras = Each(out.Cameras, func(c Camera) (Camera, bool) {
		v := here.plus(s.In(c.AreaID))
		return c, v.Of(FieldCameraRecord) == Whole
	})
	return out
}

// Mine shows what a responder's phone holds: their own, and of what is near only
// that it is.
func (s Sight) Mine(m Mine) Mine {
	m.Responder, _ = s.Responder(m.Responder).Responder(m.Responder)
	task := s.always.plus(s.task)
	for k := range m.Offers {
		m.Offers[k].Incident, _ = task.Incident(m.Offers[k].Incident)
	}
	if m.Assignment != nil {
		m.Assignment.Incident, _ = task.Incident(m.Assignment.Incident)
	}
	m.Nearby = Each(m.Nearby, s.home.Incident)
	return m
}

// Snapshot shows what a subscriber of the live feed starts from. part are the
// incidents the actor's own responder takes part in.
func (s Sight) Snapshot(snap Snapshot, part map[int64]bool, home int64) Snapshot {
	views, areas := map[int64]View{}, map[int64]int64{}
	snap.Incidents = Each(snap.Incidents, func(i Incident) (Incident, bool) {
		v := s.Incident(i, part[i.ID])
		if home != 0 && home == i.AreaID {
			v = v.plus(s.home)
		}
		views[i.ID], areas[i.ID] = v, i.AreaID
		return v.Incident(i)
	})
	snap.Offers = Each(snap.Offers, func(o Offer) (Offer, bool) { return s.own(views[o.IncidentID], o.ResponderID).Offer(o) })
	snap.Assignments = Each(snap.Assignments, func(a Assignment) (Assignment, bool) {
		return s.own(views[a.IncidentID], a.ResponderID).Assignment(a)
	})
	snap.Responders = Each(snap.Responders, func(r Responder) (Responder, bool) { return s.inFrame(r, areas) })
	return snap
}

// inFrame shows a person in a frame: their number is masked but to themselves.
func (s Sight) inFrame(r Responder, areas map[int64]int64) (Responder, bool) {
	v := s.own(s.In(r.AreaID), r.ID)
	if r.Task != nil {
		v = v.plus(s.joined(areas[r.Task.IncidentID]))
	}
	return v.Responder(r)
}

// Person shows somebody without a task in a frame.
func (s Sight) Person(r Responder) (Responder, bool) { return s.inFrame(r, nil) }

// RosterDuty shows an entry of a roster: whose it was is told to who sees the
// roster there.
func (s Sight) RosterDuty(d RosterDuty) (RosterDuty, bool) {
	if d.StandsForArea != nil && !s.In(*d.StandsForArea).Sees(FieldRoster) {
		d.StandsForName = nil
	}
	return d, s.In(d.AreaID).Sees(FieldRoster)
}

// CallUpMember shows somebody who is called up: by where they are registered.
func (s Sight) CallUpMember(m CallUpMember) (CallUpMember, bool) {
	v := s.own(s.In(m.AreaID), m.ResponderID)
	m.ResponderName = v.text(FieldResponderName, m.ResponderName, MaskName)
	return m, v.Sees(FieldResponder)
}

// registerFields says what a register's rows are.
var registerFields = map[string]Field{"areas": FieldArea, "units": FieldUnit, "compounds": FieldPlace, "buildings": FieldPlace, "facilities": FieldFacility,
	"cameras": FieldCameraRecord, "sites": FieldSite, "devices": FieldDevice, "responders": FieldResponderPost, "roster": FieldRoster, "type_codes": FieldPlace}

// RegisterField gives what the rows of a register are, CodeNotFound for an
// unknown one.
func RegisterField(noun string) (Field, error) {
	f, ok := registerFields[noun]
	if !ok {
		return "", Refuse(CodeNotFound, "noun")
	}
	return f, nil
}

// Row shows a row of a register, in a list, on the map or in an export: people's
// numbers are masked. An import leaves a masked number as it is.
func (s Sight) Row(noun string, row RegisterRow) (RegisterRow, bool) {
	v := s.In(row.AreaID)
	if phone, ok := row.Values["phone"]; ok && noun == "responders" {
		row.Values["phone"] = v.text(FieldResponderPhone, phone, MaskPhone)
	}
	return row, v.Sees(registerFields[noun])
}

// Each shows those of a list that are seen; never nil.
func Each[T any](list []T, show func(T) (T, bool)) []T {
	out := make([]T, 0, len(list))
	for _, thing := range list {
		if thing, ok := show(thing); ok {
			out = append(out, thing)
		}
	}
	return out
}
