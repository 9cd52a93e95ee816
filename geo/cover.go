package geo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// ErrTooManyCells says that a shape is larger than the caller allows.
var ErrTooManyCells = errors.New("the shape covers too many cells")

// ErrShape says that a geometry is no area.
var ErrShape = errors.New("not a polygon or multipolygon")

// Cover gives the cells of a resolution that touch a polygon or multipolygon,
// sorted, at most limit. It is never empty: a polygon smaller than a cell is
// covered by the cells it overlaps, which centre containment would miss.
func Cover(g orb.Geometry, resolution, limit int) ([]Cell, error) {
	var polygons orb.MultiPolygon
	switch v := g.(type) {
	case orb.Polygon:
		polygons = orb.MultiPolygon{v}
	case orb.MultiPolygon:
		polygons = v
	default:
		return nil, ErrShape
	}
	var all []Cell
	for _, p := range polygons {
		covered, err := coverPolygon(p, resolution, limit-len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, covered...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 {
		return nil, ErrShape
	}
	return all, nil
}

func coverPolygon(p orb.Polygon, resolution, limit int) ([]Cell, error) {
	if len(p) == 0 || len(p[0]) < 4 {
		return nil, ErrShape
	}
	shape := h3.GeoPolygon{}
	for k, ring := range p {
		loop := make(h3.GeoLoop, 0, len(ring))
		for _, at := range ring {
			if err := CheckPoint(at); err != nil {
				return nil, err
			}
			loop = append(loop, h3.LatLng{Lat: at.Lat(), Lng: at.Lon()})
		}
		if k == 0 {
			shape.GeoLoop = loop
		} else {
			shape.Holes = append(shape.Holes, loop)
		}
	}
	if limit <= 0 {
		return nil, ErrTooManyCells
	}
	list, err := h3.PolygonToCellsExperimental(shape, resolution, h3.ContainmentOverlapping, int64(limit))
	if errors.Is(err, h3.ErrMemoryBounds) {
		return nil, ErrTooManyCells
	}
	if err != nil {
		return nil, fmt.Errorf("cover: %w", err)
	}
	covered := cells(list)
	if len(covered) > 0 {
		return covered, nil
	}
	at, err := CellOf(p[0][0], resolution) // a sliver between the library's tolerances
	return []Cell{at}, err
}
