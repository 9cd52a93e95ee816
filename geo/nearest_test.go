package geo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"
)

// TestNearestMissesNobody compares with looking at everybody.
func TestNearestMissesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := NewIndex[int](ResolutionPeople)
		points := map[int]orb.Point{}
		for range rapid.IntRange(0, 200).Draw(t, "sets") {
			k, p := rapid.IntRange(0, 80).Draw(t, "key"), inDistrict(t, "p")
			if rapid.IntRange(0, 9).Draw(t, "what") == 0 {
				x.Remove(k)
				delete(points, k)
				continue
			}
			if err := x.Set(k, p); err != nil {
				t.Fatal(err)
			}
			points[k] = p
		}
		from := inDistrict(t, "from")
		n, limit := rapid.IntRange(1, 20).Draw(t, "n"), rapid.Float64Range(100, 30000).Draw(t, "limit")
		accept := func(k int) bool { return k%3 != 0 }
		var want []float64
		for k, p := range points {
			if d := Distance(from, p); accept(k) && d <= limit {
				want = append(want, d)
			}
		}
		slices.Sort(want)
		want = want[:min(n, len(want))]
		got := x.Nearest(from, n, limit, accept)
		if len(got) != len(want) || x.Len() != len(points) {
			t.Fatalf("found %d of %d; holds %d of %d", len(got), len(want), x.Len(), len(points))
		}
		for k := range got {
			if got[k].Meters != want[k] || !accept(got[k].Key) {
				t.Fatalf("place %d: %v, want %f m", k, got[k], want[k])
			}
		}
	})
}

// TestNearestByTagMissesNobody compares with looking at everybody, whatever tags
// come and go.
func TestNearestByTagMissesNobody(t *testing.T) {
	words := rapid.SampledFrom([]string{"gas", "flood", "first_aid"})
	rapid.Check(t, func(t *rapid.T) {
		type person struct {
			p    orb.Point
			tags []string
		}
		x, people := NewIndex[int](ResolutionPeople), map[int]person{}
		for range rapid.IntRange(0, 150).Draw(t, "sets") {
			k := rapid.IntRange(0, 60).Draw(t, "key")
			if rapid.IntRange(0, 9).Draw(t, "what") == 0 {
				x.Remove(k)
				delete(people, k)
				continue
			}
			who := person{inDistrict(t, "p"), rapid.SliceOfN(words, 0, 3).Draw(t, "tags")}
			if old, ok := people[k]; ok && rapid.Bool().Draw(t, "stays") {
				who.p = old.p
			}
			if err := x.Set(k, who.p, who.tags...); err != nil {
				t.Fatal(err)
			}
			people[k] = who
		}
		from, wanted := inDistrict(t, "from"), rapid.SliceOfN(words, 0, 2).Draw(t, "wanted")
		n, limit := rapid.IntRange(1, 20).Draw(t, "n"), rapid.Float64Range(100, 30000).Draw(t, "limit")
		fits := func(tags []string) bool {
			return len(wanted) == 0 || slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(wanted, tag) })
		}
		var want []float64
		for _, who := range people {
			if d := Distance(from, who.p); fits(who.tags) && d <= limit {
				want = append(want, d)
			}
		}
		slices.Sort(want)
		want = want[:min(n, len(want))]
		got, seen := x.Nearest(from, n, limit, nil, wanted...), map[int]bool{}
		if len(got) != len(want) {
			t.Fatalf("found %d of %d with %v", len(got), len(want), wanted)
		}
		for k, f := range got {
			if f.Meters != want[k] || !fits(people[f.Key].tags) || seen[f.Key] {
				t.Fatalf("place %d with %v: %v, want %f m", k, wanted, f, want[k])
			}
			seen[f.Key] = true
		}
		for k := range people {
			x.Remove(k)
		}
		if len(x.layers) != 0 || len(x.places) != 0 {
			t.Fatalf("everybody left, and it holds %d layers and %d places", len(x.layers), len(x.places))
		}
	})
}

