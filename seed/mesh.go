package seed

import (
	"math"
	"slices"
)

// mesh is a tiling of the plane: faces share their vertices, so that
// neighbours have exactly the same border and a union of faces is exact.
type mesh struct {
	town     town
	points   []vec
	faces    [][]int        // counter-clockwise rings of indices into points
	seeds    []seedPoint    // what each face grew around
	lattice  map[[2]int]int // vertex at a lattice coordinate, in twelfths of a cell
	vertices map[[3]int]int // vertex where three seeds' faces meet
	corner   map[int][2]int // lattice coordinate, in cells, of a vertex that has one
	edges    map[[2]int][]int
}

// seedPoint is the middle of a face. A lattice seed is a cell of the town or of
// the ring around it.
type seedPoint struct {
	vec
	lattice bool
	u, v    int     // column and row of a lattice seed
	room    float64 // how much farther others keep away, in metres
}

// twelfths is how finely streets that are borders are drawn; grids are cut at
// whole twelfths, so their corners are vertices of the mesh.
const twelfths = 12

// newMesh builds the Voronoi tiling of the seeds and keeps the faces of the
// first `kept` ones. Lattice faces get the lattice's corners instead of the
// Voronoi ones, rural borders are roughened.
func newMesh(t town, seeds []seedPoint, kept int, r *random) *mesh {
	m := &mesh{
		town: t, seeds: seeds[:kept],
		lattice: map[[2]int]int{}, vertices: map[[3]int]int{}, corner: map[int][2]int{}, edges: map[[2]int][]int{},
	}
	rings := make([][]int, kept)
	for i := range rings {
		rings[i] = m.voronoi(seeds, i)
	}
	merged := m.mergeShort(rings, 130)
	m.faces = make([][]int, kept)
	for i, corners := range rings {
		corners = dedupe(corners, merged)
		for k, a := range corners {
			m.faces[i] = append(m.faces[i], a)
			m.faces[i] = append(m.faces[i], m.between(a, corners[(k+1)%len(corners)], r)...)
		}
	}
	return m
}

// clipEdge is a corner of a face in the making, with the seed on the other side
// of the edge that leaves it.
type clipEdge struct {
	from  vec
	other int
}

// voronoi gives the corners of one face, by cutting a square along the middle
// line to each seed, nearest first.
func (m *mesh) voronoi(seeds []seedPoint, i int) []int {
	order := make([]int, 0, len(seeds)-1)
	for j := range seeds {
		if j != i {
			order = append(order, j)
		}
	}
	here := seeds[i].vec
	slices.SortFunc(order, func(a, c int) int {
		if da, dc := here.dist(seeds[a].vec), here.dist(seeds[c].vec); da < dc {
			return -1
		} else if da > dc {
			return 1
		}
		return a - c
	})
	const far = 6000
	face := []clipEdge{
		{here.add(vec{-far, -far}), -1}, {here.add(vec{far, -far}), -2},
		{here.add(vec{far, far}), -3}, {here.add(vec{-far, far}), -4},
	}
	for _, j := range order {
		if reach(face, here) < here.dist(seeds[j].vec)/2 {
			break
		}
		face = clipFace(face, here, seeds[j].vec, j)
	}
	ring := make([]int, len(face))
	for k, e := range face {
		before := face[(k+len(face)-1)%len(face)].other
		ring[k] = m.vertex(seeds, i, before, e.other)
	}
	return ring
}

func reach(face []clipEdge, from vec) float64 {
	best := 0.0
	for _, e := range face {
		best = math.Max(best, e.from.dist(from))
	}
	return best
}

// clipFace keeps the part of a face nearer to a than to b.
func clipFace(face []clipEdge, a, b vec, other int) []clipEdge {
	middle, normal := a.mix(b, 0.5), b.sub(a)
	side := func(p vec) float64 { return p.sub(middle).dot(normal) }
	out := make([]clipEdge, 0, len(face)+1)
	for k, e := range face {
		next := face[(k+1)%len(face)].from
		s0, s1 := side(e.from), side(next)
		if s0 <= 0 {
			out = append(out, e)
		}
		if (s0 <= 0) != (s1 <= 0) {
			p := e.from.mix(next, s0/(s0-s1))
			if s0 <= 0 {
				out = append(out, clipEdge{p, other})
			} else {
				out = append(out, clipEdge{p, e.other})
			}
		}
	}
	return out
}

// vertex gives the vertex where three faces meet: a corner of the lattice where
// all three are cells around it, else the point equally far from the seeds.
func (m *mesh) vertex(seeds []seedPoint, a, b, c int) int {
	key := [3]int{a, b, c}
	slices.Sort(key[:])
	if at, ok := m.vertices[key]; ok {
		return at
	}
	at := m.place(seeds, key)
	m.vertices[key] = at
	return at
}

