package seed

import (
	"fmt"
	"strconv"
)

// facilityKind says how many of a kind there are and where: a mean for an urban
// community (or town seat) and for a village, and where they stand.
type facilityKind struct {
	kind, title    string
	urban, village float64
	where          spot
}

type spot int

const (
	atOffice spot = iota // by the community office
	inside               // in a compound or among the houses
	gateside             // by a compound's gate or on the main street
	roadside             // along a street
)

// The kinds, with the mean numbers in each urban community and each village at
// scale 1: about 3,000 in all.
var facilityKinds = []facilityKind{
	{"community_office", "居委会", 1, 1, atOffice},
	{"party_centre", "党群服务中心", 1, 0.35, atOffice},
	{"clinic", "卫生室", 1.2, 0.85, roadside},
	{"fire_post", "微型消防站", 1.4, 0.5, gateside},
	{"hydrant", "消火栓", 11, 0.5, roadside},
	{"aed", "AED", 3.2, 0.45, gateside},
	{"shelter", "应急避难场所", 0.8, 0.35, inside},
	{"supply_point", "应急物资点", 0.7, 0.22, atOffice},
	{"charging_shed", "电动自行车充电棚", 9, 0.35, inside},
	{"parcel_locker", "快件箱", 7.5, 0.5, gateside},
	{"drinking_water", "直饮水机", 3.6, 0.4, inside},
	{"vending", "自助售卖机", 3.4, 0.1, gateside},
	{"elderly_service", "养老服务站", 0.9, 0.3, inside},
}

func (b *builder) addFacilities() {
	r := b.random("facilities")
	b.addOffices(r)
	for i := range b.places {
		p := &b.places[i]
		for _, f := range facilityKinds {
			mean := f.village
			if p.kind == urban || p.kind == seat {
				mean = f.urban
			}
			if f.kind != "community_office" {
				mean *= b.options.Scale
			}
			for n := range r.round(mean) {
				b.addFacility(i, n, f, b.blocksAt[i], r)
			}
		}
	}
	for _, k := range b.blocks {
		b.addBlockFacility(k, r)
	}
}

// addOffices puts the few that a street has: its service hall and its police
// station.
func (b *builder) addOffices(r *random) {
	for i, a := range b.Areas {
		if a.Level != "street" {
			continue
		}
		for _, f := range [2][2]string{{"service_hall", "便民服务大厅"}, {"police_station", "派出所"}} {
			at := b.officeOf(i, r)
			at = at.add(polar(r.between(15, 40), r.between(0, 6.3)))
			b.facility(b.index.at(at), None, f[0], shortName(a.Name)+f[1], "", at, nil)
		}
	}
}

// shortName gives an area's name without what it is.
func shortName(name string) string {
	r := []rune(name)
	return string(r[:len(r)-len([]rune(trimTitle(name)))])
}

func (b *builder) facility(place, compound int, kind, name, address string, at vec, attributes map[string]string) {
	if place == None {
		return
	}
	b.Facilities = append(b.Facilities, Facility{
		Area: b.places[place].area, Compound: compound, Kind: kind, Name: name, Address: address,
		Point: at.point(), Attributes: attributes,
	})
}

func (b *builder) blocksByPlace() map[int][]block {
	out := map[int][]block{}
	for _, k := range b.blocks {
		out[k.place] = append(out[k.place], k)
	}
	return out
}

// addFacility puts the n-th facility of a kind into a community.
func (b *builder) addFacility(i, n int, f facilityKind, blocks []block, r *random) {
	p := &b.places[i]
	at, compound := b.spotIn(p, blocks, f.where, r)
	name := p.name + f.title
	if compound != None {
		name = b.Compounds[compound].Name + f.title
	}
	if p.kind == village || p.kind == suburb {
		name = p.name + "村" + f.title
		if f.kind == "community_office" {
			name = p.name + "村委会"
		}
	}
	if n > 0 {
		name += strconv.Itoa(n+1) + "号"
	}
	address := b.Areas[p.area].Name
	if compound != None {
		address = b.Compounds[compound].Address
	}
	b.facility(b.index.at(at), compound, f.kind, name, address, at, attributesOf(f.kind, r))
}

