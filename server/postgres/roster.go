package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

const selectShift = `
select s.id, s.area_id, a.name as area_name, s.name, s.kind, to_char(s.starts_at, 'HH24:MI') as starts_at, s.minutes, s.version, s.retired_at
from shift s join area a on a.id = s.area_id`

const selectTeam = `
select t.id, t.area_id, a.name as area_name, t.name, t.version, t.retired_at,
	coalesce((select jsonb_agg(jsonb_build_object('id', r.id, 'name', r.name) order by r.id)
		from team_member m join responder r on r.id = m.responder_id where m.team_id = t.id and r.retired_at is null), '[]') as members
from team t join area a on a.id = t.area_id`

const selectRotation = `
select o.id, o.team_id, t.name as team_name, t.area_id, o.shifts, o.starts_on::text, o.ends_on::text, o.days, o.version, o.made_until::text,
	t.retired_at is not null as team_gone
from rotation o join team t on t.id = o.team_id`

func (t *tx) InsertShift(ctx context.Context, s *dispatch.Shift) error {
	return translate(t.QueryRow(ctx, `insert into shift (area_id, name, kind, starts_at, minutes, version) values ($1, $2, $3, $4::text::time, $5, $6) returning id`,
		s.AreaID, s.Name, s.Kind, s.StartsAt, s.Minutes, s.Version).Scan(&s.ID))
}

func (t *tx) LockShift(ctx context.Context, id int64) (dispatch.Shift, error) {
	return one[dispatch.Shift](ctx, t, selectShift+` where s.id = $1 and s.retired_at is null for update of s`, id)
}

func (t *tx) SaveShift(ctx context.Context, s dispatch.Shift) error {
	_, err := t.Exec(ctx, `update shift set name = $2, kind = $3, starts_at = $4::text::time, minutes = $5, version = $6, retired_at = $7 where id = $1`,
		s.ID, s.Name, s.Kind, s.StartsAt, s.Minutes, s.Version, s.Retired)
	return translate(err)
}

func (t *tx) Shifts(ctx context.Context, ids []int64) ([]dispatch.Shift, error) {
	return many[dispatch.Shift](ctx, t, selectShift+` where s.id = any($1) order by s.id`, ids)
}

func (t *tx) InsertTeam(ctx context.Context, team *dispatch.Team) error {
	err := t.QueryRow(ctx, `insert into team (area_id, name, version) values ($1, $2, $3) returning id`, team.AreaID, team.Name, team.Version).Scan(&team.ID)
	if err != nil {
		return translate(err)
	}
	return t.saveMembers(ctx, *team)
}

func (t *tx) LockTeam(ctx context.Context, id int64) (dispatch.Team, error) {
	return one[dispatch.Team](ctx, t, selectTeam+` where t.id = $1 and t.retired_at is null for update of t`, id)
}

func (t *tx) SaveTeam(ctx context.Context, team dispatch.Team) error {
	if _, err := t.Exec(ctx, `update team set name = $2, version = $3, retired_at = $4 where id = $1`, team.ID, team.Name, team.Version, team.Retired); err != nil {
		return translate(err)
	}
	return t.saveMembers(ctx, team)
}

func (t *tx) saveMembers(ctx context.Context, team dispatch.Team) error {
	ids := []int64{}
	for _, m := range team.Members {
		ids = append(ids, m.ID)
	}
	_, err := t.Exec(ctx, `with gone as (delete from team_member where team_id = $1 and responder_id <> all($2))
		insert into team_member (team_id, responder_id) select $1, unnest($2::bigint[]) on conflict do nothing`, team.ID, ids)
	return translate(err)
}

func (t *tx) People(ctx context.Context, ids []int64) ([]dispatch.Person, error) {
	return many[dispatch.Person](ctx, t, `select id, name, area_id from responder where id = any($1) and retired_at is null`, ids)
}

func (t *tx) InsertRotation(ctx context.Context, r *dispatch.Rotation) error {
	return translate(t.QueryRow(ctx, `insert into rotation (team_id, shifts, starts_on, ends_on, days, version)
		values ($1, $2, $3::text::date, $4::text::date, $5, $6) returning id`, r.TeamID, r.Shifts, r.StartsOn, r.EndsOn, r.Days, r.Version).Scan(&r.ID))
}

func (t *tx) LockRotation(ctx context.Context, id int64) (dispatch.Rotation, error) {
	return one[dispatch.Rotation](ctx, t, selectRotation+` where o.id = $1 and t.retired_at is null for update of o`, id)
}

func (t *tx) LockRotations(ctx context.Context, teamID, shiftID int64, day dispatch.Day) ([]dispatch.Rotation, error) {
	return many[dispatch.Rotation](ctx, t, selectRotation+` where ($1::bigint = 0 or o.team_id = $1) and ($2::bigint = 0 or $2 = any(o.shifts))
		and (o.ends_on is null or o.ends_on >= $3::text::date) order by o.id for update of o`, teamID, shiftID, day)
}

