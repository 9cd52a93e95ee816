package seed

import "math"

const (
	districtName = "示范区"
	districtCode = "990001" // 99 is no province of GB/T 2260

	// The town is a lattice of cells, one an urban community, bent by town.at.
	// One more ring of cells around it holds the nearest villages.
	townColumns = 7
	townRows    = 5
	cellMeters  = 880.0

	riverRow     = 2   // the lattice line that is the river
	villageCount = 187 // beyond the ring
	spanEast     = 11300.0
	spanNorth    = 8750.0
)

// town bends the straight lattice of streets into a town that grew: u counts
// columns eastward, v rows northward, both in cells.
type town struct{ sway, swell, meander [2]float64 }

func newTown(r *random) town {
	return town{
		sway:    [2]float64{r.between(0, 6.3), r.between(0, 6.3)},
		swell:   [2]float64{r.between(0, 6.3), r.between(0, 6.3)},
		meander: [2]float64{r.between(0, 6.3), r.between(0, 6.3)},
	}
}

// at gives the place of a lattice coordinate.
func (t town) at(u, v float64) vec {
	// The old town, around cell (3, 3), is turned a little against the rest.
	du, dv := u-3.5, v-3.5
	turn := 0.13 * math.Exp(-(du*du+dv*dv)/1.1)
	sin, cos := math.Sincos(turn)
	u, v = 3.5+du*cos-dv*sin, 3.5+du*sin+dv*cos

	x := (u - townColumns/2.0) * cellMeters
	y := (v - townRows/2.0) * cellMeters
	x += 55*math.Sin(0.8*v+t.sway[0]) + 18*math.Sin(1.7*v+t.sway[1])
	y += 45*math.Sin(0.6*u+t.swell[0]) + 15*math.Sin(1.5*u+t.swell[1])
	// The streets near the river follow its meander.
	d := (v - riverRow) / 0.75
	y += (120*math.Sin(0.95*u+t.meander[0]) + 45*math.Sin(2.2*u+t.meander[1])) * math.Exp(-d*d)
	sin, cos = math.Sincos(0.11)
	return vec{x*cos - y*sin - 600, x*sin + y*cos + 150}
}

// street gives the line between two lattice coordinates of the same row or
// column, a vertex about every twelfth of a cell.
func (t town) street(u0, v0, u1, v1 float64) []vec {
	n := max(1, int(math.Round(math.Max(math.Abs(u1-u0), math.Abs(v1-v0))*12)))
	out := make([]vec, n+1)
	for i := range out {
		k := float64(i) / float64(n)
		out[i] = t.at(u0+(u1-u0)*k, v0+(v1-v0)*k)
	}
	return out
}

// quad gives the outline of a lattice rectangle, its sides bent as the streets
// beside it are.
func (t town) quad(u0, v0, u1, v1 float64) []vec {
	out := t.street(u0, v0, u1, v0)
	out = append(out, t.street(u1, v0, u1, v1)[1:]...)
	out = append(out, t.street(u1, v1, u0, v1)[1:]...)
	side := t.street(u0, v1, u0, v0)
	return append(out, side[1:len(side)-1]...)
}

// outline is the rough shape of the district: how far it reaches from the
// middle in a direction. The border itself is made of the communities' edges.
// Only small lobes depend on the seed, for the reservoir needs its corner.
type outline struct{ phase [2]float64 }

func newOutline(r *random) outline { return outline{[2]float64{r.between(0, 6.3), r.between(0, 6.3)}} }

func (o outline) reach(radians float64) float64 {
	sin, cos := math.Sincos(radians)
	oval := 1 / math.Hypot(cos/spanEast, sin/spanNorth)
	return oval * (0.985 + 0.06*math.Sin(2*radians+2.53) + 0.09*math.Sin(3*radians+6.15) +
		0.03*math.Sin(4*radians+o.phase[0]) + 0.04*math.Sin(5*radians+o.phase[1]))
}

// depth is how far inside the outline a point lies, in metres along its ray;
// negative outside.
func (o outline) depth(p vec) float64 { return o.reach(math.Atan2(p.y, p.x)) - p.len() }
