package geo

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// ErrTooManyCells says that a shape is larger than the caller allows.
var ErrTooManyCells = errors.New("the shape covers too many cells")

// ErrShape says that a geometry is no area.
var ErrShape = errors.New("not a polygon or multipolygon")

// boxFactor is how much larger than the limit a polygon's bounding box may be.
const boxFactor = 16

// Cover gives the cells of a resolution that touch a polygon or multipolygon,
// sorted, at most limit; ErrTooManyCells where it takes more, or where the
// bounding box of a polygon takes more than sixteen times as many. It is never
// empty: a polygon smaller than a cell, whose middle centre containment would
// miss, is covered by the cells it touches. An edge is straight in longitude
// and latitude, and one longer than 180 degrees goes the other way round.
//
// The time grows with corners times cells: 0.2 s for 1,000 corners and 40,000
// cells.
func Cover(g orb.Geometry, resolution, limit int) ([]Cell, error) {
	var polygons orb.MultiPolygon
	switch v := g.(type) {
	case orb.Polygon:
		polygons = orb.MultiPolygon{v}
	case orb.MultiPolygon:
		polygons = v
	}
	if len(polygons) == 0 {
		return nil, ErrShape
	}
	if limit <= 0 {
		return nil, ErrTooManyCells
	}
	if resolution < 0 || resolution > finest {
		return nil, fmt.Errorf("cover at resolution %d: %w", resolution, ErrCell)
	}
	var all []Cell
	for _, p := range polygons {
		covered, err := coverPolygon(p, resolution, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, covered...)
		slices.Sort(all)
		all = slices.Compact(all) // neighbouring polygons share cells
		if len(all) > limit {
			return nil, ErrTooManyCells
		}
	}
	return all, nil
}

func coverPolygon(p orb.Polygon, resolution, limit int) ([]Cell, error) {
	if len(p) == 0 || len(p[0]) < 4 {
		return nil, ErrShape
	}
	shape := h3.GeoPolygon{}
	for k, ring := range p {
		loop, err := loopOf(ring)
		switch {
		case err != nil:
			return nil, err
		case k == 0:
			shape.GeoLoop = loop
		case len(loop) > 0:
			shape.Holes = append(shape.Holes, loop)
		}
	}
	// The library takes memory for the whole bounding box, gigabytes for a
	// continent, and walks along the whole of a streak, before it looks at the limit.
	least, most := boxCells(p[0], resolution)
	if least > float64(limit) || most > boxFactor*float64(limit) {
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
	// The cells of the corners belong to it, and near the poles, the 180th
	// meridian and for slivers the library can miss them.
	for _, corner := range p[0] {
		c, err := CellOf(corner, resolution)
		if err != nil {
			return nil, err
		}
		if len(covered) == 0 || covered[len(covered)-1] != c {
			covered = append(covered, c)
		}
	}
	return covered, nil
}

func loopOf(ring orb.Ring) (h3.GeoLoop, error) {
	loop := make(h3.GeoLoop, 0, len(ring))
	for _, at := range ring {
		if err := CheckPoint(at); err != nil {
			return nil, err
		}
		loop = append(loop, h3.LatLng{Lat: at.Lat(), Lng: at.Lon()})
	}
	return loop, nil
}

// boxCells bounds how many cells of a resolution a ring takes: at least those
// along its longer extent, at most about its bounding box's share of the sphere.
func boxCells(ring orb.Ring, resolution int) (least, most float64) {
	box := ring.Bound()
	if crossesDateLine(ring) {
		east := ring.Clone()
		for k, at := range east {
			if at.Lon() < 0 {
				east[k][0] += 360
			}
		}
		box = east.Bound()
	}
	width, height := (box.Max.Lon()-box.Min.Lon())*degree, (box.Max.Lat()-box.Min.Lat())*degree
	narrowest := math.Cos(math.Max(math.Abs(box.Min.Lat()), math.Abs(box.Max.Lat())) * degree)
	least = math.Max(width*narrowest, height) * EarthRadius / (2 * edgeMeters(resolution))
	share := width / (2 * math.Pi) * (math.Sin(box.Max.Lat()*degree) - math.Sin(box.Min.Lat()*degree)) / 2
	return least, share * float64(h3.NumCells(resolution))
}

func crossesDateLine(ring orb.Ring) bool {
	for k := 1; k < len(ring); k++ {
		if math.Abs(ring[k].Lon()-ring[k-1].Lon()) > 180 {
			return true
		}
	}
	return false
}
