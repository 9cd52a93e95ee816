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
// without them: rounds with and without take turns, and the medians count.
func badBeside(t *testing.T, d *district, b beside) {
	n := d.serve()
	crowd, desk, measured := newCrowd(t), d.desk(n.address), make([]*delays, b.screens)
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
	var alone, with [2][]time.Duration
	for range b.rounds {
		p50, p99 := round()
		alone[0], alone[1] = append(alone[0], p50), append(alone[1], p99)
		end := d.misbehave(n.address, b.each)
		p50, p99 = round()
		with[0], with[1] = append(with[0], p50), append(with[1], p99)
		end()
	}
	before, during := median(alone[1]), median(with[1])
	tell(t, "bad clients", map[string]any{"screens": b.screens, "bad": b.each * len(badClients), "kinds": len(badClients), "rounds": b.rounds,
		"alone_p50_ms": millis(median(alone[0])), "alone_p99_ms": millis(before), "beside_p50_ms": millis(median(with[0])), "beside_p99_ms": millis(during)})
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

// misbehave starts so many bad clients of each kind, and gives what ends them.
func (d *district) misbehave(address string, each int) (end func()) {
	bad, stop := context.WithCancel(d.t.Context())
	var going sync.WaitGroup
	for k, p := range d.people(each * len(badClients)) {
		kind := badClients[k%len(badClients)]
		going.Go(func() {
			err := kind.do(bad, p, address)
			if kind.code != 0 && !websocket.IsCloseError(err, kind.code) {
				d.t.Errorf("who %s: %v, want closing with %d", kind.name, err, kind.code)
			}
		})
	}
	return func() { stop(); going.Wait() }
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
