package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// AskingCallUps gives the call-ups of which not everybody has been asked.
func (s *Store) AskingCallUps(ctx context.Context) ([]int64, error) {
	rows, err := s.system().Query(ctx, `select id from call_up where state = 'asking' order by id`)
	if err != nil {
		return nil, translate(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return ids, translate(err)
}

// CallUps gives a page of call-ups, the newest first.
func (s *Store) CallUps(ctx context.Context, f dispatch.CallUpFilter) ([]dispatch.CallUp, error) {
	return many[dispatch.CallUp](ctx, s.read(ctx), selectCallUp+` where ($1::bigint[] is null or c.area_id = any($1))
		and (not $2 or c.state in ('asking', 'asked')) and ($3 = 0 or c.id < $3) order by c.id desc limit $4`, f.AreaIDs, f.Open, f.BeforeID, f.Limit)
}

// CallUp gives one call-up.
func (s *Store) CallUp(ctx context.Context, id int64) (dispatch.CallUp, error) {
	return one[dispatch.CallUp](ctx, s.read(ctx), selectCallUp+` where c.id = $1`, id)
}

// CallUpRoll gives a call-up with how many stand where. It counts the members
// once, by group and community; affiliations are counted apart.
func (s *Store) CallUpRoll(ctx context.Context, id int64) (dispatch.CallUpRoll, error) {
	out := dispatch.CallUpRoll{Members: dispatch.CallUpTally{}, Groups: []dispatch.CallUpGroupRoll{}, Ungrouped: dispatch.CallUpTally{},
		Areas: map[string]dispatch.CallUpTally{}, Affiliations: map[string]dispatch.CallUpTally{}}
	var err error
	if out.CallUp, err = s.CallUp(ctx, id); err != nil {
		return out, err
	}
	groups, err := many[dispatch.CallUpGroup](ctx, s.read(ctx), selectCallUpGroup+` where g.call_up_id = $1 order by g.name, g.id`, id)
	if err != nil {
		return out, err
	}
	byGroup := map[int64]dispatch.CallUpTally{}
	for _, g := range groups {
		byGroup[g.ID] = dispatch.CallUpTally{}
		out.Groups = append(out.Groups, dispatch.CallUpGroupRoll{CallUpGroup: g, Members: byGroup[g.ID]})
	}
	type count struct {
		GroupID     *int64
		AreaID      int64
		Affiliation string
		State       dispatch.MemberState
		N, Came     int
		Minutes     int
	}
	counts, err := many[count](ctx, s.read(ctx), `select group_id, area_id, state, count(*)::int as n, count(arrived_at)::int as came, coalesce(sum(minutes), 0)::int as minutes
		from call_up_member where call_up_id = $1 group by 1, 2, 3`, id)
	if err != nil {
		return out, err
	}
	for _, c := range counts {
		group := out.Ungrouped
		if c.GroupID != nil {
			group = byGroup[*c.GroupID]
		}
		out.Minutes += c.Minutes
		for state, n := range map[dispatch.MemberState]int{c.State: c.N, dispatch.MemberCame: c.Came} {
			out.Members[state] += n
			group[state] += n
			add(out.Areas, strconv.FormatInt(c.AreaID, 10), state, n)
		}
	}
	counts, err = many[count](ctx, s.read(ctx), `select x.affiliation, m.state, count(*)::int as n, count(m.arrived_at)::int as came
		from call_up_member m join responder_affiliation x on x.responder_id = m.responder_id where m.call_up_id = $1 group by 1, 2`, id)
	for _, c := range counts {
		add(out.Affiliations, c.Affiliation, c.State, c.N)
		add(out.Affiliations, c.Affiliation, dispatch.MemberCame, c.Came)
	}
	return out, err
}

func add(tallies map[string]dispatch.CallUpTally, name string, state dispatch.MemberState, n int) {
	if tallies[name] == nil {
		tallies[name] = dispatch.CallUpTally{}
	}
	tallies[name][state] += n
}

// CallUpMembers gives a page of a call-up's members in the order they are asked,
// and how many match in all.
func (s *Store) CallUpMembers(ctx context.Context, f dispatch.MemberFilter) ([]dispatch.CallUpMember, int, error) {
	const where = ` where m.call_up_id = $1 and ($2 = '' or m.state = $2 or $2 = 'came' and m.arrived_at is not null) and ($3 = 0 or m.group_id = $3 or $3 < 0 and m.group_id is null)
		and ($4::bigint[] is null or m.area_id = any($4))
		and ($5 = '' or exists (select 1 from responder_affiliation x where x.responder_id = m.responder_id and x.affiliation = $5))
		and ($6 = '' or r.name like '%' || $6 || '%')`
	args := []any{f.CallUpID, f.State, f.GroupID, f.AreaIDs, f.Affiliation, f.Query}
	var total int
	if err := s.read(ctx).QueryRow(ctx, `select count(*)::int from call_up_member m join responder r on r.id = m.responder_id`+where, args...).Scan(&total); err != nil {
		return nil, 0, translate(err)
	}
	list, err := many[dispatch.CallUpMember](ctx, s.read(ctx), selectCallUpMember+where+` and m.id > $7 order by m.id limit $8`, append(args, f.AfterID, f.Limit)...)
	return list, total, err
}

// CallUpMember gives one member.
func (s *Store) CallUpMember(ctx context.Context, id int64) (dispatch.CallUpMember, error) {
	return one[dispatch.CallUpMember](ctx, s.read(ctx), selectCallUpMember+` where m.id = $1`, id)
}

// endedShown is for how long a phone shows a call-up that has ended.
const endedShown = 6 * time.Hour

func (s *Store) myCallUps(ctx context.Context, responderID int64) ([]dispatch.MyCallUp, error) {
	return many[dispatch.MyCallUp](ctx, s.read(ctx), `
		select m.id, m.call_up_id, m.state, m.version, c.reason, c.place, st_x(c.point) as lon, st_y(c.point) as lat, c.gather_at, m.asked_at, m.arrived_at, m.left_at, m.minutes,
			c.state in ('stood_down', 'cancelled') as over, c.state = 'cancelled' as cancelled, coalesce(g.name, '') as "group",
			coalesce((select l.name from responder l where l.id = g.leader_id), '') as leader, coalesce(g.leader_id = m.responder_id, false) as leads
		from call_up_member m join call_up c on c.id = m.call_up_id left join call_up_group g on g.id = m.group_id
		where m.responder_id = $1 and m.state <> 'substitute' and (c.ended_at is null and m.state not in ('left', 'declined') or coalesce(m.stood_down_at, m.left_at, m.answered_at) > $2)
		order by c.gather_at, m.id limit 20`, responderID, s.now().Add(-endedShown))
}

// Served gives somebody's own service, the newest first, and how many minutes
// that is in all.
func (s *Store) Served(ctx context.Context, responderID int64, limit int) ([]dispatch.ServedTime, int, error) {
	const served = `
		select 'call_up' as kind, c.id as noun_id, c.reason as title, c.place, m.arrived_at as starts_at, m.left_at as ends_at, m.minutes
		from call_up_member m join call_up c on c.id = m.call_up_id where m.responder_id = $1 and m.minutes is not null
		union all
		select 'incident', s.incident_id, coalesce((select i.type_code from incident i where i.id = s.incident_id), ''), '', s.on_scene_at, e.at,
			round(extract(epoch from e.at - s.on_scene_at) / 60)::int
		from assignment s cross join lateral (select coalesce(s.done_at, s.released_at) as at) e
		where s.responder_id = $1 and s.on_scene_at is not null and e.at >= s.on_scene_at`
	var minutes int
	if err := s.read(ctx).QueryRow(ctx, `select coalesce(sum(minutes), 0)::int from (`+served+`) t`, responderID).Scan(&minutes); err != nil {
		return nil, 0, translate(err)
	}
	list, err := many[dispatch.ServedTime](ctx, s.read(ctx), `select * from (`+served+`) t order by starts_at desc limit $2`, responderID, limit)
	return list, minutes, err
}

// called gives whom an event of a call-up concerns: those of the batch that was
// asked, of the group that was changed, or everybody who was sent home.
func (s *Store) called(ctx context.Context, e dispatch.Event) ([]int64, error) {
	var where string
	args := []any{e.NounID}
	switch e.Kind {
	case "call_up.asking", "call_up.asked":
		where, args = ` and position > $2::text::int and position <= $3::text::int and state <> 'substitute'`, append(args, e.Data["after"], e.Data["asked_to"])
	case "call_up.grouped", "call_up.group_stood_down":
		where, args = ` and ($2::text = '' or group_id = $2::text::bigint) and group_id is not null and state <> 'substitute'`, append(args, e.Data["group"])
	case "call_up.stood_down", "call_up.cancelled":
		where, args = ` and stood_down_at = $2`, append(args, e.At)
	default:
		return nil, nil
	}
	rows, err := s.system().Query(ctx, `select responder_id from call_up_member where call_up_id = $1`+where+` order by responder_id`, args...)
	if err != nil {
		return nil, translate(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	return ids, translate(err)
}
