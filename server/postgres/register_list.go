package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
	"yiping/server/importer"
)

// shownFields gives the fields of a register that are shown, with their
// expressions; boundaries only where shapes is set, for they are long.
func (r *register) shownFields(shapes bool) (names, expressions []string) {
	for _, c := range r.noun.Columns {
		if c.Hidden || c.Kind == importer.Shape && !shapes {
			continue
		}
		f, ok := r.field(c.Field)
		switch {
		case ok && f.shown != "":
			names, expressions = append(names, f.name), append(expressions, f.shown)
		case c.Field == "area":
			names, expressions = append(names, "area"), append(expressions, areaShown("t."+r.areaColumn))
		case c.Field == "lon" && r.point != "":
			names, expressions = append(names, "lon"), append(expressions, "round(st_x(t."+r.point+")::numeric, 7)::float8::text")
		case c.Field == "lat" && r.point != "":
			names, expressions = append(names, "lat"), append(expressions, "round(st_y(t."+r.point+")::numeric, 7)::float8::text")
		case c.Field == "external_id", c.Field == "source":
			names, expressions = append(names, c.Field), append(expressions, "t."+c.Field)
		}
	}
	return names, expressions
}

// where gives the condition of a filter with its arguments.
func (s Imports) where(r *register, f dispatch.RegisterFilter) (string, []any, error) {
	home := "t." + r.areaColumn
	if r.table == "area" {
		home = "t.id"
	}
	parts, args := []string{"t.retired_at is null"}, []any{}
	if f.Retired {
		parts[0] = "t.retired_at is not null"
	}
	add := func(condition string, v any) {
		args = append(args, v)
		parts = append(parts, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(args))))
	}
	if f.AreaIDs != nil {
		add(home+" = any(?)", f.AreaIDs)
	}
	if f.IDs != nil {
		add("t.id = any(?)", f.IDs)
	}
	if digests := s.digestsOf(r, f); digests != nil {
		add("t.phone_digest = any(?)", digests)
	} else if word := strings.ToLower(strings.Join(strings.Fields(f.Query), "")); word != "" {
		word = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `|`, ``).Replace(word) + "%"
		if r.named && !f.Retired { // what is retired has no names
			add("t.id in (select n.noun_id from place_name n where n.noun = '"+r.noun.Singular+"' and n.search like ?)", word)
		} else {
			add("lower(t.name) like ?", word)
		}
	}
	for field, value := range f.Where {
		c, known := r.noun.Column(field)
		x, ok := r.field(field)
		switch {
		case !known || !ok || c.Kind != importer.Choice && c.Kind != importer.Choices:
			return "", nil, &dispatch.Error{Code: dispatch.CodeInvalid, Field: "where"}
		case x.column != "":
			add("t."+x.column+" = ?", value)
		default:
			add("? = any("+x.now+")", value)
		}
	}
	return strings.Join(parts, " and "), args, nil
}

// digestsOf gives what a person is found by where the query is a whole number.
func (s Imports) digestsOf(r *register, f dispatch.RegisterFilter) [][]byte {
	if r.table != "responder" || !f.ByNumber || !dispatch.IsPhone(f.Query) {
		return nil
	}
	return s.phoneDigests(sealedResponderPhone, f.Query)
}

// Register gives a page of a register by id, without boundaries, and how many
// rows match in all.
func (s Imports) Register(ctx context.Context, noun string, f dispatch.RegisterFilter) ([]dispatch.RegisterRow, int, error) {
	r, ok := registers[noun]
	if !ok {
		return nil, 0, dispatch.Refuse(dispatch.CodeNotFound, "noun")
	}
	where, args, err := s.where(r, f)
	if err != nil {
		return nil, 0, err
	}
	var total int
	if err := s.read(ctx).QueryRow(ctx, `select count(*) from `+r.table+` t where `+where, args...).Scan(&total); err != nil {
		return nil, 0, translate(err)
	}
	list := []dispatch.RegisterRow{}
	args = append(args, f.AfterID, f.Limit)
	err = s.eachRow(ctx, r, f.InFull, false, where+fmt.Sprintf(` and t.id > $%d order by t.id limit $%d`, len(args)-1, len(args)), args, func(row dispatch.RegisterRow) error {
		list = append(list, row)
		return nil
	})
	return list, total, err
}

// EachRow gives every row of a register that matches, by id.
func (s Imports) EachRow(ctx context.Context, noun string, f dispatch.RegisterFilter, each func(dispatch.RegisterRow) error) error {
	r, ok := registers[noun]
	if !ok {
		return dispatch.Refuse(dispatch.CodeNotFound, "noun")
	}
	where, args, err := s.where(r, f)
	if err != nil {
		return err
	}
	return s.eachRow(ctx, r, f.InFull, true, where+` order by t.id`, args, each)
}

func (s Imports) eachRow(ctx context.Context, r *register, inFull, shapes bool, tail string, args []any, each func(dispatch.RegisterRow) error) error {
	names, expressions := r.shownFields(shapes)
	point := "null::float8, null::float8"
	if r.point != "" {
		point = "st_x(t." + r.point + "), st_y(t." + r.point + ")"
	}
	home := "t." + r.areaColumn
	rows, err := s.read(ctx).Query(ctx, `select t.id, t.version, coalesce(`+home+`, 0), coalesce((select x.name from area x where x.id = `+home+`), ''), `+point+`, t.updated_at, t.retired_at,
		array[`+list(castText(expressions))+`] from `+r.table+` t where `+tail, args...)
	if err != nil {
		return translate(err)
	}
	var row dispatch.RegisterRow
	var values []*string
	_, err = pgx.ForEachRow(rows, []any{&row.ID, &row.Version, &row.AreaID, &row.AreaName, &row.Lon, &row.Lat, &row.UpdatedAt, &row.RetiredAt, &values}, func() error {
		out := row
		out.Values = make(map[string]string, len(names))
		for i, v := range values {
			if v != nil && *v != "" {
				out.Values[names[i]] = *v
			}
		}
		row.Lon, row.Lat, row.RetiredAt = nil, nil, nil
		if err := s.showNumber(r, out.Values, inFull); err != nil {
			return err
		}
		return each(out)
	})
	return translate(err)
}

