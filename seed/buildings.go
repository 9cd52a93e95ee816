package seed

import "math"

// raise adds a building.
func (b *builder) raise(class string, outline []vec, holes ...[]vec) {
	b.add("building", class, "", 14, append([][]vec{outline}, holes...))
}

// straight gives the outline of a figure of the block's frame, its sides
// straight.
func (k *block) straight(points ...vec) []vec {
	out := make([]vec, len(points))
	for i, p := range points {
		out[i] = k.at(p.x, p.y)
	}
	return out
}

func (k *block) rect(x, y, w, h float64) []vec {
	return k.straight(vec{x, y}, vec{x + w, y}, vec{x + w, y + h}, vec{x, y + h})
}

// buildSlabs sets rows of slab blocks, facing south, an even number in a row so
// that the way in runs between them; shops stand along the street.
func (b *builder) buildSlabs(k *block, r *random) {
	front := 18.0
	if k.street != "" && r.chance(0.7) {
		b.buildFront(k, r)
		k.front = 12
		front += k.front
	}
	const side, gap = 16.0, 15.0
	depth := r.between(11.5, 14)
	n := 2 * max(1, int(math.Round((k.w-2*side)/125)))
	long := (k.w - 2*side - gap*float64(n-1)) / float64(n)
	rows := max(1, int((k.h-front-side-depth)/r.between(30, 40))+1)
	pitch := 0.0
	if rows > 1 {
		pitch = (k.h - front - side - depth) / float64(rows-1)
	}
	garden := -1
	if rows > 3 {
		garden = r.within(1, rows-2)
	}
	for row := range rows {
		for i := range n {
			x, y := side+float64(i)*(long+gap), front+float64(row)*pitch
			if row == garden && (i == n/2-1 || i == n/2) {
				b.add("green", "garden", "", 15, k.rect(x+2, y-pitch/4, long-4, depth+pitch/2))
				continue
			}
			cut := r.between(0, 0.12) * long
			b.dwell(k, long-cut, k.rect(x+cut/2, y+r.between(-1.5, 1.5), long-cut, depth))
		}
	}
}

// buildFront sets low shops along the southern street, apart at the gate.
func (b *builder) buildFront(k *block, r *random) {
	for _, half := range [2][2]float64{{6, k.w/2 - 9}, {k.w/2 + 9, k.w - 6}} {
		for x := half[0]; x+14 < half[1]; {
			w := math.Min(r.between(22, 48), half[1]-x)
			b.raise("commercial", k.rect(x, 3, w, 11))
			x += w + 3
		}
	}
}

// buildTowers sets point blocks in staggered rows around a garden.
func (b *builder) buildTowers(k *block, r *random) {
	columns, rows := max(2, int((k.w-20)/62)), max(2, int((k.h-24)/66))
	dx, dy := (k.w-20)/float64(columns), (k.h-20)/float64(rows)
	w, h := r.between(26, 31), r.between(18, 22)
	for row := range rows {
		for c := range columns {
			x, y := 10+(float64(c)+0.5)*dx, 10+(float64(row)+0.5)*dy
			if row%2 == 1 {
				x += dx * 0.22
			} else {
				x -= dx * 0.22
			}
			if columns > 2 && rows > 2 && row == rows/2 && c > 0 && c < columns-1 {
				b.add("green", "garden", "", 15, k.rect(x-dx*0.42, y-dy*0.38, dx*0.84, dy*0.76))
				continue
			}
			b.dwell(k, w, k.tower(x, y, w, h))
		}
	}
}

// tower gives a butterfly-shaped plan around a middle: a bar with a core to the
// north and bays to the south.
func (k *block) tower(x, y, w, h float64) []vec {
	a, c := w/2, h/2
	return k.straight(
		vec{x - a, y - c}, vec{x - a*0.35, y - c}, vec{x - a*0.35, y - c*0.55}, vec{x + a*0.35, y - c*0.55}, vec{x + a*0.35, y - c}, vec{x + a, y - c},
		vec{x + a, y + c*0.6}, vec{x + a*0.45, y + c*0.6}, vec{x + a*0.45, y + c}, vec{x - a*0.45, y + c}, vec{x - a*0.45, y + c*0.6}, vec{x - a, y + c*0.6})
}

