package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/importer"
)

// Imports is the store as imports use it.
type Imports struct{ *Store }

var _ importer.Store = Imports{}

// Project converts points of a projected system to WGS-84; one that cannot be
// converted comes back as NaN.
func (s Imports) Project(ctx context.Context, srid int, points []importer.Point) ([]importer.Point, error) {
	if len(points) == 0 {
		return nil, nil
	}
	x, y := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		x[i], y[i] = p[0], p[1]
	}
	rows, err := s.system().Query(ctx, `select st_x(g), st_y(g) from (
		select n, st_transform(st_setsrid(st_makepoint(x, y), $3), 4326) as g from unnest($1::float8[], $2::float8[]) with ordinality as p(x, y, n)) q order by n`, x, y, srid)
	if err == nil {
		var out []importer.Point
		if out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p importer.Point, err error) {
			err = row.Scan(&p[0], &p[1])
			return p, err
		}); err == nil {
			return out, nil
		}
	}
	if ctx.Err() != nil || dispatch.CodeOf(translate(err)) == dispatch.CodeUnavailable {
		return nil, translate(err)
	}
	var known bool
	if err := s.system().QueryRow(ctx, `select exists (select 1 from spatial_ref_sys where srid = $1)`, srid).Scan(&known); err != nil {
		return nil, translate(err)
	}
	if !known {
		return nil, &importer.FileError{Code: "bad_srid", Values: map[string]string{"srid": strconv.Itoa(srid)}}
	}
	if len(points) == 1 {
		return []importer.Point{{math.NaN(), math.NaN()}}, nil
	}
	// One point spoils its whole statement: it is found by halving.
	half := len(points) / 2
	first, err := s.Project(ctx, srid, points[:half])
	if err != nil {
		return nil, err
	}
	second, err := s.Project(ctx, srid, points[half:])
	return append(first, second...), err
}

// Write runs an import in one transaction; imports of all nodes come one after
// another.
func (s Imports) Write(ctx context.Context, plan *importer.Plan, fn func(importer.Sink) (bool, error)) error {
	t, err := s.system().Begin(ctx)
	if err != nil {
		return translate(err)
	}
	defer func() { _ = t.Rollback(context.WithoutCancel(ctx)) }()
	k := &sink{tx: &tx{Tx: t, store: s.Store}}
	if plan.Noun.Name != "roster" {
		k.register = registers[plan.Noun.Name]
	}
	if err := k.begin(ctx, plan); err != nil {
		return translate(err)
	}
	commit, err := fn(k)
	if err != nil {
		return translateImport(err)
	}
	if !commit {
		return nil
	}
	if err := k.finish(ctx, plan); err != nil {
		return translate(err)
	}
	if err := k.audit(ctx, plan); err != nil {
		return translate(err)
	}
	if err := t.Commit(ctx); err != nil {
		return translate(err)
	}
	s.feed.Poke()
	return nil
}

// audit notes what an import wrote: who, of what register, how many rows.
func (k *sink) audit(ctx context.Context, plan *importer.Plan) error {
	e := dispatch.Actor{AccountID: plan.AccountID, System: true}.Entry(ctx, dispatch.AuditConfiguration, "import.write")
	e.Noun, e.NounID, e.Count = dispatch.NounImport, plan.ImportID, k.counts.Created+k.counts.Changed+k.counts.Retired
	e.Reason = plan.Noun.Name + " " + plan.File
	return k.Audit(ctx, e)
}

// translateImport leaves what an import says itself as it is.
func translateImport(err error) error {
	var own *importer.FileError
	if errors.As(err, &own) || importer.AsFileError(err) != nil {
		return err
	}
	return translate(err)
}

// sink is the transaction of one import.
type sink struct {
	*tx
	register *register // nil for the roster
	fields   []registerField
	columns  []string
	counts   importer.Counts
}

// importLock is the key of the advisory lock under which imports write.
const importLock = 0x79695f696d70 // "yi_imp"

func (k *sink) begin(ctx context.Context, plan *importer.Plan) error {
	for _, setting := range []string{`set local statement_timeout = 0`, `set local work_mem = '64MB'`, `set local default_statistics_target = 10`} {
		if _, err := k.Exec(ctx, setting); err != nil {
			return err
		}
	}
	if _, err := k.Exec(ctx, `select pg_advisory_xact_lock($1)`, int64(importLock)); err != nil {
		return err
	}
	if plan.ImportID == 0 {
		if err := k.QueryRow(ctx, `insert into import (noun, file_name, state, account_id, rows_read, beat_at) values ($1, $2, 'writing', nullif($3::bigint, 0), 0, now()) returning id`,
			plan.Noun.Name, plan.File, plan.AccountID).Scan(&plan.ImportID); err != nil {
			return err
		}
	}
	columns := []string{"line bigint", "source text", "external_id text", "area_id bigint", "lon float8", "lat float8", "cell bigint"}
	if k.register != nil {
		k.fields = k.register.planned(plan)
	} else {
		k.fields = rosterFields
	}
	for _, f := range k.fields {
		columns = append(columns, f.name+" "+f.staged)
	}
	k.columns = []string{"line", "source", "external_id", "area_id", "lon", "lat", "cell"}
	for _, f := range k.fields {
		k.columns = append(k.columns, f.name)
	}
	_, err := k.Exec(ctx, `create temp table stage (`+list(columns)+`) on commit drop`)
	return err
}

