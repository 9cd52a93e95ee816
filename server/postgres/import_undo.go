package postgres

import (
	"context"

	"yiping/server/dispatch"
	"yiping/server/importer"
)

// UndoImport takes an import back: what it changed is as before, what was new is
// retired. A row that has been changed since stays as it is and is counted.
func (s *Store) UndoImport(ctx context.Context, id, accountID int64) (dispatch.Undone, error) {
	var out dispatch.Undone
	_, err := s.Run(ctx, dispatch.Command{Actor: dispatch.Actor{System: true, AccountID: accountID}, Name: "import.undo"}, func(ctx context.Context, dtx dispatch.Tx) (dispatch.Outcome, error) {
		t := dtx.(*tx)
		var noun, state string
		if err := t.QueryRow(ctx, `select noun, state from import where id = $1 for update`, id).Scan(&noun, &state); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		if state != "done" {
			return dispatch.Outcome{}, &dispatch.Error{Code: dispatch.CodeIllegalTransition, Values: map[string]string{"state": state}}
		}
		if _, err := t.Exec(ctx, `set local statement_timeout = 0`); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		if _, err := t.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(importLock)); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		k := &sink{tx: t}
		var err error
		if noun == "roster" {
			out, err = k.undoRoster(ctx, id)
		} else {
			k.register = registers[noun]
			out, err = k.undoRows(ctx, id)
		}
		if err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		if _, err := t.Exec(ctx, `update import set state = 'undone', undone_at = now(), undone_by = nullif($2::bigint, 0) where id = $1`, id, accountID); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		n, _ := importer.ByName(noun)
		return dispatch.Outcome{Noun: dispatch.NounImport, ID: id, Version: 1}, announceImport(ctx, t, "import.undone", id, accountID, n.Singular)
	})
	return out, err
}

// undoRows restores what is as the import left it.
func (k *sink) undoRows(ctx context.Context, id int64) (dispatch.Undone, error) {
	r := k.register
	var out dispatch.Undone
	if _, err := k.Exec(ctx, `create temp table undone on commit drop as select c.noun_id, c.before from import_change c join `+r.table+` t on t.id = c.noun_id and t.version = c.version where c.import_id = $1`, id); err != nil {
		return out, err
	}
	if err := k.QueryRow(ctx, `select count(*) filter (where before is not null), count(*) filter (where before is null), (select count(*) from import_change where import_id = $1) - count(*) from undone`, id).
		Scan(&out.Restored, &out.Retired, &out.Kept); err != nil {
		return out, err
	}
	columns := []string{r.areaColumn}
	if r.point != "" {
		columns = append(columns, r.point)
	}
	if r.cell != "" {
		columns = append(columns, r.cell)
	}
	if r.point != "" && r.table != "responder" {
		columns = append(columns, "datum")
	}
	for _, f := range r.fields {
		if f.column != "" {
			columns = append(columns, f.column)
		}
	}
	set := []string{"version = t.version + 1", "updated_at = now()", "retired_at = b.retired_at"}
	for _, c := range columns {
		set = append(set, c+" = b."+c)
	}
	statements := []string{ // a column that is newer than the import stays as it is
		`update ` + r.table + ` t set ` + list(set) + ` from undone u join ` + r.table + ` o on o.id = u.noun_id cross join lateral jsonb_populate_record(o, u.before) b where t.id = u.noun_id and u.before is not null`,
		`update ` + r.table + ` t set retired_at = now(), updated_at = now(), version = t.version + 1 from undone u where t.id = u.noun_id and u.before is null`,
	}
	for _, f := range r.fields {
		if f.column == "" && f.now != "" {
			column := f.name[:len(f.name)-1]
			statements = append(statements, `delete from responder_`+column+` c using undone u where c.responder_id = u.noun_id and u.before is not null and not u.before->'`+f.name+`' ? c.`+column,
				`insert into responder_`+column+` (responder_id, `+column+`) select u.noun_id, x from undone u cross join lateral jsonb_array_elements_text(u.before->'`+f.name+`') x where u.before is not null on conflict do nothing`)
		}
	}
	for _, statement := range statements {
		if _, err := k.Exec(ctx, statement); err != nil {
			return out, err
		}
	}
	return out, k.nameRows(ctx, id)
}

// undoRoster restores duties. One that was new and has begun ends now.
func (k *sink) undoRoster(ctx context.Context, id int64) (dispatch.Undone, error) {
	var out dispatch.Undone
	if _, err := k.Exec(ctx, `create temp table undone on commit drop as select c.noun_id, c.before, c.version from import_change c left join duty t on t.id = c.noun_id
		where c.import_id = $1 and (t.version = c.version or t.id is null and c.version = 0)`, id); err != nil {
		return out, err
	}
	if err := k.QueryRow(ctx, `select count(*) filter (where before is not null), count(*) filter (where before is null), (select count(*) from import_change where import_id = $1) - count(*) from undone`, id).
		Scan(&out.Restored, &out.Retired, &out.Kept); err != nil {
		return out, err
	}
	for _, statement := range []string{
		`update duty t set period = tstzrange(lower(t.period), now()), version = t.version + 1, end_told = true from undone u where t.id = u.noun_id and u.before is null and lower(t.period) < now() and (upper_inf(t.period) or upper(t.period) > now())`,
		`delete from duty t using undone u where t.id = u.noun_id and (u.before is not null or lower(t.period) >= now())`,
		`insert into duty select b.* from undone u cross join lateral jsonb_populate_record(null::duty, u.before || jsonb_build_object('version', greatest(u.version, (u.before->>'version')::int) + 1)) b where u.before is not null`,
	} {
		if _, err := k.Exec(ctx, statement); err != nil {
			return out, err
		}
	}
	return out, nil
}
