package seed

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// place is a community in the plane: what the later steps build on.
type place struct {
	area    int // index into Areas
	street  int // index into Areas
	seed    seedPoint
	outline []vec
	kind    placeKind
	name    string     // without 社区 or 村
	settled settlement // of a village or town seat
	built   []vec      // outline of the built-up part of one
}

type placeKind int

const (
	urban   placeKind = iota // a cell of the town
	suburb                   // a village in the ring around the town
	seat                     // where a town's government sits
	village                  //
)

// townRadius is the share of the outline's reach at which the five towns' seats
// lie, each a fifth of the way round.
const townRadius = 0.66

// reservoirMiddle lies up the river, in the north-west.
var reservoirMiddle = vec{-7100, 3700}

func (b *builder) drawAreas() {
	b.names = map[string]int{}
	b.town = newTown(b.random("town"))
	r := b.random("areas")
	border := newOutline(r)
	seeds, kept := b.sow(border, r)
	b.mesh = newMesh(b.town, seeds, kept, r)
	streets, seats := b.allot(border)
	b.nameAreas(streets, seats)
}

// sow gives the seeds of the communities: the lattice's cells, then villages
// spread evenly within the outline; behind `kept`, more seeds outside it that
// only bound the outer faces.
func (b *builder) sow(border outline, r *random) (seeds []seedPoint, kept int) {
	for v := -1; v <= townRows; v++ {
		for u := -1; u <= townColumns; u++ {
			p := b.town.at(float64(u)+0.5, float64(v)+0.5)
			seeds = append(seeds, seedPoint{vec: p, lattice: true, u: u, v: v})
		}
	}
	for _, p := range seatMiddles(border) {
		seeds = append(seeds, seedPoint{vec: p, room: 230})
	}
	inside := func(p vec) bool {
		return border.depth(p) > 250 && p.dist(reservoirMiddle) > 1000
	}
	outside := func(p vec) bool { d := border.depth(p); return d < -350 && d > -2200 }
	seeds = scatter(seeds, villageCount-len(townNames), inside, r)
	kept = len(seeds)
	return scatter(seeds, 110, outside, r), kept
}

// scatter adds points one by one, each the one of many tries that lies farthest
// from all others: evenly spread, without rows.
func scatter(seeds []seedPoint, n int, allowed func(vec) bool, r *random) []seedPoint {
	for range n {
		var best vec
		most := -1.0
		for range 60 {
			p := vec{r.between(-1.35, 1.35) * spanEast, r.between(-1.35, 1.35) * spanNorth}
			if !allowed(p) {
				continue
			}
			near := math.Inf(1)
			for _, s := range seeds {
				near = math.Min(near, s.dist(p)-s.room)
			}
			if near > most {
				best, most = p, near
			}
		}
		if most < 0 {
			panic("seed: no room for a seed")
		}
		seeds = append(seeds, seedPoint{vec: best})
	}
	return seeds
}

// urbanStreet says which street a cell of the town belongs to: the river parts
// north from south.
func urbanStreet(u, v int) int {
	u, v = min(max(u, 0), townColumns-1), min(max(v, 0), townRows-1)
	switch {
	case v >= riverRow && u >= 2 && u <= 4:
		return 0
	case v >= riverRow && u < 2:
		return 1
	case v >= riverRow:
		return 2
	case u <= 3:
		return 3
	}
	return 4
}

// allot gives each face its street (0 to 4 of the town, 5 to 9 the towns) and
// the faces of the towns' seats.
func (b *builder) allot(border outline) (streets, seats []int) {
	middles := seatMiddles(border)
	streets = make([]int, len(b.mesh.seeds))
	for i, s := range b.mesh.seeds {
		if s.lattice {
			streets[i] = urbanStreet(s.u, s.v)
			continue
		}
		streets[i] = len(streetNames) + nearest(middles, s.vec)
		// The town's streets reach a little into the country.
		for _, l := range b.mesh.seeds {
			if l.lattice && l.dist(s.vec) < 1150 {
				streets[i] = urbanStreet(l.u, l.v)
				break
			}
		}
	}
	b.mesh.connect(streets)
	seats = make([]int, len(middles))
	for k, m := range middles {
		best := math.Inf(1)
		for i, s := range b.mesh.seeds {
			if d := s.dist(m); streets[i] == len(streetNames)+k && d < best {
				seats[k], best = i, d
			}
		}
	}
	return streets, seats
}

