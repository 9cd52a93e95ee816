package importer

import (
	"strings"

	"yiping/geo"
	"yiping/server/sheet"
)

// Plan is how the rows of one file go into the store.
type Plan struct {
	Noun     *Noun
	Fields   []string // of Record.Values
	Source   string
	SRID     int
	Datum    geo.Datum
	Full     bool
	HasPoint bool // the file has coordinates
	HasArea  bool // the file names areas
	AreaIDs  []int64

	ImportID  int64  // 0 where the store shall note the import itself
	File      string // its name
	AccountID int64  // who imports; 0 on the command line

	columns map[string]int // field to column of the file
	set     map[string]string
}

// apart are the fields that are not among a record's values.
var apart = map[string]bool{"external_id": true, "source": true, "area": true, "lon": true, "lat": true, "coordinates": true, "date": true, "hours": true}

// newPlan makes the plan of a file whose columns were recognised; those of
// GeoJSON carry a geometry beside their cells.
func newPlan(n *Noun, h header, o Options, f sheet.Format) (*Plan, error) {
	geometry := f.Kind == "geojson"
	if o.SRID == 0 { // as the file says itself
		o.SRID = f.SRID
	}
	p := &Plan{Noun: n, Source: strings.TrimSpace(o.Source), SRID: o.SRID, Full: o.Full, AreaIDs: o.AreaIDs, ImportID: o.ImportID, File: o.File, AccountID: o.AccountID, columns: h.fields, set: o.Set}
	if p.Source == "" {
		p.Source = "import"
	}
	if o.Datum == "" {
		o.Datum = string(geo.WGS84)
	}
	var err error
	if p.Datum, err = geo.ParseDatum(o.Datum); err != nil {
		return nil, &FileError{Code: "bad_option", Values: map[string]string{"field": "datum", "value": o.Datum}}
	}
	if o.SRID < 0 || o.SRID > 999999 {
		return nil, &FileError{Code: "bad_option", Values: map[string]string{"field": "srid", "value": itoa(o.SRID)}}
	}
	if o.SRID == 4326 || o.SRID == 4490 { // degrees already; CGCS2000 is taken for the same
		p.SRID = 0
	}
	attributes := false
	for field := range h.fields {
		attributes = attributes || strings.HasPrefix(field, "attributes.")
	}
	for field := range o.Set {
		attributes = attributes || strings.HasPrefix(field, "attributes.")
	}
	for _, c := range n.Columns {
		if !apart[c.Field] && (c.Kind == Attributes && attributes || c.Kind == Shape && geometry || p.has(c.Field)) {
			p.Fields = append(p.Fields, c.Field)
		}
	}
	if n.Name == "roster" { // made of whatever the file has
		p.Fields = []string{"responder", "kind", "starts_at", "ends_at"}
	}
	p.HasArea = p.has("area")
	p.HasPoint = n.Located && (geometry || p.has("lon") || p.has("coordinates") || p.has("boundary"))
	return p, nil
}

// has says whether the file or the options give a field.
func (p *Plan) has(field string) bool {
	if _, ok := p.set[field]; ok {
		return true
	}
	_, ok := p.columns[field]
	return ok
}

// Field gives the place of a field among a record's values, -1 for none.
func (p *Plan) Field(name string) int {
	for i, f := range p.Fields {
		if f == name {
			return i
		}
	}
	return -1
}
