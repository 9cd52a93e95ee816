package postgres

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// closed brings an incident from wherever it stands to its end.
func (f *fixture) closed(id int64, who dispatch.Actor) {
	f.t.Helper()
	ctx := everywhere(f.t)
	if i := f.incident(id); i.State == dispatch.IncidentReported {
		f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), id, i.Version, ""))
	}
	a := f.accepted(f.incident(id), who)
	f.must(f.svc.Advance(ctx, f.as(who, "done"), a.ID, dispatch.Progress{Step: "done"}))
	f.must(f.svc.Check(ctx, f.as(f.chief, "check"), id, f.incident(id).Version, true, ""))
	f.must(f.svc.Close(ctx, f.as(f.chief, "close"), id, f.incident(id).Version))
}

// said lets a resident say how their report was handled.
func (f *fixture) said(number string, answer dispatch.Satisfaction, words string) dispatch.Code {
	f.t.Helper()
	_, err := f.svc.AnswerReport(f.t.Context(), f.as(dispatch.Actor{}, "report.answer"), number, answer, words)
	return dispatch.CodeOf(err)
}

// rated gives what figures count of a filter, and fails where their list holds
// another number.
func (f *fixture) rated(filter dispatch.FigureFilter) dispatch.Answers {
	f.t.Helper()
	table := dispatch.NewFigureTable(dispatch.GroupBy("area", f.svc.Tree(), f.street.ID), f.store.now())
	if err := f.store.EachIncidentTimes(everywhere(f.t), filter, table.Add); err != nil {
		f.t.Fatal(err)
	}
	counted := table.Total().Answers
	for kind, n := range map[dispatch.Satisfaction]int{dispatch.Satisfied: counted.Satisfied, dispatch.MostlySo: counted.Mostly,
		dispatch.Dissatisfied: counted.Dissatisfied, "": counted.Satisfied + counted.Mostly + counted.Dissatisfied} {
		list, total, err := f.store.Answers(everywhere(f.t), filter, kind, 100)
		if err != nil || total != n || len(list) != n {
			f.t.Fatalf("%q: counted %d, listed %d of %d, %v", kind, n, len(list), total, err)
		}
	}
	return counted
}

// queued says whether an incident is in the queue of those that did not satisfy.
func (f *fixture) queued(id int64) bool {
	f.t.Helper()
	list, total, err := f.store.Incidents(everywhere(f.t), dispatch.IncidentFilter{Queue: "dissatisfied", Limit: 50})
	if err != nil || total != len(list) {
		f.t.Fatal(total, err)
	}
	return slices.ContainsFunc(list, func(i dispatch.Incident) bool { return i.ID == id })
}

// TestSatisfaction: two who reported one incident answer once each and change their
// minds; the log, the figures, the queue and the detail tell the last; after a
// reopening they are asked anew.
func TestSatisfaction(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	f.exec(`update plan set quota = 1, ladder = '[]', waves = '[]' where type_code = 'fire'`)
	crew := f.crew(2, 121.051)
	filter := dispatch.FigureFilter{From: clock.now()}
	i, one := f.resident(fireAt, ownPhone)
	second, two := f.resident(fireAt, "")
	f.must(f.svc.Verify(everywhere(t), f.as(f.desk, "verify"), i.ID, i.Version, ""))
	f.merge(second, f.incident(i.ID))
	filter.To = clock.now().Add(time.Hour)
	if code := f.said(one, dispatch.Satisfied, ""); code != dispatch.CodeIllegalTransition {
		t.Fatalf("before it is closed: %q", code)
	}
	f.closed(i.ID, crew[0])
	closing := *f.incident(i.ID).ClosedAt

	clock.turn(time.Hour)
	for _, x := range []struct {
		number string
		answer dispatch.Satisfaction
		words  string
		want   dispatch.Code
	}{
		{one, dispatch.Satisfied, "", ""},
		{two, dispatch.MostlySo, "", ""},
		{one, dispatch.Dissatisfied, "楼道仍有烟味，住三楼的王某", ""},
		{one, dispatch.Dissatisfied, "楼道仍有烟味，住三楼的王某", ""}, // nothing new
		{"AAAA-BBBB-CCCC", dispatch.Satisfied, "", dispatch.CodeNotFound},
	} {
		if code := f.said(x.number, x.answer, x.words); code != x.want {
			t.Fatalf("%s says %s: %q", x.number, x.answer, code)
		}
	}
	f.logged(i.ID, "report.dissatisfied", 1)
	if got := f.rated(filter); got != (dispatch.Answers{Mostly: 1, Dissatisfied: 1}) {
		t.Errorf("counted %+v", got)
	}
	if n := countRows(t, f.owner, `select count(*) from event where kind like 'report.%satisfied' or kind = 'report.mostly'`); n != 3 {
		t.Errorf("%d events of three answers", n)
	}
	if n := countRows(t, f.owner, `select count(*) from event where data::text like '%烟%'`); n != 0 {
		t.Error("words are in the log")
	}
	if !f.queued(i.ID) {
		t.Error("it is not queued")
	}
	if r := f.detail(i.ID).Reports; len(r) != 2 || len(r[0].Answers) != 1 || r[0].Answers[0].Words != "楼道仍有烟味，住三楼的王某" || r[1].Answers[0].Answer != dispatch.MostlySo {
		t.Errorf("the detail: %+v", r)
	}
	if n := countRows(t, f.owner, `select (select count(*) from audit where action = 'report.answer' and kind = 'command' and noun = 'report')
		+ (select count(*) from audit_pending where action = 'report.answer' and kind = 'command' and noun = 'report')`); n != 4 {
		t.Errorf("%d entries in the audit trail", n)
	}

	// Taken up again nothing counts; the next closing asks anew.
	f.must(f.svc.Reopen(everywhere(t), f.as(f.desk, "reopen"), i.ID, f.incident(i.ID).Version, "居民不满意"))
	f.logged(i.ID, "incident.reopened", 1)
	if got := f.rated(filter); got != (dispatch.Answers{}) || f.queued(i.ID) || f.said(one, dispatch.Satisfied, "") != dispatch.CodeIllegalTransition {
		t.Errorf("taken up again: %+v", got)
	}
	f.closed(i.ID, crew[1])
	f.logged(i.ID, "incident.closed", 2)
	again := *f.incident(i.ID).ClosedAt
	if a, err := f.store.ReportAnswer(t.Context(), f.detail(i.ID).Reports[0].ID, again); a != nil || err != nil || again.Equal(closing) {
		t.Errorf("asked anew: %+v, %v", a, err)
	}
	if got := f.rated(filter); got != (dispatch.Answers{}) {
		t.Errorf("closed again: %+v", got)
	}
	if code := f.said(one, dispatch.Satisfied, ""); code != "" {
		t.Fatal(code)
	}
	f.logged(i.ID, "report.satisfied", 2)
	if got := f.rated(filter); got != (dispatch.Answers{Satisfied: 1}) || f.queued(i.ID) {
		t.Errorf("handled at last: %+v", got)
	}
	if r := f.detail(i.ID).Reports; len(r[0].Answers) != 2 || r[0].Answers[0].Answer != dispatch.Dissatisfied || r[0].Answers[1].Answer != dispatch.Satisfied {
		t.Errorf("both closings: %+v", r[0].Answers)
	}
	filter.AreaIDs = []int64{f.east.ID}
	if got := f.rated(filter); got != (dispatch.Answers{}) {
		t.Errorf("elsewhere: %+v", got)
	}
	clock.turn(16 * 24 * time.Hour)
	if code := f.said(two, dispatch.Satisfied, ""); code != dispatch.CodeSatisfactionOver {
		t.Errorf("too late: %q", code)
	}
}

