package postgres

import (
	"context"

	"yiping/server/dispatch"
)

// dutyDay is the day a duty belongs to: what is left of a night's duty that was
// handed over may begin on the next.
const dutyDay = `coalesce(substring(d.external_id from '^rotation-\d+-\d+-(\d{4}-\d\d-\d\d)')::date, (lower(d.period) at time zone 'Asia/Shanghai')::date)`

const fromRoster = `
from duty d
join responder r on r.id = d.responder_id and r.retired_at is null
left join rotation o on o.id = d.rotation_id`

const selectRosterDuty = `
select d.id, d.responder_id, r.name as responder_name, r.area_id, a.name as area_name, d.kind, d.origin,
	lower(d.period) as starts_at, upper(d.period) as ends_at, d.rotation_id, o.team_id, t.name as team_name,
	s.id as shift_id, s.name as shift_name, d.stands_for, f.name as stands_for_name, f.area_id as stands_for_area,
	c.step, c.reason, d.version` +
	fromRoster + `
join area a on a.id = r.area_id
left join team t on t.id = o.team_id
left join shift s on s.id = o.shifts[1 + mod(greatest(` + dutyDay + ` - o.starts_on, 0), cardinality(o.shifts))]
left join responder f on f.id = d.stands_for
left join lateral (select step, nullif(reason, '') as reason from duty_change where duty_id = d.id order by id desc limit 1) c on true`

const whereRoster = ` where ($1::bigint[] is null or r.area_id = any($1)) and d.period && tstzrange($2, $3)
	and ($4::bigint = 0 or o.team_id = $4) and ($5::bigint = 0 or d.responder_id = $5) and ($6 = '' or d.kind = $6)`

// Roster gives a page of the duties in a time, by their beginning, and how many
// there are in all.
func (s *Store) Roster(ctx context.Context, f dispatch.RosterFilter) (list []dispatch.RosterDuty, total int, err error) {
	args := []any{f.AreaIDs, f.From, f.To, f.TeamID, f.ResponderID, f.Kind}
	if err := s.read(ctx).QueryRow(ctx, `select count(*)`+fromRoster+whereRoster, args...).Scan(&total); err != nil {
		return nil, 0, translate(err)
	}
	list, err = many[dispatch.RosterDuty](ctx, s.read(ctx), selectRosterDuty+whereRoster+`
		and ($8::bigint = 0 or (lower(d.period), d.id) > ($7::timestamptz, $8)) order by lower(d.period), d.id limit $9`,
		append(args, f.AfterStart, f.AfterID, f.Limit)...)
	return list, total, err
}

// RosterDuty gives one duty.
func (s *Store) RosterDuty(ctx context.Context, id int64) (dispatch.RosterDuty, error) {
	return one[dispatch.RosterDuty](ctx, s.read(ctx), selectRosterDuty+` where d.id = $1`, id)
}

// selectNow gives who is on duty and on call at $2: for every community, and
// for every other area in which somebody is.
const selectNow = `
with people as (
	select distinct on (r.id) r.id, r.name, r.area_id, d.kind, upper(d.period) as until
	from duty d join responder r on r.id = d.responder_id and r.retired_at is null
	where d.period @> $2::timestamptz and ($1::bigint[] is null or r.area_id = any($1))
	order by r.id, case d.kind when 'on_duty' then 0 else 1 end)
select a.id as area_id, a.name as area_name, a.level,
	count(*) filter (where p.kind = 'on_duty') as on_duty, count(*) filter (where p.kind = 'on_call') as on_call,
	coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name, 'kind', p.kind, 'until', p.until)
		order by case p.kind when 'on_duty' then 0 else 1 end, p.id) filter (where p.id is not null), '[]') as people
from area a left join people p on p.area_id = a.id
where a.retired_at is null and ($1::bigint[] is null or a.id = any($1)) and (a.level = 'community' or p.id is not null)
group by a.id order by a.code, a.id`

