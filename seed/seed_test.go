package seed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"yiping/geo"
)

var asOf = time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)

// made gives a district that the tests only read; it is made once.
func made(t *testing.T) *District {
	t.Helper()
	return shared()
}

var shared = sync.OnceValue(func() *District { return Generate(Options{Seed: 1, Now: asOf}) })

// eachSeed runs a test of the ground on several districts.
func eachSeed(t *testing.T, test func(t *testing.T, d *District)) {
	for seed, d := range map[string]func() *District{"1": shared, "4": shared4, "6": shared6} {
		t.Run("seed "+seed, func(t *testing.T) { test(t, d()) })
	}
}

var (
	shared4 = sync.OnceValue(func() *District { return Generate(Options{Seed: 4, Now: asOf}) })
	shared6 = sync.OnceValue(func() *District { return Generate(Options{Seed: 6, Scale: 0.3, Now: asOf}) })
)

func hash(t *testing.T, d *District) string {
	t.Helper()
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(d); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	first := hash(t, made(t))
	if again := hash(t, Generate(Options{Seed: 1, Now: asOf})); again != first {
		t.Error("two runs differ")
	}
	if other := hash(t, Generate(Options{Seed: 2, Now: asOf})); other == first {
		t.Error("another seed gave the same district")
	}
}

func TestCounts(t *testing.T) {
	d := made(t)
	levels := map[string]int{}
	for _, a := range d.Areas {
		levels[a.Level]++
	}
	tests := []struct {
		what      string
		got       int
		low, high int
	}{
		{"districts", levels["district"], 1, 1},
		{"streets", levels["street"], 10, 10},
		{"communities", levels["community"], 250, 250},
		{"grids", levels["grid"], 70, 140},
		{"units", len(d.Units), 40, 40},
		{"compounds", len(d.Compounds), 200, 450},
		{"buildings", len(d.Buildings), 3000, 8000},
		{"cameras", len(d.Cameras), 1700, 2400},
		{"devices", len(d.Devices), 900, 2000},
		{"sites", len(d.Sites), 1700, 2600},
		{"facilities", len(d.Facilities), 2600, 3400},
		{"teams", len(d.Teams), 50, 140},
		{"rotations", len(d.Rotations), 60, 150},
		{"responders", len(d.Responders), 1400, 1600},
		{"care records", len(d.CareRecords), 2000, 3000},
		{"ground", len(d.Ground), 10_000, 60_000},
		{"incidents", len(d.Incidents), 800, 1300},
		{"logins", len(d.Logins), 8, 12},
	}
	for _, tt := range tests {
		if tt.got < tt.low || tt.got > tt.high {
			t.Errorf("%s: %d, want %d to %d", tt.what, tt.got, tt.low, tt.high)
		}
	}
	if km2 := squareMeters(d.Areas[0].Boundary) / 1e6; km2 < 270 || km2 > 330 {
		t.Errorf("the district has %.0f km2", km2)
	}
	early := 0
	for _, g := range d.Ground {
		if g.MinZoom <= 10 {
			early++
		}
	}
	if early > 150 {
		t.Errorf("%d pieces of ground are drawn at zoom 10", early)
	}
}

func TestScale(t *testing.T) {
	d := Generate(Options{Seed: 1, Scale: 2, Now: asOf})
	if n := len(d.Responders); n < 2800 || n > 3200 {
		t.Errorf("%d responders at twice the size", n)
	}
	if n := len(d.Cameras); n < 2900 || n > 3500 {
		t.Errorf("%d cameras at twice the size", n)
	}
	testUnique(t, d)
}

// squareMeters gives a plane area near the district's latitude.
func squareMeters(g orb.Geometry) float64 {
	return planar.Area(g) * metersPerDegree * metersPerDegree * math.Cos(middleLat*math.Pi/180)
}

func TestChildrenTileTheirParents(t *testing.T) { eachSeed(t, testChildrenTileTheirParents) }

