package postgres

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

// SavePositions keeps the newest of a responder's positions, if they are on
// duty or on a task and have agreed to it, and says how many were sound. It is
// committed when it returns.
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
	var kept bool
	err := s.act(ctx).QueryRow(ctx, `select keep_position($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		responderID, newest.Lon, newest.Lat, cell.Int64(), newest.AccuracyMeters, newest.HeadingDegrees, newest.SpeedMPS, newest.At, now).Scan(&kept)
	if err != nil {
		return 0, translate(err)
	}
	if !kept {
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
	var agreed bool
	if err := s.read(ctx).QueryRow(ctx, `select `+consented, responderID, s.now()).Scan(&agreed); err != nil {
		return 0, translate(err)
	}
	if !agreed {
		return 0, dispatch.Refuse(dispatch.CodeConsentRequired, "")
	}
	return accepted, nil
}

// positionLock is the class of the advisory locks, one a person, that who keeps
// a position shares and who deletes it holds alone.
const positionLock = 0x79706f6c // "ypol"; 2037411692 in keep_position

func (t *tx) DropPosition(ctx context.Context, responderID int64) error {
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock($1, ($2::bigint % 2147483647)::int)`, positionLock, responderID); err != nil {
		return translate(err)
	}
	_, err := t.Exec(ctx, `delete from position where responder_id = $1`, responderID)
	return translate(err)
}

// DropStalePositions deletes positions that no duty and no task, or no consent,
// justifies any more (rosters and texts end by the clock) and tells the log.
func (s *Store) DropStalePositions(ctx context.Context) error {
	return s.Transact(ctx, func(ctx context.Context, dtx dispatch.Tx) error {
		now := s.now()
		_, err := dtx.(*tx).dropPositions(ctx, `not exists (select 1 from duty d where d.responder_id = p.responder_id and d.kind = 'on_duty' and d.period @> $1::timestamptz)
			and not exists (select 1 from assignment s where s.responder_id = p.responder_id and s.state in ('accepted', 'en_route', 'on_scene'))
			or not exists (select 1 from consent c where c.responder_id = p.responder_id and c.purpose = 'position' and c.ended_at is null
				and c.version >= (select coalesce(max(x.version), 0) from consent_text x where x.purpose = 'position' and x.binding_from <= $1))`, now, now)
		return err
	})
}

// dropPositions deletes the positions p that a condition holds for, tells the
// log of each, and says how many they were.
func (t *tx) dropPositions(ctx context.Context, where string, now time.Time, args ...any) (int64, error) {
	people, err := many[dispatch.Responder](ctx, t, `with gone as (delete from position p where `+where+` returning p.responder_id)
		select r.id, r.version, r.area_id from responder r join gone on gone.responder_id = r.id order by r.id`, args...)
	if err != nil {
		return 0, err
	}
	for _, r := range people {
		if err := t.Emit(ctx, dispatch.PositionDropped(r, dispatch.Actor{System: true}, now)); err != nil {
			return 0, err
		}
	}
	return int64(len(people)), nil
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
