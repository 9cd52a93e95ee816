package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// Sector is what a camera overlooks: from its place, around its bearing, as far
// as its range. ViewDegrees >= 360 is a dome that sees all round.
type Sector struct {
	Center         orb.Point
	BearingDegrees float64
	ViewDegrees    float64
	RangeMeters    float64
}

// Holds says whether the point lies in the view; the edge does.
func (s Sector) Holds(p orb.Point) bool {
	d := Distance(s.Center, p)
	if !(d <= s.RangeMeters) { // a range that is no number sees nothing
		return false
	}
	if d == 0 || s.ViewDegrees >= 360 {
		return true
	}
	off := math.Abs(math.Remainder(Bearing(s.Center, p)-s.BearingDegrees, 360))
	return off <= s.ViewDegrees/2+1e-9
}

// Polygon gives the view's outline as a closed ring, counterclockwise as
// RFC 7946 wants it, with a corner every five degrees or less: between corners it
// lies up to a thousandth of the range within the arc.
func (s Sector) Polygon() orb.Polygon {
	view := math.Max(0, math.Min(s.ViewDegrees, 360))
	steps := max(2, int(math.Ceil(view/5)))
	right := s.BearingDegrees + view/2
	ring := make(orb.Ring, 0, steps+3)
	if view < 360 {
		ring = append(ring, s.Center)
	}
	for k := range steps + 1 {
		ring = append(ring, Destination(s.Center, right-view*float64(k)/float64(steps), s.RangeMeters))
	}
	if view < 360 {
		ring = append(ring, s.Center)
	} else {
		ring[len(ring)-1] = ring[0]
	}
	return orb.Polygon{ring}
}