func (t *tx) LockDueRotation(ctx context.Context, afterID int64, today, until dispatch.Day) (*dispatch.Rotation, error) {
	r, err := one[dispatch.Rotation](ctx, t, selectRotation+` where o.id > $1 and t.retired_at is null
		and (o.ends_on is null or o.ends_on >= $2::text::date)
		and (o.made_until is null or o.made_until < least(o.ends_on, $3::text::date)) order by o.id limit 1 for update of o skip locked`, afterID, today, until)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return nil, nil
	}
	return &r, err
}

func (t *tx) SaveRotation(ctx context.Context, r dispatch.Rotation) error {
	_, err := t.Exec(ctx, `update rotation set ends_on = case when $2::text is not null then greatest($2::text::date, starts_on) end, version = $3, made_until = $4::text::date where id = $1`,
		r.ID, r.EndsOn, r.Version, r.MadeUntil)
	return translate(err)
}

func (t *tx) DeleteRotation(ctx context.Context, id int64) error {
	_, err := t.Exec(ctx, `delete from rotation where id = $1`, id)
	return translate(err)
}

func (t *tx) Holidays(ctx context.Context, from, to dispatch.Day) ([]dispatch.Holiday, error) {
	return holidays(ctx, t, from, to)
}

func holidays(ctx context.Context, q querier, from, to dispatch.Day) ([]dispatch.Holiday, error) {
	return many[dispatch.Holiday](ctx, q, `select day::text, name, working from holiday where day between $1::text::date and $2::text::date order by 1`, from, to)
}

func (t *tx) SaveHoliday(ctx context.Context, h dispatch.Holiday) error {
	_, err := t.Exec(ctx, `insert into holiday (day, name, working) values ($1::text::date, $2, $3)
		on conflict (day) do update set name = excluded.name, working = excluded.working`, h.Day, h.Name, h.Working)
	return translate(err)
}

func (t *tx) DeleteHoliday(ctx context.Context, d dispatch.Day) error {
	tag, err := t.Exec(ctx, `delete from holiday where day = $1::text::date`, d)
	if err == nil && tag.RowsAffected() == 0 {
		return dispatch.Refuse(dispatch.CodeNotFound, "day")
	}
	return translate(err)
}

// planOf gives a plan in columns, as SQL takes it.
func planOf(planned []dispatch.PlannedDuty) (days, kinds []string, starts, ends []time.Time) {
	days, kinds, starts, ends = []string{}, []string{}, []time.Time{}, []time.Time{}
	for _, p := range planned {
		days, kinds, starts, ends = append(days, string(p.Day)), append(kinds, string(p.Kind)), append(starts, p.StartsAt), append(ends, p.EndsAt)
	}
	return days, kinds, starts, ends
}

// wantedDuties is what a rotation ($1) of a team ($2) asks for by its plan ($3
// to $6): a duty for every member and day, under the id it has or would have.
const wantedDuties = `
with wanted as materialized (
	select 'rotation-' || $1::bigint::text || '-' || m.responder_id::text || '-' || p.day as external_id,
		m.responder_id, r.post, r.post_cell, p.kind, p.starts_at, p.ends_at
	from unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[]) p(day, kind, starts_at, ends_at)
	cross join team_member m join responder r on r.id = m.responder_id and r.retired_at is null
	where m.team_id = $2)`

// withdrawn says of a wanted duty that it was taken back by hand.
const withdrawn = `exists (select 1 from duty_change x where x.step = 'withdraw' and x.external_id = w.external_id)`

func (t *tx) MakeDuties(ctx context.Context, r dispatch.Rotation, planned []dispatch.PlannedDuty, from, to dispatch.Day, now time.Time) (dispatch.Made, error) {
	var made dispatch.Made
	days, kinds, starts, ends := planOf(planned)
	args := []any{r.ID, r.TeamID, days, kinds, starts, ends, now}
	gone, err := t.Exec(ctx, wantedDuties+` delete from duty d where d.rotation_id = $1 and d.source = 'rotation' and d.stands_for is null
		and lower(d.period) > $7 and lower(d.period) >= $8 and lower(d.period) < $9
		and not exists (select 1 from wanted w where w.external_id = d.external_id and w.kind = d.kind and w.starts_at = lower(d.period) and w.ends_at = upper(d.period))`,
		append(args, from.Start(), to.Add(1).Start())...)
	if err != nil {
		return made, translate(err)
	}
	made.Removed = int(gone.RowsAffected())
	fresh, err := t.Exec(ctx, wantedDuties+` insert into duty (responder_id, kind, origin, period, post, post_cell, source, external_id, rotation_id)
		select w.responder_id, w.kind, 'roster', tstzrange(w.starts_at, w.ends_at), w.post, w.post_cell, 'rotation', w.external_id, $1
		from wanted w where w.starts_at > $7 and not `+withdrawn+` order by w.responder_id, w.starts_at on conflict do nothing`, args...)
	if err != nil {
		return made, translate(err)
	}
	made.Made = int(fresh.RowsAffected())
	err = t.QueryRow(ctx, wantedDuties+` select count(*) from wanted w where w.starts_at > $7 and not `+withdrawn+`
		and not exists (select 1 from duty d where d.source = 'rotation' and d.external_id = w.external_id)`, args...).Scan(&made.Conflicts)
	return made, translate(err)
}
