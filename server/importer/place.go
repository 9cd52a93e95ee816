package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"yiping/geo"
)

// place finds where a draft belongs and makes the record of it.
func (d *decoder) place(x *draft) (Record, []RowProblem) {
	r := Record{Line: x.row.Line, Source: d.cell(x.row, "source"), Values: x.values}
	if r.Source == "" {
		r.Source = d.plan.Source
	}
	d.locate(x, &r)
	d.placeBoundary(x, &r)
	if r.Point == nil && d.plan.HasPoint && d.plan.Noun.Point && len(x.problems) == 0 {
		x.refuse("lon", "required", "", nil)
	}
	if d.plan.Noun.Roots {
		r.AreaID = 0 // its parent may come with the same file: the store finds it
	} else {
		d.placeArea(x, &r)
	}
	d.references(x, &r)
	if d.plan.Noun.Name == "roster" {
		d.duty(x, &r)
	}
	d.doubts(x, &r)
	if r.ExternalID = d.cell(x.row, "external_id"); r.ExternalID == "" {
		if c, ok := d.plan.Noun.Column("external_id"); ok && c.Required {
			x.refuse("external_id", "required", "", nil)
		}
		d.refuseMasked(x)
		r.ExternalID = d.key(x, &r)
	}
	return r, x.problems
}

// locate turns a draft's coordinates into a point of WGS-84.
func (d *decoder) locate(x *draft, r *Record) {
	if !x.hasXY {
		return
	}
	p := orb.Point(x.xy)
	text := trimmed(p[0]) + ", " + trimmed(p[1])
	if d.plan.SRID == 0 {
		if math.Abs(p[0]) > 1000 || math.Abs(p[1]) > 1000 {
			x.refuse("lon", "projected", text, nil)
			return
		}
		if turned := (orb.Point{p[1], p[0]}); !d.around.Inside(p) && d.around.Inside(turned) {
			x.refuse("lon", "swapped", text, nil)
			return
		}
	} else if math.IsNaN(p[0]) || math.IsNaN(p[1]) || math.IsInf(p[0], 0) || math.IsInf(p[1], 0) {
		x.refuse("lon", "not_projectable", text, map[string]string{"srid": itoa(d.plan.SRID)})
		return
	}
	datum := d.plan.Datum
	if d.plan.SRID != 0 {
		datum = geo.WGS84
	}
	at, err := geo.ToWGS84(datum, p)
	var bad *geo.PointError
	if err == nil {
		err = geo.CheckPoint(at)
	}
	if errors.As(err, &bad) {
		x.refuse("lon", "point_"+string(bad.Reason), text, nil)
		return
	} else if err != nil {
		x.refuse("lon", "not_a_coordinate", text, nil)
		return
	}
	d.put(r, Point{round(at[0]), round(at[1])})
}

func (d *decoder) put(r *Record, p Point) {
	cell, err := geo.CellOf(p, resolutionOf(d.plan.Noun))
	if err == nil {
		r.Point, r.Cell = &p, cell.Int64()
	}
}

// placeBoundary converts a boundary; a row without a point stands in its middle.
func (d *decoder) placeBoundary(x *draft, r *Record) {
	if x.boundary == nil {
		return
	}
	datum := d.plan.Datum
	if d.plan.SRID != 0 {
		datum = geo.WGS84
	}
	for _, polygon := range x.boundary {
		for k, ring := range polygon {
			if len(ring) > 1 && ring[0] != ring[len(ring)-1] {
				polygon[k] = append(ring, ring[0])
			}
			if len(polygon[k]) < 4 {
				x.refuse("boundary", "bad_shape", "", nil)
				return
			}
			for _, p := range ring {
				if math.IsNaN(p[0]) || math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
					x.refuse("boundary", "bad_shape_point", trimmed(p[0])+", "+trimmed(p[1]), nil)
					return
				}
			}
		}
	}
	g, err := geo.GeometryToWGS84(datum, x.boundary)
	shape, ok := g.(orb.MultiPolygon)
	if err != nil || !ok {
		x.refuse("boundary", "bad_shape", "", nil)
		return
	}
	for _, polygon := range shape {
		for _, ring := range polygon {
			for k, p := range ring {
				ring[k] = orb.Point{round(p[0]), round(p[1])}
			}
		}
	}
	middle, area := planar.CentroidArea(shape)
	if area == 0 {
		x.refuse("boundary", "bad_shape", "", nil)
		return
	}
	if d.shape >= 0 {
		x.values[d.shape] = shape
	}
	if r.Point == nil {
		d.put(r, Point{round(middle[0]), round(middle[1])})
	}
}

