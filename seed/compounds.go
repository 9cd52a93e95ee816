package seed

import (
	"fmt"

	"github.com/paulmach/orb"
)

// addCompound makes the compound of a block: its place, its buildings, its
// gates and the way in.
func (b *builder) addCompound(k *block, r *random) {
	p := b.places[k.place]
	name := b.compoundName(k, p, r)
	k.compound, k.floors = len(b.Compounds), storeys(k.use, b.homes)
	border := k.outline(3)
	street := k.street
	if street == "" {
		street = p.name + "街"
	}
	b.Compounds = append(b.Compounds, Compound{
		Area: p.area, Name: name, Property: None,
		Address:  fmt.Sprintf("%s%s%d号", b.Areas[p.street].Name, street, r.within(1, 180)),
		Boundary: orb.MultiPolygon{polygon(border)},
		Point:    k.at(k.w/2, k.h/2).point(),
	})
	b.add("land", "residential", "", 13, k.outline(0))
	switch k.use {
	case slabs:
		b.buildSlabs(k, r)
	case towers:
		b.buildTowers(k, r)
	case courts:
		b.buildCourts(k, r)
	}
	b.addGates(k, r)
}

func (b *builder) compoundName(k *block, p place, r *random) string {
	switch {
	case k.use == courts:
		return b.once(p.name + pick(r, []string{"老街坊", "前街院", "后街院", "南院", "北院"}))
	case k.use == towers:
		return b.once(pick(r, compoundFirst) + pick(r, compoundNew))
	case r.chance(0.14):
		return b.once(pick(r, worksNames) + "宿舍")
	}
	return b.once(pick(r, compoundFirst) + pick(r, compoundOld))
}

// addGates puts the main gate on the south side and mostly a second one on
// another side, and lays the ways inside.
func (b *builder) addGates(k *block, r *random) {
	middle := k.w / 2
	b.gate(k, middle, 0, middle, -10)
	switch r.IntN(4) {
	case 0:
		b.gate(k, middle, k.h, middle, k.h+10)
	case 1:
		b.gate(k, 0, k.h/2, -10, k.h/2)
	case 2:
		b.gate(k, k.w, k.h/2, k.w+10, k.h/2)
	}
	b.lines = append(b.lines, road{class: "service", line: []vec{k.at(middle, 0), k.at(middle, k.h/2), k.at(middle, k.h-9)}})
	if k.use != courts {
		b.lines = append(b.lines, road{class: "service", line: []vec{
			k.at(middle, 7+k.front), k.at(7, 7+k.front), k.at(7, k.h-9), k.at(middle, k.h-9), k.at(k.w-7, k.h-9), k.at(k.w-7, 7+k.front), k.at(middle, 7+k.front),
		}})
	}
}

func (b *builder) gate(k *block, x, y, outX, outY float64) {
	at := k.at(x, y)
	b.gates = append(b.gates, gate{compound: k.compound, at: at, out: k.at(outX, outY).sub(at).unit(), street: k.street})
}
