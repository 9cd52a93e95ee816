package tile

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Schema is what the points of a layer say of themselves: text, then numbers.
type Schema struct {
	Name    string
	Texts   []string
	Numbers []string
	// Group is the text by which points are counted apart where they are too
	// many to be shown, and Good the one of which it is said how many have the
	// value GoodIs; "" for none.
	Group, Good, GoodIs string
}

// mostValues is how many texts and numbers a point has at most.
const mostValues = 8

// Point is one point of a layer. Its values are in the schema's order.
type Point struct {
	ID, AreaID int64
	At         orb.Point
	Cell       geo.Cell
	Texts      []string
	Numbers    []float64
}

// point is a point as it is kept. Values are numbers of the layer's dictionary.
type point struct {
	key    uint64
	id     int64
	cell   geo.Cell
	x, y   uint32
	area   uint32
	values [mostValues]uint32
}

// Layer is the points of one kind, sorted by where they are. It may be read by
// several goroutines, not while it is changed.
type Layer struct {
	schema      Schema
	keys        []byte // encoded, of points
	clusterKeys []byte // encoded, of their numbers
	group, good int    // places among the values, -1 for none
	goodIs      uint32

	points []point
	byID   map[int64]int
	areas  map[int64]uint32
	values dictionary
}

// dictionary is every value once, as it stands in a tile.
type dictionary struct {
	numbers map[string]uint32
	encoded []string
}

// NewLayer makes a layer of points.
func NewLayer(s Schema, points []Point) *Layer {
	l := &Layer{schema: s, group: slices.Index(s.Texts, s.Group), good: slices.Index(s.Texts, s.Good),
		byID: make(map[int64]int, len(points)), areas: map[int64]uint32{}, values: dictionary{numbers: map[string]uint32{}}}
	l.keys = encodeKeys(slices.Concat(s.Texts, s.Numbers)...)
	names := []string{"count"}
	if l.group >= 0 {
		names = append(names, s.Group)
	}
	if l.good >= 0 {
		names = append(names, s.GoodIs)
		l.goodIs = l.values.text(s.GoodIs)
	}
	l.clusterKeys = encodeKeys(names...)
	l.points = make([]point, len(points))
	for k, p := range points {
		l.points[k] = l.keep(p)
	}
	slices.SortFunc(l.points, func(a, b point) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id)) })
	for k, p := range l.points {
		l.byID[p.id] = k
	}
	return l
}

func (l *Layer) keep(p Point) point {
	x, y := world(p.At)
	area, known := l.areas[p.AreaID]
	if !known {
		area = uint32(len(l.areas))
		l.areas[p.AreaID] = area
	}
	out := point{key: interleave(x, y), id: p.ID, cell: p.Cell, x: x, y: y, area: area}
	for k, text := range p.Texts {
		out.values[k] = l.values.text(text)
	}
	for k, n := range p.Numbers {
		out.values[len(p.Texts)+k] = l.values.double(n)
	}
	return out
}

// Len says how many points there are.
func (l *Layer) Len() int { return len(l.points) }

// Replace takes over a point as it is now, false where it is new or has moved:
// then the layer must be made again.
func (l *Layer) Replace(p Point) bool {
	k, known := l.byID[p.ID]
	if !known {
		return false
	}
	next := l.keep(p)
	if next.key != l.points[k].key {
		return false
	}
	l.points[k] = next
	return true
}

// key gives where a point is.
func (l *Layer) key(id int64) (uint64, bool) {
	k, known := l.byID[id]
	if !known {
		return 0, false
	}
	return l.points[k].key, true
}

func (d *dictionary) text(text string) uint32 {
	return d.number(appendField(nil, valueText, text))
}

func (d *dictionary) double(n float64) uint32 {
	return d.number(binary.LittleEndian.AppendUint64([]byte{valueDouble}, math.Float64bits(n)))
}

func (d *dictionary) number(value []byte) uint32 {
	encoded := string(appendField(nil, layerValue, string(value)))
	n, known := d.numbers[encoded]
	if !known {
		n = uint32(len(d.encoded))
		d.numbers[encoded] = n
		d.encoded = append(d.encoded, encoded)
	}
	return n
}

// in gives the points of a tile. Each point of the world is in one tile of a
// zoom: there is no margin, since what draws points draws them across edges.
func (l *Layer) in(a Address) []point {
	first, last := a.keys()
	from := sort.Search(len(l.points), func(k int) bool { return l.points[k].key >= first })
	to := from + sort.Search(len(l.points)-from, func(k int) bool { return l.points[from+k].key > last })
	return l.points[from:to]
}

