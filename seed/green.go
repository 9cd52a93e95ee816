package seed

import (
	"math"
	"slices"
)

// drawGreen makes the ground between the houses: the town's footprint, fields
// and orchards, woods round the reservoir and the lakes, banks along the river.
func (b *builder) drawGreen() {
	r := b.random("green")
	b.Ground = append(b.Ground, Feature{Kind: "land", Class: "country", MinZoom: 5, Shape: b.Areas[0].Boundary[0]})
	b.add("land", "urban", "", 7, b.town.quad(-0.02, -0.02, townColumns+0.02, townRows+0.02))
	for i := range b.places {
		if p := &b.places[i]; p.kind == seat {
			b.add("land", "urban", "", 9, p.built)
			b.plough(i, r)
		} else if p.kind != urban {
			b.plough(i, r)
		}
	}
	b.drawPonds()
	b.plantBanks(r)
	b.plantWoods(r)
}

// sortGround puts the ground into the order it is painted in.
func (b *builder) sortGround() {
	kinds := []string{"land", "green", "water", "building", "rail", "road"}
	classes := []string{
		"country", "farmland", "meadow", "orchard", "greenhouse", "urban", "village", // land, then the rest of it
		"wood", "riverside", // green, then the rest of it
		"service", "residential", "tertiary", "secondary", "primary", "trunk", "motorway",
	}
	rank := func(f Feature) int {
		at := slices.Index(classes, f.Class)
		if at < 0 {
			at = len(classes)
		}
		return slices.Index(kinds, f.Kind)*(len(classes)+1) + at
	}
	slices.SortStableFunc(b.Ground, func(a, c Feature) int { return rank(a) - rank(c) })
}

// plantBanks makes the parks on both banks within the town.
func (b *builder) plantBanks(r *random) {
	for u := range townColumns {
		low, high := float64(u)+0.03, float64(u)+0.97
		for _, side := range [2]float64{-1, 1} {
			near, far := riverRow+side*0.02, riverRow+side*(riversideAt-11/cellMeters)
			ring := b.town.quad(low, math.Min(near, far), high, math.Max(near, far))
			b.add("green", "riverside", "", 11, ring)
		}
	}
	b.add("green", "riverside", "滨澜绿道", 12, b.bank(0, 0.30, 70, r))
	b.add("green", "riverside", "", 12, b.bank(0.64, 0.84, 75, r))
}

// bank gives a strip along a part of the river, wider than it by uneven margins.
func (b *builder) bank(from, to, margin float64, r *random) []vec {
	n := len(b.river)
	part := b.river[int(from*float64(n)):int(to*float64(n))]
	phase := r.between(0, 6.3)
	return ribbon(part, func(share float64) float64 {
		return riverHalf(from+(to-from)*share) + margin*(0.65+0.35*math.Sin(share*24+phase))*math.Sin(math.Pi*share)
	})
}

// plantWoods makes woods on the slopes round the reservoir, belts by the lakes.
func (b *builder) plantWoods(r *random) {
	border := b.mesh.outlineOf(dissolve(b.mesh.faces)[0])
	b.plantWood("望湖林场", 9, reservoirMiddle.add(vec{-200, 100}), 1900, border, r)
	for range 14 {
		at := reservoirMiddle.add(polar(r.between(1500, 3000), r.between(1.2, 4.6)))
		b.plantWood("", 11, at, r.between(240, 520), border, r)
	}
	for _, w := range b.waters[1:] {
		var sum vec
		for _, p := range w {
			sum = sum.add(p)
		}
		middle := sum.mul(1 / float64(len(w)))
		ring := make([]vec, len(w))
		for i, p := range w {
			ring[i] = p.add(p.sub(middle).unit().mul(80 + 40*math.Sin(2*math.Pi*3*float64(i)/float64(len(w)))))
		}
		b.add("green", "park", "", 11, ring)
	}
}

// plantWood makes a wood that keeps clear of villages and within the border.
func (b *builder) plantWood(name string, zoom int, middle vec, radius float64, border []vec, r *random) {
	edge := blob(r, middle, radius, 0.3, 40)
	for i, p := range edge {
		way, reach := p.sub(middle).unit(), p.dist(middle)
		for _, s := range b.places {
			if s.kind == urban {
				continue
			}
			to := s.settled.middle.sub(middle)
			if to.len() < 300 {
				return
			}
			if along := to.dot(way); along > 0 && math.Abs(to.cross(way)) < 290 {
				reach = math.Min(reach, math.Max(90, along-280))
			}
		}
		for reach > 60 && !holds(border, middle.add(way.mul(reach+60))) {
			reach -= 30
		}
		edge[i] = middle.add(way.mul(reach))
	}
	if edge = smoothRing(edge); holds(border, middle) && simple(edge) {
		b.add("green", "wood", name, zoom, edge)
	}
}

// plough cuts a village's land into fields: strips square to its tilt, each cut
// across, some left as they are.
func (b *builder) plough(i int, r *random) {
	p := &b.places[i]
	frame := p.settled
	land := p.outline
	middle := p.seed.vec
	sin, cos := math.Sincos(frame.tilt)
	east, north := vec{cos, sin}, vec{-sin, cos}
	x := -1500 + r.between(0, 200)
	for x < 1500 {
		w := r.between(190, 320)
		strip := clip(clip(land, middle.add(east.mul(x+5)), east), middle.add(east.mul(x+w-5)), east.mul(-1))
		x += w
		if len(strip) < 3 {
			continue
		}
		y := -1500 + r.between(0, 200)
		for y < 1500 {
			h := r.between(130, 290)
			field := clip(clip(strip, middle.add(north.mul(y+4)), north), middle.add(north.mul(y+h-4)), north.mul(-1))
			y += h
			if len(field) < 3 || signedArea(field) < 9000 || !simple(field) || b.wet(field) {
				continue
			}
			class := []string{"farmland", "meadow", "orchard", "greenhouse"}[r.weighted([]float64{0.64, 0.2, 0.11, 0.05})]
			b.add("land", class, "", 12, field)
		}
	}
}

// wet says whether a field would lie in a lake.
func (b *builder) wet(field []vec) bool {
	for _, w := range b.waters {
		for _, p := range field {
			if holds(w, p) {
				return true
			}
		}
	}
	return false
}

// clip keeps the part of a ring on the side of a line that its normal points to.
func clip(ring []vec, at, normal vec) []vec {
	var out []vec
	for i, a := range ring {
		c := ring[(i+1)%len(ring)]
		sa, sc := a.sub(at).dot(normal), c.sub(at).dot(normal)
		if sa >= 0 {
			out = append(out, a)
		}
		if (sa >= 0) != (sc >= 0) {
			out = append(out, a.mix(c, sa/(sa-sc)))
		}
	}
	return out
}
