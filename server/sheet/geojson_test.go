package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestGeoJSONFeatures(t *testing.T) {
	content := []byte("\xef\xbb\xbf" + ` {"type": "FeatureCollection", "name": "a", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}, "bbox": [1, [2]], "features": [
		{"type": "Feature", "properties": {"名称": "一", "户数": 12, "比例": 0.5, "是": true, "空": null, "码": 370306001001000123, "大": 1.5e3}, "geometry": {"type": "Point", "coordinates": [117.85, 36.8, 12.5]}},
		{"type": "Feature", "id": 370306001001000123, "properties": {"别名": ["甲", "乙", 3], "深": {"b": 1, "a": [2]}}, "geometry": {"type": "Polygon", "coordinates": [[[0,0,5],[1,0,5],[1,1,5],[0,0,5]]]}},
		{"type": "Feature", "id": "x", "properties": {"id": "自有"}, "geometry": null},
		{"type": "Feature", "properties": null, "geometry": {"type": "GeometryCollection", "geometries": []}}
	], "after": 1}`)
	table := opened(t, content)
	want := []string{"名称", "大", "户数", "是", "比例", "码", "空", "id", "别名", "深"}
	if got := table.Header(); !reflect.DeepEqual(got, want) {
		t.Fatalf("header %q, want %q", got, want)
	}
	if f := table.Format(); f.Kind != "geojson" || f.SRID != 4548 || f.Encoding != "utf-8" {
		t.Errorf("format %+v", f)
	}
	rows := allRows(t, table)
	polygon := orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}
	for i, want := range []Row{
		{Line: 1, Cells: []string{"一", "1500", "12", "true", "0.5", "370306001001000123", "", "", "", ""}, Geometry: orb.Point{117.85, 36.8}},
		{Line: 2, Cells: []string{"", "", "", "", "", "", "", "370306001001000123", "甲、乙、3", `{"a":[2],"b":1}`}, Geometry: polygon},
		{Line: 3, Cells: []string{"", "", "", "", "", "", "", "自有", "", ""}},
		{Line: 4, Cells: []string{"", "", "", "", "", "", "", "", "", ""}, Geometry: orb.Collection{}},
	} {
		if i >= len(rows) || !reflect.DeepEqual(rows[i], want) {
			t.Errorf("row %d: %+v\nwant %+v", i+1, rows[i], want)
		}
	}
	if table.Read() > 1 || table.Read() < 0.9 {
		t.Errorf("read %v at the end", table.Read())
	}
}

func TestGeoJSONAlone(t *testing.T) {
	point := orb.Point{117.85, 36.8}
	for content, want := range map[string]Row{
		`{"type": "Feature", "properties": {"a": "b"}, "geometry": {"type": "Point", "coordinates": [117.85, 36.8]}}`: {Line: 1, Cells: []string{"b"}, Geometry: point},
		`{"type": "Point", "coordinates": [117.85, 36.8]}`:                                                            {Line: 1, Cells: []string{}, Geometry: point},
		`{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}`:                                             {Line: 1, Cells: []string{}, Geometry: orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}},
	} {
		table := opened(t, []byte(content))
		if got := allRows(t, table); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s: %+v, want %+v", content, got, want)
		}
		if table.Read() != 1 {
			t.Errorf("%s: read %v", content, table.Read())
		}
	}
	if got := allRows(t, opened(t, []byte(`{"type": "FeatureCollection", "features": []}`))); len(got) != 0 {
		t.Errorf("no features: %v", got)
	}
}

// Department's programs write GeoJSON in the encoding of their Windows.
func TestGeoJSONEncodings(t *testing.T) {
	const text = `{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"名称": "示范小区"}, "geometry": null}]}`
	for name, content := range map[string][]byte{
		"gb18030": encoded(t, simplifiedchinese.GB18030, text), "utf-16": encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text), "utf-8": []byte(text),
	} {
		table := opened(t, content)
		rows := allRows(t, table)
		if table.Format().Encoding != name || table.Header()[0] != "名称" || rows[0].Cells[0] != "示范小区" {
			t.Errorf("%s: %v %q %v", name, table.Format(), table.Header(), rows)
		}
	}
}

