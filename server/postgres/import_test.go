package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yiping/seed"
	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/sheet"
)

// took is what an import did, in short.
type took struct{ created, changed, unchanged, retired, refused int }

// imports imports rows whose first has the titles, and gives what became of
// them and the codes of what is wrong, by line.
func (f *fixture) imports(noun string, o importer.Options, lines ...string) (importer.Result, map[int]string) {
	f.t.Helper()
	r, err := f.tryImport(f.t.Context(), noun, o, lines...)
	if err != nil {
		f.t.Fatal(err)
	}
	codes := map[int]string{}
	for _, p := range r.Problems {
		if !p.Warning {
			codes[p.Line] = p.Field + " " + p.Code
		}
	}
	return r, codes
}

func (f *fixture) tryImport(ctx context.Context, noun string, o importer.Options, lines ...string) (importer.Result, error) {
	var rows [][]string
	for _, line := range lines {
		rows = append(rows, strings.Split(line, ","))
	}
	n, ok := importer.ByName(noun)
	if !ok {
		f.t.Fatalf("no noun %s", noun)
	}
	if o.Source == "" {
		o.Source = "list"
	}
	return importer.Run(ctx, Imports{f.store}, n, sheet.Memory(rows[0], rows[1:]), o, nil, nil)
}

func (f *fixture) took(r importer.Result, want took) {
	f.t.Helper()
	if got := (took{r.Created, r.Changed, r.Unchanged, r.Retired, r.Refused}); got != want {
		f.t.Errorf("got %+v, want %+v; %v", got, want, r.Problems)
	}
}