func (m *mesh) place(seeds []seedPoint, key [3]int) int {
	if key[0] < 0 {
		panic("seed: a face reaches past the outer seeds")
	}
	p, q, s := seeds[key[0]], seeds[key[1]], seeds[key[2]]
	if p.lattice && q.lattice && s.lattice {
		low := [2]int{min(p.u, q.u, s.u), min(p.v, q.v, s.v)}
		high := [2]int{max(p.u, q.u, s.u), max(p.v, q.v, s.v)}
		if high[0]-low[0] <= 1 && high[1]-low[1] <= 1 {
			at := m.latticePoint(high[0]*twelfths, high[1]*twelfths)
			m.corner[at] = high
			return at
		}
	}
	m.points = append(m.points, circumcenter(p.vec, q.vec, s.vec))
	return len(m.points) - 1
}

// latticePoint gives the vertex at a lattice coordinate in twelfths of a cell.
func (m *mesh) latticePoint(u, v int) int {
	key := [2]int{u, v}
	at, ok := m.lattice[key]
	if !ok {
		at = len(m.points)
		m.points = append(m.points, m.town.at(float64(u)/twelfths, float64(v)/twelfths))
		m.lattice[key] = at
	}
	return at
}

func circumcenter(a, b, c vec) vec {
	b, c = b.sub(a), c.sub(a)
	d := 2 * b.cross(c)
	bb, cc := b.dot(b), c.dot(c)
	return a.add(vec{(c.y*bb - b.y*cc) / d, (b.x*cc - c.x*bb) / d})
}

// mergeShort joins the ends of edges shorter than a length, so that no border
// is a stub; it gives what each vertex has become.
func (m *mesh) mergeShort(rings [][]int, meters float64) []int {
	merged := make([]int, len(m.points))
	for i := range merged {
		merged[i] = i
	}
	root := func(a int) int {
		for merged[a] != a {
			a = merged[a]
		}
		return a
	}
	for _, ring := range rings {
		for k, a := range ring {
			a, b := root(a), root(ring[(k+1)%len(ring)])
			if a == b || m.points[a].dist(m.points[b]) > meters {
				continue
			}
			_, fixedA := m.corner[a]
			if _, fixedB := m.corner[b]; fixedB && fixedA {
				continue
			} else if fixedB {
				a, b = b, a
			} else if !fixedA {
				m.points[a] = m.points[a].mix(m.points[b], 0.5)
			}
			merged[b] = a
		}
	}
	for i := range merged {
		merged[i] = root(i)
	}
	return merged
}

func dedupe(ring, merged []int) []int {
	var out []int
	for _, a := range ring {
		if a = merged[a]; len(out) == 0 || out[len(out)-1] != a {
			out = append(out, a)
		}
	}
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// between gives the vertices between two corners, the same from both sides.
func (m *mesh) between(a, b int, r *random) []int {
	key := [2]int{min(a, b), max(a, b)}
	line, ok := m.edges[key]
	if !ok {
		line = m.newEdge(key[0], key[1], r)
		m.edges[key] = line
	}
	if a == key[0] {
		return line
	}
	back := slices.Clone(line)
	slices.Reverse(back)
	return back
}

func (m *mesh) newEdge(a, b int, r *random) []int {
	ca, onA := m.corner[a]
	cb, onB := m.corner[b]
	du, dv := cb[0]-ca[0], cb[1]-ca[1]
	if onA && onB && du*du+dv*dv == 1 {
		line := make([]int, 0, twelfths-1)
		for k := 1; k < twelfths; k++ {
			line = append(line, m.latticePoint(ca[0]*twelfths+du*k, ca[1]*twelfths+dv*k))
		}
		return line
	}
	return m.roughen(m.points[a], m.points[b], r)
}

// roughen moves the middle of a border sideways, and the middles of its halves,
// as borders along fields and ditches run.
func (m *mesh) roughen(a, b vec, r *random) []int {
	l := a.dist(b)
	if l < 140 {
		return nil
	}
	middle := a.mix(b, r.between(0.42, 0.58)).add(b.sub(a).left().mul(r.between(-0.1, 0.1)))
	line := m.roughen(a, middle, r)
	m.points = append(m.points, middle)
	line = append(line, len(m.points)-1)
	return append(line, m.roughen(middle, b, r)...)
}

// outlineOf gives the vertices of a face's ring.
func (m *mesh) outlineOf(face []int) []vec {
	out := make([]vec, len(face))
	for i, a := range face {
		out[i] = m.points[a]
	}
	return out
}

// dissolve gives the rings around a union of faces: outer rings run
// counter-clockwise, holes clockwise.
func dissolve(faces [][]int) [][]int {
	type side = [2]int
	sides := map[side]bool{}
	for _, f := range faces {
		for k, a := range f {
			sides[side{a, f[(k+1)%len(f)]}] = true
		}
	}
	next := map[int]int{}
	var starts []int
	for _, f := range faces {
		for k, a := range f {
			if b := f[(k+1)%len(f)]; !sides[side{b, a}] {
				next[a] = b
				starts = append(starts, a)
			}
		}
	}
	var rings [][]int
	done := map[int]bool{}
	for _, s := range starts {
		if done[s] {
			continue
		}
		var ring []int
		for a := s; !done[a]; a = next[a] {
			done[a] = true
			ring = append(ring, a)
		}
		rings = append(rings, ring)
	}
	return rings
}
