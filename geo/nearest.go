package geo

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Found is a key of an Index with its distance from the place asked about.
type Found[K comparable] struct {
	Key    K
	Meters float64
}

// Index finds who is nearest, by cells in memory: a bucket a cell, looked
// through ring by ring. A key may carry tags, and stands in a bucket of each
// besides: who is asked for by tag is found among those who carry it, however
// few of all they are. Safe for use by several goroutines.
type Index[K comparable] struct {
	resolution int
	mu         sync.RWMutex
	layers     map[string]layer[K] // by tag, "" for everybody
	places     map[K]*place
}

// layer is the buckets of one tag.
type layer[K comparable] map[Cell][]entry[K]

// entry is a key with its point, also as a unit vector: comparing chords
// between vectors costs a tenth of a great-circle distance.
type entry[K comparable] struct {
	key    K
	point  orb.Point
	vector vector
}

// place says where a key's entries are: one in each of its layers.
type place struct {
	cell  Cell
	seats []seat
}

// seat is an entry's place in the bucket of a layer.
type seat struct {
	tag string
	at  int
}

// NewIndex makes an empty index with buckets of a resolution, 0 to 15.
func NewIndex[K comparable](resolution int) *Index[K] {
	return &Index[K]{resolution: resolution, layers: map[string]layer[K]{}, places: map[K]*place{}}
}

// Set puts a key at a point with tags, moving it where it was elsewhere and
// taking away tags that are not named; the empty tag is everybody's. A bad point
// is refused and leaves the key as it was.
func (x *Index[K]) Set(key K, p orb.Point, tags ...string) error {
	cell, err := CellOf(p, x.resolution)
	if err != nil {
		return err
	}
	e := entry[K]{key, p, vectorOf(p)}
	x.mu.Lock()
	defer x.mu.Unlock()
	was := x.places[key]
	if was != nil && was.cell == cell && was.carries(tags) {
		for _, s := range was.seats {
			x.layers[s.tag][cell][s.at] = e
		}
		return nil
	}
	if was == nil {
		was = &place{}
		x.places[key] = was
	} else {
		x.take(was)
	}
	was.cell = cell
	x.seat(was, "", e)
	for k, tag := range tags {
		if tag != "" && !slices.Contains(tags[:k], tag) {
			x.seat(was, tag, e)
		}
	}
	return nil
}

// carries says whether a key's tags are those given, in their order.
func (p *place) carries(tags []string) bool {
	if len(p.seats) != len(tags)+1 {
		return false
	}
	for k, tag := range tags {
		if p.seats[k+1].tag != tag {
			return false
		}
	}
	return true
}

// seat puts an entry into the bucket of a layer.
func (x *Index[K]) seat(p *place, tag string, e entry[K]) {
	l := x.layers[tag]
	if l == nil {
		l = layer[K]{}
		x.layers[tag] = l
	}
	p.seats = append(p.seats, seat{tag, len(l[p.cell])})
	l[p.cell] = append(l[p.cell], e)
}

// Remove takes a key out; an unknown one is nothing to do.
func (x *Index[K]) Remove(key K) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if was := x.places[key]; was != nil {
		x.take(was)
		delete(x.places, key)
	}
}

// Len says how many keys are held.
func (x *Index[K]) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.places)
}

// take removes a key's entries from their buckets; the last one of each takes
// the seat.
func (x *Index[K]) take(p *place) {
	for _, s := range p.seats {
		l := x.layers[s.tag]
		bucket := l[p.cell]
		last := len(bucket) - 1
		if last == 0 {
			if delete(l, p.cell); len(l) == 0 {
				delete(x.layers, s.tag)
			}
			continue
		}
		if s.at != last {
			bucket[s.at] = bucket[last]
			x.places[bucket[last].key].reseat(s)
		}
		bucket[last] = entry[K]{} // lets the key go
		l[p.cell] = bucket[:last]
	}
	p.seats = p.seats[:0]
}

// reseat notes that the entry of a tag is now at another seat.
func (p *place) reseat(to seat) {
	for k := range p.seats {
		if p.seats[k].tag == to.tag {
			p.seats[k] = to
			return
		}
	}
}

