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
// through ring by ring. Safe for use by several goroutines.
type Index[K comparable] struct {
	resolution int
	mu         sync.RWMutex
	buckets    map[Cell][]entry[K]
	places     map[K]place
}

// entry is a key with its point, also as a unit vector: comparing chords
// between vectors costs a tenth of a great-circle distance.
type entry[K comparable] struct {
	key    K
	point  orb.Point
	vector vector
}

// place says where a key's entry is.
type place struct {
	cell Cell
	at   int
}

// NewIndex makes an empty index with buckets of a resolution, 0 to 15.
func NewIndex[K comparable](resolution int) *Index[K] {
	return &Index[K]{resolution: resolution, buckets: map[Cell][]entry[K]{}, places: map[K]place{}}
}

// Set puts a key at a point, moving it where it was elsewhere. A bad point is
// refused and leaves the key where it was.
func (x *Index[K]) Set(key K, p orb.Point) error {
	cell, err := CellOf(p, x.resolution)
	if err != nil {
		return err
	}
	e := entry[K]{key, p, vectorOf(p)}
	x.mu.Lock()
	defer x.mu.Unlock()
	if was, ok := x.places[key]; ok {
		if was.cell == cell {
			x.buckets[cell][was.at] = e
			return nil
		}
		x.take(was)
	}
	x.places[key] = place{cell, len(x.buckets[cell])}
	x.buckets[cell] = append(x.buckets[cell], e)
	return nil
}

// Remove takes a key out; an unknown one is nothing to do.
func (x *Index[K]) Remove(key K) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if was, ok := x.places[key]; ok {
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

// take removes an entry from its bucket; the last one takes its seat.
func (x *Index[K]) take(was place) {
	bucket := x.buckets[was.cell]
	last := len(bucket) - 1
	if last == 0 {
		delete(x.buckets, was.cell)
		return
	}
	if was.at != last {
		bucket[was.at] = bucket[last]
		x.places[bucket[last].key] = was
	}
	bucket[last] = entry[K]{} // lets the key go
	x.buckets[was.cell] = bucket[:last]
}

// Nearest gives up to n accepted keys within maxMeters of a point, nearest
// first; a nil accept takes everybody. accept runs under the index's lock, so it
// must not call the index back; it may be asked about a key twice.
func (x *Index[K]) Nearest(p orb.Point, n int, maxMeters float64, accept func(K) bool) []Found[K] {
	origin, err := CellOf(p, x.resolution)
	if err != nil || n <= 0 || !(maxMeters >= 0) {
		return nil
	}
	s := search[K]{from: vectorOf(p), n: n, limit: squaredChord(maxMeters), accept: accept}
	x.mu.RLock()
	defer x.mu.RUnlock()
	x.rings(origin, &s)
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
func (x *Index[K]) rings(origin Cell, s *search[K]) {
	for k := 0; squaredChord(ringMeters(x.resolution, k)) <= s.bound(); k++ {
		ring, err := h3.Cell(origin).GridRing(k)
		if err != nil || 3*k*(k+1) > len(x.buckets) {
			s.hits = s.hits[:0]
			for _, bucket := range x.buckets {
				s.look(bucket)
			}
			return
		}
		for _, c := range ring {
			s.look(x.buckets[Cell(c)])
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
		if len(s.hits) == s.n {
			s.hits = s.hits[:s.n-1]
		}
		at := len(s.hits)
		for at > 0 && s.hits[at-1].chord > chord {
			at--
		}
		s.hits = slices.Insert(s.hits, at, hit[K]{e.key, e.point, chord})
		bound = s.bound()
	}
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
