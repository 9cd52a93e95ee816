package dispatch

import (
	"math"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Position is where a phone was. What is wrong with one is said of it alone, so
// that its schema has no bounds: SoundPositions has.
type Position struct {
	ResponderID    int64     `json:"-"`
	AreaID         int64     `json:"-"` // the responder's registered community
	Lon            float64   `json:"lon" doc:"Degrees, WGS-84."`
	Lat            float64   `json:"lat"`
	AccuracyMeters *float64  `json:"accuracy_meters,omitempty" doc:"Radius within which it is; beyond 5,000 it says nothing."`
	HeadingDegrees *float64  `json:"heading_degrees,omitempty" doc:"0 to 360, clockwise from north."`
	SpeedMPS       *float64  `json:"speed_mps,omitempty" doc:"0 to 70."`
	At             time.Time `json:"at" doc:"When it was taken; at most a day ago."`
}

// RefusedPosition is one of a batch that was not taken, and why; the others were.
type RefusedPosition struct {
	Index  int    // in the batch
	Reason *Error // with its field
}

// KeptPositions is what became of a batch.
type KeptPositions struct {
	Accepted int // that were sound; the newest of them is kept, and those of a task whose track is
	Refused  []RefusedPosition
}

// CodeBadPosition refuses a position; its value "reason" says why.
const CodeBadPosition Code = "bad_position"

// What bounds a position. Nobody who is sent drives faster than 252 km/h, and a
// phone that is 5 km off knows the town, not the place.
const (
	positionAge        = 24 * time.Hour
	positionAhead      = time.Minute // by which a phone's clock may be ahead
	fastestMPS         = 70
	coarsestMeters     = 5000
	plausibleWithin    = 10 * time.Minute // beyond it the last position says nothing about the next
	leastMetersOfDoubt = 100              // by which two that are exact to the metre may still differ
)

// SoundPositions divides a batch into the positions that can be and those that
// cannot. last is the responder's last known one, nil for none: a jump that no
// vehicle makes is refused, until enough time has passed to make it possible.
func SoundPositions(batch []Position, last *Position, now time.Time) (sound []Position, refused []RefusedPosition) {
	for k, p := range batch {
		if why := p.wrong(last, now); why != nil {
			refused = append(refused, RefusedPosition{k, why})
			continue
		}
		sound = append(sound, p)
		if last == nil || p.At.After(last.At) {
			last = &batch[k]
		}
	}
	return sound, refused
}

func (p Position) wrong(last *Position, now time.Time) *Error {
	bad := func(field, reason string) *Error {
		return &Error{Code: CodeBadPosition, Field: field, Values: map[string]string{"reason": reason}}
	}
	within := func(v *float64, most float64) bool { return v == nil || *v >= 0 && *v <= most }
	switch {
	case !(math.Abs(p.Lon) <= 180):
		return bad("lon", "outside")
	case !(math.Abs(p.Lat) <= 90):
		return bad("lat", "outside")
	case p.Lon == 0 && p.Lat == 0:
		return bad("lon", "no_fix")
	case !within(p.HeadingDegrees, 360):
		return bad("heading_degrees", "outside")
	case !within(p.AccuracyMeters, math.MaxFloat64):
		return bad("accuracy_meters", "outside")
	case !within(p.AccuracyMeters, coarsestMeters):
		return bad("accuracy_meters", "too_coarse")
	case !within(p.SpeedMPS, fastestMPS):
		return bad("speed_mps", "too_fast")
	case p.At.After(now.Add(positionAhead)):
		return bad("at", "in_future")
	case p.At.Before(now.Add(-positionAge)):
		return bad("at", "too_old")
	case last != nil && p.jumps(*last):
		return bad("at", "jump")
	}
	return nil
}

// jumps says whether nobody gets from one place to the other in the time between,
// whatever both places are off by.
func (p Position) jumps(last Position) bool {
	between := p.At.Sub(last.At).Abs()
	if between > plausibleWithin {
		return false
	}
	way := geo.Distance(orb.Point{p.Lon, p.Lat}, orb.Point{last.Lon, last.Lat})
	return way-deref(p.AccuracyMeters)-deref(last.AccuracyMeters)-leastMetersOfDoubt > fastestMPS*between.Seconds()
}

// Field names the field of a batch that a refused position's reason is about.
func (r RefusedPosition) Field() string {
	return "positions[" + strconv.Itoa(r.Index) + "]." + r.Reason.Field
}
