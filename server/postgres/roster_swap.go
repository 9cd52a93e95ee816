package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// Duties that go from one person to another.

func (t *tx) Duty(ctx context.Context, id int64) (dispatch.Duty, error) {
	return one[dispatch.Duty](ctx, t, selectDuty+` where d.id = $1`, id)
}

func (t *tx) OverlappingDuty(ctx context.Context, responderID int64, kind dispatch.DutyState, from time.Time, to *time.Time, but ...int64) (*dispatch.Duty, error) {
	d, err := one[dispatch.Duty](ctx, t, selectDuty+` where d.responder_id = $1 and d.kind = $2 and d.period && tstzrange($3, $4)
		and d.id <> all($5) order by lower(d.period) limit 1`, responderID, kind, from, to, nonNil(but))
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &d, err
}

// PassDuty gives what is left of a duty to another person. The place of the
// duty goes with it, unless it was the person's own.
func (t *tx) PassDuty(ctx context.Context, d dispatch.Duty, to int64, now time.Time) (dispatch.Duty, error) {
	id := d.ID
	var err error
	if d.StartsAt.After(now) {
		_, err = t.Exec(ctx, `
			update duty d set responder_id = $2, stands_for = nullif(coalesce(d.stands_for, d.responder_id), $2), version = d.version + 1,
				period = tstzrange($3, $4), post = case when own then r.post else d.post end, post_cell = case when own then r.post_cell else d.post_cell end
			from responder r, (select f.post is not distinct from g.post as own from duty f join responder g on g.id = f.responder_id where f.id = $1) o
			where d.id = $1 and r.id = $2`, id, to, d.StartsAt, d.EndsAt)
	} else {
		if err = t.cutDuty(ctx, id, now); err != nil {
			return d, err
		}
		err = t.QueryRow(ctx, `
			insert into duty (responder_id, kind, origin, period, post, post_cell, source, external_id, start_told, version, rotation_id, stands_for)
			select r.id, d.kind, 'roster', tstzrange($3, $4), case when own then r.post else d.post end, case when own then r.post_cell else d.post_cell end,
				d.source, split_part(d.external_id, '/', 1) || '/' || d.version, true, d.version, d.rotation_id, nullif(coalesce(d.stands_for, d.responder_id), r.id)
			from duty d join responder g on g.id = d.responder_id cross join lateral (select d.post is not distinct from g.post as own) o
			cross join responder r where d.id = $1 and r.id = $2 returning id`, id, to, now, d.EndsAt).Scan(&id)
	}
	if err != nil {
		return d, translate(err)
	}
	return t.Duty(ctx, id)
}

// cutDuty ends a duty that runs; a second time it does nothing.
func (t *tx) cutDuty(ctx context.Context, id int64, now time.Time) error {
	_, err := t.Exec(ctx, `update duty set period = tstzrange(lower(period), $2), version = version + 1, start_told = true, end_told = true
		where id = $1 and (upper_inf(period) or upper(period) > $2)`, id, now)
	return translate(err)
}

// SwapDuties exchanges what is left of two duties. They may overlap, so that
// neither can go first: the other one stands aside, out of all time, until the
// first has arrived.
func (t *tx) SwapDuties(ctx context.Context, one, other dispatch.Duty, now time.Time) (next, back dispatch.Duty, err error) {
	if other.StartsAt.After(now) {
		_, err = t.Exec(ctx, `update duty set period = tstzrange('-infinity', '-infinity', '[]') where id = $1`, other.ID)
	} else {
		err = t.cutDuty(ctx, other.ID, now)
	}
	if err != nil {
		return next, back, translate(err)
	}
	if next, err = t.PassDuty(ctx, one, other.ResponderID, now); err != nil {
		return next, back, err
	}
	back, err = t.PassDuty(ctx, other, one.ResponderID, now)
	return next, back, err
}

func (t *tx) NoteDutyChange(ctx context.Context, c dispatch.DutyChange, a dispatch.Actor, at time.Time) error {
	_, err := t.Exec(ctx, `insert into duty_change (duty_id, step, responder_id, to_responder_id, external_id, reason, account_id, at)
		values ($1, $2, $3, nullif($4::bigint, 0), (select external_id from duty where id = $1), $5, nullif($6::bigint, 0), $7)`,
		c.DutyID, c.Step, c.ResponderID, c.ToResponderID, c.Reason, a.AccountID, at)
	return translate(err)
}
