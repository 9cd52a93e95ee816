package importer

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"yiping/server/sheet"
)

// headerRows is how far down a file its header is looked for, past titles and
// blank lines.
const headerRows = 20

// header is the columns of a file with what each was taken for.
type header struct {
	recognised []Recognised
	fields     map[string]int // field to column
}

// findHeader recognises the header of a table, and gives the rows behind it
// that were read on the way. The header may be any of the first rows, or two of
// them: a group over its columns.
func findHeader(n *Noun, table sheet.Table, o Options) (header, []sheet.Row, error) {
	if titles := table.Header(); titles != nil || table.Format().Kind == "geojson" {
		h := recognise(n, titles, o)
		return h, nil, h.check(n, o, table)
	}
	var rows []sheet.Row
	for len(rows) < headerRows {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return header{}, nil, err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return header{}, nil, sheet.ErrEmpty
	}
	best, behind := header{}, 0
	for i, row := range rows {
		if h := recognise(n, row.Cells, o); len(h.fields) > len(best.fields) {
			best, behind = h, i+1
		}
		if i+1 < len(rows) {
			if h := recognise(n, joined(row.Cells, rows[i+1].Cells), o); len(h.fields) > len(best.fields) {
				best, behind = h, i+2
			}
		}
	}
	if len(best.fields) == 0 {
		first := slices.IndexFunc(rows, func(r sheet.Row) bool { return !r.Blank() })
		if first >= 0 {
			best = recognise(n, rows[first].Cells, o)
		}
	}
	return best, rows[behind:], best.check(n, o, table)
}

// joined gives the titles of two header rows: the lower one where it has a
// word of its own, else the upper one.
func joined(upper, lower []string) []string {
	out := make([]string, max(len(upper), len(lower)))
	for i := range out {
		if i < len(upper) {
			out[i] = upper[i]
		}
		if i < len(lower) && strings.TrimSpace(lower[i]) != "" {
			out[i] = lower[i]
		}
	}
	return out
}

// recognise takes each title for a field: first by the options, then by the
// words known; the first column that fits has it.
func recognise(n *Noun, titles []string, o Options) header {
	h := header{fields: map[string]int{}}
	for _, title := range titles {
		h.recognised = append(h.recognised, Recognised{Title: strings.TrimSpace(title)})
	}
	take := func(column int, field string) {
		if _, taken := h.fields[field]; !taken && h.recognised[column].Field == "" {
			h.fields[field] = column
			h.recognised[column].Field = field
		}
	}
	for _, field := range slices.Sorted(maps.Keys(o.Columns)) {
		if column := columnNamed(titles, o.Columns[field]); column >= 0 { // one column may be named for several fields
			h.fields[field] = column
			if h.recognised[column].Field == "" {
				h.recognised[column].Field = field
			}
		}
	}
	known, plainly := titlesOf(n), plainTitles(n, titles)
	for field, ways := range known {
		if _, chosen := o.Columns[field]; chosen {
			continue
		}
		if o.SRID != 0 && (field == "lon" || field == "lat") {
			ways = append(append([]string(nil), projectedNames[field]...), ways...)
		}
		for _, way := range ways { // the word that says it best
			column := slices.Index(plainly, way)
			if column >= 0 && h.recognised[column].Field == "" {
				take(column, field)
				break
			}
		}
	}
	return h
}

// plainTitles gives titles in their plain form, without a unit or remark in
// brackets behind them where only so they are known.
func plainTitles(n *Noun, titles []string) []string {
	known := map[string]bool{}
	for _, ways := range titlesOf(n) {
		for _, way := range ways {
			known[way] = true
		}
	}
	out := make([]string, len(titles))
	for i, title := range titles {
		out[i] = plain(title)
		if open := strings.IndexByte(out[i], '('); open > 0 && strings.HasSuffix(out[i], ")") && !known[out[i]] {
			out[i] = out[i][:open]
		}
	}
	return out
}

// columnNamed finds a column by its title, or by its letter as a spreadsheet
// shows it; -1 for none.
func columnNamed(titles []string, name string) int {
	if plain(name) == "" {
		return -1
	}
	if i := slices.IndexFunc(titles, func(title string) bool { return plain(title) == plain(name) }); i >= 0 {
		return i
	}
	if len(name) > 2 || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return -1
	}
	i := 0
	for _, letter := range name {
		i = i*26 + int(letter-'A') + 1
	}
	if i > len(titles) {
		return -1
	}
	return i - 1
}

