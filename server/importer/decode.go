package importer

import (
	"math"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkt"

	"yiping/server/sheet"
)

// decoder turns rows into records. It is safe for use by several goroutines.
type decoder struct {
	plan     *Plan
	around   *Surroundings
	axes     *axes
	date1904 bool
	columns  []Column // of the plan's fields
	attrs    map[string]int
	shape    int // index of the boundary among the fields, -1 for none
}

func newDecoder(p *Plan, around *Surroundings, f sheet.Format) *decoder {
	d := &decoder{plan: p, around: around, axes: &axes{}, date1904: f.Date1904, attrs: map[string]int{}, shape: p.Field("boundary")}
	for _, field := range p.Fields {
		for _, c := range p.Noun.Columns {
			if c.Field == field {
				d.columns = append(d.columns, c)
			}
		}
	}
	for field, column := range p.columns {
		if key, ok := strings.CutPrefix(field, "attributes."); ok {
			d.attrs[key] = column
		}
	}
	return d
}

// draft is a row on its way to a record: its values are read, its place is not
// yet found.
type draft struct {
	row      sheet.Row
	values   []any
	problems []RowProblem
	xy       Point
	hasXY    bool
	boundary orb.MultiPolygon
}

// cell gives a field's cell, or what the options set where it is blank.
func (d *decoder) cell(row sheet.Row, field string) string {
	if column, ok := d.plan.columns[field]; ok && column < len(row.Cells) {
		if text := clean(row.Cells[column]); text != "" && (!isEmpty(text) || d.meant(field, text)) {
			return text
		}
	}
	return d.plan.set[field]
}

// meant says whether a word that mostly stands for nothing means something in a
// field: 无 is a way to get about.
func (d *decoder) meant(field, text string) bool {
	c, _ := d.plan.Noun.Column(field)
	if c.Kind != Choice && c.Kind != Choices {
		return false
	}
	_, ok := choose(c.Choices, text)
	return ok
}

func (x *draft) refuse(field, code, value string, values map[string]string) {
	x.problems = append(x.problems, RowProblem{Line: x.row.Line, Field: field, Code: code, Value: shortened(value), Values: values})
}

func (x *draft) warn(field, code, value string, values map[string]string) {
	x.problems = append(x.problems, RowProblem{Line: x.row.Line, Field: field, Code: code, Value: shortened(value), Values: values, Warning: true})
}

func shortened(text string) string {
	if r := []rune(text); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return text
}

// read reads a row's values and coordinates.
func (d *decoder) read(row sheet.Row) draft {
	x := draft{row: row, values: make([]any, len(d.columns))}
	for i, c := range d.columns {
		if c.Kind == Attributes {
			x.values[i] = d.attributes(row)
			continue
		}
		if c.Kind == Reference || d.plan.Noun.Name == "roster" && (c.Field == "starts_at" || c.Field == "ends_at") {
			continue // when it is known where the row belongs
		}
		text := d.cell(row, c.Field)
		if text == "" {
			if c.Required {
				x.refuse(c.Field, "required", "", nil)
			}
			continue
		}
		if strings.ContainsRune(text, '\ufffd') {
			x.refuse(c.Field, "unreadable_text", text, nil)
			continue
		}
		if isFault(text) {
			x.refuse(c.Field, "formula_fault", text, nil)
			continue
		}
		x.values[i] = d.value(&x, c, text)
	}
	d.coordinates(&x)
	return x
}

// value reads a cell by its column's kind.
func (d *decoder) value(x *draft, c Column, text string) any {
	switch c.Kind {
	case Text:
		limit := int(c.Max)
		if limit == 0 {
			limit = 200
		}
		if len(text) > limit && len([]rune(text)) > limit {
			x.refuse(c.Field, "too_long", text, map[string]string{"max": itoa(limit)})
		}
		return text
	case Integer, Number:
		return d.number(x, c, text)
	case Moment:
		t, ok := readMoment(text, d.date1904)
		if !ok {
			x.refuse(c.Field, "bad_moment", text, nil)
			return nil
		}
		return t
	case Choice:
		if value, ok := x.choice(c, text); ok {
			return value
		}
		return nil
	case Choices:
		return d.several(x, c, text)
	case List:
		return splitList(text)
	case Phone:
		return d.phone(x, c, text)
	case Shape:
		d.readShape(x, c, text)
	}
	return nil
}

func (d *decoder) number(x *draft, c Column, text string) any {
	v, ok := readNumber(text)
	if c.Field == "bearing_degrees" && !ok {
		v, ok = readBearing(text)
	}
	switch {
	case !ok:
		x.refuse(c.Field, "not_a_number", text, nil)
		return nil
	case c.Kind == Integer && v != math.Trunc(v):
		x.refuse(c.Field, "not_whole", text, nil)
		return nil
	case v < c.Min || v > c.Max:
		x.refuse(c.Field, "out_of_range", text, map[string]string{"min": trimmed(c.Min), "max": trimmed(c.Max)})
		return nil
	case c.Kind == Integer:
		return int64(v)
	case c.Field == "bearing_degrees" && v == 360:
		return 0.0
	}
	return v
}

