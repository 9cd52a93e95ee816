package seed

// useBlocks decides what each block of the town is for, cell by cell: every
// community has its compounds, most a school, a park and shops.
func (b *builder) useBlocks(r *random) {
	byPlace := map[int][]int{}
	for i, k := range b.blocks {
		byPlace[k.place] = append(byPlace[k.place], i)
	}
	hospitals := 0
	for i, p := range b.places {
		ids := byPlace[i]
		if len(ids) == 0 {
			continue
		}
		order := r.Perm(len(ids))
		for n, o := range order {
			k := &b.blocks[ids[o]]
			if k.great {
				k.use = park
				continue
			}
			if p.kind == suburb {
				k.use = []use{works, works, shops, offices}[r.IntN(4)]
				continue
			}
			k.use = homes(p, r)
			if n < 4 {
				if special := specialUse(p, n, r); special != slabs {
					k.use = special
				}
			}
			if k.use == hospital {
				if hospitals++; hospitals > 5 {
					k.use = offices
				}
			}
		}
	}
}

// homes picks the kind of housing: courtyards in the old town, towers mostly in
// the newer north-east.
func homes(p place, r *random) use {
	u, v := p.seed.u, p.seed.v
	switch {
	case p.kind == urban && isWorks(u, v):
		if r.chance(0.2) {
			return slabs
		}
		return works
	case p.kind == urban && isOld(u, v):
		if r.chance(0.75) {
			return courts
		}
		return slabs
	case p.kind == urban && u >= 4 && v >= 2 && r.chance(0.65), p.kind == urban && r.chance(0.28):
		return towers
	}
	return slabs
}

// specialUse gives the use of the n-th block picked in a community, slabs where
// it stays what it is.
func specialUse(p place, n int, r *random) use {
	if p.kind == seat {
		return []use{offices, school, shops, hospital}[n]
	}
	if isWorks(p.seed.u, p.seed.v) {
		return []use{slabs, park, slabs, slabs}[n]
	}
	chance := []float64{0.7, 0.5, 0.4, 0.35}[n]
	if !r.chance(chance) {
		return slabs
	}
	return []use{school, park, shops, pick(r, []use{offices, offices, hospital})}[n]
}

// buildUp gives each block its land, its compound where people live, and its
// buildings.
func (b *builder) buildUp() {
	r := b.random("buildings")
	b.homes = b.random("homes")
	b.useBlocks(r)
	for i := range b.blocks {
		k := &b.blocks[i]
		switch k.use {
		case slabs, towers, courts:
			b.addCompound(k, r)
		case school:
			b.buildSchool(k, r)
		case park:
			b.layPark(k, r)
		case shops:
			b.add("land", "commercial", "", 13, k.outline(0))
			b.buildShops(k, r)
		case offices:
			b.add("land", "civic", "", 13, k.outline(0))
			b.buildOffices(k)
		case works:
			b.add("land", "industrial", "", 12, k.outline(0))
			b.buildWorks(k, r)
		case hospital:
			b.add("land", "hospital", "", 13, k.outline(0))
			b.buildHospital(k, r)
		}
	}
}
