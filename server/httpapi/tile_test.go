package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/server/dispatch"
	"yiping/server/tile"
)

func TestTileCaching(t *testing.T) {
	u := newUnder(t)
	u.reader.tile = []byte(strings.Repeat("tile", 1000))
	w := u.do("GET", "/api/v1/tiles/base/10/800/400", "", "")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "public, max-age=300" || w.Header().Get("Content-Type") != "application/vnd.mapbox-vector-tile" ||
		!bytes.Equal(w.Body.Bytes(), u.reader.tile) {
		t.Fatalf("got %d %v", w.Code, w.Header())
	}
	etag := w.Header().Get("ETag")
	for _, header := range []string{etag, `"other", ` + etag, "*"} {
		if again := u.do("GET", "/api/v1/tiles/base/10/800/400", "", "", "If-None-Match", header); again.Code != 304 || again.Body.Len() > 0 {
			t.Errorf("%s: %d", header, again.Code)
		}
	}
	zipped := u.do("GET", "/api/v1/tiles/base/10/800/400", "", "", "Accept-Encoding", "br, gzip;q=0.5")
	r, err := gzip.NewReader(zipped.Body)
	if err != nil || zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Header().Get("ETag") != etag {
		t.Fatalf("%v, %v", zipped.Header(), err)
	}
	if plain, err := io.ReadAll(r); err != nil || !bytes.Equal(plain, u.reader.tile) {
		t.Errorf("another tile, %v", err)
	}
	if w := u.do("GET", "/api/v1/tiles/base/10/800/400", "", "", "Accept-Encoding", "gzip;q=0"); w.Header().Get("Content-Encoding") != "" {
		t.Error("gzipped for who refuses it")
	}
	if u.reader.tiles != 1 {
		t.Errorf("made %d times", u.reader.tiles)
	}
}

// testPoints is what the tests' cameras are read from: one in each street.
type testPoints struct{ up dispatch.Health }

func (p *testPoints) EachCamera(_ context.Context, ids []int64, each func(dispatch.Camera)) error {
	for _, c := range []dispatch.Camera{{ID: 20, AreaID: 4, Name: "东门", Lon: 122.501, Lat: 38.201, StreamHealth: p.up}, {ID: 30, AreaID: 3, Name: "西门", Lon: 122.502, Lat: 38.202, StreamHealth: p.up}} {
		if ids == nil || slices.Contains(ids, c.ID) {
			each(c)
		}
	}
	return nil
}

func (p *testPoints) EachFacility(_ context.Context, each func(dispatch.Facility)) error {
	each(dispatch.Facility{ID: 40, AreaID: 3, Kind: "aed", Name: "大厅", Lon: 122.501, Lat: 38.201})
	return nil
}

// withPoints gives the API with points in memory, and what tells it of a change.
func withPoints(t *testing.T) (u *under, source *testPoints, changed func(dispatch.Noun, int64)) {
	t.Helper()
	source = &testPoints{up: dispatch.HealthUp}
	points := tile.NewPoints(source, zerolog.Nop())
	if err := points.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	u = newUnder(t, func(d *Deps) { d.Points = points })
	ctx, stop := context.WithCancel(t.Context())
	var g sync.WaitGroup
	g.Go(func() { points.Run(ctx) })
	t.Cleanup(func() { stop(); g.Wait() })
	return u, source, func(noun dispatch.Noun, id int64) {
		last := map[dispatch.Noun]string{dispatch.NounCamera: tile.Cameras, dispatch.NounImport: tile.Facilities}[noun]
		before := points.Version(last, tile.Address{})
		points.Apply(dispatch.Change{Event: dispatch.Event{Noun: noun, NounID: id}})
		for points.Version(last, tile.Address{}) == before && t.Context().Err() == nil {
			runtime.Gosched()
		}
	}
}

const thisTile = "/14/13767/6308"

