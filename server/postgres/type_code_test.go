package postgres

import (
	"reflect"
	"testing"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
	"yiping/server/importer"
)

// TestCodeTablesAreImported: a table of codes is taken in row by row, with what is
// wrong with each that is not; a report that names a code is of the type it stands
// for; a changed list changes it, and an undo brings back what was.
func TestCodeTablesAreImported(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	f.exec(`insert into incident_type (code, family, name_zh, name_en) values ('accident', 'accident', '事故灾难', 'Accident')`)
	f.exec(`insert into incident_type (code, parent_code, family, name_zh, name_en) values ('accident.gas', 'accident', 'accident', '燃气泄漏', 'Gas')`)
	f.exec(`insert into plan (type_code, version, priority, quota, hazard, offer_seconds, verify_seconds, dispatch_seconds, arrive_seconds, resolve_seconds, check_seconds)
		values ('accident.gas', 1, 'urgent', 1, false, 60, 60, 60, 60, 60, 60)`)
	is := func(code, want string) {
		t.Helper()
		out, err := f.svc.TakeIn(ctx, f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: code, Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})
		got := ""
		if err == nil {
			got = f.incident(out.ID).TypeCode
		} else if dispatch.CodeOf(err) != dispatch.CodeUnknownType {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is taken for %q, want %q", code, got, want)
		}
	}

	r, wrong := f.imports("type_codes", importer.Options{Source: "12345"}, "代码,名称,上级代码,对应类型",
		"0101,着火,01,fire", "0102,煤气味,01,燃气泄漏", "0103,没有,01,nothing", "0104,大类,,accident", ",没有代码,01,fire", "0101,重复,01,fire", "0106,,01,fire", "0107,空,01,")
	f.took(r, took{created: 2, refused: 6})
	if want := map[int]string{3: "type_code unknown_type", 4: "type_code unknown_type", 5: "external_id required", 6: "external_id duplicate", 7: "name required", 8: "type_code required"}; !reflect.DeepEqual(wrong, want) {
		t.Errorf("%v, want %v", wrong, want)
	}
	is("12345:0101", "fire")
	is("12345:0102", "accident.gas")
	is("12345:0103", "")
	is("GB/T 35561:0101", "")

	r, _ = f.imports("type_codes", importer.Options{Source: "12345", Full: true}, "代码,名称,上级代码,对应类型", "0101,着火,01,accident.gas")
	f.took(r, took{changed: 1, retired: 1})
	is("12345:0101", "accident.gas")
	is("12345:0102", "")
	if out, err := f.store.UndoImport(ctx, f.newestImport(), 0); err != nil || out.Restored != 2 {
		t.Fatalf("%+v, %v", out, err)
	}
	is("12345:0101", "fire")
	is("12345:0102", "accident.gas")

	// A dry run leaves nothing behind, another table has codes of its own.
	f.imports("type_codes", importer.Options{DryRun: true}, "代码,名称,对应类型,代码表", "0101,火灾,fire,GB/T 35561")
	is("GB/T 35561:0101", "")
	f.imports("type_codes", importer.Options{}, "代码,名称,对应类型,代码表", "0101,火灾,fire,GB/T 35561")
	is("GB/T 35561:0101", "fire")
	if list, err := f.store.TypeCodes(ctx, "12345"); err != nil || len(list) != 2 || list[0] != (dispatch.TypeCode{Standard: "12345", Code: "0101", Name: "着火", ParentCode: "01", TypeCode: "fire"}) {
		t.Errorf("%+v, %v", list, err)
	}
}
