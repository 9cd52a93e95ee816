package geo

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

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

// TestDistances holds distances and bearings against known figures: a degree of
// the equator or a meridian is a 360th of the circumference.
func TestDistances(t *testing.T) {
	const oneDegree = EarthRadius * math.Pi / 180
	tests := []struct {
		name            string
		a, b            orb.Point
		meters, bearing float64
	}{
		{"north", orb.Point{10, 20}, orb.Point{10, 21}, oneDegree, 0},
		{"south", orb.Point{10, 21}, orb.Point{10, 20}, oneDegree, 180},
		{"east on the equator", orb.Point{10, 0}, orb.Point{11, 0}, oneDegree, 90},
		{"west across the 180th meridian", orb.Point{-179.5, 0}, orb.Point{179.5, 0}, oneDegree, 270},
		{"over the pole", orb.Point{10, 89.5}, orb.Point{-170, 89.5}, oneDegree, 0},
		{"nearly to the other side", orb.Point{10, 0}, orb.Point{-171, 0}, 179 * oneDegree, 90},
		{"nowhere", orb.Point{10, 20}, orb.Point{10, 20}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := Distance(tt.a, tt.b); math.Abs(d-tt.meters) > 1e-6 {
				t.Errorf("%f m, want %f", d, tt.meters)
			}
			if got := Bearing(tt.a, tt.b); math.Abs(math.Remainder(got-tt.bearing, 360)) > 1e-9 || got < 0 || got >= 360 {
				t.Errorf("bearing %f, want %f", got, tt.bearing)
			}
			if tt.meters < 1e6 && Distance(Destination(tt.a, tt.bearing, tt.meters), tt.b) > 1e-3 {
				t.Errorf("arrived at %v, want %v", Destination(tt.a, tt.bearing, tt.meters), tt.b)
			}
		})
	}
}