// buildCourts sets courtyard houses wall to wall, in rows on either side of the
// way in.
func (b *builder) buildCourts(k *block, r *random) {
	y := 4.0
	for y+19 < k.h-3 {
		deep := math.Min(r.between(20, 27), k.h-3-y)
		for _, half := range [2][2]float64{{4, k.w/2 - 3}, {k.w/2 + 3, k.w - 4}} {
			for x := half[0]; half[1]-x > 12; {
				w := r.between(17, 25)
				if half[1]-x-w < 14 {
					w = half[1] - x
				}
				if !r.chance(0.06) {
					b.buildCourt(k, x, y, w-1.2, deep-1.5, r)
				}
				x += w
			}
		}
		y += deep
		if r.chance(0.45) {
			y += 4 // a lane
		}
	}
}

// buildCourt sets one house around its yard: closed, or open to the south.
func (b *builder) buildCourt(k *block, x, y, w, h float64, r *random) {
	t := r.between(4.6, 6)
	if r.chance(0.35) {
		b.dwell(k, w, k.straight(vec{x, y}, vec{x + t, y}, vec{x + t, y + h - t}, vec{x + w - t, y + h - t},
			vec{x + w - t, y}, vec{x + w, y}, vec{x + w, y + h}, vec{x, y + h}))
		return
	}
	yard := k.straight(vec{x + t, y + t}, vec{x + t, y + h - t}, vec{x + w - t, y + h - t}, vec{x + w - t, y + t})
	b.dwell(k, w, k.rect(x, y, w, h), yard)
}

// buildSchool sets teaching buildings like a comb and a running track.
func (b *builder) buildSchool(k *block, r *random) {
	p := b.places[k.place]
	b.add("land", "school", b.once(p.name+pick(r, []string{"小学", "中学", "实验小学"})), 13, k.outline(0))
	tw, th := math.Min(86, k.w*0.42), math.Min(168, k.h-44)
	b.add("green", "pitch", "", 14, k.track(k.w-18-tw/2, k.h/2, tw, th))
	b.add("green", "field", "", 15, k.track(k.w-18-tw/2, k.h/2, tw-18, th-18))
	w := k.w - tw - 60
	rows := max(2, int((k.h-50)/46))
	for i := range rows {
		b.raise("school", k.rect(20, 24+float64(i)*46, w, 14))
	}
	b.raise("school", k.rect(20, 24+14, 11, float64(rows-1)*46-14))
	b.lines = append(b.lines, road{class: "service", line: []vec{k.at(k.w*0.4, 0), k.at(k.w*0.4, 14), k.at(12, 14), k.at(12, k.h-14)}})
}

// track gives an oval of two straights and two half circles, upright.
func (k *block) track(x, y, w, h float64) []vec {
	var out []vec
	radius := w / 2
	straight := math.Max(0, h/2-radius)
	for i := range 24 {
		a := 2 * math.Pi * (float64(i) + 0.5) / 24
		sin, cos := math.Sincos(a)
		end := straight
		if sin < 0 {
			end = -straight
		}
		out = append(out, k.at(x+radius*cos, y+end+radius*sin))
	}
	return out
}

// buildShops sets a department store with a light court, and smaller houses.
func (b *builder) buildShops(k *block, r *random) {
	w, h := k.w*r.between(0.5, 0.62), k.h*r.between(0.5, 0.6)
	x, y := 14.0, 16.0
	b.raise("commercial", k.straight(vec{x, y}, vec{x + w*0.8, y}, vec{x + w, y + h*0.25}, vec{x + w, y + h}, vec{x, y + h}),
		k.straight(vec{x + w*0.35, y + h*0.35}, vec{x + w*0.35, y + h*0.65}, vec{x + w*0.65, y + h*0.65}, vec{x + w*0.65, y + h*0.35}))
	b.raise("commercial", k.rect(x, y+h+20, w*0.45, math.Max(12, k.h-y-h-34)))
	b.raise("commercial", k.rect(x+w*0.55, y+h+20, w*0.45, math.Max(12, k.h-y-h-34)))
	for i := range 3 {
		b.raise("commercial", k.rect(x+w+22, y+float64(i)*(k.h-30)/3, math.Max(14, k.w-x-w-36), (k.h-30)/3-14))
	}
	b.add("green", "square", "", 14, k.rect(x+w*0.84, 6, k.w*0.12, y+h*0.16))
}

