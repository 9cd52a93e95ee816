package postgres

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// logged waits until the log tells of something that happened to an incident, so
// often.
func (f *fixture) logged(id int64, kind string, times int) {
	f.t.Helper()
	f.until(fmt.Sprintf("%s of %d", kind, id), func(read []dispatch.Change) bool {
		n := 0
		for _, c := range read {
			if c.Event.Kind == kind && c.Event.IncidentID != nil && *c.Event.IncidentID == id {
				n++
			}
		}
		return n >= times
	})
}

// times gives the incidents of a filter, by id.
func (f *fixture) times(filter dispatch.FigureFilter) map[int64]dispatch.IncidentTimes {
	f.t.Helper()
	all := map[int64]dispatch.IncidentTimes{}
	if err := f.store.EachIncidentTimes(everywhere(f.t), filter, func(t dispatch.IncidentTimes) { all[t.IncidentID] = t }); err != nil {
		f.t.Fatal(err)
	}
	return all
}

// handle lets somebody arrive and end their work, so long after one another.
func (f *fixture) handle(clock *hand, a dispatch.Assignment, who dispatch.Actor, arrive, work time.Duration) {
	f.t.Helper()
	clock.turn(arrive)
	f.must(f.svc.Advance(everywhere(f.t), f.as(who, "on_scene"), a.ID, dispatch.Progress{Step: "on_scene"}))
	clock.turn(work)
	f.must(f.svc.Advance(everywhere(f.t), f.as(who, "done"), a.ID, dispatch.Progress{Step: "done"}))
}

// minutes writes the marks of an incident in whole minutes since the report.
func minutes(t dispatch.IncidentTimes) string {
	out := []int{}
	for _, mark := range []*time.Time{t.Verified, t.Offered, t.Accepted, t.Handling, t.Arrived, t.Resolved, t.Closed} {
		if mark == nil {
			out = append(out, -1)
			continue
		}
		out = append(out, int(math.Round(mark.Sub(t.Reported).Minutes())))
	}
	return fmt.Sprint(out)
}

// TestFiguresFromTheLog: the times of an incident are drawn from the log, whatever
// its columns say: the first of verification, offer, acceptance and arrival, the
// last of resolved and closed, and none where it was taken up again. What was
// rejected, cancelled or merged is told apart.
func TestFiguresFromTheLog(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	ctx := everywhere(t)
	f.exec(`update plan set quota = 1, ladder = '[]', waves = '[]' where type_code = 'fire'`)
	crew := f.crew(3, 121.051)
	began := clock.now()

	i, _ := f.resident(orb.Point{121.05, 38.05}, "")
	clock.turn(2 * time.Minute)
	f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), i.ID, i.Version, ""))
	clock.turn(3 * time.Minute)
	f.handle(clock, f.accepted(i, crew[0]), crew[0], 10*time.Minute, 20*time.Minute)
	clock.turn(5 * time.Minute)
	f.logged(i.ID, "incident.resolved", 1)
	if got := minutes(f.times(dispatch.FigureFilter{From: began, To: clock.now()})[i.ID]); got != "[2 5 5 5 15 35 -1]" {
		t.Fatalf("resolved once: %s", got)
	}
	f.must(f.svc.Reopen(ctx, f.as(f.desk, "reopen"), i.ID, f.incident(i.ID).Version, "复燃"))
	f.logged(i.ID, "incident.reopened", 1)
	if got := minutes(f.times(dispatch.FigureFilter{From: began, To: clock.now()})[i.ID]); got != "[2 5 5 5 15 -1 -1]" {
		t.Fatalf("taken up again: %s", got)
	}
	f.handle(clock, f.accepted(i, crew[1]), crew[1], 10*time.Minute, 10*time.Minute)
	f.must(f.svc.Check(ctx, f.as(f.chief, "check"), i.ID, f.incident(i.ID).Version, true, ""))
	clock.turn(time.Minute)
	f.must(f.svc.Close(ctx, f.as(f.chief, "close"), i.ID, f.incident(i.ID).Version))

	// Others: merged, merged and taken out again, cancelled, rejected, elsewhere.
	into := f.verified()
	merged, apart := f.verified(), f.verified()
	f.merge(merged, into)
	f.merge(apart, f.incident(into.ID))
	f.must(f.svc.Unmerge(ctx, f.as(f.desk, "unmerge"), apart.ID, f.incident(apart.ID).Version, "不是同一起"))
	cancelled := f.verified()
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), cancelled.ID, cancelled.Version, "误报"))
	rejected, _ := f.resident(fireAt, "")
	f.must(f.svc.Reject(ctx, f.as(f.desk, "reject"), rejected.ID, rejected.Version, "不属实"))
	moved := f.verified()
	f.must(f.svc.Change(ctx, f.as(f.desk, "edit"), moved.ID, moved.Version, dispatch.Edit{Point: &orb.Point{121.15, 38.05}}))
	f.logged(moved.ID, "incident.edited", 1)

	all := dispatch.FigureFilter{From: began, To: clock.now().Add(time.Second)}
	first := f.times(all)
	if got := minutes(first[i.ID]); got != "[2 5 5 5 15 60 61]" {
		t.Errorf("closed at last: %s", got)
	}
	left := map[int64]dispatch.LeftOut{}
	for id, x := range first {
		left[id] = x.LeftOut
	}
	want := map[int64]dispatch.LeftOut{i.ID: "", into.ID: "", apart.ID: "", moved.ID: "", merged.ID: dispatch.LeftOutMerged,
		cancelled.ID: dispatch.LeftOutCancelled, rejected.ID: dispatch.LeftOutRejected}
	if fmt.Sprint(left) != fmt.Sprint(want) {
		t.Errorf("left out %v, want %v", left, want)
	}
	f.filtered(all, first, moved.ID)

	// Columns that say something else change nothing: it is made of the log.
	f.exec(`update incident set verified_at = null, first_offer_at = now(), first_acceptance_at = null, first_arrival_at = null, resolved_at = now(), closed_at = null,
		state_since = now(), due_at = null`)
	if again := f.times(all); fmt.Sprint(spelled(again)) != fmt.Sprint(spelled(first)) {
		t.Errorf("made again:\n%v\nwas\n%v", spelled(again), spelled(first))
	}
	one, err := f.store.IncidentTimes(ctx, i.ID)
	if err != nil || minutes(one) != minutes(first[i.ID]) {
		t.Errorf("the incident alone: %s, %v", minutes(one), err)
	}
	if _, err := f.store.IncidentTimes(ctx, 99999); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("an incident that is none: %v", err)
	}
}

