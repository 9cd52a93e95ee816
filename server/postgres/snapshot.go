package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// atWork is the people r who work on something within the areas $2 and the
// person $3, reached from the assignments: there are few of them among many.
const atWork = ` where r.id in (select responder_id from assignment where state in ('accepted', 'en_route', 'on_scene') union select $3::bigint)
	and (r.id = $3 or r.retired_at is null and ($2::bigint[] is null or r.area_id = any($2)
		or (select x.area_id from incident x where x.id = s.incident_id) = any($2)))`

// Snapshot gives everything open within reach and who works on it, read at one
// moment, with the offset that is contained for certain. What of it is shown to
// whom is decided by who asked for it.
func (s *Store) Snapshot(ctx context.Context, reach dispatch.Reach) (dispatch.Snapshot, error) {
	var snap dispatch.Snapshot
	t, err := s.system().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return snap, translate(err)
	}
	defer func() { _ = t.Rollback(context.WithoutCancel(ctx)) }()
	if err := t.QueryRow(ctx, `select epoch::text, last_offset from feed`).Scan(&snap.Epoch, &snap.Offset); err != nil {
		return snap, translate(err)
	}
	const within = ` and (` + reached + ` or $3 <> 0 and (
		exists (select 1 from offer o where o.incident_id = i.id and o.responder_id = $3 and o.state in ('offered', 'seen', 'later', 'standby'))
		or exists (select 1 from assignment s where s.incident_id = i.id and s.responder_id = $3 and s.state in ('accepted', 'en_route', 'on_scene')))
		or $4 <> 0 and exists (select 1 from unit_order o where o.incident_id = i.id and o.unit_id = $4 and o.state not in ('returned', 'reassigned', 'withdrawn')))`
	if snap.Incidents, err = many[dispatch.Incident](ctx, t, selectIncident+` where `+open+within+` order by i.id`,
		reach.AreaIDs, reach.PartyAreaIDs, reach.ResponderID, reach.UnitID); err != nil {
		return snap, err
	}
	if snap.Offers, err = many[dispatch.Offer](ctx, t, selectOffer+` where o.state in ('offered', 'seen', 'later', 'standby')
		and (`+reachedBy("o")+` or o.responder_id = $3) order by o.id`, reach.AreaIDs, reach.PartyAreaIDs, reach.ResponderID); err != nil {
		return snap, err
	}
	if snap.Assignments, err = many[dispatch.Assignment](ctx, t, selectAssignment+` where s.state in ('accepted', 'en_route', 'on_scene')
		and (`+reachedBy("s")+` or s.responder_id = $3) order by s.id`, reach.AreaIDs, reach.PartyAreaIDs, reach.ResponderID); err != nil {
		return snap, err
	}
	if reach.UnitID != 0 {
		if snap.UnitOrders, err = many[dispatch.UnitOrder](ctx, t, selectUnitOrder+` where o.unit_id = $1
			and o.state not in ('returned', 'reassigned', 'withdrawn') and `+open, reach.UnitID); err != nil {
			return snap, err
		}
	}
	snap.Responders, err = s.responders(ctx, t, atWork+` order by r.id`, s.now(), reach.AreaIDs, reach.ResponderID)
	return snap, err
}

// Parts gives who takes part in what now, as snapshots say it: of few people among
// many, so that all who come back at a time are served by one read.
func (s *Store) Parts(ctx context.Context) (dispatch.Parts, error) {
	parts := dispatch.Parts{Responders: map[int64][]int64{}, Units: map[int64][]int64{}}
	rows, err := s.system().Query(ctx, `
		select responder_id, 0::bigint, incident_id from offer where state in ('offered', 'seen', 'later', 'standby')
		union select responder_id, 0, incident_id from assignment where state in ('accepted', 'en_route', 'on_scene')
		union select 0, o.unit_id, o.incident_id from unit_order o join incident i on i.id = o.incident_id
			where o.state not in ('returned', 'reassigned', 'withdrawn') and `+open)
	if err != nil {
		return parts, translate(err)
	}
	var responderID, unitID, incidentID int64
	_, err = pgx.ForEachRow(rows, []any{&responderID, &unitID, &incidentID}, func() error {
		if unitID != 0 {
			parts.Units[unitID] = append(parts.Units[unitID], incidentID)
		} else {
			parts.Responders[responderID] = append(parts.Responders[responderID], incidentID)
		}
		return nil
	})
	return parts, translate(err)
}