// buildOffices sets a main house with wings around a square.
func (b *builder) buildOffices(k *block) {
	w, h := k.w*0.62, k.h*0.4
	x, y := k.w*0.19, k.h*0.5
	t := 17.0
	b.raise("civic", k.straight(vec{x, y}, vec{x + t, y}, vec{x + t, y + h - t - 5}, vec{x + w - t, y + h - t - 5}, vec{x + w - t, y}, vec{x + w, y}, vec{x + w, y + h - 5}, vec{x, y + h - 5}))
	b.raise("civic", k.rect(k.w*0.08, k.h*0.12, 18, k.h*0.26))
	b.raise("civic", k.rect(k.w*0.92-18, k.h*0.12, 18, k.h*0.26))
	b.add("green", "square", "", 14, k.rect(k.w*0.25, k.h*0.1, k.w*0.5, k.h*0.3))
	b.lines = append(b.lines, road{class: "service", line: []vec{k.at(k.w/2, 0), k.at(k.w/2, k.h*0.46)}})
}

// buildHospital sets wards in parallel, joined by a corridor.
func (b *builder) buildHospital(k *block, r *random) {
	n := 3
	pitch := (k.h - 50) / float64(n)
	for i := range n {
		b.raise("hospital", k.rect(26, 26+float64(i)*pitch, k.w-70, r.between(16, 20)))
	}
	b.raise("hospital", k.rect(k.w/2-9, 44, 10, pitch*float64(n-1)-16))
	b.raise("hospital", k.rect(k.w-36, 30, 20, k.h*0.3))
	b.add("green", "garden", "", 15, k.rect(40, 26+pitch*2-18, k.w/2-60, 12))
	b.lines = append(b.lines, road{class: "service", line: []vec{k.at(k.w-42, 0), k.at(k.w-42, k.h-14)}})
}

// buildWorks sets halls in rows with a yard between.
func (b *builder) buildWorks(k *block, r *random) {
	rows := max(1, int(k.h/r.between(95, 170)))
	dy := (k.h - 20) / float64(rows)
	for row := range rows {
		columns := max(1, int(k.w/r.between(80, 190)))
		dx := (k.w - 20) / float64(columns)
		for c := range columns {
			if r.chance(0.12) {
				continue
			}
			w, h := dx*r.between(0.68, 0.84), dy*r.between(0.6, 0.8)
			b.raise("industrial", k.rect(10+float64(c)*dx+(dx-w)/2, 10+float64(row)*dy+(dy-h)/2, w, h))
		}
	}
	for row := 1; row < rows; row++ {
		y := 10 + float64(row)*dy
		b.lines = append(b.lines, road{class: "service", line: []vec{k.at(0, y), k.at(k.w/2, y), k.at(k.w, y)}})
	}
}

// layPark makes a park with a pond and winding paths.
func (b *builder) layPark(k *block, r *random) {
	b.add("green", "park", b.once(b.places[k.place].name+"公园"), 11, k.outline(2))
	middle := vec{k.w * r.between(0.4, 0.6), k.h * r.between(0.42, 0.58)}
	size := math.Min(k.w, k.h)
	pond := blob(r, middle, size*r.between(0.16, 0.22), 0.35, 18)
	path := blob(r, middle, size*0.33, 0.14, 20)
	if k.great {
		pond, path = blob(r, middle, size*0.27, 0.4, 22), blob(r, middle, size*0.41, 0.08, 26)
	}
	for _, shape := range [2][]vec{pond, path} {
		for i, p := range shape {
			shape[i] = k.at(p.x, p.y)
		}
	}
	b.add("water", "pond", "", 13, smoothRing(pond))
	loop := smoothRing(path)
	b.lines = append(b.lines, road{class: "service", line: append(loop, loop[0])})
	for _, gate := range []vec{{k.w / 2, 0}, {0, k.h / 2}, {k.w, k.h * 0.4}} {
		at := k.at(gate.x, gate.y)
		b.lines = append(b.lines, road{class: "service", line: []vec{at, loop[nearest(loop, at)]}})
	}
	b.raise("civic", k.rect(k.w*0.12, k.h*0.12, 16, 10))
}
