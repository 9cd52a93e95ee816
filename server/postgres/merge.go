package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// standsFor follows what was merged into what from the incidents $1 on, and
// gives each of them (id) with the one that stands for it.
const standsFor = `
with recursive chain(id, at) as (
	select x, x from unnest($1::bigint[]) as x
	union all
	select c.id, i.merged_into from chain c join incident i on i.id = c.at where i.merged_into is not null)
select c.id, c.at from chain c join incident i on i.id = c.at where i.merged_into is null`

func (t *tx) StandsFor(ctx context.Context, incidentID int64) (int64, error) {
	var id int64
	err := t.QueryRow(ctx, `select at from (`+standsFor+`) s`, []int64{incidentID}).Scan(&id)
	return id, translate(err)
}

const selectMerge = `
select m.id, m.incident_id, m.into_id, i.type_code, i.reported_at, m.reason, m.merged_by, m.merged_at, i.version,
       m.state, m.state_since, m.due_at, m.ladder_at, m.ladder_rung, coalesce(m.told_level, '') as told_level
from incident_merge m
join incident i on i.id = m.incident_id
where m.undone_at is null`

// mergeRow is a merge as it is stored.
type mergeRow struct {
	dispatch.Merge
	State      dispatch.IncidentState
	StateSince time.Time
	DueAt      *time.Time
	LadderAt   *time.Time
	LadderRung int
	ToldLevel  dispatch.Level
}

func (r mergeRow) merge() dispatch.Merge {
	r.Was = dispatch.Standing{State: r.State, Since: r.StateSince, DueAt: r.DueAt,
		LadderAt: r.LadderAt, LadderRung: r.LadderRung, ToldLevel: r.ToldLevel}
	return r.Merge
}

func (t *tx) MergeOf(ctx context.Context, incidentID int64) (dispatch.Merge, error) {
	r, err := one[mergeRow](ctx, t, selectMerge+` and m.incident_id = $1`, incidentID)
	return r.merge(), err
}

// movedTables are what goes over with a merge, by the noun under which it is
// listed; assignments go one by one.
var movedTables = []string{"report", "timeline", "attachment"}

func (t *tx) InsertMerge(ctx context.Context, m *dispatch.Merge) error {
	err := t.QueryRow(ctx, `
		insert into incident_merge (incident_id, into_id, reason, merged_by, merged_at, state, state_since, due_at, ladder_at, ladder_rung, told_level)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nullif($11, '')) returning id`,
		m.IncidentID, m.IntoID, m.Reason, m.MergedBy, m.MergedAt, m.Was.State, m.Was.Since, m.Was.DueAt,
		m.Was.LadderAt, m.Was.LadderRung, string(m.Was.ToldLevel)).Scan(&m.ID)
	if err != nil {
		return translate(err)
	}
	for _, table := range movedTables {
		if _, err := t.Exec(ctx, `
			with moved as (update `+table+` set incident_id = $3 where incident_id = $2 returning id)
			insert into incident_merge_row (merge_id, noun, row_id) select $1, '`+table+`', id from moved`,
			m.ID, m.IncidentID, m.IntoID); err != nil {
			return translate(err)
		}
	}
	return nil
}

func (t *tx) EndMerge(ctx context.Context, m dispatch.Merge, by *int64, why string, at time.Time) error {
	if _, err := t.Exec(ctx, `update incident_merge set undone_by = $2, undone_why = $3, undone_at = $4 where id = $1`, m.ID, by, why, at); err != nil {
		return translate(err)
	}
	// A picture sent in later goes with the report that it belongs to.
	if _, err := t.Exec(ctx, `update attachment a set incident_id = $3 where a.incident_id = $2
		and a.report_id in (select x.row_id from incident_merge_row x where x.merge_id = $1 and x.noun = 'report')`, m.ID, m.IntoID, m.IncidentID); err != nil {
		return translate(err)
	}
	for _, table := range movedTables {
		if _, err := t.Exec(ctx, `update `+table+` r set incident_id = $3 where r.incident_id = $2
			and r.id in (select x.row_id from incident_merge_row x where x.merge_id = $1 and x.noun = '`+table+`')`, m.ID, m.IntoID, m.IncidentID); err != nil {
			return translate(err)
		}
	}
	_, err := t.Exec(ctx, `update incident_party p set until = greatest($2, p.since) where p.until is null
		and p.id in (select x.row_id from incident_merge_row x where x.merge_id = $1 and x.noun = 'party')`, m.ID, at)
	return translate(err)
}

func (t *tx) JoinParties(ctx context.Context, m dispatch.Merge, why dispatch.PartyReason, areaIDs []int64) error {
	_, err := t.Exec(ctx, `
		with joined as (
			insert into incident_party (incident_id, area_id, why, since)
			select $2, area_id, $3, $5 from unnest($4::bigint[]) as area_id
			on conflict (incident_id, area_id, why) where until is null do nothing returning id)
		insert into incident_merge_row (merge_id, noun, row_id) select $1, 'party', id from joined`,
		m.ID, m.IntoID, why, areaIDs, m.MergedAt)
	return translate(err)
}