func testChildrenTileTheirParents(t *testing.T, d *District) {
	t.Helper()
	sums := map[int]float64{}
	for _, a := range d.Areas {
		if a.Parent != None {
			sums[a.Parent] += squareMeters(a.Boundary)
		}
	}
	for parent, sum := range sums {
		if whole := squareMeters(d.Areas[parent].Boundary); math.Abs(sum-whole) > whole*1e-9+0.5 {
			t.Errorf("%s has %.1f m2, its parts %.1f", d.Areas[parent].Name, whole, sum)
		}
	}
}

// Each directed border segment belongs to one community alone, and its reverse
// to at most one other: no overlap, no gap inside.
func TestCommunitiesShareTheirBorders(t *testing.T) { eachSeed(t, testCommunitiesShareTheirBorders) }

func testCommunitiesShareTheirBorders(t *testing.T, d *District) {
	t.Helper()
	type side [2]orb.Point
	owner := map[side]string{}
	for _, a := range d.Areas {
		if a.Level != "community" {
			continue
		}
		eachSide(a.Boundary, func(p, q orb.Point) {
			if other, taken := owner[side{p, q}]; taken {
				t.Fatalf("%s and %s lie on the same side of a border", a.Name, other)
			}
			owner[side{p, q}] = a.Name
		})
	}
	border := map[side]bool{}
	eachSide(d.Areas[0].Boundary, func(p, q orb.Point) { border[side{p, q}] = true })
	for s, name := range owner {
		if _, shared := owner[side{s[1], s[0]}]; !shared && !border[s] {
			t.Fatalf("%s has a border of its own inside the district", name)
		}
	}
}

func eachSide(m orb.MultiPolygon, do func(p, q orb.Point)) {
	for _, poly := range m {
		for _, r := range poly {
			for i := 1; i < len(r); i++ {
				do(r[i-1], r[i])
			}
		}
	}
}

func TestBoundariesAreSimple(t *testing.T) { eachSeed(t, testBoundariesAreSimple) }

func testBoundariesAreSimple(t *testing.T, d *District) {
	t.Helper()
	for _, a := range d.Areas {
		if len(a.Boundary) != 1 {
			t.Errorf("%s is in %d pieces", a.Name, len(a.Boundary))
		}
		if a.Level == "community" && !simple(corners(a.Boundary[0][0])) {
			t.Errorf("the border of %s crosses itself", a.Name)
		}
	}
}

// corners gives a ring's vertices in the plane.
func corners(r orb.Ring) []vec {
	out := make([]vec, len(r)-1)
	for i := range out {
		out[i] = plane(r[i])
	}
	return out
}

func TestEverythingLiesInItsArea(t *testing.T) { eachSeed(t, testEverythingLiesInItsArea) }

func testEverythingLiesInItsArea(t *testing.T, d *District) {
	t.Helper()
	check := func(what string, area int, p orb.Point) {
		t.Helper()
		if !planar.MultiPolygonContains(d.Areas[area].Boundary, p) {
			t.Errorf("%s lies outside %s", what, d.Areas[area].Name)
		}
	}
	for _, a := range d.Areas {
		check(a.Name, 0, a.Center)
	}
	for _, u := range d.Units {
		check(u.Name, u.Area, u.Point)
	}
	for _, c := range d.Compounds {
		check(c.Name, c.Area, c.Point)
		for _, p := range c.Boundary[0][0] {
			check(c.Name, c.Area, p)
		}
	}
	for _, h := range d.Buildings {
		check(h.Address, h.Area, h.Point)
		if h.Floors < 1 || h.Entrances < 1 || h.Households < 1 {
			t.Errorf("nobody lives in %+v", h)
		}
	}
	for _, f := range d.Facilities {
		check(f.Name, f.Area, f.Point)
	}
	for _, c := range d.Cameras {
		check(c.Name, c.Area, c.Point)
		if c.Bearing < 0 || c.Bearing >= 360 || c.View <= 0 || c.Range <= 0 {
			t.Errorf("%s looks nowhere: %v %v %v", c.Name, c.Bearing, c.View, c.Range)
		}
	}
	for _, v := range d.Devices {
		check(v.Name, v.Area, v.Point)
		if v.Owner < 0 || v.Owner >= len(d.Units) {
			t.Errorf("%s belongs to unit %d", v.Name, v.Owner)
		}
	}
	for _, s := range d.Sites {
		check(s.Name, s.Area, s.Point)
	}
	for _, r := range d.Responders {
		check(r.Name, r.Area, r.Post)
	}
	for _, n := range d.Incidents {
		check(n.Place, n.Area, n.Point)
	}
}

