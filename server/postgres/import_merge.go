package postgres

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"yiping/server/importer"
)

// Merge writes what was staged: rows that are there already and differ are
// changed, others are new. What only the database can tell is wrong with a row
// is refused here.
func (k *sink) Merge(ctx context.Context, plan *importer.Plan) (importer.Counts, []importer.RowProblem, error) {
	if _, err := k.Exec(ctx, `analyze stage`); err != nil {
		return k.counts, nil, err
	}
	problems, err := k.duplicates(ctx)
	if err != nil {
		return k.counts, nil, err
	}
	var more []importer.RowProblem
	switch plan.Noun.Name {
	case "roster":
		more, err = k.mergeRoster(ctx, plan)
	case "areas":
		more, err = k.mergeAreas(ctx, plan)
	case "type_codes":
		if more, err = k.refusedTypes(ctx); err != nil {
			return k.counts, nil, err
		}
		problems = append(problems, more...)
		more, err = k.mergeRows(ctx, plan, "true")
	default:
		more, err = k.mergeRows(ctx, plan, "true")
	}
	problems = append(problems, more...)
	if err != nil || plan.Noun.Name == "roster" {
		return k.counts, sorted(problems), err
	}
	if plan.Full && len(problems) == 0 {
		if err := k.retireMissing(ctx, plan); err != nil {
			return k.counts, nil, err
		}
	}
	mended, err := k.mended(ctx, plan)
	return k.counts, sorted(append(problems, mended...)), err
}

// mended warns of the boundaries that cross themselves: they are written
// repaired.
func (k *sink) mended(ctx context.Context, plan *importer.Plan) ([]importer.RowProblem, error) {
	if plan.Field("boundary") < 0 {
		return nil, nil
	}
	rows, err := k.Query(ctx, `select line from stage where boundary is not null and not st_isvalid(st_geomfromwkb(boundary, 4326)) order by line`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (importer.RowProblem, error) {
		p := importer.RowProblem{Field: "boundary", Code: "shape_repaired", Warning: true}
		return p, row.Scan(&p.Line)
	})
}

func sorted(problems []importer.RowProblem) []importer.RowProblem {
	slices.SortStableFunc(problems, func(a, b importer.RowProblem) int { return a.Line - b.Line })
	return problems
}

// refused deletes the staged rows of a query (line, field, code, value, key,
// argument) and gives them as problems.
func (k *sink) refused(ctx context.Context, query string, args ...any) ([]importer.RowProblem, error) {
	rows, err := k.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var lines []int64
	problems, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (importer.RowProblem, error) {
		var p importer.RowProblem
		var line int64
		var key, argument string
		err := row.Scan(&line, &p.Field, &p.Code, &p.Value, &key, &argument)
		p.Line = int(line)
		lines = append(lines, line)
		if key != "" {
			p.Values = map[string]string{key: argument}
		}
		return p, err
	})
	if err != nil || len(problems) == 0 {
		return nil, err
	}
	_, err = k.Exec(ctx, `delete from stage where line = any($1)`, lines)
	return problems, err
}

// duplicates refuses rows that are the same as an earlier one of the file.
func (k *sink) duplicates(ctx context.Context) ([]importer.RowProblem, error) {
	return k.refused(ctx, `select line, 'external_id', 'duplicate', left(external_id, 80), 'line', first::text
		from (select line, external_id, min(line) over (partition by source, external_id) as first from stage) q where line <> first order by line`)
}

// typeMeant gives the type in use that a staged row names, by its code or its name.
const typeMeant = `(select x.code from incident_type x where x.retired_at is null and exists (select 1 from plan p where p.type_code = x.code)
	and s.type_code in (x.code, x.name_zh, x.name_en) order by x.code = s.type_code desc, x.code limit 1)`

// refusedTypes refuses rows whose type is not there, or is one that no incident
// can be of.
func (k *sink) refusedTypes(ctx context.Context) ([]importer.RowProblem, error) {
	return k.refused(ctx, `select line, 'type_code', 'unknown_type', left(type_code, 80), '', '' from stage s where `+typeMeant+` is null order by line`)
}

