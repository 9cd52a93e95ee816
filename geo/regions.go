package geo

import (
	"errors"

	"github.com/paulmach/orb"
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
	shape slabbed
}

// NewRegions makes an empty one.
func NewRegions[K comparable]() *Regions[K] { return &Regions[K]{byCell: map[Cell][]region[K]{}} }

// Add puts a polygon or multipolygon in.
func (r *Regions[K]) Add(key K, g orb.Geometry) error {
	var shape orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		shape = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		shape = g
	default:
		return ErrShape
	}
	x := region[K]{key: key, bound: g.Bound(), shape: newSlabbed(shape)}
	cells, err := Cover(shape, resolutionRegions, regionCells)
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

// Holding gives the keys of the polygons that hold a point, their edges
// included, in the order in which they were added; of one outside the earth,
// none.
func (r *Regions[K]) Holding(p orb.Point) []K {
	c, err := CellOf(p, resolutionRegions)
	if err != nil {
		return nil
	}
	var keys []K
	for _, list := range [2][]region[K]{r.wide, r.byCell[c]} {
		for _, x := range list {
			if x.bound.Contains(p) && x.shape.covers(p) {
				keys = append(keys, x.key)
			}
		}
	}
	return keys
}
