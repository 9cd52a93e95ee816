package seed

import "fmt"

// districtUnits are the organisations that serve the whole district: kind and
// what stands behind the district's name.
var districtUnits = [][2]string{
	{"fire", "消防救援大队"}, {"police", "公安分局指挥室"}, {"emergency", "应急管理局"}, {"health", "卫生健康局"},
	{"disease_control", "疾病预防控制中心"}, {"ambulance", "急救调度站"}, {"gas", "燃气抢修中心"}, {"power", "供电服务中心"},
	{"water", "供水公司"}, {"heat", "热力公司"}, {"telecom", "通信保障中心"}, {"urban_management", "综合执法局"},
	{"sanitation", "环境卫生中心"}, {"parks", "园林绿化中心"}, {"roads", "市政设施中心"}, {"housing", "住房保障中心"},
	{"transport", "交通运输局"}, {"hydrology", "水利防汛办公室"}, {"environment", "生态环境分局"}, {"civil_affairs", "民政局"},
}

var propertyFirms = []string{"安和物业", "澄园物业", "云澜物业", "百川物业", "晴川物业", "知园物业", "嘉禾物业", "同心物业", "碧桐物业", "清和物业"}

// phone gives a number that no exchange connects: eleven digits that begin with
// 000. Block and serial keep units and people apart.
func phone(block, serial int) string { return fmt.Sprintf("000%d%07d", block, serial) }

// addUnits makes the district's services, the ten street and town offices, and
// the property companies, and gives each compound its company.
func (b *builder) addUnits() {
	r := b.random("units")
	put := func(area int, kind, name string, at vec) {
		b.Units = append(b.Units, Unit{Area: area, Kind: kind, Name: name, DutyPhone: phone(9, len(b.Units)+1), Point: at.point()})
	}
	civic := b.blocksOf(offices)
	for i, u := range districtUnits {
		k := civic[i%len(civic)]
		at := k.at(k.w*r.between(0.2, 0.8), k.h*r.between(0.45, 0.8))
		put(0, u[0], districtName+u[1], at)
	}
	for i, a := range b.Areas {
		if a.Level == "street" {
			title := "街道办事处"
			if i > len(streetNames) {
				title = "镇人民政府"
			}
			name := []rune(a.Name)
			put(i, "street_office", string(name[:len(name)-len([]rune(trimTitle(a.Name)))])+title, b.officeOf(i, r))
		}
	}
	first := len(b.Units)
	for _, name := range propertyFirms {
		k := b.blocks[r.IntN(len(b.blocks))]
		put(0, "property", name, k.at(k.w/2+12, 20))
	}
	for i := range b.Compounds {
		// Old courtyards have no company.
		if b.Compounds[i].Property = first + r.IntN(len(propertyFirms)); b.isCourts(i) {
			b.Compounds[i].Property = None
		}
	}
}

// trimTitle gives the title at the end of a street's or town's name.
func trimTitle(name string) string {
	r := []rune(name)
	if r[len(r)-1] == '镇' {
		return "镇"
	}
	return "街道"
}

func (b *builder) blocksOf(u use) []block {
	var out []block
	for _, k := range b.blocks {
		if k.use == u {
			out = append(out, k)
		}
	}
	return out
}

func (b *builder) isCourts(compound int) bool {
	for _, k := range b.blocks {
		if k.compound == compound {
			return k.use == courts
		}
	}
	return false
}

// officeOf gives a place for a street's office: on a block of offices there, or
// on any block.
func (b *builder) officeOf(street int, r *random) vec {
	var best *block
	for i := range b.blocks {
		k := &b.blocks[i]
		if b.places[k.place].street != street {
			continue
		}
		if best == nil || k.use == offices {
			best = k
		}
	}
	return best.at(best.w/2, best.h*r.between(0.4, 0.7))
}
