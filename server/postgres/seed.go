package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/seed"
	"yiping/server/dispatch"
)

// LoadSeed fills an empty database with the demonstration district, in one
// transaction, and marks the installation as a demonstration. It refuses a
// database that already holds areas.
func (s *Store) LoadSeed(ctx context.Context, d *seed.District) error {
	conn, err := s.system().Acquire(ctx)
	if err != nil {
		return fmt.Errorf("load the demonstration: %w", translate(err))
	}
	defer conn.Release()
	if err := registerGeometry(ctx, conn.Conn()); err != nil {
		return fmt.Errorf("load the demonstration: %w", err)
	}
	err = pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
		// A large scale takes longer than a request may, and puts names into
		// their index many at a time.
		if _, err := t.Exec(ctx, `set local statement_timeout = 0; set local gin_pending_list_limit = '64MB'; set local maintenance_work_mem = '256MB'`); err != nil {
			return err
		}
		if err := refuseTaken(ctx, t); err != nil {
			return err
		}
		if err := (&loader{Tx: t, store: s, now: s.now(), d: d, progress: progress{log: s.log, said: time.Now()}}).run(ctx); err != nil {
			return err
		}
		return s.auditSeed(ctx, t, "seed.demonstration")
	})
	if err != nil {
		return fmt.Errorf("load the demonstration: %w", translate(err))
	}
	s.feed.Poke()
	return nil
}

// LoadTypes adds incident types with their first plans; a type that is there
// already keeps its plans and gets the names given. It may be repeated.
func (s *Store) LoadTypes(ctx context.Context, types []seed.IncidentType) error {
	err := pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		if err := loadTypes(ctx, t, types); err != nil {
			return err
		}
		return s.auditSeed(ctx, t, "seed.types")
	})
	if err != nil {
		return fmt.Errorf("load incident types: %w", translate(err))
	}
	return nil
}

// auditSeed notes that a database was filled.
func (s *Store) auditSeed(ctx context.Context, t pgx.Tx, action string) error {
	return s.writeAudit(ctx, t, dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditConfiguration, action), s.now())
}

func loadTypes(ctx context.Context, t pgx.Tx, types []seed.IncidentType) error {
	batch := &pgx.Batch{}
	for _, y := range types {
		batch.Queue(`insert into incident_type (code, parent_code, family, name_zh, name_en) values ($1, nullif($2, ''), $3, $4, $5)
			on conflict (code) do update set parent_code = excluded.parent_code, family = excluded.family,
				name_zh = excluded.name_zh, name_en = excluded.name_en`, y.Code, y.Parent, y.Family, y.NameZh, y.NameEn)
		if p := y.Plan; p != nil {
			batch.Queue(`insert into plan (type_code, version, priority, skills, quota, hazard, hazard_training, offer_seconds, verify_seconds,
					dispatch_seconds, arrive_seconds, resolve_seconds, check_seconds, checklist, send_first, ladder, pair, welfare_seconds, grade, tell, working_hours)
				select $1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, nullif($18, ''), $19, $20
				where not exists (select 1 from plan where type_code = $1)`,
				y.Code, p.Priority, nonNil(p.Skills), p.Quota, p.Hazard, nonNil(p.Training), p.Offer, p.Verify, p.Dispatch, p.Arrive, p.Resolve, p.Check, nonNil(p.Checklist),
				p.SendFirst, nonNil(p.Ladder), p.Pair, p.Welfare, p.Grade, nonNil(p.Tell), p.WorkingHours)
			for role, kinds := range map[string][]string{"lead": p.Lead, "support": p.Support, "check": p.Checks} {
				batch.Queue(`insert into plan_unit (plan_id, role, unit_kind) select p.id, $2, k from plan p, unnest($3::text[]) k
					where p.type_code = $1 and p.version = 1 on conflict do nothing`, y.Code, role, nonNil(kinds))
			}
		}
	}
	return t.SendBatch(ctx, batch).Close()
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// registerGeometry lets COPY send geometry as EWKB bytes on a connection.
func registerGeometry(ctx context.Context, conn *pgx.Conn) error {
	var oid uint32
	if err := conn.QueryRow(ctx, `select 'geometry'::regtype::oid`).Scan(&oid); err != nil {
		return translate(err)
	}
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "geometry", OID: oid, Codec: pgtype.ByteaCodec{}})
	return nil
}

