package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// DueLadders gives incidents whose next level is to be told, and when the next one
// is due.
func (s *Store) DueLadders(ctx context.Context, at time.Time) ([]int64, time.Time, error) {
	return s.due(ctx, `select id from incident where ladder_at <= $1 order by ladder_at limit 500`,
		`select min(ladder_at) from incident where ladder_at > $1`, at)
}

// DueWaves gives incidents whose next wave is due, and when the next one is.
func (s *Store) DueWaves(ctx context.Context, at time.Time) ([]int64, time.Time, error) {
	return s.due(ctx, `select id from incident where wave_at <= $1 order by wave_at limit 500`,
		`select min(wave_at) from incident where wave_at > $1`, at)
}

// due gives ids that are due at a time by one query, and by another when the next
// one is.
func (s *Store) due(ctx context.Context, now, next string, at time.Time) ([]int64, time.Time, error) {
	type row struct{ ID int64 }
	rows, err := many[row](ctx, s.system(), now, at)
	if err != nil {
		return nil, time.Time{}, err
	}
	ids := make([]int64, 0, len(rows))
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	var then *time.Time
	if err := s.system().QueryRow(ctx, next, at).Scan(&then); err != nil || then == nil {
		return ids, time.Time{}, translate(err)
	}
	return ids, *then, nil
}

// Desks counts the accounts that dispatch in exactly this area.
func (t *tx) Desks(ctx context.Context, areaID int64) (int, error) {
	var n int
	err := t.QueryRow(ctx, `select count(distinct a.id) from account_role x join account a on a.id = x.account_id
		where x.area_id = $1 and x.role in ('commander', 'dispatcher', 'community') and a.disabled_at is null`, areaID).Scan(&n)
	return n, translate(err)
}

// InsertEscalation notes who was told.
func (t *tx) InsertEscalation(ctx context.Context, e *dispatch.Escalation) error {
	return translate(t.QueryRow(ctx, `insert into escalation (incident_id, area_id, level, state, why, accounts, told_at)
		values ($1, $2, $3, $4, $5, $6, $7) returning id`, e.IncidentID, e.AreaID, e.Level, e.State, e.Why, e.Accounts, e.ToldAt).Scan(&e.ID))
}

const selectEscalation = `
select e.id, e.incident_id, e.area_id, a.name as area_name, e.level, e.state, e.why, e.accounts, e.told_at
from escalation e join area a on a.id = e.area_id`