// placeArea finds the area: the one named, else the one that holds the point.
func (d *decoder) placeArea(x *draft, r *Record) {
	named := d.cell(x.row, "area")
	switch {
	case named != "":
		id, code := d.around.area(named, r.Point)
		if code != "" {
			x.refuse("area", code, named, nil)
			return
		}
		r.AreaID = id
		if r.Point != nil {
			if held := d.around.deepest(*r.Point); held != 0 && held != d.around.root && !d.around.within(held, id) && !d.around.within(id, held) {
				x.warn("area", "area_differs", named, map[string]string{"area": d.around.areas[held].Name})
			}
		}
	case r.Point != nil:
		if r.AreaID = d.around.deepest(*r.Point); r.AreaID == 0 {
			r.AreaID = d.around.root
		}
	case d.plan.Noun.Name == "units", d.plan.Noun.Whole:
		r.AreaID = d.around.root // serves all of it
	}
	if r.AreaID == 0 && d.around.root == 0 && (named == "" && r.Point != nil) {
		x.refuse("area", "no_areas", "", nil)
		return
	}
	if r.AreaID != 0 && !d.around.allowed(r.AreaID, d.plan.AreaIDs) {
		x.refuse("area", "not_yours", named, nil)
	}
}

// references finds what a row refers to, by id or name.
func (d *decoder) references(x *draft, r *Record) {
	for i, c := range d.columns {
		if c.Kind != Reference {
			continue
		}
		text := d.cell(x.row, c.Field)
		if text == "" {
			if c.Required {
				x.refuse(c.Field, "required", "", nil)
			}
			continue
		}
		if c.Of == "area" {
			id, code := d.around.area(text, nil)
			if code != "" {
				x.refuse(c.Field, code, text, nil)
			}
			x.values[i] = id
			continue
		}
		also := ""
		if d.plan.Noun.Name == "roster" {
			also = d.cell(x.row, "phone")
		}
		k, code := d.around.refer(c.Of, text, r.AreaID, also)
		switch {
		case code == "unknown_organisation": // the store makes it
			x.values[i] = text
		case code != "":
			x.refuse(c.Field, code, text, nil)
		case c.Of == "organisation":
			x.values[i] = k.Names[0]
		default:
			x.values[i] = k.ID
			if d.plan.Noun.Name == "roster" {
				r.AreaID = k.AreaID
			}
		}
	}
}

// duty completes a row of the roster.
func (d *decoder) duty(x *draft, r *Record) {
	from, to, ok := d.hours(x)
	if !ok {
		return
	}
	if !to.After(from) || to.Sub(from) > 31*24*time.Hour {
		x.refuse("ends_at", "bad_period", to.Format(time.DateTime), nil)
		return
	}
	if x.values[1] == nil {
		x.values[1] = "on_duty"
		if text := d.cell(x.row, "hours"); strings.Contains(text, "备") {
			x.values[1] = "on_call"
		}
	}
	x.values[2], x.values[3] = from.UTC(), to.UTC()
	if r.AreaID != 0 && !d.around.allowed(r.AreaID, d.plan.AreaIDs) {
		x.refuse("responder", "not_yours", "", nil)
	}
}