// accept says of each area, by its number, whether it is one of those given;
// nil for all of them.
func (l *Layer) accept(areaIDs []int64) []bool {
	if areaIDs == nil {
		return nil
	}
	accepted := make([]bool, len(l.areas))
	for _, id := range areaIDs {
		if n, known := l.areas[id]; known {
			accepted[n] = true
		}
	}
	return accepted
}

// encoder is the memory of one encoding, used again and again.
type encoder struct {
	features, values []byte
	stamps, places   []uint32 // by value: of which tile, and its place in it
	stamp, next      uint32
}

var encoders = sync.Pool{New: func() any { return &encoder{} }}

// takeEncoder gives one that is ready for a tile of so many different values.
func takeEncoder(values int) *encoder {
	e := encoders.Get().(*encoder)
	e.features, e.values, e.next = e.features[:0], e.values[:0], 0
	if e.stamp++; e.stamp == 0 || len(e.stamps) < values {
		e.stamps, e.places, e.stamp = make([]uint32, values+values/8), make([]uint32, values+values/8), 1
	}
	return e
}

// place gives a value's place in the tile, and puts it there the first time.
func (e *encoder) place(d *dictionary, value uint32) uint32 {
	if e.stamps[value] != e.stamp {
		e.stamps[value], e.places[value] = e.stamp, e.next
		e.next++
		e.values = append(e.values, d.encoded[value]...)
	}
	return e.places[value]
}

// number puts a number into the tile and gives its place.
func (e *encoder) number(n uint64) uint32 {
	var at int
	e.values, at = begin(e.values, layerValue)
	e.values = binary.AppendUvarint(append(e.values, valueUint), n)
	end(e.values, at)
	e.next++
	return e.next - 1
}

// AppendPoints appends the tile's points of areas (nil for all) with what they
// say, nothing where there are none.
func (l *Layer) AppendPoints(b []byte, a Address, areaIDs []int64) []byte {
	points := l.in(a)
	accepted := l.accept(areaIDs)
	e := takeEncoder(len(l.values.encoded))
	defer encoders.Put(e)
	width := len(l.schema.Texts) + len(l.schema.Numbers)
	f := slices.Grow(e.features, len(points)*mostFeature)
	f = f[:cap(f)]
	n := 0
	for k := range points {
		p := &points[k]
		if accepted != nil && !accepted[p.area] {
			continue
		}
		n += l.putPoint(f[n:n+mostFeature], e, p, a.Z, width)
	}
	if e.features = f[:n]; n == 0 {
		return b
	}
	return appendLayer(b, l.schema.Name, e.features, l.keys, e.values)
}

// mostFeature bounds the bytes of a point: ten of an id, six of each value, ten of
// its place, and what is around them. Its length is one byte.
const mostFeature = 10 + 6*mostValues + 10 + 14

// putPoint writes a point and gives how long it is. It is written in place, since a
// tile has tens of thousands, and appending byte by byte takes twice as long.
func (l *Layer) putPoint(f []byte, e *encoder, p *point, zoom, width int) int {
	f[0], f[2] = layerFeature, featureID
	n := putUvarint(f, 3, uint64(p.id))
	f[n] = featureTags
	tags := n + 1
	n += 2
	for key, value := range p.values[:width] {
		place := e.places[value]
		if e.stamps[value] != e.stamp {
			place = e.place(&l.values, value)
		}
		f[n] = byte(key)
		n = putUvarint(f, n+1, uint64(place))
	}
	f[tags] = byte(n - tags - 1)
	f[n], f[n+1], f[n+2], f[n+4] = featureType, typePoint, featureGeometry, moveToOne
	geometry := n + 3
	n = putUvarint(f, n+5, uint64(local(p.x, zoom))<<1)
	n = putUvarint(f, n, uint64(local(p.y, zoom))<<1)
	f[geometry] = byte(n - geometry - 1)
	f[1] = byte(n - 2)
	return n
}

// putUvarint writes a number at a place and gives the place after it.
func putUvarint(f []byte, n int, v uint64) int {
	for v >= 0x80 {
		f[n] = byte(v) | 0x80
		v >>= 7
		n++
	}
	f[n] = byte(v)
	return n + 1
}

// appendSpot appends the geometry of a point.
func appendSpot(f []byte, x, y uint32) []byte {
	f = append(f, featureType, typePoint)
	f, part := begin(f, featureGeometry)
	f = append(f, moveToOne)
	f = binary.AppendUvarint(f, uint64(x)<<1)
	f = binary.AppendUvarint(f, uint64(y)<<1)
	end(f, part)
	return f
}
