package httpapi

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
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
	for path, caching := range map[string]string{"cameras": "private, no-store", "facilities": "private, no-cache"} {
		w := u.do("GET", "/api/v1/tiles/"+path+"/14/800/400", "dispatcher@2", "")
		if w.Code != 200 || w.Header().Get("Cache-Control") != caching {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		u.problem(u.do("GET", "/api/v1/tiles/"+path+"/10/800/400", "", ""), 401, "signed_out")
	}
	if u.reader.tiles != 3 {
		t.Errorf("tiles of one's own were kept: made %d times", u.reader.tiles)
	}
}

// TestTilesOfCounts: from afar cameras and facilities are no tile's; where they
// are counted, the count is kept for a while, apart for each part of the district.
func TestTilesOfCounts(t *testing.T) {
	u := newUnder(t)
	u.reader.tile = []byte("counts")
	for _, tt := range []struct {
		token, address string
		made           int
		content        string
	}{
		{"commander", "11/800/400", 0, ""},
		{"commander", "12/800/400", 1, "counts"},
		{"commander", "12/800/400", 1, "counts"},
		{"dispatcher@2", "12/800/400", 2, "counts"},
		{"dispatcher@2", "13/800/400", 3, "counts"},
		{"dispatcher@2", "13/800/400", 3, "counts"},
		{"dispatcher@2", "14/800/400", 4, "counts"},
		{"dispatcher@2", "14/800/400", 5, "counts"},
	} {
		w := u.do("GET", "/api/v1/tiles/cameras/"+tt.address, tt.token, "")
		if w.Code != 200 || w.Body.String() != tt.content || u.reader.tiles != tt.made {
			t.Errorf("%s for %s: %d %q, made %d times, want %d", tt.address, tt.token, w.Code, w.Body, u.reader.tiles, tt.made)
		}
	}
	now := time.Now()
	c := newTileCache(func() time.Time { return now })
	c.put("k", cachedTile{until: now.Add(countsKept)})
	if _, ok := c.get("k"); !ok {
		t.Error("forgotten at once")
	}
	now = now.Add(countsKept)
	if _, ok := c.get("k"); ok {
		t.Error("kept for good")
	}
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
	c := newTileCache(time.Now)
	tile := cachedTile{content: make([]byte, 1<<20), zipped: make([]byte, 1<<20)}
	for k := range 200 {
		c.put(fmt.Sprintf("%03d", k), tile)
		c.put(fmt.Sprintf("%03d", k), tile)
		size := 0
		for key, t := range c.tiles {
			size += len(key) + len(t.content) + len(t.zipped)
		}
		if size != c.size || size > cacheBytes {
			t.Fatalf("after %d: holds %d, counts %d", k, size, c.size)
		}
	}
}
