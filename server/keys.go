package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"
	"time"

	"yiping/server/dispatch"
	"yiping/server/postgres"
	"yiping/server/postgres/local"
	"yiping/server/seal"
)

// openKeys loads the key file of the data folder. The first run makes it; beside
// a database that is sealed already it has to be the one that belongs to it.
func (a *app) openKeys(at local.Addresses) (*seal.Keyring, error) {
	keys, err := seal.Load(a.folder, a.now)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	sealed, err := postgres.IsSealed(a.ctx, at.Owner)
	if err != nil {
		return nil, err
	}
	if sealed {
		return nil, fmt.Errorf("the database is sealed, and there is no %s in %s: copy it from the server that has it, or from its backup; all servers of one database use the same",
			seal.FileName, a.folder)
	}
	return seal.Create(a.folder, a.now)
}

// keysCmd is everything about the keys that personal data is sealed with.
type keysCmd struct {
	List   keysListCmd   `cmd:"" help:"List the keys, and how many values each has sealed."`
	Rotate keysRotateCmd `cmd:"" help:"Add a key that seals from now on; servers that run take it over and seal the rest anew."`
	Reseal keysResealCmd `cmd:"" help:"Seal anew here and now what older keys have sealed, rather than in the background."`
	Retire keysRetireCmd `cmd:"" help:"Take a key that nothing is sealed with out of the key file."`
}

type keysListCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run lists the keys.
func (c keysListCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		use, err := store.KeyUse(ctx)
		if err != nil {
			return err
		}
		type shown struct {
			seal.Key
			Values int64 `json:"values"`
		}
		list := []shown{}
		for _, key := range store.Keys().Keys() {
			list = append(list, shown{key, use[key.ID]})
		}
		if c.JSON {
			return json.NewEncoder(a.out).Encode(list)
		}
		fmt.Fprintln(a.out, store.Keys().Path())
		w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, key := range list {
			does := "opens"
			switch {
			case key.Active:
				does = "seals"
			case key.ActiveFrom.After(a.now()):
				does = "waits"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\tfrom %s\t%d values\n", key.ID, key.Provider, does, key.ActiveFrom.Local().Format(time.DateTime), key.Values)
		}
		return w.Flush()
	})
}

type keysRotateCmd struct {
	After  time.Duration `placeholder:"24h" help:"It only opens until then: time to copy the key file to the other servers."`
	Cipher string        `help:"One of this program's ciphers; that of the first key without it."`
}

// Run adds a key.
func (c keysRotateCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		key, err := store.Keys().Rotate(c.Cipher, a.now().Add(c.After))
		if err != nil {
			return err
		}
		if err := store.NoteKeys(ctx); err != nil {
			return err
		}
		if err := a.auditKeys(ctx, store, "key.rotate"); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "key %s seals from %s on\n", key.ID, key.ActiveFrom.Local().Format(time.DateTime))
		if c.After > 0 {
			fmt.Fprintf(a.out, "copy %s to the other servers of this database before that\n", store.Keys().Path())
		} else {
			fmt.Fprintln(a.out, "a running server seals the rest anew; yiping keys list says how far it is")
		}
		return nil
	})
}

// auditKeys notes in the trail that the operator changed the keys.
func (a *app) auditKeys(ctx context.Context, store *postgres.Store, action string) error {
	ctx = dispatch.WithRequest(ctx, &dispatch.Request{Operator: true})
	return store.Audit(ctx, dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditConfiguration, action))
}

type keysResealCmd struct{}

// Run seals anew.
func (keysResealCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		n, err := store.Reseal(ctx, func(done int) { a.log.Info().Int("values", done).Msg("sealing anew") })
		if err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%d values were sealed anew\n", n)
		return nil
	})
}

type keysRetireCmd struct {
	ID string `arg:"" help:"The key, as yiping keys list names it."`
}

// Run takes a key out.
func (c keysRetireCmd) Run(a *app) error {
	return a.withStore(func(ctx context.Context, store *postgres.Store) error {
		if err := store.RetireKey(ctx, c.ID); err != nil {
			return err
		}
		if err := a.auditKeys(ctx, store, "key.retire"); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "key %s is gone; backups of the database from before still need it: keep the key file that belongs to them\n", c.ID)
		return nil
	})
}