func spelled(all map[int64]dispatch.IncidentTimes) map[int64]string {
	out := map[int64]string{}
	for id, x := range all {
		out[id] = fmt.Sprint(minutes(x), x.LeftOut, x.AreaID, x.TypeCode, x.ResolveSeconds)
	}
	return out
}

// filtered: an incident counts where it lies now, and in the period in which it was
// reported.
func (f *fixture) filtered(all dispatch.FigureFilter, first map[int64]dispatch.IncidentTimes, moved int64) {
	f.t.Helper()
	all.AreaIDs = []int64{f.east.ID}
	if there := f.times(all); len(there) != 1 || there[moved].AreaID != f.east.ID {
		f.t.Errorf("in the eastern community %v", spelled(there))
	}
	all.AreaIDs, all.TypeCodes = nil, []string{"noise"}
	if none := f.times(all); len(none) != 0 {
		f.t.Errorf("of another type %v", spelled(none))
	}
	all.TypeCodes, all.From = nil, first[moved].Reported
	if late := f.times(all); len(late) != 1 {
		f.t.Errorf("since the last was reported %v", spelled(late))
	}
	all.From, all.To = all.From.Add(-time.Hour*48), first[moved].Reported
	if early := f.times(all); len(early) != len(first)-1 {
		f.t.Errorf("until the last was reported %v", spelled(early))
	}
}

// TestChoices: people picked by hand are counted beside those recommended, with
// what became of it and why; not those of incidents that were none.
func TestChoices(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	f.exec(`update plan set quota = 1, ladder = '[]', waves = '[]' where type_code = 'fire'`)
	crew := f.crew(4, 121.051)
	began := f.store.now()
	send := func(i dispatch.Incident, who dispatch.Actor, reason string) {
		f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, f.incident(i.ID).Version, []int64{who.ResponderID}, reason))
	}
	followed, picked, none := f.verified(), f.verified(), f.verified()
	send(followed, crew[0], "")
	send(picked, crew[3], " 熟悉现场 ")
	send(none, crew[2], "另有原因")
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), none.ID, f.incident(none.ID).Version, "误报"))
	f.answer(crew[3], picked.ID, dispatch.Answer{Step: "accept"})
	a, err := f.store.AssignmentOfOffer(ctx, f.offersOf(picked.ID)[crew[3].ResponderID].ID)
	if err != nil {
		t.Fatal(err)
	}
	f.must(f.svc.Advance(ctx, f.as(crew[3], "on_scene"), a.ID, dispatch.Progress{Step: "on_scene"}))

	filter := dispatch.FigureFilter{From: began, To: f.store.now().Add(time.Second)}
	rows, err := f.store.Choices(ctx, filter)
	if err != nil {
		t.Fatal(err)
	}
	total, groups := dispatch.ChoiceTable(rows, dispatch.GroupBy("area", f.svc.Tree(), f.street.ID))
	if total.HandPicked != (dispatch.ChoiceCount{Offers: 1, Accepted: 1, Arrived: 1}) || total.Ranked != (dispatch.ChoiceCount{Offers: 1, First: 1}) {
		t.Errorf("in all %+v", total)
	}
	if total.MoreTravelSeconds == nil || *total.MoreTravelSeconds <= 0 {
		t.Errorf("the picked one was farther: %v", total.MoreTravelSeconds)
	}
	if len(groups) != 1 || groups[0].AreaID != f.west.ID {
		t.Errorf("by area %+v", groups)
	}
	reasons, err := f.store.ChoiceReasons(ctx, filter, 10)
	if err != nil || !slices.Equal(reasons, []dispatch.ChoiceReason{{Reason: "熟悉现场", Count: 1}}) {
		t.Errorf("reasons %v, %v", reasons, err)
	}
}
