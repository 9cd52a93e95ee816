package seed

import (
	"math"
	"slices"
	"strings"
)

// drawMains makes the roads between the town and the towns, and on across the
// border: they are there before the villages, which keep clear of them.
func (b *builder) drawMains() {
	r := b.random("mains")
	leaves, outs := b.townLeaves()
	used := map[int]bool{}
	border := b.mesh.outlineOf(dissolve(b.mesh.faces)[0])
	for i := range b.places {
		p := &b.places[i]
		if p.kind != seat {
			continue
		}
		best := None
		for k := range leaves {
			if !used[k] && (best == None || leaves[k].dist(p.settled.middle) < leaves[best].dist(p.settled.middle)) {
				best = k
			}
		}
		used[best] = true
		name := "示" + string([]rune(p.name)[:1]) + "线"
		from := leaves[best]
		at, out := p.settled.ends()
		in := nearest(at[:], from)
		b.main("primary", name, b.link(from, outs[best], at[in], out[in], r))
		far := (in + 2) % 4
		b.main("primary", name, b.leave(at[far], out[far], border, r))
	}
	for k, at := range leaves {
		if !used[k] {
			b.main("primary", "示"+numeral(k+1)+"路", b.leave(at, outs[k], border, r))
		}
	}
}

func (b *builder) main(class, name string, line []vec) {
	l := road{class, name, line}
	b.lines = append(b.lines, l)
	b.highways = append(b.highways, l)
}

// townLeaves gives where the primary streets end beyond the ring of villages,
// and their directions there.
func (b *builder) townLeaves() (at, out []vec) {
	put := func(u, v, du, dv float64) {
		at = append(at, b.town.at(u, v))
		out = append(out, b.town.at(u+du*0.1, v+dv*0.1).sub(b.town.at(u, v)).unit())
	}
	for _, u := range primaryNorth {
		put(float64(u), -1, 0, -1)
		put(float64(u), townRows+1, 0, 1)
	}
	for _, v := range primaryEast {
		put(-1, float64(v), -1, 0)
		put(townColumns+1, float64(v), 1, 0)
	}
	return at, out
}

// link gives a road between two ends that leaves both in their directions, a
// little winding on the way.
func (b *builder) link(a, outA, c, outC vec, r *random) []vec {
	d := a.dist(c)
	lead := math.Min(180, d/4)
	from, to := a.add(outA.mul(lead)), c.add(outC.mul(lead))
	points := []vec{a, from}
	if d > 900 {
		n := int(d/1100) + 1
		points = append(points, wind(from, to, n, 70, r)...)
	} else {
		points = append(points, to)
	}
	return relaxed(smooth(append(points, c), 30), 14)
}

// leave gives a road from an end outward, to a little beyond the border.
func (b *builder) leave(from, out vec, border []vec, r *random) []vec {
	away := from.sub(b.town.at(3.5, 2.5)).unit()
	far := from
	for holds(border, far) {
		far = far.add(away.mul(0.75).add(out.mul(0.25)).mul(200))
	}
	far = far.add(away.mul(500))
	return b.link(from, out, far, away.mul(-1), r)
}

// node is something the village roads join.
type node struct {
	at, out [4]vec
	middle  vec
	main    bool
	name    string
}

// drawCountryRoads joins the villages with each other and with the town: of all
// pairs, those with no third village nearer to both (the relative neighbours).
func (b *builder) drawCountryRoads() {
	r := b.random("country roads")
	var nodes []node
	for i := range b.places {
		p := &b.places[i]
		if p.kind == urban {
			continue
		}
		n := node{middle: p.settled.middle, main: p.kind == seat, name: p.name}
		n.at, n.out = p.settled.ends()
		nodes = append(nodes, n)
		if p.kind == suburb {
			b.joinTown(p)
		}
	}
	for i := range nodes {
		for j := range i {
			if relative(nodes, i, j) {
				b.join(&nodes[i], &nodes[j], r)
			}
		}
	}
	b.roadGround()
}

// joinTown leads a suburb's street to the ring road.
func (b *builder) joinTown(p *place) {
	u, v := float64(p.seed.u)+0.5, float64(p.seed.v)+0.5
	toU, toV := math.Min(math.Max(u, 0), townColumns), math.Min(math.Max(v, 0), townRows)
	if toU != u && toV != v {
		return
	}
	at, out := p.settled.ends()
	end := b.town.at(toU, toV)
	k := nearest(at[:], end)
	inner := b.town.at(toU+(u-toU)*0.05, toV+(v-toV)*0.05)
	b.lines = append(b.lines, road{"tertiary", p.name + "路", b.link(at[k], out[k], end, inner.sub(end).unit(), b.random(p.name))})
}

func relative(nodes []node, i, j int) bool {
	d := nodes[i].middle.dist(nodes[j].middle)
	if d > 2600 {
		return false
	}
	for k := range nodes {
		if k != i && k != j && math.Max(nodes[k].middle.dist(nodes[i].middle), nodes[k].middle.dist(nodes[j].middle)) < d {
			return false
		}
	}
	return true
}

// join builds the road between two villages, unless a lake or the station lies
// between; few cross the river.
func (b *builder) join(a, c *node, r *random) {
	ka, kc := nearest(a.at[:], c.middle), nearest(c.at[:], a.middle)
	line := b.link(a.at[ka], a.out[ka], c.at[kc], c.out[kc], r)
	for _, w := range slices.Concat(b.waters, b.closed) {
		if crosses(line, w) {
			return
		}
	}
	bridge := crosses(line, b.river) && !holds(b.river, line[0])
	if bridge && !r.chance(0.45) {
		return
	}
	class, name := "residential", ""
	if a.main || c.main || bridge || r.chance(0.4) {
		first := func(s string) string { return string([]rune(strings.TrimSuffix(s, "镇"))[:1]) }
		class, name = "tertiary", first(a.name)+first(c.name)+"路"
	}
	b.lines = append(b.lines, road{class, name, line})
}
