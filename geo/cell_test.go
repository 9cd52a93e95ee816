package geo

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"
)

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

func TestCellText(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"a cell", `"8928308280fffff"`, "8928308280fffff"},
		{"capitals", `"8928308280FFFFF"`, "8928308280fffff"},
		{"empty", `""`, ""},
		{"no hexadecimal", `"cell"`, ""},
		{"a digit too many", `"18928308280fffff0"`, ""},
		{"an edge, no cell", `"115283473fffffff"`, ""},
		{"a number", `8928308280`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Cell
			err := json.Unmarshal([]byte(tt.in), &c)
			if tt.want == "" {
				if err == nil || c != 0 {
					t.Fatalf("taken as %s", c)
				}
				return
			}
			if err != nil || c.String() != tt.want {
				t.Fatalf("%s, %v", c, err)
			}
			if out, err := json.Marshal(c); err != nil || string(out) != `"`+tt.want+`"` {
				t.Fatalf("written as %s, %v", out, err)
			}
		})
	}
}

// TestBoundaryHoldsTheCell: the outline is closed, goes round the middle, and
// its corners are as far from it as the resolution's edges are long.
func TestBoundaryHoldsTheCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := inDistrict(t, "p")
		c, err := CellOf(p, rapid.IntRange(5, 12).Draw(t, "resolution"))
		if err != nil {
			t.Fatal(err)
		}
		outline, err := c.Boundary()
		if err != nil || len(outline) != 1 || !outline[0].Closed() || len(outline[0]) < 7 {
			t.Fatalf("%v, %v", outline, err)
		}
		middle, err := c.Center()
		if err != nil || !planar.PolygonContains(outline, middle) {
			t.Fatalf("the middle %v of %s lies outside (%v)", middle, c, err)
		}
	})
}

func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := CellOf(inDistrict(t, "p"), ResolutionPeople)
		if err != nil {
			t.Fatal(err)
		}
		k := rapid.IntRange(0, 20).Draw(t, "k")
		disk, err := c.Disk(k)
		if err != nil || len(disk) != 1+3*k*(k+1) {
			t.Fatalf("%d cells, %v", len(disk), err)
		}
		farthest := 0
		for _, other := range disk {
			steps, err := c.Steps(other)
			if err != nil || steps > k {
				t.Fatalf("%d steps to %s, %v", steps, other, err)
			}
			farthest = max(farthest, steps)
		}
		if farthest != k {
			t.Fatalf("nobody is %d steps away", k)
		}
	})
	if _, err := Cell(0).Steps(Cell(1)); err == nil {
		t.Fatal("no cells have a distance")
	}
}

func TestNoCellsAreRefused(t *testing.T) {
	for _, c := range []Cell{0, 1, CellFromInt64(-1)} {
		if _, err := c.Center(); err == nil {
			t.Errorf("%s has a centre", c)
		}
		if _, err := c.Boundary(); err == nil {
			t.Errorf("%s has a boundary", c)
		}
		if _, err := c.Disk(1); err == nil {
			t.Errorf("%s has a disk", c)
		}
		if _, err := c.Parent(-1); !errors.Is(err, ErrCell) {
			t.Errorf("%s has a parent at -1: %v", c, err)
		}
	}
}

func BenchmarkCellOf(b *testing.B) {
	for b.Loop() {
		if _, err := CellOf(orb.Point{117.85, 36.8}, ResolutionPeople); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParent(b *testing.B) {
	c := Cell(0x8928308280fffff)
	for b.Loop() {
		if _, err := c.Parent(7); err != nil {
			b.Fatal(err)
		}
	}
}