// TestNearestAroundAPentagon: the quick ring fails there.
func TestNearestAroundAPentagon(t *testing.T) {
	pentagons, err := h3.Pentagons(5)
	if err != nil {
		t.Fatal(err)
	}
	for _, pentagon := range pentagons {
		middle, err := Cell(pentagon).Center()
		if err != nil {
			t.Fatal(err)
		}
		x := NewIndex[string](ResolutionPeople)
		for k := range 200 {
			if err := x.Set(fmt.Sprint(k), Destination(middle, float64(k)*7, float64(k)*20+10)); err != nil {
				t.Fatal(err)
			}
		}
		got := x.Nearest(middle, 10, 5000, nil)
		if len(got) != 10 || got[0].Key != "0" || got[9].Key != "9" {
			t.Fatalf("around %x: %v", uint64(pentagon), got)
		}
	}
}

// TestNearestAnywhere compares with looking at everybody, at every resolution,
// over all of the earth, with and without a limit.
func TestNearestAnywhere(t *testing.T) {
	pentagons, err := h3.Pentagons(3)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		resolution := rapid.IntRange(0, 12).Draw(t, "resolution")
		around := anywhere(t, "around")
		if rapid.Bool().Draw(t, "at a pentagon") {
			if around, err = Cell(rapid.SampledFrom(pentagons).Draw(t, "pentagon")).Center(); err != nil {
				t.Fatal(err)
			}
		}
		spread := math.Min(2e7, rapid.Float64Range(0.1, 60).Draw(t, "spread")*ringMeters(resolution, 2))
		from := Destination(around, rapid.Float64Range(0, 360).Draw(t, "bearing"), rapid.Float64Range(0, spread).Draw(t, "metres"))
		x, seed := NewIndex[int](resolution), rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		limit := rapid.SampledFrom([]float64{spread / 2, spread, math.Inf(1)}).Draw(t, "limit")
		var want []float64
		for k := range rapid.SampledFrom([]int{0, 1, 30, 1000}).Draw(t, "people") {
			p := Destination(around, seed.Float64()*360, spread*math.Sqrt(seed.Float64()))
			if err := x.Set(k, p); err != nil {
				t.Fatal(err)
			}
			if d := Distance(from, p); d <= limit {
				want = append(want, d)
			}
		}
		slices.Sort(want)
		n := rapid.SampledFrom([]int{1, 10, 2000}).Draw(t, "n")
		want = want[:min(n, len(want))]
		got := x.Nearest(from, n, limit, nil)
		if len(got) != len(want) {
			t.Fatalf("found %d of %d", len(got), len(want))
		}
		for k := range got {
			if math.Abs(got[k].Meters-want[k]) > 1e-6+1e-9*want[k] {
				t.Fatalf("place %d: %f m, want %f", k, got[k].Meters, want[k])
			}
		}
	})
}

// TestRingsAreNotNearerThanTheBound: the search stops by it. At the pentagons the
// projection shrinks most; corners of cells are their points nearest to others.
func TestRingsAreNotNearerThanTheBound(t *testing.T) {
	for _, resolution := range []int{4, 5, ResolutionPeople, ResolutionFixed} {
		pentagons, err := h3.Pentagons(resolution)
		if err != nil {
			t.Fatal(err)
		}
		origins, err := Cell(pentagons[4]).Disk(2)
		if err != nil {
			t.Fatal(err)
		}
		tightest := math.Inf(1)
		for _, origin := range origins {
			own, err := origin.Boundary()
			if err != nil {
				t.Fatal(err)
			}
			for k := range 6 {
				ring, err := h3.Cell(origin).GridRing(k)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range ring {
					other, err := Cell(c).Boundary()
					if err != nil {
						t.Fatal(err)
					}
					for _, a := range own[0] {
						for _, b := range other[0] {
							d, bound := Distance(a, b), ringMeters(resolution, k)
							if d < bound {
								t.Fatalf("%s and %x, %d steps apart, come as near as %f m; the bound says %f", origin, uint64(c), k, d, bound)
							}
							if k == 2 {
								tightest = math.Min(tightest, d/bound)
							}
						}
					}
				}
			}
		}
		if tightest > 1.3 {
			t.Errorf("at resolution %d the bound of ring 2 could be %.2f times as large", resolution, tightest)
		}
	}
}

