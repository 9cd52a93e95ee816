package tile

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/server/dispatch"
)

// The sets of points.
const (
	Cameras    = "cameras"
	Facilities = "facilities"
)

var (
	cameraSchema = Schema{Name: "camera", Texts: []string{"name", "place_category", "device", "channel", "stream"}, Numbers: []string{"bearing", "view", "range"},
		Good: "stream", GoodIs: string(dispatch.HealthUp)}
	facilitySchema = Schema{Name: "facility", Texts: []string{"kind", "name"}, Group: "kind"}
)

// PointsFrom is from which zoom on points are shown; below it they are counted.
const PointsFrom = 14

// Source is where the points are read.
type Source interface {
	// EachCamera gives the cameras in use, of some ids or all of them.
	EachCamera(ctx context.Context, ids []int64, each func(dispatch.Camera)) error
	EachFacility(ctx context.Context, each func(dispatch.Facility)) error
}

// Points is all sets of points in memory: read at start, kept by events.
type Points struct {
	source Source
	log    zerolog.Logger
	sets   map[string]*set

	mu      sync.Mutex
	stale   bool // everything may have changed
	changed map[int64]bool
	wake    chan struct{}
}

// set is one layer with the versions of its parts: a change moves that of the
// block of ground it lies in, which is what tiles are told apart by.
type set struct {
	mu      sync.RWMutex
	layer   *Layer
	newest  uint64
	loaded  uint64            // the version of a block that is not in blocks
	blocks  map[uint64]uint64 // by the tile of blockZoom
	counted map[string]counts
}

// counts is how many points of some areas are in each cell, at a version.
type counts struct {
	version uint64
	cells   map[geo.Cell]int
}

const (
	blockZoom   = 14
	mostCounted = 200
	retryAfter  = time.Second
)

// NewPoints makes an empty one; Load must be called before it is used.
func NewPoints(source Source, log zerolog.Logger) *Points {
	return &Points{source: source, log: log, changed: map[int64]bool{}, wake: make(chan struct{}, 1), sets: map[string]*set{
		Cameras: {layer: NewLayer(cameraSchema, nil)}, Facilities: {layer: NewLayer(facilitySchema, nil)}}}
}

// Load reads all points.
func (p *Points) Load(ctx context.Context) error {
	var cameras, facilities []Point
	if err := p.source.EachCamera(ctx, nil, func(c dispatch.Camera) { cameras = append(cameras, cameraPoint(c)) }); err != nil {
		return fmt.Errorf("load cameras: %w", err)
	}
	if err := p.source.EachFacility(ctx, func(f dispatch.Facility) { facilities = append(facilities, facilityPoint(f)) }); err != nil {
		return fmt.Errorf("load facilities: %w", err)
	}
	p.sets[Cameras].replace(NewLayer(cameraSchema, cameras))
	p.sets[Facilities].replace(NewLayer(facilitySchema, facilities))
	return nil
}

func cameraPoint(c dispatch.Camera) Point {
	at := orb.Point{c.Lon, c.Lat}
	return Point{ID: c.ID, AreaID: c.AreaID, At: at, Cell: cellOf(at),
		Texts:   []string{c.Name, c.PlaceCategory, string(c.DeviceHealth), string(c.ChannelHealth), string(c.StreamHealth)},
		Numbers: []float64{c.BearingDegrees, c.ViewDegrees, c.RangeMeters}}
}

func facilityPoint(f dispatch.Facility) Point {
	at := orb.Point{f.Lon, f.Lat}
	return Point{ID: f.ID, AreaID: f.AreaID, At: at, Cell: cellOf(at), Texts: []string{f.Kind, f.Name}}
}

// cellOf gives a point's cell, none for what is no point of the world.
func cellOf(at orb.Point) geo.Cell {
	cell, err := geo.CellOf(at, geo.ResolutionFixed)
	if err != nil {
		return 0
	}
	return cell
}

// Apply notes what a committed change touches. It waits for nothing: Run reads it.
func (p *Points) Apply(c dispatch.Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch c.Event.Noun {
	case dispatch.NounCamera:
		p.changed[c.Event.NounID] = true
	case dispatch.NounImport, dispatch.NounArea: // many at once, or who may see them
		p.stale = true
	default:
		return
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run reads what has changed until ctx ends. What cannot be read is tried again.
func (p *Points) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		for p.catchUp(ctx) != nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(retryAfter):
			}
		}
	}
}

