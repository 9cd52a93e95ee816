package seed

import "github.com/paulmach/orb"

// CareRecord is somebody who needs care (重点关爱对象), as invented as everybody
// here.
type CareRecord struct {
	Area       int
	Categories []string
	Name       string
	Phone      string
	Address    string
	Needs      string
	Point      orb.Point
}

// needs gives what a category asks of those who come; how often it is met.
var needs = []struct {
	category, words string
	weight          float64
}{
	{"elderly_alone", "独居，夜间无人陪护，转移时需有人陪同", 40},
	{"disabled", "肢体残疾，下楼需两人协助，备轮椅", 22},
	{"bedridden", "长期卧床，转移需担架", 9},
	{"severe_illness", "居家吸氧，停电时优先联系", 8},
	{"low_income", "低保户，需登记物资", 13},
	{"child_in_need", "白天独自在家，先联系学校", 6},
	{"other", "听力不便，请当面告知", 2},
}

// addCare makes who needs care: more of them where more people live, at the
// houses of the compounds and else about the village.
func (b *builder) addCare() {
	r := b.random("care")
	order := r.Perm(len(surnames) * len(given))
	homes := map[int][]Building{}
	for _, h := range b.Buildings {
		homes[h.Area] = append(homes[h.Area], h)
	}
	weights := make([]float64, len(needs))
	for i, n := range needs {
		weights[i] = n.weight
	}
	for i, p := range b.places {
		mean := map[placeKind]float64{urban: 26, seat: 14, suburb: 9, village: 6}[p.kind]
		for range r.round(mean * b.options.Scale) {
			n := len(b.CareRecords)
			need := needs[r.weighted(weights)]
			record := CareRecord{Area: p.area, Categories: []string{need.category}, Name: personName(n, order), Phone: phone(2, n+1), Needs: need.words}
			if second := needs[r.weighted(weights)].category; second != need.category && r.chance(0.2) {
				record.Categories = append(record.Categories, second)
			}
			if near := homes[p.area]; len(near) > 0 {
				h := pick(r, near)
				record.Point, record.Address = h.Point, h.Address
			} else {
				record.Point, record.Address = b.postIn(i, r).point(), b.Areas[p.area].Name
			}
			b.CareRecords = append(b.CareRecords, record)
		}
	}
}