// Nearest gives up to n accepted keys within maxMeters of a point that carry one
// of the tags (none named: everybody), each once, nearest first; a nil accept
// takes all of them. accept runs under the index's lock, so it must not call the
// index back; it may be asked about a key twice.
func (x *Index[K]) Nearest(p orb.Point, n int, maxMeters float64, accept func(K) bool, tags ...string) []Found[K] {
	origin, err := CellOf(p, x.resolution)
	if err != nil || n <= 0 || !(maxMeters >= 0) {
		return nil
	}
	s := search[K]{from: vectorOf(p), n: n, limit: squaredChord(maxMeters), accept: accept, hits: make([]hit[K], 0, min(n, 128))}
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(tags) == 0 {
		tags = []string{""}
	}
	var layers []layer[K]
	for k, tag := range tags {
		if l := x.layers[tag]; l != nil && !slices.Contains(tags[:k], tag) {
			layers = append(layers, l)
		}
	}
	x.rings(origin, layers, &s)
	found := make([]Found[K], 0, len(s.hits))
	for _, h := range s.hits {
		if meters := Distance(p, h.point); meters <= maxMeters {
			found = append(found, Found[K]{h.key, meters})
		}
	}
	slices.SortStableFunc(found, func(a, b Found[K]) int { return cmp.Compare(a.Meters, b.Meters) })
	return found
}

// rings looks through ring after ring until the next is too far to hold
// anybody nearer, or until all buckets together are fewer than the cells of
// the next disk: then it looks at every bucket.
func (x *Index[K]) rings(origin Cell, layers []layer[K], s *search[K]) {
	buckets := 0
	for _, l := range layers {
		buckets += len(l)
	}
	for k := 0; squaredChord(ringMeters(x.resolution, k)) <= s.bound(); k++ {
		ring, err := h3.Cell(origin).GridRing(k)
		if err != nil || 3*k*(k+1) > buckets {
			s.hits = s.hits[:0]
			for _, l := range layers {
				for _, bucket := range l {
					s.look(bucket)
				}
			}
			return
		}
		for _, c := range ring {
			for _, l := range layers {
				s.look(l[Cell(c)])
			}
		}
	}
}

// ringMeters is a lower bound of the distance between any point of a cell and
// any point of a cell k steps away. On the flat faces of H3's icosahedron rows of
// hexagons with edge e are 1.5 e apart, so that k rows on, corner to corner, is
// 1.5 k e - 2 e. The projection shrinks most at a face's corner, 37.377 degrees
// from its middle, by that angle's squared cosine, 0.63147.
func ringMeters(resolution, k int) float64 {
	return max(0, (1.5*float64(k)-2)*0.6314*edgeMeters(resolution))
}

// search collects the nearest so far, by squared chord.
type search[K comparable] struct {
	from   vector
	n      int
	limit  float64
	accept func(K) bool
	hits   []hit[K]
}

type hit[K comparable] struct {
	key   K
	point orb.Point
	chord float64
}

// bound is the squared chord beyond which nobody is of interest any more.
func (s *search[K]) bound() float64 {
	if len(s.hits) < s.n {
		return s.limit
	}
	return s.hits[len(s.hits)-1].chord
}

func (s *search[K]) look(bucket []entry[K]) {
	bound := s.bound()
	for k := range bucket {
		e := &bucket[k]
		chord := s.from.squaredChord(e.vector)
		if chord > bound || len(s.hits) == s.n && chord == bound || s.accept != nil && !s.accept(e.key) {
			continue
		}
		at := len(s.hits)
		for at > 0 && s.hits[at-1].chord > chord {
			at--
		}
		if s.holds(e.key, chord, at) {
			continue
		}
		if len(s.hits) == s.n {
			s.hits = s.hits[:s.n-1]
		}
		s.hits = slices.Insert(s.hits, at, hit[K]{e.key, e.point, chord})
		bound = s.bound()
	}
}

// holds says whether a key is among the hits already, by another of its tags: at
// the same chord, then, which ends before the seat at.
func (s *search[K]) holds(key K, chord float64, at int) bool {
	for at--; at >= 0 && s.hits[at].chord == chord; at-- {
		if s.hits[at].key == key {
			return true
		}
	}
	return false
}

// vector is a point on the unit sphere.
type vector [3]float64

func vectorOf(p orb.Point) vector {
	sinLat, cosLat := math.Sincos(p.Lat() * degree)
	sinLon, cosLon := math.Sincos(p.Lon() * degree)
	return vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (v vector) squaredChord(w vector) float64 {
	x, y, z := v[0]-w[0], v[1]-w[1], v[2]-w[2]
	return x*x + y*y + z*z
}

// squaredChord is the square of the chord that belongs to a great-circle
// distance, and a tenth of a micrometre more, for rounding.
func squaredChord(meters float64) float64 {
	chord := 2*math.Sin(math.Min(meters/EarthRadius, math.Pi)/2) + 0.1e-6/EarthRadius
	return chord * chord
}
