package postgres

import (
	"context"
	"fmt"

	"yiping/server/dispatch"
)

const selectEvent = `
select "offset", kind, at, noun, noun_id, noun_version, area_id, coalesce(cell, 0) as cell, incident_id, responder_id, account_id, data
from event`

func (t *tx) Emit(ctx context.Context, e dispatch.Event) error {
	if e.Data == nil {
		e.Data = map[string]string{}
	}
	if !e.Plain() {
		return fmt.Errorf("an event %s would carry what people write", e.Kind)
	}
	t.areaID, t.events = e.AreaID, t.events+1
	_, err := t.Exec(ctx, `
		insert into event_pending (kind, at, noun, noun_id, noun_version, area_id, cell, incident_id, responder_id, account_id, data)
		values ($1, $2, $3, $4, $5, $6, nullif($7::bigint, 0), $8, $9, $10, $11)`,
		e.Kind, e.At, e.Noun, e.NounID, e.NounVersion, e.AreaID, e.Cell, e.IncidentID, e.ResponderID, e.AccountID, e.Data)
	return translate(err)
}

// Head gives the log's epoch and its last offset.
func (s *Store) Head(ctx context.Context) (string, int64, error) {
	var epoch string
	var offset int64
	err := s.system().QueryRow(ctx, `select epoch::text, last_offset from feed`).Scan(&epoch, &offset)
	return epoch, offset, translate(err)
}

// Events gives events after an offset, ascending, or with after < 0 the newest
// before an offset (0 for the end), descending.
func (s *Store) Events(ctx context.Context, areaIDs []int64, incidentID, after, before int64, limit int) (string, []dispatch.Event, error) {
	epoch, _, err := s.Head(ctx)
	if err != nil {
		return "", nil, err
	}
	where := ` where ($1::bigint[] is null or area_id = any($1)) and ($2 = 0 or incident_id = $2 or $2 < 0 and incident_id is not null)`
	if after >= 0 {
		list, err := many[dispatch.Event](ctx, s.read(ctx), selectEvent+where+` and "offset" > $3 order by "offset" limit $4`, areaIDs, incidentID, after, limit)
		return epoch, list, err
	}
	list, err := many[dispatch.Event](ctx, s.read(ctx), selectEvent+where+` and ($3 = 0 or "offset" < $3) order by "offset" desc limit $4`, areaIDs, incidentID, before, limit)
	return epoch, list, err
}

// partitionSize is how many offsets one partition of the log holds.
const partitionSize = 10_000_000

// MakePartition makes the partition after the one that is being filled, where
// it is not there yet.
func (s *Store) MakePartition(ctx context.Context) error {
	_, head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	next := head/partitionSize + 1
	_, err = s.system().Exec(ctx, `select make_event_partition($1, $2)`, next, partitionSize)
	if err != nil {
		return fmt.Errorf("make a partition of the log: %w", translate(err))
	}
	return nil
}

// Changes gives the events after an offset with the nouns they touched as they
// are now, each noun read once for the batch.
func (s *Store) Changes(ctx context.Context, after int64, limit int) ([]dispatch.Change, error) {
	events, err := many[dispatch.Event](ctx, s.system(), selectEvent+` where "offset" > $1 order by "offset" limit $2`, after, limit)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	n, err := s.touched(ctx, events)
	if err != nil {
		return nil, fmt.Errorf("read what events touched: %w", err)
	}
	changes := make([]dispatch.Change, 0, len(events))
	for _, e := range events {
		c := dispatch.Change{Event: e}
		if e.IncidentID != nil {
			c.Incident = n.incidents[*e.IncidentID]
		}
		switch e.Noun {
		case dispatch.NounOffer:
			c.Offer = n.offers[e.NounID]
		case dispatch.NounUnitOrder:
			c.UnitOrder = n.orders[e.NounID]
		case dispatch.NounAssignment:
			c.Assignment = n.assignments[e.NounID]
		case dispatch.NounCallUp:
			if c.Called, err = s.called(ctx, e); err != nil {
				return nil, err
			}
		}
		if e.ResponderID != nil {
			c.Responder = n.responders[*e.ResponderID]
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// nouns is what a batch of events touched, by id.
type nouns struct {
	incidents   map[int64]*dispatch.Incident
	offers      map[int64]*dispatch.Offer
	assignments map[int64]*dispatch.Assignment
	orders      map[int64]*dispatch.UnitOrder
	responders  map[int64]*dispatch.Responder
}

func (s *Store) touched(ctx context.Context, events []dispatch.Event) (nouns, error) {
	var incidentIDs, offerIDs, assignmentIDs, orderIDs, responderIDs []int64
	for _, e := range events {
		if e.IncidentID != nil {
			incidentIDs = append(incidentIDs, *e.IncidentID)
		}
		if e.ResponderID != nil {
			responderIDs = append(responderIDs, *e.ResponderID)
		}
		switch e.Noun {
		case dispatch.NounOffer:
			offerIDs = append(offerIDs, e.NounID)
		case dispatch.NounAssignment:
			assignmentIDs = append(assignmentIDs, e.NounID)
		case dispatch.NounUnitOrder:
			orderIDs = append(orderIDs, e.NounID)
		}
	}
	var n nouns
	incidents, err := many[dispatch.Incident](ctx, s.system(), selectIncident+` where i.id = any($1)`, incidentIDs)
	if err != nil {
		return n, err
	}
	offers, err := many[dispatch.Offer](ctx, s.system(), selectOffer+` where o.id = any($1)`, offerIDs)
	if err != nil {
		return n, err
	}
	assignments, err := many[dispatch.Assignment](ctx, s.system(), selectAssignment+` where s.id = any($1)`, assignmentIDs)
	if err != nil {
		return n, err
	}
	if len(orderIDs) > 0 {
		orders, err := many[dispatch.UnitOrder](ctx, s.system(), selectUnitOrder+` where o.id = any($1)`, orderIDs)
		if err != nil {
			return n, err
		}
		n.orders = byID(orders, func(o dispatch.UnitOrder) int64 { return o.ID })
	}
	people := []dispatch.Responder{}
	if len(responderIDs) > 0 {
		if people, err = s.Dispatchable(ctx, s.now(), responderIDs...); err != nil {
			return n, err
		}
	}
	n.incidents = byID(incidents, func(i dispatch.Incident) int64 { return i.ID })
	n.offers = byID(offers, func(o dispatch.Offer) int64 { return o.ID })
	n.assignments = byID(assignments, func(a dispatch.Assignment) int64 { return a.ID })
	n.responders = byID(people, func(r dispatch.Responder) int64 { return r.ID })
	return n, nil
}

func byID[T any](list []T, id func(T) int64) map[int64]*T {
	m := make(map[int64]*T, len(list))
	for k := range list {
		m[id(list[k])] = &list[k]
	}
	return m
}