// TestSatisfactionAtOnce: many answers to one report at once leave one row that is
// the last of the log.
func TestSatisfactionAtOnce(t *testing.T) {
	f := newFixture(t)
	f.exec(`update plan set quota = 1, ladder = '[]', waves = '[]' where type_code = 'fire'`)
	i, number := f.resident(fireAt, "")
	f.closed(i.ID, f.crew(1, 121.051)[0])
	var group sync.WaitGroup
	for k := range 9 {
		group.Go(func() {
			if code := f.said(number, dispatch.Satisfactions[k%3], ""); code != "" {
				t.Error(code)
			}
		})
	}
	group.Wait()
	a := f.detail(i.ID).Reports[0].Answers
	if len(a) != 1 {
		t.Fatalf("%d answers of one report", len(a))
	}
	events := countRows(t, f.owner, `select version from satisfaction`)
	f.until("all answers", func(read []dispatch.Change) bool {
		n, last := 0, ""
		for _, c := range read {
			if c.Event.Noun == dispatch.NounReport {
				n, last = n+1, c.Event.Kind
			}
		}
		return n == events && last == "report."+string(a[0].Answer)
	})
}

// TestSatisfactionIsKeptFromOthers: an answer is seen where its report is, erased with
// who gave it, and destroyed with its report; the log keeps the count.
func TestSatisfactionIsKeptFromOthers(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	f.exec(`update plan set quota = 1, ladder = '[]', waves = '[]' where type_code = 'fire'`)
	filter := dispatch.FigureFilter{From: f.store.now(), To: f.store.now().Add(time.Hour)}
	i, number := f.resident(fireAt, ownPhone)
	f.closed(i.ID, f.crew(1, 121.051)[0])
	if code := f.said(number, dispatch.Dissatisfied, "请回电 "+ownPhone+" 说明"); code != "" {
		t.Fatal(code)
	}
	seen := func(areas ...int64) int {
		t.Helper()
		n := 0
		v := dispatch.Viewer{AreaIDs: areas}
		if err := f.store.read(dispatch.WithViewer(context.WithoutCancel(t.Context()), v)).QueryRow(t.Context(), `select count(*) from satisfaction`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if here, there := seen(f.west.ID), seen(f.east.ID); here != 1 || there != 0 {
		t.Errorf("seen %d times here, %d elsewhere", here, there)
	}
	eraser := f.account("eraser", dispatch.RoleSecurityAdministrator, f.district.ID, 0)
	f.must(f.svc.EraseReporter(ctx, f.as(eraser, "reporter.erase"), ownPhone, "本人要求删除"))
	if words := f.detail(i.ID).Reports[0].Answers[0].Words; words != "请回电 *** 说明" {
		t.Errorf("after the erasure: %q", words)
	}
	f.exec(`update incident set state_since = now() - interval '181 days' where id = $1`, i.ID)
	if err := f.svc.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := countRows(t, f.owner, `select count(*) from satisfaction`); n != 0 {
		t.Errorf("%d answers outlive their report", n)
	}
	f.logged(i.ID, "report.dissatisfied", 1)
	if got := f.rated(filter); got != (dispatch.Answers{Dissatisfied: 1}) {
		t.Errorf("the log: %s", fmt.Sprint(got))
	}
}
