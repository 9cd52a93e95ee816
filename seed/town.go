package seed

// use is what a block of the town is for.
type use int

const (
	slabs    use = iota // a compound of slab blocks (板楼)
	towers              // a compound of point blocks (塔楼)
	courts              // old courtyard houses, a compound by name only
	school              //
	park                //
	shops               // a market or department store
	offices             //
	works               // industry
	hospital            //
)

// block is a piece of ground between streets. Its own frame has metres along
// the street to its south (x) and away from it (y).
type block struct {
	place    int // index into places
	use      use
	compound int // index into Compounds, or None
	w, h     float64
	at       func(x, y float64) vec
	front    float64 // how deep the shops along the southern street are
	great    bool    // one of the town's two great parks
	floors   int     // of a compound's houses
	houses   int     // of the compound, so far
	street   string  // to its south, as far as it has a name
}

// outline gives the block's border, inset by a margin.
func (k *block) outline(margin float64) []vec {
	return k.box(margin, margin, k.w-2*margin, k.h-2*margin)
}

// box gives a rectangle of the block's frame, its sides bent as the block's.
func (k *block) box(x, y, w, h float64) []vec {
	var out []vec
	corners := [5]vec{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}
	for i, c := range corners[:4] {
		n := int(c.dist(corners[i+1])/90) + 1
		for j := range n {
			p := c.mix(corners[i+1], float64(j)/float64(n))
			out = append(out, k.at(p.x, p.y))
		}
	}
	return out
}

// townBlock gives the block of a lattice rectangle.
func (b *builder) townBlock(i int, u0, v0, u1, v1 float64) block {
	t := b.town
	return block{
		place: i, compound: None, w: (u1 - u0) * cellMeters, h: (v1 - v0) * cellMeters,
		at: func(x, y float64) vec { return t.at(u0+x/cellMeters, v0+y/cellMeters) },
	}
}

// gate is an entrance of a compound: on its border, looking out to the street.
type gate struct {
	compound int
	at, out  vec
	street   string
}

// Widths of the streets between house fronts, in cells.
const (
	trunkWidth     = 44 / cellMeters
	primaryWidth   = 38 / cellMeters
	secondaryWidth = 28 / cellMeters
	tertiaryWidth  = 19 / cellMeters
	laneWidth      = 11 / cellMeters
	riverReserve   = 104 / cellMeters // from the river's middle to the block behind the riverside street
	riversideAt    = 88 / cellMeters  // the middle of that street
)

// cut is a street across a cell, at a share of it.
type cut struct {
	at, width float64
	through   bool // it runs on through the whole town
}

// drawTown cuts the town's cells into blocks and gives each a use.
func (b *builder) drawTown() {
	r := b.random("blocks")
	columns, rows := make([]float64, townColumns), make([]float64, townRows)
	for i := range columns {
		columns[i] = r.between(0.31, 0.39)
	}
	for i := range rows {
		rows[i] = r.between(0.31, 0.39)
	}
	b.through = [2][]float64{columns, rows}
	for i := range b.places {
		if b.places[i].kind == urban {
			b.cutCell(i, r)
		} else if b.places[i].kind == seat {
			b.cutSeat(i)
		}
	}
	b.cutOutskirts(r)
	b.buildUp()
}

// isOld says whether a cell belongs to the old town; isWorks, to the industry
// in the south-east.
func isOld(u, v int) bool   { return v == 3 && (u == 3 || u == 2) || v == 2 && u == 3 }
func isWorks(u, v int) bool { return v == 0 && u >= 5 || v == 1 && u == 6 }

// isGreat says whether a cell holds one of the two great parks, which take all
// but its first row and column of blocks.
func isGreat(u, v int) bool { return u == 1 && v == 3 || u == 5 && v == 4 }

// edgeWidth gives the width of the street on a lattice line.
func edgeWidth(line, last int, primary []int) float64 {
	if line == 0 || line == last {
		return trunkWidth
	}
	for _, p := range primary {
		if p == line {
			return primaryWidth
		}
	}
	return secondaryWidth
}

// Lattice lines that are primary streets.
var (
	primaryNorth = []int{2, 4} // running north, by column line
	primaryEast  = []int{1, 3} // running east, by row line
)

// cellSpan gives the part of a cell between the streets along it, on one axis.
func cellSpan(k, last int, primary []int, river bool) (low, high float64) {
	low = float64(k) + edgeWidth(k, last, primary)/2
	high = float64(k+1) - edgeWidth(k+1, last, primary)/2
	if river && k == riverRow {
		low = float64(k) + riverReserve
	}
	if river && k+1 == riverRow {
		high = float64(k+1) - riverReserve
	}
	return low, high
}

