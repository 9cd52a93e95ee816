package geo

import (
	"math"

	"github.com/paulmach/orb"
)

// EarthRadius is the mean radius in metres (IUGG R1).
const EarthRadius = 6371008.8

const degree = math.Pi / 180

// Distance gives the great-circle distance in metres (haversine); off by up to
// 0.5 % from the ellipsoid's.
func Distance(a, b orb.Point) float64 {
	sinLat := math.Sin((b.Lat() - a.Lat()) * degree / 2)
	sinLon := math.Sin((b.Lon() - a.Lon()) * degree / 2)
	h := sinLat*sinLat + math.Cos(a.Lat()*degree)*math.Cos(b.Lat()*degree)*sinLon*sinLon
	return 2 * EarthRadius * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Bearing gives the initial bearing from a to b, 0 <= bearing < 360.
func Bearing(a, b orb.Point) float64 {
	dLon := (b.Lon() - a.Lon()) * degree
	y := math.Sin(dLon) * math.Cos(b.Lat()*degree)
	x := math.Cos(a.Lat()*degree)*math.Sin(b.Lat()*degree) - math.Sin(a.Lat()*degree)*math.Cos(b.Lat()*degree)*math.Cos(dLon)
	return normalize(math.Atan2(y, x) / degree)
}

// Destination gives the point at a bearing and distance from p.
func Destination(p orb.Point, bearingDegrees, meters float64) orb.Point {
	angle, bearing := meters/EarthRadius, bearingDegrees*degree
	lat := p.Lat() * degree
	sinLat := math.Sin(lat)*math.Cos(angle) + math.Cos(lat)*math.Sin(angle)*math.Cos(bearing)
	to := math.Asin(math.Max(-1, math.Min(1, sinLat)))
	lon := p.Lon()*degree + math.Atan2(math.Sin(bearing)*math.Sin(angle)*math.Cos(lat), math.Cos(angle)-math.Sin(lat)*sinLat)
	return orb.Point{math.Remainder(lon/degree, 360), to / degree}
}

// normalize brings a bearing into 0 <= b < 360.
func normalize(bearing float64) float64 {
	b := math.Mod(bearing, 360)
	if b < 0 {
		b += 360
	}
	if b >= 360 { // -1e-15 + 360 rounds up
		b = 0
	}
	return b
}