// rows gives a register's rows, each as its fields shown.
func (f *fixture) rows(noun string, filter dispatch.RegisterFilter, fields ...string) []string {
	f.t.Helper()
	var out []string
	err := Imports{f.store}.EachRow(everywhere(f.t), noun, filter, func(r dispatch.RegisterRow) error {
		var parts []string
		for _, field := range fields {
			parts = append(parts, r.Values[field])
		}
		out = append(out, strings.Join(parts, ","))
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f *fixture) same(what string, got []string, want ...string) {
	f.t.Helper()
	if !slices.Equal(got, want) {
		f.t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func (f *fixture) newestImport() int64 {
	f.t.Helper()
	list, err := Imports{f.store}.Imports(everywhere(f.t), "", 0, 0, 1)
	if err != nil || len(list) != 1 {
		f.t.Fatal(list, err)
	}
	return list[0].ID
}

func (f *fixture) undo(want dispatch.Undone) {
	f.t.Helper()
	got, err := f.store.UndoImport(f.t.Context(), f.newestImport(), 0)
	if err != nil || got != want {
		f.t.Errorf("undone %+v, %v; want %+v", got, err, want)
	}
}

func (f *fixture) finds(word string, want bool) {
	f.t.Helper()
	found, err := f.store.Search(everywhere(f.t), word, nil, 5)
	if err != nil || len(found) > 0 != want {
		f.t.Errorf("%s: found %v, %v", word, found, err)
	}
}

const aeds = "编号,类型,名称,地址,经度,纬度,容纳人数"

func TestAFileComesAgainAndIsTakenBack(t *testing.T) {
	f := newFixture(t)
	lines := []string{aeds, "1,AED,一号机,人民路1号,121.05,38.05,3", "2,AED,二号机,人民路2号,121.15,38.05,", "3,AED,三号机,,121.06,38.06,"}
	r, _ := f.imports("facilities", importer.Options{}, lines...)
	f.took(r, took{created: 3})
	f.same("by place", f.rows("facilities", dispatch.RegisterFilter{}, "external_id", "name", "area"), "1,一号机,西苑社区", "2,二号机,东苑社区", "3,三号机,西苑社区")
	f.finds("yhj", true)
	read := f.until("the event", func(c []dispatch.Change) bool {
		return slices.ContainsFunc(c, func(c dispatch.Change) bool { return c.Event.Kind == "import.done" })
	})
	if n := len(slices.DeleteFunc(slices.Clone(read), func(c dispatch.Change) bool { return c.Event.Noun != dispatch.NounImport })); n != 1 {
		t.Errorf("%d events of one import", n)
	}
	r, _ = f.imports("facilities", importer.Options{}, lines...)
	f.took(r, took{unchanged: 3})

	r, _ = f.imports("facilities", importer.Options{Full: true}, aeds, "1,AED,一号主机,人民路1号,121.05,38.05,5", "2,AED,二号机,人民路2号,121.15,38.05,")
	f.took(r, took{changed: 1, unchanged: 1, retired: 1})
	f.same("in use", f.rows("facilities", dispatch.RegisterFilter{}, "name"), "一号主机", "二号机")
	f.same("retired", f.rows("facilities", dispatch.RegisterFilter{Retired: true}, "name"), "三号机")
	f.finds("三号机", false)
	f.finds("一号主机", true)

	f.undo(dispatch.Undone{Restored: 2})
	f.same("as before", f.rows("facilities", dispatch.RegisterFilter{}, "name", "attributes"), `一号机,{"capacity": "3"}`, "二号机,{}", "三号机,{}")
	f.finds("三号机", true)
	f.finds("一号主机", false)
	if _, err := f.store.UndoImport(t.Context(), f.newestImport(), 0); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Errorf("undone twice: %v", err)
	}
}

func TestUndoLeavesWhatWasChangedSince(t *testing.T) {
	f := newFixture(t)
	f.imports("facilities", importer.Options{}, aeds, "1,AED,一号机,,121.05,38.05,", "2,AED,二号机,,121.15,38.05,")
	first := f.newestImport()
	f.imports("facilities", importer.Options{}, aeds, "1,AED,一号主机,,121.05,38.05,")
	got, err := f.store.UndoImport(t.Context(), first, 0)
	if err != nil || got != (dispatch.Undone{Retired: 1, Kept: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
	f.same("left", f.rows("facilities", dispatch.RegisterFilter{}, "name"), "一号主机")
}

func TestBadRowsAreSaidAndTheOthersGoIn(t *testing.T) {
	f := newFixture(t)
	lines := []string{aeds, "1,AED,一号机,,121.05,38.05,", "1,AED,同号,,121.05,38.05,", "3,,无类型,,121.05,38.05,", "4,AED,无处,,,,", "5,AED,五号机,,121.15,38.05,"}
	strict, codes := f.imports("facilities", importer.Options{Strict: true}, lines...)
	want := map[int]string{2: "external_id duplicate", 3: "kind required", 4: "lon required"}
	if strict.Written || fmt.Sprint(codes) != fmt.Sprint(want) {
		t.Errorf("strict: written %v, %v", strict.Written, codes)
	}
	f.same("nothing", f.rows("facilities", dispatch.RegisterFilter{}, "name"))
	dry, _ := f.imports("facilities", importer.Options{DryRun: true}, lines...)
	f.took(dry, took{created: 2, refused: 3})
	f.same("still nothing", f.rows("facilities", dispatch.RegisterFilter{}, "name"))
	list, err := Imports{f.store}.Imports(everywhere(t), "", 0, 0, 9)
	if err != nil || len(list) != 0 {
		t.Errorf("what was not written is listed: %v, %v", list, err)
	}
	r, codes := f.imports("facilities", importer.Options{Full: true}, lines...)
	f.took(r, took{created: 2, refused: 3})
	if !r.Written || fmt.Sprint(codes) != fmt.Sprint(want) {
		t.Errorf("written %v, %v", r.Written, codes)
	}
}

func TestACancelledImportLeavesNothing(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	n, _ := importer.ByName("facilities")
	rows := make([][]string, 9000)
	for i := range rows {
		rows[i] = []string{strconv.Itoa(i), "AED", "机", "121.05", "38.05"}
	}
	_, err := importer.Run(ctx, Imports{f.store}, n, sheet.Memory([]string{"编号", "类型", "名称", "经度", "纬度"}, rows), importer.Options{Source: "list"},
		func(read int, _ float64) {
			if read > 3000 {
				cancel()
			}
		}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	f.same("nothing", f.rows("facilities", dispatch.RegisterFilter{}, "name"))
}

func TestAnAdministratorImportsWithinTheirAreas(t *testing.T) {
	f := newFixture(t)
	f.imports("facilities", importer.Options{}, aeds, "1,AED,一号机,,121.05,38.05,", "2,AED,二号机,,121.15,38.05,")
	west := importer.Options{AreaIDs: []int64{f.west.ID}, Full: true}
	_, codes := f.imports("facilities", west, aeds, "1,AED,改名,,121.05,38.05,", "2,AED,改名,,121.06,38.05,", "3,AED,三号机,,121.15,38.05,")
	if codes[2] != "area not_yours" || codes[3] != "area not_yours" || len(codes) != 2 {
		t.Errorf("%v", codes)
	}
	f.same("the other area stays", f.rows("facilities", dispatch.RegisterFilter{}, "name"), "改名", "二号机")
	r, _ := f.imports("facilities", west, aeds, "9,AED,九号机,,121.05,38.05,")
	f.took(r, took{created: 1, retired: 1})
	f.same("only theirs is retired", f.rows("facilities", dispatch.RegisterFilter{}, "name"), "二号机", "九号机")
}

func TestAreasComeWithTheirTree(t *testing.T) {
	f := newFixture(t)
	const titles = "级别,代码,名称,上级代码,别名"
	lines := []string{titles, "社区,990001002001,河东社区,990001002,", "街道,990001002,澄江街道,990001,澄江", "社区,990001009001,无主社区,990001009,", "社区,990001001001,西苑社区,990001001,老西苑、西苑"}
	r, codes := f.imports("areas", importer.Options{}, lines...)
	f.took(r, took{created: 2, changed: 1, refused: 1})
	if codes[3] != "parent_code parent_unknown" {
		t.Errorf("%v", codes)
	}
	f.same("the tree", f.rows("areas", dispatch.RegisterFilter{Where: map[string]string{"level": "community"}}, "name", "parent_code", "aliases"),
		"西苑社区,990001001,老西苑、西苑", "东苑社区,990001001,", "河东社区,990001002,")
	f.finds("老西苑", true)
	r, _ = f.imports("areas", importer.Options{}, lines[:3]...)
	f.took(r, took{unchanged: 2})
	f.undo(dispatch.Undone{})
}

func TestPeopleComeWithTheirLists(t *testing.T) {
	f := newFixture(t)
	const titles = "编号,姓名,手机号,身份,技能,报到社区,所属党组织,值守点经度,值守点纬度"
	r, _ := f.imports("responders", importer.Options{}, titles, "1,张三,13800000001,党员、志愿者,急救,西苑社区,西苑支部,121.05,38.05", "2,李四,13800000002,网格员,,东苑社区,,,")
	f.took(r, took{created: 2})
	f.same("people", f.rows("responders", dispatch.RegisterFilter{}, "name", "affiliations", "skills", "area", "party_organisation"),
		"张三,party_member、volunteer,first_aid,西苑社区,西苑支部", "李四,grid_member,,东苑社区,")
	r, _ = f.imports("responders", importer.Options{}, titles, "1,张三,138****0001,党员,防汛,西苑社区,西苑支部,121.05,38.05")
	f.took(r, took{changed: 1})
	f.same("lists follow, a masked number stays", f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone", "affiliations", "skills"), "张三,13800000001,party_member,flood", "李四,13800000002,grid_member,")
	f.same("lists are masked", f.rows("responders", dispatch.RegisterFilter{}, "phone"), "138****0001", "138****0002")
	f.undo(dispatch.Undone{Restored: 1})
	f.same("as before", f.rows("responders", dispatch.RegisterFilter{}, "affiliations", "skills"), "party_member、volunteer,first_aid", "grid_member,")

	const duty = "值班人员,类型,开始时间,结束时间"
	r, codes := f.imports("roster", importer.Options{}, duty, "张三,在岗,2027-03-01 08:00,2027-03-01 18:00", "张三,在岗,2027-03-01 17:00,2027-03-01 20:00", "王五,在岗,2027-03-01 08:00,2027-03-01 18:00")
	f.took(r, took{created: 1, refused: 2})
	if codes[2] != "starts_at overlap_line" || !strings.HasPrefix(codes[3], "responder unknown_") {
		t.Errorf("%v", codes)
	}
	r, _ = f.imports("roster", importer.Options{Full: true}, duty, "李四,备勤,2027-03-02 08:00,2027-03-02 18:00")
	f.took(r, took{created: 1, retired: 1})
	f.undo(dispatch.Undone{Restored: 1, Retired: 1})
	f.same("the first is back", f.duties(), "张三 on_duty 2027-03-01 08:00")
}

func (f *fixture) duties() []string {
	f.t.Helper()
	list, err := many[struct{ Told string }](f.t.Context(), f.owner, `select r.name || ' ' || d.kind || ' ' || to_char(lower(d.period) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI') as told
		from duty d join responder r on r.id = d.responder_id where d.source = 'list' order by 1`)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, d := range list {
		out = append(out, d.Told)
	}
	return out
}

func TestNamesOfALargeImportFollow(t *testing.T) {
	f := newFixture(t)
	lines := []string{aeds}
	for i := range namedAtOnce + 1 {
		lines = append(lines, fmt.Sprintf("%d,AED,批量%d号机,,121.05,38.05,", i, i))
	}
	f.imports("facilities", importer.Options{}, lines...)
	f.finds("批量77号机", false)
	if err := (Imports{f.store}).NamePlaces(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.finds("批量77号机", true)
	f.finds(fmt.Sprintf("批量%d号机", namedAtOnce), true)
	f.undo(dispatch.Undone{Retired: namedAtOnce + 1})
	if err := (Imports{f.store}).NamePlaces(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.finds("批量77号机", false)
}

// TestARoundTripChangesNothing writes every register out and reads it in again.
func TestARoundTripChangesNothing(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	s, err := Open(t.Context(), testConfig(t, func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.LoadSeed(t.Context(), seed.Generate(seed.Options{Seed: 3, Scale: 0.2, Now: now})); err != nil {
		t.Fatal(err)
	}
	// As boundaries are that were not drawn to the seventh decimal.
	if _, err := s.pool.Exec(t.Context(), `update area set boundary = st_translate(boundary, 2e-9, -2e-9)`); err != nil {
		t.Fatal(err)
	}
	imports := Imports{s}
	for _, n := range importer.Nouns() {
		for _, language := range importer.Languages {
			t.Run(n.Name+" "+language, func(t *testing.T) {
				keys, err := imports.AttributeKeys(everywhere(t), n.Name)
				if err != nil {
					t.Fatal(err)
				}
				columns, fields := importer.TableColumns(language, n, keys)
				var titles []string
				for _, c := range columns {
					titles = append(titles, c.Title)
				}
				var rows [][]string
				err = imports.EachRow(everywhere(t), n.Name, dispatch.RegisterFilter{}, func(r dispatch.RegisterRow) error {
					rows = append(rows, importer.Shown(language, n, fields, r.Values))
					return nil
				})
				if err != nil || len(rows) == 0 {
					t.Fatalf("%d rows, %v", len(rows), err)
				}
				r, err := importer.Run(t.Context(), imports, n, sheet.Memory(titles, rows), importer.Options{Source: "elsewhere"}, nil, nil)
				if err != nil || r.Unchanged != len(rows) || r.Refused > 0 {
					t.Errorf("of %d rows %d are unchanged, %d changed, %d new, %d refused, %v; %v", len(rows), r.Unchanged, r.Changed, r.Created, r.Refused, err, r.Problems[:min(3, len(r.Problems))])
				}
			})
		}
	}
}
