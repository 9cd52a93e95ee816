package postgres

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// records gives what the trail says of numbers: action and result.
func (f *fixture) records() []string {
	f.t.Helper()
	list, err := many[struct {
		Told   string
		Sealed []byte
	}](f.t.Context(), f.owner, `select action || ' ' || result || ' ' || noun_id || ' ' || subject_id || ' ' || area_id || ' ' as told,
		(select x.words from audit_text x where x.hash = p.reason_hash) as sealed
		from (select action, result, noun_id, subject_id, area_id, reason_hash, 1000000000 + id as id from audit_pending union all select action, result, noun_id, subject_id, area_id, reason_hash, seq from audit) p
		where action like '%.unmask' or action like '%.find' or action like '%.export' order by id`)
	if err != nil {
		f.t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		out = append(out, r.Told+f.store.openWords(r.Sealed))
	}
	return out
}

func TestUnmask(t *testing.T) {
	f := newFixture(t)
	who := f.responder("张三", orb.Point{121.05, 38.05}, "first_aid").ResponderID
	other := f.account("other", dispatch.RoleDispatcher, f.east.ID, 0)
	community := f.account("community", dispatch.RoleCommunity, f.west.ID, 0)
	i := f.verified()
	f.must(f.svc.TakeIn(t.Context(), f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05},
		Phone: "13900002222", Verified: true, Channel: dispatch.ChannelDispatcher}))
	for _, c := range []struct {
		name   string
		actor  dispatch.Actor
		noun   dispatch.Noun
		id     int64
		reason string
		want   string
		code   dispatch.Code
	}{
		{"a responder", f.desk, dispatch.NounResponder, who, "联系处置人员", "00013800001111", ""},
		{"who reported", f.chief, dispatch.NounReport, i.ID + 1, "核实事件情况", "13900002222", ""},
		{"who left no number", f.desk, dispatch.NounReport, i.ID, "核实事件情况", "", ""},
		{"without a reason", f.desk, dispatch.NounResponder, who, "", "", dispatch.CodeReasonRequired},
		{"with hardly one", f.desk, dispatch.NounResponder, who, " 联系  ", "", dispatch.CodeReasonRequired},
		{"of another area", other, dispatch.NounResponder, who, "联系处置人员", "", dispatch.CodeNotFound},
		{"a report of another area", other, dispatch.NounReport, i.ID + 1, "核实事件情况", "", dispatch.CodeNotFound},
		{"by a role that does not call", community, dispatch.NounResponder, who, "联系处置人员", "", dispatch.CodeForbidden},
		{"nobody", f.desk, dispatch.NounResponder, 999, "联系处置人员", "", dispatch.CodeNotFound},
		{"no report", f.desk, dispatch.NounReport, 999, "联系处置人员", "", dispatch.CodeNotFound},
		{"something else", f.desk, dispatch.NounCamera, 1, "联系处置人员", "", dispatch.CodeNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := f.svc.Unmask(everywhere(t), c.actor, c.noun, c.id, c.reason)
			if got != c.want || dispatch.CodeOf(err) != c.code {
				t.Errorf("%q, %v; want %q, %s", got, err, c.want, c.code)
			}
		})
	}
	west, id := strconv.FormatInt(f.west.ID, 10), strconv.FormatInt(who, 10)
	told := f.records()
	f.same("the record", told[:3], "responder.unmask done "+id+" "+id+" "+west+" 联系处置人员",
		"report.unmask done "+strconv.FormatInt(i.ID+1, 10)+" 0 "+west+" 核实事件情况", "report.unmask done "+strconv.FormatInt(i.ID, 10)+" 0 "+west+" 核实事件情况")
	refused := 0
	for _, r := range told[3:] {
		if r[:len("responder.unmask done")] == "responder.unmask done" {
			t.Errorf("on record as done: %s", r)
		}
		refused++
	}
	if refused == 0 {
		t.Error("no refusal is on record")
	}
}

// TestUnmaskOnATask: whoever works for an incident may be called by its
// dispatchers, wherever they are registered, while they work for it.
func TestUnmaskOnATask(t *testing.T) {
	f := newFixture(t)
	east := f.account("east", dispatch.RoleDispatcher, f.east.ID, 0)
	who := f.responder("张三", orb.Point{121.05, 38.05}, "fire_rescue")
	ask := func() error {
		_, err := f.svc.Unmask(everywhere(t), east, dispatch.NounResponder, who.ResponderID, "联系处置人员")
		return err
	}
	if err := ask(); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("before: %v", err)
	}
	out := f.must(f.svc.TakeIn(t.Context(), f.as(east, "incident.create"), dispatch.Intake{
		TypeCode: "fire", Point: orb.Point{121.15, 38.05}, Words: "冒烟", Verified: true, Channel: dispatch.ChannelDispatcher}))
	f.must(f.svc.Send(t.Context(), f.as(f.chief, "incident.send"), out.ID, f.incident(out.ID).Version, []int64{who.ResponderID}, "最近"))
	offer := f.offersOf(out.ID)[who.ResponderID]
	f.must(f.svc.AnswerOffer(t.Context(), f.as(who, "offer.accept"), offer.ID, dispatch.Answer{Step: "accept"}))
	if err := ask(); err != nil {
		t.Errorf("on the task: %v", err)
	}
	f.must(f.svc.Advance(t.Context(), f.as(f.chief, "assignment.release"), f.assignmentOf(out.ID, who), dispatch.Progress{Step: "release", Reason: "不需要了", OnBehalf: true}))
	if err := ask(); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("after: %v", err)
	}
}

// TestUnmaskingIsBounded: as often as the bound within an hour, however many
// ask at once; the refusal says when, and is on record.
func TestUnmaskingIsBounded(t *testing.T) {
	f := newFixture(t)
	who := f.responder("张三", orb.Point{121.05, 38.05}, "first_aid").ResponderID
	now := time.Now().UTC().Truncate(time.Microsecond)
	f.store.now = func() time.Time { return now }
	entry := f.desk.Entry(t.Context(), dispatch.AuditUnmask, "responder.unmask")
	ask := func() error {
		_, err := f.store.Unmask(t.Context(), dispatch.NounResponder, who, 5, entry)
		return err
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	given := 0
	for range 12 {
		wg.Go(func() {
			err := ask()
			mu.Lock()
			defer mu.Unlock()
			switch dispatch.CodeOf(err) {
			case "":
				given++
			case dispatch.CodeTooMany:
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if given != 5 || len(f.records()) != 5 {
		t.Errorf("%d numbers were given, %d are on record", given, len(f.records()))
	}
	now = now.Add(20 * time.Minute)
	var refused *dispatch.Error
	if err := ask(); !errors.As(err, &refused) || refused.Values["seconds"] != "2400" {
		t.Errorf("%v", err)
	}
	if err := f.store.Disclose(t.Context(), dispatch.RevealFind, 5, entry); err != nil {
		t.Errorf("something else is bounded by itself: %v", err)
	}
	now = now.Add(40 * time.Minute)
	if err := f.store.ForgetReveals(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := ask(); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// TestNoRecordNoNumber: where the trail cannot be written, nothing is told.
func TestNoRecordNoNumber(t *testing.T) {
	f := newFixture(t)
	who := f.responder("张三", orb.Point{121.05, 38.05}, "first_aid").ResponderID
	f.exec(`alter table audit_pending add constraint nothing_more check (action <> 'responder.unmask') not valid`)
	if got, err := f.svc.Unmask(everywhere(t), f.desk, dispatch.NounResponder, who, "联系处置人员"); got != "" || err == nil {
		t.Errorf("%q, %v", got, err)
	}
}
