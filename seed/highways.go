package seed

import "math"

// drawHighways makes what crosses the district without regard to it: the
// expressway in the east, the trunk road in the north, the railway in the south.
func (b *builder) drawHighways() {
	express := smooth([]vec{{2600, 10800}, {3900, 7200}, {5150, 3800}, {5500, 800}, {5200, -2600}, {5900, -6000}, {6900, -10200}}, 60)
	b.highways = []road{
		{"motorway", expresswayRef, shifted(express, 9)},
		{"motorway", expresswayRef, shifted(express, -9)},
		{"trunk", trunkName, smooth([]vec{{-13200, 5900}, {-9000, 5450}, {-5000, 4350}, {-1500, 4250}, {2000, 4900}, {5000, 5200}, {8600, 4300}, {13200, 4700}}, 60)},
		{"rail", railwayName, smooth([]vec{{-13500, -3900}, {-8500, -3750}, {-4000, -3900}, {0, -3780}, {4200, -3150}, {8800, -2050}, {13500, -1300}}, 70)},
	}
	b.lines = append(b.lines, b.highways...)
}

// drawJunctions makes the ramps where a main road crosses the expressway, and
// the station where one crosses the railway; the villages keep clear of both.
func (b *builder) drawJunctions() {
	express, rail := b.highways[0].line, b.highways[3].line
	station := false
	for _, h := range b.highways[2:] {
		if h.class == "rail" {
			continue
		}
		if at, ok := crossing(h.line, express); ok {
			b.ramps(at, heading(express, at.onOther), heading(h.line, at.on))
		}
		if at, ok := crossing(h.line, rail); ok && !station && at.vec.y < b.town.at(3.5, 0).y && math.Abs(at.vec.x) < 2500 {
			station = true
			b.station(at, rail)
		}
	}
}

// cross is where two lines meet: the place, and the vertex of each before it.
type cross struct {
	vec
	on, onOther int
}

func crossing(line, other []vec) (cross, bool) {
	for i := 1; i < len(line); i++ {
		for j := 1; j < len(other); j++ {
			if at, ok := meets(line[i-1], line[i], other[j-1], other[j]); ok {
				return cross{at, i - 1, j - 1}, true
			}
		}
	}
	return cross{}, false
}

// ramps makes the four quarters of a diamond junction.
func (b *builder) ramps(at cross, along, over vec) {
	for _, q := range [4][2]float64{{1, 1}, {1, -1}, {-1, 1}, {-1, -1}} {
		far := at.add(along.mul(q[0] * 420)).add(along.left().mul(q[1] * sideOf(along, over) * 16))
		near := at.add(over.mul(q[1] * 150))
		bend := at.add(along.mul(q[0] * 120)).add(over.mul(q[1] * 110))
		b.lines = append(b.lines, road{"tertiary", "", smooth([]vec{far, far.mix(bend, 0.55).add(over.mul(q[1] * 12)), bend, near}, 25)})
	}
	keep := road{"", "", []vec{at.sub(along.mul(420)), at.add(along.mul(420))}}
	b.highways = append(b.highways, keep, road{"", "", []vec{at.sub(over.mul(260)), at.add(over.mul(260))}})
}

// sideOf is 1 where over points to the left of along, else -1.
func sideOf(along, over vec) float64 {
	if along.cross(over) > 0 {
		return 1
	}
	return -1
}

// station makes the railway station west of a crossing: hall, forecourt, two
// sidings and the street to it.
func (b *builder) station(at cross, rail []vec) {
	ahead := heading(rail, at.onOther)
	middle := at.sub(ahead.mul(430))
	k := block{compound: None, w: 300, h: 150, at: func(x, y float64) vec {
		return middle.add(ahead.mul(x - 150)).add(ahead.left().mul(y + 12))
	}}
	yard := k.rect(-40, -40, 380, 190)
	b.closed = append(b.closed, yard)
	b.add("land", "station", "示范站", 12, yard)
	b.raise("civic", k.rect(85, 18, 130, 30))
	b.raise("civic", k.rect(40, 24, 36, 16))
	b.raise("civic", k.rect(224, 24, 36, 16))
	b.add("green", "square", "站前广场", 14, k.rect(70, 58, 160, 62))
	part := rail[max(0, at.onOther-13):at.onOther]
	for _, off := range []float64{-9, 9} {
		siding := shifted(part, off)
		siding[0], siding[len(siding)-1] = part[0], part[len(part)-1]
		b.lines = append(b.lines, road{"rail", "", siding})
	}
	b.lines = append(b.lines, road{"secondary", "站前路", []vec{k.at(40, 134), k.at(300, 134), k.at(430+150, 134)}})
	b.highways = append(b.highways, road{"", "", []vec{k.at(0, 75), k.at(300, 75)}})
}

// onHighway says how near a point is to a road or railway that no house stands
// beside.
func (b *builder) onHighway(p vec) float64 {
	best := math.Inf(1)
	for _, h := range b.highways {
		best = math.Min(best, apart(h.line, p))
	}
	return best
}
