package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yiping/server/sheet"
)

// Good rows go in with their point, area and values; each bad one is told with
// its line, its field and why.
func TestRunFacilities(t *testing.T) {
	s := district()
	result := taken(t, s, "facilities", "名称,类型,经度,纬度,所属社区,所属小区,预计收容人数\n"+
		"甲,AED,117.80,36.801,,,\n"+ //                 2: its point says where
		"乙,应急避难场所,117°48′00″,36°48′03″,东街道/一社区,示范小区,５００人\n"+ // 3
		",AED,117.80,36.801,,,\n"+ //                   4
		"丁,宇宙飞船,117.80,36.801,,,\n"+ //                5
		"戊,AED,117.80,,,,\n"+ //                       6
		"己,AED,36.801,117.80,,,\n"+ //                 7
		"庚,AED,512345,4075123,,,\n"+ //                8
		"辛,AED,无,/,,,\n"+ //                           9
		"壬,AED,117.80,36.801,三社区,,\n"+ //              10
		"癸,AED,117.80,36.801,西镇/一社区,示范小区,\n"+ //      11
		"子,AED,117.9,36.802,,,\n"+ //                  12: in the lake
		"丑,AED,117.80,36.83,,,\n"+ //                  13: far from the road
		"寅,AED,118.5,36.8,二社区,,\n"+ //                 14: outside
		"卯,AED,0,0,,,\n"+ //                           15
		"辰,AED,117.80,95,,,\n"+ //                     16
		" ,　,,,,,\n"+ //                                blank
		"#N/A,AED,117.80,36.801,,,\n"+ //               18
		"午,AED,117.80,36.801,一社区,,\n"+ //              19: of two of the name, the one that holds the point
		"未,AED,118.0,36.8,,示范小区,\n", Options{}) //        20: of two of the name, none is in its area
	want := map[int][]string{4: {"!name required"}, 5: {"!kind unknown_choice"}, 6: {"!lat required"}, 7: {"!lon swapped"}, 8: {"!lon projected"}, 9: {"!lon required"},
		10: {"!area area_unknown"}, 11: {"area area_differs", "!compound ambiguous_compound"}, 12: {"lon in_water"}, 13: {"lon off_road"}, 14: {"lon outside_district"},
		15: {"!lon point_null_island"}, 16: {"!lon point_latitude_out_of_range"}, 18: {"!name formula_fault"}, 20: {"!compound ambiguous_compound"}}
	if got := codes(result.Problems); !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	for _, p := range result.Problems {
		for _, language := range Languages {
			if text := p.Say(language); text == "" || text == p.Code || strings.ContainsAny(text, "{}@") || p.Line == 0 || Title(language, s.plan.Noun, p.Field) == "" {
				t.Errorf("%s: %+v is told as %q", language, p, text)
			}
		}
	}
	if result.Rows != 18 || result.Refused != 12 || result.Warned != 3 || !result.Written || !s.committed {
		t.Errorf("%+v", result)
	}
	areas := map[int]int64{2: 3, 3: 3, 12: 4, 13: 3, 14: 4, 19: 3}
	for _, r := range s.staged {
		if areas[r.Line] != r.AreaID || r.Point == nil || r.Cell == 0 || r.ExternalID == "" || r.Source != "import" {
			t.Errorf("%+v", r)
		}
		if r.Line == 3 {
			if *r.Point != (Point{117.8, 36.8008333}) || r.Values[s.plan.Field("kind")] != "shelter" || r.Values[s.plan.Field("compound")] != int64(21) ||
				!reflect.DeepEqual(r.Values[s.plan.Field("attributes")], map[string]string{"capacity": "500人"}) {
				t.Errorf("%+v", r)
			}
		}
	}
	if len(s.staged) != len(areas) || len(result.Points) != len(areas) {
		t.Errorf("%d staged, %d points", len(s.staged), len(result.Points))
	}
}

func TestRunResponders(t *testing.T) {
	s := district()
	result := taken(t, s, "responders", "姓名,手机号,身份,技能,交通方式,报到社区,编号\n"+
		"甲,13800000000,党员、网格员,急救；驾驶,无,二社区,\n"+
		"乙,1.38E+10,党员,,,二社区,\n"+
		"丙,13800000000/13900000000,Party member,First aid,电动车,二社区,\n"+
		"丁,1380000000,志愿者,,,二社区,\n"+
		"戊,138****0000,党员,,,二社区,p5\n"+
		"己,无,超人,,,二社区,\n"+
		"庚,138****0000,党员,,,二社区,\n", Options{})
	want := map[int][]string{3: {"!phone phone_lost_digits"}, 4: {"phone several_phones"}, 5: {"!phone phone_length"}, 7: {"!affiliations unknown_choice"}, 8: {"!phone phone_masked"}}
	if got := codes(result.Problems); !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if got := s.staged[0].Values; !reflect.DeepEqual(got[:5], []any{"甲", "13800000000", []string{"party_member", "grid_member"}, []string{"first_aid", "driving"}, "foot"}) {
		t.Errorf("%v", got)
	}
	if s.staged[1].Values[1] != "13800000000" || s.staged[1].Values[4] != "ebike" || s.staged[2].Values[1] != Masked {
		t.Errorf("%v", s.staged)
	}
}