func TestNearestRefuses(t *testing.T) {
	x := NewIndex[string](ResolutionPeople)
	at := orb.Point{117.85, 36.8}
	if err := x.Set("a", at); err != nil {
		t.Fatal(err)
	}
	if err := x.Set("a", orb.Point{math.NaN(), 1}); err == nil || x.Len() != 1 {
		t.Fatalf("moved to nowhere: %v", err)
	}
	x.Remove("unknown")
	tests := []struct {
		name   string
		p      orb.Point
		n      int
		meters float64
		want   int
	}{
		{"here", at, 1, 0, 1},
		{"however far", orb.Point{-60, -30}, 1, math.Inf(1), 1},
		{"out of reach", orb.Point{117.86, 36.8}, 1, 100, 0},
		{"no number of metres", at, 1, math.NaN(), 0},
		{"less than no metres", at, 1, -1, 0},
		{"nobody", at, 0, 100, 0},
		{"from nowhere", orb.Point{0, 100}, 1, 100, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := x.Nearest(tt.p, tt.n, tt.meters, nil); len(got) != tt.want {
				t.Fatalf("got %v", got)
			}
		})
	}
}

// TestIndexUnderWay: readers and writers at once; nobody who stays is missed.
func TestIndexUnderWay(t *testing.T) {
	x := NewIndex[int](ResolutionPeople)
	at := orb.Point{117.85, 36.8}
	for k := range 10 {
		if err := x.Set(-1-k, Destination(at, float64(k)*36, 10)); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for k := range 500 {
				key := w*50 + k%50
				if k%7 == 0 {
					x.Remove(key)
				} else if err := x.Set(key, Destination(at, float64(k), 100+float64(k)*3)); err != nil {
					t.Error(err)
				}
				if got := x.Nearest(at, 10, 5000, nil); len(got) != 10 || got[9].Key >= 0 {
					t.Errorf("missed somebody: %v", got)
				}
			}
		})
	}
	wg.Wait()
	for w := range 4 {
		for k := range 50 {
			x.Remove(w*50 + k)
		}
	}
	if x.Len() != 10 {
		t.Fatalf("%d are left", x.Len())
	}
}

// crowd makes an index of people spread evenly around a town, n of them.
func crowd(b *testing.B, n int) *Index[int] {
	b.Helper()
	x := NewIndex[int](ResolutionPeople)
	for k := range n {
		if err := x.Set(k, Destination(orb.Point{117.85, 36.8}, float64(k)*137.5, math.Sqrt(float64(k)/float64(n))*9500)); err != nil {
			b.Fatal(err)
		}
	}
	return x
}

func BenchmarkNearest10(b *testing.B) {
	tests := []struct {
		name   string
		people int
		accept func(int) bool
		want   int
	}{
		{"of 10k", 10_000, nil, 10},
		{"of 100k", 100_000, nil, 10},
		{"of 100k, one in five fit", 100_000, func(k int) bool { return k%5 == 0 }, 10},
		{"of 100k, one in a thousand fit", 100_000, func(k int) bool { return k%1000 == 0 }, 10},
		{"of 100k, nobody fits", 100_000, func(int) bool { return false }, 0},
	}
	for _, tt := range tests {
		b.Run(tt.name, func(b *testing.B) {
			x := crowd(b, tt.people)
			for b.Loop() {
				if got := x.Nearest(orb.Point{117.86, 36.81}, 10, 15000, tt.accept); len(got) != tt.want {
					b.Fatal(len(got))
				}
			}
		})
	}
}

func BenchmarkMove(b *testing.B) {
	x := crowd(b, 100_000)
	k := 0
	for b.Loop() {
		k++
		if err := x.Set(k%100_000, Destination(orb.Point{117.85, 36.8}, float64(k)*91.7, float64(k%9000))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNearest50(b *testing.B) {
	x := NewIndex[int](ResolutionSearch)
	for k := range 100_000 {
		var tags []string
		if k%5 == 0 {
			tags = []string{"skill"}
		}
		if err := x.Set(k, Destination(orb.Point{117.85, 36.8}, float64(k)*137.5, math.Sqrt(float64(k)/100_000)*19_000), tags...); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if got := x.Nearest(orb.Point{117.86, 36.81}, 50, 15000, nil, "skill"); len(got) != 50 {
			b.Fatal(len(got))
		}
	}
}