// mergeRows merges the staged rows that a condition on s holds for.
func (k *sink) mergeRows(ctx context.Context, plan *importer.Plan, only string) ([]importer.RowProblem, error) {
	r := k.register
	if plan.Field("party_organisation") >= 0 {
		if err := k.makeOrganisations(ctx); err != nil {
			return nil, err
		}
	}
	if _, err := k.Exec(ctx, `drop table if exists merged`); err != nil {
		return nil, err
	}
	if _, err := k.Exec(ctx, `create temp table merged on commit drop as `+k.compared(plan, only)); err != nil {
		return nil, err
	}
	problems, err := k.unplaced(ctx, plan)
	if err != nil {
		return nil, err
	}
	var all, created, changed int
	if err := k.QueryRow(ctx, `select count(*), count(*) filter (where noun_id is null), count(*) filter (where noun_id is not null and changed) from merged`).Scan(&all, &created, &changed); err != nil {
		return nil, err
	}
	k.counts.Created += created
	k.counts.Changed += changed
	k.counts.Unchanged += all - created - changed
	statements := []string{k.remember(), k.change(plan), k.insertion(plan)}
	if r.table == "responder" { // what is new gets its id before its lists are written
		statements = append(statements, `update merged m set noun_id = t.id from responder t where m.noun_id is null and t.source = m.source and t.external_id = m.external_id`)
	}
	for _, statement := range statements {
		args := []any{}
		if strings.Contains(statement, "$1") {
			args = append(args, plan.ImportID)
		}
		if _, err := k.Exec(ctx, statement, args...); err != nil {
			return nil, fmt.Errorf("merge %s: %w", r.table, err)
		}
	}
	if err := k.mergeChildren(ctx); err != nil {
		return nil, err
	}
	return problems, nil
}

// match says when a staged row is one that is there already.
func (k *sink) match(plan *importer.Plan) string {
	if k.register.table == "area" && plan.Field("code") >= 0 { // an area is known by its code, whoever brings it
		return `t.id = coalesce((select x.id from area x where s.code <> '' and x.code = s.code and x.retired_at is null), (select x.id from area x where x.source = s.source and x.external_id = s.external_id))`
	}
	return `t.source = s.source and t.external_id = s.external_id`
}

// compared selects the staged rows with the row that is there, what is to be
// written, and whether that differs.
func (k *sink) compared(plan *importer.Plan, only string) string {
	r := k.register
	area, same := "coalesce(s.area_id, t."+r.areaColumn+")", []string{"t." + r.areaColumn + " is not distinct from v.home"}
	if r.table == "area" {
		area = "s.area_id"
		if plan.Field("parent_code") < 0 {
			area = "t.parent_id"
		}
	}
	values := []string{area + " as home"}
	if r.point != "" {
		values = append(values, "coalesce(st_setsrid(st_makepoint(s.lon, s.lat), 4326), t."+r.point+") as spot")
		same = append(same, "(t."+r.point+" is null and v.spot is null or coalesce(st_dwithin(t."+r.point+", v.spot, 6e-8), false))")
	}
	if r.cell != "" {
		values = append(values, "coalesce(s.cell, t."+r.cell+") as spot_cell")
	}
	for _, f := range k.fields {
		if f.column == "" && f.now == "" {
			continue
		}
		values = append(values, f.value+" as "+f.name)
		now := f.now
		if now == "" {
			now = "t." + f.column
		}
		switch {
		case f.name == "boundary":
			// As exports write it: a boundary read back from its own text is no change.
			same = append(same, "st_astext("+now+", 7) is not distinct from st_astext(v.boundary, 7)")
		case f.name != "cells" && f.staged != "bytea": // a number is the same where its digest is
			same = append(same, now+" is not distinct from v."+f.name)
		}
	}
	return `select s.line, s.source, s.external_id, t.id as noun_id, v.*,
		t.id is null or t.retired_at is not null or not (` + strings.Join(same, " and ") + `) as changed, t.` + r.areaColumn + ` as was_home
		from stage s left join ` + r.table + ` t on ` + k.match(plan) + ` cross join lateral (select ` + list(values) + `) v where ` + only
}

// unplaced refuses rows without an area or a needed point, and rows that are
// there already in an area that is not the asker's.
func (k *sink) unplaced(ctx context.Context, plan *importer.Plan) ([]importer.RowProblem, error) {
	var rules []string
	if k.register.table != "area" {
		rules = append(rules, `select line, 'area', 'area_required', '', '', '' from merged where home is null`)
	}
	if plan.Noun.Point {
		rules = append(rules, `select line, 'lon', 'required', '', '', '' from merged where spot is null`)
	}
	args := []any{}
	if plan.AreaIDs != nil {
		rules = append(rules, `select line, 'area', 'not_yours', '', '', '' from merged where noun_id is not null and not coalesce(was_home, 0) = any($1)`)
		args = append(args, plan.AreaIDs)
	}
	if rules == nil {
		return nil, nil
	}
	problems, err := k.refused(ctx, strings.Join(rules, ` union all `)+` order by 1`, args...)
	if err == nil && len(problems) > 0 {
		_, err = k.Exec(ctx, `delete from merged m where not exists (select 1 from stage s where s.line = m.line)`)
	}
	return problems, err
}

