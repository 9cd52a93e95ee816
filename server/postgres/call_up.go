package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

const selectCallUp = `
select c.id, c.area_id, c.area_ids, c.affiliations, c.skills, c.duties, c.quota, c.places, c.total, c.asked_to, c.reason, c.place,
       st_x(c.point) as lon, st_y(c.point) as lat, c.gather_at, c.state, c.state_since, c.version, c.called_at, c.called_by,
       coalesce((select a.display_name from account a where a.id = c.called_by), '') as called_by_name, c.asked_at, c.ended_at, c.ended_by, c.ended_reason
from call_up c`

const selectCallUpMember = `
select m.id, m.call_up_id, m.responder_id, r.name as responder_name, m.area_id, m.position, m.group_id, m.state, m.version,
       array(select x.affiliation from responder_affiliation x where x.responder_id = m.responder_id order by x.affiliation) as affiliations,
       m.asked_at, m.seen_at, m.answered_at, m.arrived_at, m.left_at, m.stood_down_at, m.minutes, m.on_behalf, m.recorded_by
from call_up_member m join responder r on r.id = m.responder_id`

const selectCallUpGroup = `
select g.id, g.call_up_id, g.name, g.leader_id, coalesce(l.name, '') as leader_name, g.version, g.stood_down_at
from call_up_group g left join responder l on l.id = g.leader_id`

// matching is everybody who matches a rule, $1 to $5, with the best of their
// duties: on duty, on call by a roster, on call by their own word. The times of
// duties are found by their index.
const matching = `
with ready as (
	select d.responder_id, min(k.rank) as rank from duty d
	cross join lateral (select case when d.kind = 'on_duty' then 0 when d.origin = 'roster' then 1 else 2 end as rank) k
	where d.period @> $5::timestamptz and (array['on_duty', 'on_call', 'willing'])[k.rank + 1] = any($4::text[])
	group by d.responder_id),
matched as (
	select r.id, r.area_id, r.post, y.rank, exists (select 1 from assignment s where s.responder_id = r.id and s.state in ('accepted', 'en_route', 'on_scene'))
		or exists (select 1 from call_up_member m join call_up c on c.id = m.call_up_id where m.responder_id = r.id and c.ended_at is null
			and (m.state = 'arrived' or m.state = 'coming' and c.gather_at <= $5)) as busy
	from ready y join responder r on r.id = y.responder_id
	where r.retired_at is null and r.area_id = any($1::bigint[])
		and ($2::text[] = '{}' or exists (select 1 from responder_affiliation x where x.responder_id = r.id and x.affiliation = any($2)))
		and ($3::text[] = '{}' or exists (select 1 from responder_skill k where k.responder_id = r.id and k.skill = any($3)
			and (k.valid_until is null or k.valid_until >= $5::timestamptz::date))))`

func matchingArgs(r dispatch.CallUpRule) []any {
	return []any{r.AreaIDs, r.Affiliations, r.Skills, r.Duties, r.At}
}

// CallUpPreview counts who matches now.
func (s *Store) CallUpPreview(ctx context.Context, r dispatch.CallUpRule) (dispatch.CallUpPreview, error) {
	p := dispatch.CallUpPreview{Areas: []dispatch.NameCount{}, Affiliations: []dispatch.NameCount{}, Duties: []dispatch.NameCount{}}
	type row struct {
		Part string
		dispatch.NameCount
	}
	rows, err := many[row](ctx, s.read(ctx), matching+`, free as (select * from matched where not busy)
		select 'busy' as part, '' as name, count(*)::int as count from matched where busy
		union all select 'total', '', count(*)::int from free
		union all (select 'area', area_id::text, count(*)::int from free group by area_id order by 3 desc, area_id)
		union all (select 'affiliation', x.affiliation, count(*)::int from free f join responder_affiliation x on x.responder_id = f.id group by x.affiliation order by 3 desc, 2)
		union all (select 'duty', (array['on_duty', 'on_call', 'willing'])[rank + 1], count(*)::int from free group by rank order by rank)`, matchingArgs(r)...)
	for _, n := range rows {
		switch n.Part {
		case "busy":
			p.Busy = n.Count
		case "total":
			p.Total = n.Count
		case "area":
			p.Areas = append(p.Areas, n.NameCount)
		case "affiliation":
			p.Affiliations = append(p.Affiliations, n.NameCount)
		case "duty":
			p.Duties = append(p.Duties, n.NameCount)
		}
	}
	return p, err
}

