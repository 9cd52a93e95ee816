package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yiping/server/dispatch"
)

var fireAt = orb.Point{121.05, 38.05}

// resident reports as somebody without an account and gives the incident and the
// tracking number.
func (f *fixture) resident(at orb.Point, phone string) (dispatch.Incident, string) {
	f.t.Helper()
	c := f.as(dispatch.Actor{}, "report")
	number := dispatch.TrackingNumber(f.t.Name() + c.Key)
	out := f.must(f.svc.TakeIn(f.t.Context(), c, dispatch.Intake{TypeCode: "fire", Point: at, Words: "冒烟", Phone: phone,
		Channel: dispatch.ChannelResident, Tracking: number}))
	return f.incident(out.ID), number
}

func (f *fixture) merge(from, into dispatch.Incident) dispatch.Outcome {
	f.t.Helper()
	return f.must(f.svc.Merge(everywhere(f.t), f.as(f.desk, "incident.merge"), from.ID, from.Version, into.ID, into.Version, "同一火情"))
}

func (f *fixture) detail(id int64) dispatch.IncidentDetail {
	f.t.Helper()
	d, err := f.store.IncidentDetail(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

// accepted lets a responder take an incident.
func (f *fixture) accepted(i dispatch.Incident, who dispatch.Actor) dispatch.Assignment {
	f.t.Helper()
	ctx := everywhere(f.t)
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, f.incident(i.ID).Version, []int64{who.ResponderID}, "就近"))
	offer := f.offersOf(i.ID)[who.ResponderID]
	f.must(f.svc.AnswerOffer(ctx, f.as(who, "accept"), offer.ID, dispatch.Answer{Step: "accept"}))
	a, err := f.store.AssignmentOfOffer(ctx, offer.ID)
	if err != nil || a == nil {
		f.t.Fatalf("%s got no assignment: %v", who.Name, err)
	}
	return *a
}

func likely(list []dispatch.Duplicate, err error) ([]int64, error) {
	ids := make([]int64, len(list))
	for k, d := range list {
		ids[k] = d.Incident.ID
	}
	return ids, err
}

func TestLikely(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	const phone = "00013900002222"
	one, _ := f.resident(fireAt, phone)
	away := orb.Point{121.07, 38.05} // 1.7 km
	stranger := f.account("elsewhere", dispatch.RoleDispatcher, f.east.ID, 0)
	for _, tt := range []struct {
		name  string
		who   dispatch.Actor
		code  string
		at    orb.Point
		phone string
		want  []int64
	}{
		{"the same place", f.desk, "fire", orb.Point{121.0505, 38.0502}, "", []int64{one.ID}},
		{"another kind at the same place", f.desk, "noise", fireAt, "", []int64{one.ID}},
		{"far away", f.desk, "fire", away, "", []int64{}},
		{"far away, by the same number", f.desk, "fire", away, phone, []int64{one.ID}},
		{"by the same number, written otherwise", f.desk, "fire", away, "0139-0000-2222", []int64{one.ID}},
		{"by another number", f.desk, "fire", away, "00013900003333", []int64{}},
		{"to who does not see it", stranger, "fire", fireAt, phone, []int64{}},
	} {
		if got, err := likely(f.svc.Likely(ctx, tt.who, tt.code, tt.at, tt.phone)); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
	if _, err := f.svc.Likely(ctx, f.desk, "none", fireAt, ""); dispatch.CodeOf(err) != dispatch.CodeUnknownType {
		t.Errorf("an unknown type: %v", err)
	}

	two, _ := f.resident(away, phone)
	if got, err := likely(f.svc.LikelyOf(ctx, f.desk, two.ID)); err != nil || !slices.Equal(got, []int64{one.ID}) {
		t.Fatalf("of the second: %v, %v", got, err)
	}
	three, _ := f.resident(orb.Point{121.0702, 38.05}, "")
	f.merge(f.incident(two.ID), f.incident(one.ID))
	if got, err := likely(f.svc.LikelyOf(ctx, f.desk, three.ID)); err != nil || !slices.Equal(got, []int64{one.ID}) {
		t.Fatalf("beside one that was merged stands what it was merged into: %v, %v", got, err)
	}
	if got, err := likely(f.svc.LikelyOf(ctx, f.desk, two.ID)); err != nil || len(got) != 0 {
		t.Fatalf("of the merged one: %v, %v", got, err)
	}
	f.must(f.svc.Reject(ctx, f.as(f.desk, "reject"), one.ID, f.incident(one.ID).Version, "误报"))
	if got, err := likely(f.svc.LikelyOf(ctx, f.desk, three.ID)); err != nil || len(got) != 0 {
		t.Fatalf("when it is over: %v, %v", got, err)
	}
}

// TestLink: a report joins an incident; its reporter's number speaks for the next
// one, and nothing else changes.
func TestLink(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	i := f.verified()
	in := dispatch.Intake{TypeCode: "noise", Point: orb.Point{121.1001, 38.05}, Words: "浓烟飘到东苑", Phone: "00013900004444", Channel: dispatch.ChannelDispatcher}
	f.must(f.svc.Link(ctx, f.as(f.desk, "incident.link"), i.ID, in))
	d := f.detail(i.ID)
	if len(d.Reports) != 2 || d.Reports[1].Words != in.Words || d.Reports[1].TypeCode != "noise" || d.Incident.Version != i.Version || !d.Incident.DueAt.Equal(*i.DueAt) {
		t.Fatalf("reports %+v of %+v", d.Reports, d.Incident)
	}
	if got, err := likely(f.svc.Likely(ctx, f.desk, "fire", in.Point, "")); err != nil || !slices.Equal(got, []int64{i.ID}) {
		t.Fatalf("where the second report was: %v, %v", got, err)
	}
	f.until("the link", func(read []dispatch.Change) bool {
		return slices.ContainsFunc(read, func(c dispatch.Change) bool { return c.Event.Kind == "incident.linked" && *c.Event.IncidentID == i.ID })
	})
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), i.ID, i.Version, "误报"))
	if _, err := f.svc.Link(ctx, f.as(f.desk, "incident.link"), i.ID, in); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Fatalf("to one that is over: %v", err)
	}
}

