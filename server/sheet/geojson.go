package sheet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/paulmach/orb/geojson"
)

// geoTable reads the features of a GeoJSON file one by one.
type geoTable struct {
	header  []string
	columns map[string]int
	file    File
	size    int64
	decoder *json.Decoder
	lone    *geojson.Feature // a file that is one feature or one geometry
	line    int
}

// maxColumns bounds the columns of a table.
const maxColumns = 500

// openGeoJSON reads the file once for the names of all properties, and begins
// again.
func openGeoJSON(f File, size int64) (Table, error) {
	t := &geoTable{columns: map[string]int{}, file: f, size: max(size, 1)}
	if err := t.begin(); err != nil {
		return nil, err
	}
	for {
		feature, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		t.learn(feature)
		if t.lone != nil {
			return t, nil
		}
	}
	return t, t.begin()
}

// learn takes over the names of a feature's properties, sorted within it.
func (t *geoTable) learn(f *geojson.Feature) {
	names := make([]string, 0, len(f.Properties))
	for name := range f.Properties {
		if _, known := t.columns[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if len(t.header) < maxColumns {
			t.columns[name] = len(t.header)
			t.header = append(t.header, name)
		}
	}
}

// begin goes to the first feature.
func (t *geoTable) begin() error {
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	t.line = 0
	t.decoder = json.NewDecoder(t.file)
	if _, err := t.decoder.Token(); err != nil {
		return ErrBroken
	}
	for t.decoder.More() {
		key, err := t.decoder.Token()
		if err != nil {
			return ErrBroken
		}
		if key == "features" {
			open, err := t.decoder.Token()
			if err != nil {
				return ErrBroken
			}
			if open != json.Delim('[') {
				return ErrNoGeoJSON
			}
			return nil
		}
		var skipped json.RawMessage
		if err := t.decoder.Decode(&skipped); err != nil {
			return ErrBroken
		}
	}
	return t.alone()
}

// alone reads a file that is one feature or one geometry.
func (t *geoTable) alone() error {
	raw, err := io.ReadAll(io.NewSectionReader(t.file, 0, t.size))
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if f, err := geojson.UnmarshalFeature(raw); err == nil {
		t.lone = f
		return nil
	}
	g, err := geojson.UnmarshalGeometry(raw)
	if err != nil || g.Geometry() == nil {
		return ErrNoGeoJSON
	}
	t.lone = geojson.NewFeature(g.Geometry())
	return nil
}

func (t *geoTable) next() (*geojson.Feature, error) {
	t.line++
	if t.lone != nil {
		if t.line > 1 {
			return nil, io.EOF
		}
		return t.lone, nil
	}
	if !t.decoder.More() {
		if _, err := t.decoder.Token(); err != nil {
			return nil, &LineError{t.line, ErrBroken}
		}
		return nil, io.EOF
	}
	var raw json.RawMessage
	if err := t.decoder.Decode(&raw); err != nil {
		return nil, &LineError{t.line, ErrBroken}
	}
	f, err := geojson.UnmarshalFeature(raw)
	if err != nil {
		return nil, &LineError{t.line, ErrNoGeoJSON}
	}
	return f, nil
}

// Format gives what the file is.
func (t *geoTable) Format() Format { return Format{Kind: "geojson", Encoding: "utf-8"} }

// Header gives the names of all properties.
func (t *geoTable) Header() []string { return t.header }

// Next gives the next feature.
func (t *geoTable) Next() (Row, error) {
	f, err := t.next()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: t.line, Cells: make([]string, len(t.header)), Geometry: f.Geometry}
	for name, value := range f.Properties {
		if k, ok := t.columns[name]; ok {
			row.Cells[k] = textOf(value)
		}
	}
	return row, nil
}

// textOf writes a value of JSON as a cell: lists with a mark between their
// parts, as people write them.
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		text := ""
		for i, part := range v {
			if i > 0 {
				text += "、"
			}
			text += textOf(part)
		}
		return text
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(raw)
}

// Read gives how far the reading is.
func (t *geoTable) Read() float64 {
	if t.lone != nil {
		return float64(min(t.line, 1))
	}
	return float64(t.decoder.InputOffset()) / float64(t.size)
}

// Close has nothing to let go of.
func (t *geoTable) Close() error { return nil }