// RosterNow gives who is on duty and on call now, by area.
func (s *Store) RosterNow(ctx context.Context, areaIDs []int64) ([]dispatch.AreaForce, error) {
	return many[dispatch.AreaForce](ctx, s.read(ctx), selectNow, areaIDs, s.now())
}

// selectGaps counts who is on duty from each change to the next and takes what
// is covered out of the whole time.
const selectGaps = `
with recursive inside (place, area) as (
	select id, id from area where id = any($1) and retired_at is null
	union select i.place, a.id from inside i join area a on a.parent_id = i.area and a.retired_at is null),
turn as (
	select i.place, x.at, sum(x.step) as step
	from inside i join responder r on r.area_id = i.area and r.retired_at is null
	join duty d on d.responder_id = r.id and d.kind = $5 and d.period && tstzrange($2, $3)
	cross join lateral (values (greatest(lower(d.period), $2::timestamptz), 1), (least(coalesce(upper(d.period), $3::timestamptz), $3), -1)) x(at, step)
	group by i.place, x.at),
stretch as (
	select place, at, lead(at, 1, $3::timestamptz) over w as until, sum(step) over w as people from turn window w as (partition by place order by at)),
covered as (
	select place, range_agg(tstzrange(at, until)) as time from stretch where people >= $4 and at < until group by place)
select a.id as area_id, a.name as area_name, lower(g.gap) as starts_at, upper(g.gap) as ends_at,
	(extract(epoch from upper(g.gap) - lower(g.gap)) / 3600)::float8 as hours
from area a left join covered c on c.place = a.id
cross join lateral unnest(tstzmultirange(tstzrange($2, $3)) - coalesce(c.time, '{}')) g(gap)
where a.id = any($1) and a.retired_at is null order by a.code, a.id, lower(g.gap)`

// RosterGaps gives the stretches in which fewer than a number are on duty.
func (s *Store) RosterGaps(ctx context.Context, f dispatch.GapFilter) ([]dispatch.RosterGap, error) {
	return many[dispatch.RosterGap](ctx, s.read(ctx), selectGaps, f.AreaIDs, f.From, f.To, f.Minimum, f.Kind)
}

// Shifts gives the shifts of areas (nil for everywhere).
func (s *Store) Shifts(ctx context.Context, areaIDs []int64) ([]dispatch.Shift, error) {
	return many[dispatch.Shift](ctx, s.read(ctx), selectShift+` where s.retired_at is null and ($1::bigint[] is null or s.area_id = any($1)) order by s.area_id, s.starts_at, s.id`, areaIDs)
}

// Shift gives one shift.
func (s *Store) Shift(ctx context.Context, id int64) (dispatch.Shift, error) {
	return one[dispatch.Shift](ctx, s.read(ctx), selectShift+` where s.id = $1`, id)
}

// Teams gives the teams of areas (nil for everywhere).
func (s *Store) Teams(ctx context.Context, areaIDs []int64) ([]dispatch.Team, error) {
	return many[dispatch.Team](ctx, s.read(ctx), selectTeam+` where t.retired_at is null and ($1::bigint[] is null or t.area_id = any($1)) order by t.area_id, t.id`, areaIDs)
}

// Team gives one team.
func (s *Store) Team(ctx context.Context, id int64) (dispatch.Team, error) {
	return one[dispatch.Team](ctx, s.read(ctx), selectTeam+` where t.id = $1`, id)
}

// Rotations gives the rotations of areas (nil for everywhere), or of one team
// of theirs, that are not over.
func (s *Store) Rotations(ctx context.Context, areaIDs []int64, teamID int64) ([]dispatch.Rotation, error) {
	return many[dispatch.Rotation](ctx, s.read(ctx), selectRotation+` where t.retired_at is null and ($1::bigint[] is null or t.area_id = any($1))
		and ($2::bigint = 0 or o.team_id = $2) and (o.ends_on is null or o.ends_on >= $3::text::date) order by o.id`, areaIDs, teamID, dispatch.DayOf(s.now()))
}