func TestGeoJSONCRS(t *testing.T) {
	for name, want := range map[string]int{
		"urn:ogc:def:crs:EPSG::4548": 4548, "EPSG:3826": 3826, "urn:ogc:def:crs:OGC:1.3:CRS84": 0, "urn:ogc:def:crs:EPSG:6.9:4326": 4326, "": 0, "EPSG": 0, "EPSG:x": 0, "epsg:-1": 0,
	} {
		if got := sridOf(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestGeoJSONBroken(t *testing.T) {
	const one = `{"type": "Feature", "properties": {"a": 1}, "geometry": null}`
	for name, c := range map[string]struct {
		content string
		want    error
		line    int
	}{
		"cut off within a feature":  {`{"features": [` + one + `,` + one[:30], ErrBroken, 2},
		"cut off between features":  {`{"features": [` + one + `,`, ErrBroken, 2},
		"without its closing mark":  {`{"features": [` + one, ErrBroken, 2},
		"something else among them": {`{"features": [` + one + `, {"type": "Point"}]}`, ErrNoGeoJSON, 2},
		"a number among them":       {`{"features": [` + one + `, 5]}`, ErrNoGeoJSON, 2},
		"an unknown geometry":       {`{"features": [{"type": "Feature", "geometry": {"type": "Circle", "coordinates": [1, 2]}}]}`, ErrNoGeoJSON, 1},
		"coordinates as texts":      {`{"features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": ["1", "2"]}}]}`, ErrNoGeoJSON, 1},
		"properties as a list":      {`{"features": [{"type": "Feature", "properties": [1], "geometry": null}]}`, ErrNoGeoJSON, 1},
		"a lone unknown geometry":   {`{"type": "Circle", "coordinates": [1, 2]}`, ErrNoGeoJSON, 0},
		"not closed":                {`{"type": "Point"`, ErrBroken, 0},
		"a stray comma":             {`{"type": , "features": []}`, ErrBroken, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if err := firstError([]byte(c.content)); !errors.Is(err, c.want) || lineOf(err) != c.line {
				t.Errorf("%v, want %v at %d", err, c.want, c.line)
			}
		})
	}
}

// What is nested without end is refused, and soon.
func TestGeoJSONDeep(t *testing.T) {
	const depth = 200_000
	open, close := strings.Repeat("[", depth), strings.Repeat("]", depth)
	collections := strings.Repeat(`{"type":"GeometryCollection","geometries":[`, depth) + strings.Repeat("]}", depth)
	for name, content := range map[string]string{
		"before the features":       `{"x": ` + open + close + `, "features": []}`,
		"in the properties":         `{"features": [{"type": "Feature", "properties": {"a": ` + open + close + `}}]}`,
		"in the coordinates":        `{"features": [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": ` + open + close + `}}]}`,
		"collections":               `{"features": [{"type": "Feature", "geometry": ` + collections + `}]}`,
		"collections of a lone one": collections,
		"not closed":                `{"x": ` + open,
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			err := firstError([]byte(content))
			if err == nil || errors.Is(err, io.EOF) {
				t.Errorf("%v", err)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("after %v", took)
			}
		})
	}
}

// Features are read one by one, however many there are.
func TestGeoJSONStreams(t *testing.T) {
	feature := `{"type": "Feature", "properties": {"名称": "示范"}, "geometry": {"type": "Point", "coordinates": [117.85, 36.8]}},`
	const n = 100_000
	content := []byte(`{"features": [` + strings.TrimSuffix(strings.Repeat(feature, n), ",") + `]}`)
	rows := 0
	grown := peakOf(func() {
		table, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rows++; row.Line != rows {
				t.Fatalf("row %d: %v", rows, row)
			}
		}
	})
	if rows != n || grown > 32<<20 {
		t.Errorf("%d rows, memory grew by %d MB", rows, grown>>20)
	}
}

// A collection of ever new properties is cut at the columns that a table has.
func TestGeoJSONColumns(t *testing.T) {
	var features []string
	for i := range 2 * maxColumns {
		features = append(features, fmt.Sprintf(`{"type": "Feature", "properties": {"p%d": "v"}}`, i))
	}
	table := opened(t, []byte(`{"features": [`+strings.Join(features, ",")+`]}`))
	rows := allRows(t, table)
	if len(table.Header()) != maxColumns || len(rows) != 2*maxColumns || len(rows[0].Cells) != maxColumns || rows[1].Cells[1] != "v" || !rows[len(rows)-1].Blank() {
		t.Errorf("%d columns, %d rows", len(table.Header()), len(rows))
	}
}
