package dispatch

import (
	"errors"
	"math"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// cellOf gives a point's cell for people and incidents, or says what is wrong
// with the point: a latitude beyond the poles that would do as a longitude is
// taken for a swapped order.
func cellOf(p orb.Point) (geo.Cell, error) {
	cell, err := geo.CellOf(p, geo.ResolutionPeople)
	if err == nil {
		return cell, nil
	}
	reason := geo.ReasonNotANumber
	var bad *geo.PointError
	if errors.As(err, &bad) {
		reason = bad.Reason
	}
	if reason == geo.ReasonLatitude && math.Abs(p.Lat()) <= 180 && math.Abs(p.Lon()) <= 90 {
		reason = geo.ReasonSwapped
	}
	field := "lon"
	if reason == geo.ReasonLatitude {
		field = "lat"
	}
	return 0, &Error{Code: CodeBadCoordinates, Field: field, Values: map[string]string{"reason": string(reason)}, Err: err}
}
