package seed

import (
	"math"
	"slices"
)

// settlement is the built-up part of a village or town seat: a frame turned by
// a tilt, with a main street each way through its middle.
type settlement struct {
	middle       vec
	tilt         float64
	halfW, halfH float64
}

func (s settlement) at(x, y float64) vec {
	sin, cos := math.Sincos(s.tilt)
	return s.middle.add(vec{x*cos - y*sin, x*sin + y*cos})
}

// ends gives where the main streets leave the settlement, and their directions.
func (s settlement) ends() (at, out [4]vec) {
	for i, d := range [4]vec{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		at[i] = s.at(d.x*s.halfW, d.y*s.halfH)
		out[i] = s.at(d.x*(s.halfW+1), d.y*(s.halfH+1)).sub(at[i])
	}
	return at, out
}

// settle finds the ground of each village or seat: near the middle of its land,
// clear of water and of the roads that are there.
func (b *builder) settle(seats bool) {
	r := b.random("settlements")
	if seats {
		r = b.random("seats")
	}
	for i := range b.places {
		p := &b.places[i]
		if p.kind == urban || (p.kind == seat) != seats {
			continue
		}
		p.settled = b.findGround(i, r)
	}
}

func (b *builder) findGround(i int, r *random) settlement {
	p := &b.places[i]
	s := settlement{tilt: r.near(0.05, 0.09), halfW: r.between(125, 205), halfH: r.between(110, 165)}
	switch p.kind {
	case seat:
		s.halfW, s.halfH = 2*seatBlockW+1.5*seatStreet, 2*seatBlockH+1.5*seatStreet
	case suburb:
		s.halfW, s.halfH, s.tilt = r.between(170, 230), r.between(140, 190), 0.11+r.near(0, 0.02)
	}
	radius := math.Max(s.halfW, s.halfH)
	best, least := p.seed.vec, math.Inf(1)
	from := p.seed.vec
	if p.kind == suburb {
		from = b.outward(p.seed, 0.13)
	}
	tries := [60]vec{} // all drawn, however soon the best is known: the next place draws on
	for try := range tries {
		tries[try] = from.add(polar(8*float64(try), r.between(0, 6.3)))
	}
	for try, at := range tries {
		if float64(try) >= least {
			break // none further out falls less short
		}
		short := math.Max(0, radius+70-b.onHighway(at)) + math.Max(0, radius+70-apart(b.river, at)) +
			math.Max(0, radius+30-apart(append(p.outline, p.outline[0]), at))
		for _, w := range b.streams {
			short += math.Max(0, radius+40-apart(w, at))
		}
		for _, w := range b.waters {
			short += math.Max(0, radius+60-apart(w, at))
		}
		if short += float64(try); short < least {
			best, least = at, short
		}
	}
	s.middle = best
	return s
}

// drawVillages builds the villages and the towns' seats.
func (b *builder) drawVillages() {
	r := b.random("villages")
	for i := range b.places {
		switch b.places[i].kind {
		case village, suburb:
			b.buildVillage(i, r)
		}
	}
}

// buildVillage sets courtyard houses in rows along lanes, more in the middle
// rows than in the outer ones.
func (b *builder) buildVillage(i int, r *random) {
	s := b.places[i].settled
	k := block{place: i, at: s.at}
	const pitch, deep = 27.0, 12.0
	n := int(2 * s.halfH / pitch)
	var west, east []vec
	for row := range n {
		y := -s.halfH + (float64(row)+0.5)*(2*s.halfH/float64(n))
		round := 1 - 0.28*math.Pow(math.Abs(y)/s.halfH, 3)
		left, right := -s.halfW*round*r.between(0.78, 1), s.halfW*round*r.between(0.78, 1)
		west, east = append(west, s.at(left-12, y)), append(east, s.at(right+12, y))
		b.buildRow(&k, left, -7, y-deep/2, deep, r)
		b.buildRow(&k, 7, right, y-deep/2, deep, r)
		if row%2 == 1 && row+1 < n && row != n/2-1 {
			lane := y + s.halfH/float64(n)
			b.lines = append(b.lines, road{class: "service", line: []vec{s.at(left, lane), s.at(0, lane), s.at(right, lane)}})
		}
	}
	edge := []vec{s.at(0, -s.halfH-14)}
	edge = append(edge, east...)
	edge = append(edge, s.at(0, s.halfH+14))
	for j := len(west) - 1; j >= 0; j-- {
		edge = append(edge, west[j])
	}
	b.places[i].built = edge
	b.add("land", "village", "", 11, edge)
	b.lines = append(b.lines,
		road{class: "residential", line: []vec{s.at(0, -s.halfH), s.at(0, 0), s.at(0, s.halfH)}},
		road{class: "residential", line: []vec{s.at(-s.halfW, 0), s.at(0, 0), s.at(s.halfW, 0)}})
}

// buildRow sets the houses of a row, a few courtyards sharing their walls.
func (b *builder) buildRow(k *block, from, to, y, deep float64, r *random) {
	for x := from; to-x > 14; {
		w := math.Min(14.5*float64(r.within(2, 5)), to-x)
		if r.chance(0.94) {
			b.add("building", "village", "", 15, k.rect(x, y+r.between(-1, 1), w-2.5, deep))
		}
		x += w
	}
}

// The blocks of a town's seat: four by four.
const (
	seatBlockW, seatBlockH = 132.0, 124.0
	seatStreet             = 15.0
)

// cutSeat makes the blocks and streets of a town's seat.
func (b *builder) cutSeat(i int) {
	p := &b.places[i]
	s := p.settled
	names := [3]string{"南", "中心", "北"}
	for row := range 4 {
		for c := range 4 {
			x := (float64(c)-2)*(seatBlockW+seatStreet) + seatStreet/2
			y := (float64(row)-2)*(seatBlockH+seatStreet) + seatStreet/2
			k := block{place: i, compound: None, w: seatBlockW, h: seatBlockH,
				at: func(dx, dy float64) vec { return s.at(x+dx, y+dy) }}
			if row > 0 {
				k.street = p.name + names[row-1] + "路"
			}
			// Where its land is narrow, a seat has fewer blocks.
			if !slices.ContainsFunc(k.outline(0), func(at vec) bool { return !holds(p.outline, at) }) {
				b.blocks = append(b.blocks, k)
			}
		}
	}
	w, h := 2*(seatBlockW+seatStreet), 2*(seatBlockH+seatStreet)
	p.built = []vec{s.at(-w, -h), s.at(w, -h), s.at(w, h), s.at(-w, h)}
	for k := -2.0; k <= 2; k++ {
		class, name := "tertiary", ""
		if k == 0 {
			class, name = "secondary", p.name+"大街"
		} else if k == -2 || k == 2 {
			class = "residential"
		}
		x, y := k*(seatBlockW+seatStreet), k*(seatBlockH+seatStreet)
		b.lines = append(b.lines, road{class, name, []vec{s.at(x, -h), s.at(x, 0), s.at(x, h)}})
		if k > -2 && k < 2 {
			name = p.name + names[int(k)+1] + "路"
		}
		b.lines = append(b.lines, road{class, name, []vec{s.at(-w, y), s.at(0, y), s.at(w, y)}})
	}
}
