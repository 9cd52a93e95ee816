package seed

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

// drawStreets makes the town's streets along the lattice: the ring road, the
// main streets, the second streets, and those along the river.
func (b *builder) drawStreets() {
	const cols, rows = townColumns, townRows
	put := func(class, name string, line []vec) { b.lines = append(b.lines, road{class, name, line}) }
	for i, side := range b.ringRoad() {
		put("trunk", ringNames[i], side)
	}
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

// ringRoad gives the four sides of the loop around the town, from south on
// counter-clockwise; the corners are rounded and belong to a side by half.
func (b *builder) ringRoad() [4][]vec {
	const c = 0.09
	const cols, rows = float64(townColumns), float64(townRows)
	corners := [4]vec{{0, 0}, {cols, 0}, {cols, rows}, {0, rows}}
	var sides [4][]vec
	for i, from := range corners {
		to := corners[(i+1)%4]
		ahead := to.sub(from).unit()
		before, after := from.sub(corners[(i+3)%4]).unit(), corners[(i+2)%4].sub(to).unit()
		start, end := from.add(ahead.mul(c)), to.sub(ahead.mul(c))
		line := b.bend(from.sub(before.mul(c)), from, start, 0.5, 1)
		line = append(line, b.town.street(start.x, start.y, end.x, end.y)...)
		sides[i] = append(line, b.bend(end, to, to.add(after.mul(c)), 0, 0.5)...)
	}
	return sides
}

// bend gives a part of the curve that rounds off a corner of the lattice.
func (b *builder) bend(from, corner, to vec, low, high float64) []vec {
	var out []vec
	for i := range 7 {
		t := low + (high-low)*float64(i)/6
		p := from.mix(corner, t).mix(corner.mix(to, t), t)
		out = append(out, b.town.at(p.x, p.y))
	}
	return out
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
