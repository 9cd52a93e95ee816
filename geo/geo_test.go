package geo

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"
)

// anywhere draws a point on earth that is not the missing value 0,0.
func anywhere(t *rapid.T, name string) orb.Point {
	return orb.Point{rapid.Float64Range(-180, 180).Draw(t, name+" lon"), rapid.Float64Range(-89.9, 89.9).Draw(t, name+" lat") + 1e-9}
}

// inDistrict draws a point of a district of some 20 km.
func inDistrict(t *rapid.T, name string) orb.Point {
	return orb.Point{rapid.Float64Range(117.7, 118).Draw(t, name+" lon"), rapid.Float64Range(36.7, 36.9).Draw(t, name+" lat")}
}

func TestCheckPoint(t *testing.T) {
	district := orb.Bound{Min: orb.Point{117.7, 36.7}, Max: orb.Point{118, 36.9}}
	tests := []struct {
		name string
		in   orb.Point
		want Reason
	}{
		{"inside", orb.Point{117.85, 36.8}, ""},
		{"no number", orb.Point{math.NaN(), 36.8}, ReasonNotANumber},
		{"infinite", orb.Point{117.85, math.Inf(1)}, ReasonNotANumber},
		{"latitude 100", orb.Point{10, 100}, ReasonLatitude},
		{"longitude 200", orb.Point{200, 10}, ReasonLongitude},
		{"missing", orb.Point{0, 0}, ReasonNull},
		{"swapped", orb.Point{36.8, 117.85}, ReasonSwapped},
		{"elsewhere", orb.Point{116.4, 39.9}, ReasonOutside},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckPointIn(tt.in, district)
			var bad *PointError
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &bad) || bad.Reason != tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestVectors holds cells, parents, centres and disks against those of the
// official JavaScript build of H3 (h3-js 4.5.0), all over the earth, at all
// resolutions and at every pentagon.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/h3.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Lon, Lat   float64
		Resolution int
		Cell       Cell
		Parent     Cell
		Center     orb.Point
		Disk       []Cell
	}
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) < 250 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		got, err := CellOf(orb.Point{v.Lon, v.Lat}, v.Resolution)
		if err != nil || got != v.Cell || got.Resolution() != v.Resolution {
			t.Errorf("%v %v at %d: %s, %v, want %s", v.Lon, v.Lat, v.Resolution, got, err, v.Cell)
			continue
		}
		if parent, err := got.Parent(v.Parent.Resolution()); err != nil || parent != v.Parent {
			t.Errorf("parent of %s: %s, %v, want %s", got, parent, err, v.Parent)
		}
		if middle, err := got.Center(); err != nil || Distance(middle, v.Center) > 0.001 {
			t.Errorf("centre of %s: %v, %v, want %v", got, middle, err, v.Center)
		}
		disk, err := got.Disk(1)
		slices.Sort(disk)
		if err != nil || !slices.Equal(disk, v.Disk) {
			t.Errorf("disk of %s: %v, %v, want %v", got, disk, err, v.Disk)
		}
	}
}

func TestCellRoundTripsAndParents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := CellOf(anywhere(t, "p"), rapid.IntRange(0, 15).Draw(t, "resolution"))
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseCell(c.String())
		if err != nil || back != c || CellFromInt64(c.Int64()) != c {
			t.Fatalf("%s came back as %s, %v", c, back, err)
		}
		to := rapid.IntRange(0, 15).Draw(t, "parent")
		got, err := c.Parent(to)
		if to > c.Resolution() {
			if !errors.Is(err, ErrCell) {
				t.Fatalf("a finer parent: %v", err)
			}
			return
		}
		want, wantErr := h3.Cell(c).Parent(to)
		if wantErr != nil || err != nil || uint64(got) != uint64(want) || got.Resolution() != to {
			t.Fatalf("parent %s at %d: %s, want %x (%v, %v)", c, to, got, uint64(want), err, wantErr)
		}
	})
}

func FuzzParseCell(f *testing.F) {
	for _, seed := range []string{"", "0", "87283472bffffff", "ffffffffffffffff", "-1", "8928308280fffff "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCell(text)
		if err != nil {
			if c != 0 || !errors.Is(err, ErrCell) {
				t.Fatalf("%q: %s, %v", text, c, err)
			}
			return
		}
		if again, err := ParseCell(c.String()); err != nil || again != c {
			t.Fatalf("%q read as %s, read again as %s, %v", text, c, again, err)
		}
		if _, err := c.Boundary(); err != nil {
			t.Fatalf("%q has no boundary: %v", text, err)
		}
	})
}

func FuzzCellOf(f *testing.F) {
	f.Add(117.85, 36.8, 9)
	f.Add(math.NaN(), 0.0, 9)
	f.Add(0.0, 100.0, 9)
	f.Add(1.0, 1.0, 99)
	f.Fuzz(func(t *testing.T, lon, lat float64, resolution int) {
		c, err := CellOf(orb.Point{lon, lat}, resolution)
		bad := CheckPoint(orb.Point{lon, lat}) != nil || resolution < 0 || resolution > 15
		if bad != (err != nil) || bad != (c == 0) {
			t.Fatalf("%v %v at %d: %s, %v", lon, lat, resolution, c, err)
		}
	})
}

