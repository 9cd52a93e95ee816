package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

// SavePositions keeps the newest of a responder's positions, if they are on
// duty or on a task, and says how many were sound. It is committed when it returns.
func (s *Store) SavePositions(ctx context.Context, responderID int64, positions []dispatch.Position) (int, error) {
	accepted := 0
	var newest dispatch.Position
	var cell geo.Cell
	now := s.now()
	for _, p := range positions {
		c, err := geo.CellOf(orb.Point{p.Lon, p.Lat}, geo.ResolutionPeople)
		if err != nil || p.At.After(now.Add(time.Minute)) || p.At.Before(now.Add(-24*time.Hour)) {
			continue
		}
		accepted++
		if accepted == 1 || p.At.After(newest.At) {
			newest, cell = p, c
		}
	}
	if accepted == 0 {
		return 0, &dispatch.Error{Code: dispatch.CodeBadCoordinates, Field: "positions"}
	}
	tag, err := s.read(ctx).Exec(ctx, `
		insert into position (responder_id, lon, lat, cell, accuracy_meters, heading_degrees, speed_mps, at, received_at)
		select $1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp()
		where exists (select 1 from duty where responder_id = $1 and kind = 'on_duty' and period @> $9::timestamptz)
		   or exists (select 1 from assignment where responder_id = $1 and state in ('accepted', 'en_route', 'on_scene'))
		on conflict (responder_id) do update set lon = excluded.lon, lat = excluded.lat, cell = excluded.cell,
			accuracy_meters = excluded.accuracy_meters, heading_degrees = excluded.heading_degrees, speed_mps = excluded.speed_mps,
			at = greatest(excluded.at, position.at), received_at = excluded.received_at
		where position.at <= excluded.at`,
		responderID, newest.Lon, newest.Lat, cell.Int64(), newest.AccuracyMeters, newest.HeadingDegrees, newest.SpeedMPS, newest.At, now)
	if err != nil {
		return 0, translate(err)
	}
	if tag.RowsAffected() == 0 {
		return s.unmoved(ctx, responderID, accepted)
	}
	s.feed.PokePositions()
	return accepted, nil
}

// unmoved tells a batch that came late (an offline queue) from one that nothing
// justifies keeping.
func (s *Store) unmoved(ctx context.Context, responderID int64, accepted int) (int, error) {
	r, err := s.Responder(ctx, responderID)
	if err != nil {
		return 0, err
	}
	if r.Duty != dispatch.DutyOn && r.Task == nil {
		return 0, dispatch.Refuse(dispatch.CodeNotOnDuty, "")
	}
	return accepted, nil
}

func (t *tx) DropPosition(ctx context.Context, responderID int64) error {
	_, err := t.Exec(ctx, `delete from position where responder_id = $1`, responderID)
	return translate(err)
}

// DropStalePositions deletes positions that neither a duty nor a task justifies
// any more (rosters end by the clock) and says how many.
func (s *Store) DropStalePositions(ctx context.Context) (int64, error) {
	tag, err := s.system().Exec(ctx, `delete from position p
		where not exists (select 1 from duty d where d.responder_id = p.responder_id and d.kind = 'on_duty' and d.period @> $1::timestamptz)
		and not exists (select 1 from assignment s where s.responder_id = p.responder_id and s.state in ('accepted', 'en_route', 'on_scene'))`, s.now())
	if err != nil {
		return 0, fmt.Errorf("drop stale positions: %w", translate(err))
	}
	return tag.RowsAffected(), nil
}

// positionsSince gives positions received after a moment, and the newest moment.
func (s *Store) positionsSince(ctx context.Context, after time.Time) ([]dispatch.Position, time.Time, error) {
	type row struct {
		dispatch.Position
		ReceivedAt time.Time
	}
	rows, err := many[row](ctx, s.system(), `select p.responder_id, r.area_id, p.lon, p.lat, p.accuracy_meters::float8, p.heading_degrees::float8,
		p.speed_mps::float8 as speed_mps, p.at, p.received_at
		from position p join responder r on r.id = p.responder_id where p.received_at > $1`, after)
	positions := make([]dispatch.Position, 0, len(rows))
	for _, r := range rows {
		positions = append(positions, r.Position)
		if r.ReceivedAt.After(after) {
			after = r.ReceivedAt
		}
	}
	return positions, after, err
}