// TestMergeAndUnmerge plays it whole: two people work on the one, one is asked by
// both, a neighbour takes part; all goes over, and back.
func TestMergeAndUnmerge(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	first, second := f.responder("一", orb.Point{121.051, 38.05}, "fire_rescue"), f.responder("二", orb.Point{121.052, 38.05}, "fire_rescue")
	both := f.responder("三", orb.Point{121.053, 38.05}, "fire_rescue")
	b := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), b.ID, b.Version, []int64{both.ResponderID}, "就近"))
	a, number := f.resident(orb.Point{121.0999, 38.05}, "") // in the west, at the border of the east
	f.must(f.svc.AddPhoto(ctx, f.as(dispatch.Actor{}, "photo"), a.ID, f.detail(a.ID).Reports[0].ID, []byte("jpeg"), 1, 1))
	f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), a.ID, a.Version, ""))
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), a.ID, f.incident(a.ID).Version, []int64{first.ResponderID, both.ResponderID}, "就近"))
	f.must(f.svc.AnswerOffer(ctx, f.as(first, "accept"), f.offersOf(a.ID)[first.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	there := f.assignmentOf(a.ID, first)
	f.must(f.svc.Advance(ctx, f.as(first, "on_scene"), there, dispatch.Progress{Step: "on_scene"}))
	f.must(f.svc.Note(ctx, f.as(f.desk, "note"), a.ID, "note", "西侧楼梯", f.store.now()))
	before, standing := f.detail(a.ID), f.detail(b.ID)

	f.merge(before.Incident, standing.Incident)
	now, merged := f.detail(b.ID), f.detail(a.ID)
	if m := merged.Incident; m.State != dispatch.IncidentMerged || m.MergedInto == nil || *m.MergedInto != b.ID || m.DueAt != nil || m.Active != 0 || m.Offered != 0 || len(merged.Reports)+len(merged.Photos)+len(merged.Timeline) != 0 {
		t.Fatalf("the merged one: %+v", merged)
	}
	if len(now.Reports) != 2 || len(now.Photos) != 1 || len(now.Timeline) != 1 || len(now.Merged) != 1 || now.Merged[0].IncidentID != a.ID || now.Merged[0].Reason != "同一火情" {
		t.Fatalf("with the other: %+v", now)
	}
	if len(now.Assignments) != 1 || now.Assignments[0].ID != there || now.Assignments[0].State != dispatch.AssignmentOnScene || now.Incident.State != dispatch.IncidentHandling || now.Incident.FirstArrivalAt == nil {
		t.Fatalf("people: %+v on %+v", now.Assignments, now.Incident)
	}
	if o := f.offersOf(a.ID)[both.ResponderID]; o.State != dispatch.OfferWithdrawn {
		t.Fatalf("the offer of the merged one is %s", o.State)
	}
	if o := f.offersOf(b.ID)[both.ResponderID]; o.State != dispatch.OfferOffered || !o.ExpiresAt.Equal(standing.Offers[0].ExpiresAt) {
		t.Fatalf("the offer of the other: %+v", o)
	}
	if border, support := parties(now.Incident, dispatch.PartyBorder), parties(now.Incident, dispatch.PartySupporting); !slices.Equal(border, []int64{f.east.ID}) || len(support) != 0 {
		t.Fatalf("at the border %v, supporting %v", border, support)
	}
	if track, _, at, err := f.store.Tracking(t.Context(), dispatch.TrackingHash(number)); err != nil || track.ID != b.ID {
		t.Fatalf("the number leads to %d: %v", track.ID, err)
	} else if steps := dispatch.Track(track, number, at).Steps; steps[len(steps)-1].State != "handling" || slices.ContainsFunc(steps, func(s dispatch.TrackingStep) bool { return s.At.Before(at) }) {
		t.Fatalf("the resident is told %+v", steps)
	}
	if asked, err := f.store.Asked(ctx, b.ID); err != nil || asked[first.ResponderID] != dispatch.OfferAccepted || asked[both.ResponderID] != dispatch.OfferOffered {
		t.Fatalf("asked: %v, %v", asked, err)
	}

	// What comes in for the merged one is said of the other.
	f.must(f.svc.Note(ctx, f.as(first, "note"), a.ID, "note", "火已控制", f.store.now()))
	f.must(f.svc.AddPhoto(ctx, f.as(dispatch.Actor{}, "photo"), a.ID, before.Reports[0].ID, []byte("jpeg"), 1, 1))
	f.accepted(now.Incident, second)
	f.must(f.svc.Advance(ctx, f.as(first, "done"), there, dispatch.Progress{Step: "done"}))

	f.must(f.svc.Unmerge(ctx, f.as(f.desk, "incident.unmerge"), a.ID, f.incident(a.ID).Version, "两处起火"))
	now, back := f.detail(b.ID), f.detail(a.ID)
	if i := back.Incident; i.State != before.Incident.State || !i.StateSince.Equal(before.Incident.StateSince) || !i.DueAt.Equal(*before.Incident.DueAt) || i.MergedInto != nil || i.Version != before.Incident.Version+2 {
		t.Fatalf("it stands %+v, stood %+v", i, before.Incident)
	}
	if len(back.Reports) != 1 || back.Reports[0].ID != before.Reports[0].ID || len(back.Photos) != 2 || len(back.Timeline) != 1 || back.Timeline[0].ID != before.Timeline[0].ID {
		t.Fatalf("back: %+v", back)
	}
	if len(back.Assignments) != 1 || back.Assignments[0].ID != there || back.Assignments[0].State != dispatch.AssignmentDone {
		t.Fatalf("back: %+v", back.Assignments)
	}
	if len(now.Reports) != 1 || len(now.Timeline) != 1 || now.Timeline[0].Words != "火已控制" || len(now.Photos) != 0 || len(now.Merged) != 0 || now.Incident.State != dispatch.IncidentHandling || now.Incident.Active != 1 {
		t.Fatalf("what stays: %+v", now)
	}
	open := func(i dispatch.Incident) int {
		return len(slices.DeleteFunc(slices.Clone(i.Parties), func(p dispatch.Party) bool { return p.Until != nil }))
	}
	if open(now.Incident) != 0 || open(back.Incident) != 1 {
		t.Fatalf("parties: %+v and %+v", now.Incident.Parties, back.Incident.Parties)
	}
	if track, _, _, err := f.store.Tracking(t.Context(), dispatch.TrackingHash(number)); err != nil || track.ID != a.ID {
		t.Fatalf("the number leads to %d: %v", track.ID, err)
	}
}

// TestUnmergeLeavesNobodyBehind: where those who came were all who worked on it,
// the other is dispatched again.
func TestUnmergeLeavesNobodyBehind(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.05}, "fire_rescue")
	a, b := f.verified(), f.verified()
	as := f.accepted(a, one)
	f.merge(f.incident(a.ID), b)
	if i := f.incident(b.ID); i.State != dispatch.IncidentHandling || i.Active != 1 {
		t.Fatalf("with them it is %+v", i)
	}
	f.must(f.svc.Unmerge(ctx, f.as(f.desk, "incident.unmerge"), a.ID, f.incident(a.ID).Version, "两处起火"))
	if i := f.incident(b.ID); i.State != dispatch.IncidentDispatching || i.Active != 0 {
		t.Fatalf("without them it is %+v", i)
	}
	if i := f.incident(a.ID); i.State != dispatch.IncidentHandling || i.Active != 1 || f.assignmentOf(a.ID, one) != as.ID {
		t.Fatalf("they are back on %+v", i)
	}
}