// InsertCallUp keeps those who match in the order they are asked: on duty first,
// then who stands nearest to the assembly point.
func (t *tx) InsertCallUp(ctx context.Context, c *dispatch.CallUp, r dispatch.CallUpRule) error {
	var ids []int64
	err := t.QueryRow(ctx, matching+`
		select coalesce(array_agg(id order by rank, post::geography <-> st_setsrid(st_makepoint($6, $7), 4326)::geography, id), '{}') from matched where not busy`,
		append(matchingArgs(r), c.Lon, c.Lat)...).Scan(&ids)
	if err != nil {
		return translate(err)
	}
	if len(ids) == 0 {
		return dispatch.Refuse(dispatch.CodeNobody, "area_ids")
	}
	c.Total, c.Places = len(ids), len(ids)
	if c.Quota != nil {
		c.Places = min(*c.Quota, c.Total)
	}
	err = t.QueryRow(ctx, `
		insert into call_up (area_id, area_ids, affiliations, skills, duties, quota, places, total, matched, reason, place, point, gather_at,
			state, state_since, version, called_by, called_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, st_setsrid(st_makepoint($12, $13), 4326), $14, $15, $16, $17, $18, $19) returning id`,
		c.AreaID, c.AreaIDs, c.Affiliations, c.Skills, c.Duties, c.Quota, c.Places, c.Total, ids, c.Reason, c.Place, c.Lon, c.Lat, c.GatherAt,
		c.State, c.StateSince, c.Version, c.CalledBy, c.CalledAt).Scan(&c.ID)
	return translate(err)
}

func (t *tx) CallUp(ctx context.Context, id int64) (dispatch.CallUp, error) {
	return one[dispatch.CallUp](ctx, t, selectCallUp+` where c.id = $1`, id)
}

func (t *tx) LockCallUp(ctx context.Context, id int64) (dispatch.CallUp, error) {
	return one[dispatch.CallUp](ctx, t, selectCallUp+` where c.id = $1 for update of c`, id)
}

func (t *tx) ShareCallUp(ctx context.Context, id int64) (dispatch.CallUp, error) {
	return one[dispatch.CallUp](ctx, t, selectCallUp+` where c.id = $1 for share of c`, id)
}

func (t *tx) SaveCallUp(ctx context.Context, c dispatch.CallUp) error {
	_, err := t.Exec(ctx, `update call_up set places = $2, asked_to = $3, state = $4, state_since = $5, version = $6, asked_at = $7, ended_at = $8, ended_by = $9, ended_reason = $10
		where id = $1`, c.ID, c.Places, c.AskedTo, c.State, c.StateSince, c.Version, c.AskedAt, c.EndedAt, c.EndedBy, c.EndedReason)
	return translate(err)
}

func (t *tx) InsertMembers(ctx context.Context, c dispatch.CallUp, from, to int, at time.Time) (int, error) {
	var asked int
	err := t.QueryRow(ctx, `
		with made as (
			insert into call_up_member (call_up_id, responder_id, area_id, position, state, asked_at)
			select c.id, r.id, r.area_id, $2 + k.position, case when $2 + k.position <= c.places then 'asked' else 'substitute' end,
				case when $2 + k.position <= c.places then $4::timestamptz end
			from call_up c cross join lateral unnest(c.matched[$2 + 1:$3]) with ordinality k(id, position) join responder r on r.id = k.id
			where c.id = $1
			returning state)
		select count(*) filter (where state = 'asked')::int from made`, c.ID, from, to, at).Scan(&asked)
	return asked, translate(err)
}

func (t *tx) LockSubstitutes(ctx context.Context, c dispatch.CallUp) ([]dispatch.CallUpMember, error) {
	return many[dispatch.CallUpMember](ctx, t, selectCallUpMember+` where m.call_up_id = $1 and m.position <= $2 and m.state = 'substitute'
		order by m.position for update of m`, c.ID, c.Places)
}

func (t *tx) CallUpMember(ctx context.Context, id int64) (dispatch.CallUpMember, error) {
	return one[dispatch.CallUpMember](ctx, t, selectCallUpMember+` where m.id = $1`, id)
}

func (t *tx) LockCallUpMember(ctx context.Context, id int64) (dispatch.CallUpMember, error) {
	return one[dispatch.CallUpMember](ctx, t, selectCallUpMember+` where m.id = $1 for update of m`, id)
}

func (t *tx) SaveCallUpMember(ctx context.Context, m dispatch.CallUpMember) error {
	_, err := t.Exec(ctx, `update call_up_member set state = $2, version = $3, asked_at = $4, seen_at = $5, answered_at = $6, arrived_at = $7, left_at = $8,
		stood_down_at = $9, minutes = $10, on_behalf = $11, recorded_by = $12 where id = $1`,
		m.ID, m.State, m.Version, m.AskedAt, m.SeenAt, m.AnsweredAt, m.ArrivedAt, m.LeftAt, m.StoodDownAt, m.Minutes, m.OnBehalf, m.RecordedBy)
	return translate(err)
}

