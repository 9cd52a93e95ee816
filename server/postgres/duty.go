package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

const selectDuty = `
select d.id, d.responder_id, r.area_id, d.kind, d.origin, lower(d.period) as starts_at, upper(d.period) as ends_at, d.version
from duty d join responder r on r.id = d.responder_id`

func (t *tx) DutyAt(ctx context.Context, responderID int64, kind dispatch.DutyState, at time.Time) (*dispatch.Duty, error) {
	d, err := one[dispatch.Duty](ctx, t, selectDuty+` where d.responder_id = $1 and d.kind = $2 and d.period @> $3::timestamptz`, responderID, kind, at)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &d, err
}

func (t *tx) LockDuty(ctx context.Context, id int64) (dispatch.Duty, error) {
	return one[dispatch.Duty](ctx, t, selectDuty+` where d.id = $1 for update of d`, id)
}

func (t *tx) InsertDuty(ctx context.Context, d *dispatch.Duty) error {
	err := t.QueryRow(ctx, `
		insert into duty (responder_id, kind, origin, period, version, start_told, post, post_cell)
		select $1, $2, $3, tstzrange($4, $5), $6, $4 <= $7, r.post, r.post_cell from responder r where r.id = $1
		returning id`, d.ResponderID, d.Kind, d.Origin, d.StartsAt, d.EndsAt, d.Version, t.store.now()).Scan(&d.ID)
	return translate(err)
}

// EndDuty ends a duty at a time; one that had not begun is deleted.
func (t *tx) EndDuty(ctx context.Context, id int64, at time.Time) (dispatch.Duty, error) {
	d, err := t.LockDuty(ctx, id)
	if err != nil {
		return d, err
	}
	d.Version++
	d.EndsAt = &at
	if !d.StartsAt.Before(at) {
		_, err = t.Exec(ctx, `delete from duty where id = $1`, id)
		return d, translate(err)
	}
	_, err = t.Exec(ctx, `update duty set period = tstzrange(lower(period), $2), version = $3, end_told = true where id = $1`, id, at, d.Version)
	return d, translate(err)
}

// Duty gives one duty.
func (s *Store) Duty(ctx context.Context, id int64) (dispatch.Duty, error) {
	return one[dispatch.Duty](ctx, s.read(ctx), selectDuty+` where d.id = $1`, id)
}

// DueDuties gives duties that began or ended by the clock and of which the log
// has not been told, and notes that it is.
func (t *tx) DueDuties(ctx context.Context, at time.Time, limit int) (began, ended []dispatch.Duty, err error) {
	if ended, err = many[dispatch.Duty](ctx, t, `with due as (
			select id from duty where not end_told and not upper_inf(period) and upper(period) <= $1 order by id limit $2 for update skip locked),
		told as (update duty set end_told = true, start_told = true where id in (select id from due))`+
		selectDuty+` where d.id in (select id from due)`, at, limit); err != nil {
		return nil, nil, err
	}
	began, err = many[dispatch.Duty](ctx, t, `with due as (
			select id from duty where not start_told and lower(period) <= $1 order by id limit $2 for update skip locked),
		told as (update duty set start_told = true where id in (select id from due))`+
		selectDuty+` where d.id in (select id from due)`, at, limit)
	return began, ended, err
}