func (t *tx) RejoinParties(ctx context.Context, m dispatch.Merge, at time.Time) error {
	_, err := t.Exec(ctx, `
		insert into incident_party (incident_id, area_id, why, since)
		select distinct p.incident_id, p.area_id, p.why, $3::timestamptz from incident_party p where p.incident_id = $1 and p.until = greatest($2, p.since)
		on conflict (incident_id, area_id, why) where until is null do nothing`, m.IncidentID, m.MergedAt, at)
	return translate(err)
}

func (t *tx) MoveAssignment(ctx context.Context, a dispatch.Assignment, m dispatch.Merge) error {
	_, err := t.Exec(ctx, `with moved as (update assignment set incident_id = $2, version = $3 where id = $1 returning id)
		update alarm set incident_id = $2 where assignment_id in (select id from moved)`, a.ID, a.IncidentID, a.Version)
	if err != nil || a.IncidentID != m.IntoID {
		return translate(err)
	}
	_, err = t.Exec(ctx, `insert into incident_merge_row (merge_id, noun, row_id) values ($1, 'assignment', $2)`, m.ID, a.ID)
	return translate(err)
}

func (t *tx) MergedAssignments(ctx context.Context, m dispatch.Merge) ([]dispatch.Assignment, error) {
	return many[dispatch.Assignment](ctx, t, selectAssignment+` where s.incident_id = $2
		and s.id in (select x.row_id from incident_merge_row x where x.merge_id = $1 and x.noun = 'assignment') order by s.id for update of s`, m.ID, m.IntoID)
}

// merges gives the incidents that are shown with one.
func (s *Store) merges(ctx context.Context, incidentID int64) ([]dispatch.Merge, error) {
	rows, err := many[mergeRow](ctx, s.read(ctx), selectMerge+` and m.into_id = $1 order by m.id`, incidentID)
	list := make([]dispatch.Merge, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.merge())
	}
	return list, err
}

// TypePlan gives a type with its newest plan.
func (s *Store) TypePlan(ctx context.Context, code string) (dispatch.IncidentType, error) {
	return typeAndPlan(ctx, s.read(ctx), code)
}

// Sightings gives what was reported of incidents that are open, under the
// incident that stands for it, and what such incidents are held to be now.
func (s *Store) Sightings(ctx context.Context, q dispatch.SightingQuery) ([]dispatch.Sighting, error) {
	cells := make([]int64, len(q.Cells))
	for k, c := range q.Cells {
		cells[k] = c.Int64()
	}
	type row struct {
		IncidentID, ResolveSeconds int64
		TypeCode, Family           string
		Lon, Lat                   float64
		At                         time.Time
		SamePhone                  bool
	}
	rows, err := many[row](ctx, s.read(ctx), `
		with recursive numbers as (
			select unnest($2::bytea[]) as digest union select r.phone_digest from report r where r.incident_id = $3 and r.phone_digest is not null),
		sighting as (
			select r.incident_id, r.type_code, r.point, r.received_at as at, exists (select from numbers n where n.digest = r.phone_digest) as same_phone
			from report r where r.cell = any($1) and r.received_at between $4 and $5
			union
			select r.incident_id, r.type_code, r.point, r.received_at, true
			from report r where r.phone_digest in (select digest from numbers) and r.received_at between $4 and $5
			union
			select i.id, i.type_code, i.point, i.reported_at, false
			from incident i where i.cell = any($1) and i.reported_at between $4 and $5),
		chain(id, at) as (
			select distinct incident_id, incident_id from sighting
			union all
			select c.id, i.merged_into from chain c join incident i on i.id = c.at where i.merged_into is not null)
		select i.id as incident_id, x.type_code, t.family, st_x(x.point) as lon, st_y(x.point) as lat, x.at, x.same_phone, p.resolve_seconds
		from sighting x
		join chain c on c.id = x.incident_id
		join incident i on i.id = c.at and i.merged_into is null and `+open+` and i.id <> $3
		join incident_type t on t.code = x.type_code
		join plan p on p.id = i.plan_id`,
		cells, s.phoneDigests(sealedReportPhone, q.Phone), q.Of, q.From, q.To)
	list := make([]dispatch.Sighting, 0, len(rows))
	for _, r := range rows {
		list = append(list, dispatch.Sighting{IncidentID: r.IncidentID, Point: [2]float64{r.Lon, r.Lat}, TypeCode: r.TypeCode, Family: r.Family, At: r.At,
			Lasts: time.Duration(r.ResolveSeconds) * time.Second, SamePhone: r.SamePhone})
	}
	return list, err
}