// projectedNames are what easting and northing are called: of a file that has
// them beside degrees they are taken where a projected system is said.
var projectedNames = map[string][]string{
	"lon": {"x", "x坐标", "坐标x", "pointx", "easting", "e", "横坐标"}, "lat": {"y", "y坐标", "坐标y", "pointy", "northing", "n", "纵坐标"},
}

// titlesOf gives the titles, in their plain form, by which each field is known:
// its own before others. A title that two fields have belongs to the first.
func titlesOf(n *Noun) map[string][]string {
	known, taken := map[string][]string{}, map[string]bool{}
	put := func(title, field string) {
		if key := plain(title); key != "" && !taken[key] {
			taken[key] = true
			known[field] = append(known[field], key)
		}
	}
	for _, c := range n.Columns {
		if c.Kind == Attributes {
			continue
		}
		put(c.Field, c.Field)
		for _, language := range Languages {
			put(Title(language, n, c.Field), c.Field)
		}
	}
	for _, c := range n.Columns {
		for _, language := range Languages { // "名称" where the noun's own title is "设施名称"
			put(word(language, "field."+c.Field), c.Field)
		}
	}
	for _, c := range n.Columns {
		for _, name := range c.Names {
			put(name, c.Field)
		}
	}
	for _, c := range n.Columns {
		if c.Kind != Attributes {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(attributeNames)) {
			for _, name := range append([]string{"attributes." + key, word("zh", "attribute."+key), word("en", "attribute."+key)}, attributeNames[key]...) {
				put(name, "attributes."+key)
			}
		}
	}
	return known
}

// attributeNames are what facilities and devices are described by, with words
// that stand for it; an export shows any other key by itself.
var attributeNames = map[string][]string{
	"capacity": {"预计收容人数", "預計收容人數", "可容纳人数", "收容人数"}, "hours": {"营业时间", "服务时间"}, "placement": {"摆放位置", "放置位置"},
	"contact": {"联系人姓名", "负责人", "责任人", "管理人员", "负责人姓名"}, "phone": {"电话", "手机号", "联系方式", "负责人电话", "责任人电话", "联系人电话"}, "beds": {"床位"}, "indoor": {"室內"}, "crew": {"人数"}, "pupils": {}, "boxes": {}, "sockets": {}, "sprinkler": {}, "underground": {},
	"pressure_mpa": {"压力"}, "pads_until": {}, "places": {}, "model": {"规格型号"}, "serial": {"出厂编号", "设备序列号"}, "url": {"网址"},
}

// check refuses a file that lacks what every row needs.
func (h header) check(n *Noun, o Options, table sheet.Table) error {
	for field := range o.Columns {
		if _, ok := n.Column(field); !ok {
			return &FileError{Code: "no_such_field", Values: map[string]string{"field": field}}
		}
	}
	for field := range o.Set {
		if _, ok := n.Column(field); !ok {
			return &FileError{Code: "no_such_field", Values: map[string]string{"field": field}}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(o.Columns)) {
		if _, found := h.fields[field]; !found && o.Columns[field] != "" && len(h.fields) > 0 {
			return &FileError{Code: "no_such_column", Values: map[string]string{"title": o.Columns[field]}, Columns: h.recognised, Noun: n}
		}
	}
	if len(h.fields) == 0 && len(o.Set) == 0 {
		return &FileError{Code: "no_header", Columns: h.recognised, Noun: n}
	}
	var missing []string
	for _, c := range n.Columns {
		_, has := h.fields[c.Field]
		_, set := o.Set[c.Field]
		if c.Required && !has && !set {
			missing = append(missing, c.Field)
		}
	}
	if len(missing) > 0 {
		return &FileError{Code: "columns_missing", Fields: missing, Columns: h.recognised, Noun: n}
	}
	_, hasLon := h.fields["lon"]
	_, hasLat := h.fields["lat"]
	if hasLon != hasLat {
		return &FileError{Code: "half_a_point", Columns: h.recognised, Noun: n}
	}
	return nil
}
