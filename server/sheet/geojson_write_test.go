package sheet

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

func TestGeoJSONIsReadAsWritten(t *testing.T) {
	t.Parallel()
	fields := []string{"name", "boundary", "lat", "lon", "attributes.hours"}
	rows := [][]string{
		{"东门", "", "38.25", "122.5", "全天"},
		{"东园", "MULTIPOLYGON(((122 38,123 38,123 39,122 38)))", "38.3", "122.6", ""},
		{"无处", "", "", "", ""},
	}
	var out bytes.Buffer
	w, err := GeoJSON(&out, fields)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	table, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var read []Row
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, row)
	}
	if len(read) != len(rows) {
		t.Fatalf("%d features, want %d", len(read), len(rows))
	}
	cell := func(row int, field string) string { return read[row].Cells[slices.Index(table.Header(), field)] }
	if got := cell(0, "name") + cell(0, "lon") + cell(0, "lat") + cell(0, "attributes.hours"); got != "东门122.538.25全天" {
		t.Errorf("the first row came back as %q", got)
	}
	if p, ok := read[0].Geometry.(orb.Point); !ok || p != (orb.Point{122.5, 38.25}) {
		t.Errorf("the point came back as %v", read[0].Geometry)
	}
	if s, ok := read[1].Geometry.(orb.MultiPolygon); !ok || len(s) != 1 || len(s[0][0]) != 4 {
		t.Errorf("the shape came back as %v", read[1].Geometry)
	}
	if read[2].Geometry != nil || cell(2, "name") != "无处" {
		t.Errorf("a row without a place came back as %v", read[2])
	}
}