// TestPointTilesHoldWhatIsSeen: each sees the cameras of their areas, facilities
// are seen by whoever is signed in, and nobody else sees any.
func TestPointTilesHoldWhatIsSeen(t *testing.T) {
	u, _, _ := withPoints(t)
	for token, want := range map[string]string{"commander": "东门西门", "dispatcher@2": "东门", "dispatcher@3": "西门"} {
		for range 2 { // made, and kept
			w := u.do("GET", "/api/v1/tiles/cameras"+thisTile, token, "")
			got := ""
			for _, name := range []string{"东门", "西门"} {
				if bytes.Contains(w.Body.Bytes(), []byte(name)) {
					got += name
				}
			}
			if w.Code != 200 || got != want {
				t.Errorf("%s: %d, sees %q, want %q", token, w.Code, got, want)
			}
		}
		if w := u.do("GET", "/api/v1/tiles/facilities"+thisTile, token, ""); w.Code != 200 || !bytes.Contains(w.Body.Bytes(), []byte("大厅")) {
			t.Errorf("%s: %d, no facility", token, w.Code)
		}
	}
	for _, set := range []string{"cameras", "facilities", "responders", "cells/cameras"} {
		u.problem(u.do("GET", "/api/v1/tiles/"+set+thisTile, "", ""), 401, "signed_out")
		if w := u.do("GET", "/api/v1/tiles/"+set+"/19/0/0", "commander", ""); w.Code != 404 {
			t.Errorf("%s: a tile beyond the world gives %d", set, w.Code)
		}
	}
	u.problem(u.do("GET", "/api/v1/tiles/cells/secrets"+thisTile, "commander", ""), 404, "not_found")
}

// TestPointTilesAreAskedAboutAgain: what has not changed is not sent again, to
// those who see the same; an event changes it, for the tiles it is in.
func TestPointTilesAreAskedAboutAgain(t *testing.T) {
	u, source, changed := withPoints(t)
	ask := func(path, token, etag string) *httptest.ResponseRecorder {
		w := u.do("GET", path, token, "", "If-None-Match", etag, "Accept-Encoding", "gzip")
		if w.Header().Get("Cache-Control") != "private, no-cache" || w.Header().Get("ETag") == "" || w.Code == 304 && w.Body.Len() > 0 {
			t.Fatalf("%s: %d %v", path, w.Code, w.Header())
		}
		return w
	}
	paths := []string{"/api/v1/tiles/cameras" + thisTile, "/api/v1/tiles/facilities" + thisTile, "/api/v1/tiles/cells/cameras" + thisTile, "/api/v1/cells?measure=cameras",
		"/api/v1/tiles/cameras/10/860/394"}
	etags := map[string]string{}
	for _, path := range paths {
		etags[path] = ask(path, "dispatcher@2", "").Header().Get("ETag")
		if w := ask(path, "dispatcher@2", etags[path]); w.Code != 304 {
			t.Errorf("%s: the same again: %d", path, w.Code)
		}
		if w := ask(path, "dispatcher@3", etags[path]); strings.Contains(path, "facilities") != (w.Code == 304) {
			t.Errorf("%s: somebody of another street who holds this one's: %d", path, w.Code)
		}
	}
	source.up = dispatch.HealthDown
	changed(dispatch.NounCamera, 20)
	for _, path := range paths {
		if w := ask(path, "dispatcher@2", etags[path]); strings.Contains(path, "facilities") != (w.Code == 304) {
			t.Errorf("%s: after the event: %d", path, w.Code)
		}
	}
	w := ask(paths[0], "dispatcher@2", "")
	r, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(r); err != nil || !bytes.Contains(plain, []byte("down")) {
		t.Errorf("the tile is as it was, %v", err)
	}
	changed(dispatch.NounImport, 1)
	if w := ask(paths[1], "dispatcher@2", etags[paths[1]]); w.Code != 200 {
		t.Errorf("after an import: %d", w.Code)
	}
}