// spotIn picks a point of a community.
func (b *builder) spotIn(p *place, blocks []block, where spot, r *random) (vec, int) {
	if len(blocks) == 0 {
		s := p.settled
		switch where {
		case atOffice:
			return s.at(r.between(8, 22), r.between(8, 22)), None
		case roadside, gateside:
			return s.at(r.between(-0.75, 0.75)*s.halfW, pick(r, []float64{-6, 6})), None
		}
		return s.at(r.between(-0.6, 0.6)*s.halfW, r.between(-0.6, 0.6)*s.halfH), None
	}
	k := blocks[0]
	if where != atOffice {
		k = pick(r, blocks)
	}
	switch where {
	case atOffice:
		return k.at(k.w/2+r.between(8, 30), r.between(12, 26)), k.compound
	case gateside:
		return k.at(k.w/2+pick(r, []float64{-1, 1})*r.between(7, 16), r.between(2, 9)), k.compound
	case roadside:
		return k.at(r.between(0.05, 0.95)*k.w, -2.5), None
	}
	return k.at(pick(r, []float64{9, k.w - 9})+r.between(-2, 2), r.between(0.1, 0.9)*k.h), k.compound
}

// addBlockFacility names what a whole block is: a school, a hospital, a park.
func (b *builder) addBlockFacility(k block, r *random) {
	p := b.places[k.place]
	middle := k.at(k.w/2, k.h/2)
	switch k.use {
	case school:
		b.facility(k.place, None, "school", b.once(p.name+"示范学校"), b.Areas[p.area].Name, middle, map[string]string{"pupils": strconv.Itoa(r.within(6, 24) * 50)})
	case hospital:
		b.facility(k.place, None, "clinic", b.once(p.name+"医院"), b.Areas[p.area].Name, middle, map[string]string{"beds": strconv.Itoa(r.within(8, 60) * 10), "hours": "00:00-24:00"})
	case park:
		b.facility(k.place, None, "shelter", b.once(p.name+"公园避难场所"), b.Areas[p.area].Name, k.at(k.w*0.8, k.h*0.8), map[string]string{"capacity": strconv.Itoa(r.within(10, 60) * 100)})
	}
}

// attributesOf states what a kind's users want to know.
func attributesOf(kind string, r *random) map[string]string {
	switch kind {
	case "community_office", "party_centre":
		return map[string]string{"hours": "08:30-17:30"}
	case "clinic":
		return map[string]string{"hours": pick(r, []string{"08:00-20:00", "08:00-17:30", "00:00-24:00"})}
	case "hydrant":
		return map[string]string{"pressure_mpa": fmt.Sprintf("%.2f", r.between(0.14, 0.35)), "underground": strconv.FormatBool(r.chance(0.4))}
	case "aed":
		return map[string]string{"hours": pick(r, []string{"00:00-24:00", "00:00-24:00", "07:00-22:00"}), "pads_until": fmt.Sprintf("2027-%02d", r.within(1, 12))}
	case "shelter":
		return map[string]string{"capacity": strconv.Itoa(r.within(2, 20) * 50), "indoor": strconv.FormatBool(r.chance(0.5))}
	case "charging_shed":
		return map[string]string{"sockets": strconv.Itoa(r.within(2, 8) * 10), "sprinkler": strconv.FormatBool(r.chance(0.55))}
	case "parcel_locker":
		return map[string]string{"boxes": strconv.Itoa(r.within(3, 14) * 12)}
	case "fire_post":
		return map[string]string{"crew": strconv.Itoa(r.within(3, 8))}
	case "elderly_service":
		return map[string]string{"hours": "08:00-18:00", "places": strconv.Itoa(r.within(2, 8) * 5)}
	}
	return nil
}