func TestMergeRefusals(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.05}, "fire_rescue")
	worked, open, over := f.verified(), f.verified(), f.verified()
	f.accepted(worked, one)
	worked = f.incident(worked.ID)
	unverified, _ := f.resident(fireAt, "")
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), over.ID, over.Version, "误报"))
	over = f.incident(over.ID)
	elsewhere := f.account("elsewhere", dispatch.RoleDispatcher, f.east.ID, 0)
	office := f.account("office", dispatch.RoleCommunity, f.west.ID, 0)
	for _, tt := range []struct {
		name       string
		who        dispatch.Actor
		from, into dispatch.Incident
		stale      int
		reason     string
		want       dispatch.Code
	}{
		{"into itself", f.desk, open, open, 0, "重复", dispatch.CodeInvalid},
		{"without a reason", f.desk, unverified, open, 0, " ", dispatch.CodeReasonRequired},
		{"into one that is over", f.desk, open, over, 0, "重复", dispatch.CodeUnready},
		{"one that is over", f.desk, over, open, 0, "重复", dispatch.CodeIllegalTransition},
		{"people into one that nobody verified", f.desk, worked, unverified, 0, "重复", dispatch.CodeUnready},
		{"not as it was seen", f.desk, unverified, open, 1, "重复", dispatch.CodeVersionConflict},
		{"in a community of which one sees nothing", elsewhere, unverified, open, 0, "重复", dispatch.CodeNotFound},
		{"by who does not dispatch", office, unverified, open, 0, "重复", dispatch.CodeForbidden},
	} {
		_, err := f.svc.Merge(ctx, f.as(tt.who, "incident.merge"), tt.from.ID, tt.from.Version, tt.into.ID, tt.into.Version+tt.stale, tt.reason)
		if got := dispatch.CodeOf(err); got != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := f.svc.Unmerge(ctx, f.as(f.desk, "incident.unmerge"), open.ID, open.Version, "不是"); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Errorf("what is not merged: %v", err)
	}
	f.merge(unverified, open)
	f.merge(f.incident(open.ID), worked)
	if _, err := f.svc.Unmerge(ctx, f.as(f.desk, "incident.unmerge"), unverified.ID, f.incident(unverified.ID).Version, "不是"); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Errorf("out of what was merged itself: %v", err)
	}
	if n := len(f.detail(worked.ID).Reports); n != 3 {
		t.Errorf("%d reports of three are with the last", n)
	}
}

