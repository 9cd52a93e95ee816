package postgres

import (
	"context"

	"yiping/server/importer"
)

// rosterFields are what a row of the roster brings: a duty.
var rosterFields = []registerField{
	{name: "responder", staged: "bigint"}, {name: "kind", staged: "text"}, {name: "starts_at", staged: "timestamptz"}, {name: "ends_at", staged: "timestamptz"},
}

const dutyBefore = `to_jsonb(t) || jsonb_build_object('post', t.post::text, 'period', t.period::text)`

// mergeRoster writes duties. One that would overlap another of the same person
// and kind is refused.
func (k *sink) mergeRoster(ctx context.Context, plan *importer.Plan) ([]importer.RowProblem, error) {
	if _, err := k.Exec(ctx, `create index on stage (responder, kind)`); err != nil {
		return nil, err
	}
	problems, err := k.refused(ctx, `select distinct on (s.line) s.line, 'starts_at', 'overlap_line', to_char(s.starts_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), 'line', e.line::text
		from stage s join stage e on e.responder = s.responder and e.kind = s.kind and e.line < s.line and tstzrange(e.starts_at, e.ends_at) && tstzrange(s.starts_at, s.ends_at) order by s.line, e.line`)
	if err != nil {
		return nil, err
	}
	more, err := k.refused(ctx, `select distinct on (s.line) s.line, 'starts_at', 'duty_overlap', to_char(s.starts_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), 'other',
			to_char(lower(d.period) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') || coalesce(' – ' || to_char(upper(d.period) at time zone 'Asia/Shanghai', 'MM-DD HH24:MI'), '')
		from stage s join duty d on d.responder_id = s.responder and d.kind = s.kind and d.period && tstzrange(s.starts_at, s.ends_at)
		where not (d.source = s.source and d.external_id is not distinct from s.external_id)
		and not exists (select 1 from stage e where e.source = d.source and e.external_id = d.external_id) order by s.line`)
	if err != nil {
		return nil, err
	}
	problems = append(problems, more...)
	const compared = `create temp table merged on commit drop as select s.*, t.id as noun_id,
		t.id is null or (t.responder_id, t.kind, t.period) is distinct from (s.responder, s.kind, tstzrange(s.starts_at, s.ends_at)) as changed
		from stage s left join duty t on t.source = s.source and t.external_id = s.external_id`
	if _, err := k.Exec(ctx, compared); err != nil {
		return nil, err
	}
	if err := k.QueryRow(ctx, `select count(*) filter (where noun_id is null), count(*) filter (where noun_id is not null and changed), count(*) filter (where not changed) from merged`).
		Scan(&k.counts.Created, &k.counts.Changed, &k.counts.Unchanged); err != nil {
		return nil, err
	}
	// Duties that change places with one another would overlap on the way: those
	// that change are taken out first and put back as they shall be.
	statements := []string{
		`insert into import_change (import_id, noun_id, version, before) select $1, t.id, t.version + 1, ` + dutyBefore + ` from merged m join duty t on t.id = m.noun_id where m.changed`,
		`create temp table kept on commit drop as select t.* from merged m join duty t on t.id = m.noun_id where m.changed and $1::bigint is not null`,
		`delete from duty t using kept x where t.id = x.id and $1::bigint is not null`,
		`insert into duty (id, responder_id, kind, origin, period, post, post_cell, source, external_id, start_told, end_told, version, created_at, rotation_id)
			select x.id, m.responder, m.kind, x.origin, tstzrange(m.starts_at, m.ends_at), r.post, r.post_cell, x.source, x.external_id, m.starts_at <= now(), m.ends_at <= now(), x.version + 1, x.created_at, x.rotation_id
			from kept x join merged m on m.noun_id = x.id join responder r on r.id = m.responder where $1::bigint is not null`,
		`with made as (insert into duty (responder_id, kind, origin, period, post, post_cell, source, external_id, start_told, end_told)
			select m.responder, m.kind, 'roster', tstzrange(m.starts_at, m.ends_at), r.post, r.post_cell, m.source, m.external_id, m.starts_at <= now(), m.ends_at <= now()
			from merged m join responder r on r.id = m.responder where m.noun_id is null order by m.line returning id)
			insert into import_change (import_id, noun_id, version) select $1, id, 1 from made`,
	}
	for _, statement := range statements {
		if _, err := k.Exec(ctx, statement, plan.ImportID); err != nil {
			return nil, err
		}
	}
	if plan.Full && len(problems) == 0 {
		return problems, k.withdrawMissing(ctx, plan)
	}
	return problems, nil
}

// withdrawMissing takes out the duties of the plan's source that have not begun
// and that the file does not have.
func (k *sink) withdrawMissing(ctx context.Context, plan *importer.Plan) error {
	const missing = ` from duty t join responder r on r.id = t.responder_id where t.source = $2 and lower(t.period) > now() and ($3::bigint[] is null or r.area_id = any($3))
		and not exists (select 1 from stage s where s.source = t.source and s.external_id = t.external_id)`
	tag, err := k.Exec(ctx, `insert into import_change (import_id, noun_id, version, before) select $1, t.id, 0, `+dutyBefore+missing, plan.ImportID, plan.Source, plan.AreaIDs)
	if err != nil {
		return err
	}
	k.counts.Retired = int(tag.RowsAffected())
	_, err = k.Exec(ctx, `delete from duty where id in (select t.id`+missing+` and $1::bigint is not null)`, plan.ImportID, plan.Source, plan.AreaIDs)
	return err
}
