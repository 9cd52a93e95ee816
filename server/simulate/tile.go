package simulate

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// A vector tile (Mapbox Vector Tile 2.1) is read for its roads alone.

// errTile is a tile that cannot be read.
var errTile = errors.New("not a vector tile")

// tilePoint is a place in a tile's own units.
type tilePoint struct{ x, y float64 }

// fields calls take with every field of a message; n holds a varint's value.
func fields(raw []byte, take func(number protowire.Number, n uint64, content []byte) error) error {
	for len(raw) > 0 {
		number, kind, size := protowire.ConsumeTag(raw)
		if size < 0 {
			return errTile
		}
		raw = raw[size:]
		var n uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			n, size = protowire.ConsumeVarint(raw)
		case protowire.BytesType:
			content, size = protowire.ConsumeBytes(raw)
		default:
			size = protowire.ConsumeFieldValue(number, kind, raw)
		}
		if size < 0 {
			return errTile
		}
		raw = raw[size:]
		if err := take(number, n, content); err != nil {
			return err
		}
	}
	return nil
}

func varints(raw []byte) ([]uint64, error) {
	var out []uint64
	for len(raw) > 0 {
		n, size := protowire.ConsumeVarint(raw)
		if size < 0 {
			return nil, errTile
		}
		out, raw = append(out, n), raw[size:]
	}
	return out, nil
}

// readRoads gives the lines of a tile's roads that people may go along, in
// units of which the tile is 4096 wide.
func readRoads(raw []byte) ([][]tilePoint, error) {
	var lines [][]tilePoint
	err := fields(raw, func(number protowire.Number, _ uint64, content []byte) error {
		if number != 3 {
			return nil
		}
		found, err := readLayer(content)
		lines = append(lines, found...)
		return err
	})
	return lines, err
}

// layer is a layer of a tile while it is read.
type layer struct {
	name     string
	extent   float64
	features [][]byte
	keys     []string
	values   []string
}

func readLayer(raw []byte) ([][]tilePoint, error) {
	l := layer{extent: 4096}
	err := fields(raw, func(number protowire.Number, n uint64, content []byte) error {
		switch number {
		case 1:
			l.name = string(content)
		case 2:
			l.features = append(l.features, content)
		case 3:
			l.keys = append(l.keys, string(content))
		case 4:
			text := ""
			err := fields(content, func(number protowire.Number, _ uint64, content []byte) error {
				if number == 1 {
					text = string(content)
				}
				return nil
			})
			l.values = append(l.values, text)
			return err
		case 5:
			l.extent = float64(n)
		}
		return nil
	})
	if err != nil || l.name != "road" || l.extent == 0 {
		return nil, err
	}
	var lines [][]tilePoint
	for _, f := range l.features {
		found, err := l.feature(f)
		if err != nil {
			return nil, err
		}
		lines = append(lines, found...)
	}
	return lines, nil
}

// feature gives a feature's lines; of a motorway none.
func (l layer) feature(raw []byte) ([][]tilePoint, error) {
	var tags, geometry []uint64
	err := fields(raw, func(number protowire.Number, _ uint64, content []byte) (err error) {
		switch number {
		case 2:
			tags, err = varints(content)
		case 4:
			geometry, err = varints(content)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for k := 0; k+1 < len(tags); k += 2 {
		if tags[k] < uint64(len(l.keys)) && tags[k+1] < uint64(len(l.values)) && l.keys[tags[k]] == "class" && l.values[tags[k+1]] == "motorway" {
			return nil, nil
		}
	}
	return l.lines(geometry)
}

// lines follows the pen: move to (1) begins a line, line to (2) goes on.
func (l layer) lines(geometry []uint64) ([][]tilePoint, error) {
	var out [][]tilePoint
	var pen tilePoint
	for k := 0; k < len(geometry); {
		command, count := geometry[k]&7, int(geometry[k]>>3)
		k++
		if command != 1 && command != 2 {
			continue
		}
		if count < 0 || k+2*count > len(geometry) || command == 2 && len(out) == 0 {
			return nil, errTile
		}
		for range count {
			pen.x += float64(protowire.DecodeZigZag(geometry[k])) * 4096 / l.extent
			pen.y += float64(protowire.DecodeZigZag(geometry[k+1])) * 4096 / l.extent
			k += 2
			if command == 1 {
				out = append(out, nil)
			}
			out[len(out)-1] = append(out[len(out)-1], pen)
		}
	}
	return out, nil
}