// loader turns indices of a district into ids: each table's ids begin behind
// its base. The first error stops what follows.
type loader struct {
	pgx.Tx
	store *Store
	d     *seed.District
	now   time.Time
	base  map[string]int64
	plans map[string]int64
	names []nameRow
	err   error
	progress
}

// progress says now and then how far the loading is: nothing where it is over
// at once.
type progress struct {
	log  zerolog.Logger
	said time.Time
}

// between two lines of progress.
const progressPause = 3 * time.Second

func (p *progress) say(table string, row, rows int) {
	if time.Since(p.said) < progressPause {
		return
	}
	p.said = time.Now()
	p.log.Info().Str("table", table).Int("rows", row).Int("of", rows).Msg("loading")
}

func (l *loader) run(ctx context.Context) error {
	l.base = map[string]int64{}
	for _, step := range []func(context.Context){
		l.areas, l.units, l.compounds, l.buildings, l.facilities, l.cameras, l.sites, l.devices, l.ground, l.placeNames,
		l.organisations, l.responders, l.care, l.rosters, l.duties, l.incidents, l.offers, l.assignments, l.events,
	} {
		if step(ctx); l.err != nil {
			return l.err
		}
	}
	return nil
}

// id gives the id of a row of a table by its index; nil for seed.None.
func (l *loader) id(table string, index int) *int64 {
	if index == seed.None {
		return nil
	}
	id := l.base[table] + int64(index) + 1
	return &id
}

// copy writes n rows into a table: row gives the values of the columns for an
// index. Where the first column is the id, the table's sequence follows.
func (l *loader) copy(ctx context.Context, table string, columns []string, n int, row func(i int) ([]any, error)) {
	if l.err != nil {
		return
	}
	numbered := columns[0] == "id"
	if numbered {
		var base int64
		if l.err = l.QueryRow(ctx, `select coalesce(max(id), 0) from `+pgx.Identifier{table}.Sanitize()).Scan(&base); l.err != nil {
			return
		}
		l.base[table] = base
	}
	told := func(i int) ([]any, error) {
		if i%1024 == 0 {
			l.say(table, i, n)
		}
		return row(i)
	}
	if err := copyRows(ctx, l, table, columns, pgx.CopyFromSlice(n, told)); err != nil {
		l.err = fmt.Errorf("copy %s: %w", table, err)
		return
	}
	if numbered && n > 0 {
		_, l.err = l.Exec(ctx, `select setval(pg_get_serial_sequence($1, 'id'), $2)`, table, l.base[table]+int64(n))
	}
}

// shape gives a geometry as EWKB.
func shape(g orb.Geometry) ([]byte, error) { return ewkb.Marshal(g, 4326) }

// spot gives a point as EWKB and its cell.
func spot(p orb.Point, resolution int) ([]byte, int64, error) {
	raw, err := shape(p)
	if err != nil {
		return nil, 0, err
	}
	cell, err := geo.CellOf(p, resolution)
	return raw, cell.Int64(), err
}

// instant gives a time, nil where it is zero.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func external(noun string, i int) string { return fmt.Sprintf("%s-%06d", noun, i+1) }

// nameRow is what a place is found by.
type nameRow struct {
	noun       string
	id, areaID int64
	name, kind string
	also       []string
	point      orb.Point
}

func (l *loader) name(noun string, index, area int, name, kind string, p orb.Point, also ...string) {
	table := noun
	if noun == "road" {
		table = "ground"
	}
	l.names = append(l.names, nameRow{noun, *l.id(table, index), *l.id("area", area), name, kind, also, p})
}

// placeNames writes the names that the steps before have gathered.
func (l *loader) placeNames(ctx context.Context) {
	l.copy(ctx, "place_name", []string{"noun", "noun_id", "area_id", "name", "kind", "search", "point"}, len(l.names), func(i int) ([]any, error) {
		n := l.names[i]
		raw, err := shape(n.point)
		return []any{n.noun, n.id, n.areaID, n.name, n.kind, SearchText(n.name, n.also...), raw}, err
	})
}
