package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

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

// TestSectorPolygonAgreesWithHolds, but for the sliver between chord and arc.
func TestSectorPolygonAgreesWithHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Sector{
			Center:         inDistrict(t, "camera"),
			BearingDegrees: rapid.Float64Range(-720, 720).Draw(t, "bearing"),
			ViewDegrees:    rapid.Float64Range(1, 400).Draw(t, "view"),
			RangeMeters:    rapid.Float64Range(5, 500).Draw(t, "range"),
		}
		outline := s.Polygon()
		if outline[0].Orientation() != orb.CCW || !outline[0].Closed() {
			t.Fatalf("not a closed ring counterclockwise: %v", outline)
		}
		// Inside and outside, clear of the edges.
		off := rapid.Float64Range(0, 180).Draw(t, "off")
		meters := s.RangeMeters * rapid.SampledFrom([]float64{0.1, 0.5, 0.99, 1.01, 2}).Draw(t, "part")
		if math.Abs(off-s.ViewDegrees/2) < 0.1 {
			return
		}
		p := Destination(s.Center, s.BearingDegrees+off*rapid.SampledFrom([]float64{-1, 1}).Draw(t, "side"), meters)
		want := meters <= s.RangeMeters && off <= s.ViewDegrees/2
		if s.Holds(p) != want || planar.PolygonContains(outline, p) != want {
			t.Fatalf("%v at %.1f degrees off, %.1f m: holds %v, outline %v, want %v", s, off, meters, s.Holds(p), planar.PolygonContains(outline, p), want)
		}
	})
}

func TestSectorOfNothing(t *testing.T) {
	at := orb.Point{117.85, 36.8}
	near := Destination(at, 10, 5)
	for _, s := range []Sector{{}, {Center: at}, {Center: at, ViewDegrees: -90, RangeMeters: 50},
		{Center: at, ViewDegrees: 360, RangeMeters: math.NaN()}, {Center: at, ViewDegrees: math.NaN(), RangeMeters: 50}, {Center: at, ViewDegrees: 360, RangeMeters: -1}} {
		if s.Holds(near) {
			t.Errorf("%v sees", s)
		}
	}
}
