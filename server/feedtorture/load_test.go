package feedtorture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// desk takes incidents in and ends half of them, or all. What is not answered is sent
// again under its key, so that what the database holds is what was asked for.
type desk struct {
	d       *district
	who     person
	address string
	client  *http.Client
	places  [][2]float64
	done    atomic.Int64                 // commands that were acknowledged
	told    func(id int64, at time.Time) // of each incident once it is acknowledged, if set
	endsAll bool                         // so that there is no more to follow with each round
}

func (d *district) desk(address string) *desk {
	d.t.Helper()
	k := &desk{d: d, who: d.people(1)[0], address: address}
	k.client = k.who.client()
	d.t.Cleanup(k.client.CloseIdleConnections)
	rows, err := d.pool.Query(d.t.Context(), `select st_x(p), st_y(p) from (select st_pointonsurface(boundary) as p from area where level = 'community') x`)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var at [2]float64
		if err := rows.Scan(&at[0], &at[1]); err != nil {
			d.t.Fatal(err)
		}
		k.places = append(k.places, at)
	}
	if len(k.places) == 0 || rows.Err() != nil {
		d.t.Fatal("no communities", rows.Err())
	}
	return k
}

// client gives a person's own connection.
func (p person) client() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: p.address}}
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 4}}
}

// work takes in an incident each pace until ctx ends.
func (k *desk) work(ctx context.Context, pace time.Duration) {
	ticks := time.NewTicker(pace)
	defer ticks.Stop()
	var going sync.WaitGroup
	defer going.Wait()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		going.Go(func() { k.incident(ctx, k.endsAll || n%2 == 0) })
	}
}

// until works at a usual pace until so many more commands were acknowledged.
func (k *desk) until(ctx context.Context, commands int64) {
	working, enough := context.WithCancel(ctx)
	var going sync.WaitGroup
	going.Go(func() { k.work(working, 50*time.Millisecond) })
	for target := k.done.Load() + commands; k.done.Load() < target && !k.d.t.Failed(); {
		time.Sleep(20 * time.Millisecond) // the load's own pace is the signal
	}
	enough()
	going.Wait()
}

// incident takes one in, and ends it where it is told to. What was begun is
// finished when ctx ends.
func (k *desk) incident(ctx context.Context, end bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	at := k.places[rand.IntN(len(k.places))]
	var made struct {
		ID      int64 `json:"id"`
		Version int64 `json:"version"`
	}
	if !k.send(ctx, "/api/v1/incidents", map[string]any{"type_code": "urban.street_light", "lon": at[0], "lat": at[1]}, &made) {
		return
	}
	if k.told != nil {
		k.told(made.ID, time.Now())
	}
	if end {
		k.send(ctx, fmt.Sprintf("/api/v1/incidents/%d/cancel", made.ID), map[string]any{"version": made.Version, "reason": "试验"}, nil)
	}
}

// send sends a command until it is answered, and says whether it was done.
func (k *desk) send(ctx context.Context, path string, body map[string]any, out any) bool {
	raw, err := json.Marshal(body)
	if err != nil {
		k.d.t.Error(err)
		return false
	}
	key := uuid.NewString()
	for ctx.Err() == nil {
		status, err := k.once(ctx, path, key, raw, out)
		switch {
		case err == nil && status < 300:
			k.done.Add(1)
			return true
		case err == nil && status < 500 && status != http.StatusTooManyRequests && status != http.StatusConflict:
			k.d.t.Errorf("%s: %d", path, status)
			return false
		case err == nil && status == http.StatusConflict:
			return false // somebody was quicker: the clock steps too
		}
		time.Sleep(50 * time.Millisecond)
	}
	k.d.t.Errorf("%s: no answer", path)
	return false
}

func (k *desk) once(ctx context.Context, path, key string, raw []byte, out any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+k.address+path, bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Cookie", k.who.cookie())
	req.Header.Set("Idempotency-Key", key)
	res, err := k.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 || out == nil {
		return res.StatusCode, err
	}
	return res.StatusCode, json.Unmarshal(answer, out)
}
