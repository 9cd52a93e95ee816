package seed

import (
	"time"
)

// Everybody's given name begins with 示, as if it were the name of their
// generation: an ordinary shape, and no real person's.
var (
	surnames = []rune("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文")
	given    = []rune("安平宁和诚信义仁智勇敏慧佳文博学思远明朗清泽润涛波江海川岳峰岩林森松柏桐楠桂兰芳华荣秀英莲萍梅雪霞云虹晨阳旭辉光亮春秋冬夏瑞祥福康健强刚毅坚恒立成达志凯翔飞鹏宇轩浩然")
)

// personName gives the n-th name: all pairs of surname and given name come once
// before any comes again.
func personName(n int, order []int) string {
	pair := order[n%len(order)]
	return string(surnames[pair/len(given)]) + "示" + string(given[pair%len(given)])
}

// addOrganisations makes a Party committee for the district and each street or
// town, and a branch for each community.
func (b *builder) addOrganisations() {
	of := make([]int, len(b.Areas))
	for i, a := range b.Areas {
		o := Organisation{Parent: None, Area: i}
		switch a.Level {
		case "district":
			o.Name = "中共示范区委员会"
		case "street":
			title := "工作委员会"
			if trimTitle(a.Name) == "镇" {
				title = "委员会"
			}
			o.Parent, o.Name = of[0], "中共"+a.Name+title
		case "community":
			title := "党支部"
			if i%3 == 0 {
				title = "党总支"
			}
			o.Parent, o.Name = of[a.Parent], a.Name+title
		default:
			continue
		}
		of[i] = len(b.Organisations)
		b.Organisations = append(b.Organisations, o)
	}
	b.branch = of
}

// Affiliations, by what a person is first of all.
var affiliations = []string{"grid_member", "community_worker", "party_member", "volunteer", "property_staff", "unit_staff"}

// trained gives the chance of each skill by affiliation, in their order.
var trained = []struct {
	skill  string
	chance [6]float64
	years  int // a certificate's length; 0: does not lapse
}{
	{"first_aid", [6]float64{0.35, 0.4, 0.2, 0.3, 0.25, 0.45}, 2},
	{"fire_rescue", [6]float64{0.18, 0.1, 0.06, 0.06, 0.45, 0.35}, 3},
	{"evacuation", [6]float64{0.5, 0.4, 0.2, 0.15, 0.4, 0.3}, 0},
	{"flood", [6]float64{0.2, 0.12, 0.12, 0.08, 0.2, 0.4}, 0},
	{"electrical", [6]float64{0.03, 0.02, 0.06, 0.05, 0.3, 0.3}, 3},
	{"gas", [6]float64{0.02, 0.01, 0.03, 0.02, 0.12, 0.22}, 3},
	{"plumbing", [6]float64{0.03, 0.02, 0.05, 0.06, 0.35, 0.25}, 0},
	{"mediation", [6]float64{0.45, 0.6, 0.3, 0.15, 0.1, 0.1}, 0},
	{"psychology", [6]float64{0.05, 0.15, 0.07, 0.12, 0, 0.05}, 0},
	{"elderly_care", [6]float64{0.25, 0.35, 0.15, 0.35, 0.05, 0.05}, 0},
	{"driving", [6]float64{0.35, 0.4, 0.45, 0.4, 0.4, 0.6}, 0},
	{"drone", [6]float64{0.02, 0.03, 0.03, 0.03, 0.01, 0.08}, 0},
	{"translation", [6]float64{0.01, 0.04, 0.03, 0.05, 0, 0.01}, 0},
	{"patrol", [6]float64{0.8, 0.3, 0.2, 0.3, 0.6, 0.3}, 0},
}

func (b *builder) addResponders() {
	r := b.random("people")
	order := r.Perm(len(surnames) * len(given))
	beside := b.mesh.neighbours()
	for i, p := range b.places {
		mean := map[placeKind]float64{urban: 17.4, seat: 11, suburb: 5.5, village: 3.65}[p.kind]
		for range r.round(mean * b.options.Scale) {
			home := i
			if r.chance(0.2) {
				home = pick(r, beside[i])
			}
			b.addResponder(i, home, order, r)
		}
	}
}

