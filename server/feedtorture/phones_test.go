package feedtorture

import (
	"bufio"
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

	"github.com/jackc/pgx/v5"
)

// phone is a responder on duty whose phone says where they are.
type phone struct {
	person
	lon, lat float64
}

// phones makes responders on duty who have agreed to be seen, all over the communities.
func (d *district) phones(n int) []*phone {
	d.t.Helper()
	ctx := d.t.Context()
	rows, err := d.pool.Query(ctx, `
		with c as (select id, boundary::geometry as shape, count(*) over () as many from area where level = 'community' and boundary is not null),
		p as (select id, (st_dump(st_generatepoints(shape, ceil($1::float8 / many)::int))).geom as at from c),
		r as (insert into responder (area_id, name, post, post_cell, external_id)
			select id, 'soak', at, 1, 'soak-' || gen_random_uuid() from (select * from p order by random() limit $1) x returning id, area_id, post),
		u as (insert into duty (responder_id, kind, origin, period, start_told)
			select id, 'on_duty', 'roster', tstzrange(now() - interval '1 hour', now() + interval '8 hours'), true from r),
		a as (insert into consent (responder_id, purpose, version, way, given_at)
			select r.id, 'position', (select coalesce(max(version), 1) from consent_text where purpose = 'position'), 'demonstration', now() - interval '1 day' from r)
		select id, area_id, st_x(post::geometry), st_y(post::geometry) from r`, n)
	if err != nil {
		d.t.Fatal(err)
	}
	var ids, areas []int64
	var list []*phone
	var id, area int64
	var lon, lat float64
	if _, err := pgx.ForEachRow(rows, []any{&id, &area, &lon, &lat}, func() error {
		ids, areas = append(ids, id), append(areas, area)
		list = append(list, &phone{lon: lon, lat: lat})
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	if len(list) != n {
		d.t.Fatalf("%d people for %d", len(list), n)
	}
	for k, p := range d.people(n, ids...) {
		p.area = areas[k]
		list[k].person = p
	}
	if _, err := d.pool.Exec(ctx, `vacuum (analyze)`); err != nil {
		d.t.Fatal(err)
	}
	return list
}

// Phones take a position each five seconds and send two at a time, as the page does.
const (
	positionEvery = 5 * time.Second
	positionsSent = 2
	phoneLines    = 128 // connections of the proxy that phones come through
)

// fleet is phones that send what they take, through a proxy's connections.
type fleet struct {
	d       *district
	address string
	phones  []*phone
	acked   func(p *phone, at time.Time, took time.Duration) // the newest of a batch
	sent    atomic.Int64                                     // positions that were taken
	failed  atomic.Int64                                     // batches that were not
	late    atomic.Int64                                     // by how much the last one was sent too late, in ns
}

// run sends until ctx ends: the phones one after another, evenly over their pause. Where
// the server cannot follow they come later, and late says by how much.
func (f *fleet) run(ctx context.Context) {
	var going sync.WaitGroup
	began := time.Now()
	for line := range phoneLines {
		going.Go(func() {
			var mine []*phone
			for k := line; k < len(f.phones); k += phoneLines {
				mine = append(mine, f.phones[k])
			}
			f.line(ctx, mine, began.Add(time.Duration(line)*time.Millisecond))
		})
	}
	going.Wait()
}

// line is one connection of the proxy and the phones that come through it.
func (f *fleet) line(ctx context.Context, phones []*phone, began time.Time) {
	if len(phones) == 0 {
		return
	}
	conn, err := net.Dial("tcp", f.address)
	if err != nil {
		f.d.t.Error(err)
		return
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	answers := bufio.NewReaderSize(conn, 4096)
	pause := positionEvery * positionsSent
	for n := 0; ctx.Err() == nil; n++ {
		due := began.Add(time.Duration(n) * pause / time.Duration(len(phones)))
		wait := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		if ctx.Err() != nil {
			return
		}
		f.late.Store(int64(time.Since(due)))
		if err := f.send(conn, answers, phones[n%len(phones)]); err != nil {
			if ctx.Err() == nil {
				f.d.t.Errorf("positions: %v", err)
			}
			return
		}
	}
}

// send takes positions, sends them and waits until they are acknowledged.
func (f *fleet) send(conn net.Conn, answers *bufio.Reader, p *phone) error {
	now := time.Now().Truncate(100 * time.Millisecond)
	type position struct {
		Lon      float64   `json:"lon"`
		Lat      float64   `json:"lat"`
		Accuracy float64   `json:"accuracy_meters"`
		At       time.Time `json:"at"`
	}
	var batch []position
	for k := range positionsSent {
		p.lon += (rand.Float64() - .5) * 2e-4 // some ten metres
		p.lat += (rand.Float64() - .5) * 2e-4
		batch = append(batch, position{p.lon, p.lat, 10, now.Add(-positionEvery * time.Duration(positionsSent-1-k))})
	}
	body, err := json.Marshal(map[string]any{"positions": batch})
	if err != nil {
		return err
	}
	begun := time.Now()
	if _, err := fmt.Fprintf(conn, "POST /api/v1/positions HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 10.%d.%d.%d\r\nX-Forwarded-Proto: https\r\n"+
		"Cookie: __Host-yiping_session=%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		f.address, p.who>>16&255, p.who>>8&255, p.who&255, p.token, len(body), body); err != nil {
		return err
	}
	res, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var kept struct {
		Accepted int `json:"accepted"`
	}
	if err := json.Unmarshal(said, &kept); err != nil || res.StatusCode != http.StatusOK || kept.Accepted != positionsSent {
		if f.failed.Add(1) == 1 {
			f.d.t.Errorf("positions: %d %.300s", res.StatusCode, said)
		}
		return nil
	}
	f.sent.Add(positionsSent)
	f.acked(p, now, time.Since(begun))
	return nil
}
