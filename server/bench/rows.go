package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/seed"
	"yiping/server/dispatch"
	"yiping/server/postgres"
	"yiping/server/postgres/local"
	"yiping/server/postgres/migrate"
	"yiping/server/seal"
)

const (
	listed    = 100 // rows of a list
	listings  = 150 // of each list
	listScale = 5   // districts of the demonstration's size
)

// rowSecurity compares lists of a hundred rows as the application's role, bound
// by row-level security, with the same lists of the same data where every table
// has it switched off. The viewer is a dispatcher of one street, whose areas the
// policies compare; who looks is said to both databases. The worst list counts.
func rowSecurity(ctx context.Context, address string) (out result, err error) {
	var sides [2]*lists
	for k, change := range []string{``, wallDown} {
		if sides[k], err = listsOf(ctx, address, fmt.Sprintf("bench_rows_%d", k), change); err != nil {
			return result{}, err
		}
		defer sides[k].Close()
	}
	worst := result{Target: "no list"}
	for k, list := range sides[0].all() {
		other := sides[1].all()[k]
		a, b, err := alternately(ctx, [2]side{{sides[0], list.read}, {sides[1], other.read}})
		if err != nil {
			return result{}, fmt.Errorf("%s: %w", list.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %.2f ms with row-level security, %.2f ms without\n", list.name, a, b)
		if r := a / b; r > worst.Ratio {
			worst = result{"milliseconds of a list of 100 (" + list.name + ") with row-level security, against without", a, b, r, "<= 1.3", r <= 1.3}
		}
	}
	return worst, nil
}

// wallDown switches row-level security off.
const wallDown = `do $$ declare t regclass; begin
	for t in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity loop
		execute format('alter table %s disable row level security', t);
	end loop; end $$`

// sealedNumbers compares the list of a hundred people, whose telephone numbers are
// opened to be masked, with that of people who have none.
func sealedNumbers(ctx context.Context, address string) (out result, err error) {
	var sides [2]*lists
	for k, change := range []string{``, `update responder set phone = null, phone_digest = null`} {
		if sides[k], err = listsOf(ctx, address, fmt.Sprintf("bench_seal_%d", k), change); err != nil {
			return result{}, err
		}
		defer sides[k].Close()
	}
	a, b, err := alternately(ctx, [2]side{{sides[0], sides[0].all()[0].read}, {sides[1], sides[1].all()[0].read}})
	return result{"milliseconds of a list of 100 people with sealed telephone numbers, against without numbers", a, b, a / b, "<= 1.1", a/b <= 1.1}, err
}

// lists is a store over a district, and who reads from it.
type lists struct {
	*postgres.Store
	viewer dispatch.Viewer
}

// listsOf makes a district in a database of its own, with a change that the owner
// makes to it, "" for none.
func listsOf(ctx context.Context, address, name, change string) (*lists, error) {
	l, owner, err := openLists(ctx, address, name)
	if err != nil {
		return nil, err
	}
	if err := l.fill(ctx, owner, change); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// openLists makes an empty database and a store on it, and says its owner's address.
func openLists(ctx context.Context, address, name string) (l *lists, owner string, err error) {
	if owner, err = database(ctx, address, name); err != nil {
		return nil, "", err
	}
	if err := migrate.Up(ctx, owner, zerolog.Nop()); err != nil {
		return nil, "", err
	}
	config := postgres.Config{URL: owner, Now: time.Now, Log: zerolog.Nop()}
	for variable, into := range map[string]*string{local.AppVariable: &config.AppURL, local.SystemVariable: &config.SystemURL} {
		if login := os.Getenv(variable); login != "" {
			if *into, err = beside(login, name); err != nil {
				return nil, "", err
			}
		}
	}
	if config.Keys, err = seal.New(time.Now); err != nil {
		return nil, "", err
	}
	store, err := postgres.Open(ctx, config)
	if err != nil {
		return nil, "", err
	}
	return &lists{Store: store}, owner, nil
}

// fill seeds the district, makes the change, and gives the lists a viewer: of the
// street with the most people.
func (l *lists) fill(ctx context.Context, owner, change string) error {
	if err := l.LoadSeed(ctx, seed.Generate(seed.Options{Seed: 1, Scale: listScale, Now: time.Now()})); err != nil {
		return err
	}
	conn, err := connect(ctx, owner)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, sql := range []string{change, `vacuum (analyze)`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	rows, err := conn.Query(ctx, `with recursive below as (
			(select a.parent_id as id from responder r join area a on a.id = r.area_id group by 1 order by count(*) desc, 1 limit 1)
			union all select a.id from area a join below b on a.parent_id = b.id)
		select id from below`)
	if err != nil {
		return err
	}
	l.viewer.AccountID = 1
	l.viewer.AreaIDs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return cmp.Or(err, l.enough(ctx))
}

// enough refuses to measure lists that are not full.
func (l *lists) enough(ctx context.Context) error {
	for _, list := range l.all() {
		if n, err := list.read(dispatch.WithViewer(ctx, l.viewer)); err != nil || n != listed {
			return cmp.Or(err, fmt.Errorf("the list of %s has %d rows, not %d", list.name, n, listed))
		}
	}
	if len(l.viewer.AreaIDs) == 0 {
		return errors.New("the viewer has no area")
	}
	return nil
}

// list reads a page and says how many rows it has.
type list struct {
	name string
	read func(ctx context.Context) (int, error)
}

func (l *lists) all() []list {
	areas := l.viewer.AreaIDs
	return []list{
		{"responders", func(ctx context.Context) (int, error) {
			rows, _, err := l.Responders(ctx, dispatch.ResponderFilter{AreaIDs: areas, Limit: listed})
			return len(rows), err
		}},
		{"incidents", func(ctx context.Context) (int, error) {
			rows, _, err := l.Incidents(ctx, dispatch.IncidentFilter{Reach: dispatch.Reach{AreaIDs: areas, PartyAreaIDs: areas}, Queue: "all", Limit: listed})
			return len(rows), err
		}},
		{"cameras", func(ctx context.Context) (int, error) {
			rows, err := l.Cameras(ctx, dispatch.Box{West: 70, South: 0, East: 140, North: 55}, areas, listed)
			return len(rows), err
		}},
	}
}

// side is a list of one of two stores.
type side struct {
	of   *lists
	read func(ctx context.Context) (int, error)
}

// alternately reads two lists in turn and gives the medians of a reading, in
// milliseconds: what the machine does beside falls on both.
func alternately(ctx context.Context, sides [2]side) (a, b float64, err error) {
	var took [2][]float64
	for range listings {
		for k, s := range sides {
			began := time.Now()
			if _, err := s.read(dispatch.WithViewer(ctx, s.of.viewer)); err != nil {
				return 0, 0, err
			}
			took[k] = append(took[k], float64(time.Since(began).Microseconds())/1000)
		}
	}
	for k := range took {
		slices.Sort(took[k])
	}
	return took[0][listings/2], took[1][listings/2], nil
}
