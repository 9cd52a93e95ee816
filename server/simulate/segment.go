package simulate

import (
	"math"
	"slices"
)

// segment is a straight part of a road within a tile.
type segment struct{ a, b tilePoint }

func (s segment) at(t float64) tilePoint {
	return tilePoint{s.a.x + (s.b.x-s.a.x)*t, s.a.y + (s.b.y-s.a.y)*t}
}

// clip cuts a segment off at the tile's edge (Liang and Barsky), where its
// neighbour goes on.
func clip(s segment) (segment, bool) {
	dx, dy := s.b.x-s.a.x, s.b.y-s.a.y
	from, to := 0.0, 1.0
	for _, side := range [4][2]float64{{-dx, s.a.x}, {dx, tileUnits - s.a.x}, {-dy, s.a.y}, {dy, tileUnits - s.a.y}} {
		p, q := side[0], side[1]
		switch {
		case p == 0 && q < 0:
			return s, false
		case p < 0:
			from = max(from, q/p)
		case p > 0:
			to = min(to, q/p)
		}
	}
	return segment{s.at(from), s.at(to)}, from < to
}

// crossings gives for each segment where it begins, meets others and ends, as
// shares of its length, ascending. Lines that cross are taken to meet: tiles
// are simplified, their lines lack points where others join.
func crossings(parts []segment) [][]float64 {
	cuts := make([][]float64, len(parts))
	grid := map[[2]int][]int{}
	for k, s := range parts {
		cuts[k] = []float64{0, 1}
		for _, c := range s.cells() {
			grid[c] = append(grid[c], k)
		}
	}
	for _, list := range grid {
		for i, k := range list {
			for _, l := range list[i+1:] {
				t, u, ok := meet(parts[k], parts[l])
				if ok {
					cuts[k], cuts[l] = append(cuts[k], t), append(cuts[l], u)
				}
			}
		}
	}
	for k := range cuts {
		slices.Sort(cuts[k])
	}
	return cuts
}

// cells gives the cells of a grid that the segment's box touches.
func (s segment) cells() [][2]int {
	const side = 256
	var out [][2]int
	for x := int(min(s.a.x, s.b.x)-snapUnits) / side; x <= int(max(s.a.x, s.b.x)+snapUnits)/side; x++ {
		for y := int(min(s.a.y, s.b.y)-snapUnits) / side; y <= int(max(s.a.y, s.b.y)+snapUnits)/side; y++ {
			out = append(out, [2]int{x, y})
		}
	}
	return out
}

// meet says where two segments cross or nearly touch.
func meet(k, l segment) (t, u float64, ok bool) {
	rx, ry, sx, sy := k.b.x-k.a.x, k.b.y-k.a.y, l.b.x-l.a.x, l.b.y-l.a.y
	cross := rx*sy - ry*sx
	if math.Abs(cross) < 1e-9 {
		return 0, 0, false
	}
	qx, qy := l.a.x-k.a.x, l.a.y-k.a.y
	t, u = (qx*sy-qy*sx)/cross, (qx*ry-qy*rx)/cross
	// A little beyond an end still counts: what ends at a road joins it.
	slackT, slackU := snapUnits/math.Hypot(rx, ry), snapUnits/math.Hypot(sx, sy)
	if t < -slackT || t > 1+slackT || u < -slackU || u > 1+slackU {
		return 0, 0, false
	}
	return min(max(t, 0), 1), min(max(u, 0), 1), true
}
