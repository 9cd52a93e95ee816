package geo

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestCoverIsNeverEmptyAndHoldsEveryPoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := inDistrict(t, "corner")
		width := rapid.Float64Range(0.00001, 0.02).Draw(t, "width") // one metre to two kilometres
		height := rapid.Float64Range(0.00001, 0.02).Draw(t, "height")
		box := orb.Polygon{{at, {at[0] + width, at[1]}, {at[0] + width, at[1] + height}, {at[0], at[1] + height}, at}}
		covered, err := Cover(box, ResolutionPeople, 10000)
		if err != nil || len(covered) == 0 || !slices.IsSorted(covered) {
			t.Fatalf("%d cells, %v", len(covered), err)
		}
		inside := orb.Point{at[0] + width*rapid.Float64Range(0.01, 0.99).Draw(t, "x"), at[1] + height*rapid.Float64Range(0.01, 0.99).Draw(t, "y")}
		c, err := CellOf(inside, ResolutionPeople)
		if err != nil || !slices.Contains(covered, c) {
			t.Fatalf("the cell of %v is not among the %d of the cover (%v)", inside, len(covered), err)
		}
	})
}

func TestCoverRefuses(t *testing.T) {
	big := orb.Polygon{{{100, 20}, {120, 20}, {120, 40}, {100, 40}, {100, 20}}}
	if _, err := Cover(big, 9, 1000); !errors.Is(err, ErrTooManyCells) {
		t.Errorf("a shape over the limit: %v", err)
	}
	if _, err := Cover(orb.LineString{{1, 1}, {2, 2}}, 9, 1000); !errors.Is(err, ErrShape) {
		t.Errorf("a line: %v", err)
	}
	if _, err := Cover(orb.Polygon{{{1, 1}, {2, 2}}}, 9, 1000); !errors.Is(err, ErrShape) {
		t.Errorf("two points: %v", err)
	}
	if _, err := Cover(orb.Polygon{{{1, 1}, {2, math.NaN()}, {2, 1}, {1, 1}}}, 9, 1000); err == nil {
		t.Error("no number went through")
	}
}

func TestCoverLeavesHolesOut(t *testing.T) {
	at := orb.Point{117.85, 36.8}
	square := func(meters float64) orb.Ring {
		ring := orb.Ring{}
		for _, bearing := range []float64{45, 135, 225, 315, 45} {
			ring = append(ring, Destination(at, bearing, meters))
		}
		ring[4] = ring[0]
		return ring
	}
	middle, err := CellOf(at, ResolutionPeople)
	if err != nil {
		t.Fatal(err)
	}
	solid, err := Cover(orb.Polygon{square(5000)}, ResolutionPeople, 10_000)
	if err != nil || !slices.Contains(solid, middle) {
		t.Fatalf("%d cells, %v", len(solid), err)
	}
	pierced, err := Cover(orb.Polygon{square(5000), square(3000), {}}, ResolutionPeople, 10_000)
	if err != nil || slices.Contains(pierced, middle) || len(pierced) >= len(solid) {
		t.Fatalf("%d of %d cells, %v", len(pierced), len(solid), err)
	}
	both, err := Cover(orb.MultiPolygon{{square(5000), square(3000)}, {square(3000)}}, ResolutionPeople, len(solid))
	if err != nil || !slices.Equal(both, solid) {
		t.Fatalf("the hole filled again: %d of %d cells, %v", len(both), len(solid), err)
	}
}

// TestCoverTakesLittleMemory: the library alone would take 8 bytes for every
// cell of the bounding box, tens of gigabytes for the whole earth.
func TestCoverTakesLittleMemory(t *testing.T) {
	shapes := map[string]orb.Polygon{
		"the earth":          {{{-179, -89}, {0, -89}, {179, -89}, {179, 89}, {0, 89}, {-179, 89}, {-179, -89}}},
		"a hemisphere":       {{{1, -89}, {170, -89}, {170, 89}, {1, 89}, {1, -89}}},
		"across the 180th":   {{{170, -60}, {-170, -60}, {-170, 60}, {170, 60}, {170, -60}}},
		"twenty degrees":     {{{100, 20}, {120, 20}, {120, 40}, {100, 40}, {100, 20}}},
		"a thin long streak": {{{70, 10}, {140, 60}, {140, 60.0001}, {70, 10}}},
	}
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := Cover(shape, ResolutionPeople, 8_000); !errors.Is(err, ErrTooManyCells) {
				t.Fatalf("got %v", err)
			}
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
				t.Fatalf("took %d bytes", took)
			}
		})
	}
}