// TestMergedBothWaysAtOnce: of two dispatchers who each merge into the other's
// one succeeds, and nothing waits for good.
func TestMergedBothWaysAtOnce(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	for range 5 {
		a, b := f.verified(), f.verified()
		errs := atOnce(8, func(k int) error {
			from, into := a, b
			if k%2 == 1 {
				from, into = b, a
			}
			_, err := f.svc.Merge(ctx, f.as([]dispatch.Actor{f.desk, f.chief}[k%2], "incident.merge"), from.ID, from.Version, into.ID, into.Version, "同一火情")
			return err
		})
		won := 0
		for _, err := range errs {
			switch dispatch.CodeOf(err) {
			case "":
				won++
			case dispatch.CodeVersionConflict:
			default:
				t.Errorf("refused with %v", err)
			}
		}
		a, b = f.incident(a.ID), f.incident(b.ID)
		if won != 1 || (a.State == dispatch.IncidentMerged) == (b.State == dispatch.IncidentMerged) {
			t.Fatalf("%d merged; they are %s and %s", won, a.State, b.State)
		}
	}
}

// TestWorkWhileMerging: arrivals told while their incident is merged and taken
// apart again are all kept.
func TestWorkWhileMerging(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	a, b := f.verified(), f.verified()
	f.exec(`update incident set quota = 10 where id = $1`, a.ID)
	const n = 6
	people, tasks := make([]dispatch.Actor, n), make([]dispatch.Assignment, n)
	for k := range people {
		people[k] = f.responder(fmt.Sprintf("人%d", k), orb.Point{121.051, 38.051}, "fire_rescue")
		tasks[k] = f.accepted(a, people[k])
	}
	errs := atOnce(n+1, func(k int) error {
		if k < n {
			_, err := f.svc.Advance(ctx, f.as(people[k], "on_scene"), tasks[k].ID, dispatch.Progress{Step: "on_scene"})
			return err
		}
		_, err := f.svc.Merge(ctx, f.as(f.desk, "incident.merge"), a.ID, f.incident(a.ID).Version, b.ID, b.Version, "同一火情")
		if dispatch.CodeOf(err) == dispatch.CodeVersionConflict { // the first arrival came between
			_, err = f.svc.Merge(ctx, f.as(f.desk, "incident.merge"), a.ID, f.incident(a.ID).Version, b.ID, b.Version, "同一火情")
		}
		if err != nil {
			return err
		}
		if _, err := f.svc.Unmerge(ctx, f.as(f.desk, "incident.unmerge"), a.ID, f.incident(a.ID).Version, "不是"); err != nil {
			return err
		}
		return nil
	})
	for k, err := range errs {
		if err != nil {
			t.Errorf("%d: %v", k, err)
		}
	}
	if i := f.incident(a.ID); i.OnScene != n {
		t.Fatalf("%d of %d are there", i.OnScene, n)
	}
}

