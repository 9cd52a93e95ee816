package feedtorture

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/screen"
)

// load is what a soak is made of.
type load struct {
	screens, perMinute int
	lasts              time.Duration
}

// soak lets phones say where they are, screens look at a community each, and
// incidents be reported, for some time. It measures from a position's
// acknowledgement to each screen that shows its place, and what the server needs.
func soak(t *testing.T, d *district, l load, phones []*phone) {
	d.env = append(d.env, "YIPING_TRUSTED_PROXIES=127.0.0.1")
	n := d.serve()
	ctx, stop := context.WithTimeout(t.Context(), l.lasts)
	defer stop()
	crowd, views := newCrowd(t), d.views()
	seen, told := newSightings(views, l.screens), newDelays()
	for k, p := range d.people(l.screens) {
		cfg := p.follow(n.address, &crowd.reader)
		cfg.Layers, cfg.View = nil, &views[k%len(views)]
		cfg.Heard = seen.hear
		if k == 0 {
			cfg.Heard = func(f *screen.Frame) { seen.hear(f); told.hear(f) }
		}
		crowd.join(p, cfg)
	}
	crowd.await("live", time.Minute, live)
	held := 0
	crowd.screens[0].Look(func(p *screen.Picture, _ *screen.Count) { held = len(p.Responders) })
	f := &fleet{d: d, address: n.address, phones: phones, acked: seen.acknowledged}
	desk := d.desk(n.address)
	desk.told = told.acknowledged
	var working sync.WaitGroup
	working.Go(func() { f.run(ctx) })
	working.Go(func() { desk.work(ctx, time.Minute/time.Duration(l.perMinute)) })
	began := time.Now()
	var resident []sample
	for ticks := time.NewTicker(sampleEvery); ; {
		select {
		case <-ticks.C:
			resident = append(resident, sample{time.Since(began), n.must(t, "process_resident_memory_bytes") / 1e6})
			if len(resident)%6 == 0 {
				tell(t, "soak, so far", map[string]any{"minute": len(resident) / 6, "resident_mb": resident[len(resident)-1].mb, "positions": f.sent.Load(), "late_ms": millis(time.Duration(f.late.Load()))})
			}
			continue
		case <-ctx.Done():
			ticks.Stop()
		}
		break
	}
	working.Wait()
	took := time.Since(began)
	crowd.await("told everything", time.Minute, reached(d.settled(t.Context()).offset))
	places, acks, missed := seen.take(began.Add(took - 5*time.Second))
	incidents := told.take()
	tell(t, "soak", map[string]any{"phones": len(phones), "screens": l.screens, "incidents_a_minute": l.perMinute, "people_in_a_view": held, "lasted_s": seconds(took),
		"positions_a_second": int(float64(f.sent.Load()) / took.Seconds()), "wanted_a_second": int(float64(len(phones)) / positionEvery.Seconds()), "refused": f.failed.Load(),
		"late_ms": millis(time.Duration(f.late.Load())), "answered_p50_ms": millis(part(acks, .5)), "answered_p99_ms": millis(part(acks, .99)),
		"delivered_p50_ms": millis(part(places, .5)), "delivered_p99_ms": millis(part(places, .99)), "delivered": len(places) * sampled, "undelivered": missed * sampled,
		"incident_p50_ms": millis(part(incidents, .5)), "incident_p99_ms": millis(part(incidents, .99)),
		"resident_mb_5_to_10": residentIn(resident, 5*time.Minute, 10*time.Minute), "resident_mb_last_5": residentIn(resident, took-5*time.Minute, took), "goroutines": n.must(t, "go_goroutines")})
	t.Log(crowd.count())
	if len(places) == 0 || len(incidents) == 0 {
		t.Error("nothing was delivered")
	}
	if missed > 0 {
		t.Errorf("%d positions did not come to a screen that shows their place, of those of one phone in %d", missed, sampled)
	}
	if early, late := residentIn(resident, 5*time.Minute, 10*time.Minute), residentIn(resident, took-5*time.Minute, took); took >= 15*time.Minute && late > 1.15*early {
		t.Errorf("the server grows: %.0f MB in the last five minutes, %.0f MB from the fifth to the tenth", late, early)
	}
	for _, s := range crowd.screens {
		s.Look(func(_ *screen.Picture, n *screen.Count) {
			if len(n.Closed) > 0 {
				t.Errorf("a screen was closed: %v", n.Closed)
			}
		})
	}
}

// sample is how much memory the server holds at a time.
type sample struct {
	at time.Duration
	mb float64
}

const sampleEvery = 10 * time.Second

// residentIn gives the median within a time, 0 where there is none.
func residentIn(all []sample, from, to time.Duration) float64 {
	var list []float64
	for _, s := range all {
		if s.at >= from && s.at <= to {
			list = append(list, s.mb)
		}
	}
	slices.Sort(list)
	if len(list) == 0 {
		return 0
	}
	return list[len(list)/2]
}

// views gives the part of the map that holds each community.
func (d *district) views() (list [][4]float64) {
	d.t.Helper()
	rows, err := d.pool.Query(d.t.Context(), `select st_xmin(b), st_ymin(b), st_xmax(b), st_ymax(b)
		from (select box3d(boundary::geometry) as b from area where level = 'community' and boundary is not null order by id) x`)
	if err != nil {
		d.t.Fatal(err)
	}
	var v [4]float64
	if _, err := pgx.ForEachRow(rows, []any{&v[0], &v[1], &v[2], &v[3]}, func() error { list = append(list, v); return nil }); err != nil {
		d.t.Fatal(err)
	}
	return list
}
