package geo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Reason says in one word what is wrong with a point.
type Reason string

// The reasons.
const (
	ReasonNotANumber Reason = "not_a_number"
	ReasonLatitude   Reason = "latitude_out_of_range"
	ReasonLongitude  Reason = "longitude_out_of_range"
	ReasonNull       Reason = "null_island"
	ReasonSwapped    Reason = "swapped"
	ReasonOutside    Reason = "outside"
)

// PointError is a point that cannot be taken, and why.
type PointError struct{ Reason Reason }

// Error names the reason.
func (e *PointError) Error() string { return fmt.Sprintf("bad coordinates: %s", e.Reason) }

// CheckPoint refuses what is no place on earth. 0,0 is in the open sea and
// always a missing value.
func CheckPoint(p orb.Point) error {
	lon, lat := p.Lon(), p.Lat()
	switch {
	case math.IsNaN(lon) || math.IsNaN(lat) || math.IsInf(lon, 0) || math.IsInf(lat, 0):
		return &PointError{ReasonNotANumber}
	case math.Abs(lat) > 90:
		return &PointError{ReasonLatitude}
	case math.Abs(lon) > 180:
		return &PointError{ReasonLongitude}
	case lon == 0 && lat == 0:
		return &PointError{ReasonNull}
	}
	return nil
}

// CheckPointIn refuses a point outside a bound; where the swapped point lies
// inside, it says that the order is wrong.
func CheckPointIn(p orb.Point, district orb.Bound) error {
	swapped := orb.Point{p.Lat(), p.Lon()}
	if !district.Contains(p) && district.Contains(swapped) {
		return &PointError{ReasonSwapped}
	}
	if err := CheckPoint(p); err != nil {
		return err
	}
	if !district.Contains(p) {
		return &PointError{ReasonOutside}
	}
	return nil
}
