package tile

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"yiping/geo"
)

var testSchema = Schema{Name: "thing", Texts: []string{"name", "kind", "state"}, Numbers: []string{"size"}, Group: "kind", Good: "state", GoodIs: "up"}

// drawPoints draws points of a district, some of them on one spot.
func drawPoints(t *rapid.T) []Point {
	n := rapid.IntRange(0, 60).Draw(t, "points")
	points := make([]Point, n)
	for k := range points {
		points[k] = Point{ID: int64(k+1) * 1_000_003, AreaID: rapid.Int64Range(1, 4).Draw(t, "area"),
			At:      orb.Point{rapid.Float64Range(122.4, 122.8).Draw(t, "lon"), rapid.Float64Range(38.1, 38.4).Draw(t, "lat")},
			Texts:   []string{rapid.StringN(0, 20, 200).Draw(t, "name"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "kind"), rapid.SampledFrom([]string{"up", "down"}).Draw(t, "state")},
			Numbers: []float64{rapid.Float64Range(-400, 400).Draw(t, "size")}}
		if k > 0 && rapid.IntRange(0, 5).Draw(t, "again") == 0 {
			points[k].At = points[k-1].At
		}
	}
	return points
}

// decode reads a tile with another program's decoder.
func decode(t testing.TB, a Address, content []byte) map[string][]*geojson.Feature {
	t.Helper()
	layers, err := mvt.Unmarshal(content)
	if err != nil {
		t.Fatalf("not a tile: %v", err)
	}
	layers.ProjectToWGS84(maptile.New(uint32(a.X), uint32(a.Y), maptile.Zoom(a.Z)))
	out := map[string][]*geojson.Feature{}
	for _, l := range layers {
		if l.Version != 2 || l.Extent != Extent {
			t.Fatalf("layer %s: version %d, extent %d", l.Name, l.Version, l.Extent)
		}
		out[l.Name] = l.Features
	}
	return out
}

// tilesOf gives the tiles of a zoom in which the points are.
func tilesOf(points []Point, z int) []Address {
	var list []Address
	for _, p := range points {
		at := maptile.At(p.At, maptile.Zoom(z))
		if a := (Address{z, int(at.X), int(at.Y)}); !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// idOf gives a feature's id, which a decoder reads as a float.
func idOf(f *geojson.Feature) int64 { return int64(f.ID.(float64)) }

// TestPoints: what another decoder reads is the points of the areas asked for,
// each in one tile of a zoom and no other, where it is and with what it says.
func TestPoints(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		points, z := drawPoints(rt), rapid.IntRange(0, Deepest).Draw(rt, "zoom")
		var areas []int64
		if rapid.Bool().Draw(rt, "narrowed") {
			areas = rapid.SliceOfN(rapid.Int64Range(1, 5), 0, 4).Draw(rt, "areas")
		}
		l := NewLayer(testSchema, points)
		read := map[int64]*geojson.Feature{}
		for _, a := range tilesOf(points, z) {
			for name, features := range decode(t, a, l.AppendPoints(nil, a, areas)) {
				for _, f := range features {
					if read[idOf(f)] != nil || name != "thing" {
						rt.Fatalf("%d again, or in layer %s", idOf(f), name)
					}
					read[idOf(f)] = f
				}
			}
		}
		unit := 360 / math.Exp2(float64(z)) / Extent
		for _, p := range points {
			f, wanted := read[p.ID], areas == nil || slices.Contains(areas, p.AreaID)
			delete(read, p.ID)
			if (f != nil) != wanted {
				rt.Fatalf("%d is there %v, want %v", p.ID, f != nil, wanted)
			}
			if f == nil {
				continue
			}
			at := f.Geometry.(orb.Point)
			if math.Abs(at[0]-p.At[0]) > 1.01*unit || math.Abs(at[1]-p.At[1]) > 1.01*unit {
				rt.Fatalf("%v became %v", p.At, at)
			}
			if got, want := fmt.Sprint(f.Properties), fmt.Sprint(geojson.Properties{"name": p.Texts[0], "kind": p.Texts[1], "state": p.Texts[2], "size": p.Numbers[0]}); got != want {
				rt.Fatalf("says %s, want %s", got, want)
			}
		}
		if len(read) > 0 {
			rt.Fatalf("more than there are: %v", read)
		}
	})
}

