package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"

	"yiping/server/bench/fanout"
	"yiping/server/dispatch"
	"yiping/server/tile"
)

const (
	askers      = 16 // connections
	askersEach  = 16 // accounts of each, which are limited
	askWhile    = 2 * time.Second
	tilePoints  = 100_000
	dense       = 42 // one in so many is in one tile
	cachedTiles = "/api/v1/tiles/cameras/%d/%d/%d"
)

// tileFromCache compares tiles a second that the whole of the API serves from memory,
// each with its session, with a static file server of the same bytes.
func tileFromCache(ctx context.Context, address string) (result, error) {
	t, err := newTileSides(ctx, address)
	if err != nil {
		return result{}, err
	}
	defer t.close()
	ours, other, err := compare(t.rate(t.ours), t.rate(t.static))
	ratio := ours / other
	return result{"tiles a second from memory with session and rights, against a static file server of the same bytes", ours, other, ratio, ">= 0.7", ratio >= 0.7}, err
}

// tileFromDatabase compares the same with PostGIS asked for each.
func tileFromDatabase(ctx context.Context, address string) (result, error) {
	t, err := newTileSides(ctx, address)
	if err != nil {
		return result{}, err
	}
	defer t.close()
	ours, other, err := compare(t.rate(t.ours), t.rate(t.database))
	ratio := ours / other
	return result{"the same, against PostGIS for each", ours, other, ratio, ">= 50", ratio >= 50}, err
}

// tileSides are three servers of the same tile.
type tileSides struct {
	ours, static, database string // addresses and paths
	closing                []func()
}

func (t *tileSides) close() {
	for _, c := range t.closing {
		c()
	}
}

// densest is the tile that is asked for.
var densest = tile.Address{Z: 14, X: 13774, Y: 6310}

func newTileSides(ctx context.Context, address string) (*tileSides, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["max_parallel_workers_per_gather"] = "0" // with them so small a tile takes longer
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	t := &tileSides{closing: []func(){pool.Close}}
	cameras := scattered(tilePoints)
	if err := storePoints(ctx, pool, cameras); err != nil {
		return nil, err
	}
	api, err := fanout.Tiles(pointSource{cameras}, func(ctx context.Context) error {
		_, err := pool.Exec(ctx, `select 1`)
		return err
	})
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf(cachedTiles, densest.Z, densest.X, densest.Y)
	if t.ours, err = t.listen(api, path); err != nil {
		return nil, err
	}
	zipped, err := ask(t.ours)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	t.closing = append(t.closing, func() { _ = os.RemoveAll(folder) })
	if err := os.WriteFile(filepath.Join(folder, "tile.mvt.gz"), zipped, 0o600); err != nil {
		return nil, err
	}
	if t.static, err = t.listen(http.FileServerFS(os.DirFS(folder).(fs.StatFS)), "/tile.mvt.gz"); err != nil { //nolint:forcetypeassert // it is one
		return nil, err
	}
	t.database, err = t.listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b []byte
		if err := pool.QueryRow(r.Context(), mvtSQL, densest.Z, densest.X, densest.Y).Scan(&b); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		z := fast.Get().(*gzip.Writer) //nolint:forcetypeassert // nothing else is put
		defer fast.Put(z)
		z.Reset(w)
		_, _ = z.Write(b)
		_ = z.Close()
	}), "/")
	return t, err
}

// fast holds what compresses as fast as ours does.
var fast = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is there
	}
	return z
}}

// mvtSQL is the tile as PostGIS makes it.
const mvtSQL = `select coalesce(st_asmvt(q, 'camera', 4096, 'geom', 'id'), '') from (
	select id, name, place_category, device, channel, stream, bearing, view, range, st_asmvtgeom(place, st_tileenvelope($1, $2, $3), 4096, 0, true) as geom
	from bench_camera where place && st_tileenvelope($1, $2, $3)) q`