func TestRunRoster(t *testing.T) {
	s := district()
	result := taken(t, s, "roster", "值班日期,班次,值班员,手机号\n"+
		"2026年5月1日,夜班(20:00-次日8:00),张示范,13800000002\n"+
		"46143,备勤 8:00-18:00,p1,\n"+
		"2026-05-02,白班,p1,\n"+
		"3/5/26,8:00-18:00,p1,\n"+
		"2026-05-02,8:00-18:00,张示范,\n"+
		"2026-05-02,8:00-18:00,李四,\n", Options{})
	want := map[int][]string{4: {"!starts_at no_hours"}, 5: {"!date bad_moment"}, 6: {"!responder ambiguous_responder"}, 7: {"!responder unknown_responder"}}
	if got := codes(result.Problems); !reflect.DeepEqual(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
	if len(s.staged) != 2 || s.staged[0].Values[0] != int64(32) || s.staged[0].Values[1] != "on_duty" || s.staged[1].Values[1] != "on_call" {
		t.Fatalf("%+v", s.staged)
	}
	if got := fmt.Sprint(s.staged[0].Values[2], s.staged[0].Values[3]); got != "2026-05-01 12:00:00 +0000 UTC2026-05-02 00:00:00 +0000 UTC" && got != "2026-05-01 12:00:00 +0000 UTC 2026-05-02 00:00:00 +0000 UTC" {
		t.Error(got)
	}
}

// Easting and northing come in either order and with the zone's number or not.
func TestRunProjected(t *testing.T) {
	for name, c := range map[string]struct {
		row  string
		srid int
		swap bool
	}{
		"easting first":             {"572000,4088800", 4548, false},
		"north as X":                {"4088800,572000", 4548, true},
		"with the zone":             {"39572000,4088800", 4527, false},
		"with the zone, north as X": {"4088800,39572000", 4527, true},
		"with commas":               {"\"572,000.0\",\"4,088,800\"", 4548, false},
	} {
		s := district()
		result := taken(t, s, "facilities", "名称,类型,X,Y\n甲,AED,"+c.row+"\n", Options{SRID: c.srid})
		if len(s.staged) != 1 || *s.staged[0].Point != (Point{117.8, 36.8}) {
			t.Errorf("%s: %v %v", name, s.staged, result.Problems)
		}
		if swapped := len(result.Notes) == 1 && result.Notes[0].Code == "axes_swapped"; swapped != c.swap {
			t.Errorf("%s: %v", name, result.Notes)
		}
	}
	s := district()
	if got := codes(taken(t, s, "facilities", "名称,类型,X,Y\n甲,AED,39572000,4088800\n乙,AED,572000,4088800\n", Options{SRID: 4548}).Problems); !reflect.DeepEqual(got, map[int][]string{2: {"!lon not_projectable"}}) {
		t.Errorf("%v", got)
	}
	// Where no outline is known, what falls in China is meant.
	s = district()
	s.around = NewSurroundings([]Area{{ID: 1, Level: "district", Name: "示范区"}})
	if taken(t, s, "facilities", "名称,类型,X,Y\n甲,AED,4088800,572000\n", Options{SRID: 4548}); len(s.staged) != 1 || *s.staged[0].Point != (Point{117.8, 36.8}) {
		t.Errorf("%v", s.staged)
	}
	s = district()
	geojson := `{"crs": {"properties": {"name": "EPSG:4548"}}, "features": [{"type": "Feature", "properties": {"名称": "甲", "类型": "AED"}, "geometry": {"type": "Point", "coordinates": [572000, 4088800]}}]}`
	if taken(t, s, "facilities", geojson, Options{}); len(s.staged) != 1 || *s.staged[0].Point != (Point{117.8, 36.8}) || s.plan.SRID != 4548 {
		t.Errorf("%v", s.staged)
	}
}

// Points taken in another datum than they are in lie off the roads; what they
// lie on names the datum.
func TestRunSuspectsDatum(t *testing.T) {
	onRoad := func() *store {
		s := district()
		s.around.AddRoad(orb.LineString{{117.82, 36.7}, {117.82, 36.9}})
		return s
	}
	for datum, shift := range map[string]string{"gcj02": "gcj02", "bd09": "bd09"} {
		s := onRoad()
		var rows strings.Builder
		rows.WriteString("名称,类型,经度,纬度\n")
		for i := range 30 {
			raw := shifted(t, shift, orb.Point{117.82 + float64(i%5-2)*1e-4, 36.78 + float64(i)*0.001})
			fmt.Fprintf(&rows, "点%d,AED,%.7f,%.7f\n", i, raw[0], raw[1])
		}
		result := taken(t, s, "facilities", rows.String(), Options{})
		if len(result.Notes) != 1 || result.Notes[0].Code != "datum_suspected" || result.Notes[0].Values["datum"] != datum {
			t.Errorf("%s: %v", datum, result.Notes)
		}
		s = onRoad()
		if result := taken(t, s, "facilities", rows.String(), Options{Datum: datum}); len(result.Notes) != 0 || result.Warned != 0 {
			t.Errorf("said to be %s: %v", datum, result.Notes)
		}
	}
}

func TestRunBoundaries(t *testing.T) {
	s := district()
	result := taken(t, s, "compounds", "小区名称,边界\n"+
		"甲,\"POLYGON((117.80 36.80,117.81 36.80,117.81 36.81,117.80 36.80))\"\n"+
		"乙,POINT(117.8 36.8)\n"+
		"丙,\"POLYGON((117.80 36.80,117.81 36.80))\"\n"+
		"丁,\"POLYGON((572000 4088800,572100 4088800,572100 4088900,572000 4088800))\"\n"+
		"戊,POLYGON EMPTY\n"+
		"己,MULTIPOLYGON EMPTY\n"+
		"庚,\"SRID=4326;POLYGON((117.80 36.80,117.81 36.80,117.81 36.81))\"\n"+
		"辛,乱写\n", Options{})
	want := map[int][]string{3: {"!boundary no_polygon"}, 4: {"!boundary bad_shape"}, 5: {"!boundary bad_shape_point"}, 6: {"!boundary bad_shape"}, 7: {"!boundary bad_shape"}, 9: {"!boundary bad_shape"}}
	got := codes(result.Problems)
	for line, list := range got { // off the road is of no matter here
		if list[0] == "lon off_road" {
			delete(got, line)
		}
	}
	if !reflect.DeepEqual(got, want) || len(s.staged) != 2 || s.staged[0].Point == nil || s.staged[0].AreaID != 3 {
		t.Errorf("%v, want %v; %+v", got, want, s.staged)
	}
}

// One record has one key, however its kind is written; two records have two.
func TestKeys(t *testing.T) {
	s := district()
	taken(t, s, "facilities", "名称,类型,地址,经度,纬度\n甲,消火栓,一路,117.8,36.8\n甲,消防栓,一 路,117.8,36.8\n甲,hydrant,二路,117.8,36.8\n,AED,,,\n"+
		"乙,AED,,117.8,36.8\n乙,AED,,117.81,36.8\n", Options{})
	keys := map[int]string{}
	for _, r := range s.staged {
		keys[r.Line] = r.ExternalID
	}
	if keys[2] != keys[3] || keys[2] == keys[4] || keys[6] == keys[7] || keys[2] == "" || keys[2] == keys[6] {
		t.Errorf("%v", keys)
	}
}

func TestRunStrictAndDryRun(t *testing.T) {
	const text = "名称,类型,经度,纬度\n甲,AED,117.8,36.8\n乙,不明,117.8,36.8\n"
	for name, c := range map[string]struct {
		o       Options
		written bool
	}{"plain": {Options{}, true}, "strict": {Options{Strict: true}, false}, "dry": {Options{DryRun: true}, false}} {
		s := district()
		result := taken(t, s, "facilities", text, c.o)
		if result.Written != c.written || s.committed != c.written || result.Refused != 1 || result.Created != 1 {
			t.Errorf("%s: %+v", name, result)
		}
	}
	s := district()
	s.merged = []RowProblem{{Line: 2, Code: "duplicate"}}
	if result := taken(t, s, "facilities", "名称,类型,经度,纬度\n甲,AED,117.8,36.8\n", Options{Strict: true}); result.Written || s.committed || result.Refused != 1 {
		t.Errorf("refused by the store: %+v", result)
	}
	s = district()
	if result := taken(t, s, "facilities", text, Options{Full: true}); len(result.Notes) != 1 || result.Notes[0].Code != "nothing_retired" || s.plan.Full {
		t.Errorf("a full list with a bad row: %v", result.Notes)
	}
	s = district()
	if result := taken(t, s, "facilities", text, Options{AreaIDs: []int64{4}}); !reflect.DeepEqual(codes(result.Problems)[2], []string{"!area not_yours"}) {
		t.Errorf("another's area: %v", result.Problems)
	}
}

// many is a table of n rows that counts how far it was read.
type many struct {
	sheet.Table
	n, read int
	each    func(int)
}

func (m *many) Format() sheet.Format { return sheet.Format{Kind: "rows"} }
func (m *many) Header() []string     { return []string{"名称", "类型", "经度", "纬度"} }
func (m *many) Read() float64        { return float64(m.read) / float64(m.n) }
func (m *many) Next() (sheet.Row, error) {
	if m.read == m.n {
		return sheet.Row{}, io.EOF
	}
	if m.read++; m.each != nil {
		m.each(m.read)
	}
	return sheet.Row{Line: m.read, Cells: []string{fmt.Sprint("点", m.read), "AED", "117.8", "36.8"}}, nil
}

// Rows reach the store in their order, progress goes forward, and every problem
// is reported once.
func TestRunOrder(t *testing.T) {
	s := district()
	table := &many{n: 11*chunkRows + 7}
	noun, _ := ByName("facilities")
	var seen []int
	result, err := Run(t.Context(), s, noun, table, Options{}, func(rows int, part float64) {
		seen = append(seen, rows)
		if part < 0 || part > 1 {
			t.Errorf("part %v", part)
		}
	}, nil)
	if err != nil || result.Rows != table.n || len(s.staged) != table.n || len(result.Points) != samplePoints || len(result.Sample) != sampleRows {
		t.Fatalf("%v: %d of %d", err, len(s.staged), table.n)
	}
	for i, r := range s.staged {
		if r.Line != i+1 {
			t.Fatalf("row %d is of line %d", i, r.Line)
		}
	}
	if len(seen) != 12 || seen[11] != table.n {
		t.Errorf("progress %v", seen)
	}
}

// An import that is cancelled, or whose coordinates cannot be converted, reads
// no further and writes nothing.
func TestRunStops(t *testing.T) {
	noun, _ := ByName("facilities")
	ctx, cancel := context.WithCancel(t.Context())
	s, table := district(), &many{n: 1000 * chunkRows}
	table.each = func(n int) {
		if n == 3*chunkRows {
			cancel()
		}
	}
	if _, err := Run(ctx, s, noun, table, Options{}, nil, nil); !errors.Is(err, context.Canceled) || s.committed || table.read > 30*chunkRows {
		t.Errorf("cancelled: %v after %d rows", err, table.read)
	}
	s, table = district(), &many{n: 1000 * chunkRows}
	s.broken = errors.New("no such system")
	if _, err := Run(t.Context(), s, noun, table, Options{SRID: 4548}, nil, nil); !errors.Is(err, s.broken) || s.committed || table.read > 30*chunkRows {
		t.Errorf("not convertible: %v after %d rows", err, table.read)
	}
	failed := errors.New("disk full")
	s, table = district(), &many{n: 100 * chunkRows, each: nil}
	_, err := Run(t.Context(), s, noun, badRows{table}, Options{}, nil, func([]RowProblem) error { return failed })
	if !errors.Is(err, failed) || s.committed {
		t.Errorf("a report that fails: %v", err)
	}
}

// badRows spoils every row.
type badRows struct{ *many }

func (b badRows) Next() (sheet.Row, error) {
	row, err := b.many.Next()
	if err == nil {
		row.Cells[1] = "不明"
	}
	return row, err
}

// What is said of a file that cannot be read is said in words.
func TestFileErrors(t *testing.T) {
	for text, want := range map[string]string{"甲,\"乙\n丙,丁\n戊": "open_quote_at", `{"features": [{"type": "Feature"`: "broken_at", "<html>": "web_page", "": "empty", "[{}]": "no_geojson"} {
		err := readAll(text)
		e := AsFileError(err)
		if e == nil || e.Code != want {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for _, language := range Languages {
			if said := e.Say(language); said == "" || strings.Contains(said, "{") {
				t.Errorf("%s in %s: %q", want, language, said)
			}
		}
	}
	if AsFileError(io.ErrClosedPipe) != nil {
		t.Error("any error is a file's")
	}
}

func readAll(text string) error {
	table, err := sheet.Open(bytes.NewReader([]byte(text)), int64(len(text)), sheet.Options{})
	for err == nil {
		_, err = table.Next()
	}
	return err
}