// TestMergingLosesNothing walks at random through reports, notes, work, merges
// and unmerges of three incidents, and compares where everything is with a model.
func TestMergingLosesNothing(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	people := make([]dispatch.Actor, 3)
	for k := range people {
		people[k] = f.responder(fmt.Sprintf("人%d", k), orb.Point{121.051, 38.051}, "fire_rescue")
	}
	left, broken := 30, false // a walk takes a tenth of a second
	rapid.Check(t, func(t *rapid.T) {
		if left--; left < 0 && !broken {
			return
		}
		defer func() { broken = broken || t.Failed() }()
		w := &mergeWalk{f: f, t: t, into: map[int64]int64{}, home: map[string]int64{}, at: map[string]int64{}, came: map[int64][]string{}, task: map[int64]int64{}}
		for range 3 {
			w.take(f.verified())
		}
		for range rapid.IntRange(3, 9).Draw(t, "length") {
			w.step(ctx, people)
			w.compare()
		}
		for len(w.into) > 0 { // all apart again: everything that was here before is where it was
			for _, id := range slices.Sorted(maps.Keys(w.into)) {
				if _, gone := w.into[w.into[id]]; !gone {
					w.unmerge(ctx, id)
				}
			}
		}
		w.compare()
		for id, who := range w.task {
			f.must(f.svc.Advance(ctx, f.as(people[slices.IndexFunc(people, func(p dispatch.Actor) bool { return p.ResponderID == who })], "release"), id, dispatch.Progress{Step: "release"}))
		}
		for _, id := range w.ids {
			f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), id, f.incident(id).Version, "走完"))
		}
	})
}

// mergeWalk is the model: where each thing is, and what came with which merge.
type mergeWalk struct {
	f    *fixture
	t    *rapid.T
	ids  []int64
	into map[int64]int64    // what is merged into what
	home map[string]int64   // where a thing was said
	at   map[string]int64   // where it is
	came map[int64][]string // what went over with an incident
	task map[int64]int64    // whose an assignment is, while active
	was  []dispatch.Incident
}

func (w *mergeWalk) take(i dispatch.Incident) {
	w.ids = append(w.ids, i.ID)
	w.put(w.lastReport(i.ID), i.ID)
}

func (w *mergeWalk) put(thing string, id int64) { w.home[thing], w.at[thing] = id, id }

