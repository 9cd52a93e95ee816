package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Lines finds how far a point is from the nearest of many lines, such as roads,
// by buckets of cells. It is filled first and then only asked, by any number of
// goroutines.
type Lines struct {
	byCell map[Cell][]piece
	n      int
}

type piece struct{ a, b orb.Point }

// LinesReach is the distance in metres up to which Lines can tell: every piece
// within it lies in the cell of the point or one beside it. A ring of cells of
// resolution 8 is at least 580 m thick (see ringMeters); pieces are noted in
// every cell that a mark each stepMeters along them falls into.
const LinesReach = 500

const stepMeters = 120

// NewLines makes an empty one.
func NewLines() *Lines { return &Lines{byCell: map[Cell][]piece{}} }

// Len gives the number of lines.
func (l *Lines) Len() int { return l.n }

// Add puts a line in; points that are no places are passed over.
func (l *Lines) Add(line orb.LineString) {
	l.n++
	for i := 1; i < len(line); i++ {
		x := piece{line[i-1], line[i]}
		length := Distance(x.a, x.b)
		steps := int(math.Ceil(length / stepMeters))
		if steps > 10_000 { // no road: a slip in the data
			continue
		}
		last := Cell(0)
		for k := 0; k <= steps; k++ {
			part := 0.0
			if steps > 0 {
				part = float64(k) / float64(steps)
			}
			c, err := CellOf(orb.Point{x.a[0] + (x.b[0]-x.a[0])*part, x.a[1] + (x.b[1]-x.a[1])*part}, resolutionRegions)
			if err != nil || c == last {
				continue
			}
			l.byCell[c], last = append(l.byCell[c], x), c
		}
	}
}

// Meters gives the distance to the nearest line, false where none is within
// LinesReach. The earth is taken for flat around the point, which is off by less
// than a metre there.
func (l *Lines) Meters(p orb.Point) (float64, bool) {
	c, err := CellOf(p, resolutionRegions)
	if err != nil {
		return 0, false
	}
	around, err := c.Disk(1)
	if err != nil {
		return 0, false
	}
	ky := EarthRadius * degree
	kx := ky * math.Cos(p[1]*degree)
	best := math.Inf(1)
	for _, c := range around {
		for _, x := range l.byCell[c] {
			best = min(best, squaredOffset((x.a[0]-p[0])*kx, (x.a[1]-p[1])*ky, (x.b[0]-p[0])*kx, (x.b[1]-p[1])*ky))
		}
	}
	meters := math.Sqrt(best)
	return meters, meters <= LinesReach
}

// squaredOffset gives the squared distance of the origin from a segment.
func squaredOffset(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if long := dx*dx + dy*dy; long > 0 {
		t = max(0, min(1, -(ax*dx+ay*dy)/long))
	}
	x, y := ax+t*dx, ay+t*dy
	return x*x + y*y
}
