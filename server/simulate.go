package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"yiping/server/dispatch"
	"yiping/server/postgres"
	"yiping/server/simulate"
)

// simulateCmd drives a running server through its public API as its users do.
type simulateCmd struct {
	Accounts string        `arg:"" type:"existingfile" help:"The JSON line that serve --json printed on its first run: addresses and accounts."`
	Rate     float64       `default:"6" help:"Incidents a minute."`
	Count    int           `default:"10" help:"Incidents in all; 0 goes on until it is stopped."`
	Duration time.Duration `help:"Stop after this time, e.g. 10m."`
	Open     int           `default:"0" help:"Most incidents at a time; 0 for as many as there are phones."`
	Phones   int           `default:"24" help:"Responders who act; accounts are made for those on duty."`
	Speed    float64       `default:"1" help:"How much faster than life people think, answer and move."`
	Seed     uint64        `default:"1" help:"The same number, the same choices."`
	Prefix   string        `default:"load" help:"Of the accounts that are made; what an earlier run of the same prefix left open is cleaned up."`
	JSON     bool          `help:"Print the result as JSON."`
}

// Run simulates until the count is reached or it is stopped.
func (c simulateCmd) Run(a *app) error {
	raw, err := os.ReadFile(c.Accounts)
	if err != nil {
		return err
	}
	var said announcement
	if err := json.Unmarshal(raw, &said); err != nil {
		return fmt.Errorf("%s does not hold what serve --json prints: %w", c.Accounts, err)
	}
	at := slices.IndexFunc(said.Accounts, func(k credential) bool { return k.Role == dispatch.RoleSecurityAdministrator })
	if at < 0 {
		return fmt.Errorf("%s holds no security administrator's account: serve --json prints it on its first run", c.Accounts)
	}
	ctx := a.ctx
	if c.Duration > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, c.Duration)
		defer stop()
	}
	result, err := simulate.Run(ctx, simulate.Options{Base: said.Addresses["base"],
		Administrator: simulate.Account{Username: said.Accounts[at].Username, Password: said.Accounts[at].Password},
		Prefix:        c.Prefix, Phones: c.Phones, Rate: c.Rate, Count: c.Count, Open: c.Open, Seed: c.Seed, Speed: c.Speed, Log: a.log})
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err := c.print(a, result); err != nil {
		return err
	}
	if len(result.Differences) > 0 {
		return exitError(3)
	}
	return nil
}

func (c simulateCmd) print(a *app, r simulate.Result) error {
	if c.JSON {
		return json.NewEncoder(a.out).Encode(r)
	}
	w := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "requests\trefused\trepeated\tp50 ms\tp99 ms\tmost ms\t  of")
	for _, o := range r.Operations {
		fmt.Fprintf(w, "%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t  %s\n", o.Count, o.Refused, o.Repeated, o.P50, o.P99, o.Max, o.Name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%d incidents by %d phones in %.0f s", r.Count, r.Phones, r.Seconds)
	for _, how := range slices.Sorted(maps.Keys(r.Ended)) {
		fmt.Fprintf(a.out, ", %d %s", r.Ended[how], how)
	}
	fmt.Fprintf(a.out, "\n%d differences\n", len(r.Differences)+r.Unlisted)
	for _, d := range r.Differences {
		fmt.Fprintln(a.out, " ", d)
	}
	return nil
}

// The simulation of a demonstration: a busy evening, no flood.
const (
	demoPrefix = "sim"
	demoPhones = 24
	demoRate   = 1.0
	demoOpen   = 8
	demoAgain  = 30 * time.Second // after it failed
)

// simulateDemo keeps the demonstration alive until ctx ends. One server of those
// that share a database does; its administrator has a password that nobody
// knows, another one each time.
func simulateDemo(ctx context.Context, a *app, at *front, store *postgres.Store, accounts registrar) {
	base, config := at.own()
	for ctx.Err() == nil {
		err := store.Alone(ctx, func(ctx context.Context) error {
			who, err := demoAdministrator(ctx, store, accounts)
			if err != nil {
				return err
			}
			_, err = simulate.Run(ctx, simulate.Options{Base: base, Administrator: who, Prefix: demoPrefix, Phones: demoPhones,
				Rate: demoRate, Open: demoOpen, Seed: uint64(a.now().Unix()), Log: a.log, TLS: config})
			return err
		})
		if err != nil && ctx.Err() == nil && !errors.Is(err, postgres.ErrNotAlone) {
			a.log.Warn().Err(err).Msg("the simulation ended; it begins anew")
		}
		select {
		case <-ctx.Done():
		case <-time.After(demoAgain):
		}
	}
}

// demoAdministrator makes the simulation's administrator, or gives the one that
// is there another password.
func demoAdministrator(ctx context.Context, store *postgres.Store, accounts registrar) (simulate.Account, error) {
	const name = demoPrefix + "-security"
	password, err := accounts.reset(ctx, name)
	if dispatch.CodeOf(err) != dispatch.CodeNotFound {
		return simulate.Account{Username: name, Password: password}, err
	}
	in, err := store.Installation(ctx)
	if err != nil {
		return simulate.Account{}, err
	}
	_, password, err = accounts.create(ctx, firstAccount{name, "模拟安全管理员", dispatch.RoleSecurityAdministrator, in.District.ID, 0})
	return simulate.Account{Username: name, Password: password}, err
}
