package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"yiping/seed"
	"yiping/server/dispatch"
)

// seeded opens a store over the demonstration's data.
func seeded(t *testing.T) (*Store, *pgxpool.Pool) {
	t.Helper()
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	c := testConfig(t, func() time.Time { return now })
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.LoadSeed(t.Context(), seed.Generate(seed.Options{Seed: 1, Now: now})); err != nil {
		t.Fatal(err)
	}
	return s, ownerOf(t, c)
}

func countRows(t *testing.T, q querier, sql string, args ...any) (n int) {
	t.Helper()
	if err := q.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// TestNobodySeesNothing: without a viewer, and with one that was not sealed by
// the server, no table that is not open to all has a row.
func TestNobodySeesNothing(t *testing.T) {
	s, owner := seeded(t)
	rows, err := owner.Query(t.Context(), `select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
		and has_any_column_privilege('yiping_app', c.oid, 'select') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
		and c.relname <> all ($1) order by 1`, openToAll)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	full := 0
	for _, name := range tables {
		full += min(countRows(t, owner, `select count(*) from (select from `+name+` limit 1) x`), 1)
	}
	if full < 12 {
		t.Fatalf("only %d of the tables %v hold a row", full, tables)
	}
	all := s.say(scopeRead, dispatch.Viewer{Everywhere: true})
	own := s.say(scopeRead, dispatch.Viewer{AreaIDs: []int64{1}})
	for _, who := range []struct{ name, said string }{
		{"nobody", ""},
		{"a word", "everywhere"},
		{"no seal", strings.Repeat("0", 64) + all[64:]},
		{"another's seal", own[:64] + all[64:]},
		{"a larger area", strings.Replace(own, "{1}", "*", 1)},
		{"another scope", strings.Replace(own, "|read|", "|command|", 1)},
		{"a shorter one", all[:64]},
	} {
		t.Run(who.name, func(t *testing.T) {
			for _, name := range tables {
				if n := countRows(t, viewed{s.app, who.said, planAuto}, `select count(*) from (select 1 from `+name+` limit 1) x`); n != 0 {
					t.Errorf("sees rows of %s", name)
				}
			}
		})
	}
	for _, name := range tables {
		if countRows(t, s.app, `select count(*) from (select 1 from `+name+` limit 1) x`) != 0 {
			t.Errorf("a connection as it is sees rows of %s", name)
		}
	}
}

// TestAreasAreApart: a viewer of one area sees all of it and none of another,
// whatever is asked.
func TestAreasAreApart(t *testing.T) {
	s, owner := seeded(t)
	tables := []string{"building", "camera", "unit", "site", "device", "compound", "place_name", "shift", "team", "duty", "position", "responder_skill", "responder", "incident"}
	var area int64
	if err := owner.QueryRow(t.Context(), `select area_id from responder group by 1 order by count(*) desc, 1 limit 1`).Scan(&area); err != nil {
		t.Fatal(err)
	}
	q := viewed{s.app, s.say(scopeRead, dispatch.Viewer{AreaIDs: []int64{area}}), planAuto}
	none := viewed{s.app, s.say(scopeRead, dispatch.Viewer{AreaIDs: []int64{}, AccountID: 1}), planAuto}
	saw := 0
	for k, table := range tables {
		own := `select count(*) from ` + table + ` where area_id = $1`
		got, want := countRows(t, q, own, area), countRows(t, owner, own, area)
		if got != want {
			t.Errorf("%s: sees %d of %d", table, got, want)
		}
		saw += got
		if n := countRows(t, none, `select count(*) from `+table); n != 0 {
			t.Errorf("%s: somebody of no area sees %d", table, n)
		}
		// People and incidents of elsewhere may take part here.
		if k < 9 && countRows(t, q, `select count(*) from `+table+` where area_id <> $1`, area) != 0 {
			t.Errorf("%s: sees another area", table)
		}
	}
	if saw == 0 {
		t.Error("there was nothing to see")
	}
}

// TestTakingPartIsSeen: beside their areas' incidents somebody sees those they
// were asked to, until it is over; and a person is seen by whose incident it is.
func TestTakingPartIsSeen(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	_, south := f.south()
	helper := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	f.exec(`update responder set area_id = $2 where id = $1`, helper.ResponderID, south.ID)
	if err := f.svc.RefreshForces(ctx); err != nil {
		t.Fatal(err)
	}
	i := f.verified()
	east := viewed{f.store.app, f.store.say(scopeRead, dispatch.Viewer{AreaIDs: []int64{f.east.ID}}), planAuto}
	west := viewed{f.store.app, f.store.say(scopeRead, dispatch.Viewer{AreaIDs: []int64{f.west.ID}}), planAuto}
	phone := viewed{f.store.app, f.store.say(scopeRead, dispatch.Viewer{ResponderID: helper.ResponderID}), planAuto}
	see := func(when string, q viewed, incident, person bool) {
		t.Helper()
		for _, w := range []struct {
			table string
			id    int64
			seen  bool
		}{{"incident", i.ID, incident}, {"responder", helper.ResponderID, person}} {
			if n := countRows(t, q, `select count(*) from `+w.table+` where id = $1`, w.id); (n == 1) != w.seen {
				t.Errorf("%s: %s is seen %d times, want %v", when, w.table, n, w.seen)
			}
		}
	}
	see("the east", east, false, false)
	see("the west, before anybody was asked", west, true, false)
	see("the phone, before it was asked", phone, false, true)
	f.must(f.svc.Send(ctx, f.as(f.chief, "incident.send"), i.ID, i.Version, []int64{helper.ResponderID}, "最近"))
	see("the west, when somebody was asked", west, true, true)
	see("the phone, when it was asked", phone, true, true)
	see("the east, when somebody was asked", east, false, false)
	f.exec(`insert into incident_party (incident_id, area_id, why, since) values ($1, $2, 'border', now())`, i.ID, f.east.ID)
	see("the east, taking part", east, true, true)
	f.exec(`update incident_party set until = now()`)
	see("the east, when that has ended", east, false, false)
	if r, err := f.store.Responder(dispatch.WithViewer(ctx, dispatch.Viewer{ResponderID: helper.ResponderID}), helper.ResponderID); err != nil || r.AreaID != south.ID {
		t.Errorf("with their own eyes: %+v, %v", r, err)
	}
	i = f.incident(i.ID)
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "incident.cancel"), i.ID, i.Version, "误报"))
	see("the phone, when it is over", phone, false, true)
}