// doubts warns of a point that may be wrong, with what it may be.
func (d *decoder) doubts(x *draft, r *Record) {
	if r.Point == nil || len(x.problems) > 0 && !x.problems[len(x.problems)-1].Warning {
		return
	}
	text := trimmed(r.Point[0]) + ", " + trimmed(r.Point[1])
	if d.around.outlined && !d.around.Inside(*r.Point) {
		if !d.plan.Noun.Roots {
			km := geo.Distance(*r.Point, d.around.bound.Center()) / 1000
			x.warn("lon", "outside_district", text, map[string]string{"km": strconv.FormatFloat(km, 'f', 0, 64)})
		}
		return
	}
	if d.plan.Noun.Roots {
		return
	}
	if water := d.around.water.Holding(*r.Point); len(water) > 0 {
		x.warn("lon", "in_water", text, map[string]string{"water": water[0]})
	}
	if d.around.roads.Len() > 0 {
		if _, near := d.around.roads.Meters(*r.Point); !near {
			x.warn("lon", "off_road", text, nil)
		}
	}
}

// refuseMasked refuses a row that is to be known by what an export has masked.
func (d *decoder) refuseMasked(x *draft) {
	for _, field := range d.plan.Noun.Keys {
		if i := d.plan.Field(field); i >= 0 && x.values[i] == Masked {
			x.refuse(field, "phone_masked", d.cell(x.row, field), nil)
		}
	}
}

// key gives the id of a row that has none: it is known by its noun's keys, and
// where those say too little, by its place.
func (d *decoder) key(x *draft, r *Record) string {
	h := sha256.New()
	write := func(text string) {
		_, _ = h.Write([]byte(plain(text)))
		_, _ = h.Write([]byte{0})
	}
	told := 0
	for _, field := range d.plan.Noun.Keys {
		text := d.cell(x.row, field)
		if field == "starts_at" {
			if t, ok := x.values[2].(time.Time); ok {
				text = t.Format(time.RFC3339)
			}
		}
		if i := d.plan.Field(field); i >= 0 { // a value, however it is written
			if v, ok := x.values[i].(string); ok {
				text = v
			}
		}
		if text != "" && field != "kind" && field != "level" && field != "place_category" {
			told++
		}
		write(text)
	}
	if told < 2 && r.Point != nil && !d.plan.Noun.Roots {
		write(strconv.FormatFloat(r.Point[0], 'f', 5, 64) + " " + strconv.FormatFloat(r.Point[1], 'f', 5, 64))
	}
	return "row-" + hex.EncodeToString(h.Sum(nil)[:10])
}

// trimmed writes a number without needless digits.
func trimmed(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// suspect says of the whole file what the doubts about its points suggest: that
// they are in another datum than was said.
func (r *run) suspect() {
	if r.decoder == nil || r.plan.SRID != 0 || len(r.result.Points) < 5 {
		return
	}
	around := r.decoder.around
	best, name := r.misfit(func(p Point) Point { return p }), ""
	said := best
	for _, other := range []geo.Datum{geo.WGS84, geo.GCJ02, geo.BD09} {
		if other == r.plan.Datum {
			continue
		}
		off := r.misfit(func(p Point) Point {
			raw, err := geo.FromWGS84(r.plan.Datum, p)
			if err != nil {
				return p
			}
			at, err := geo.ToWGS84(other, raw)
			if err != nil {
				return p
			}
			return at
		})
		if off < best*0.6 && off < said-25 {
			best, name = off, string(other)
		}
	}
	if name != "" && around.roads.Len() > 0 {
		r.note(RowProblem{Code: "datum_suspected", Warning: true, Values: map[string]string{"datum": name,
			"now": strconv.FormatFloat(said, 'f', 0, 64), "then": strconv.FormatFloat(best, 'f', 0, 64)}})
	}
}

// misfit is the mean distance in metres of the points from the nearest road, a
// point far from all counting as the reach.
func (r *run) misfit(move func(Point) Point) float64 {
	points := r.result.Points[:min(len(r.result.Points), 500)]
	total := 0.0
	for _, p := range points {
		meters, near := r.decoder.around.roads.Meters(move(p))
		if !near {
			meters = geo.LinesReach
		}
		total += meters
	}
	return total / float64(len(points))
}
