package importer

import (
	"bytes"
	"strings"
	"testing"

	"yiping/server/sheet"
)

// columnsOf recognises a text's columns.
func columnsOf(t *testing.T, noun, text string, o Options) (map[string]int, []sheet.Row, error) {
	t.Helper()
	table, err := sheet.Open(bytes.NewReader([]byte(text)), int64(len(text)), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := ByName(noun)
	h, rest, err := findHeader(n, table, o)
	return h.fields, rest, err
}

// What a template is headed with is recognised again, in either language, and
// by the names of the fields.
func TestTemplatesAreRecognised(t *testing.T) {
	for _, n := range Nouns() {
		for _, language := range Languages {
			columns, fields := TableColumns(language, n, TemplateAttributes(n))
			for name, begin := range map[string]func(*bytes.Buffer) (sheet.Writer, error){
				"csv":  func(b *bytes.Buffer) (sheet.Writer, error) { return sheet.CSV(b, columns) },
				"xlsx": func(b *bytes.Buffer) (sheet.Writer, error) { return sheet.Workbook(b, NounTitle(language, n), columns) },
			} {
				var out bytes.Buffer
				w, err := begin(&out)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				got, _, err := columnsOf(t, n.Name, out.String(), Options{})
				if err != nil {
					t.Errorf("%s in %s as %s: %v", n.Name, language, name, err)
				}
				for i, field := range fields {
					if column, ok := got[field]; !ok || column != i {
						t.Errorf("%s in %s as %s: %s (%s) is taken for column %d", n.Name, language, name, field, columns[i].Title, column)
					}
				}
			}
			names, _, err := columnsOf(t, n.Name, strings.Join(fields, ",")+"\n", Options{})
			if err != nil || len(names) != len(fields) {
				t.Errorf("%s: of %v only %v (%v)", n.Name, fields, names, err)
			}
		}
	}
}

// The headers of lists as departments keep them.
func TestHeadersInUse(t *testing.T) {
	for text, want := range map[string][]string{
		"units:序号,单位名称,单位类别,值班电话,经度,纬度":                 {"name", "kind", "duty_phone", "lon", "lat"},
		"units:单位名称,单位性质,24小时值班电话":                      {"name", "kind", "duty_phone"},
		"responders:姓 名,职务,联系电话,所属社区,政治面貌":              {"name", "affiliations", "phone", "area"},
		"facilities:设备编号,设施名称,设施种类,设置位置,责任人,责任人电话":      {"external_id", "name", "kind", "address", "attributes.contact", "attributes.phone"},
		"facilities:场所名称,场所类型,可容纳人数（人）,中心点经纬度":          {"name", "kind", "attributes.capacity", "coordinates"},
		"units:部门名称,类别,24小时电话,所属区划":                     {"name", "kind", "duty_phone", "area"},
		"responders:姓名,人员类别,手机号码,所在社区,特长,所在党支部":         {"name", "affiliations", "phone", "area", "skills", "party_organisation"},
		"responders:人员姓名,身份类别,联系方式,报到社区,交通工具":           {"name", "affiliations", "phone", "area", "vehicle"},
		"facilities:场所名称,类别,详细地址,可容纳人数,联系人,联系电话,东经,北纬":  {"name", "kind", "address", "attributes.capacity", "attributes.contact", "attributes.phone", "lon", "lat"},
		"facilities:名称*,设施类别（必填）,地 址,坐标":                {"name", "kind", "address", "coordinates"},
		"cameras:监控点名称,点位类型,国标编码,管理单位,监控方位,X坐标,Y坐标":     {"name", "place_category", "filing_number", "owner_unit", "bearing_degrees", "lon", "lat"},
		"cameras:Name,Filing number,Longitude,Latitude": {"name", "filing_number", "lon", "lat"},
		"sites:点位名称,点位类别,经度（°）,纬度（°）":                   {"name", "place_category", "lon", "lat"},
		"devices:设备名称,设备类别,安装位置,权属单位,规格型号,经度,纬度":        {"name", "kind", "address", "owner_unit", "attributes.model", "lon", "lat"},
		"compounds:小区名称,详细地址,物业公司,所属社区（村）,lng,lat":      {"name", "address", "property_unit", "area", "lon", "lat"},
		"buildings:所在小区,楼号,层数,单元数,总户数,x,y":              {"compound", "name", "floors", "entrances", "households", "lon", "lat"},
		"areas:统计用区划代码,区划名称,级别,上级代码,曾用名":                {"code", "name", "level", "parent_code", "aliases"},
		"roster:值班日期,班次,值班员,手机号":                        {"date", "hours", "responder", "phone"},
		"roster:姓名,上班时间,下班时间,类型":                        {"responder", "starts_at", "ends_at", "kind"},
	} {
		noun, header, _ := strings.Cut(text, ":")
		got, _, err := columnsOf(t, noun, header+"\n", Options{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		for _, field := range want {
			if _, ok := got[field]; !ok {
				t.Errorf("%s: %s is not recognised (%v)", text, field, got)
			}
		}
	}
}

// Of several columns that say where, the one that says it best is taken.
func TestBestHeader(t *testing.T) {
	for text, want := range map[string]int{"responders:姓名,职务,所在街道,所在网格,所属社区": 4, "facilities:名称,类型,所属街道,社区": 3, "cameras:名称,所在街道,所属社区": 2} {
		noun, header, _ := strings.Cut(text, ":")
		if got, _, err := columnsOf(t, noun, header+"\n", Options{}); err != nil || got["area"] != want {
			t.Errorf("%s: column %d, %v", text, got["area"], err)
		}
	}
}

func TestHeaderBehindTitles(t *testing.T) {
	_, rest, err := columnsOf(t, "facilities", "示范区设施台账,,,\n填表单位：,,,\n,,,\n名称,类型,坐标,\n,,经度,纬度\n甲,AED,117.85,36.8\n", Options{})
	if err != nil || len(rest) != 1 || rest[0].Line != 6 {
		t.Errorf("%v %v", rest, err)
	}
	fields, rest, err := columnsOf(t, "facilities", "名称,类型,经度,纬度\n甲,AED,117.85,36.8\n乙,AED,117.85,36.8\n", Options{})
	if err != nil || len(rest) != 2 || fields["lat"] != 3 {
		t.Errorf("%v %v %v", fields, rest, err)
	}
}

func TestMappedColumns(t *testing.T) {
	const text = "所名,种,E1,N1,名称,备注\n甲,AED,117.85,36.8,乙,x\n"
	for name, c := range map[string]struct {
		columns map[string]string
		want    map[string]int
		code    string
	}{
		"by title":                  {map[string]string{"name": "所名", "kind": "种", "lon": "e1", "lat": "n1"}, map[string]int{"name": 0, "kind": 1, "lon": 2, "lat": 3}, ""},
		"by letter":                 {map[string]string{"name": "A", "kind": "B", "lon": "C", "lat": "D"}, map[string]int{"name": 0, "kind": 1, "lon": 2, "lat": 3}, ""},
		"one column for two":        {map[string]string{"kind": "种", "address": "所名", "name": "所名"}, map[string]int{"name": 0, "address": 0, "kind": 1}, ""},
		"an attribute":              {map[string]string{"kind": "种", "attributes.note": "备注"}, map[string]int{"name": 4, "attributes.note": 5, "kind": 1}, ""},
		"a title that is not there": {map[string]string{"kind": "类"}, nil, "no_such_column"},
		"a letter beyond":           {map[string]string{"kind": "Z"}, nil, "no_such_column"},
		"a field that is not":       {map[string]string{"kind": "种", "nothing": "所名"}, nil, "no_such_field"},
		"left out":                  {map[string]string{"kind": "种", "name": ""}, nil, "columns_missing"},
		"half a point":              {map[string]string{"kind": "种", "lon": "E1"}, nil, "half_a_point"},
	} {
		fields, _, err := columnsOf(t, "facilities", text, Options{Columns: c.columns})
		if fileCode(err) != c.code || err != nil && c.code == "" {
			t.Errorf("%s: %v", name, err)
		}
		for field, column := range c.want {
			if got, ok := fields[field]; !ok || got != column {
				t.Errorf("%s: %v, want %v", name, fields, c.want)
			}
		}
	}
	if _, _, err := columnsOf(t, "facilities", "甲,乙\n1,2\n", Options{}); fileCode(err) != "no_header" {
		t.Errorf("no header: %v", err)
	}
	if _, _, err := columnsOf(t, "facilities", "名称,备注\n1,2\n", Options{Set: map[string]string{"kind": "AED"}}); err != nil {
		t.Errorf("set for all rows: %v", err)
	}
}

// No title stands for two fields, or a value's word for another value.
func TestWordsAreTold(t *testing.T) {
	for _, n := range Nouns() {
		for _, c := range n.Columns {
			if c.Kind == Attributes {
				continue
			}
			for _, language := range Languages {
				if fields, _, _ := columnsOf(t, n.Name, Title(language, n, c.Field)+"\n", Options{}); len(fields) != 1 {
					t.Errorf("%s: %s is taken for %v", n.Name, c.Field, fields)
				} else if _, ok := fields[c.Field]; !ok {
					t.Errorf("%s: %s is taken for %v", n.Name, c.Field, fields)
				}
			}
		}
	}
	for list := range meanings() {
		for _, value := range ChoiceValues(list) {
			for _, written := range []string{value, ChoiceTitle("zh", list, value), ChoiceTitle("en", list, value), " " + strings.ToUpper(value) + "　"} {
				if got, ok := choose(list, written); !ok || got != value {
					t.Errorf("%s: %q means %q, want %q", list, written, got, value)
				}
			}
		}
	}
}
