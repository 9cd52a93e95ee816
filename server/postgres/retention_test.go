package postgres

import (
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// TestRetention: answers go first, then words and pictures; a hold keeps these;
// the skeleton remains, and the register says what was destroyed.
func TestRetention(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	goes := f.responder("周小满", orb.Point{121.051, 38.051}, "fire_rescue")
	declines := f.responder("吴大海", orb.Point{121.052, 38.051}, "fire_rescue")
	id := f.loop(goes, declines)
	destroy := func() {
		t.Helper()
		if err := f.svc.Destroy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ended := func(days int) {
		f.exec(`update incident set state_since = now() - make_interval(days => $2) where id = $1`, id, days)
	}
	count := func(sql string) int {
		t.Helper()
		var n int
		if err := f.owner.QueryRow(ctx, sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	destroy()
	if n := count(`select count(*) from destroyed`); n != 0 {
		t.Fatalf("%d destroyed too soon", n)
	}
	ended(31)
	destroy()
	d, err := f.store.IncidentDetail(ctx, id)
	if err != nil || len(d.Offers) != 0 || len(d.Assignments) != 1 || d.Assignments[0].OfferID != 0 || len(d.Timeline) == 0 || d.Incident.Summary == "" {
		t.Fatalf("after a month: %+v, %v", d, err)
	}
	if n := count(`select count(*) from event where noun = 'offer' and (responder_id is not null or account_id is not null)`); n != 0 {
		t.Errorf("the log remembers %d answers' people", n)
	}
	if n := count(`select count(*) from event where noun = 'assignment' and responder_id is not null`); n == 0 {
		t.Error("the log forgot who worked")
	}
	if _, err := f.svc.HoldIncident(ctx, f.as(f.chief, "incident.hold"), id, "短", f.store.now().Add(time.Hour)); dispatch.CodeOf(err) != dispatch.CodeReasonRequired {
		t.Fatalf("a hold without assessment: %v", err)
	}
	f.must(f.svc.HoldIncident(ctx, f.as(f.chief, "incident.hold"), id, "行政复议尚未结束，评估须保留证据", f.store.now().Add(30*24*time.Hour)))
	ended(181)
	destroy()
	if f.incident(id).Summary == "" {
		t.Fatal("the hold kept nothing")
	}
	if r, err := f.store.IncidentRetention(ctx, f.incident(id)); err != nil || r.Hold == nil || r.DestroyAt == nil || !r.DestroyAt.Equal(r.Hold.Until) {
		t.Fatalf("%+v, %v", r, err)
	}
	f.must(f.svc.LiftHold(ctx, f.as(f.chief, "incident.lift_hold"), id))
	destroy()
	i := f.incident(id)
	if i.Summary != "" || i.Place != "" || i.DestroyedAt == nil || i.TypeCode != "fire" || i.AreaID != f.west.ID || i.FirstArrivalAt == nil {
		t.Fatalf("the skeleton: %+v", i)
	}
	dump := f.dump()
	holds(t, dump, "冒烟", "幸福里", ownPhone, "外地", "离得近")
	if n := count(`select count(*) from attachment`) + count(`select count(*) from report where phone is not null or tracking_hash is not null`); n != 0 {
		t.Errorf("%d pictures or numbers are left", n)
	}
	if _, err := f.svc.Note(ctx, f.as(f.desk, "note"), id, "note", "晚到", time.Time{}); dispatch.CodeOf(err) != dispatch.CodeDestroyed {
		t.Errorf("words after the end: %v", err)
	}
	list, err := f.store.DestroyedRecords(ctx, 0, 10)
	if err != nil || len(list) != 2 || list[0].What != "emergency" || list[0].Records != 1 || *list[0].Days != 180 || list[1].What != "offer_answers" {
		t.Fatalf("%+v, %v", list, err)
	}
	f.exec(`delete from destroyed`)
	destroy() // nothing twice
	if n := count(`select count(*) from destroyed`); n != 0 {
		t.Errorf("%d destroyed twice", n)
	}
}

// TestSetRetention: days are set within bounds, by the system administrator, by
// what they saw.
func TestSetRetention(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	keeper := f.account("keeper", dispatch.RoleSystemAdministrator, f.district.ID, 0)
	set := func(a dispatch.Actor, seen, days int, reason string) dispatch.Code {
		_, err := f.svc.SetRetention(ctx, f.as(a, "retention.set"), "emergency", seen, days, reason)
		return dispatch.CodeOf(err)
	}
	for _, x := range []struct {
		name   string
		actor  dispatch.Actor
		seen   int
		days   int
		reason string
		want   dispatch.Code
	}{
		{"a commander", f.chief, 1, 90, "按新规定", dispatch.CodeForbidden},
		{"no reason", keeper, 1, 90, "", dispatch.CodeReasonRequired},
		{"too short", keeper, 1, 29, "按新规定", dispatch.CodeInvalid},
		{"too long", keeper, 1, 1096, "按新规定", dispatch.CodeInvalid},
		{"right", keeper, 1, 90, "按新规定", ""},
		{"seen before", keeper, 1, 60, "按新规定", dispatch.CodeVersionConflict},
	} {
		if got := set(x.actor, x.seen, x.days, x.reason); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
	rules, err := f.store.RetentionRules(ctx)
	if err != nil || len(rules) != 11 || rules[1].Days != 90 || rules[1].ChangedBy == nil {
		t.Fatalf("%+v, %v", rules, err)
	}
	for _, r := range rules {
		if _, ok := destroyers[r.What]; !ok && r.What != "retired_responders" {
			t.Errorf("nobody destroys %s", r.What)
		}
	}
}