// TestTilesOfPeopleAreKeptNowhere: neither here nor there, and they show whom the
// asker may see, from near each of them, from afar cells.
func TestTilesOfPeopleAreKeptNowhere(t *testing.T) {
	u, _, _ := withPoints(t)
	lon, lat := 122.501, 38.201
	for id, area := range map[int64]int64{501: 4, 601: 3} {
		cell, err := geo.CellOf(orb.Point{lon, lat}, geo.ResolutionPeople)
		if err != nil {
			t.Fatal(err)
		}
		r := dispatch.Responder{ID: id, AreaID: area, Duty: dispatch.DutyOn, Lon: &lon, Lat: &lat, Cell: cell.String()}
		if err := u.deps.Service.Apply(t.Context(), dispatch.Change{Responder: &r}); err != nil {
			t.Fatal(err)
		}
	}
	for token, want := range map[string][]float64{"commander": {501, 601}, "dispatcher@2": {501}, "dispatcher@3": {601}} {
		for range 2 {
			w := u.do("GET", "/api/v1/tiles/responders"+thisTile, token, "")
			layers, err := mvt.Unmarshal(w.Body.Bytes())
			if err != nil || len(layers) != 1 || w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
				t.Fatalf("%s: %v, %v, %v", token, layers, err, w.Header())
			}
			var ids []float64
			for _, f := range layers[0].Features {
				ids = append(ids, f.ID.(float64))
			}
			if slices.Sort(ids); !slices.Equal(ids, want) {
				t.Errorf("%s sees %v, want %v", token, ids, want)
			}
		}
		w := u.do("GET", "/api/v1/tiles/responders/10/860/394", token, "")
		layers, err := mvt.Unmarshal(w.Body.Bytes())
		if err != nil || len(layers) != 1 || layers[0].Name != "cell" || layers[0].Features[0].Properties["value"] != float64(len(want)) {
			t.Errorf("%s: from afar %v, %v", token, layers, err)
		}
	}
	gone := dispatch.Responder{ID: 501, AreaID: 4, Duty: dispatch.DutyOff}
	if err := u.deps.Service.Apply(t.Context(), dispatch.Change{Responder: &gone}); err != nil {
		t.Fatal(err)
	}
	if w := u.do("GET", "/api/v1/tiles/responders"+thisTile, "dispatcher@2", ""); w.Code != 200 || w.Body.Len() > 0 {
		t.Errorf("somebody off duty is still shown: %d bytes", w.Body.Len())
	}
	if w := u.do("GET", "/api/v1/cells?measure=responders", "commander", ""); w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
		t.Errorf("cells: %d %v", w.Code, w.Header())
	}
	u.problem(u.do("GET", "/api/v1/cells?measure=responders&at=2026-01-01T00:00:00Z", "commander", ""), 422, "invalid")
}

func TestTileAddresses(t *testing.T) {
	u := newUnder(t)
	u.reader.tile = []byte("x")
	for address, status := range map[string]int{"0/0/0": 200, "18/262143/262143": 200, "1/2/0": 404, "1/0/2": 404, "19/0/0": 404, "-1/0/0": 404,
		"1/-1/0": 404, "a/0/0": 404, "1/0/0.5": 404, "99999999999999999999/0/0": 404, "1/0/0.pbf": 404} {
		if w := u.do("GET", "/api/v1/tiles/base/"+address, "", ""); w.Code != status {
			t.Errorf("%s: %d, want %d", address, w.Code, status)
		}
	}
}

// TestTileCacheIsBounded: it begins anew when full and counts what it holds.
func TestTileCacheIsBounded(t *testing.T) {
	c := newTileCache()
	one := cachedTile{content: make([]byte, 1<<20), zipped: make([]byte, 1<<20)}
	for k := range 200 {
		c.put(fmt.Sprintf("%03d", k), one)
		c.put(fmt.Sprintf("%03d", k), one)
		size := 0
		for key, t := range c.tiles {
			size += len(key) + len(t.content) + len(t.zipped)
		}
		if size != c.size || size > cacheBytes {
			t.Fatalf("after %d: holds %d, counts %d", k, size, c.size)
		}
	}
}
