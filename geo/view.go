package geo

import (
	"math"
	"math/bits"

	"github.com/paulmach/orb"
)

// Cells here are quads: each level halves those of the one before in both
// directions, in degrees, level 0 being the whole earth. A view is covered with
// them by six divisions, where H3 cells take 180 us, and that is what moves with
// every touch of the map; what stands still has H3 cells.
const (
	finestQuad = 17 // some 300 m in longitude, 150 in latitude
	viewQuads  = 8  // a view is at most one more than so many quads wide, and high
	viewShift  = 2  // it is looked up by quads so many levels coarser
)

// View is a part of the map in whole quads of a level, both ends within. Two that
// cover nearly the same are equal.
type View struct {
	level          uint8
	x0, y0, x1, y1 int32
}

// quad is one cell of a level.
type quad struct {
	level uint8
	x, y  int32
}

// quadOf gives where a point lies at the finestQuad level.
func quadOf(p orb.Point) (x, y int32) {
	return slot((p.Lon() + 180) / 360), slot((p.Lat() + 90) / 180)
}

// slot gives the index of a share of the earth, within it.
func slot(share float64) int32 {
	return int32(math.Max(0, math.Min(1<<finestQuad-1, math.Floor(share*(1<<finestQuad)))))
}

// CoverView gives the smallest view of whole quads that holds a bound, at the level at
// which it is few of them: maps that show nearly the same are sent the same.
func CoverView(b orb.Bound) View {
	v := View{level: finestQuad}
	v.x0, v.y0 = quadOf(b.Min)
	v.x1, v.y1 = quadOf(b.Max)
	for v.level > 0 && max(v.x1-v.x0, v.y1-v.y0) > viewQuads {
		v = View{v.level - 1, v.x0 >> 1, v.y0 >> 1, v.x1 >> 1, v.y1 >> 1}
	}
	return v
}

// Bound gives the view in degrees.
func (v View) Bound() orb.Bound {
	w, h := 360/math.Exp2(float64(v.level)), 180/math.Exp2(float64(v.level))
	return orb.Bound{Min: orb.Point{float64(v.x0)*w - 180, float64(v.y0)*h - 90},
		Max: orb.Point{float64(v.x1+1)*w - 180, float64(v.y1+1)*h - 90}}
}

// Holds says whether a point lies in the view.
func (v View) Holds(p orb.Point) bool {
	x, y := quadOf(p)
	return v.holds(x, y)
}

// holds says so of a point by its finestQuad quad.
func (v View) holds(x, y int32) bool {
	shift := finestQuad - v.level
	x, y = x>>shift, y>>shift
	return x >= v.x0 && x <= v.x1 && y >= v.y0 && y <= v.y1
}

// quads calls visit for the quads by which the view is looked up.
func (v View) quads(visit func(quad)) {
	down := min(viewShift, v.level)
	for x := v.x0 >> down; x <= v.x1>>down; x++ {
		for y := v.y0 >> down; y <= v.y1>>down; y++ {
			visit(quad{v.level - down, x, y})
		}
	}
}

// ViewIndex finds what looks at a point: by the quad of each level in use, then
// exactly. Not safe for use by several goroutines.
type ViewIndex[T comparable] struct {
	at     map[quad][]viewed[T]
	counts [finestQuad + 1]int
	levels uint32 // a bit for each level in use
}

type viewed[T comparable] struct {
	view View
	what T
}

// NewViewIndex makes an empty one.
func NewViewIndex[T comparable]() *ViewIndex[T] { return &ViewIndex[T]{at: map[quad][]viewed[T]{}} }

// Add puts what looks at a view in.
func (i *ViewIndex[T]) Add(v View, what T) {
	v.quads(func(q quad) {
		i.at[q] = append(i.at[q], viewed[T]{v, what})
		i.counts[q.level]++
		i.levels |= 1 << q.level
	})
}

// Remove takes it out of the same view.
func (i *ViewIndex[T]) Remove(v View, what T) {
	v.quads(func(q quad) {
		list := i.at[q]
		for k := range list {
			if list[k].what == what {
				list[k] = list[len(list)-1]
				list[len(list)-1] = viewed[T]{}
				list = list[:len(list)-1]
				break
			}
		}
		if i.at[q] = list; len(list) == 0 {
			delete(i.at, q)
		}
		if i.counts[q.level]--; i.counts[q.level] == 0 {
			i.levels &^= 1 << q.level
		}
	})
}

// Len gives by how many quads something is found.
func (i *ViewIndex[T]) Len() int { return len(i.at) }

// Find calls visit for all that look at a point, each once.
func (i *ViewIndex[T]) Find(p orb.Point, visit func(T)) {
	x, y := quadOf(p)
	for left := i.levels; left != 0; left &= left - 1 {
		level := uint8(bits.TrailingZeros32(left)) //nolint:gosec // at most finestQuad
		shift := finestQuad - level
		for _, one := range i.at[quad{level, x >> shift, y >> shift}] {
			if one.view.holds(x, y) {
				visit(one.what)
			}
		}
	}
}
