package tile

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	"yiping/geo"
)

// Resolutions in which cells are drawn.
const (
	CoarsestCells = 5
	FinestCells   = 9
)

// CellsAt gives the resolution whose cells are some twenty a tile of a zoom.
func CellsAt(zoom int) int { return min(max(zoom*3/4-1, CoarsestCells), FinestCells) }

// cellMargin is how far a cell's outline goes on beyond the tile, so that the
// edge where it is cut is not drawn.
const cellMargin = 64

var cellKeys = encodeKeys("cell", "value")

// AppendCells appends the cells that the tile touches, each with its outline and
// its value, nothing where there are none.
func AppendCells(b []byte, a Address, cells map[geo.Cell]int) ([]byte, error) {
	e := takeEncoder(0)
	defer encoders.Put(e)
	frame := orb.Bound{Min: orb.Point{-cellMargin, -cellMargin}, Max: orb.Point{Extent + cellMargin, Extent + cellMargin}}
	for _, cell := range slices.Sorted(maps.Keys(cells)) {
		outline, err := cell.Boundary()
		if err != nil {
			return nil, err
		}
		ring := clip.Ring(frame, inTile(a, outline[0]))
		if len(ring) < 4 {
			continue
		}
		tags := binary.AppendUvarint([]byte{0}, uint64(e.next))
		e.values = appendField(e.values, layerValue, string(appendField(nil, valueText, cell.String())))
		e.next++
		tags = append(tags, 1)
		tags = binary.AppendUvarint(tags, uint64(e.number(uint64(cells[cell]))))
		feature := appendField(nil, featureTags, string(tags))
		feature = append(feature, featureType, typePolygon)
		feature = appendField(feature, featureGeometry, string(polygon(ring)))
		e.features = appendField(e.features, layerFeature, string(feature))
	}
	if len(e.features) == 0 {
		return b, nil
	}
	return appendLayer(b, "cell", e.features, cellKeys, e.values), nil
}

// inTile gives a ring in the units of a tile.
func inTile(a Address, ring orb.Ring) orb.Ring {
	out := make(orb.Ring, len(ring))
	for k, p := range ring {
		x, y := world(p)
		side := float64(uint64(1) << (32 - a.Z))
		out[k] = orb.Point{(float64(x)/side - float64(a.X)) * Extent, (float64(y)/side - float64(a.Y)) * Extent}
	}
	if out.Orientation() == orb.CW { // y goes down: the outside runs the other way round
		out.Reverse()
	}
	return out
}

// polygon writes a closed ring as commands.
func polygon(ring orb.Ring) []byte {
	ring = ring[:len(ring)-1]
	b := []byte{moveToOne}
	var x, y int
	for k, p := range ring {
		if k == 1 {
			b = binary.AppendUvarint(b, uint64(lineTo|(len(ring)-1)<<3))
		}
		nx, ny := int(p[0]), int(p[1])
		b = binary.AppendUvarint(binary.AppendUvarint(b, zigzag(nx-x)), zigzag(ny-y))
		x, y = nx, ny
	}
	return append(b, closePath)
}
