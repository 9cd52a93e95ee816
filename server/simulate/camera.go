package simulate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// mostBroken is how many cameras fail at a time.
const mostBroken = 5

// cameras has cameras fail and come back until ctx ends; none is left broken.
func (w *world) cameras(ctx context.Context) {
	var broken sync.WaitGroup
	defer broken.Wait()
	l := newLuck(w.Seed, 1<<40)
	places := make(chan struct{}, mostBroken)
	for w.pause(ctx, l.between(20*time.Second, 90*time.Second)) {
		c, err := w.someCamera(ctx, l)
		if err != nil {
			w.failed(ctx, "list cameras", err)
			continue
		}
		if c == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		broken.Go(func() {
			defer func() { <-places }()
			w.breakDown(ctx, *c, l)
		})
	}
}

// someCamera gives a camera that is well, nil for none.
func (w *world) someCamera(ctx context.Context, l *luck) (*dispatch.Camera, error) {
	var out struct {
		Cameras []dispatch.Camera `json:"cameras"`
	}
	center := around(l, w.idleOrAny(l).where(), 0, 300)
	box := fmt.Sprintf("%f,%f,%f,%f", center.Lon()-0.02, center.Lat()-0.02, center.Lon()+0.02, center.Lat()+0.02)
	if err := w.desk.get(ctx, "cameras", "/api/v1/cameras?limit=100&bbox="+box, &out); err != nil {
		return nil, err
	}
	for range out.Cameras {
		c := out.Cameras[l.pick(len(out.Cameras))]
		if c.DeviceHealth == dispatch.HealthUp && c.ChannelHealth == dispatch.HealthUp && c.StreamHealth == dispatch.HealthUp {
			return &c, nil
		}
	}
	return nil, nil
}

// idleOrAny gives a phone, an idle one where there is.
func (w *world) idleOrAny(l *luck) *phone {
	if free := w.idle(); len(free) > 0 {
		return free[l.pick(len(free))]
	}
	for _, p := range w.phones {
		return p
	}
	return nil
}

// breakDown has a camera lose its picture, or all, and come back.
func (w *world) breakDown(ctx context.Context, c dispatch.Camera, l *luck) {
	down := body{"device": "up", "channel": "up", "stream": "down"}
	if l.chance(0.4) {
		down = body{"device": "down", "channel": "down", "stream": "down"}
	}
	w.tellHealth(ctx, c.ID, "camera fails", down)
	w.pause(ctx, l.between(time.Minute, 5*time.Minute))
	tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyWithin)
	defer cancel()
	w.tellHealth(tidy, c.ID, "camera comes back", body{"device": "up", "channel": "up", "stream": "up"})
}

// tellHealth tells how a camera is, and compares what the server has noted.
func (w *world) tellHealth(ctx context.Context, id int64, what string, health body) {
	var says dispatch.Camera
	if err := w.monitor.post(ctx, what, fmt.Sprintf("/api/v1/cameras/%d/health", id), health, &says); err != nil {
		w.failed(ctx, what, err)
		return
	}
	if told := fmt.Sprint(health["device"], health["channel"], health["stream"]); told != fmt.Sprint(says.DeviceHealth, says.ChannelHealth, says.StreamHealth) {
		w.ledger.differf("camera %d: %s was told, the server says %s %s %s", id, told, says.DeviceHealth, says.ChannelHealth, says.StreamHealth)
	}
	w.ledger.did(what)
}