// standing gives the incidents that are not merged.
func (w *mergeWalk) standing() []int64 {
	return slices.DeleteFunc(slices.Clone(w.ids), func(id int64) bool { return w.into[id] != 0 })
}

func (w *mergeWalk) step(ctx context.Context, people []dispatch.Actor) {
	f, here := w.f, w.standing()
	id := rapid.SampledFrom(here).Draw(w.t, "incident")
	switch rapid.SampledFrom([]string{"link", "note", "work", "merge", "merge", "unmerge"}).Draw(w.t, "step") {
	case "link":
		f.must(f.svc.Link(ctx, f.as(f.desk, "incident.link"), id, dispatch.Intake{TypeCode: "fire", Point: fireAt, Channel: dispatch.ChannelDispatcher}))
		w.put(w.lastReport(id), id)
	case "note":
		out := f.must(f.svc.Note(ctx, f.as(f.desk, "note"), id, "note", "又一句", f.store.now()))
		w.put(fmt.Sprintf("note %d", out.ID), id)
	case "work":
		busy := slices.Collect(maps.Values(w.task))
		idle := slices.IndexFunc(people, func(p dispatch.Actor) bool { return !slices.Contains(busy, p.ResponderID) })
		if i := f.incident(id); idle < 0 || i.Active >= i.Quota {
			return
		}
		a := f.accepted(f.incident(id), people[idle])
		w.task[a.ID] = a.ResponderID
		w.put(fmt.Sprintf("task %d", a.ID), id)
	case "merge":
		other := rapid.SampledFrom(here).Draw(w.t, "into")
		if other == id {
			return
		}
		w.merge(id, other)
	case "unmerge":
		for _, id := range slices.Sorted(maps.Keys(w.into)) {
			if _, gone := w.into[w.into[id]]; !gone {
				w.unmerge(ctx, id)
				return
			}
		}
	}
}

func (w *mergeWalk) merge(id, other int64) {
	before := w.f.incident(id)
	w.f.merge(before, w.f.incident(other))
	w.into[id], w.was = other, append(w.was, before)
	w.came[id] = nil
	for _, thing := range slices.Sorted(maps.Keys(w.at)) {
		if w.at[thing] == id {
			w.at[thing] = other
			w.came[id] = append(w.came[id], thing)
		}
	}
}

func (w *mergeWalk) unmerge(ctx context.Context, id int64) {
	w.f.must(w.f.svc.Unmerge(ctx, w.f.as(w.f.desk, "incident.unmerge"), id, w.f.incident(id).Version, "不是"))
	for _, thing := range w.came[id] {
		w.at[thing] = id
	}
	delete(w.into, id)
	k := len(w.was) - 1
	for w.was[k].ID != id {
		k--
	}
	if now, was := w.f.incident(id), w.was[k]; now.State != was.State || !now.StateSince.Equal(was.StateSince) || (now.DueAt == nil) != (was.DueAt == nil) || now.Active != was.Active {
		w.t.Fatalf("it stands %+v, stood %+v", now, was)
	}
}

// compare holds the database against the model.
func (w *mergeWalk) compare() {
	type row struct {
		Thing string
		At    int64
	}
	rows, err := many[row](w.f.t.Context(), w.f.owner, `
		select 'report ' || id as thing, incident_id as at from report where incident_id = any($1)
		union all select 'note ' || id, incident_id from timeline where incident_id = any($1)
		union all select 'task ' || id, incident_id from assignment where incident_id = any($1)
		union all select 'merged ' || id, merged_into from incident where id = any($1) and state = 'merged'`, w.ids)
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[string]int64{}
	for _, r := range rows {
		found[r.Thing] = r.At
	}
	want := maps.Clone(w.at)
	for id, into := range w.into {
		want[fmt.Sprintf("merged %d", id)] = into
	}
	if !maps.Equal(found, want) {
		w.t.Fatalf("found %v, want %v", found, want)
	}
	if len(w.into) == 0 && !maps.Equal(found, w.home) {
		w.t.Fatalf("all apart: found %v, at home %v", found, w.home)
	}
}

// lastReport gives the newest report of an incident.
func (w *mergeWalk) lastReport(id int64) string {
	var report string
	if err := w.f.owner.QueryRow(w.f.t.Context(), `select 'report ' || max(id) from report where incident_id = $1`, id).Scan(&report); err != nil {
		w.t.Fatal(err)
	}
	return report
}
