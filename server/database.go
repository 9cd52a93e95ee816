package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"yiping/seed"
	"yiping/server/dispatch"
	"yiping/server/postgres"
	"yiping/server/postgres/local"
	"yiping/server/postgres/migrate"
)

// openDatabase gives the addresses of the database: those of the settings, or of
// the private one of the data folder, started for as long as stop is not called.
// Started by root, the process becomes the system user for good.
func (a *app) openDatabase(ctx context.Context) (at local.Addresses, stop func(), err error) {
	folder, err := a.DataFolder()
	if err != nil {
		return at, nil, err
	}
	a.folder = folder
	if a.DatabaseURL != "" {
		return local.Addresses{Owner: a.DatabaseURL, App: a.AppURL, System: a.SystemURL}, func() {}, nil
	}
	place, err := local.Prepare(folder)
	if err != nil {
		return at, nil, err
	}
	if place.Moved != "" {
		a.log.Info().Str("data", place.DataDir).Msg("the system user cannot reach " + place.Moved + "; the data is kept here instead")
	}
	a.folder = place.DataDir
	if err := place.Become(); err != nil {
		return at, nil, err
	}
	cluster, err := local.Open(ctx, local.Config{Place: place, Log: a.log})
	if err != nil {
		return at, nil, err
	}
	return cluster.Addresses(), func() {
		if err := cluster.Stop(context.WithoutCancel(ctx)); err != nil {
			a.log.Error().Err(err).Msg("stop PostgreSQL")
		}
	}, nil
}

// withStore runs a command on the migrated database: beside a running server on
// its PostgreSQL, else on one started for it.
func (a *app) withStore(do func(ctx context.Context, store *postgres.Store) error) error {
	var at local.Addresses
	stop := func() {}
	if a.DatabaseURL == "" {
		folder, err := a.DataFolder()
		if err != nil {
			return err
		}
		at, a.folder = attach(folder)
	}
	if at.Owner == "" {
		var err error
		if at, stop, err = a.openDatabase(a.ctx); err != nil {
			return err
		}
	}
	defer stop()
	store, err := a.openStore(at)
	if err != nil {
		return err
	}
	defer store.Close()
	// Who may run a command beside the data may see all of it, and what is done
	// is in the audit trail as the operator's.
	ctx := dispatch.WithViewer(a.ctx, dispatch.Viewer{Everywhere: true})
	return do(dispatch.WithRequest(ctx, &dispatch.Request{Operator: true}), store)
}

// openStore brings a database up to this version, as its owner, and opens it as
// the users that are less than that, with the keys of the data folder.
func (a *app) openStore(at local.Addresses) (*postgres.Store, error) {
	if err := migrate.Up(a.ctx, at.Owner, a.log); err != nil {
		return nil, err
	}
	keys, err := a.openKeys(at)
	if err != nil {
		return nil, err
	}
	config := postgres.Config{URL: at.Owner, AppURL: at.App, SystemURL: at.System, Now: a.now, Log: a.log, Keys: keys, Channels: a.ways()}
	store, err := postgres.Open(a.ctx, config)
	if err != nil {
		return nil, err
	}
	if err := postgres.SealLeft(a.ctx, config); err != nil {
		store.Close()
		return nil, err
	}
	return store, nil
}

// attach finds the PostgreSQL of a running server and the folder of its data,
// also where root's server had to keep it elsewhere.
func attach(folder string) (at local.Addresses, found string) {
	if at := local.Attach(folder); at.Owner != "" {
		return at, folder
	}
	elsewhere := local.Elsewhere(folder)
	return local.Attach(elsewhere), elsewhere
}

type migrateCmd struct{}

// Help says which users an installation with its own PostgreSQL needs.
func (migrateCmd) Help() string {
	return `The private PostgreSQL makes its users itself. With DATABASE_URL there are three, of the same database:

DATABASE_URL is the owner of the tables. It migrates and does nothing else.

YIPING_APP_URL is for requests and commands. It is bound by row-level security: it sees no row beyond the viewer's, must own nothing and be neither superuser nor BYPASSRLS.

YIPING_SYSTEM_URL is for the service's own work: sequencer, tail, jobs, imports, sign-in. It owns nothing either.

An administrator of the server prepares them once, before the first migration:

    create role yiping_app login nosuperuser nobypassrls nocreatedb nocreaterole password '...';

    create role yiping_system login nosuperuser nobypassrls nocreatedb nocreaterole password '...';

    grant yiping_app, yiping_system to OWNER;

Logins of other names work where they are members: grant yiping_app to NAME. Without the two addresses the owner's connections take the roles after connecting, which protects less: SQL of somebody else's could go back from them.

Searches on the map and by name use their index below row-level security only when a superuser has said "alter function ... leakproof" of the functions that are named when a server starts; on the private PostgreSQL that is done. The extension postgis has to be there: create extension postgis.`
}

// Run migrates.
func (migrateCmd) Run(a *app) error {
	return a.withStore(func(context.Context, *postgres.Store) error { return nil })
}

type seedCmd struct {
	Seed    uint64  `default:"1" help:"Number the district is made from: the same number, the same district."`
	Scale   float64 `default:"1" help:"How much larger than the demonstration (100 for load)."`
	Starter string  `placeholder:"CODE" help:"Load the area tree of a real district instead, names and codes alone: 370306 (周村区)."`
}

// Run seeds an empty database.
func (c seedCmd) Run(a *app) error {
	areas, known := seed.Starter(c.Starter)
	if c.Starter != "" && !known {
		return fmt.Errorf("there is no starter for %s; there is: %s", c.Starter, strings.Join(seed.Starters(), ", "))
	}
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		empty, err := store.Empty(ctx)
		if err != nil {
			return err
		}
		if !empty {
			return errors.New("the database is not empty: a district is seeded into an empty one only")
		}
		if known {
			return store.LoadStarter(ctx, areas)
		}
		return seedDistrict(ctx, a, store, seed.Options{Seed: c.Seed, Scale: c.Scale})
	})
}

type databaseCmd struct {
	Ephemeral bool     `help:"A throw-away PostgreSQL, gone afterwards."`
	Durable   bool     `help:"With --ephemeral: it writes as safely as a real one."`
	Command   []string `arg:"" passthrough:"" help:"The command and its arguments, after --."`
}

// Run runs a command with DATABASE_URL set.
func (c databaseCmd) Run(a *app) error {
	folder := ""
	if !c.Ephemeral {
		var err error
		if folder, err = a.DataFolder(); err != nil {
			return err
		}
	}
	command := c.Command
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return fmt.Errorf("a command is needed: yiping database -- psql")
	}
	code, err := local.RunWith(a.ctx, folder, c.Durable, a.log, command)
	if err != nil {
		return err
	}
	if code != 0 {
		return exitError(code)
	}
	return nil
}
