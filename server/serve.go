package main

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/paulmach/orb"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"yiping/seed"
	"yiping/server/audit"
	"yiping/server/dispatch"
	"yiping/server/frame"
	"yiping/server/httpapi"
	"yiping/server/importer"
	"yiping/server/jobs"
	"yiping/server/live"
	"yiping/server/postgres"
	"yiping/server/tile"
	"yiping/web"
)

type serveCmd struct {
	JSON       bool `help:"Print the addresses and first accounts as one JSON line."`
	NoDemo     bool `help:"Leave an empty database empty: a real installation."`
	NoSimulate bool `env:"YIPING_NO_SIMULATE" help:"Leave the demonstration district quiet: nobody reports, answers or moves by themselves."`
}

// drainWithin bounds how long open requests may take when the server stops.
const drainWithin = 10 * time.Second

// Run serves until it is told to stop, then ends everything in order: sockets
// are told, requests drain, the log is read to its end, PostgreSQL last.
func (c serveCmd) Run(a *app) error {
	at, err := listen(a)
	if err != nil {
		return err
	}
	defer at.close()
	database, stopDatabase, err := a.openDatabase(a.ctx)
	if err != nil {
		return err
	}
	defer stopDatabase()
	store, err := a.openStore(database)
	if err != nil {
		return err
	}
	defer store.Close()
	first, err := c.firstRun(a, store)
	if err != nil {
		return err
	}
	accounts, err := a.openAccounts(a.ctx, store)
	if err != nil {
		return err
	}
	return c.serve(a, at, store, accounts, announcement{Addresses: at.addresses(), Accounts: first})
}

// firstRun seeds an empty database and makes the first accounts.
func (c serveCmd) firstRun(a *app, store *postgres.Store) ([]credential, error) {
	empty, err := store.Empty(a.ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case empty && c.NoDemo:
		if err := store.LoadTypes(a.ctx, seed.Types()); err != nil {
			return nil, err
		}
	case empty:
		if err := seedDistrict(a.ctx, a, store, seed.Options{Seed: 1, Scale: 1}); err != nil {
			return nil, err
		}
	}
	k, err := a.newRegistrar(store)
	if err != nil {
		return nil, err
	}
	return makeFirstAccounts(a.ctx, k, store)
}

// openAccounts gives the accounts as strict as the installation asks. A real
// district is assessed, so it begins with what assessors look for; the accounts
// of a demonstration are to be looked at, and what was printed once goes on
// letting in.
func (a *app) openAccounts(ctx context.Context, store *postgres.Store) (*postgres.Accounts, error) {
	profile := a.Passwords
	if profile == "" {
		in, err := store.Installation(ctx)
		if err != nil {
			return nil, err
		}
		if profile = "mlps3"; in.Demonstration {
			profile = "asvs"
		}
	}
	return postgres.NewAccounts(store, postgres.AccountsConfig{Profile: dispatch.PasswordProfiles[profile]})
}

func seedDistrict(ctx context.Context, a *app, store *postgres.Store, o seed.Options) error {
	a.log.Info().Msg("making the demonstration district")
	o.Now = a.now()
	return store.LoadSeed(ctx, seed.Generate(o))
}

