package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"

	"yiping/server/dispatch"
	"yiping/server/tile"
)

// encodeFor is how long an encoding is measured, again and again.
const encodeFor = 400 * time.Millisecond

// wide are the tiles of the densest tenth: some twenty thousand points, and some
// thousands.
var wide = []tile.Address{{Z: 10, X: densest.X >> 4, Y: densest.Y >> 4}, {Z: 12, X: densest.X >> 2, Y: densest.Y >> 2}}

// tileEncoding compares a tile of points encoded from memory with ST_AsMVT on the
// same points with the same members: at two zooms, as it is and gzipped. The worst
// counts; what both encode is compared point by point.
func tileEncoding(ctx context.Context, address string) (result, error) {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return result{}, err
	}
	defer pool.Close()
	conn, err := connect(ctx, address, `set max_parallel_workers_per_gather = 0`)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	cameras := scattered(tilePoints)
	if err := storePoints(ctx, pool, cameras); err != nil {
		return result{}, err
	}
	layer := layerOf(cameras)
	var worst result
	said, zippedOK := "", true
	for _, at := range wide {
		postgis := func() (float64, error) {
			return milliseconds(func() error {
				var b []byte
				return conn.QueryRow(ctx, mvtSQL, at.Z, at.X, at.Y).Scan(&b)
			})
		}
		plain, other, err := compare(func() (float64, error) {
			return milliseconds(func() error { layer.AppendPoints(nil, at, nil); return nil })
		}, postgis)
		if err != nil {
			return result{}, err
		}
		zipped, otherAgain, err := compare(func() (float64, error) {
			return milliseconds(func() error { return zipTo(layer.AppendPoints(nil, at, nil)) })
		}, postgis)
		if err != nil {
			return result{}, err
		}
		var b []byte
		if err := conn.QueryRow(ctx, mvtSQL, at.Z, at.X, at.Y).Scan(&b); err != nil {
			return result{}, err
		}
		n, err := samePoints(layer.AppendPoints(nil, at, nil), b)
		if err != nil {
			return result{}, err
		}
		said += fmt.Sprintf("; zoom %d: %d points, %.1f times, gzipped %.1f (>= 2)", at.Z, n, other/plain, otherAgain/zipped)
		zippedOK = zippedOK && otherAgain/zipped >= 2
		if ratio := other / plain; worst.Ratio == 0 || ratio < worst.Ratio {
			worst = result{"", plain, other, ratio, ">= 30", ratio >= 30}
		}
	}
	worst.Target = "ms of encoding a tile of points from memory, against ST_AsMVT" + said
	worst.OK = worst.OK && zippedOK
	return worst, nil
}

// layerOf makes the layer that the service would.
func layerOf(cameras []dispatch.Camera) *tile.Layer {
	points := make([]tile.Point, len(cameras))
	for k, c := range cameras {
		points[k] = tile.Point{ID: c.ID, AreaID: c.AreaID, At: orb.Point{c.Lon, c.Lat},
			Texts:   []string{c.Name, c.PlaceCategory, string(c.DeviceHealth), string(c.ChannelHealth), string(c.StreamHealth)},
			Numbers: []float64{c.BearingDegrees, c.ViewDegrees, c.RangeMeters}}
	}
	return tile.NewLayer(tile.Schema{Name: "camera", Texts: []string{"name", "place_category", "device", "channel", "stream"}, Numbers: []string{"bearing", "view", "range"}}, points)
}

// milliseconds gives how long something takes, of many times.
func milliseconds(do func() error) (float64, error) {
	began, n := time.Now(), 0
	for ; n < 5 || time.Since(began) < encodeFor; n++ {
		if err := do(); err != nil {
			return 0, err
		}
	}
	return time.Since(began).Seconds() * 1e3 / float64(n), nil
}

func zipTo(content []byte) error {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return errors.Join(err, w.Close())
}

// samePoints compares two tiles of one layer: the same points at the same places, to
// a unit of the tile. Those that lie on the tile's very edge may be in one alone.
func samePoints(ours, theirs []byte) (int, error) {
	var sides [2]map[uint64]orb.Point
	for k, raw := range [][]byte{ours, theirs} {
		layers, err := mvt.Unmarshal(raw)
		if err != nil || len(layers) != 1 {
			return 0, fmt.Errorf("%d layers: %w", len(layers), err)
		}
		sides[k] = map[uint64]orb.Point{}
		for _, f := range layers[0].Features {
			id, ok := f.ID.(float64)
			at, point := f.Geometry.(orb.Point)
			if !ok || !point || len(f.Properties) != 8 {
				return 0, fmt.Errorf("feature %v is no point with eight members: %v", f.ID, f.Properties)
			}
			sides[k][uint64(id)] = at
		}
	}
	edge := func(p orb.Point) bool { return min(p[0], p[1]) < 1 || max(p[0], p[1]) > tile.Extent-1 }
	for id, p := range sides[0] {
		q, there := sides[1][id]
		if !there && !edge(p) || there && max(math.Abs(p[0]-q[0]), math.Abs(p[1]-q[1])) > 1 {
			return 0, fmt.Errorf("point %d is at %v, and at %v in the other", id, p, q)
		}
	}
	for id, q := range sides[1] {
		if _, there := sides[0][id]; !there && !edge(q) {
			return 0, fmt.Errorf("point %d is in the other alone, at %v", id, q)
		}
	}
	return len(sides[0]), nil
}
