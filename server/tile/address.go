package tile

import (
	"math"

	"github.com/paulmach/orb"
)

// Address is where a tile is in the usual scheme.
type Address struct{ Z, X, Y int }

// Deepest is the deepest zoom.
const Deepest = 18

// Valid says whether there is such a tile.
func (a Address) Valid() bool {
	return a.Z >= 0 && a.Z <= Deepest && a.X >= 0 && a.Y >= 0 && a.X < 1<<a.Z && a.Y < 1<<a.Z
}

// Bound gives what the tile shows, in degrees.
func (a Address) Bound() orb.Bound {
	n := float64(int(1) << a.Z)
	lat := func(y int) float64 { return math.Atan(math.Sinh(math.Pi*(1-2*float64(y)/n))) * 180 / math.Pi }
	return orb.Bound{Min: orb.Point{float64(a.X)/n*360 - 180, lat(a.Y + 1)}, Max: orb.Point{float64(a.X+1)/n*360 - 180, lat(a.Y)}}
}

// keys gives the first and the last key of the tile: points sorted by their key
// are sorted by tiles of every zoom.
func (a Address) keys() (first, last uint64) {
	if a.Z == 0 {
		return 0, math.MaxUint64
	}
	shift := 64 - 2*a.Z
	first = interleave(uint32(a.X), uint32(a.Y)) << shift
	return first, first | (1<<shift - 1)
}

// world gives where a point is in the map's square, whose sides are 2^32 long.
func world(p orb.Point) (x, y uint32) {
	sin := math.Sin(p.Lat() * math.Pi / 180)
	return unit(p.Lon()/360 + 0.5), unit(0.5 - math.Atanh(sin)/(2*math.Pi))
}

func unit(part float64) uint32 { return uint32(min(max(part*(1<<32), 0), math.MaxUint32)) }

// local gives where in a tile of a zoom a coordinate of the world is.
func local(v uint32, z int) uint32 { return v << z >> (32 - extentBits) }

// interleave makes a key of two coordinates, bit by bit, x the lower.
func interleave(x, y uint32) uint64 { return spread(x) | spread(y)<<1 }

func spread(v uint32) uint64 {
	n := uint64(v)
	n = (n | n<<16) & 0x0000ffff0000ffff
	n = (n | n<<8) & 0x00ff00ff00ff00ff
	n = (n | n<<4) & 0x0f0f0f0f0f0f0f0f
	n = (n | n<<2) & 0x3333333333333333
	return (n | n<<1) & 0x5555555555555555
}