// serve wires the parts and runs them until the context ends or one fails.
func (c serveCmd) serve(a *app, at *front, store *postgres.Store, accounts *postgres.Accounts, say announcement) error {
	svc := dispatch.NewService(store, a.now, a.log).WithBorder(a.Border)
	_, head, err := store.Head(a.ctx)
	if err != nil {
		return err
	}
	if err := svc.Load(a.ctx); err != nil {
		return err
	}
	alive, err := c.simulates(a.ctx, store)
	if err != nil {
		return err
	}
	hub := live.New(live.Config{Source: store, Tree: svc.Tree, Look: svc.Look, Now: a.now, Log: a.log}, head)
	snap, err := store.Snapshot(a.ctx, dispatch.Reach{})
	if err != nil {
		return err
	}
	hub.Working(snap.Assignments)
	presence := live.NewPresence(store.Feed().Say, a.now)
	points := tile.NewPoints(store, a.log)
	if err := points.Load(a.ctx); err != nil {
		return err
	}
	imports := postgres.Imports{Store: store}
	desk := importer.NewDesk(imports, a.log)
	dist, err := fs.Sub(web.Dist, "dist")
	if err != nil {
		return err
	}
	proxies, err := a.ProxyNetworks()
	if err != nil {
		return err
	}
	keeper, err := a.keeper(store)
	if err != nil {
		return err
	}
	signIn, err := a.provider(svc.Tree())
	if err != nil {
		return err
	}
	gateway, err := a.gateway()
	if err != nil {
		return err
	}
	sender, sending, err := a.sender(store, gateway)
	if err != nil {
		return err
	}
	server := newServer(httpapi.New(httpapi.Deps{Provider: signIn, Gateway: callbacks(gateway), ProviderName: a.ProviderName, Service: svc, Reader: store, Accounts: accounts, Registers: imports, Personal: store, Imports: desk, Points: points, Feed: feed{hub, presence}, Web: dist, Metrics: metrics(hub, store, keeper, at),
		Ready: store.Feed().CaughtUp, Log: a.log, Quiet: alive, Version: version, Origins: a.Origins, Proxies: proxies, MetricsToken: a.MetricsToken, SecureOnly: !a.Insecure}), a.log)

	// The feed and the hub outlive the requests: what was acknowledged last is
	// still sequenced and handed on.
	ctx, stop := context.WithCancel(context.WithoutCancel(a.ctx))
	defer stop()
	var g errgroup.Group
	g.Go(func() error {
		return store.Feed().Run(ctx, head, postgres.Reader{
			Changes: func(ctx context.Context, changes []dispatch.Change) error {
				for _, change := range changes {
					if err := svc.Apply(ctx, change); err != nil {
						return err
					}
					points.Apply(change)
				}
				hub.Publish(changes)
				return nil
			},
			Positions: func(positions []dispatch.Position) { svc.Moved(positions); hub.Move(positions) },
			Note:      presence.Hear,
		})
	})
	hubCtx, stopHub := context.WithCancel(ctx)
	defer stopHub()
	g.Go(func() error { hub.Run(hubCtx); return nil })
	g.Go(func() error { presence.Run(hubCtx); return nil })
	g.Go(func() error { points.Run(ctx); return nil })
	g.Go(func() error {
		jobs.Run(ctx, a.log, append(clockJobs(svc, store, accounts, keeper, a.now), sending...)...)
		sender.Wait()
		return nil
	})
	g.Go(func() error { return store.WorkQueue(ctx, sender.Look) })
	failed := make(chan error, 1)
	go func() { failed <- at.serve(server) }()
	defer at.redirects(a.log)()
	endSimulation := c.simulation(a, at, store, registrar{accounts, svc}, alive)
	defer endSimulation()
	if err := say.print(a.out, c.JSON); err != nil {
		return err
	}
	var failure error
	select {
	case <-a.ctx.Done():
		a.log.Info().Msg("stopping")
	case failure = <-failed:
	}
	endSimulation() // while there is a server to leave in order
	stopHub()
	drain(a.ctx, server, a.log)
	desk.Close()
	stop()
	return errors.Join(failure, g.Wait())
}

// simulates says whether the demonstration acts by itself; an installation with
// a district of its own never does.
func (c serveCmd) simulates(ctx context.Context, store *postgres.Store) (bool, error) {
	if c.NoSimulate || c.NoDemo {
		return false, nil
	}
	in, err := store.Installation(ctx)
	return in.Demonstration, err
}

// simulation begins the demonstration's simulation where it is wanted, and gives
// what ends it in order.
func (c serveCmd) simulation(a *app, at *front, store *postgres.Store, accounts registrar, wanted bool) (end func()) {
	if !wanted {
		return func() {}
	}
	ctx, stop := context.WithCancel(a.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		simulateDemo(ctx, a, at, store, accounts)
	}()
	return func() { stop(); <-ended }
}