// seatMiddles gives where the five towns' seats are.
func seatMiddles(border outline) []vec {
	middles := make([]vec, len(townNames))
	for i := range middles {
		a := 2*math.Pi*float64(i)/float64(len(middles)) + 0.95
		middles[i] = polar(border.reach(a)*townRadius, a)
	}
	return middles
}

func nearest(points []vec, p vec) int {
	best := 0
	for i, q := range points {
		if q.dist(p) < points[best].dist(p) {
			best = i
		}
	}
	return best
}

// neighbours gives the faces that share a border with each face.
func (m *mesh) neighbours() [][]int {
	owner := map[[2]int]int{}
	for i, f := range m.faces {
		for k, a := range f {
			owner[[2]int{a, f[(k+1)%len(f)]}] = i
		}
	}
	out := make([][]int, len(m.faces))
	for i, f := range m.faces {
		for k, a := range f {
			if j, ok := owner[[2]int{f[(k+1)%len(f)], a}]; ok && !slices.Contains(out[i], j) {
				out[i] = append(out[i], j)
			}
		}
	}
	return out
}

// connect moves faces that lie apart from the main part of their street to the
// street of a neighbour, until every street is in one piece.
func (m *mesh) connect(streets []int) {
	beside := m.neighbours()
	for changed := true; changed; {
		changed = false
		largest := map[int][]int{}
		part := make([]int, len(streets))
		for i := range part {
			if part[i] != 0 {
				continue
			}
			group := []int{i}
			part[i] = i + 1
			for k := 0; k < len(group); k++ {
				for _, j := range beside[group[k]] {
					if part[j] == 0 && streets[j] == streets[i] {
						part[j] = i + 1
						group = append(group, j)
					}
				}
			}
			if len(group) > len(largest[streets[i]]) {
				largest[streets[i]] = group
			}
		}
		for i := range streets {
			if slices.Contains(largest[streets[i]], i) {
				continue
			}
			for _, j := range beside[i] {
				if streets[j] != streets[i] && slices.Contains(largest[streets[j]], j) {
					streets[i], changed = streets[j], true
					break
				}
			}
		}
	}
}

// nameAreas makes the tree: the district, its ten streets and towns, the
// communities in each, and the grids of the urban ones.
func (b *builder) nameAreas(streets, seats []int) {
	r := b.random("area names")
	whole := b.mesh.union(b.mesh.faces)
	b.Areas = []Area{{Parent: None, Level: "district", Code: districtCode, Name: districtName, Boundary: whole, Center: b.town.at(3.5, 2.5).point()}}
	b.Bounds = whole.Bound()
	titles := slices.Concat(streetNames, townNames)
	for k, title := range titles {
		var faces [][]int
		for i, f := range b.mesh.faces {
			if streets[i] == k {
				faces = append(faces, f)
			}
		}
		number := k + 1
		if k >= len(streetNames) {
			number = 100 + k - len(streetNames)
		}
		b.Areas = append(b.Areas, Area{Parent: 0, Level: "street", Code: fmt.Sprintf("%s%03d", districtCode, number), Name: title, Boundary: b.mesh.union(faces)})
	}
	b.places = make([]place, len(b.mesh.faces))
	urbanNext := 0
	for k := range titles {
		serial := 0
		for i := range b.mesh.faces {
			if streets[i] != k {
				continue
			}
			serial++
			b.addCommunity(i, k+1, serial, slices.Contains(seats, i), &urbanNext, r)
		}
		b.centreStreet(k+1, seats)
	}
	b.index = newLocator(b.places, b.Areas)
	for i := range b.places {
		if b.places[i].kind == urban {
			b.addGrids(&b.places[i], r)
		}
	}
}

