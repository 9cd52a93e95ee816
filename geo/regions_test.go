package geo

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// squares gives a grid of n x n squares of a side in degrees from a corner.
func squares(corner orb.Point, side float64, n int) []orb.Polygon {
	var out []orb.Polygon
	for i := range n {
		for j := range n {
			x, y := corner[0]+float64(i)*side, corner[1]+float64(j)*side
			out = append(out, orb.Polygon{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}})
		}
	}
	return out
}

func TestRegionsAgreeWithBruteForce(t *testing.T) {
	shapes := squares(orb.Point{117.8, 36.7}, 0.013, 12)
	shapes = append(shapes, orb.Polygon{{{117, 36}, {119, 36}, {119, 38}, {117, 38}, {117, 36}}}) // all around
	shapes = append(shapes, orb.Polygon{{{100, 20}, {130, 20}, {130, 45}, {100, 45}, {100, 20}}}) // too wide for buckets
	r := NewRegions[int]()
	for k, s := range shapes {
		if err := r.Add(k, s); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		p := orb.Point{117.75 + random.Float64()*0.3, 36.65 + random.Float64()*0.3}
		var want []int
		for k, s := range shapes {
			if planar.PolygonContains(s, p) {
				want = append(want, k)
			}
		}
		got := r.Holding(p)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%v: %v, want %v", p, got, want)
		}
	}
	if got := r.Holding(orb.Point{0, 200}); got != nil {
		t.Errorf("off the earth: %v", got)
	}
	if err := r.Add(9, orb.Point{1, 1}); err == nil {
		t.Error("a point is no region")
	}
}

func TestLinesAgreeWithBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	l := NewLines()
	var pieces []piece
	for range 60 {
		line := orb.LineString{{117.8 + random.Float64()*0.2, 36.7 + random.Float64()*0.2}}
		for range 6 {
			last := line[len(line)-1]
			line = append(line, orb.Point{last[0] + (random.Float64()-0.5)*0.03, last[1] + (random.Float64()-0.5)*0.03})
		}
		l.Add(line)
		for i := 1; i < len(line); i++ {
			pieces = append(pieces, piece{line[i-1], line[i]})
		}
	}
	far := 0
	for range 600 {
		p := orb.Point{117.75 + random.Float64()*0.3, 36.65 + random.Float64()*0.3}
		want := 1e9
		for _, x := range pieces {
			for k := range 201 { // by marks along the piece, on the sphere
				part := float64(k) / 200
				want = min(want, Distance(p, orb.Point{x.a[0] + (x.b[0]-x.a[0])*part, x.a[1] + (x.b[1]-x.a[1])*part}))
			}
		}
		got, ok := l.Meters(p)
		switch {
		case ok != (want <= LinesReach) && (want < LinesReach-5 || want > LinesReach+5):
			t.Fatalf("%v: %.1f m, said %v", p, want, ok)
		case ok && (got > want+0.5 || got < want-12):
			t.Fatalf("%v: %.1f m, want %.1f", p, got, want)
		case !ok:
			far++
		}
	}
	if far == 0 || far == 600 {
		t.Errorf("%d of 600 are far: the trial says nothing", far)
	}
}

func BenchmarkLines(b *testing.B) {
	l := NewLines()
	for i := range 200 {
		y := 36.7 + float64(i)*0.001
		l.Add(orb.LineString{{117.8, y}, {117.9, y}, {118, y}})
	}
	for b.Loop() {
		l.Meters(orb.Point{117.91, 36.8005})
	}
}

// star gives a ring around a point whose distance from it jumps about.
func star(random *rand.Rand, center orb.Point, corners int, reach float64) orb.Ring {
	var ring orb.Ring
	for i := range corners {
		angle, r := 2*math.Pi*float64(i)/float64(corners), reach*(0.3+0.7*random.Float64())
		ring = append(ring, orb.Point{center[0] + r*math.Cos(angle), center[1] + r*math.Sin(angle)})
	}
	return append(ring, ring[0])
}

func TestSlabsAgreeWithBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, corners := range []int{3, 4, 17, 400, 5000} {
		shape := orb.MultiPolygon{{star(random, orb.Point{117, 36}, corners, 1), star(random, orb.Point{117, 36}, corners, 0.2)}, {star(random, orb.Point{119, 37}, corners, 0.5)}}
		s := newSlabbed(shape)
		for range 4000 {
			p := orb.Point{115.5 + random.Float64()*4.5, 34.5 + random.Float64()*3.5}
			if got, want := s.covers(p), planar.MultiPolygonContains(shape, p); got != want {
				t.Fatalf("%d corners, %v: %v, want %v", corners, p, got, want)
			}
		}
		for _, polygon := range shape { // its corners and the middles of its edges belong to it, those of holes too
			for _, ring := range polygon {
				for i := range len(ring) - 1 {
					middle := orb.Point{(ring[i][0] + ring[i+1][0]) / 2, (ring[i][1] + ring[i+1][1]) / 2}
					if !s.covers(ring[i]) || !s.covers(middle) {
						t.Fatalf("%d corners: the edge at %v is outside", corners, ring[i])
					}
				}
			}
		}
	}
	level := newSlabbed(orb.MultiPolygon{{{{0, 0}, {1, 0}, {2, 0}, {0, 0}}}, {}}) // flat, and one without a ring
	if !level.covers(orb.Point{1.5, 0}) || level.covers(orb.Point{1, 0.1}) {
		t.Error("a flat ring is its edge")
	}
}
