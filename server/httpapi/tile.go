package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// tileCache keeps base tiles, which are the same for everybody and change with
// the areas alone, and for a while tiles of counts, whose making reads all that
// is counted. Bounded; it begins anew when full.
type tileCache struct {
	now   func() time.Time
	mu    sync.Mutex
	tiles map[string]cachedTile
	size  int
}

// cachedTile is an encoded tile, and gzipped what most clients take.
type cachedTile struct {
	content, zipped []byte
	etag            string
	until           time.Time // zero for good
}

const (
	cacheBytes = 64 << 20
	deepest    = 18

	countsFrom = 12 // below it the map shows cells, and no page asks
	pointsFrom = 14 // below it points are counted
	countsKept = 30 * time.Second
)

func newTileCache(now func() time.Time) *tileCache {
	return &tileCache{now: now, tiles: map[string]cachedTile{}}
}

func (c *tileCache) get(key string) (cachedTile, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tiles[key]
	return t, ok && (t.until.IsZero() || c.now().Before(t.until))
}

func (c *tileCache) put(key string, t cachedTile) {
	size := len(t.content) + len(t.zipped) + len(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.tiles[key]; ok { // two asked at once
		c.size -= len(old.content) + len(old.zipped) + len(key)
	}
	if c.size += size; c.size > cacheBytes {
		c.tiles, c.size = map[string]cachedTile{}, size
	}
	c.tiles[key] = t
}

func (a *api) tileRoutes() {
	a.raw("GET", "/api/v1/tiles/base/{z}/{x}/{y}", Public, a.serveTile("base", "public, max-age=300"))
	a.raw("GET", "/api/v1/tiles/facilities/{z}/{x}/{y}", SignedIn, a.serveTile("facilities", "private, no-cache"))
	a.raw("GET", "/api/v1/tiles/cameras/{z}/{x}/{y}", sees(dispatch.FieldCamera), a.serveTile("cameras", "private, no-store"))
}

func (a *api) serveTile(set, caching string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		z, x, y, ok := tileAddress(r)
		if !ok {
			a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
			return
		}
		t, err := a.tile(r.Context(), set, z, x, y)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", caching)
		h.Set("ETag", t.etag)
		h.Set("Content-Type", "application/vnd.mapbox-vector-tile")
		if holdsETag(r.Header.Get("If-None-Match"), t.etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if t.zipped != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			_, _ = w.Write(t.zipped)
			return
		}
		_, _ = w.Write(t.content)
	}
}

// holdsETag says whether If-None-Match names an entity (RFC 9110, 13.1.2).
func holdsETag(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || part == etag {
			return true
		}
	}
	return false
}

// takesGzip says whether gzip is accepted, with any weight but 0.
func takesGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(coding) == "gzip" {
			q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
			return err != nil || q > 0
		}
	}
	return false
}

func (a *api) tile(ctx context.Context, set string, z, x, y int) (cachedTile, error) {
	if set == "base" {
		return a.baseTile(ctx, z, x, y)
	}
	var areas []int64
	if set == "cameras" {
		var err error
		if areas, err = a.scope(ctx, dispatch.See(dispatch.FieldCamera), 0); err != nil {
			return cachedTile{}, err
		}
	}
	if z < countsFrom {
		return cachedTile{etag: etagOf(nil)}, nil
	}
	key := fmt.Sprintf("%s/%v/%d/%d/%d", set, areas, z, x, y)
	if t, ok := a.tiles.get(key); ok && z < pointsFrom {
		return t, nil
	}
	content, err := a.Reader.Tile(ctx, set, z, x, y, areas)
	t := cachedTile{content: content, etag: etagOf(content), until: a.tiles.now().Add(countsKept)}
	if err == nil && z < pointsFrom {
		a.tiles.put(key, t)
	}
	return t, err
}

func (a *api) baseTile(ctx context.Context, z, x, y int) (cachedTile, error) {
	key := fmt.Sprintf("%s/%d/%d/%d", a.Service.Tree().Stamp(), z, x, y)
	if t, ok := a.tiles.get(key); ok {
		return t, nil
	}
	content, err := a.Reader.Tile(ctx, "base", z, x, y, nil)
	if err != nil {
		return cachedTile{}, err
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		return cachedTile{}, fmt.Errorf("compress tile: %w", err)
	}
	if err := w.Close(); err != nil {
		return cachedTile{}, fmt.Errorf("compress tile: %w", err)
	}
	t := cachedTile{content: content, zipped: b.Bytes(), etag: etagOf(content)}
	a.tiles.put(key, t)
	return t, nil
}

// etagOf gives a weak entity tag: the same for the compressed form.
func etagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + hex.EncodeToString(sum[:8]) + `"`
}

func tileAddress(r *http.Request) (z, x, y int, ok bool) {
	var v [3]int
	for k, name := range []string{"z", "x", "y"} {
		n, err := strconv.Atoi(r.PathValue(name))
		if err != nil || n < 0 {
			return 0, 0, 0, false
		}
		v[k] = n
	}
	return v[0], v[1], v[2], v[0] <= deepest && v[1] < 1<<v[0] && v[2] < 1<<v[0]
}
