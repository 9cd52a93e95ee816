package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"yiping/server/dispatch"
	"yiping/server/tile"
)

// tileCache keeps encoded tiles, each under what it is of and who may see the
// same, with the version it was made at: one of another version is none. Bounded;
// it begins anew when full.
type tileCache struct {
	mu    sync.RWMutex
	tiles map[string]cachedTile
	size  int
}

// cachedTile is an encoded tile, and gzipped what most clients take.
type cachedTile struct {
	content, zipped []byte
	etag            string
	version         string
}

const (
	cacheBytes = 64 << 20

	countsFrom = 8 // below it no page shows the map
)

func newTileCache() *tileCache { return &tileCache{tiles: map[string]cachedTile{}} }

func (c *tileCache) get(key, version string) (cachedTile, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.tiles[key]
	return t, ok && t.version == version
}

func (c *tileCache) put(key string, t cachedTile) {
	size := len(t.content) + len(t.zipped) + len(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.tiles[key]; ok { // of an older version, or two asked at once
		c.size -= len(old.content) + len(old.zipped) + len(key)
	}
	if c.size += size; c.size > cacheBytes {
		c.tiles, c.size = map[string]cachedTile{}, size
	}
	c.tiles[key] = t
}

// Caching of tiles: the ground is everybody's; points are asked about again each
// time, and who sees others gets another tag; what tells of people is not kept.
const (
	cachePublic  = "public, max-age=300"
	cacheAsked   = "private, no-cache"
	cachePeople  = "private, no-store"
	typeTile     = "application/vnd.mapbox-vector-tile"
	everybodySee = dispatch.Action("")
)

func (a *api) tileRoutes() {
	a.raw("GET", "/api/v1/tiles/base/{z}/{x}/{y}", Public, a.serveTile(cachePublic, a.baseTile))
	a.raw("GET", "/api/v1/tiles/facilities/{z}/{x}/{y}", SignedIn, a.serveTile(cacheAsked, a.pointTile(tile.Facilities, everybodySee)))
	a.raw("GET", "/api/v1/tiles/cameras/{z}/{x}/{y}", sees(dispatch.FieldCamera), a.serveTile(cacheAsked, a.pointTile(tile.Cameras, dispatch.See(dispatch.FieldCamera))))
	a.raw("GET", "/api/v1/tiles/responders/{z}/{x}/{y}", sees(dispatch.FieldResponder), a.serveTile(cachePeople, a.responderTile))
	a.raw("GET", "/api/v1/tiles/cells/{measure}/{z}/{x}/{y}", sees(dispatch.FieldFigure), a.cellTile)
}

type tileMaker func(ctx context.Context, at tile.Address) (cachedTile, error)

func (a *api) serveTile(caching string, make tileMaker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at, ok := tileAddress(r)
		if !ok {
			a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
			return
		}
		t, err := make(r.Context(), at)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", caching)
		h.Set("Content-Type", typeTile)
		if t.etag != "" {
			h.Set("ETag", t.etag)
			if holdsETag(r.Header.Get("If-None-Match"), t.etag) {
				w.WriteHeader(http.StatusNotModified)
				return
			}
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

// keptTile gives a tile from the cache, made where it is not there in this version.
func (a *api) keptTile(key, version string, make func() ([]byte, error)) (cachedTile, error) {
	if t, ok := a.tiles.get(key, version); ok {
		return t, nil
	}
	content, err := make()
	if err != nil {
		return cachedTile{}, err
	}
	t := cachedTile{content: content, etag: tileTag(key, version), version: version}
	if len(content) > 0 {
		if t.zipped, err = zip(content); err != nil {
			return cachedTile{}, err
		}
	}
	a.tiles.put(key, t)
	return t, nil
}

func (a *api) baseTile(ctx context.Context, at tile.Address) (cachedTile, error) {
	return a.keptTile(fmt.Sprintf("base/%d/%d/%d", at.Z, at.X, at.Y), a.Service.Tree().Stamp(), func() ([]byte, error) {
		return a.Reader.BaseTile(ctx, at.Z, at.X, at.Y)
	})
}

// pointTile makes tiles of a set of points, of the areas in which the asker may
// see them. Those who may see the same share it.
func (a *api) pointTile(set string, see dispatch.Action) tileMaker {
	return func(ctx context.Context, at tile.Address) (cachedTile, error) {
		if at.Z < countsFrom {
			return cachedTile{}, nil
		}
		version := strconv.FormatUint(a.Points.Version(set, at), 36) // before it is asked who may see what
		key := fmt.Sprintf("%s/%s/%d/%d/%d", set, a.audience(ctx, see), at.Z, at.X, at.Y)
		return a.keptTile(key, version, func() ([]byte, error) {
			areas, err := a.seen(ctx, see)
			return a.Points.Tile(set, at, areas), err
		})
	}
}

// audience names those who see the same: by the areas of their grants that
// allow it. What lies below them changes with the version.
func (a *api) audience(ctx context.Context, see dispatch.Action) string {
	if see == everybodySee {
		return "all"
	}
	roots := actorOf(ctx).Roots(see)
	if root := a.Service.Tree().Root(); root != 0 && slices.Contains(roots, root) {
		return "all"
	}
	roots = slices.Clone(roots)
	slices.Sort(roots)
	return fmt.Sprint(slices.Compact(roots))
}

// seen gives the areas in which the asker may see something, nil for all.
func (a *api) seen(ctx context.Context, see dispatch.Action) ([]int64, error) {
	if see == everybodySee {
		return nil, nil
	}
	return a.scope(ctx, see, 0)
}

// responderTile makes a tile of the people without a task whom the asker may see,
// as they may see them: from near each by themselves, from afar how many are in
// each cell. It is made for each request and kept nowhere.
func (a *api) responderTile(ctx context.Context, at tile.Address) (cachedTile, error) {
	if at.Z < countsFrom {
		return cachedTile{}, nil
	}
	if at.Z < tile.PointsFrom {
		areas, err := a.scope(ctx, dispatch.See(dispatch.FieldResponder), 0)
		if err != nil {
			return cachedTile{}, err
		}
		cells, err := a.Service.ForcesByCell(tile.CellsAt(at.Z), areas)
		if err != nil {
			return cachedTile{}, err
		}
		content, err := tile.AppendCells(nil, at, cells)
		return cachedTile{content: content}, err
	}
	sight := a.sight(ctx)
	people, _, _ := a.Service.Look(at.Around(), math.MaxInt, func(areaID int64) bool { return sight.In(areaID).Sees(dispatch.FieldResponder) })
	return cachedTile{content: tile.AppendResponders(nil, at, dispatch.Each(people, sight.Person))}, nil
}

// bootTag tells the tags of one start of the server from those of another,
// whose versions begin anew.
var bootTag = rand.Text()[:8]

// tileTag gives a weak entity tag, the same for the compressed form: of what a
// tile is of and for whom, and its version.
func tileTag(key, version string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(key))
	return `W/"` + bootTag + "-" + strconv.FormatUint(sum.Sum64(), 36) + "-" + version + `"`
}

var zippers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is there
	}
	return w
}}

// zip compresses fast: a tile is made more often than it is large.
func zip(content []byte) ([]byte, error) {
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(content); err != nil {
		return nil, fmt.Errorf("compress tile: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress tile: %w", err)
	}
	return b.Bytes(), nil
}

func tileAddress(r *http.Request) (tile.Address, bool) {
	var v [3]int
	for k, name := range []string{"z", "x", "y"} {
		n, err := strconv.Atoi(r.PathValue(name))
		if err != nil {
			return tile.Address{}, false
		}
		v[k] = n
	}
	at := tile.Address{Z: v[0], X: v[1], Y: v[2]}
	return at, at.Valid()
}
