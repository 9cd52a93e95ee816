package sheet

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"
	"github.com/paulmach/orb/geojson"
)

// GeoJSON begins a file of features, one a row: the columns are its properties,
// its geometry is the column boundary (WKT) where it has one, else lon and lat.
func GeoJSON(w io.Writer, fields []string) (Writer, error) {
	if _, err := io.WriteString(w, `{"type":"FeatureCollection","features":[`); err != nil {
		return nil, fmt.Errorf("write the table: %w", err)
	}
	return &geoWriter{to: w, fields: fields}, nil
}

type geoWriter struct {
	to     io.Writer
	fields []string
	rows   int
}

// Write writes a row.
func (t *geoWriter) Write(cells []string) error {
	feature := struct {
		Type       string            `json:"type"`
		Properties map[string]any    `json:"properties"`
		Geometry   *geojson.Geometry `json:"geometry"`
	}{"Feature", map[string]any{}, nil}
	place := map[string]float64{}
	for i, field := range t.fields {
		if i >= len(cells) || cells[i] == "" {
			continue
		}
		switch field {
		case "boundary":
			shape, err := wkt.Unmarshal(cells[i])
			if err != nil {
				return fmt.Errorf("write the table: %w", err)
			}
			feature.Geometry = geojson.NewGeometry(shape)
			continue
		case "lon", "lat":
			if v, err := strconv.ParseFloat(cells[i], 64); err == nil {
				place[field], feature.Properties[field] = v, v
				continue
			}
		}
		feature.Properties[field] = cells[i]
	}
	if feature.Geometry == nil && len(place) == 2 {
		feature.Geometry = geojson.NewGeometry(orb.Point{place["lon"], place["lat"]})
	}
	raw, err := json.Marshal(feature)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if t.rows++; t.rows > 1 {
		raw = append([]byte(",\n"), raw...)
	}
	_, err = t.to.Write(raw)
	return err
}

// Close completes the file.
func (t *geoWriter) Close() error {
	_, err := io.WriteString(t.to, "]}\n")
	return err
}
