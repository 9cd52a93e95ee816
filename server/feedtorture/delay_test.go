package feedtorture

import (
	"slices"
	"sync"
	"time"

	"yiping/server/screen"
)

// delays keeps how long incidents take from the answer to a screen.
type delays struct {
	mu    sync.Mutex
	acked map[int64]time.Time
	heard map[int64]time.Time
	took  []time.Duration
}

func newDelays() *delays { return &delays{acked: map[int64]time.Time{}, heard: map[int64]time.Time{}} }

func (d *delays) acknowledged(id int64, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acked[id] = at
	d.measure(id)
}

func (d *delays) hear(f *screen.Frame) {
	if f.Type != "event" || f.Incident == nil || f.Event.Kind != "incident.reported" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard[f.Incident.ID] = time.Now()
	d.measure(f.Incident.ID)
}

// measure takes one that was both heard and acknowledged; a screen may be told before
// the answer is read, which is no delay.
func (d *delays) measure(id int64) {
	acked, heard := d.acked[id], d.heard[id]
	if !acked.IsZero() && !heard.IsZero() {
		d.took = append(d.took, max(0, heard.Sub(acked)))
		delete(d.acked, id)
		delete(d.heard, id)
	}
}

// take gives what was measured since it was last asked.
func (d *delays) take() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.took
	d.took = nil
	slices.Sort(out)
	return out
}

// part gives a share of sorted delays: 0.99 for what 99 of 100 stay below.
func part(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))].Round(100 * time.Microsecond)
}
