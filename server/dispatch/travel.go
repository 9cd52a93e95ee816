package dispatch

import (
	"math"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Ways tells how long somebody takes to get from one point to another.
type Ways interface {
	// Travel gives the seconds of a way by a vehicle. It is the longer the farther
	// the points are apart: who is nearest by a vehicle is there first by it.
	Travel(from, to orb.Point, vehicle string) int
}

// StraightLine are ways where no roads are known: the straight line, longer by as
// much as the streets of a town turn, at an ordinary speed.
type StraightLine struct{}

// pace is how somebody gets about: metres a second, and how much longer their way
// is than the straight line. A car goes round more than a walker.
type pace struct{ speed, detour float64 }

// vehicles are the ways of getting about, in their order.
var vehicles = []string{"foot", "bicycle", "ebike", "car"}

var paces = map[string]pace{"foot": {1.3, 1.25}, "bicycle": {3.5, 1.3}, "ebike": {5, 1.3}, "car": {8, 1.4}}

// Travel gives the seconds; whose vehicle is unknown walks.
func (StraightLine) Travel(from, to orb.Point, vehicle string) int {
	p, ok := paces[vehicle]
	if !ok {
		p = paces["foot"]
	}
	return int(math.Ceil(geo.Distance(from, to) * p.detour / p.speed))
}
