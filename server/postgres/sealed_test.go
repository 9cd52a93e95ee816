package postgres

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/postgres/migrate"
	"yiping/server/postgres/pgtest"
	"yiping/server/seal"
	"yiping/server/sheet"
)

// dump gives everything that a database holds, as a dump writes it.
func dump(t *testing.T, owner *pgxpool.Pool) []byte {
	t.Helper()
	conn, err := owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	tables, err := many[struct{ Name string }](t.Context(), conn, `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
		where schemaname not in ('pg_catalog', 'information_schema') and tablename <> 'spatial_ref_sys' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, table := range tables {
		if _, err := conn.Conn().PgConn().CopyTo(t.Context(), &out, `copy (select * from `+table.Name+`) to stdout`); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// clear gives the ways in which a text may be told in a dump.
func clear(text string) map[string]string {
	raw := []byte(text)
	return map[string]string{"as it is": text, "as bytes": hex.EncodeToString(raw), "in base64": base64.StdEncoding.EncodeToString(raw)[:len(raw)/3*4]}
}

// TestNoNumberIsStoredInClear lets numbers in by every way there is, and looks
// for them in a dump.
func TestNoNumberIsStoredInClear(t *testing.T) {
	f := newFixture(t)
	numbers := []string{"13800010001", "13800010002", "13800010003", "13800010004", "13800010005", "13800010006"}
	f.must(f.svc.TakeIn(t.Context(), f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05},
		Phone: numbers[0], Verified: true, Channel: dispatch.ChannelDispatcher}))
	f.must(f.svc.AddResponder(t.Context(), f.as(dispatch.Actor{System: true}, "responder.add"), dispatch.ResponderInput{Name: "张三", Phone: numbers[1], Vehicle: "foot",
		Affiliations: []string{"volunteer"}, Skills: []string{}, Post: orb.Point{121.05, 38.05}, Source: "test", ExternalID: "1"}))
	csv := "姓名,手机号,身份,社区\n李四," + numbers[2] + ",党员,西苑社区\n王五," + numbers[3] + "、" + numbers[4] + ",志愿者,西苑社区\n赵六," + numbers[5] + "7,志愿者,西苑社区\n"
	desk := importer.NewDesk(Imports{f.store}, zerolog.Nop())
	t.Cleanup(desk.Close)
	i, err := desk.Upload(everywhere(t), f.as(f.desk, "import.upload"), "responders", "list.csv", strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	f.checkAndWrite(desk, i.ID)
	changed := "姓名,手机号,身份,社区,出行方式\n李四," + numbers[2] + ",党员,西苑社区,汽车"
	f.imports("responders", importer.Options{Source: "import"}, strings.Split(changed, "\n")...) // what was before is kept for an undo
	f.same("all are there", f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone"), "张三,"+numbers[1], "李四,"+numbers[2], "王五,"+numbers[3])

	all := dump(t, f.owner)
	for _, number := range numbers {
		for way, text := range clear(number) {
			if at := bytes.Index(all, []byte(text)); at >= 0 {
				t.Errorf("%s stands in the database %s: %.120s", number, way, all[max(0, at-60):])
			}
		}
	}
	if !bytes.Contains(all, []byte("李四")) {
		t.Error("the dump holds nothing")
	}
	f.undo(dispatch.Undone{Restored: 1})
	f.same("as before", f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone"), "张三,"+numbers[1], "李四,"+numbers[2], "王五,"+numbers[3])
}

// checkAndWrite takes an uploaded file to its end.
func (f *fixture) checkAndWrite(desk *importer.Desk, id int64) {
	f.t.Helper()
	wait := func(want dispatch.ImportState) {
		for {
			i, err := desk.Import(everywhere(f.t), id)
			if err != nil {
				f.t.Fatal(err)
			}
			if i.State == want {
				return
			}
			if i.State == dispatch.ImportFailed {
				f.t.Fatalf("the import failed: %s", i.Reason)
			}
		}
	}
	if _, err := desk.Check(everywhere(f.t), id, importer.Options{}); err != nil {
		f.t.Fatal(err)
	}
	wait(dispatch.ImportChecked)
	var told []string
	if err := desk.Problems(everywhere(f.t), id, func(list []importer.RowProblem) error {
		for _, p := range list {
			told = append(told, p.Code+" "+p.Value)
		}
		return nil
	}); err != nil {
		f.t.Fatal(err)
	}
	f.same("problems", told, "several_phones 13800010004、13800010005", "phone_length 138000100067")
	if _, err := desk.Write(everywhere(f.t), id, false, false, nil, 0); err != nil {
		f.t.Fatal(err)
	}
	wait(dispatch.ImportDone)
}

// TestPersonsWithoutAnIDAreKnownAgain: the id made of name and number is the
// same each time, and does not tell the number to whoever tries numbers out.
func TestPersonsWithoutAnIDAreKnownAgain(t *testing.T) {
	f := newFixture(t)
	lines := []string{"姓名,手机号,身份,社区", "张三,13800000001,党员,西苑社区", "张三,13800000002,党员,西苑社区"}
	r, _ := f.imports("responders", importer.Options{}, lines...)
	f.took(r, took{created: 2})
	r, _ = f.imports("responders", importer.Options{}, lines...)
	f.took(r, took{unchanged: 2})
	for _, row := range f.rows("responders", dispatch.RegisterFilter{}, "external_id") {
		if !strings.HasPrefix(row, "person-") {
			t.Errorf("the id is %s", row)
		}
	}
}

func TestFoundByNumber(t *testing.T) {
	f := newFixture(t)
	f.imports("responders", importer.Options{}, "编号,姓名,手机号,身份,社区", "1,张三,13800000001,党员,西苑社区", "2,李四,13800000002,党员,东苑社区", "3,138,13800000003,党员,东苑社区")
	for _, c := range []struct {
		query    string
		byNumber bool
		want     []string
	}{
		{"13800000002", true, []string{"李四"}},
		{"+86 138-0000-0002", true, []string{"李四"}},
		{"13800000002", false, nil},
		{"13800000009", true, nil},
		{"138", true, []string{"138"}},
		{"0000002", true, nil}, // a part of a number is no number
		{"李", true, []string{"李四"}},
	} {
		f.same("register "+c.query, f.rows("responders", dispatch.RegisterFilter{Query: c.query, ByNumber: c.byNumber}, "name"), c.want...)
		list, total, err := f.store.Responders(everywhere(t), dispatch.ResponderFilter{Query: c.query, ByNumber: c.byNumber, Limit: 10})
		if err != nil || total != len(c.want) || len(list) != total || total == 1 && list[0].Name != c.want[0] {
			t.Errorf("%s: %v of %d, %v", c.query, list, total, err)
		}
	}
}

// TestNumbersAreReadMasked: nothing but an unmasking reads them in full.
func TestNumbersAreReadMasked(t *testing.T) {
	f := newFixture(t)
	who := f.responder("张三", orb.Point{121.05, 38.05}, "first_aid")
	r, err := f.store.Responder(everywhere(t), who.ResponderID)
	if err != nil || r.Phone != "000****1111" {
		t.Errorf("%q, %v", r.Phone, err)
	}
	i := f.verified()
	f.must(f.svc.TakeIn(t.Context(), f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05},
		Phone: "13900002222", Verified: true, Channel: dispatch.ChannelDispatcher}))
	d, err := f.store.IncidentDetail(everywhere(t), i.ID+1)
	if err != nil || len(d.Reports) != 1 || d.Reports[0].Phone != "139****2222" {
		t.Errorf("%+v, %v", d.Reports, err)
	}
	// One that cannot be opened is hidden whole, and the list stands.
	f.exec(`update responder set phone = set_byte(phone, 20, get_byte(phone, 20) # 1)`)
	if r, err := f.store.Responder(everywhere(t), who.ResponderID); err != nil || r.Phone != "****" {
		t.Errorf("%q, %v", r.Phone, err)
	}
}

// TestKeysAreTurned: what was sealed before is read, found and compared as
// before, sealed anew in the background, and then the old key may go.
func TestKeysAreTurned(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	keys, err := seal.New(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.store.keys = keys
	if _, err := f.owner.Exec(t.Context(), `delete from seal_key`); err != nil {
		t.Fatal(err)
	}
	const titles = "编号,姓名,手机号,身份,社区"
	lines := []string{titles}
	for i := range resealAtOnce + 10 {
		lines = append(lines, fmt.Sprintf("%d,人%d,1380000%04d,党员,西苑社区", i, i, i))
	}
	f.imports("responders", importer.Options{}, lines...)
	f.imports("responders", importer.Options{}, titles, "0,人甲,13800009999,党员,西苑社区") // what was before has a number as well
	second := f.newestImport()
	full := f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone")
	old := keys.Keys()[0].ID

	now = now.Add(time.Hour)
	if _, err := keys.Rotate("", now); err != nil {
		t.Fatal(err)
	}
	f.same("read as before", f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone"), full...)
	f.same("found as before", f.rows("responders", dispatch.RegisterFilter{Query: "13800000007", ByNumber: true}, "name"), "人7")
	r, _ := f.imports("responders", importer.Options{}, append([]string{titles}, lines[2:]...)...)
	f.took(r, took{unchanged: resealAtOnce + 9})
	if err := f.store.RetireKey(t.Context(), old); err == nil || !strings.Contains(err.Error(), "values are sealed with key "+old) {
		t.Errorf("while it is in use: %v", err)
	}

	turning := KeyTurning{Store: f.store}
	if err := turning.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	use, err := f.store.KeyUse(t.Context())
	// Everybody, what one was before, and the reasons of three imports in the trail.
	if err != nil || use[old] != 0 || use[keys.Keys()[1].ID] != resealAtOnce+11+3 {
		t.Errorf("%v, %v", use, err)
	}
	if n, err := f.store.Reseal(t.Context(), func(int) {}); n != 0 || err != nil {
		t.Errorf("%d were left, %v", n, err)
	}
	f.same("read after", f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone"), full...)
	now = now.Add(seal.Settled)
	if err := f.store.RetireKey(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	f.same("found after", f.rows("responders", dispatch.RegisterFilter{Query: "13800000007", ByNumber: true}, "name"), "人7")
	if out, err := f.store.UndoImport(t.Context(), second, 0); err != nil || out.Restored != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	f.same("as before the second import", f.rows("responders", dispatch.RegisterFilter{Query: "13800000000", ByNumber: true}, "name"), "人0")
	if err := f.store.NoteKeys(t.Context()); err != nil {
		t.Errorf("the key that went is missed: %v", err)
	}
}

// TestBrokenValuesDoNotStopATurning: they are left as they are, and told.
func TestBrokenValuesDoNotStopATurning(t *testing.T) {
	f := newFixture(t)
	f.imports("responders", importer.Options{}, "编号,姓名,手机号,身份,社区", "1,张三,13800000001,党员,西苑社区", "2,李四,13800000002,党员,西苑社区")
	f.exec(`update responder set phone = set_byte(phone, 20, get_byte(phone, 20) # 1) where name = '张三'`)
	if _, err := f.store.keys.Rotate("", time.Time{}); err != nil {
		t.Fatal(err)
	}
	// The other's number, and the words of the trail about the import.
	if n, err := f.store.Reseal(t.Context(), func(int) {}); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// TestAnotherKeyFileIsRefused: before anything is read or written with it.
func TestAnotherKeyFileIsRefused(t *testing.T) {
	url := pgtest.Database(t)
	first := testKeys(t)
	open := func(keys *seal.Keyring) error {
		s, err := Open(t.Context(), Config{URL: url, Now: time.Now, Log: zerolog.Nop(), Keys: keys})
		if err == nil {
			s.Close()
		}
		return err
	}
	if sealed, err := IsSealed(t.Context(), url); sealed || err != nil {
		t.Fatalf("%t, %v", sealed, err)
	}
	for range 2 {
		if err := open(first); err != nil {
			t.Fatal(err)
		}
	}
	if sealed, err := IsSealed(t.Context(), url); !sealed || err != nil {
		t.Fatalf("%t, %v", sealed, err)
	}
	if err := open(testKeys(t)); err == nil || !strings.Contains(err.Error(), "all servers of one database use the same") {
		t.Errorf("%v", err)
	}
}

// TestWhatStoodInClearIsSealed migrates a database of the version before with
// people in it.
func TestWhatStoodInClearIsSealed(t *testing.T) {
	url := pgtest.DatabaseAt(t, 12)
	ctx := everywhere(t)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, sql := range []string{
		`insert into area (level, code, name, external_id) values ('district', '990001', '示范区', '1')`,
		`insert into incident_type (code, family, name_zh, name_en) values ('fire', 'accident', '火情', 'Fire')`,
		`insert into plan (type_code, version, priority) values ('fire', 1, 'critical')`,
		`insert into incident (type_code, plan_id, area_id, priority, state, state_since, point, cell, quota, reported_at) select 'fire', 1, 1, 'critical', 'reported', now(), st_setsrid(st_makepoint(121, 38), 4326), 1, 1, now()`,
		`insert into report (incident_id, channel, type_code, area_id, point, cell, phone) select 1, 'resident', 'fire', 1, st_setsrid(st_makepoint(121, 38), 4326), 1, p from unnest(array['13900001111', '']) p`,
		`insert into responder (area_id, name, phone, external_id) select 1, '人' || n, '1380000' || lpad(n::text, 4, '0'), 'e' || n from generate_series(1, 2500) n`,
		`insert into responder (area_id, name, phone, source, external_id) values (1, '没有', '', 'list', 'none'), (1, '无号', '13812345678', 'list', 'row-0123456789abcdef0123')`,
		`insert into import (noun, state, result) values ('responders', 'done', '{"rows": 1, "sample": [["张三", "13700001111"]]}'), ('responders', 'uploaded', null)`,
		`insert into import_change (import_id, noun_id, version, before) select 1, id, 1, to_jsonb(r) from responder r where id = 1`,
		`insert into import_file values (2, 0, '13700002222')`,
		`insert into import_problem values (1, 2, 'phone', 'bad_phone', '13700003333x', '{}', false)`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("%v: %s", err, sql)
		}
	}
	if err := migrate.Up(ctx, url, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	keys := testKeys(t)
	config := Config{URL: url, Now: time.Now, Log: zerolog.Nop(), Keys: keys}
	s, err := Open(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for range 2 { // the second time there is nothing to do
		if err := SealLeft(ctx, config); err != nil {
			t.Fatal(err)
		}
	}
	all := dump(t, ownerOf(t, config))
	for _, number := range []string{"13900001111", "13800000001", "13800002500", "13812345678", "13700001111", "13700002222", "13700003333", "row-0123456789abcdef0123"} {
		for way, text := range clear(number) {
			if at := bytes.Index(all, []byte(text)); at >= 0 {
				t.Errorf("%s stands in the database %s: %.120s", number, way, all[max(0, at-60):])
			}
		}
	}
	people := map[string]string{}
	if err := (Imports{s}).EachRow(ctx, "responders", dispatch.RegisterFilter{InFull: true}, func(r dispatch.RegisterRow) error {
		people[r.Values["name"]] = r.Values["phone"]
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(people) != 2502 || people["人1"] != "13800000001" || people["人2500"] != "13800002500" || people["没有"] != "" || people["无号"] != "13812345678" {
		t.Errorf("%d people: %v", len(people), people["人2500"])
	}
	reports, err := s.reports(ctx, 1)
	if err != nil || len(reports) != 2 || reports[0].Phone != "139****1111" || reports[1].Phone != "" {
		t.Errorf("%+v, %v", reports, err)
	}
	i, err := (Imports{s}).Import(ctx, 1)
	if err != nil || !strings.Contains(string(i.Result), "13700001111") {
		t.Errorf("%s, %v", i.Result, err)
	}
	if i, err := (Imports{s}).Import(ctx, 2); err != nil || i.State != dispatch.ImportFailed {
		t.Errorf("%+v, %v", i, err)
	}
	if _, _, err := (Imports{s}).Register(ctx, "responders", dispatch.RegisterFilter{Query: "13800000007", ByNumber: true, Limit: 5}); err != nil {
		t.Error(err)
	}
	if _, err := s.UndoImport(ctx, 1, 0); err != nil {
		t.Error(err)
	}
	r, err := s.Responder(ctx, 1)
	if err != nil || r.Phone != "138****0001" {
		t.Errorf("%q, %v", r.Phone, err)
	}
}

// TestAMaskedExportChangesNothing: written out masked, read in again, and every
// number is what it was; a masked number of somebody unknown is refused.
func TestAMaskedExportChangesNothing(t *testing.T) {
	f := newFixture(t)
	f.imports("responders", importer.Options{}, "编号,姓名,手机号,身份,社区", "1,张三,13800000001,党员,西苑社区", "2,李四,0533-6412345,党员,西苑社区", "3,王五,12345,党员,西苑社区", "4,赵六,,党员,西苑社区")
	want := f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone")
	noun, _ := importer.ByName("responders")
	columns, fields := importer.TableColumns("zh", noun, nil)
	var titles []string
	for _, c := range columns {
		titles = append(titles, c.Title)
	}
	var rows [][]string
	if err := (Imports{f.store}).EachRow(everywhere(t), "responders", dispatch.RegisterFilter{}, func(r dispatch.RegisterRow) error {
		rows = append(rows, importer.Shown("zh", noun, fields, r.Values))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(rows, func(row []string) bool { return slices.Contains(row, "138****0001") }) {
		t.Fatalf("nothing is masked: %v", rows)
	}
	r, err := importer.Run(everywhere(t), Imports{f.store}, noun, sheet.Memory(titles, rows), importer.Options{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.took(r, took{unchanged: 4})
	f.same("numbers", f.rows("responders", dispatch.RegisterFilter{InFull: true}, "name", "phone"), want...)
	_, codes := f.imports("responders", importer.Options{}, "姓名,手机号,身份,社区", "张三,138****0001,党员,西苑社区")
	if codes[1] != "phone phone_masked" {
		t.Errorf("without an id: %v", codes)
	}
}

// TestWithoutKeysNothingIsWritten: never in clear for want of a key.
func TestWithoutKeysNothingIsWritten(t *testing.T) {
	f := newFixture(t)
	f.store.keys = nil
	_, err := f.svc.TakeIn(t.Context(), f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05},
		Phone: "13900002222", Verified: true, Channel: dispatch.ChannelDispatcher})
	if !errors.Is(err, seal.ErrNoKeys) {
		t.Error(err)
	}
}
