package seed

import "math"

// road is a line of the network, in metres.
type road struct {
	class string
	name  string
	line  []vec
}

// roadZoom is the zoom from which a class is drawn.
var roadZoom = map[string]int{
	"motorway": 7, "trunk": 8, "primary": 9, "secondary": 11, "tertiary": 12, "residential": 14, "service": 15, "rail": 10,
}

// drawHighways makes what crosses the district without regard to it: the
// expressway in the east, the trunk road in the north, the railway in the south.
func (b *builder) drawHighways() {
	express := smooth([]vec{{2600, 10800}, {3900, 7200}, {5150, 3800}, {5500, 800}, {5200, -2600}, {5900, -6000}, {6900, -10200}}, 60)
	b.highways = []road{
		{"motorway", expresswayRef, shifted(express, 9)},
		{"motorway", expresswayRef, shifted(express, -9)},
		{"trunk", trunkName, smooth([]vec{{-13200, 5900}, {-9000, 5450}, {-5000, 4350}, {-1500, 4250}, {2000, 4900}, {5000, 5200}, {8600, 4300}, {13200, 4700}}, 60)},
		{"rail", railwayName, smooth([]vec{{-13500, -3900}, {-8500, -3750}, {-4000, -3900}, {0, -3780}, {4200, -3150}, {8800, -2050}, {13500, -1300}}, 70)},
	}
	b.lines = append(b.lines, b.highways...)
}

// drawStreets makes the town's streets along the lattice: the ring road, the
// main streets, the second streets, and those along the river.
func (b *builder) drawStreets() {
	const cols, rows = townColumns, townRows
	put := func(class, name string, line []vec) { b.lines = append(b.lines, road{class, name, line}) }
	put("trunk", "", b.ringRoad())
	for u := 1; u < cols; u++ {
		class, from, to := "secondary", 0.0, float64(rows)
		if edgeWidth(u, cols, primaryNorth) == primaryWidth {
			class, from, to = "primary", -1, rows+1
		}
		put(class, roadsNorth[u], b.town.street(float64(u), from, float64(u), to))
	}
	for v := 1; v < rows; v++ {
		class, from, to := "secondary", 0.0, float64(cols)
		if v == riverRow {
			put(class, "滨澜南路", b.town.street(from, riverRow-riversideAt, to, riverRow-riversideAt))
			put(class, "滨澜北路", b.town.street(from, riverRow+riversideAt, to, riverRow+riversideAt))
			continue
		}
		if edgeWidth(v, rows, primaryEast) == primaryWidth {
			class, from, to = "primary", -1, cols+1
		}
		put(class, roadsEast[v], b.town.street(from, float64(v), to, float64(v)))
	}
	for u, share := range b.through[0] {
		at := float64(u) + share
		put("tertiary", lanesNorth[u], b.town.street(at, 0, at, riverRow-riversideAt))
		put("tertiary", lanesNorth[u], b.town.street(at, riverRow+riversideAt, at, rows))
	}
	for v, share := range b.through[1] {
		put("tertiary", lanesEast[v], b.town.street(0, float64(v)+share, cols, float64(v)+share))
	}
}

// ringRoad gives the loop around the town, its corners rounded.
func (b *builder) ringRoad() []vec {
	const c = 0.22
	const cols, rows = float64(townColumns), float64(townRows)
	var line []vec
	corner := func(u, v, fromU, fromV, toU, toV float64) {
		for i := range 9 {
			t := float64(i) / 8
			// A quadratic curve around the corner point.
			k0, k1, k2 := (1-t)*(1-t), 2*t*(1-t), t*t
			line = append(line, b.town.at(k0*(u+fromU)+k1*u+k2*(u+toU), k0*(v+fromV)+k1*v+k2*(v+toV)))
		}
	}
	side := func(u0, v0, u1, v1 float64) {
		s := b.town.street(u0, v0, u1, v1)
		line = append(line, s[1:len(s)-1]...)
	}
	side(c, 0, cols-c, 0)
	corner(cols, 0, -c, 0, 0, c)
	side(cols, c, cols, rows-c)
	corner(cols, rows, 0, -c, -c, 0)
	side(cols-c, rows, c, rows)
	corner(0, rows, c, 0, 0, -c)
	side(0, rows-c, 0, c)
	corner(0, 0, 0, c, c, 0)
	return append(line, line[0])
}

// roadGround turns the lines into ground, once they are all there.
func (b *builder) roadGround() {
	for _, l := range b.lines {
		kind := "road"
		if l.class == "rail" {
			kind = "rail"
		}
		b.add(kind, l.class, l.name, roadZoom[l.class], l)
	}
}

// onHighway says how near a point is to a road or railway that no house stands
// beside.
func (b *builder) onHighway(p vec) float64 {
	best := math.Inf(1)
	for _, h := range b.highways {
		best = math.Min(best, apart(h.line, p))
	}
	return best
}