// assigned gives the columns that are written, and the values.
func (k *sink) assigned(plan *importer.Plan) (columns, values []string) {
	r := k.register
	columns, values = []string{r.areaColumn}, []string{"m.home"}
	if r.point != "" && plan.HasPoint {
		columns, values = append(columns, r.point), append(values, "m.spot")
		if r.cell != "" {
			columns, values = append(columns, r.cell), append(values, "m.spot_cell")
		}
		if r.table != "responder" {
			columns, values = append(columns, "datum"), append(values, "'"+plan.Datum.String()+"'")
		}
	}
	for _, f := range k.fields {
		if f.column != "" {
			columns, values = append(columns, f.column), append(values, "m."+f.name)
		}
	}
	return columns, values
}

func (k *sink) insertion(plan *importer.Plan) string {
	columns, values := k.assigned(plan)
	for _, f := range k.register.fields {
		if f.otherwise != "" && plan.Field(f.name) < 0 {
			columns, values = append(columns, f.column), append(values, f.otherwise)
		}
	}
	return `with made as (insert into ` + k.register.table + ` (source, external_id, ` + list(columns) + `)
			select m.source, m.external_id, ` + list(values) + ` from merged m where m.noun_id is null order by m.line returning id, version)
		insert into import_change (import_id, noun_id, version) select $1, id, version from made`
}

// before gives a row as it is kept for an undo: geometry exact, children within.
func (r *register) before() string {
	parts := []string{}
	if r.point != "" {
		parts = append(parts, "'"+r.point+"', t."+r.point+"::text")
	}
	for _, f := range r.fields {
		if f.name == "boundary" {
			parts = append(parts, "'boundary', t.boundary::text")
		}
		if f.now != "" {
			parts = append(parts, "'"+f.name+"', to_jsonb("+f.now+")")
		}
	}
	return "to_jsonb(t) || jsonb_build_object(" + list(parts) + ")"
}

func (k *sink) remember() string {
	return `insert into import_change (import_id, noun_id, version, before)
		select $1, t.id, t.version + 1, ` + k.register.before() + ` from merged m join ` + k.register.table + ` t on t.id = m.noun_id where m.changed`
}

func (k *sink) change(plan *importer.Plan) string {
	columns, values := k.assigned(plan)
	set := []string{"version = t.version + 1", "updated_at = now()", "retired_at = null"}
	for i := range columns {
		set = append(set, columns[i]+" = "+values[i])
	}
	return `update ` + k.register.table + ` t set ` + list(set) + ` from merged m where t.id = m.noun_id and m.changed`
}

// makeOrganisations adds Party organisations that rows name and nobody knows.
func (k *sink) makeOrganisations(ctx context.Context) error {
	_, err := k.Exec(ctx, `insert into party_organisation (area_id, name, source, external_id)
		select distinct on (s.party_organisation) coalesce(s.area_id, (select district_id from installation)), s.party_organisation, s.source, 'name-' || md5(s.party_organisation)
		from stage s where s.party_organisation <> '' and not exists (select 1 from party_organisation o where o.name = s.party_organisation)
		and coalesce(s.area_id, (select district_id from installation)) is not null
		order by s.party_organisation, s.line on conflict on constraint party_organisation_external do nothing`)
	return err
}

// mergeChildren writes the lists that people have in tables of their own.
func (k *sink) mergeChildren(ctx context.Context) error {
	for _, f := range k.fields {
		if f.column != "" || f.now == "" {
			continue
		}
		table, column := "responder_"+strings.TrimSuffix(f.name, "s"), strings.TrimSuffix(f.name, "s")
		if _, err := k.Exec(ctx, `delete from `+table+` c using merged m where c.responder_id = m.noun_id and m.changed and c.`+column+` <> all(m.`+f.name+`)`); err != nil {
			return err
		}
		if _, err := k.Exec(ctx, `insert into `+table+` (responder_id, `+column+`) select t.id, x from merged m join responder t on t.id = m.noun_id
			cross join unnest(m.`+f.name+`) x where m.changed on conflict do nothing`); err != nil {
			return err
		}
	}
	return nil
}

// retireMissing retires the rows of the plan's source that the file does not
// have. People on a task stay.
func (k *sink) retireMissing(ctx context.Context, plan *importer.Plan) error {
	r := k.register
	missing := `t.source = $2 and t.retired_at is null and ($3::bigint[] is null or t.` + r.areaColumn + ` = any($3))
		and not exists (select 1 from stage s where s.source = t.source and s.external_id = t.external_id)`
	switch r.table {
	case "responder":
		missing += ` and not exists (select 1 from assignment s where s.responder_id = t.id and s.state in ('reserved', 'accepted', 'en_route', 'on_scene'))`
	case "area":
		missing += ` and t.level <> 'district' and not exists (select 1 from stage s where s.code <> '' and s.code = t.code)`
	}
	tag, err := k.Exec(ctx, `insert into import_change (import_id, noun_id, version, before) select $1, t.id, t.version + 1, `+r.before()+` from `+r.table+` t where `+missing,
		plan.ImportID, plan.Source, plan.AreaIDs)
	if err != nil {
		return err
	}
	k.counts.Retired = int(tag.RowsAffected())
	_, err = k.Exec(ctx, `update `+r.table+` t set retired_at = now(), updated_at = now(), version = t.version + 1 where `+missing+` and $1::bigint is not null`,
		plan.ImportID, plan.Source, plan.AreaIDs)
	return err
}

