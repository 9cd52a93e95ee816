package seed

// outward gives the middle of a cell of the ring around the town, moved away
// from the town by a share of the cell.
func (b *builder) outward(s seedPoint, share float64) vec {
	u, v := float64(s.u)+0.5, float64(s.v)+0.5
	switch {
	case s.u < 0:
		u -= share
	case s.u >= townColumns:
		u += share
	}
	switch {
	case s.v < 0:
		v -= share
	case s.v >= townRows:
		v += share
	}
	return b.town.at(u, v)
}

// Outskirts stand in a strip along the outside of the ring road, on both sides
// of the street that leads to the village behind: yards, markets, workshops.
const (
	outskirtNear = 0.035 // from the ring road's middle, in cells
	outskirtFar  = 0.235
)

// cutOutskirts makes the blocks outside the ring road.
func (b *builder) cutOutskirts(r *random) {
	for i := range b.places {
		p := &b.places[i]
		s := p.seed
		if p.kind != suburb || !r.chance(0.75) {
			continue
		}
		for _, half := range [2][2]float64{{0.07, 0.47}, {0.53, 0.93}} {
			if !r.chance(0.8) {
				continue
			}
			low, high := half[0], half[1]-r.between(0, 0.12)
			u, v := float64(s.u), float64(s.v)
			switch {
			case s.v < 0 && s.u >= 0 && s.u < townColumns:
				b.outskirt(i, u+low, -outskirtFar, u+high, -outskirtNear)
			case s.v >= townRows && s.u >= 0 && s.u < townColumns:
				b.outskirt(i, u+low, v+outskirtNear, u+high, v+outskirtFar)
			case s.u < 0 && s.v >= 0 && s.v < townRows:
				b.outskirt(i, -outskirtFar, v+low, -outskirtNear, v+high)
			case s.u >= townColumns && s.v >= 0 && s.v < townRows:
				b.outskirt(i, u+outskirtNear, v+low, u+outskirtFar, v+high)
			}
		}
	}
}

// outskirt adds a block unless the river runs through it.
func (b *builder) outskirt(i int, u0, v0, u1, v1 float64) {
	k := b.townBlock(i, u0, v0, u1, v1)
	if apart(b.river, k.at(k.w/2, k.h/2)) > 260 {
		b.blocks = append(b.blocks, k)
	}
}
