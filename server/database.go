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

// openDatabase gives the address of the database: the one that DATABASE_URL
// names, or the private one of the data folder, started for as long as stop is
// not called. Started by root, the process becomes the system user for good.
func (a *app) openDatabase(ctx context.Context) (url string, stop func(), err error) {
	folder, err := a.DataFolder()
	if err != nil {
		return "", nil, err
	}
	a.folder = folder
	if a.DatabaseURL != "" {
		return a.DatabaseURL, func() {}, nil
	}
	place, err := local.Prepare(folder)
	if err != nil {
		return "", nil, err
	}
	if place.Moved != "" {
		a.log.Info().Str("data", place.DataDir).Msg("the system user cannot reach " + place.Moved + "; the data is kept here instead")
	}
	a.folder = place.DataDir
	if err := place.Become(); err != nil {
		return "", nil, err
	}
	cluster, err := local.Open(ctx, local.Config{Place: place, Log: a.log})
	if err != nil {
		return "", nil, err
	}
	return cluster.URL(), func() {
		if err := cluster.Stop(context.WithoutCancel(ctx)); err != nil {
			a.log.Error().Err(err).Msg("stop PostgreSQL")
		}
	}, nil
}

// withStore runs a command on the migrated database: beside a running server on
// its PostgreSQL, else on one started for it.
func (a *app) withStore(do func(ctx context.Context, store *postgres.Store) error) error {
	url, stop := "", func() {}
	if a.DatabaseURL == "" {
		folder, err := a.DataFolder()
		if err != nil {
			return err
		}
		url, a.folder = attach(folder)
	}
	if url == "" {
		var err error
		if url, stop, err = a.openDatabase(a.ctx); err != nil {
			return err
		}
	}
	defer stop()
	store, err := a.openStore(url)
	if err != nil {
		return err
	}
	defer store.Close()
	// What is done here is in the audit trail as the operator's.
	return do(dispatch.WithRequest(a.ctx, &dispatch.Request{Operator: true}), store)
}

// openStore brings a database up to this version and opens it with the keys of
// the data folder.
func (a *app) openStore(url string) (*postgres.Store, error) {
	if err := migrate.Up(a.ctx, url, a.log); err != nil {
		return nil, err
	}
	keys, err := a.openKeys(url)
	if err != nil {
		return nil, err
	}
	config := postgres.Config{URL: url, Now: a.now, Log: a.log, Keys: keys}
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
func attach(folder string) (url, found string) {
	if url := local.Attach(folder); url != "" {
		return url, folder
	}
	elsewhere := local.Elsewhere(folder)
	return local.Attach(elsewhere), elsewhere
}

type migrateCmd struct{}

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