func (b *builder) addCommunity(i, street, serial int, isSeat bool, urbanNext *int, r *random) {
	s := b.mesh.seeds[i]
	p := place{street: street, seed: s, outline: b.mesh.outlineOf(b.mesh.faces[i]), kind: village}
	kindCode := 200
	title := "村"
	switch {
	case s.lattice && s.u >= 0 && s.u < townColumns && s.v >= 0 && s.v < townRows:
		p.kind, p.name, title, kindCode = urban, urbanNames[*urbanNext], "社区", 0
		b.names[p.name]++
		*urbanNext++
	case isSeat:
		town := []rune(b.Areas[street].Name)
		p.kind, p.name, title, kindCode = seat, string(town[:len(town)-1]), "社区", 0
	default:
		if s.lattice {
			p.kind = suburb
		}
		p.name = b.villageName(r)
	}
	p.area = len(b.Areas)
	a := Area{
		Parent: street, Level: "community",
		Code: fmt.Sprintf("%s%03d", b.Areas[street].Code, kindCode+serial),
		Name: p.name + title, Boundary: b.mesh.union([][]int{b.mesh.faces[i]}), Center: s.vec.point(),
		Minimum: map[placeKind]int{urban: 2, seat: 1}[p.kind],
	}
	if title == "村" {
		a.Aliases = []string{p.name}
	} else {
		a.Aliases = []string{p.name + "居委会"}
	}
	b.Areas = append(b.Areas, a)
	b.places[i] = p
}

// centreStreet puts the label of a street or town: on its seat, or in the
// middle of its urban communities.
func (b *builder) centreStreet(street int, seats []int) {
	var sum vec
	n := 0.0
	for i := range b.places {
		p := &b.places[i]
		if p.street != street || p.area == 0 {
			continue
		}
		if street > len(streetNames) && !slices.Contains(seats, i) || street <= len(streetNames) && p.kind != urban {
			continue
		}
		sum, n = sum.add(p.seed.vec), n+1
	}
	b.Areas[street].Center = sum.mul(1 / n).point()
}

// gridCuts are the ways an urban community is cut into grids, in twelfths:
// u0, v0, u1, v1 of each.
var gridCuts = [][][4]int{
	{{0, 0, 6, 12}, {6, 0, 12, 12}},
	{{0, 0, 12, 6}, {0, 6, 12, 12}},
	{{0, 0, 4, 12}, {4, 0, 8, 12}, {8, 0, 12, 12}},
	{{0, 0, 6, 6}, {6, 0, 12, 6}, {0, 6, 6, 12}, {6, 6, 12, 12}},
}

func (b *builder) addGrids(p *place, r *random) {
	parent := b.Areas[p.area]
	for k, g := range gridCuts[r.weighted([]float64{2, 2, 3, 4})] {
		u, v := p.seed.u*twelfths, p.seed.v*twelfths
		ring := b.mesh.rectangle(u+g[0], v+g[1], u+g[2], v+g[3])
		b.Areas = append(b.Areas, Area{
			Parent: p.area, Level: "grid",
			Code: fmt.Sprintf("%s%03d", parent.Code, k+1), Name: fmt.Sprintf("%s第%s网格", p.name, numeral(k+1)),
			Boundary: b.mesh.union([][]int{ring}),
			Center:   b.town.at(float64(2*u+g[0]+g[2])/2/twelfths, float64(2*v+g[1]+g[3])/2/twelfths).point(),
		})
	}
}

// rectangle gives the vertices around a lattice rectangle, in twelfths.
func (m *mesh) rectangle(u0, v0, u1, v1 int) []int {
	var ring []int
	for u := u0; u < u1; u++ {
		ring = append(ring, m.latticePoint(u, v0))
	}
	for v := v0; v < v1; v++ {
		ring = append(ring, m.latticePoint(u1, v))
	}
	for u := u1; u > u0; u-- {
		ring = append(ring, m.latticePoint(u, v1))
	}
	for v := v1; v > v0; v-- {
		ring = append(ring, m.latticePoint(u0, v))
	}
	return ring
}

// union gives the geometry of a union of faces.
func (m *mesh) union(faces [][]int) orb.MultiPolygon {
	var outers orb.MultiPolygon
	var holes []orb.Ring
	for _, r := range dissolve(faces) {
		points := m.outlineOf(r)
		if signedArea(points) > 0 {
			outers = append(outers, orb.Polygon{ring(points)})
		} else {
			holes = append(holes, ring(points))
		}
	}
	for _, h := range holes {
		// A street in one piece has one outer ring: every hole is in it.
		outers[0] = append(outers[0], h)
	}
	return outers
}
