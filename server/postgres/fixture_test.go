package postgres

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/postgres/pgtest"
	"yiping/server/seal"
)

// fixture is a small district on a migrated database of its own: one street,
// two communities side by side, people on duty, a running feed.
type fixture struct {
	t          *testing.T
	store      *Store
	owner      *pgxpool.Pool // of the tables, to whom nothing is closed
	svc        *dispatch.Service
	district   dispatch.Area
	street     dispatch.Area
	east, west dispatch.Area
	desk       dispatch.Actor // dispatcher of the street
	chief      dispatch.Actor // commander of the district
	mu         sync.Mutex
	read       []dispatch.Change // what the tail handed over
	grew       chan struct{}
	keys       int
}

// testKeys makes keys that live as long as the test.
func testKeys(t testing.TB) *seal.Keyring {
	t.Helper()
	keys, err := seal.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// testConfig leads to a migrated database of the test's own, as the users that a
// server connects as: nothing here is tested as a superuser.
func testConfig(t testing.TB, now func() time.Time) Config {
	t.Helper()
	url := pgtest.Database(t)
	app, system := pgtest.Logins(t, url)
	return Config{URL: url, AppURL: app, SystemURL: system, Now: now, Log: zerolog.Nop(), Keys: testKeys(t)}
}

// ownerOf connects as the owner, for what a test sets up or looks at by itself.
func ownerOf(t testing.TB, c Config) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), c.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// everywhere is a context of somebody who sees the whole district.
func everywhere(t testing.TB) context.Context {
	return dispatch.WithViewer(t.Context(), dispatch.Viewer{Everywhere: true})
}

// self is a context of somebody who sees the whole district and their own.
func self(t testing.TB, a dispatch.Actor) context.Context {
	return dispatch.WithViewer(t.Context(), dispatch.Viewer{Everywhere: true, AccountID: a.AccountID, ResponderID: a.ResponderID})
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureAt(t, func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) })
}

// newFixtureAt makes one on a clock of the test's own.
func newFixtureAt(t *testing.T, now func() time.Time) *fixture {
	t.Helper()
	ctx := t.Context()
	c := testConfig(t, now)
	store, err := Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, store: store, owner: ownerOf(t, c), grew: make(chan struct{}, 1)}
	f.svc = dispatch.NewService(store, store.now, zerolog.Nop())
	f.district = f.area(dispatch.AreaInput{Level: dispatch.LevelDistrict, Code: "990001", Name: "示范区", Boundary: square(121, 38, 0.2, 0.1)})
	f.street = f.area(dispatch.AreaInput{Level: dispatch.LevelStreet, ParentID: f.district.ID, Code: "990001001", Name: "长寿街道", Boundary: square(121, 38, 0.2, 0.1)})
	f.west = f.area(dispatch.AreaInput{Level: dispatch.LevelCommunity, ParentID: f.street.ID, Code: "990001001001", Name: "西苑社区", Boundary: square(121, 38, 0.1, 0.1)})
	f.east = f.area(dispatch.AreaInput{Level: dispatch.LevelCommunity, ParentID: f.street.ID, Code: "990001001002", Name: "东苑社区", Boundary: square(121.1, 38, 0.1, 0.1)})
	f.types()
	f.desk = f.account("desk", dispatch.RoleDispatcher, f.street.ID, 0)
	f.chief = f.account("chief", dispatch.RoleCommander, f.district.ID, 0)
	if err := f.svc.Load(ctx); err != nil {
		t.Fatal(err)
	}
	f.run()
	return f
}

// run starts the feed and stops it with the test, before the store is closed.
func (f *fixture) run() {
	_, head, err := f.store.Head(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f.store.Feed().Run(ctx, head, Reader{Changes: f.take, Positions: f.svc.Moved})
	}()
	f.t.Cleanup(func() { stop(); <-done; f.store.Close() })
}

func (f *fixture) take(ctx context.Context, changes []dispatch.Change) error {
	f.mu.Lock()
	f.read = append(f.read, changes...)
	f.mu.Unlock()
	for _, c := range changes {
		if err := f.svc.Apply(ctx, c); err != nil {
			return err
		}
	}
	signal(f.grew)
	return nil
}

// until waits until what the tail read satisfies a condition.
func (f *fixture) until(what string, ok func([]dispatch.Change) bool) []dispatch.Change {
	f.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		f.mu.Lock()
		read := append([]dispatch.Change(nil), f.read...)
		f.mu.Unlock()
		if ok(read) {
			return read
		}
		select {
		case <-f.grew:
		case <-deadline:
			f.t.Fatalf("waited in vain for %s; %d changes were read", what, len(read))
		}
	}
}