// StandDownMembers is the step "stand_down" of all of them in one statement.
func (t *tx) StandDownMembers(ctx context.Context, callUpID, groupID int64, at time.Time) (int, error) {
	tag, err := t.Exec(ctx, `
		update call_up_member set state = 'stood_down', version = version + 1, stood_down_at = $3,
			left_at = case when state = 'arrived' then greatest($3, arrived_at) end,
			minutes = case when state = 'arrived' then round(extract(epoch from greatest($3, arrived_at) - arrived_at) / 60)::int end
		where call_up_id = $1 and ($2 = 0 or group_id = $2) and state in ('asked', 'seen', 'coming', 'arrived')`, callUpID, groupID, at)
	return int(tag.RowsAffected()), translate(err)
}

func (t *tx) InsertCallUpGroup(ctx context.Context, g *dispatch.CallUpGroup, areaID int64) error {
	err := t.QueryRow(ctx, `insert into call_up_group (call_up_id, area_id, name, leader_id, version) values ($1, $2, $3, $4, $5) returning id`,
		g.CallUpID, areaID, g.Name, g.LeaderID, g.Version).Scan(&g.ID)
	return translate(err)
}

func (t *tx) LockCallUpGroup(ctx context.Context, id int64) (dispatch.CallUpGroup, error) {
	return one[dispatch.CallUpGroup](ctx, t, selectCallUpGroup+` where g.id = $1 for update of g`, id)
}

func (t *tx) SaveCallUpGroup(ctx context.Context, g dispatch.CallUpGroup) error {
	_, err := t.Exec(ctx, `update call_up_group set name = $2, leader_id = $3, version = $4, stood_down_at = $5 where id = $1`, g.ID, g.Name, g.LeaderID, g.Version, g.StoodDownAt)
	return translate(err)
}

func (t *tx) PutInGroup(ctx context.Context, g dispatch.CallUpGroup, responderIDs []int64) (int, error) {
	var missing, moved int
	err := t.QueryRow(ctx, `select count(*)::int from (select unnest($2::bigint[]) except select m.responder_id from call_up_member m where m.call_up_id = $1) x`,
		g.CallUpID, responderIDs).Scan(&missing)
	if err != nil {
		return 0, translate(err)
	}
	if missing > 0 {
		return 0, dispatch.Refuse(dispatch.CodeNotFound, "responder_ids")
	}
	err = t.QueryRow(ctx, `
		with left_behind as (update call_up_group set leader_id = null, version = version + 1 where call_up_id = $1 and id <> $2 and leader_id = any($3)),
		moved as (update call_up_member set group_id = $2, version = version + 1 where call_up_id = $1 and responder_id = any($3) and group_id is distinct from $2 returning 1)
		select count(*)::int from moved`, g.CallUpID, g.ID, responderIDs).Scan(&moved)
	if err != nil {
		return 0, translate(err)
	}
	return moved, t.takeUpGroups(ctx, g.CallUpID)
}

func (t *tx) GroupByArea(ctx context.Context, c dispatch.CallUp) (int, error) {
	const waiting = ` from call_up_member m join area a on a.id = m.area_id where m.call_up_id = $1 and m.group_id is null and m.state in ('coming', 'arrived')`
	if _, err := t.Exec(ctx, `insert into call_up_group (call_up_id, area_id, name) select distinct $1::bigint, $2::bigint, a.name`+waiting+` on conflict do nothing`, c.ID, c.AreaID); err != nil {
		return 0, translate(err)
	}
	tag, err := t.Exec(ctx, `update call_up_member w set group_id = g.id, version = w.version + 1 from (select m.id, a.name`+waiting+`) x
		join call_up_group g on g.call_up_id = $1 and g.name = x.name where w.id = x.id`, c.ID)
	if err != nil {
		return 0, translate(err)
	}
	return int(tag.RowsAffected()), t.takeUpGroups(ctx, c.ID)
}

// takeUpGroups says of groups that were sent home and have people again that they
// go on.
func (t *tx) takeUpGroups(ctx context.Context, callUpID int64) error {
	_, err := t.Exec(ctx, `update call_up_group g set stood_down_at = null, version = version + 1 where g.call_up_id = $1 and g.stood_down_at is not null
		and exists (select 1 from call_up_member m where m.group_id = g.id and m.state in ('asked', 'seen', 'coming', 'arrived'))`, callUpID)
	return translate(err)
}