func TestDatumsAgainstGcoord(t *testing.T) {
	raw, err := os.ReadFile("testdata/datums.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct{ WGS84, GCJ02, BD09 orb.Point }
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors) == 0 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		for d, want := range map[Datum]orb.Point{GCJ02: v.GCJ02, BD09: v.BD09, CGCS2000: v.WGS84} {
			got, err := FromWGS84(d, v.WGS84)
			if err != nil || Distance(got, want) > 0.01 {
				t.Errorf("%v to %s: %v, want %v (%v)", v.WGS84, d, got, want, err)
			}
		}
	}
}

func TestDatumsComeBack(t *testing.T) {
	limits := map[Datum]float64{WGS84: 0.001, CGCS2000: 0.001, GCJ02: 0.1, BD09: 0.2}
	rapid.Check(t, func(t *rapid.T) {
		// Away from the bounding box's edge, where the shift begins abruptly.
		p := orb.Point{rapid.Float64Range(73, 135).Draw(t, "lon"), rapid.Float64Range(4, 53).Draw(t, "lat")}
		for d, limit := range limits {
			there, err := FromWGS84(d, p)
			if err != nil {
				t.Fatal(err)
			}
			back, err := ToWGS84(d, there)
			if err != nil || Distance(p, back) > limit {
				t.Fatalf("%s: %v came back as %v, %.3f m off (%v)", d, p, back, Distance(p, back), err)
			}
		}
	})
}

func TestGeometryToWGS84LeavesTheInputAlone(t *testing.T) {
	in := orb.Polygon{{{117.85, 36.8}, {117.86, 36.8}, {117.86, 36.81}, {117.85, 36.8}}}
	out, err := GeometryToWGS84(GCJ02, in)
	if err != nil || in[0][0] != (orb.Point{117.85, 36.8}) {
		t.Fatalf("%v, %v", in, err)
	}
	if d := Distance(in[0][0], out.(orb.Polygon)[0][0]); d < 300 || d > 700 {
		t.Fatalf("moved by %.0f m", d)
	}
	if _, err := GeometryToWGS84(GCJ02, orb.Polygon{{{math.NaN(), 1}}}); err == nil {
		t.Fatal("a point that is no number was converted")
	}
}

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

func TestDistanceAndDestinationAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, bearing, meters := inDistrict(t, "p"), rapid.Float64Range(0, 359.99).Draw(t, "bearing"), rapid.Float64Range(1, 20000).Draw(t, "metres")
		to := Destination(p, bearing, meters)
		if off := math.Abs(Distance(p, to) - meters); off > 0.001*meters {
			t.Fatalf("%.3f m off", off)
		}
		if off := math.Abs(math.Remainder(Bearing(p, to)-bearing, 360)); off > 0.01 {
			t.Fatalf("%.4f degrees off", off)
		}
	})
	// Paris to London, a figure known to everybody: 344 km.
	if d := Distance(orb.Point{2.3522, 48.8566}, orb.Point{-0.1276, 51.5072}); math.Abs(d-343556) > 500 {
		t.Fatalf("Paris to London: %.0f m", d)
	}
}

func TestSector(t *testing.T) {
	at := orb.Point{117.85, 36.8}
	north := Sector{Center: at, BearingDegrees: 0, ViewDegrees: 60, RangeMeters: 100}
	tests := []struct {
		name    string
		s       Sector
		bearing float64
		meters  float64
		want    bool
	}{
		{"ahead", north, 0, 50, true},
		{"left of north across 0", north, 340, 50, true},
		{"right", north, 29, 50, true},
		{"beside", north, 31, 50, false},
		{"behind", north, 180, 50, false},
		{"too far", north, 0, 101, false},
		{"a dome sees behind", Sector{Center: at, ViewDegrees: 360, RangeMeters: 100}, 180, 50, true},
		{"the own place", north, 0, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.s.Holds(Destination(at, tt.bearing, tt.meters)); got != tt.want {
				t.Fatalf("got %v", got)
			}
			ring := tt.s.Polygon()[0]
			if ring[0] != ring[len(ring)-1] || len(ring) < 4 {
				t.Fatalf("the outline is not closed: %v", ring)
			}
		})
	}
}

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

func BenchmarkNearest10Of100k(b *testing.B) {
	x := NewIndex[int](ResolutionPeople)
	for k := range 100_000 {
		if err := x.Set(k, Destination(orb.Point{117.85, 36.8}, float64(k)*137.5, math.Sqrt(float64(k))*30)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if got := x.Nearest(orb.Point{117.86, 36.81}, 10, 15000, nil); len(got) != 10 {
			b.Fatal(len(got))
		}
	}
}
