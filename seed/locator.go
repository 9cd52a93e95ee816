package seed

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// locator finds the community of a point by the boundaries as they are stored,
// so that what it answers holds in the database too.
type locator struct {
	areas   []Area
	bounds  []orb.Bound
	places  []place
	buckets map[[2]int][]int // places whose bound touches a square
}

// bucketMeters is the side of the squares that narrow the search.
const bucketMeters = 1000

func newLocator(places []place, areas []Area) *locator {
	l := &locator{areas: areas, places: places, bounds: make([]orb.Bound, len(places)), buckets: map[[2]int][]int{}}
	for i, p := range places {
		l.bounds[i] = areas[p.area].Boundary.Bound()
		low, high := bucket(plane(l.bounds[i].Min)), bucket(plane(l.bounds[i].Max))
		for x := low[0]; x <= high[0]; x++ {
			for y := low[1]; y <= high[1]; y++ {
				l.buckets[[2]int{x, y}] = append(l.buckets[[2]int{x, y}], i)
			}
		}
	}
	return l
}

func bucket(p vec) [2]int {
	return [2]int{int(math.Floor(p.x / bucketMeters)), int(math.Floor(p.y / bucketMeters))}
}

// at gives the community that holds a point, as an index into places; None
// outside the district.
func (l *locator) at(v vec) int {
	p := v.point()
	for _, i := range l.buckets[bucket(v)] {
		if l.bounds[i].Contains(p) && planar.MultiPolygonContains(l.areas[l.places[i].area].Boundary, p) {
			return i
		}
	}
	return None
}
