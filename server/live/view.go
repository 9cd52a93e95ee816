package live

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
	finest    = 17 // some 300 m in longitude, 150 in latitude
	viewQuads = 8  // a view is at most one more than so many quads wide, and high
	viewShift = 2  // it is looked up by quads so many levels coarser
)

// view is a part of the map in whole quads of a level, both ends within.
type view struct {
	level          uint8
	x0, y0, x1, y1 int32
}

// quad is one cell of a level.
type quad struct {
	level uint8
	x, y  int32
}

// quadOf gives where a point lies at the finest level.
func quadOf(lon, lat float64) (x, y int32) {
	return slot((lon + 180) / 360), slot((lat + 90) / 180)
}

// slot gives the index of a share of the earth, within it.
func slot(share float64) int32 {
	return int32(math.Max(0, math.Min(1<<finest-1, math.Floor(share*(1<<finest)))))
}

// cover gives the smallest view of whole quads that holds a bound, at the level at
// which it is few of them: maps that show nearly the same are sent the same.
func cover(b orb.Bound) view {
	v := view{level: finest}
	v.x0, v.y0 = quadOf(b.Min.Lon(), b.Min.Lat())
	v.x1, v.y1 = quadOf(b.Max.Lon(), b.Max.Lat())
	for v.level > 0 && max(v.x1-v.x0, v.y1-v.y0) > viewQuads {
		v = view{v.level - 1, v.x0 >> 1, v.y0 >> 1, v.x1 >> 1, v.y1 >> 1}
	}
	return v
}

// bound gives the view in degrees.
func (v view) bound() orb.Bound {
	w, h := 360/math.Exp2(float64(v.level)), 180/math.Exp2(float64(v.level))
	return orb.Bound{Min: orb.Point{float64(v.x0)*w - 180, float64(v.y0)*h - 90},
		Max: orb.Point{float64(v.x1+1)*w - 180, float64(v.y1+1)*h - 90}}
}

// holds says whether a point, by its finest quad, lies in the view.
func (v view) holds(x, y int32) bool {
	shift := finest - v.level
	x, y = x>>shift, y>>shift
	return x >= v.x0 && x <= v.x1 && y >= v.y0 && y <= v.y1
}

// quads calls visit for the quads by which the view is looked up.
func (v view) quads(visit func(quad)) {
	down := min(viewShift, v.level)
	for x := v.x0 >> down; x <= v.x1>>down; x++ {
		for y := v.y0 >> down; y <= v.y1>>down; y++ {
			visit(quad{v.level - down, x, y})
		}
	}
}

// viewIndex finds what looks at a point: by the quad of each level in use, then
// exactly.
type viewIndex[T comparable] struct {
	at     map[quad][]viewed[T]
	counts [finest + 1]int
	levels uint32 // a bit for each level in use
}

type viewed[T comparable] struct {
	view view
	what T
}

func newViewIndex[T comparable]() *viewIndex[T] { return &viewIndex[T]{at: map[quad][]viewed[T]{}} }

// add puts what looks at a view in.
func (i *viewIndex[T]) add(v view, what T) {
	v.quads(func(q quad) {
		i.at[q] = append(i.at[q], viewed[T]{v, what})
		i.counts[q.level]++
		i.levels |= 1 << q.level
	})
}

// remove takes it out of the same view.
func (i *viewIndex[T]) remove(v view, what T) {
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

// find calls visit for all that look at a point, each once.
func (i *viewIndex[T]) find(lon, lat float64, visit func(T)) {
	x, y := quadOf(lon, lat)
	for left := i.levels; left != 0; left &= left - 1 {
		level := uint8(bits.TrailingZeros32(left)) //nolint:gosec // at most finest
		shift := finest - level
		for _, one := range i.at[quad{level, x >> shift, y >> shift}] {
			if one.view.holds(x, y) {
				visit(one.what)
			}
		}
	}
}