func (b *builder) addResponder(i, home int, order []int, r *random) {
	p := &b.places[i]
	n := len(b.Responders)
	weights := []float64{22, 20, 22, 20, 9, 7}
	if p.kind == village || p.kind == suburb {
		weights = []float64{28, 18, 26, 22, 0, 6}
	}
	first := r.weighted(weights)
	person := Responder{
		Area: p.area, Home: b.places[home].area, Organisation: None,
		Name: personName(n, order), Phone: phone(1, n+1), Vehicle: b.vehicle(first, p.kind, r),
		Post: b.postIn(i, r).point(),
	}
	person.Affiliations = b.affiliate(i, first, r)
	for _, a := range person.Affiliations {
		if a.Kind == "party_member" {
			person.Organisation = b.branch[p.area]
		}
	}
	for _, t := range trained {
		if r.chance(t.chance[first]) {
			s := Skill{Name: t.skill}
			if t.years > 0 {
				s.ValidUntil = day(b.options.Now.AddDate(0, r.within(-1, 12*t.years), 0))
			}
			person.Skills = append(person.Skills, s)
		}
	}
	person.Adult, person.InsuredUntil = b.standing(first, n)
	b.Responders = append(b.Responders, person)
}

// standing says whether the n-th person is of age, and until when they are
// insured: crews nearly all are, volunteers every other one; some let it run out,
// and a few volunteers are pupils.
func (b *builder) standing(first, n int) (adult bool, insured time.Time) {
	volunteer := affiliations[first] == "volunteer"
	switch {
	case volunteer && n%2 == 0, n%17 == 0:
	case n%13 == 0:
		insured = day(b.options.Now.AddDate(0, -1, 0))
	default:
		insured = day(b.options.Now.AddDate(0, 2+n%10, 0))
	}
	return !volunteer || n%20 != 0, insured
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// affiliate gives what a person belongs to: one thing first, often a Party
// membership or voluntary service besides.
func (b *builder) affiliate(i, first int, r *random) []Affiliation {
	since := func() time.Time { return day(b.options.Now.AddDate(-r.within(0, 14), -r.within(0, 11), 0)) }
	out := []Affiliation{{Kind: affiliations[first], Unit: b.employer(i, first, r), Since: since()}}
	kind := affiliations[first]
	if kind != "party_member" && r.chance(map[string]float64{"community_worker": 0.45, "grid_member": 0.35, "unit_staff": 0.4, "property_staff": 0.12, "volunteer": 0.15}[kind]) {
		out = append(out, Affiliation{Kind: "party_member", Unit: None, Since: since()})
	}
	if kind != "volunteer" && r.chance(0.25) {
		out = append(out, Affiliation{Kind: "volunteer", Unit: None, Since: since()})
	}
	return out
}

// employer gives the unit of property and unit staff: a property company, or a
// district service.
func (b *builder) employer(i, first int, r *random) int {
	switch affiliations[first] {
	case "property_staff":
		return len(b.Units) - 1 - r.IntN(len(propertyFirms))
	case "unit_staff":
		return r.IntN(len(districtUnits))
	case "community_worker":
		return len(districtUnits) + b.places[i].street - 1
	}
	return None
}

func (b *builder) vehicle(first int, kind placeKind, r *random) string {
	weights := []float64{20, 10, 50, 20}
	if kind == village || kind == suburb {
		weights = []float64{14, 6, 52, 28}
	}
	if affiliations[first] == "unit_staff" {
		weights = []float64{5, 0, 25, 70}
	}
	return []string{"foot", "bicycle", "ebike", "car"}[r.weighted(weights)]
}

// postIn gives a place in a community where somebody may stand duty.
func (b *builder) postIn(i int, r *random) vec {
	where := []spot{atOffice, gateside, inside, roadside}[r.weighted([]float64{2, 3, 3, 2})]
	for range 8 {
		at, _ := b.spotIn(&b.places[i], b.blocksAt[i], where, r)
		if b.index.at(at) == i {
			return at
		}
		where = inside
	}
	return b.places[i].seed.vec
}