// Stage copies records into the table of this transaction.
func (k *sink) Stage(ctx context.Context, plan *importer.Plan, records []importer.Record) error {
	at := make([]int, len(k.fields))
	for i, f := range k.fields {
		at[i] = plan.Field(f.name)
	}
	row := make([]any, len(k.columns))
	_, err := k.CopyFrom(ctx, pgx.Identifier{"stage"}, k.columns, pgx.CopyFromSlice(len(records), func(n int) ([]any, error) {
		r := &records[n]
		row[0], row[1], row[2], row[3], row[4], row[5], row[6] = r.Line, r.Source, k.staged(r.ExternalID), nil, nil, nil, nil
		if r.AreaID != 0 {
			row[3] = r.AreaID
		}
		if r.Point != nil {
			row[4], row[5], row[6] = r.Point[0], r.Point[1], r.Cell
		}
		for i := range k.fields {
			row[7+i] = nil
			if at[i] >= 0 {
				row[7+i] = r.Values[at[i]]
			}
		}
		if err := k.prepare(row[7:]); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.Line, err)
		}
		return row, nil
	}))
	return err
}

// prepare turns values as they were read into those of the stage's columns.
func (k *sink) prepare(values []any) error {
	for i, f := range k.fields {
		switch x := values[i].(type) {
		case orb.MultiPolygon:
			raw, err := wkb.Marshal(x)
			if err != nil {
				return err
			}
			cells, err := coverOf(x)
			if err != nil {
				return err
			}
			values[i] = raw
			k.beside("cells", values, cells)
		case string:
			if f.staged == "bytea" {
				sealed, err := k.store.keys.Seal(sealedResponderPhone, []byte(x))
				if err != nil {
					return err
				}
				values[i] = sealed
				k.beside("phone_digest", values, k.store.keys.Digests(sealedResponderPhone, []byte(dispatch.PhoneDigits(x))))
			}
		default:
			if x != importer.Masked {
				continue
			}
			values[i] = maskedCell
			if f.staged == "bytea" {
				values[i] = nil
				k.beside("phone_digest", values, [][]byte{})
			}
		}
	}
	return nil
}

// beside sets a column that follows from another.
func (k *sink) beside(name string, values []any, v any) {
	for i, f := range k.fields {
		if f.name == name {
			values[i] = v
		}
	}
}

// rowID is the id of a row that came without one: a hash of what it is known by.
var rowID = regexp.MustCompile(`^row-[0-9a-f]{20}$`)

// staged gives the external id that a row is staged under. Of a person the hash
// would tell the number to whoever tries numbers out: a pseudonym stands for it.
func (k *sink) staged(externalID string) string {
	if k.register != nil && k.register.table == "responder" && rowID.MatchString(externalID) {
		return k.store.personID(externalID)
	}
	return externalID
}

// personID gives the pseudonym of a person who came without an id.
func (s *Store) personID(externalID string) string {
	return "person-" + hex.EncodeToString(s.keys.Pseudonym(namedResponder, []byte(externalID)))
}

func coverOf(g orb.Geometry) ([]int64, error) {
	covered, err := geo.Cover(g, geo.ResolutionPeople, coverLimit)
	if err != nil {
		return nil, err
	}
	cells := make([]int64, len(covered))
	for i, c := range covered {
		cells[i] = c.Int64()
	}
	return cells, nil
}

// finish completes what was written: the import is done, and the log says so.
func (k *sink) finish(ctx context.Context, plan *importer.Plan) error {
	tag, err := k.Exec(ctx, `update import set state = 'done', ended_at = now(), beat_at = null where id = $1 and state = 'writing'`, plan.ImportID)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return context.Canceled
	}
	if err := k.nameRows(ctx, plan.ImportID); err != nil {
		return err
	}
	return k.announce(ctx, "import.done", plan.ImportID, plan.AccountID, plan.Noun.Singular)
}

// announce writes the one event of a change of many rows.
func (k *sink) announce(ctx context.Context, kind string, importID, accountID int64, noun string) error {
	return announceImport(ctx, k.tx, kind, importID, accountID, noun)
}

func announceImport(ctx context.Context, t *tx, kind string, importID, accountID int64, noun string) error {
	var district int64
	if err := t.QueryRow(ctx, `select coalesce((select district_id from installation), (select min(id) from area where parent_id is null), 0)`).Scan(&district); err != nil {
		return err
	}
	e := dispatch.Event{Kind: kind, At: t.store.now(), Noun: dispatch.NounImport, NounID: importID, NounVersion: 1, AreaID: district, Data: map[string]string{"noun": noun}}
	if accountID != 0 {
		e.AccountID = &accountID
	}
	return t.Emit(ctx, e)
}