// mergeAreas merges level by level, each under the one above, which may have
// come with the same file.
func (k *sink) mergeAreas(ctx context.Context, plan *importer.Plan) ([]importer.RowProblem, error) {
	var problems []importer.RowProblem
	for _, level := range []string{"district", "street", "community", "grid"} {
		if level != "district" && plan.Field("parent_code") >= 0 {
			if _, err := k.Exec(ctx, `update stage s set area_id = p.id from area p where s.level = $1 and p.retired_at is null and p.level <> $1
				and p.id = (select x.id from area x where x.retired_at is null and x.level <> 'grid' and (x.code <> '' and x.code = s.parent_code or x.name = s.parent_code or s.parent_code = any(x.aliases))
					order by x.code = s.parent_code desc, array_position(array['community', 'street', 'district'], x.level) limit 1)`, level); err != nil {
				return nil, err
			}
		}
		if level == "street" && plan.Field("parent_code") >= 0 { // what says nothing stands under the district
			if _, err := k.Exec(ctx, `update stage set area_id = (select district_id from installation) where level = 'street' and coalesce(parent_code, '') = ''`); err != nil {
				return nil, err
			}
		}
		more, err := k.refusedAreas(ctx, plan, level)
		if err != nil {
			return nil, err
		}
		problems = append(problems, more...)
		if more, err = k.mergeRows(ctx, plan, `s.level = '`+level+`'`); err != nil {
			return nil, err
		}
		problems = append(problems, more...)
		if level == "district" {
			if _, err := k.Exec(ctx, `insert into installation (district_id) select id from area where level = 'district' and retired_at is null order by id limit 1
				on conflict (only_row) do update set district_id = excluded.district_id where installation.district_id is null`); err != nil {
				return nil, err
			}
		}
	}
	return problems, nil
}

// refusedAreas refuses areas of a level that cannot be where they would stand.
func (k *sink) refusedAreas(ctx context.Context, plan *importer.Plan, level string) ([]importer.RowProblem, error) {
	there := `exists (select 1 from area t where ` + k.match(plan) + `)`
	rules := []string{`select s.line, 'code', 'code_taken', s.code, 'name', x.name from stage s join area x on s.code <> '' and x.code = s.code and x.retired_at is null
		where s.level = $1 and x.level <> s.level`}
	if plan.Field("code") < 0 {
		rules = nil
	}
	if level == "district" {
		rules = append(rules, `select s.line, 'level', 'second_district', s.name, 'name', x.name from stage s join area x on x.level = 'district' and x.retired_at is null where s.level = $1 and not `+there)
	} else {
		if plan.Field("parent_code") >= 0 {
			const parent = "coalesce(s.parent_code, '')"
			rules = append(rules, `select s.line, 'parent_code', case when `+parent+` = '' then 'parent_required' else 'parent_unknown' end, `+parent+`, '', '' from stage s where s.level = $1 and s.area_id is null`,
				`select s.line, 'level', 'wrong_level', s.level, '', '' from stage s join area p on p.id = s.area_id where s.level = $1
					and array_position(array['district', 'street', 'community', 'grid'], p.level) >= array_position(array['district', 'street', 'community', 'grid'], s.level)`)
		} else {
			rules = append(rules, `select s.line, 'parent_code', 'parent_required', '', '', '' from stage s where s.level = $1 and not `+there)
		}
	}
	if plan.AreaIDs != nil && level != "district" {
		rules = append(rules, `select s.line, 'parent_code', 'not_yours', '', '', '' from stage s where s.level = $1 and s.area_id is not null and not s.area_id = any(`+ids(plan.AreaIDs)+`)`)
	} else if plan.AreaIDs != nil {
		rules = append(rules, `select s.line, 'level', 'not_yours', '', '', '' from stage s where s.level = $1`)
	}
	return k.refused(ctx, strings.Join(rules, ` union `)+` order by 1`, level)
}

func ids(list []int64) string {
	parts := make([]string, len(list))
	for i, id := range list {
		parts[i] = strconv.FormatInt(id, 10)
	}
	return "array[" + strings.Join(parts, ", ") + "]::bigint[]"
}
