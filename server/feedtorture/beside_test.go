package feedtorture

import (
	"context"
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
	took := map[string][2][]time.Duration{}
	for range b.rounds {
		for _, beside := range []struct {
			who   string
			kinds []guest
		}{{"alone", nil}, {"sound", soundClients}, {"bad", badClients}} {
			end := d.invite(n.address, beside.kinds, b.each)
			p50, p99 := round()
			end()
			all := took[beside.who]
			took[beside.who] = [2][]time.Duration{append(all[0], p50), append(all[1], p99)}
		}
	}
	said := map[string]any{"screens": b.screens, "beside": b.each * len(badClients), "kinds": len(badClients), "rounds": b.rounds}
	for who, all := range took {
		said[who+"_p50_ms"], said[who+"_p99_ms"] = millis(median(all[0])), millis(median(all[1]))
	}
	tell(t, "bad clients", said)
	before, during := median(took["alone"][1]), median(took["bad"][1])
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

// againAfter is when a guest who was closed comes again.
const againAfter = time.Second

// invite lets so many guests of each kind come, one after another within a second,
// and again whenever they are closed; it gives what ends them.
func (d *district) invite(address string, kinds []guest, each int) (end func()) {
	ctx, stop := context.WithCancel(d.t.Context())
	var going sync.WaitGroup
	n := each * len(kinds)
	for k, p := range d.people(n) {
		kind := kinds[k%len(kinds)]
		going.Go(func() {
			pause := againAfter * time.Duration(k) / time.Duration(n)
			for wait(ctx, pause) {
				err := kind.do(ctx, p, address)
				if ctx.Err() == nil && kind.code != 0 && !websocket.IsCloseError(err, kind.code) {
					d.t.Errorf("who %s: %v, want closing with %d", kind.name, err, kind.code)
					return
				}
				pause = againAfter
			}
		})
	}
	return func() { stop(); going.Wait() }
}

// wait says whether ctx lasted so long.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