// storePoints puts the points into a table with the index that such a query needs.
func storePoints(ctx context.Context, pool *pgxpool.Pool, cameras []dispatch.Camera) error {
	for _, sql := range []string{`drop table if exists bench_camera`,
		`create table bench_camera (id bigint primary key, name text, place_category text, device text, channel text, stream text, bearing float8, view float8, range float8, lon float8, lat float8, place geometry(Point, 3857))`} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	rows := make([][]any, len(cameras))
	for k, c := range cameras {
		rows[k] = []any{c.ID, c.Name, c.PlaceCategory, c.DeviceHealth, c.ChannelHealth, c.StreamHealth, c.BearingDegrees, c.ViewDegrees, c.RangeMeters, c.Lon, c.Lat}
	}
	if _, err := pool.CopyFrom(ctx, []string{"bench_camera"}, []string{"id", "name", "place_category", "device", "channel", "stream", "bearing", "view", "range", "lon", "lat"}, copyRows(rows)); err != nil {
		return err
	}
	for _, sql := range []string{`update bench_camera set place = st_transform(st_setsrid(st_makepoint(lon, lat), 4326), 3857)`, `create index on bench_camera using gist (place)`, `analyze bench_camera`} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// scattered gives cameras, one in so many of them within the densest tile.
func scattered(n int) []dispatch.Camera {
	rng := rand.New(rand.NewPCG(3, 3))
	healths := []dispatch.Health{dispatch.HealthUp, dispatch.HealthUp, dispatch.HealthUp, dispatch.HealthDown}
	b := densest.Bound()
	list := make([]dispatch.Camera, n)
	for k := range list {
		at := orb.Point{122.3 + rng.Float64()*0.8, 38 + rng.Float64()*0.6}
		if k%dense == 0 {
			at = orb.Point{b.Min.Lon() + rng.Float64()*(b.Max.Lon()-b.Min.Lon()), b.Min.Lat() + rng.Float64()*(b.Max.Lat()-b.Min.Lat())}
		}
		list[k] = dispatch.Camera{ID: int64(k + 1), AreaID: 1, Name: "路口" + strconv.Itoa(k%5000), PlaceCategory: strconv.Itoa(k % 12), Lon: at.Lon(), Lat: at.Lat(),
			DeviceHealth: healths[k%4], ChannelHealth: healths[k%3], StreamHealth: healths[k%4], BearingDegrees: float64(k % 360), ViewDegrees: 70, RangeMeters: 60}
	}
	return list
}

// pointSource gives the cameras and no facilities.
type pointSource struct{ cameras []dispatch.Camera }

// EachCamera gives all.
func (s pointSource) EachCamera(_ context.Context, _ []int64, each func(dispatch.Camera)) error {
	for _, c := range s.cameras {
		each(c)
	}
	return nil
}

// EachFacility gives none.
func (pointSource) EachFacility(context.Context, func(dispatch.Facility)) error { return nil }

// listen serves, and gives where a path is.
func (t *tileSides) listen(h http.Handler, path string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.closing = append(t.closing, func() { _ = server.Close() })
	return l.Addr().String() + path, nil
}

// asking is a connection that asks for the same again and again, as one account
// after another.
type asking struct {
	conn     net.Conn
	in       *bufio.Reader
	requests [][]byte
}

func newAsking(target string, first int) (*asking, error) {
	address, path, _ := bytes.Cut([]byte(target), []byte("/"))
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", string(address))
	if err != nil {
		return nil, err
	}
	a := &asking{conn: conn, in: bufio.NewReaderSize(conn, 256<<10)}
	for k := range askersEach {
		a.requests = append(a.requests, fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\nCookie: %s=%d\r\n\r\n", path, address, fanout.CookieName, first+k))
	}
	return a, nil
}

// once asks as the k-th account and gives the body.
func (a *asking) once(k int) ([]byte, error) {
	if _, err := a.conn.Write(a.requests[k%len(a.requests)]); err != nil {
		return nil, err
	}
	res, err := http.ReadResponse(a.in, nil)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	return body, errors.Join(err, res.Body.Close())
}

func ask(target string) ([]byte, error) {
	a, err := newAsking(target, 1)
	if err != nil {
		return nil, err
	}
	defer func() { _ = a.conn.Close() }()
	return a.once(0)
}

// rate gives how many a second are answered.
func (t *tileSides) rate(target string) func() (float64, error) {
	return func() (float64, error) {
		var all sync.WaitGroup
		counts, errs := make([]int, askers), make([]error, askers)
		began := time.Now()
		for n := range askers {
			all.Go(func() {
				a, err := newAsking(target, 1+n*askersEach)
				if err != nil {
					errs[n] = err
					return
				}
				defer func() { _ = a.conn.Close() }()
				for time.Since(began) < askWhile {
					if _, errs[n] = a.once(counts[n]); errs[n] != nil {
						return
					}
					counts[n]++
				}
			})
		}
		all.Wait()
		total := 0
		for _, n := range counts {
			total += n
		}
		return perSecond(total, time.Since(began)), errors.Join(errs...)
	}
}
