package seed

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Building is a house of a compound. It is drawn as ground too: this is its
// entry in the register.
type Building struct {
	Area       int
	Compound   int    // or None
	Name       string // within its compound, as 3号楼
	Address    string
	Kind       string // residential, or mixed with shops on the ground floor
	Floors     int
	Entrances  int // 单元
	Households int
	Boundary   orb.MultiPolygon
	Point      orb.Point
}

// storeys gives how high the houses of a compound are: old slab blocks end where
// a lift would be called for.
func storeys(u use, r *random) int {
	switch u {
	case towers:
		return r.within(17, 33)
	case courts:
		return 1
	}
	return []int{4, 5, 6, 11}[r.weighted([]float64{1, 4, 6, 2})]
}

// dwell adds the next house of a compound: long is its length along the street,
// in metres.
func (b *builder) dwell(k *block, long float64, outline []vec, holes ...[]vec) {
	b.raise("residential", outline, holes...)
	r := b.homes
	k.houses++
	c := b.Compounds[k.compound]
	h := Building{
		Area: c.Area, Compound: k.compound, Name: fmt.Sprintf("%d号楼", k.houses), Kind: "residential",
		Floors: k.floors, Entrances: 1, Boundary: orb.MultiPolygon{polygon(outline, holes...)}, Point: middleOf(outline).point(),
	}
	switch k.use {
	case courts:
		h.Name, h.Households = fmt.Sprintf("%d号院", k.houses), r.within(1, 4)
	case towers:
		h.Floors += r.within(-2, 1)
		h.Entrances = r.within(1, 2)
		h.Households = h.Floors * r.within(2, 3) * 2
	default:
		h.Entrances = max(1, int(math.Round(long/17)))
		h.Households = h.Floors * h.Entrances * 2
	}
	if k.use != courts && r.chance(0.05) {
		h.Kind = "mixed"
		h.Households -= h.Households / h.Floors
	}
	h.Address = c.Address + h.Name
	b.Buildings = append(b.Buildings, h)
}

// middleOf gives the mean of a figure's corners.
func middleOf(outline []vec) vec {
	var sum vec
	for _, p := range outline {
		sum = sum.add(p)
	}
	return sum.mul(1 / float64(len(outline)))
}

// housesByCompound gives the houses of each compound, which lie behind each
// other.
func (b *builder) housesByCompound() [][]Building {
	out := make([][]Building, len(b.Compounds))
	for from, to := 0, 0; from < len(b.Buildings); from = to {
		for to < len(b.Buildings) && b.Buildings[to].Compound == b.Buildings[from].Compound {
			to++
		}
		out[b.Buildings[from].Compound] = b.Buildings[from:to]
	}
	return out
}