// showNumber puts a person's number, masked or in full, in the place of the
// sealed one.
func (s Imports) showNumber(r *register, values map[string]string, inFull bool) error {
	text, ok := values["phone"]
	if !ok || r.table != "responder" {
		return nil
	}
	sealed, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
	if err != nil {
		return fmt.Errorf("read a sealed number: %w", err)
	}
	if !inFull {
		values["phone"] = s.maskedPhone(sealedResponderPhone, sealed)
		return nil
	}
	values["phone"], err = s.openPhone(sealedResponderPhone, sealed)
	return err
}

func castText(expressions []string) []string {
	out := slices.Clone(expressions)
	for i := range out {
		out[i] = "(" + out[i] + ")::text"
	}
	return out
}

// RegisterPoints gives where the rows that match are, at most limit of them.
func (s Imports) RegisterPoints(ctx context.Context, noun string, f dispatch.RegisterFilter, limit int) ([]dispatch.RegisterPoint, error) {
	r, ok := registers[noun]
	if !ok || r.point == "" {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "noun")
	}
	where, args, err := s.where(r, f)
	if err != nil {
		return nil, err
	}
	args = append(args, limit)
	return many[dispatch.RegisterPoint](ctx, s.read(ctx), fmt.Sprintf(`select t.id, st_x(t.%[1]s) as lon, st_y(t.%[1]s) as lat from %[2]s t where t.%[1]s is not null and %[3]s order by t.id limit $%[4]d`,
		r.point, r.table, where, len(args)), args...)
}

// AttributeKeys gives the keys that the rows of a register describe themselves
// by, the most frequent first.
func (s Imports) AttributeKeys(ctx context.Context, noun string) ([]string, error) {
	r, ok := registers[noun]
	if !ok {
		return nil, nil
	}
	if _, ok := r.field("attributes"); !ok {
		return nil, nil
	}
	rows, err := s.read(ctx).Query(ctx, `select k from `+r.table+` t cross join lateral jsonb_object_keys(t.attributes) k where t.retired_at is null group by k order by count(*) desc, k limit 60`)
	if err != nil {
		return nil, translate(err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return keys, translate(err)
}

// RetireRows retires rows, or brings retired ones back, as an import that can be
// undone. Rows outside of areaIDs (nil for everywhere) are refused.
func (s Imports) RetireRows(ctx context.Context, c dispatch.Command, noun string, ids, areaIDs []int64, back bool) (dispatch.Outcome, error) {
	r, ok := registers[noun]
	if !ok || noun == "roster" { // a duty is withdrawn, not retired
		return dispatch.Outcome{}, dispatch.Refuse(dispatch.CodeNotFound, "noun")
	}
	return s.Run(ctx, c, func(ctx context.Context, dtx dispatch.Tx) (dispatch.Outcome, error) {
		k := &sink{tx: dtx.(*tx), register: r}
		home := "t." + r.areaColumn
		if r.table == "area" {
			home = "t.id"
		}
		var all, mine, busy int
		if err := k.QueryRow(ctx, `select count(*), count(*) filter (where $2::bigint[] is null or `+home+` = any($2)), count(*) filter (where `+r.busy()+`) from `+r.table+` t where t.id = any($1)`, ids, areaIDs).
			Scan(&all, &mine, &busy); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		switch {
		case all != len(ids) || mine != all:
			return dispatch.Outcome{}, dispatch.Refuse(dispatch.CodeNotFound, "ids")
		case busy > 0 && !back:
			return dispatch.Outcome{}, dispatch.Refuse(dispatch.CodeRowInUse, "ids")
		}
		var importID int64
		if err := k.QueryRow(ctx, `insert into import (noun, state, account_id, ended_at) values ($1, 'done', nullif($2::bigint, 0), now()) returning id`, noun, c.Actor.AccountID).Scan(&importID); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		retired := "now()"
		if back {
			retired = "null"
		}
		for _, statement := range []string{
			`insert into import_change (import_id, noun_id, version, before) select $1, t.id, t.version + 1, ` + r.before() + ` from ` + r.table + ` t where t.id = any($2) order by t.id for update`,
			`update ` + r.table + ` t set retired_at = ` + retired + `, updated_at = now(), version = t.version + 1 where t.id = any($2) and $1::bigint is not null`,
		} {
			if _, err := k.Exec(ctx, statement, importID, ids); err != nil {
				return dispatch.Outcome{}, translate(err)
			}
		}
		if err := k.nameRows(ctx, importID); err != nil {
			return dispatch.Outcome{}, translate(err)
		}
		return dispatch.Outcome{Noun: dispatch.NounImport, ID: importID, Version: 1}, k.announce(ctx, "register.edited", importID, c.Actor.AccountID, r.noun.Singular)
	})
}

// busy says when a row cannot be retired: an area with others below it or the
// district, a person on a task.
func (r *register) busy() string {
	switch r.table {
	case "area":
		return `t.level = 'district' or exists (select 1 from area x where x.parent_id = t.id and x.retired_at is null)`
	case "responder":
		return `exists (select 1 from assignment x where x.responder_id = t.id and x.state in ('reserved', 'accepted', 'en_route', 'on_scene'))`
	}
	return "false"
}
