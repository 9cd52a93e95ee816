package geo

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Datum is the system that a source's coordinates are in.
type Datum string

// The datums. CGCS2000 agrees with WGS-84 to some centimetres, which is taken as
// the same; GCJ-02 shifts by 100-700 m within China, BD-09 further.
const (
	WGS84    Datum = "wgs84"
	CGCS2000 Datum = "cgcs2000"
	GCJ02    Datum = "gcj02"
	BD09     Datum = "bd09"
)

// ParseDatum reads a datum's name.
func ParseDatum(name string) (Datum, error) {
	switch d := Datum(name); d {
	case WGS84, CGCS2000, GCJ02, BD09:
		return d, nil
	}
	return "", fmt.Errorf("unknown datum %q: want wgs84, cgcs2000, gcj02 or bd09", name)
}

// String gives the datum's name; the zero value is WGS-84.
func (d Datum) String() string {
	if d == "" {
		return string(WGS84)
	}
	return string(d)
}

// ToWGS84 converts a point of a datum to WGS-84, to a millimetre. Within some
// 700 m of the edge of China's bounding box, where GCJ-02 begins abruptly, one
// point stands for two places or none: there it may be off by the shift.
func ToWGS84(d Datum, p orb.Point) (orb.Point, error) {
	if err := CheckPoint(p); err != nil {
		return p, err
	}
	switch d {
	case "", WGS84, CGCS2000:
		return p, nil
	case GCJ02:
		return invert(p, wgsToGCJ), nil
	case BD09:
		return invert(invert(p, gcjToBD), wgsToGCJ), nil
	}
	return p, fmt.Errorf("unknown datum %q", string(d))
}

// FromWGS84 converts a WGS-84 point to a datum. Outside China's bounding box
// GCJ-02 is WGS-84; BD-09 keeps its own shift everywhere, as gcoord has it.
func FromWGS84(d Datum, p orb.Point) (orb.Point, error) {
	if err := CheckPoint(p); err != nil {
		return p, err
	}
	switch d {
	case "", WGS84, CGCS2000:
		return p, nil
	case GCJ02:
		return wgsToGCJ(p), nil
	case BD09:
		return gcjToBD(wgsToGCJ(p)), nil
	}
	return p, fmt.Errorf("unknown datum %q", string(d))
}

// The ellipsoid that GCJ-02 is computed on (Krasovsky 1940).
const (
	krasovskyAxis         = 6378245.0
	krasovskyEccentricity = 0.00669342162296594323 // squared
)

// wgsToGCJ shifts a point as GCJ-02 does: sums of sines of the distance from
// 105 E, 35 N, in metres, turned into degrees on the Krasovsky ellipsoid.
// Outside China's bounding box nothing is shifted.
func wgsToGCJ(p orb.Point) orb.Point {
	if p.Lon() < 72.004 || p.Lon() > 137.8347 || p.Lat() < 0.8293 || p.Lat() > 55.8271 {
		return p
	}
	x, y := p.Lon()-105, p.Lat()-35
	root := math.Sqrt(math.Abs(x))
	both := waves(x*math.Pi, 20, 6, 20, 2)
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + both + waves(y*math.Pi, 20, 1, 40, 1.0/3) + waves(y*math.Pi, 160, 1.0/12, 320, 1.0/30)
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + both + waves(x*math.Pi, 20, 1, 40, 1.0/3) + waves(x*math.Pi, 150, 1.0/12, 300, 1.0/30)
	sin := math.Sin(p.Lat() * degree)
	curve := 1 - krasovskyEccentricity*sin*sin
	meridian := krasovskyAxis * (1 - krasovskyEccentricity) / (curve * math.Sqrt(curve))
	parallel := krasovskyAxis / math.Sqrt(curve) * math.Cos(p.Lat()*degree)
	return orb.Point{p.Lon() + east/(parallel*degree), p.Lat() + north/(meridian*degree)}
}

// waves is two thirds of the sum of two sines of an angle.
func waves(angle, a, fa, b, fb float64) float64 {
	return (a*math.Sin(fa*angle) + b*math.Sin(fb*angle)) * 2 / 3
}

// gcjToBD turns and stretches a GCJ-02 point around the origin, as BD-09 does.
func gcjToBD(p orb.Point) orb.Point {
	const turn = math.Pi * 3000 / 180
	z := math.Hypot(p.Lon(), p.Lat()) + 0.00002*math.Sin(p.Lat()*turn)
	theta := math.Atan2(p.Lat(), p.Lon()) + 0.000003*math.Cos(p.Lon()*turn)
	return orb.Point{z*math.Cos(theta) + 0.0065, z*math.Sin(theta) + 0.006}
}

// invert finds the point that a shift maps to p: the shift changes slowly, so
// subtracting what is off converges in a few steps.
func invert(p orb.Point, shift func(orb.Point) orb.Point) orb.Point {
	guess := p
	for range 20 {
		at := shift(guess)
		dLon, dLat := at.Lon()-p.Lon(), at.Lat()-p.Lat()
		guess = orb.Point{guess.Lon() - dLon, guess.Lat() - dLat}
		if math.Abs(dLon) < 1e-11 && math.Abs(dLat) < 1e-11 {
			break
		}
	}
	return guess
}

// GeometryToWGS84 converts every point of a geometry of a datum to WGS-84; the
// input is left alone. A bound becomes the bound of its converted corners.
func GeometryToWGS84(d Datum, g orb.Geometry) (orb.Geometry, error) {
	return convert(g, func(p orb.Point) (orb.Point, error) { return ToWGS84(d, p) })
}

// GeometryFromWGS84 converts every point of a WGS-84 geometry to a datum; the
// input is left alone. A bound becomes the bound of its converted corners.
func GeometryFromWGS84(d Datum, g orb.Geometry) (orb.Geometry, error) {
	return convert(g, func(p orb.Point) (orb.Point, error) { return FromWGS84(d, p) })
}

func convert(g orb.Geometry, to func(orb.Point) (orb.Point, error)) (orb.Geometry, error) {
	switch v := g.(type) {
	case orb.Point:
		return to(v)
	case orb.MultiPoint:
		return convertPoints(v, to)
	case orb.LineString:
		return convertPoints(v, to)
	case orb.Ring:
		return convertPoints(v, to)
	case orb.MultiLineString:
		return convertParts(v, to)
	case orb.Polygon:
		return convertParts(v, to)
	case orb.MultiPolygon:
		return convertParts(v, to)
	case orb.Collection:
		return convertParts(v, to)
	case orb.Bound:
		corners, err := convertPoints(v.ToRing(), to)
		return corners.Bound(), err
	}
	return nil, fmt.Errorf("a geometry of type %T cannot be converted", g)
}

func convertPoints[P ~[]orb.Point](points P, to func(orb.Point) (orb.Point, error)) (P, error) {
	out := make(P, len(points))
	for k, p := range points {
		converted, err := to(p)
		if err != nil {
			return nil, fmt.Errorf("point %d: %w", k+1, err)
		}
		out[k] = converted
	}
	return out, nil
}

func convertParts[P ~[]G, G orb.Geometry](parts P, to func(orb.Point) (orb.Point, error)) (P, error) {
	out := make(P, len(parts))
	for k, part := range parts {
		converted, err := convert(part, to)
		if err != nil {
			return nil, fmt.Errorf("part %d: %w", k+1, err)
		}
		out[k] = converted.(G) // convert keeps the type
	}
	return out, nil
}
