package postgres

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

// SavePositions keeps the newest of a responder's positions, if they are on
// duty or on a task and have agreed to it, and all of a task's as their track, if
// they have agreed to that, and says which of them were sound. It is committed when
// it returns.
func (s *Store) SavePositions(ctx context.Context, responderID int64, positions []dispatch.Position) (dispatch.KeptPositions, error) {
	var out dispatch.KeptPositions
	sound, refused := dispatch.SoundPositions(positions, s.feed.lastKnown(responderID), s.now())
	out.Accepted, out.Refused = len(sound), refused
	if len(sound) == 0 { // whether any would be taken is still said
		return out, s.unmoved(ctx, responderID)
	}
	newest := positionRow{Position: sound[0]}
	for _, p := range sound[1:] {
		if p.At.After(newest.At) {
			newest.Position = p
		}
	}
	cell, err := geo.CellOf(orb.Point{newest.Lon, newest.Lat}, geo.ResolutionPeople)
	if err != nil {
		return out, &dispatch.Error{Code: dispatch.CodeBadCoordinates, Field: "positions", Err: err}
	}
	newest.ResponderID, newest.cell, newest.sound = responderID, cell.Int64(), sound
	may, err := s.keepPosition(ctx, newest)
	if err == nil && !may { // or they are just being deleted
		var one map[int64]whoMay
		if one, err = s.keepPositions(ctx, []positionRow{newest}, true); err == nil && !one[responderID].may {
			err = s.unmoved(ctx, responderID)
		}
	}
	return out, translate(err)
}

// unmoved tells a batch that was taken too early to be kept from one that nothing
// justifies keeping.
func (s *Store) unmoved(ctx context.Context, responderID int64) error {
	r, err := s.Responder(ctx, responderID)
	if err != nil {
		return err
	}
	if r.Duty != dispatch.DutyOn && r.Task == nil {
		return dispatch.Refuse(dispatch.CodeNotOnDuty, "")
	}
	var agreed bool
	if err := s.read(ctx).QueryRow(ctx, `select `+consented, responderID, s.now(), dispatch.PurposePosition).Scan(&agreed); err != nil {
		return translate(err)
	}
	if !agreed {
		return dispatch.Refuse(dispatch.CodeConsentRequired, "")
	}
	return nil
}

// positionLock is the class of the advisory locks, one a person, that who keeps
// a position shares and who deletes it holds alone.
const positionLock = 0x79706f6c // "ypol"; 2037411692 in keep_positions

// stopKeeping waits for who is keeping a position of a person's, and holds off
// others until the transaction ends.
func (t *tx) stopKeeping(ctx context.Context, responderID int64) error {
	_, err := t.Exec(ctx, `select pg_advisory_xact_lock($1, ($2::bigint % 2147483647)::int)`, positionLock, responderID)
	return translate(err)
}

func (t *tx) DropPosition(ctx context.Context, responderID int64) error {
	if err := t.stopKeeping(ctx, responderID); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `delete from position where responder_id = $1`, responderID)
	return translate(err)
}

// DropStalePositions deletes positions that no duty and no task, or no consent,
// justifies any more (rosters and texts end by the clock) and tells the log; and
// tracks that no consent does.
func (s *Store) DropStalePositions(ctx context.Context) error {
	if _, err := s.system().Exec(ctx, `select drop_lapsed_tracks($1)`, s.now()); err != nil {
		return translate(err)
	}
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

// positionsAfter gives the positions that transactions wrote which a look at a
// mark could not see yet, and the mark of this look: "0" begins with all.
func (s *Store) positionsAfter(ctx context.Context, mark string) ([]dispatch.Position, string, error) {
	rows, err := s.system().Query(ctx, `select pg_snapshot_xmin(pg_current_snapshot())::text, p.responder_id, r.area_id, p.lon, p.lat, p.accuracy_meters::float8,
		p.heading_degrees::float8, p.speed_mps::float8, p.at
		from (select) one left join (position p join responder r on r.id = p.responder_id) on p.tx >= $1::text::xid8`, mark)
	if err != nil {
		return nil, mark, translate(err)
	}
	defer rows.Close()
	var list []dispatch.Position
	for rows.Next() {
		var id, area *int64
		var lon, lat *float64
		var at *time.Time
		var p dispatch.Position
		if err := rows.Scan(&mark, &id, &area, &lon, &lat, &p.AccuracyMeters, &p.HeadingDegrees, &p.SpeedMPS, &at); err != nil {
			return nil, mark, err
		}
		if id != nil {
			p.ResponderID, p.AreaID, p.Lon, p.Lat, p.At = *id, *area, *lon, *lat, *at
			list = append(list, p)
		}
	}
	return list, mark, translate(rows.Err())
}
