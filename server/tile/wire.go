package tile

import (
	"encoding/binary"
	"slices"
)

// The few fields of the vector tile specification (version 2.1) that are used
// here, as their protobuf tags: field number and wire type.
const (
	tileLayer = 3<<3 | 2

	layerName    = 1<<3 | 2
	layerFeature = 2<<3 | 2
	layerKey     = 3<<3 | 2
	layerValue   = 4<<3 | 2
	layerExtent  = 5 << 3
	layerVersion = 15 << 3

	featureID       = 1 << 3
	featureTags     = 2<<3 | 2
	featureType     = 3 << 3
	featureGeometry = 4<<3 | 2

	valueText   = 1<<3 | 2
	valueDouble = 3<<3 | 1
	valueUint   = 5 << 3

	typePoint   = 1
	typePolygon = 3

	moveToOne = 1 | 1<<3
	lineTo    = 2
	closePath = 7 | 1<<3
)

// Extent is how many units a tile is wide, extentBits the power of two.
const (
	extentBits = 12
	Extent     = 1 << extentBits
)

// appendField appends a field of bytes with its length.
func appendField(b []byte, tag byte, content string) []byte {
	b = binary.AppendUvarint(append(b, tag), uint64(len(content)))
	return append(b, content...)
}

// zigzag is how signed numbers are written.
func zigzag(n int) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

// begin reserves the one byte of a length that is known to stay below 128, and
// end writes it.
func begin(b []byte, tag byte) ([]byte, int) {
	b = append(b, tag, 0)
	return b, len(b)
}

func end(b []byte, from int) { b[from-1] = byte(len(b) - from) }

// appendLayer appends a whole layer of a tile: its name, features, keys and
// values, the last three encoded already.
func appendLayer(b []byte, name string, features, keys, values []byte) []byte {
	const fixed = 2 + 1 + 2 // version, and extent of two bytes
	size := fixed + 2 + len(name) + len(features) + len(keys) + len(values)
	b = slices.Grow(b, size+binary.MaxVarintLen64+1)
	b = binary.AppendUvarint(append(b, tileLayer), uint64(size))
	b = append(b, layerVersion, 2)
	b = appendField(b, layerName, name)
	b = append(append(append(b, features...), keys...), values...)
	return binary.AppendUvarint(append(b, layerExtent), Extent)
}

// encodeKeys encodes the keys of a layer.
func encodeKeys(keys ...string) []byte {
	var b []byte
	for _, k := range keys {
		b = appendField(b, layerKey, k)
	}
	return b
}
