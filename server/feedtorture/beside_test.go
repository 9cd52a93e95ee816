package feedtorture

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/screen"
)

// beside is what is asked of screens that are sound, beside bad clients.
type beside struct {
	screens   int // that are sound
	each      int // bad clients of each kind
	rounds    int // with them, and as many without
	incidents int64
	times     float64       // that the 99th percentile may be of what it is without them,
	more      time.Duration // and then more
}

// badBeside looks that sound screens are told as soon beside bad clients as
// without them: rounds without, beside as many who come and go soundly, and beside
// bad ones take turns, and the medians count. The second tell what of the third is
// the price of any client, who shares the processor with what is measured here.
func badBeside(t *testing.T, d *district, b beside) {
	n := d.serve()
	crowd, desk, measured := newCrowd(t), d.desk(n.address), make([]*delays, b.screens)
	desk.endsAll = true
	desk.told = func(id int64, at time.Time) {
		for _, m := range measured {
			m.acknowledged(id, at)
		}
	}
	for k, p := range d.people(b.screens) {
		measured[k] = newDelays()
		cfg := p.follow(n.address, &crowd.reader)
		cfg.Heard = measured[k].hear
		crowd.join(p, cfg)
	}
	crowd.await("live", time.Minute, live)
	round := func() (p50, p99 time.Duration) {
		desk.until(t.Context(), b.incidents)
		crowd.await("told everything", time.Minute, reached(d.settled(t.Context()).offset))
		var took []time.Duration
		for _, m := range measured {
			took = append(took, m.take()...)
		}
		slices.Sort(took)
		return part(took, .5), part(took, .99)
	}
	bomb()
	many := b.each * len(badClients)
	alone, sound, bad := &company{name: "alone"}, &company{name: "sound", of: soundClients, many: many}, &company{name: "bad", of: badClients, many: many}
	said := map[string]any{"screens": b.screens, "beside": many, "kinds": len(badClients), "rounds": b.rounds}
	for range b.rounds {
		for _, c := range []*company{alone, sound, bad} {
			end := d.invite(n.address, c)
			p50, p99 := round()
			end()
			c.p50, c.p99 = append(c.p50, p50), append(c.p99, p99)
			said[c.name+"_p50_ms"], said[c.name+"_p99_ms"] = millis(median(c.p50)), millis(median(c.p99))
		}
	}
	tell(t, "bad clients", said)
	before, during := median(alone.p99), median(bad.p99)
	if during > time.Duration(b.times*float64(before))+b.more {
		t.Errorf("who follows soundly waits for those who do not: p99 %v alone, %v beside them", before, during)
	}
	crowd.same(d)
	for _, s := range crowd.screens {
		s.Look(func(_ *screen.Picture, n *screen.Count) {
			if len(n.Closed) > 0 {
				t.Errorf("who follows soundly was closed: %v", n.Closed)
			}
		})
	}
}

// company is who comes beside the screens that are measured, and what these were told
// how soon, by round.
type company struct {
	name     string
	of       []guest
	many     int
	p50, p99 []time.Duration
}

// invite lets them come, one after another within a second, and each second again who
// was closed; it gives what ends them.
func (d *district) invite(address string, c *company) (end func()) {
	ctx, stop := context.WithCancel(d.t.Context())
	var going sync.WaitGroup
	for k, p := range d.people(c.many) {
		kind := c.of[k%len(c.of)]
		begin := time.After(time.Second * time.Duration(k) / time.Duration(c.many))
		going.Go(func() {
			select {
			case <-begin:
			case <-ctx.Done():
			}
			if err := eachSecond(ctx, func() error { return kind.once(ctx, p, address) }); err != nil {
				d.t.Error(err)
			}
		})
	}
	return func() { stop(); going.Wait() }
}

// once lets one of a kind come, and says where it was not closed as it should be.
func (g guest) once(ctx context.Context, p person, address string) error {
	err := g.do(ctx, p, address)
	if ctx.Err() == nil && g.code != 0 && !websocket.IsCloseError(err, g.code) {
		return fmt.Errorf("who %s: %w, want closing with %d", g.name, err, g.code)
	}
	return nil
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