// TestClusters: over the tiles of a zoom the numbers add up to the points of the
// areas, group by group, and each stands among its points.
func TestClusters(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		points, z := drawPoints(rt), rapid.IntRange(0, PointsFrom).Draw(rt, "zoom")
		areas := []int64{1, 3}
		l := NewLayer(testSchema, points)
		got, want := map[string]int{}, map[string]int{}
		for _, a := range tilesOf(points, z) {
			for _, f := range decode(t, a, l.AppendClusters(nil, a, areas))["thing_cluster"] {
				kind := f.Properties["kind"].(string)
				got[kind] += int(f.Properties["count"].(float64))
				got[kind+" up"] += int(f.Properties["up"].(float64))
				if at := maptile.At(f.Geometry.(orb.Point), maptile.Zoom(z)); z > 0 && (int(at.X) != a.X || int(at.Y) != a.Y) {
					rt.Fatalf("a number of %v stands in %v", a, at)
				}
			}
		}
		for _, p := range points {
			if slices.Contains(areas, p.AreaID) {
				want[p.Texts[1]]++
				got[p.Texts[1]+" up"] += 0
				if p.Texts[2] == "up" {
					want[p.Texts[1]+" up"]++
				} else {
					want[p.Texts[1]+" up"] += 0
				}
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			rt.Fatalf("counted %v, want %v", got, want)
		}
	})
}

// TestReplace: a point that stays where it is is taken over, one that moves is not.
func TestReplace(t *testing.T) {
	p := Point{ID: 7, AreaID: 1, At: orb.Point{122.5, 38.2}, Texts: []string{"n", "a", "up"}, Numbers: []float64{1}}
	l := NewLayer(testSchema, []Point{p})
	a := tilesOf([]Point{p}, 16)[0]
	p.Texts = []string{"n", "a", "gone"}
	if !l.Replace(p) {
		t.Fatal("not taken over")
	}
	if f := decode(t, a, l.AppendPoints(nil, a, nil))["thing"]; len(f) != 1 || f[0].Properties["state"] != "gone" {
		t.Fatalf("it says %v", f)
	}
	p.At[0] += 0.001
	if l.Replace(p) || l.Replace(Point{ID: 8}) {
		t.Fatal("a point that moved, or is new, was taken over where another was")
	}
}

// TestCells: another decoder reads each cell that touches the tile, with its
// value, as a ring that runs the right way round, cut at the margin.
func TestCells(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		z := rapid.IntRange(8, Deepest).Draw(rt, "zoom")
		middle := orb.Point{rapid.Float64Range(122.4, 122.8).Draw(rt, "lon"), rapid.Float64Range(38.1, 38.4).Draw(rt, "lat")}
		cell, err := geo.CellOf(middle, CellsAt(z))
		if err != nil {
			rt.Fatal(err)
		}
		disk, err := cell.Disk(2)
		if err != nil {
			rt.Fatal(err)
		}
		cells := map[geo.Cell]int{}
		for k, c := range disk {
			cells[c] = k * 100
		}
		at := maptile.At(middle, maptile.Zoom(z))
		a := Address{z, int(at.X), int(at.Y)}
		content, err := AppendCells(nil, a, cells)
		if err != nil {
			rt.Fatal(err)
		}
		layers, err := mvt.Unmarshal(content)
		if err != nil || len(layers) != 1 {
			rt.Fatalf("%d layers, %v", len(layers), err)
		}
		frame := orb.Bound{Min: orb.Point{-cellMargin, -cellMargin}, Max: orb.Point{Extent + cellMargin, Extent + cellMargin}}
		there := false
		for _, f := range layers[0].Features {
			c, err := geo.ParseCell(f.Properties["cell"].(string))
			if err != nil || f.Properties["value"] != float64(cells[c]) {
				rt.Fatalf("%v: %v", f.Properties, err)
			}
			there = there || c == cell
			ring := f.Geometry.(orb.Polygon)[0]
			for _, p := range ring {
				if !frame.Contains(p) {
					rt.Fatalf("%v is beyond the margin", p)
				}
			}
			if ring.Orientation() != orb.CCW {
				rt.Fatal("a hole")
			}
		}
		if !there {
			rt.Fatal("the cell in the tile is missing")
		}
	})
}

func TestAddresses(t *testing.T) {
	a := Address{14, 13767, 6312}
	if got, want := a.Bound(), (maptile.Tile{X: 13767, Y: 6312, Z: 14}).Bound(); math.Abs(got.Min[0]-want.Min[0])+math.Abs(got.Max[1]-want.Max[1]) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	for a, valid := range map[Address]bool{{0, 0, 0}: true, {1, 2, 0}: false, {19, 0, 0}: false, {-1, 0, 0}: false, {3, -1, 0}: false} {
		if a.Valid() != valid {
			t.Errorf("%v", a)
		}
	}
}