// Rotation gives one rotation.
func (s *Store) Rotation(ctx context.Context, id int64) (dispatch.Rotation, error) {
	return one[dispatch.Rotation](ctx, s.read(ctx), selectRotation+` where o.id = $1`, id)
}

// Holidays gives the days that differ from the week.
func (s *Store) Holidays(ctx context.Context, from, to dispatch.Day) ([]dispatch.Holiday, error) {
	return holidays(ctx, s.read(ctx), from, to)
}

// selectConflicts gives what rotations ask for and what is not there, with the
// duty that is in the way.
const selectConflicts = `
with wanted as materialized (
	select 'rotation-' || p.rotation_id::text || '-' || m.responder_id::text || '-' || p.day as external_id, m.responder_id, r.name, p.*
	from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[], $7::timestamptz[])
		p(rotation_id, team_id, day, shift_id, kind, starts_at, ends_at)
	join team_member m on m.team_id = p.team_id join responder r on r.id = m.responder_id and r.retired_at is null),
missing as (
	select w.* from wanted w where not exists (select 1 from duty d where d.source = 'rotation' and d.external_id = w.external_id) and not ` + withdrawn + `)
select w.rotation_id, w.team_id, t.name as team_name, w.responder_id, w.name as responder_name, w.day, w.shift_id, w.kind, w.starts_at, w.ends_at,
	o.id as other_id, lower(o.period) as other_starts_at, upper(o.period) as other_ends_at, count(*) over () as total
from missing w join team t on t.id = w.team_id
left join lateral (select d.id, d.period from duty d where d.responder_id = w.responder_id and d.kind = w.kind
	and d.period && tstzrange(w.starts_at, w.ends_at) order by lower(d.period) limit 1) o on true
order by w.starts_at, w.rotation_id, w.responder_id limit $8 offset $9`

// RosterConflicts gives a page of the duties to come that rotations of areas
// ask for and that could not be made, and how many there are in all.
func (s *Store) RosterConflicts(ctx context.Context, areaIDs []int64, limit, skip int) ([]dispatch.RosterConflict, int, error) {
	type row struct {
		dispatch.RosterConflict
		Total int
	}
	columns, err := s.plans(ctx, areaIDs)
	if err != nil {
		return nil, 0, err
	}
	rows, err := many[row](ctx, s.read(ctx), selectConflicts, append(columns, limit, skip)...)
	list, total := make([]dispatch.RosterConflict, 0, len(rows)), 0
	for _, r := range rows {
		list, total = append(list, r.RosterConflict), r.Total
	}
	return list, total, err
}

// plans gives what all rotations of areas ask for, as far as duties are made
// and have not begun, in columns.
func (s *Store) plans(ctx context.Context, areaIDs []int64) ([]any, error) {
	now := s.now()
	today := dispatch.DayOf(now)
	rotations, err := s.Rotations(ctx, areaIDs, 0)
	if err != nil {
		return nil, err
	}
	shifts, err := s.Shifts(ctx, nil)
	if err != nil {
		return nil, err
	}
	holidays, err := s.Holidays(ctx, today, today.Add(400))
	if err != nil {
		return nil, err
	}
	rotationIDs, teamIDs, shiftIDs := []int64{}, []int64{}, []int64{}
	var all []dispatch.PlannedDuty
	for _, r := range rotations {
		if r.MadeUntil == nil {
			continue
		}
		for _, p := range dispatch.PlanDuties(r, shifts, holidays, today, *r.MadeUntil) {
			if p.StartsAt.After(now) {
				rotationIDs, teamIDs, shiftIDs, all = append(rotationIDs, r.ID), append(teamIDs, r.TeamID), append(shiftIDs, p.ShiftID), append(all, p)
			}
		}
	}
	days, kinds, starts, ends := planOf(all)
	return []any{rotationIDs, teamIDs, days, shiftIDs, kinds, starts, ends}, nil
}
