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
	places     map[K]Cell
}

type entry[K comparable] struct {
	key   K
	point orb.Point
}

// NewIndex makes an empty index with buckets of a resolution.
func NewIndex[K comparable](resolution int) *Index[K] {
	return &Index[K]{resolution: resolution, buckets: map[Cell][]entry[K]{}, places: map[K]Cell{}}
}

// Set puts a key at a point, moving it where it was elsewhere. A bad point is
// refused and leaves the key where it was.
func (x *Index[K]) Set(key K, p orb.Point) error {
	cell, err := CellOf(p, x.resolution)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if was, ok := x.places[key]; ok {
		if was == cell {
			at := x.find(cell, key)
			x.buckets[cell][at].point = p
			return nil
		}
		x.remove(was, key)
	}
	x.places[key] = cell
	x.buckets[cell] = append(x.buckets[cell], entry[K]{key, p})
	return nil
}

// Remove takes a key out; an unknown one is nothing to do.
func (x *Index[K]) Remove(key K) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if cell, ok := x.places[key]; ok {
		x.remove(cell, key)
		delete(x.places, key)
	}
}

// Len says how many keys are held.
func (x *Index[K]) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.places)
}

func (x *Index[K]) find(cell Cell, key K) int {
	return slices.IndexFunc(x.buckets[cell], func(e entry[K]) bool { return e.key == key })
}

func (x *Index[K]) remove(cell Cell, key K) {
	bucket := x.buckets[cell]
	at := x.find(cell, key)
	bucket[at] = bucket[len(bucket)-1]
	if len(bucket) == 1 {
		delete(x.buckets, cell)
		return
	}
	x.buckets[cell] = bucket[:len(bucket)-1]
}

// Nearest gives up to n accepted keys within maxMeters of a point, nearest
// first. accept is called under the index's lock and must not call it back.
func (x *Index[K]) Nearest(p orb.Point, n int, maxMeters float64, accept func(K) bool) []Found[K] {
	origin, err := CellOf(p, x.resolution)
	if err != nil || n <= 0 {
		return nil
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := search[K]{p: p, n: n, limit: maxMeters, accept: accept}
	step := ringStep(x.resolution)
	rings := int(math.Ceil(maxMeters/step)) + 2
	// Looking at every bucket costs less than rings that hold more cells.
	for k := 0; k <= rings; k++ {
		if float64(k-1)*step > s.bound() {
			break
		}
		ring, err := ringOf(origin, k)
		if err != nil || 6*k > 4*len(x.buckets)+64 {
			return x.scan(s)
		}
		for _, c := range ring {
			s.look(x.buckets[Cell(c)])
		}
	}
	return s.found
}

// scan looks at every bucket.
func (x *Index[K]) scan(s search[K]) []Found[K] {
	s.found = nil
	for _, bucket := range x.buckets {
		s.look(bucket)
	}
	return s.found
}

// ringOf gives the cells at exactly k steps. Around a pentagon the quick way
// fails, and the difference of two disks does it.
func ringOf(origin Cell, k int) ([]h3.Cell, error) {
	if ring, err := h3.Cell(origin).GridRingUnsafe(k); err == nil {
		return ring, nil
	}
	return h3.Cell(origin).GridRing(k)
}

// ringStep is a lower bound, in metres, of how much farther each ring is: the
// least distance between the middles of neighbours. It shrinks by the square
// root of 7 with each resolution; the figure at 0 is 0.55 of the mean edge's
// 1,281 km times the square root of 3, which holds for the smallest cells.
func ringStep(resolution int) float64 {
	const least = 0.55 * 1281256.011 * 1.7320508
	return least / math.Pow(math.Sqrt(7), float64(resolution)) * 0.85
}

// search collects the nearest so far.
type search[K comparable] struct {
	p      orb.Point
	n      int
	limit  float64
	accept func(K) bool
	found  []Found[K]
}

// bound is the distance beyond which nobody is of interest any more.
func (s *search[K]) bound() float64 {
	if len(s.found) < s.n {
		return s.limit
	}
	return s.found[len(s.found)-1].Meters
}

func (s *search[K]) look(bucket []entry[K]) {
	for _, e := range bucket {
		bound := s.bound()
		// The difference of latitudes alone is a lower bound, and cheap; the
		// distance costs more than asking whether the key is wanted at all.
		if math.Abs(e.point[1]-s.p[1])*(degree*EarthRadius) > bound || s.accept != nil && !s.accept(e.key) {
			continue
		}
		d := Distance(s.p, e.point)
		if d > bound || len(s.found) == s.n && d == bound {
			continue
		}
		at, _ := slices.BinarySearchFunc(s.found, d, func(f Found[K], d float64) int {
			if f.Meters <= d {
				return -1
			}
			return cmp.Compare(f.Meters, d)
		})
		s.found = slices.Insert(s.found, at, Found[K]{e.key, d})
		if len(s.found) > s.n {
			s.found = s.found[:s.n]
		}
	}
}
