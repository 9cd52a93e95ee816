package geo

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
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
		{"just beyond the pole", orb.Point{10, -90.0001}, ReasonLatitude},
		{"just beyond the 180th meridian", orb.Point{180.0001, 10}, ReasonLongitude},
		{"at the pole", orb.Point{10, 90}, ReasonOutside},
		{"on the 180th meridian", orb.Point{-180, 10}, ReasonOutside},
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
