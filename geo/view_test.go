package geo

import (
	"maps"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// someBound is a part of the map of any size, most often of a street's, at times
// beyond the earth.
func someBound(t *rapid.T) orb.Bound {
	size := rapid.SampledFrom([]float64{0, 0.001, 0.02, 0.3, 40, 400}).Draw(t, "size")
	lon, lat := 122.6+rapid.Float64Range(-0.5, 0.5).Draw(t, "lon"), 38.2+rapid.Float64Range(-0.5, 0.5).Draw(t, "lat")
	return orb.Bound{Min: orb.Point{lon - size, lat - size}, Max: orb.Point{lon + size*rapid.Float64Range(0, 2).Draw(t, "wide"), lat + size}}
}

// TestAViewHoldsItsBound: every point of a bound lies in the view that covers it,
// and the view is little more than the bound.
func TestAViewHoldsItsBound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := someBound(t)
		v := CoverView(b)
		p := orb.Point{b.Min.Lon() + (b.Max.Lon()-b.Min.Lon())*rapid.Float64Range(0, 1).Draw(t, "x"), b.Min.Lat() + (b.Max.Lat()-b.Min.Lat())*rapid.Float64Range(0, 1).Draw(t, "y")}
		if x, y := quadOf(p); !v.holds(x, y) {
			t.Fatalf("%v is not in %+v of %v", p, v, b)
		}
		if n := max(v.x1-v.x0, v.y1-v.y0); n > viewQuads || v.level < finestQuad && n < viewQuads/2 {
			t.Fatalf("%v is covered by %d quads of level %d", b, n+1, v.level)
		}
		if got := CoverView(v.Bound()); v.level > 0 && (got.x0 > v.x0<<1 || got.level < v.level-1) {
			t.Fatalf("the bound of %+v is %v", v, v.Bound())
		}
	})
}

// TestAPointFindsItsViews: exactly those that a look at all of them one by one finds,
// whoever comes and goes.
func TestAPointFindsItsViews(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		index, all := NewViewIndex[int](), map[int]View{}
		for k := range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				for what, v := range all {
					index.Remove(v, what)
					delete(all, what)
					break
				}
			case 1:
				b := someBound(t)
				p := orb.Point{b.Min.Lon(), b.Max.Lat()}
				got, want := map[int]int{}, map[int]int{}
				index.Find(p, func(what int) { got[what]++ })
				x, y := quadOf(p)
				for what, v := range all {
					if v.holds(x, y) {
						want[what] = 1
					}
				}
				if !maps.Equal(got, want) {
					t.Fatalf("%v finds %v, want %v", p, got, want)
				}
			default:
				all[k] = CoverView(someBound(t))
				index.Add(all[k], k)
			}
		}
		for what, v := range all {
			index.Remove(v, what)
		}
		if len(index.at) != 0 || index.levels != 0 {
			t.Fatalf("%v is left", index.at)
		}
	})
}