func (f *fixture) area(in dispatch.AreaInput) dispatch.Area {
	f.t.Helper()
	in.Datum, in.Source, in.ExternalID = geo.WGS84, "test", in.Code
	out, err := f.svc.SetArea(f.t.Context(), dispatch.Command{Actor: dispatch.Actor{System: true}, Name: "area"}, in)
	if err != nil {
		f.t.Fatal(err)
	}
	a, err := f.store.Area(everywhere(f.t), out.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func (f *fixture) types() {
	f.exec(`insert into incident_type (code, family, name_zh, name_en) values ('fire', 'accident', '火情', 'Fire'), ('noise', 'service', '噪声', 'Noise')`)
	f.exec(`insert into plan (type_code, version, priority, skills, quota, hazard) values
		('fire', 1, 'critical', '{fire_rescue}', 2, false), ('noise', 1, 'low', '{}', 1, false)`)
}

func (f *fixture) exec(sql string, args ...any) {
	f.t.Helper()
	if _, err := f.owner.Exec(f.t.Context(), sql, args...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) account(name string, role dispatch.Role, areaID, responderID int64) dispatch.Actor {
	f.t.Helper()
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `insert into account (username, display_name, password_hash, responder_id)
		values ('account' || (select count(*) + 1 from account), $1, '', nullif($2::bigint, 0)) returning id`, name, responderID).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	f.exec(`insert into account_role (account_id, role, area_id) values ($1, $2, $3)`, id, role, areaID)
	return dispatch.Actor{AccountID: id, ResponderID: responderID, Name: name, Grants: []dispatch.Grant{{Role: role, AreaID: areaID}}}
}

// responder adds somebody on duty at a place, with a skill, and their phone.
func (f *fixture) responder(name string, at orb.Point, skill string) dispatch.Actor {
	f.t.Helper()
	cell, err := geo.CellOf(at, geo.ResolutionPeople)
	if err != nil {
		f.t.Fatal(err)
	}
	phone, digest, err := f.store.sealPhone(sealedResponderPhone, "00013800001111")
	if err != nil {
		f.t.Fatal(err)
	}
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `insert into responder (area_id, name, phone, phone_digest, post, post_cell, external_id)
		values ($1, $2, $6, $7, st_setsrid(st_makepoint($3, $4), 4326), $5, $2) returning id`,
		f.west.ID, name, at.Lon(), at.Lat(), cell.Int64(), phone, digest).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	f.exec(`insert into responder_affiliation (responder_id, affiliation) values ($1, 'grid_member')`, id)
	f.exec(`insert into responder_skill (responder_id, skill) values ($1, $2)`, id, skill)
	f.exec(`insert into duty (responder_id, kind, origin, period, start_told) values ($1, 'on_duty', 'roster', tstzrange(now() - interval '1 hour', now() + interval '8 hours'), true)`, id)
	f.agree(id)
	if err := f.svc.RefreshForces(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return f.account(name, dispatch.RoleResponder, f.west.ID, id)
}

// agree lets somebody have agreed to the use of their position.
func (f *fixture) agree(responderID int64) {
	f.t.Helper()
	f.exec(`insert into consent (responder_id, purpose, version, way, given_at) values ($1, 'position', 1, 'phone', now() - interval '1 hour')`, responderID)
}

// as gives a command of an actor under a fresh key.
func (f *fixture) as(a dispatch.Actor, name string) dispatch.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys++
	return dispatch.Command{Actor: a, Name: name, Key: fmt.Sprintf("key-%d", f.keys)}
}

// must gives the outcome of a command that has to succeed.
func (f *fixture) must(out dispatch.Outcome, err error) dispatch.Outcome {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// verified takes in a fire at the middle of the western community.
func (f *fixture) verified() dispatch.Incident {
	f.t.Helper()
	out := f.must(f.svc.TakeIn(f.t.Context(), f.as(f.desk, "incident.create"), dispatch.Intake{
		TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Words: "冒烟", Verified: true, Channel: dispatch.ChannelDispatcher}))
	return f.incident(out.ID)
}

func (f *fixture) incident(id int64) dispatch.Incident {
	f.t.Helper()
	i, err := f.store.Incident(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return i
}

// offersOf gives the offers of an incident by responder.
func (f *fixture) offersOf(id int64) map[int64]dispatch.Offer {
	f.t.Helper()
	d, err := f.store.IncidentDetail(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	offers := map[int64]dispatch.Offer{}
	for _, o := range d.Offers {
		offers[o.ResponderID] = o
	}
	return offers
}

func square(west, south, width, height float64) orb.Polygon {
	return orb.Polygon{{{west, south}, {west + width, south}, {west + width, south + height}, {west, south + height}, {west, south}}}
}
