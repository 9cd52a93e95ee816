package geo

import (
	"errors"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// resolutionRegions is that of the buckets of Regions and Lines: cells about a
// kilometre across.
const resolutionRegions = 8

// regionCells bounds the buckets of one region; a larger one is looked at for
// every point.
const regionCells = 50_000

// Regions finds which of many polygons hold a point, by buckets of cells. It is
// filled first and then only asked, by any number of goroutines.
type Regions[K comparable] struct {
	byCell map[Cell][]region[K]
	wide   []region[K]
}

type region[K comparable] struct {
	key   K
	bound orb.Bound
	shape orb.MultiPolygon
}

// NewRegions makes an empty one.
func NewRegions[K comparable]() *Regions[K] { return &Regions[K]{byCell: map[Cell][]region[K]{}} }

// Add puts a polygon or multipolygon in.
func (r *Regions[K]) Add(key K, g orb.Geometry) error {
	x := region[K]{key: key, bound: g.Bound()}
	switch shape := g.(type) {
	case orb.Polygon:
		x.shape = orb.MultiPolygon{shape}
	case orb.MultiPolygon:
		x.shape = shape
	default:
		return ErrShape
	}
	cells, err := Cover(x.shape, resolutionRegions, regionCells)
	if errors.Is(err, ErrTooManyCells) {
		r.wide = append(r.wide, x)
		return nil
	}
	if err != nil {
		return err
	}
	for _, c := range cells {
		r.byCell[c] = append(r.byCell[c], x)
	}
	return nil
}

// Holding gives the keys of the polygons that hold a point, in the order in
// which they were added; of one outside the earth, none.
func (r *Regions[K]) Holding(p orb.Point) []K {
	c, err := CellOf(p, resolutionRegions)
	if err != nil {
		return nil
	}
	var keys []K
	for _, list := range [2][]region[K]{r.wide, r.byCell[c]} {
		for _, x := range list {
			if x.bound.Contains(p) && planar.MultiPolygonContains(x.shape, p) {
				keys = append(keys, x.key)
			}
		}
	}
	return keys
}