// alone gives the store with one connection for requests, so that each is the
// next one's.
func (f *fixture) alone() *Store {
	f.t.Helper()
	conf := f.store.app.Config()
	conf.MaxConns, conf.MinConns = 1, 0
	pool, err := pgxpool.NewWithConfig(f.t.Context(), conf)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(pool.Close)
	return &Store{app: pool, pool: f.store.pool, key: f.store.key, log: f.store.log, sealLog: f.store.sealLog, now: f.store.now, keys: f.store.keys,
		feed: f.store.feed, partition: f.store.partition}
}

// TestNoContextIsLeftBehind: however a request ends, the next user of its
// connection is nobody.
func TestNoContextIsLeftBehind(t *testing.T) {
	f := newFixture(t)
	f.verified()
	s := f.alone()
	all := everywhere(t)
	run := func(ctx context.Context, fn func(ctx context.Context, tx dispatch.Tx) (dispatch.Outcome, error)) {
		defer func() { _ = recover() }()
		_, _ = s.Run(ctx, f.as(f.desk, "incident.note"), fn)
	}
	sleeps := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(all, 50*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	tests := []struct {
		name string
		end  func(t *testing.T)
	}{
		{"a read is answered", func(t *testing.T) {
			if countRows(t, s.read(all), `select count(*) from incident`) == 0 {
				t.Error("saw nothing")
			}
		}},
		{"rows are not read to their end", func(t *testing.T) {
			rows, err := s.read(all).Query(all, `select g from incident, generate_series(1, 100000) g`)
			if err != nil {
				t.Fatal(err)
			}
			rows.Next()
			rows.Close()
		}},
		{"a read is wrong", func(t *testing.T) {
			if _, err := s.read(all).Exec(all, `select 1 / (select count(*) - count(*) from incident)`); err == nil {
				t.Error("nothing was wrong")
			}
		}},
		{"a read is given up", func(t *testing.T) {
			if _, err := s.read(all).Exec(sleeps(t), `select pg_sleep(30)`); err == nil {
				t.Error("nothing was given up")
			}
		}},
		{"a command panics", func(t *testing.T) {
			run(all, func(context.Context, dispatch.Tx) (dispatch.Outcome, error) { panic("crash") })
		}},
		{"a command is refused", func(t *testing.T) {
			run(all, func(context.Context, dispatch.Tx) (dispatch.Outcome, error) {
				return dispatch.Outcome{}, dispatch.Refuse(dispatch.CodeForbidden, "")
			})
		}},
		{"a command is given up", func(t *testing.T) {
			run(sleeps(t), func(ctx context.Context, dtx dispatch.Tx) (dispatch.Outcome, error) {
				_, err := dtx.(*tx).Exec(ctx, `select pg_sleep(30)`)
				return dispatch.Outcome{}, err
			})
		}},
		{"a command loses its connection", func(t *testing.T) {
			run(all, func(ctx context.Context, dtx dispatch.Tx) (dispatch.Outcome, error) {
				return dispatch.Outcome{}, dtx.(*tx).Conn().PgConn().Conn().Close()
			})
		}},
		{"SQL of somebody else's says it for the whole connection", func(t *testing.T) {
			if _, err := s.read(all).Exec(all, `select set_config('yiping.viewer', current_setting('yiping.viewer'), false)`); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.end(t)
			next := s.read(t.Context()) // of nobody
			if n := countRows(t, next, `select count(*) from incident`); n != 0 {
				t.Errorf("the next one sees %d incidents", n)
			}
			if n := countRows(t, s.read(dispatch.WithViewer(t.Context(), dispatch.Viewer{AreaIDs: []int64{f.east.ID}})), `select count(*) from incident`); n != 0 {
				t.Errorf("the next one, of elsewhere, sees %d incidents", n)
			}
		})
	}
}

// TestRequestsWriteNothing: a read cannot write, nor see more by having been told
// that it may.
func TestRequestsWriteNothing(t *testing.T) {
	f := newFixture(t)
	i := f.verified()
	q := f.store.read(everywhere(t))
	for _, sql := range []string{`update incident set state = 'closed' where id = $1`, `update area set name = '' where id <> $1`, `update responder set name = '' where id <> $1`} {
		tag, err := q.Exec(t.Context(), sql, i.ID)
		if err == nil && tag.RowsAffected() != 0 {
			t.Errorf("%s changed %d rows", sql, tag.RowsAffected())
		}
	}
	_, err := q.Exec(t.Context(), `insert into timeline (incident_id, kind, words, at) values ($1, 'note', '', now())`, i.ID)
	if err == nil {
		t.Error("a read wrote a line")
	}
}

// TestRolesAreChecked: a store does not open with connections that are more, or
// less, than they are for.
func TestRolesAreChecked(t *testing.T) {
	c := testConfig(t, time.Now)
	tests := []struct {
		name   string
		change func(c *Config)
		want   string
	}{
		{"the owner for requests", func(c *Config) { c.AppURL = c.URL }, "not bound by row-level security"},
		{"the service's for requests", func(c *Config) { c.AppURL = c.SystemURL }, "not a member"},
		{"the requests' for the service", func(c *Config) { c.SystemURL = c.AppURL }, "not a member"},
		{"another database", func(c *Config) { c.AppURL = strings.Replace(c.AppURL, "/test_", "/other_", 1) }, "the same database"},
		{"the owner's connections in both roles", func(c *Config) { c.AppURL, c.SystemURL = "", "" }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := c
			tt.change(&changed)
			s, err := Open(t.Context(), changed)
			if err == nil {
				defer s.Close()
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(fmt.Sprint(err), tt.want)) {
				t.Fatalf("opened with %v, want %q", err, tt.want)
			}
			if err != nil {
				return
			}
			var role string
			if err := s.app.QueryRow(t.Context(), `select current_user`).Scan(&role); err != nil || role != roleApp {
				t.Errorf("requests are %s's (%v)", role, err)
			}
		})
	}
}