// cutCell makes the blocks of one cell, and its lanes.
func (b *builder) cutCell(i int, r *random) {
	u, v := b.places[i].seed.u, b.places[i].seed.v
	across := cellCuts(b.through[0][u], isOld(u, v), isWorks(u, v), r)
	up := cellCuts(b.through[1][v], isOld(u, v), isWorks(u, v), r)
	lowU, highU := cellSpan(u, townColumns, primaryNorth, false)
	lowV, highV := cellSpan(v, townRows, primaryEast, true)
	us, vs := spans(lowU, highU, float64(u), across), spans(lowV, highV, float64(v), up)

	// Two neighbours across a lane may be one block, and the lane ends there.
	joinRow, joinAt := -1, -1
	if len(us) == 3 && !isGreat(u, v) && r.chance(0.55) {
		joinRow, joinAt = r.IntN(len(vs)), 1
	}
	for row := range vs {
		for col := range us {
			east := us[col][1]
			north := vs[row][1]
			switch {
			case isGreat(u, v) && row == 1 && col == 1:
				east, north = us[2][1], vs[2][1]
			case isGreat(u, v) && row > 0 && col > 0, row == joinRow && col == joinAt+1:
				continue
			case row == joinRow && col == joinAt:
				east = us[col+1][1]
			}
			k := b.townBlock(i, us[col][0], vs[row][0], east, north)
			k.great = isGreat(u, v) && row == 1 && col == 1
			if row > 0 && up[row-1].through {
				k.street = lanesEast[v]
			} else if row == 0 {
				k.street = eastName(v)
			}
			b.blocks = append(b.blocks, k)
		}
	}
	b.cutLanes(i, across, up, len(vs), joinRow, joinAt)
}

// cellCuts gives the streets that cut a cell on one axis: a through street and,
// where blocks would be large, lanes.
func cellCuts(through float64, old, industry bool, r *random) []cut {
	first := cut{through, tertiaryWidth, true}
	switch {
	case industry:
		return []cut{first}
	case old:
		return []cut{{through * r.between(0.46, 0.54), laneWidth, false}, first, {r.between(0.55, 0.6), laneWidth, false}, {r.between(0.77, 0.82), laneWidth, false}}
	}
	return []cut{first, {r.between(0.64, 0.7), laneWidth, false}}
}

func spans(low, high, base float64, cuts []cut) [][2]float64 {
	var out [][2]float64
	for _, c := range cuts {
		out = append(out, [2]float64{low, base + c.at - c.width/2})
		low = base + c.at + c.width/2
	}
	return append(out, [2]float64{low, high})
}

// cutLanes adds the cell's own lanes as roads; through streets are drawn with
// the town's.
func (b *builder) cutLanes(i int, across, up []cut, rows, joinRow, joinAt int) {
	s := b.places[i].seed
	for c, lane := range across {
		if lane.through {
			continue
		}
		u := float64(s.u) + lane.at
		for row := range rows {
			if row == joinRow && c == joinAt || isGreat(s.u, s.v) && row > 0 {
				continue
			}
			b.lines = append(b.lines, road{class: "residential", line: b.town.street(u, laneStart(s.v, up, row), u, laneEnd(s.v, up, row))})
		}
	}
	for _, lane := range up {
		if !lane.through {
			v, end := float64(s.v)+lane.at, float64(s.u+1)
			if isGreat(s.u, s.v) {
				end = float64(s.u) + across[0].at
			}
			b.lines = append(b.lines, road{class: "residential", line: b.town.street(float64(s.u), v, end, v)})
		}
	}
}

// laneStart gives where a lane beside a row of blocks begins: in the middle of
// the street to its south.
func laneStart(v int, up []cut, row int) float64 {
	switch {
	case row > 0:
		return float64(v) + up[row-1].at
	case v == riverRow:
		return float64(v) + riversideAt
	}
	return float64(v)
}

// laneEnd gives where it ends: in the middle of the street to its north.
func laneEnd(v int, up []cut, row int) float64 {
	switch {
	case row < len(up):
		return float64(v) + up[row].at
	case v+1 == riverRow:
		return float64(v+1) - riversideAt
	}
	return float64(v + 1)
}

// eastName gives the name of the street to the south of a row of cells.
func eastName(v int) string {
	if v == riverRow {
		return "滨澜北路"
	}
	return roadsEast[v]
}
