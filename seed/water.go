package seed

import "math"

// drawWater makes the reservoir in the north-west, the river that leaves it,
// runs through the town along a lattice line and on to the south-east, its
// tributaries, and lakes.
func (b *builder) drawWater() {
	r := b.random("water")
	b.drawReservoir(r)
	b.drawRiver(r)
	b.drawTributaries(r)
	b.drawLakes(r)
}

func (b *builder) add(kind, class, name string, minZoom int, shape any) {
	f := Feature{Kind: kind, Class: class, Name: name, MinZoom: minZoom}
	switch s := shape.(type) {
	case []vec:
		f.Shape = polygon(s)
	case [][]vec:
		f.Shape = polygon(s[0], s[1:]...)
	case road:
		f.Shape = lineString(s.line)
	}
	b.Ground = append(b.Ground, f)
}

// drawReservoir makes a reservoir as they lie behind a dam: a straight dam in
// the south-east, arms up the side valleys.
func (b *builder) drawReservoir(r *random) {
	shore := make([]vec, 0, 96)
	phase := r.between(0, 6.3)
	for i := range 96 {
		a := 2 * math.Pi * float64(i) / 96
		arms := math.Pow(math.Max(0, math.Sin(2.5*a+0.7)), 3)*0.62 + 0.08*math.Sin(7*a+phase) + 0.04*math.Sin(13*a)
		p := polar(700*(1+arms), a)
		// The dam: nothing lies beyond a line square to the valley.
		down := vec{0.86, -0.5}
		if over := p.dot(down) - 560; over > 0 {
			p = p.sub(down.mul(over))
		}
		shore = append(shore, reservoirMiddle.add(p))
	}
	b.waters = append(b.waters, shore)
	b.add("water", "reservoir", reservoirName, 8, shore)
}

// riverHalf is half the river's width at a share of its length.
func riverHalf(share float64) float64 { return 20 + 18*math.Sqrt(share) }

func (b *builder) drawRiver(r *random) {
	dam := reservoirMiddle.add(vec{0.86, -0.5}.mul(555))
	points := []vec{dam, dam.add(vec{450, -420})}
	entry := b.town.at(-1, riverRow)
	points = append(points, wind(points[1], entry, 5, 190, r)...)
	for u := -0.75; u <= townColumns+1; u += 0.25 {
		points = append(points, b.town.at(u, riverRow))
	}
	last := points[len(points)-1]
	points = append(points, wind(last, vec{14200, -4200}, 8, 260, r)...)
	b.river = relaxed(smooth(points, 35), 60)
	b.add("water", "river", riverName, 8, ribbon(b.river, riverHalf))
}

// wind gives points between two ends that sway from side to side, as a river in
// a plain does; the last end is included.
func wind(from, to vec, bends int, sway float64, r *random) []vec {
	var out []vec
	side := 1.0
	for i := 1; i < bends; i++ {
		k := (float64(i) + r.between(-0.18, 0.18)) / float64(bends)
		out = append(out, from.mix(to, k).add(to.sub(from).unit().left().mul(side*sway*r.between(0.5, 1.1))))
		side = -side
	}
	return append(out, to)
}

// drawTributaries makes the brooks that reach the river outside the town.
func (b *builder) drawTributaries(r *random) {
	brooks := []struct {
		name string
		from vec
		into float64 // share of the river's length
		half float64
	}{
		{brookNames[0], vec{-12600, -600}, 0.115, 9},
		{brookNames[1], vec{7300, 9300}, 0.69, 13},
		{brookNames[2], vec{12600, 1900}, 0.80, 9},
		{brookNames[3], vec{-3600, -9800}, 0.64, 11},
	}
	for _, t := range brooks {
		mouth, _ := along(b.river, length(b.river)*t.into)
		line := append([]vec{t.from}, wind(t.from, mouth, int(t.from.dist(mouth)/900)+2, 170, r)...)
		line = b.aroundTown(line)
		line = relaxed(smooth(line, 45), 25)
		b.streams = append(b.streams, line)
		b.add("water", "stream", t.name, 11, ribbon(line, func(share float64) float64 { return t.half * (0.45 + 0.55*share) }))
	}
}

// aroundTown pushes the points of a line out of the built-up town, save the
// last one.
func (b *builder) aroundTown(line []vec) []vec {
	middle := b.town.at(townColumns/2.0, townRows/2.0)
	for i := range line[:len(line)-1] {
		d := line[i].sub(middle)
		k := math.Max(math.Abs(d.x)/(cellMeters*4.9), math.Abs(d.y)/(cellMeters*3.9))
		if k < 1 {
			line[i] = middle.add(d.mul(1 / k))
		}
	}
	return line
}

// drawLakes makes two lakes in the lower land.
func (b *builder) drawLakes(r *random) {
	for _, l := range []struct {
		name   string
		middle vec
		radius float64
	}{{lakeNames[0], vec{7900, -3300}, 430}, {lakeNames[1], vec{-5200, -5400}, 330}} {
		shore := smoothRing(blob(r, l.middle, l.radius, 0.35, 22))
		b.waters = append(b.waters, shore)
		b.add("water", "lake", l.name, 10, shore)
	}
}

// drawPonds makes village ponds, clear of roads and houses.
func (b *builder) drawPonds() {
	r := b.random("ponds")
	for i := range b.places {
		p := &b.places[i]
		if p.kind != village || !r.chance(0.6) {
			continue
		}
		radius := r.between(28, 60)
		at := p.settled.middle.add(polar(r.between(330, 420), r.between(0, 6.3)))
		if b.inWater(at, 200) || holds(p.built, at) || b.onRoad(at, radius+20) {
			continue
		}
		b.add("water", "pond", "", 14, smoothRing(blob(r, at, radius, 0.3, 12)))
	}
}

// onRoad says whether a road runs nearer to a point than a margin.
func (b *builder) onRoad(p vec, margin float64) bool {
	for _, l := range b.lines {
		if l.line[0].dist(p) < 4000 || l.line[len(l.line)-1].dist(p) < 4000 || len(l.line) > 100 {
			if apart(l.line, p) < margin {
				return true
			}
		}
	}
	return false
}

// smoothRing rounds a ring off.
func smoothRing(points []vec) []vec {
	closed := append(append([]vec{points[len(points)-1]}, points...), points[0], points[1])
	curve := smooth(closed, 25)
	// Keep the part from the first point round to it again.
	var out []vec
	started := false
	for _, p := range curve {
		if p == points[0] && started {
			break
		}
		if p.dist(points[0]) < 1e-6 {
			if started {
				break
			}
			started = true
		}
		if started {
			out = append(out, p)
		}
	}
	return out
}

// inWater says whether a point lies in a lake or in the river, or nearer to one
// than a margin.
func (b *builder) inWater(p vec, margin float64) bool {
	for _, w := range b.waters {
		if holds(w, p) || margin > 0 && apart(w, p) < margin {
			return true
		}
	}
	return apart(b.river, p) < riverHalf(1)+margin
}
