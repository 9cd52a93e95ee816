package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// geoTable reads the features of a GeoJSON file one by one.
type geoTable struct {
	format  Format
	header  []string
	columns map[string]int
	file    File
	size    int64
	decoder *json.Decoder
	lone    *feature // a file that is one feature or one geometry
	line    int
}

// feature is a feature with its numbers as they are written: an id of eighteen
// digits is none that a float holds.
type feature struct {
	geometry orb.Geometry
	values   map[string]any
}

// maxColumns bounds the columns of a table, longestLone the bytes of a file
// that is one feature or one geometry.
const (
	maxColumns  = 500
	longestLone = 64 << 20
)

// What is nested deeper than any real file is refused: collections within
// collections take ever longer to read.
const (
	deepest     = 1000
	collections = 16
)

// openGeoJSON reads the file once for the names of all properties, and begins
// again.
func openGeoJSON(f File, size int64) (Table, error) {
	encoding, err := encodingOf(f)
	if err != nil {
		return nil, err
	}
	t := &geoTable{format: Format{Kind: "geojson", Encoding: encoding}, columns: map[string]int{}, file: f, size: max(size, 1)}
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
			t.line = 0
			return t, nil
		}
	}
	return t, t.begin()
}

// learn takes over the names of a feature's properties, sorted within it.
func (t *geoTable) learn(f *feature) {
	names := make([]string, 0, len(f.values))
	for name := range f.values {
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

// text gives the file as UTF-8 from its beginning.
func (t *geoTable) text() io.Reader {
	return decoded(io.NewSectionReader(t.file, 0, t.size), t.format.Encoding)
}

// begin goes to the first feature, past what stands before it.
func (t *geoTable) begin() error {
	t.line = 0
	t.decoder = json.NewDecoder(t.text())
	if _, err := t.decoder.Token(); err != nil {
		return ErrBroken
	}
	for t.decoder.More() {
		key, err := t.decoder.Token()
		if err != nil {
			return ErrBroken
		}
		switch key {
		case "features":
			open, err := t.decoder.Token()
			if err != nil {
				return ErrBroken
			}
			if open != json.Delim('[') {
				return ErrNoGeoJSON
			}
			return nil
		case "crs":
			var crs struct {
				Properties struct {
					Name string `json:"name"`
				} `json:"properties"`
			}
			if err := t.decoder.Decode(&crs); err != nil {
				return ErrBroken
			}
			t.format.SRID = sridOf(crs.Properties.Name)
		default:
			if err := t.skip(); err != nil {
				return ErrBroken
			}
		}
	}
	if _, err := t.decoder.Token(); err != nil { // its closing brace
		return ErrBroken
	}
	return t.alone()
}

// skip passes over a value without holding it.
func (t *geoTable) skip() error {
	for depth := 0; ; {
		token, err := t.decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		switch {
		case depth == 0:
			return nil
		case depth > deepest:
			return ErrNoGeoJSON
		}
	}
}

// sridOf reads the number out of "urn:ogc:def:crs:EPSG::4548" or "EPSG:4548";
// 0 for any other, such as CRS84, which is degrees.
func sridOf(name string) int {
	i := strings.Index(strings.ToUpper(name), "EPSG")
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(name[strings.LastIndexByte(name, ':')+1:])
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// alone reads a file that is one feature or one geometry.
func (t *geoTable) alone() error {
	if t.size > longestLone {
		return ErrNoGeoJSON
	}
	raw, err := io.ReadAll(t.text())
	if err != nil {
		return fmt.Errorf("read the file: %w", err)
	}
	if t.lone, err = featureOf(raw); err == nil {
		return nil
	}
	if errors.Is(err, ErrNoGeoJSON) && bytes.Count(raw, []byte("GeometryCollection")) > collections {
		return err
	}
	g, err := geojson.UnmarshalGeometry(raw)
	if err != nil || g.Geometry() == nil {
		return ErrNoGeoJSON
	}
	t.lone = &feature{geometry: g.Geometry()}
	return nil
}

// featureOf reads a feature; its own id stands with its properties where those
// have none.
func featureOf(raw []byte) (*feature, error) {
	var f struct {
		Type       string            `json:"type"`
		ID         any               `json:"id"`
		Geometry   *geojson.Geometry `json:"geometry"`
		Properties map[string]any    `json:"properties"`
	}
	if bytes.Count(raw, []byte("GeometryCollection")) > collections {
		return nil, ErrNoGeoJSON
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if f.Type != "Feature" {
		return nil, ErrNoGeoJSON
	}
	out := &feature{values: f.Properties}
	if f.Geometry != nil {
		out.geometry = f.Geometry.Geometry()
	}
	if _, has := f.Properties["id"]; !has && f.ID != nil {
		if out.values == nil {
			out.values = map[string]any{}
		}
		out.values["id"] = f.ID
	}
	return out, nil
}

func (t *geoTable) next() (*feature, error) {
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
	f, err := featureOf(raw)
	if err != nil {
		return nil, &LineError{t.line, ErrNoGeoJSON}
	}
	return f, nil
}

// Format gives what the file is.
func (t *geoTable) Format() Format { return t.format }

// Header gives the names of all properties.
func (t *geoTable) Header() []string { return t.header }

// Next gives the next feature.
func (t *geoTable) Next() (Row, error) {
	f, err := t.next()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: t.line, Cells: make([]string, len(t.header)), Geometry: f.geometry}
	for name, value := range f.values {
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
	case json.Number:
		return numberText(v.String())
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

// numberText writes a number out: whole ones as they stand, 1.5e3 as 1500.
func numberText(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		return text
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// Read gives how far the reading is.
func (t *geoTable) Read() float64 {
	if t.lone != nil {
		return float64(min(t.line, 1))
	}
	return min(1, float64(t.decoder.InputOffset())/float64(t.size))
}

// Close has nothing to let go of.
func (t *geoTable) Close() error { return nil }
