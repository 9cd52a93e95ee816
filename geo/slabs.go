package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// mostSlabs bounds the slabs of one ring.
const mostSlabs = 1024

// edgeDegrees is how near to an edge a point lies on it: a ten-millionth of a
// metre, what a float64 tells apart.
const edgeDegrees = 1e-12

// slabbed is a multipolygon whose edges are sorted into slabs of latitude, so
// that a point is held against the few that its latitude crosses.
type slabbed []slabbedPolygon

type slabbedPolygon struct {
	outer slabs
	holes []slabs
}

// slabs are the edges of a ring by latitude.
type slabs struct {
	bound  orb.Bound
	height float64 // of a slab, degrees; 0 for a ring without any
	edges  [][][2]orb.Point
}

// where a point lies with respect to a ring.
const (
	outside = iota
	onEdge
	inside
)

func newSlabbed(shape orb.MultiPolygon) slabbed {
	var out slabbed
	for _, polygon := range shape {
		if len(polygon) == 0 {
			continue
		}
		p := slabbedPolygon{outer: newSlabs(polygon[0])}
		for _, hole := range polygon[1:] {
			p.holes = append(p.holes, newSlabs(hole))
		}
		out = append(out, p)
	}
	return out
}

func newSlabs(ring orb.Ring) slabs {
	s := slabs{bound: ring.Bound()}
	n := min(max(len(ring)/2, 1), mostSlabs)
	s.height = (s.bound.Max[1] - s.bound.Min[1]) / float64(n)
	s.edges = make([][][2]orb.Point, n)
	for i := range ring {
		a, b := ring[i], ring[(i+1)%len(ring)] // an unclosed ring is closed
		if a == b {
			continue
		}
		for k := s.slab(min(a[1], b[1])); k <= s.slab(max(a[1], b[1])); k++ {
			s.edges[k] = append(s.edges[k], [2]orb.Point{a, b})
		}
	}
	return s
}

func (s *slabs) slab(lat float64) int {
	if s.height == 0 {
		return 0
	}
	return min(max(int((lat-s.bound.Min[1])/s.height), 0), len(s.edges)-1)
}

// place says where a point lies: by how often a ray to the east crosses the
// ring (even-odd rule).
func (s *slabs) place(p orb.Point) int {
	if !s.bound.Contains(p) {
		return outside
	}
	in := false
	for _, e := range s.edges[s.slab(p[1])] {
		a, b := e[0], e[1]
		if a[1] == b[1] {
			if p[1] == a[1] && p[0] >= min(a[0], b[0]) && p[0] <= max(a[0], b[0]) {
				return onEdge
			}
			continue
		}
		if p == a || p == b {
			return onEdge
		}
		if (a[1] > p[1]) == (b[1] > p[1]) {
			continue
		}
		dx, dy := b[0]-a[0], b[1]-a[1]
		aside := (p[0]-a[0])*dy - (p[1]-a[1])*dx // from the edge, times its length
		if math.Abs(aside) <= edgeDegrees*math.Hypot(dx, dy) {
			return onEdge
		}
		if aside < 0 == (dy > 0) {
			in = !in
		}
	}
	if in {
		return inside
	}
	return outside
}

// covers says whether a point lies in the shape or on an edge of it.
func (s slabbed) covers(p orb.Point) bool {
	for i := range s {
		if s[i].covers(p) {
			return true
		}
	}
	return false
}

func (g *slabbedPolygon) covers(p orb.Point) bool {
	switch g.outer.place(p) {
	case outside:
		return false
	case onEdge:
		return true
	}
	for i := range g.holes {
		if g.holes[i].place(p) == inside {
			return false
		}
	}
	return true
}
