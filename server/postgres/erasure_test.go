package postgres

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// dump gives all rows of all tables as text.
func (f *fixture) dump() string {
	f.t.Helper()
	type table struct{ Name string }
	tables, err := many[table](f.t.Context(), f.owner, `select c.oid::regclass::text as name from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'spatial_ref_sys'`)
	if err != nil {
		f.t.Fatal(err)
	}
	var all strings.Builder
	for _, x := range tables {
		rows, err := f.owner.Query(f.t.Context(), `select t::text from `+x.Name+` t`)
		if err != nil {
			f.t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				f.t.Fatal(err)
			}
			all.WriteString(x.Name + ": " + line + "\n")
		}
		rows.Close()
	}
	return all.String()
}

// holds fails where a dump holds a text, plain or as bytes, and says where.
func holds(t *testing.T, dump string, texts ...string) {
	t.Helper()
	for _, line := range strings.Split(dump, "\n") {
		for _, text := range texts {
			if strings.Contains(line, text) || strings.Contains(line, hex.EncodeToString([]byte(text))) {
				t.Errorf("%q is in %s", text, line)
			}
		}
	}
}

const ownPhone = "13900007777"

// loop takes an incident from a resident's report to its end, with words, a
// picture, one who declines and one who goes.
func (f *fixture) loop(goes, declines dispatch.Actor) int64 {
	f.t.Helper()
	ctx := everywhere(f.t)
	out := f.must(f.svc.TakeIn(ctx, f.as(dispatch.Actor{}, "report.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05},
		Place: "幸福里三号楼", Words: "周小满家冒烟", Phone: ownPhone, Channel: dispatch.ChannelResident, Tracking: "ABCD-EFGH-JKLM"}))
	id := out.ID
	f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), id, f.incident(id).Version, ""))
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), id, f.incident(id).Version, []int64{goes.ResponderID, declines.ResponderID}, "周小满离得近"))
	offers := f.offersOf(id)
	f.must(f.svc.AnswerOffer(ctx, f.as(declines, "decline"), offers[declines.ResponderID].ID, dispatch.Answer{Step: "decline", Reason: "周小满说他在外地"}))
	f.must(f.svc.AnswerOffer(ctx, f.as(goes, "accept"), offers[goes.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	f.must(f.svc.Note(ctx, f.as(goes, "note"), id, "note", "已联系周小满 "+ownPhone, time.Time{}))
	f.must(f.svc.AddPhoto(ctx, f.as(goes, "photo"), id, 0, []byte("jpeg"), 1, 1))
	a, err := f.store.AssignmentOfOffer(ctx, offers[goes.ResponderID].ID)
	if err != nil || a == nil {
		f.t.Fatal(err)
	}
	for _, step := range []string{"en_route", "on_scene", "done"} {
		f.must(f.svc.Advance(ctx, f.as(goes, step), a.ID, dispatch.Progress{Step: step}))
	}
	if i := f.incident(id); i.State != dispatch.IncidentResolved {
		f.must(f.svc.Resolve(ctx, f.as(f.desk, "resolve"), id, i.Version, ""))
	}
	f.must(f.svc.Check(ctx, f.as(f.chief, "check"), id, f.incident(id).Version, true, ""))
	f.must(f.svc.Close(ctx, f.as(f.desk, "close"), id, f.incident(id).Version))
	f.until("the end", func(read []dispatch.Change) bool { return len(of(read, "incident.closed")) > 0 })
	return id
}

// TestErasedEverywhere: after a person was erased, nothing in the database
// holds their name or number, their ids stay, and asked again nothing changes.
func TestErasedEverywhere(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	guard := f.account("guard", dispatch.RoleSecurityAdministrator, f.district.ID, 0)
	goes := f.responder("周小满", orb.Point{121.051, 38.051}, "fire_rescue")
	declines := f.responder("吴大海", orb.Point{121.052, 38.051}, "fire_rescue")
	sealed, digest, err := f.store.sealPhone(sealedResponderPhone, ownPhone)
	if err != nil {
		t.Fatal(err)
	}
	f.exec(`update responder set phone = $2, phone_digest = $3 where id = $1`, goes.ResponderID, sealed, digest)
	f.exec(`update account set username = 'zhou' where id = $1`, goes.AccountID)
	id := f.loop(goes, declines)
	f.exec(`insert into track select $1, 121.05, 38.05, 10, now(), now()`, goes.ResponderID)
	data, err := f.store.PersonalData(ctx, goes.ResponderID)
	if err != nil || data.Person.Name != "周小满" || data.Person.Phone != ownPhone || data.Account == nil || len(data.Assignments) != 1 || len(data.Words) != 1 || len(data.Consents) != 1 {
		t.Fatalf("%+v, %v", data, err)
	}
	if _, err := f.svc.ErasePerson(ctx, f.as(f.desk, "responder.erase"), goes.ResponderID, "本人申请"); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("a dispatcher erased: %v", err)
	}
	if _, err := f.svc.ErasePerson(ctx, f.as(guard, "responder.erase"), goes.ResponderID, " "); dispatch.CodeOf(err) != dispatch.CodeReasonRequired {
		t.Fatalf("without a reason: %v", err)
	}
	before := f.dump()
	if !strings.Contains(before, "周小满") || !strings.Contains(before, ownPhone) {
		t.Fatal("the test would see nothing")
	}
	first := f.must(f.svc.ErasePerson(ctx, f.as(guard, "responder.erase"), goes.ResponderID, "本人申请删除周小满"))
	if n := f.countTracks(`true`); n != 0 {
		t.Errorf("%d rows of their track are left", n)
	}
	after := f.dump()
	holds(t, after, "周小满", ownPhone, "zhou")
	if again := f.must(f.svc.ErasePerson(ctx, f.as(guard, "responder.erase"), goes.ResponderID, "本人申请")); again.Version != first.Version {
		t.Errorf("erased twice: %+v, %+v", first, again)
	}
	d, err := f.store.IncidentDetail(ctx, id)
	if err != nil || len(d.Assignments) != 1 || d.Assignments[0].ResponderID != goes.ResponderID || d.Assignments[0].ResponderName != dispatch.ErasedName {
		t.Fatalf("%+v, %v", d.Assignments, err)
	}
	if r, err := f.store.Responder(ctx, declines.ResponderID); err != nil || r.Name != "吴大海" {
		t.Fatalf("somebody else: %+v, %v", r, err)
	}
	if list, err := f.store.DestroyedRecords(ctx, 0, 10); err != nil || len(list) != 1 || list[0].What != "responder" || *list[0].NounID != goes.ResponderID {
		t.Fatalf("%+v, %v", list, err)
	}
}

// TestErasingWaitsForTheTask: somebody who is on a task is not erased.
func TestErasingWaitsForTheTask(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	guard := f.account("guard", dispatch.RoleSecurityAdministrator, f.district.ID, 0)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""))
	f.must(f.svc.AnswerOffer(ctx, f.as(one, "accept"), f.offersOf(i.ID)[one.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	if _, err := f.svc.ErasePerson(ctx, f.as(guard, "responder.erase"), one.ResponderID, "本人申请"); dispatch.CodeOf(err) != dispatch.CodeHasActive {
		t.Fatalf("on a task: %v", err)
	}
}

// TestPhoneOfAReporter: reports and care records are found by number, told
// without who it is, and emptied of it.
func TestPhoneOfAReporter(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	guard := f.account("guard", dispatch.RoleSecurityAdministrator, f.district.ID, 0)
	f.must(f.svc.TakeIn(ctx, f.as(dispatch.Actor{}, "report.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05},
		Words: "请打 " + ownPhone, Phone: ownPhone, Channel: dispatch.ChannelResident, Tracking: "ABCD-EFGH-JKLM"}))
	f.care("钱婆婆", ownPhone, orb.Point{121.05, 38.05}, f.west.ID)
	found, err := f.store.FindPhone(ctx, "+86 139 0000 7777", nil)
	if err != nil || len(found.Reports) != 1 || len(found.Care) != 1 || len(found.Responders) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	if out := f.must(f.svc.EraseReporter(ctx, f.as(guard, "reporter.erase"), ownPhone, "本人申请")); out.ID != 1 || out.Version != 1 {
		t.Fatalf("%+v", out)
	}
	if found, err = f.store.FindPhone(ctx, ownPhone, nil); err != nil || len(found.Reports)+len(found.Care) != 0 {
		t.Fatalf("%+v, %v", found, err)
	}
	var words string
	if err := f.owner.QueryRow(ctx, `select words from report`).Scan(&words); err != nil || words != "请打 ***" {
		t.Fatalf("%q, %v", words, err)
	}
}

// care adds a care record.
func (f *fixture) care(name, phone string, at orb.Point, areaID int64) int64 {
	f.t.Helper()
	lon, lat := at.Lon(), at.Lat()
	sealed, err := f.store.sealCare(dispatch.CareDetails{Name: name, Phone: phone, Address: "幸福里一号楼", Needs: "轮椅", Lon: &lon, Lat: &lat})
	if err != nil {
		f.t.Fatal(err)
	}
	cell := f.cell(at)
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `insert into care_record (area_id, cell, categories, details, digest, external_id)
		values ($1, $2, '{elderly_alone}', $3, $4, (select 'c' || count(*) from care_record)) returning id`, areaID, cell, sealed.details, sealed.digest).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	return id
}
