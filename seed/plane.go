package seed

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// The district's middle: open water of the northern Yellow Sea, some 75 km from
// the nearest coast.
const (
	middleLon = 122.60
	middleLat = 38.25
	// Metres of one degree of latitude on a sphere of radius 6,371,008.8 m.
	metersPerDegree = 111195.08
)

// vec is a point or direction of the plane: metres east and north of the middle.
type vec struct{ x, y float64 }

func (a vec) add(b vec) vec            { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec            { return vec{a.x - b.x, a.y - b.y} }
func (a vec) mul(k float64) vec        { return vec{a.x * k, a.y * k} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y }
func (a vec) cross(b vec) float64      { return a.x*b.y - a.y*b.x }
func (a vec) len() float64             { return math.Hypot(a.x, a.y) }
func (a vec) dist(b vec) float64       { return math.Hypot(a.x-b.x, a.y-b.y) }
func (a vec) left() vec                { return vec{-a.y, a.x} }
func (a vec) mix(b vec, k float64) vec { return vec{a.x + (b.x-a.x)*k, a.y + (b.y-a.y)*k} }

func (a vec) unit() vec {
	if l := a.len(); l > 0 {
		return a.mul(1 / l)
	}
	return vec{1, 0}
}

func polar(radius, radians float64) vec {
	return vec{radius * math.Cos(radians), radius * math.Sin(radians)}
}

// point gives the coordinate of a plane point, rounded to seven decimals.
func (a vec) point() orb.Point {
	lon := middleLon + a.x/(metersPerDegree*math.Cos(middleLat*math.Pi/180))
	lat := middleLat + a.y/metersPerDegree
	return orb.Point{round7(lon), round7(lat)}
}

// plane is the inverse of point, up to the rounding.
func plane(p orb.Point) vec {
	return vec{
		(p[0] - middleLon) * metersPerDegree * math.Cos(middleLat*math.Pi/180),
		(p[1] - middleLat) * metersPerDegree,
	}
}

func round7(x float64) float64 { return math.Round(x*1e7) / 1e7 }

// lineString, ring and polygon turn plane figures into geometry.
func lineString(line []vec) orb.LineString {
	out := make(orb.LineString, len(line))
	for i, p := range line {
		out[i] = p.point()
	}
	return out
}

func ring(points []vec) orb.Ring {
	out := make(orb.Ring, 0, len(points)+1)
	for _, p := range points {
		out = append(out, p.point())
	}
	return append(out, out[0])
}

func polygon(outer []vec, holes ...[]vec) orb.Polygon {
	out := orb.Polygon{ring(outer)}
	for _, h := range holes {
		out = append(out, ring(h))
	}
	return out
}

// signedArea is positive for a ring that runs counter-clockwise.
func signedArea(ring []vec) float64 {
	sum := 0.0
	for i, p := range ring {
		sum += p.cross(ring[(i+1)%len(ring)])
	}
	return sum / 2
}

// holds says whether a point lies inside a ring.
func holds(ring []vec, p vec) bool {
	in := false
	for i, a := range ring {
		c := ring[(i+1)%len(ring)]
		if (a.y > p.y) != (c.y > p.y) && p.x < (c.x-a.x)*(p.y-a.y)/(c.y-a.y)+a.x {
			in = !in
		}
	}
	return in
}

// apart gives the distance from a point to a line.
func apart(line []vec, p vec) float64 {
	best := math.Inf(1)
	for i := 1; i < len(line); i++ {
		a, d := line[i-1], line[i].sub(line[i-1])
		k := 0.0
		if l := d.dot(d); l > 0 {
			k = math.Max(0, math.Min(1, p.sub(a).dot(d)/l))
		}
		best = math.Min(best, p.dist(a.add(d.mul(k))))
	}
	return best
}

func length(line []vec) float64 {
	sum := 0.0
	for i := 1; i < len(line); i++ {
		sum += line[i].dist(line[i-1])
	}
	return sum
}

// along gives the point and direction at a distance from the line's start.
func along(line []vec, meters float64) (vec, vec) {
	for i := 1; i < len(line); i++ {
		step := line[i].dist(line[i-1])
		if meters <= step || i == len(line)-1 {
			k := 1.0
			if step > 0 {
				k = math.Min(1, meters/step)
			}
			return line[i-1].mix(line[i], k), line[i].sub(line[i-1]).unit()
		}
		meters -= step
	}
	return line[0], vec{1, 0}
}

// smooth runs a Catmull-Rom curve through the points, one vertex about every
// step metres.
func smooth(points []vec, step float64) []vec {
	if len(points) < 3 {
		return points
	}
	out := []vec{points[0]}
	for i := 0; i+1 < len(points); i++ {
		p1, p2 := points[i], points[i+1]
		p0, p3 := p1.add(p1.sub(p2)), p2.add(p2.sub(p1))
		if i > 0 {
			p0 = points[i-1]
		}
		if i+2 < len(points) {
			p3 = points[i+2]
		}
		n := int(math.Max(1, math.Round(p1.dist(p2)/step)))
		for k := 1; k <= n; k++ {
			t := float64(k) / float64(n)
			out = append(out, hermite(p0, p1, p2, p3, t))
		}
	}
	return out
}

func hermite(p0, p1, p2, p3 vec, t float64) vec {
	// Tangents are scaled by the neighbours' spacing, so that uneven points
	// make no loops.
	d := p1.dist(p2)
	m1 := p2.sub(p0).mul(d / (p0.dist(p1) + d + 1e-9))
	m2 := p3.sub(p1).mul(d / (p2.dist(p3) + d + 1e-9))
	t2, t3 := t*t, t*t*t
	return p1.mul(2*t3 - 3*t2 + 1).add(m1.mul(t3 - 2*t2 + t)).add(p2.mul(3*t2 - 2*t3)).add(m2.mul(t3 - t2))
}

// relaxed rounds a line of even steps off: each pass moves every vertex, save
// the ends, to the middle of its neighbours by half.
func relaxed(line []vec, passes int) []vec {
	out := slices.Clone(line)
	before := make([]vec, len(line))
	for range passes {
		copy(before, out)
		for i := 1; i+1 < len(out); i++ {
			out[i] = before[i].mix(before[i-1].mix(before[i+1], 0.5), 0.5)
		}
	}
	return out
}

// ribbon gives the outline of a band around a line; half gives half its width
// at a share (0 to 1) of the line.
func ribbon(line []vec, half func(share float64) float64) []vec {
	n := len(line)
	lefts, rights := make([]vec, n), make([]vec, n)
	for i := range line {
		normal := heading(line, i).left()
		w := half(float64(i) / float64(n-1))
		lefts[i], rights[n-1-i] = line[i].add(normal.mul(w)), line[i].sub(normal.mul(w))
	}
	return append(rights, lefts...)
}

// heading gives the direction of a line at one of its vertices.
func heading(line []vec, i int) vec {
	a, c := line[max(0, i-1)], line[min(len(line)-1, i+1)]
	return c.sub(a).unit()
}

// shifted gives the line moved to its left by an offset in metres.
func shifted(line []vec, offset float64) []vec {
	out := make([]vec, len(line))
	for i := range line {
		out[i] = line[i].add(heading(line, i).left().mul(offset))
	}
	return out
}

// meets gives where two segments cross, and whether they do.
func meets(a, b, c, d vec) (vec, bool) {
	r, s := b.sub(a), d.sub(c)
	k := r.cross(s)
	if k == 0 {
		return vec{}, false
	}
	t, u := c.sub(a).cross(s)/k, c.sub(a).cross(r)/k
	return a.add(r.mul(t)), t >= 0 && t <= 1 && u >= 0 && u <= 1
}

// crosses says whether a line crosses a ring or lies inside it.
func crosses(line, ring []vec) bool {
	for i := 1; i < len(line); i++ {
		for j := range ring {
			if _, ok := meets(line[i-1], line[i], ring[j], ring[(j+1)%len(ring)]); ok {
				return true
			}
		}
	}
	return holds(ring, line[0])
}

// simple says whether no two sides of a ring cross or touch, but neighbours.
func simple(ring []vec) bool {
	n := len(ring)
	for i := range n {
		for j := i + 2; j < n; j++ {
			if i == 0 && j == n-1 {
				continue
			}
			if _, hit := meets(ring[i], ring[(i+1)%n], ring[j], ring[(j+1)%n]); hit {
				return false
			}
		}
	}
	return true
}

// blob gives a rounded shape of uneven radius around a middle: lakes, woods.
func blob(r *random, middle vec, radius, unevenness float64, n int) []vec {
	out := make([]vec, n)
	phase := [3]float64{r.between(0, 6.3), r.between(0, 6.3), r.between(0, 6.3)}
	for i := range out {
		a := 2 * math.Pi * float64(i) / float64(n)
		k := 1 + unevenness*(0.55*math.Sin(2*a+phase[0])+0.3*math.Sin(3*a+phase[1])+0.15*math.Sin(5*a+phase[2]))
		out[i] = middle.add(polar(radius*k, a))
	}
	return out
}

// compass gives the bearing of a direction: degrees clockwise from north,
// whole, below 360.
func compass(d vec) float64 {
	deg := math.Round(math.Atan2(d.x, d.y) * 180 / math.Pi)
	return math.Mod(deg+360, 360)
}
