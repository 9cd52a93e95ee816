package tile

import "encoding/binary"

// clusterBits is how fine points are counted: in squares of which a tile has
// two to this power a side.
const clusterBits = 2

// cluster is points of one square, and of one group, that are shown as a number.
type cluster struct {
	group       uint32
	count, good uint64
	x, y        uint64 // sums
}

// AppendClusters appends how many points of areas (nil for all) stand where in
// the tile: square by square, each at the middle of its points.
func (l *Layer) AppendClusters(b []byte, a Address, areaIDs []int64) []byte {
	accepted := l.accept(areaIDs)
	e := takeEncoder(len(l.values.encoded))
	defer encoders.Put(e)
	shift := max(0, 64-2*(a.Z+clusterBits))
	var here []cluster
	square := uint64(0)
	points := l.in(a)
	for k := range points {
		p := &points[k]
		if accepted != nil && !accepted[p.area] {
			continue
		}
		if at := p.key >> shift; at != square {
			l.appendSquare(e, a, here)
			here, square = here[:0], at
		}
		here = l.count(here, p)
	}
	l.appendSquare(e, a, here)
	if len(e.features) == 0 {
		return b
	}
	return appendLayer(b, l.schema.Name+"_cluster", e.features, l.clusterKeys, e.values)
}

// count adds a point to the cluster of its group.
func (l *Layer) count(here []cluster, p *point) []cluster {
	group := uint32(0)
	if l.group >= 0 {
		group = p.values[l.group]
	}
	at := 0
	for at < len(here) && here[at].group != group {
		at++
	}
	if at == len(here) {
		here = append(here, cluster{group: group})
	}
	c := &here[at]
	c.count, c.x, c.y = c.count+1, c.x+uint64(p.x), c.y+uint64(p.y)
	if l.good >= 0 && p.values[l.good] == l.goodIs {
		c.good++
	}
	return here
}

// appendSquare writes the clusters of a square.
func (l *Layer) appendSquare(e *encoder, a Address, here []cluster) {
	for _, c := range here {
		var feature, part int
		f := e.features
		f, feature = begin(f, layerFeature)
		f, part = begin(f, featureTags)
		key := byte(0)
		f = binary.AppendUvarint(append(f, key), uint64(e.number(c.count)))
		if l.group >= 0 {
			key++
			f = binary.AppendUvarint(append(f, key), uint64(e.place(&l.values, c.group)))
		}
		if l.good >= 0 {
			key++
			f = binary.AppendUvarint(append(f, key), uint64(e.number(c.good)))
		}
		end(f, part)
		f = appendSpot(f, local(uint32(c.x/c.count), a.Z), local(uint32(c.y/c.count), a.Z))
		end(f, feature)
		e.features = f
	}
}
