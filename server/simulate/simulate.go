// Package simulate drives the public API over HTTP as its users do: residents
// report and follow their number, a dispatcher verifies, sends, checks and
// closes, phones answer, move along the roads, arrive and finish, cameras fail
// and come back. Of each incident it keeps a model of what must be, compares it
// with the server's word after every step, and tells every difference. Where
// somebody else has a hand in an incident it is theirs: the dispatcher steps
// back, the phones go on as they are told.
package simulate

import (
	"context"
	"crypto/tls"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"yiping/server/dispatch"
)

// Options says what is simulated.
type Options struct {
	Base          string      // of the server, http://host:port
	Administrator Account     // a security administrator, who makes the accounts of those who act
	Prefix        string      // of the accounts that are made
	Phones        int         // responders who act
	Rate          float64     // incidents a minute
	Count         int         // incidents in all, 0 for no end
	Open          int         // incidents at a time, 0 for as many as there are phones
	Seed          uint64      // the same number, the same choices
	Speed         float64     // how much faster than life; 0 for 1
	TLS           *tls.Config // how the server's certificate is looked at; nil for the usual way
	Log           zerolog.Logger
}

// Account is somebody to sign in as.
type Account struct{ Username, Password string }

// mark stands before the words of every simulated report.
const mark = "【模拟】"

// world is a simulation while it runs.
type world struct {
	Options
	*luck
	timings *timings
	ledger  *ledger
	desk    *client // the dispatcher's
	admin   *client
	monitor *client
	public  *client // of nobody, for what everybody may read
	street  *residents
	picture *picture         // the dispatcher's
	phones  map[int64]*phone // by responder
	roads   *roads
	types   []dispatch.IncidentType
	bounds  [4]float64
	ours    map[int64]bool // account ids

	mu     sync.Mutex
	models map[int64]*model // in hand
	busy   map[int64]int64  // responder -> incident that asks or has them
	freed  chan struct{}    // somebody became free
}

// tidyWithin bounds how long a simulation takes to leave all in order.
const tidyWithin = 10 * time.Second

// Run simulates until the count is reached or ctx ends. Either way nothing of
// its own is left open, and the result holds what was done.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Speed <= 0 {
		o.Speed = 1
	}
	w := &world{Options: o, luck: newLuck(o.Seed, 0), timings: newTimings(), ledger: newLedger(o.Log), ours: map[int64]bool{},
		models: map[int64]*model{}, busy: map[int64]int64{}, freed: make(chan struct{}, 1)}
	defer w.close()
	if err := w.gather(ctx); err != nil {
		return w.result(), err
	}
	acting, stop := context.WithCancel(context.WithoutCancel(ctx)) // to the last word
	defer stop()
	var actors errgroup.Group
	actors.Go(func() error { w.picture.follow(acting); return nil })
	select {
	case <-w.picture.ready:
		w.play(ctx, acting, &actors)
	case <-ctx.Done():
	}
	stop()
	_ = actors.Wait()
	return w.result(), ctx.Err()
}

// play sets everybody in motion, and leaves all in order at the end: phones act
// until the last incident of theirs is over.
func (w *world) play(ctx, acting context.Context, actors *errgroup.Group) {
	w.sweep(ctx)
	for _, p := range w.phones {
		actors.Go(func() error { p.live(acting); return nil })
	}
	var broken sync.WaitGroup
	failing, mend := context.WithCancel(ctx)
	defer mend()
	broken.Go(func() { w.cameras(failing) })
	w.issue(ctx)
	mend()
	broken.Wait()
	w.drop()
	tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyWithin)
	defer cancel()
	w.sweep(tidy)
	w.nothingLeft(tidy)
}

// issue begins incidents at the rate and waits for them to end.
func (w *world) issue(ctx context.Context) {
	pace := time.NewTicker(time.Duration(float64(time.Minute) / max(w.Rate, 0.01)))
	defer pace.Stop()
	places := make(chan struct{}, w.Open)
	var lives sync.WaitGroup
	defer lives.Wait()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		lives.Go(func() {
			defer func() { <-places }()
			w.incident(ctx, n)
		})
		if n == w.Count {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
	}
}

// pause waits as long as a person would.
func (w *world) pause(ctx context.Context, d time.Duration) bool {
	return sleep(ctx, time.Duration(float64(d)/w.Speed))
}

func (w *world) close() {
	for _, p := range w.phones {
		p.client.close()
	}
	for _, c := range []*client{w.desk, w.monitor, w.admin, w.public} {
		if c != nil {
			c.close()
		}
	}
	if w.street != nil {
		for _, c := range w.street.people {
			c.close()
		}
	}
}