// TestAStreakIsRefusedUnseen: it has next to no area, but the library would walk
// along all of it.
func TestAStreakIsRefusedUnseen(t *testing.T) {
	ring := orb.Ring{{1, 1}, {1 + 2.5e-13, 1}, {-20, 1}, {1, 1}}
	if least, most := boxCells(ring, 15); least < 1e6 || most > 1 {
		t.Fatalf("estimated at %f to %f cells", least, most)
	}
	if _, err := Cover(orb.Polygon{ring}, 15, 1_000_000); !errors.Is(err, ErrTooManyCells) {
		t.Fatalf("got %v", err)
	}
}

func TestCoverAtTheEdgesOfTheMap(t *testing.T) {
	tests := []struct {
		name       string
		resolution int
		ring       orb.Ring
		most       int
	}{
		{"across the 180th meridian", ResolutionPeople, orb.Ring{{179.99, 20}, {-179.99, 20}, {-179.99, 20.01}, {179.99, 20.01}, {179.99, 20}}, 60},
		{"at the pole", ResolutionPeople, orb.Ring{{10, 89.999}, {100, 89.999}, {190 - 360, 89.999}, {10, 89.999}}, 60},
		{"by the pole", ResolutionPeople, orb.Ring{{130.92, -89.965}, {130.78, -89.875}, {130.94, -90}, {130.7, -89.94}, {130.92, -89.965}}, 400},
		{"a corner across the 180th", 3, orb.Ring{{179.9979, 60.61474}, {179.99975, 60.61432}, {179.9993, 60.6136}, {179.9988, 60.6131}, {-179.99782, 60.6152942793983}, {179.9979, 60.61474}}, 3},
		{"corners at the pole", 9, orb.Ring{{148.6281, 89.99096}, {148.6289, 89.9902}, {148.63, 90}, {148.621, 89.9945}, {148.6323, 90}, {148.6242, 90}, {148.6313, 89.9947}, {148.6281, 89.99096}}, 60},
		{"one point four times", ResolutionPeople, orb.Ring{{100, 20}, {100, 20}, {100, 20}, {100, 20}}, 1},
		{"a line there and back", ResolutionPeople, orb.Ring{{100, 20}, {100.001, 20}, {100, 20}, {100, 20}}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			covered, err := Cover(orb.Polygon{tt.ring}, tt.resolution, 1000)
			if err != nil || len(covered) > tt.most {
				t.Fatalf("%d cells, %v", len(covered), err)
			}
			for _, corner := range tt.ring {
				if c, err := CellOf(corner, tt.resolution); err != nil || !slices.Contains(covered, c) {
					t.Fatalf("the corner %v is not covered (%v)", corner, err)
				}
			}
		})
	}
}

func FuzzCover(f *testing.F) {
	f.Add(117.85, 36.8, 0.0005, 0.0005, 0.0, 0.0005, 9)
	f.Add(117.85, 36.8, 0.1, 0.0, 0.0, 0.1, 9)
	f.Add(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9)
	f.Add(179.99, 10.0, 0.1, 0.0, 0.0, 0.1, 8)
	f.Add(10.0, 89.99, 120.0, 0.0, 240.0, 0.0, 8)
	f.Add(-179.0, -89.0, 358.0, 0.0, 358.0, 178.0, 15)
	f.Add(1.0, 1.0, math.Inf(1), math.NaN(), 1.0, 1.0, 9)
	f.Add(1.0, 1.0, 1e-12, 0.0, 0.0, 1e-300, 15)
	f.Add(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1)
	f.Add(1.0, 1.0, 2.5e-13, 0.0, -21.0, 1e-300, 15) // a streak
	f.Fuzz(func(t *testing.T, lon, lat, dx1, dy1, dx2, dy2 float64, resolution int) {
		const limit = 500
		a := orb.Point{lon, lat}
		ring := orb.Ring{a, {lon + dx1, lat + dy1}, {lon + dx2, lat + dy2}, a}
		covered, err := Cover(orb.Polygon{ring}, resolution, limit)
		if err != nil {
			if covered != nil {
				t.Fatalf("%d cells and %v", len(covered), err)
			}
			return
		}
		if len(covered) == 0 || len(covered) > limit || !slices.IsSorted(covered) {
			t.Fatalf("%d cells", len(covered))
		}
		for _, c := range covered {
			if _, err := ParseCell(c.String()); err != nil || c.Resolution() != resolution {
				t.Fatalf("%s at %d: %v", c, resolution, err)
			}
		}
		for _, corner := range ring {
			if c, err := CellOf(corner, resolution); err != nil || !slices.Contains(covered, c) {
				t.Fatalf("the corner %v is not covered (%v)", corner, err)
			}
		}
	})
}

func BenchmarkCoverCommunity(b *testing.B) {
	ring := orb.Ring{}
	for k := range 60 {
		ring = append(ring, Destination(orb.Point{117.85, 36.8}, -float64(k)*6, 1000))
	}
	ring = append(ring, ring[0])
	for b.Loop() {
		if _, err := Cover(orb.Polygon{ring}, ResolutionPeople, 1000); err != nil {
			b.Fatal(err)
		}
	}
}