// clockJobs is everything that the clock asks for.
func clockJobs(svc *dispatch.Service, store *postgres.Store, accounts *postgres.Accounts, keeper *audit.Keeper, now func() time.Time) []jobs.Job {
	plain := func(do func(ctx context.Context) error) func(context.Context) (time.Time, error) {
		return func(ctx context.Context) (time.Time, error) { return time.Time{}, do(ctx) }
	}
	return []jobs.Job{
		{Name: "expire offers", Every: 500 * time.Millisecond, Run: svc.ExpireOffers},
		{Name: "send waves", Every: 500 * time.Millisecond, Run: svc.SendWaves},
		{Name: "tell the next level", Every: 500 * time.Millisecond, Run: svc.ClimbLadders},
		{Name: "tell overdue orders", Every: 500 * time.Millisecond, Run: svc.TellOverdue},
		{Name: "ask who is all right", Every: 500 * time.Millisecond, Run: svc.CheckWelfare},
		{Name: "ask who is called up", Every: 500 * time.Millisecond, Run: plain(svc.AskCallUps)},
		{Name: "follow the keys", Every: 5 * time.Second, Run: plain((&postgres.KeyTurning{Store: store}).Turn)},
		{Name: "turn duties", Every: 5 * time.Second, Run: plain(func(ctx context.Context) error {
			for {
				if n, err := svc.TurnDuties(ctx); err != nil || n == 0 {
					return err
				}
			}
		})},
		{Name: "make rosters", Every: 10 * time.Minute, Run: plain(svc.MakeRosters)},
		{Name: "refresh forces", Every: time.Minute, Run: plain(svc.RefreshForces)},
		{Name: "drop stale positions", Every: time.Minute, Run: plain(store.DropStalePositions)},
		{Name: "tidy imports", Every: 15 * time.Second, Run: plain(postgres.Imports{Store: store}.TidyImports)},
		{Name: "name places", Every: 5 * time.Second, Run: plain(postgres.Imports{Store: store}.NamePlaces)},
		{Name: "make the log's next partition", Every: time.Hour, Run: plain(store.MakePartition)},
		{Name: "make the tracks' next partition", Every: time.Hour, Run: plain(store.MakeTrackPartitions)},
		{Name: "forget reveals", Every: time.Hour, Run: plain(store.ForgetReveals)},
		{Name: "destroy", Every: time.Hour, Run: plain(svc.Destroy)},
		{Name: "publish counts of care", Every: time.Hour, Run: plain(svc.PublishCare)},
		{Name: "make the audit trail's next partition", Every: time.Hour, Run: plain(store.MakeAuditPartition)},
		{Name: "write refusals", Every: time.Second, Run: plain(store.WriteRefusals)},
		{Name: "write a checkpoint of the audit trail", Every: time.Minute, Run: plain(keeper.Checkpoint)},
		{Name: "remove old entries of the audit trail", Every: time.Hour, Run: plain(keeper.Tidy)},
	}
}

func metrics(hub *live.Hub, store *postgres.Store, keeper *audit.Keeper, at *front) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_live_subscribers", Help: "Pages on the live feed."},
			func() float64 { return float64(hub.Len()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_connections", Help: "Open connections."},
			func() float64 { return float64(at.Open()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "yiping_connections_refused_total", Help: "Connections closed at once, because there were too many."},
			func() float64 { return float64(at.Refused()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_log_offset", Help: "How far this node has read the event log."},
			func() float64 { return float64(store.Feed().Offset()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_audit_unsealed", Help: "Entries of the audit trail that wait to be sealed; not a number where the database does not say."},
			store.Unsealed),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_audit_checkpoint_age_seconds", Help: "For how long the trail's newest entries have been without a checkpoint; not a number where another node seals."},
			keeper.Age),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_audit_broken", Help: "1 where the trail does not hold the row of its last checkpoint: run yiping audit verify."},
			func() float64 {
				if keeper.Broken() {
					return 1
				}
				return 0
			}))
	if at.pair != nil {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yiping_certificate_expires_seconds", Help: "When the certificate expires, in seconds since 1970."},
			func() float64 { return float64(at.pair.Leaf().NotAfter.Unix()) }))
	}
	return r
}

// feed makes the hub what the API expects of one.
type feed struct {
	hub      *live.Hub
	presence *live.Presence
}

// Subscribe subscribes.
func (f feed) Subscribe(ctx context.Context, actor dispatch.Actor, homeArea int64, epoch string, offset int64, wish live.Wish, wake func()) (httpapi.Subscription, error) {
	s, err := f.hub.Subscribe(ctx, actor, homeArea, live.Since{Epoch: epoch, Offset: offset}, wish, wake)
	if err != nil {
		return nil, err
	}
	return subscription{s, f.hub, f.presence}, nil
}

type subscription struct {
	*live.Subscriber
	hub      *live.Hub
	presence *live.Presence
}

// Next takes what waits.
func (s subscription) Next(list []*frame.Message) ([]*frame.Message, string) {
	list, closed := s.Subscriber.Next(list)
	return list, string(closed)
}

// Look names what part of the map is looked at.
func (s subscription) Look(view *orb.Bound) { s.hub.Look(s.Subscriber, view) }

// Open says which incident is open, 0 for none.
func (s subscription) Open(incidentID int64) { s.presence.Open(s.Subscriber, incidentID) }

// Leave ends it.
func (s subscription) Leave() {
	s.presence.Open(s.Subscriber, 0)
	s.hub.Leave(s.Subscriber)
}

type openAPICmd struct{}

// Run prints the document.
func (openAPICmd) Run(a *app) error {
	document, err := httpapi.OpenAPI(version)
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(document, '\n'))
	return err
}

type asyncAPICmd struct{}

// Run prints the document of the live feed.
func (asyncAPICmd) Run(a *app) error {
	document, err := httpapi.AsyncAPI(version)
	if err != nil {
		return err
	}
	_, err = a.out.Write(append(document, '\n'))
	return err
}