// choice gives the value that a text means, or may be taken to mean.
func (x *draft) choice(c Column, text string) (string, bool) {
	if value, ok := choose(c.Choices, text); ok {
		return value, true
	}
	if value, ok := guess(c.Choices, text); ok {
		x.warn(c.Field, "choice_guessed", text, map[string]string{"choice": "@choice." + listOf(c.Choices) + "." + value})
		return value, true
	}
	x.refuse(c.Field, "unknown_choice", text, map[string]string{"list": "@list." + c.Choices})
	return "", false
}

func (d *decoder) several(x *draft, c Column, text string) any {
	out := []string{}
	for _, part := range splitList(text) {
		value, ok := x.choice(c, part)
		if ok && !contains(out, value) {
			out = append(out, value)
		}
	}
	return out
}

func (d *decoder) phone(x *draft, c Column, text string) any {
	phone, code := readPhone(text)
	switch code {
	case "":
		return phone
	case "phone_masked":
		return Masked
	}
	if first, ok := firstPhone(text); ok {
		x.warn(c.Field, "several_phones", text, map[string]string{"phone": first})
		return first
	}
	x.refuse(c.Field, code, text, nil)
	return nil
}

// masked is a cell that an export has masked.
type masked struct{}

// Masked stands for a cell that an export has masked: what is known stays.
var Masked = masked{}

func (d *decoder) attributes(row sheet.Row) map[string]string {
	out := map[string]string{}
	for key, column := range d.attrs {
		if column < len(row.Cells) {
			out[key] = clean(row.Cells[column])
			if strings.HasSuffix(key, "_until") { // a date, which a workbook keeps as a number
				if t, ok := readMoment(out[key], d.date1904); ok {
					out[key] = t.Format(time.DateOnly)
				}
			}
		}
	}
	for field, value := range d.plan.set {
		if key, ok := strings.CutPrefix(field, "attributes."); ok && out[key] == "" {
			out[key] = value
		}
	}
	return out
}

// readShape reads a boundary as WKT.
func (d *decoder) readShape(x *draft, c Column, text string) {
	if i := strings.IndexByte(text, ';'); i > 0 && strings.HasPrefix(strings.ToUpper(text), "SRID=") {
		text = text[i+1:]
	}
	g, err := wkt.Unmarshal(text)
	if err != nil {
		x.refuse(c.Field, "bad_shape", text, nil)
		return
	}
	if !x.takeShape(g) {
		x.refuse(c.Field, "no_polygon", text, nil)
	}
}

func (x *draft) takeShape(g orb.Geometry) bool {
	switch shape := g.(type) {
	case orb.Polygon:
		x.boundary = orb.MultiPolygon{shape}
	case orb.MultiPolygon:
		x.boundary = shape
	default:
		return false
	}
	return true
}

// coordinates reads where a row is: from its columns, else from its geometry.
func (d *decoder) coordinates(x *draft) {
	if !d.plan.Noun.Located {
		return
	}
	lon, lat, pair := d.cell(x.row, "lon"), d.cell(x.row, "lat"), d.cell(x.row, "coordinates")
	switch {
	case lon != "" || lat != "":
		var okX, okY bool
		x.xy[0], okX = x.degrees("lon", lon)
		x.xy[1], okY = x.degrees("lat", lat)
		x.hasXY = okX && okY
	case pair != "":
		if x.xy[0], x.xy[1], x.hasXY = readPair(pair); !x.hasXY {
			x.refuse("coordinates", "not_a_coordinate", pair, nil)
		}
	}
	if x.row.Geometry == nil {
		return
	}
	if p, ok := x.row.Geometry.(orb.Point); ok {
		if !x.hasXY {
			x.xy, x.hasXY = p, true
		}
		return
	}
	if x.takeShape(x.row.Geometry) {
		return
	}
	if !x.hasXY && !x.row.Geometry.Bound().IsEmpty() { // a line or several points: their middle
		x.xy, x.hasXY = x.row.Geometry.Bound().Center(), true
	}
}

// degrees reads one of two coordinates, of which the other is there.
func (x *draft) degrees(field, text string) (float64, bool) {
	v, ok := readDegrees(text)
	switch {
	case text == "":
		x.refuse(field, "required", "", nil)
	case !ok:
		x.refuse(field, "not_a_coordinate", text, nil)
	}
	return v, ok
}

// hours gives the times of a row of the roster.
func (d *decoder) hours(x *draft) (from, to time.Time, ok bool) {
	read := func(field string) (time.Time, bool) {
		text := d.cell(x.row, field)
		if text == "" {
			return time.Time{}, false
		}
		t, ok := readMoment(text, d.date1904)
		if !ok {
			x.refuse(field, "bad_moment", text, nil)
		}
		return t, ok
	}
	from, okFrom := read("starts_at")
	to, okTo := read("ends_at")
	if okFrom && okTo {
		return from, to, true
	}
	day, okDay := read("date")
	text := d.cell(x.row, "hours")
	first, last, okHours := readHours(text)
	if !okDay || !okHours {
		if len(x.problems) == 0 {
			x.refuse("starts_at", "no_hours", text, nil)
		}
		return from, to, false
	}
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, Instant)
	return day.Add(time.Duration(first) * time.Minute), day.Add(time.Duration(last) * time.Minute), true
}