func TestEveryAreaHasCells(t *testing.T) { eachSeed(t, testEveryAreaHasCells) }

func testEveryAreaHasCells(t *testing.T, d *District) {
	t.Helper()
	for _, a := range d.Areas {
		cells, err := geo.Cover(a.Boundary, geo.ResolutionPeople, 10_000)
		if err != nil || len(cells) == 0 {
			t.Errorf("%s is covered by %d cells, %v", a.Name, len(cells), err)
		}
	}
}

func TestNothingIsReal(t *testing.T) {
	d := made(t)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(text) {
		t.Error("not UTF-8")
	}
	for _, word := range []string{
		"周村", "淄博", "淄川", "张店", "博山", "临淄", "桓台", "高青", "沂源", "山东", `"370306`, "北郊镇", "南郊镇", "王村镇",
		"萌水", "商家镇", "丝绸路", "大街街道", "青年路街道", "永安街", "城北路街道", "孝妇河", "范阳河", "凤阳", "萌山", "文昌湖", "米河",
	} {
		if strings.Contains(string(text), word) {
			t.Errorf("%q appears", word)
		}
	}
	for _, a := range d.Areas {
		if !strings.HasPrefix(a.Code, districtCode) {
			t.Errorf("%s has code %s", a.Name, a.Code)
		}
	}
	for _, u := range d.Units {
		if !strings.HasPrefix(u.DutyPhone, "000") || len(u.DutyPhone) != 11 {
			t.Errorf("phone %s", u.DutyPhone)
		}
	}
	for _, r := range d.Responders {
		if !strings.HasPrefix(r.Phone, "000") || len(r.Phone) != 11 || []rune(r.Name)[1] != '示' {
			t.Errorf("%s, %s", r.Name, r.Phone)
		}
	}
	for _, c := range d.CareRecords {
		if !strings.HasPrefix(c.Phone, "000") || len(c.Phone) != 11 || []rune(c.Name)[1] != '示' || c.Address == "" {
			t.Errorf("%+v", c)
		}
	}
	// The nearest coasts lie beyond 121.7 E, 37.6 N and 38.9 N; see plane.go.
	open := orb.Bound{Min: orb.Point{122.3, 38.0}, Max: orb.Point{122.9, 38.5}}
	if !open.Contains(d.Bounds.Min) || !open.Contains(d.Bounds.Max) {
		t.Errorf("the district reaches to %v", d.Bounds)
	}
}

func TestUnique(t *testing.T) { testUnique(t, made(t)) }

func testUnique(t *testing.T, d *District) {
	t.Helper()
	seen := map[string]bool{}
	once := func(kind, word string) {
		t.Helper()
		if seen[kind+word] {
			t.Errorf("%s %q comes twice", kind, word)
		}
		seen[kind+word] = true
	}
	for _, a := range d.Areas {
		once("code", a.Code)
		once("area", a.Name)
	}
	for _, c := range d.Compounds {
		once("compound", c.Name)
	}
	for _, h := range d.Buildings {
		once("building", d.Compounds[h.Compound].Name+h.Name)
	}
	for _, f := range d.Facilities {
		once("facility", f.Name)
	}
	for _, c := range d.Cameras {
		once("camera", c.Name)
		once("filing", c.Filing)
	}
	for _, v := range d.Devices {
		once("device", v.Name)
	}
	for _, r := range d.Responders {
		once("name", r.Name)
		once("phone", r.Phone)
	}
	for _, c := range d.CareRecords {
		once("phone", c.Phone)
	}
}

// At the scale of a load test numbers still fit: a hundredfold district has
// some 150,000 people.
func TestPhonesFit(t *testing.T) {
	for block, serial := range map[int]int{1: 1_500_000, 2: 2_500_000, 9: 40} {
		if p := phone(block, serial); len(p) != 11 {
			t.Errorf("phone %s", p)
		}
	}
}
