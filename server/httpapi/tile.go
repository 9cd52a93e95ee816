package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"

	"yiping/server/dispatch"
)

// tileCache keeps base tiles, which are the same for everybody and change with
// the areas alone. Bounded; it begins anew when full.
type tileCache struct {
	mu    sync.Mutex
	tiles map[string]cachedTile
	size  int
}

type cachedTile struct {
	content []byte
	etag    string
}

const (
	cacheBytes = 64 << 20
	deepest    = 18
)

func newTileCache() *tileCache { return &tileCache{tiles: map[string]cachedTile{}} }

func (c *tileCache) get(key string) (cachedTile, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tiles[key]
	return t, ok
}

func (c *tileCache) put(key string, t cachedTile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size += len(t.content) + len(key); c.size > cacheBytes {
		c.tiles, c.size = map[string]cachedTile{}, len(t.content)
	}
	c.tiles[key] = t
}

func (a *api) tileRoutes() {
	a.raw("GET", "/api/v1/tiles/base/{z}/{x}/{y}", Public, a.serveTile("base", "public, max-age=300"))
	a.raw("GET", "/api/v1/tiles/facilities/{z}/{x}/{y}", SignedIn, a.serveTile("facilities", "private, max-age=300"))
	a.raw("GET", "/api/v1/tiles/cameras/{z}/{x}/{y}", Access(dispatch.ActionSeeMasked), a.serveTile("cameras", "private, no-store"))
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
		if r.Header.Get("If-None-Match") == t.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(t.content)
	}
}

func (a *api) tile(ctx context.Context, set string, z, x, y int) (cachedTile, error) {
	var areas []int64
	if set == "cameras" {
		var err error
		if areas, err = a.scope(ctx, dispatch.ActionSeeMasked, 0); err != nil {
			return cachedTile{}, err
		}
	}
	key := set + "/" + a.Service.Tree().Stamp() + "/" + strconv.Itoa(z) + "/" + strconv.Itoa(x) + "/" + strconv.Itoa(y)
	if t, ok := a.tiles.get(key); ok && set == "base" {
		return t, nil
	}
	content, err := a.Reader.Tile(ctx, set, z, x, y, areas)
	if err != nil {
		return cachedTile{}, err
	}
	sum := sha256.Sum256(content)
	t := cachedTile{content, `W/"` + hex.EncodeToString(sum[:8]) + `"`}
	if set == "base" {
		a.tiles.put(key, t)
	}
	return t, nil
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