// catchUp reads what was noted, and notes it again where that fails.
func (p *Points) catchUp(ctx context.Context) error {
	p.mu.Lock()
	stale, changed := p.stale, p.changed
	p.stale, p.changed = false, map[int64]bool{}
	p.mu.Unlock()
	var err error
	if !stale && len(changed) > 0 {
		stale, err = p.readCameras(ctx, changed)
	}
	if err == nil && stale {
		err = p.Load(ctx)
	}
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stale = p.stale || stale
		for id := range changed {
			p.changed[id] = true
		}
		if ctx.Err() == nil {
			p.log.Warn().Err(err).Msg("points of the map: reading again")
		}
	}
	return err
}

// readCameras reads some cameras, and says whether all must be read.
func (p *Points) readCameras(ctx context.Context, changed map[int64]bool) (all bool, err error) {
	ids := make([]int64, 0, len(changed))
	for id := range changed {
		ids = append(ids, id)
	}
	var read []Point
	if err := p.source.EachCamera(ctx, ids, func(c dispatch.Camera) { read = append(read, cameraPoint(c)) }); err != nil {
		return false, fmt.Errorf("read cameras: %w", err)
	}
	return len(read) < len(ids) || !p.sets[Cameras].change(read), nil
}

// replace takes another layer, all of which is new.
func (s *set) replace(l *Layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest++
	s.layer, s.loaded, s.blocks, s.counted = l, s.newest, map[uint64]uint64{}, map[string]counts{}
}

// change takes points over, false where one of them is new or has moved.
func (s *set) change(points []Point) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range points {
		if !s.layer.Replace(p) {
			return false
		}
		s.newest++
		key, _ := s.layer.key(p.ID)
		s.blocks[key>>(64-2*blockZoom)] = s.newest
	}
	return true
}

// version gives that of a tile: the newest of the blocks it shows.
func (s *set) version(a Address) uint64 {
	const wide = blockZoom - 2 // a tile that shows more than sixteen blocks goes with the whole set
	first, last := a.keys()
	switch {
	case a.Z < wide:
		return s.newest
	case a.Z > blockZoom:
		last = first
	}
	newest := s.loaded
	for block := first >> (64 - 2*blockZoom); block <= last>>(64-2*blockZoom); block++ {
		newest = max(newest, s.blocks[block])
	}
	return newest
}

// Version gives the version of a tile, which is another after each change of
// what it shows, whoever may see it.
func (p *Points) Version(name string, a Address) uint64 {
	s := p.sets[name]
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.version(a)
}

// Tile gives a tile of the points of areas (nil for all). Who keeps it under a
// version asks for that first, and for the areas after.
func (p *Points) Tile(name string, a Address, areaIDs []int64) []byte {
	s := p.sets[name]
	s.mu.RLock()
	defer s.mu.RUnlock()
	if a.Z >= PointsFrom {
		return s.layer.AppendPoints(nil, a, areaIDs)
	}
	return s.layer.AppendClusters(nil, a, areaIDs)
}

// Cells counts the points of areas (nil for all) by cell of a resolution. who
// names those who see them, for whom the counts are kept until something changes;
// the map must not be changed.
func (p *Points) Cells(name string, resolution int, who string, areas func() ([]int64, error)) (cells map[geo.Cell]int, version uint64, err error) {
	s := p.sets[name]
	key := fmt.Sprint(resolution, " ", who)
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.counted[key]
	if ok && kept.version == s.newest {
		return kept.cells, kept.version, nil
	}
	areaIDs, err := areas()
	if err != nil {
		return nil, 0, err
	}
	if cells, err = s.layer.cells(resolution, areaIDs); err != nil {
		return nil, 0, err
	}
	if len(s.counted) >= mostCounted {
		s.counted = map[string]counts{}
	}
	s.counted[key] = counts{s.newest, cells}
	return cells, s.newest, nil
}

// cells counts points by cell.
func (l *Layer) cells(resolution int, areaIDs []int64) (map[geo.Cell]int, error) {
	accepted := l.accept(areaIDs)
	counts := map[geo.Cell]int{}
	for k := range l.points {
		p := &l.points[k]
		if p.cell == 0 || accepted != nil && !accepted[p.area] {
			continue
		}
		cell, err := p.cell.Parent(resolution)
		if err != nil {
			return nil, &dispatch.Error{Code: dispatch.CodeInvalid, Field: "resolution", Err: err}
		}
		counts[cell]++
	}
	return counts, nil
}
