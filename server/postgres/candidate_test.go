package postgres

import (
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
	"yiping/server/importer"
)

// hazard makes the fixture's fires dangerous, and takes one in.
func (f *fixture) hazard() dispatch.Incident {
	f.t.Helper()
	f.exec(`update plan set hazard = true, hazard_training = '{fire_rescue}'`)
	return f.verified()
}

// TestHazardKeepsAwayWhomItDoes: who is not insured is neither recommended nor
// sent, whatever the reason; who was, and no longer is, cannot accept. To the
// perimeter anybody of age goes, and takes no place of those who go in.
func TestHazardKeepsAwayWhomItDoes(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	crew := f.responder("队员", orb.Point{121.051, 38.051}, "fire_rescue")
	f.exec(`update responder set adult = true, insured_until = current_date + 30 where id = $1`, crew.ResponderID)
	helper := f.responder("帮手", orb.Point{121.052, 38.051}, "fire_rescue")
	f.exec(`update responder set adult = true where id = $1`, helper.ResponderID)
	if err := f.svc.RefreshForces(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := f.hazard()

	ranked, err := f.svc.Recommend(ctx, f.desk, i.ID, dispatch.Wanted{})
	if err != nil || len(ranked.Candidates) != 1 || ranked.Candidates[0].Responder.ID != crew.ResponderID {
		t.Fatalf("recommended %+v, %v", ranked.Candidates, err)
	}
	if s := ranked.Shortfall; s == nil || s.Barred != 1 || s.Reason != "hazard" || s.Dispatchable != 2 || !slices.Equal(s.Skills, []string{"fire_rescue"}) {
		t.Fatalf("the shortfall %+v", s)
	}
	if _, err := f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{helper.ResponderID}, "只有他在附近"); dispatch.CodeOf(err) != dispatch.CodeHazardBars {
		t.Fatalf("sent past the hazard: %v", err)
	}
	ranked, err = f.svc.Recommend(ctx, f.desk, i.ID, dispatch.Wanted{Task: dispatch.TaskPerimeter})
	if err != nil || len(ranked.Candidates) != 2 || ranked.Task != dispatch.TaskPerimeter {
		t.Fatalf("for the perimeter %+v, %v", ranked.Candidates, err)
	}
	out := f.must(f.svc.SendTask(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{helper.ResponderID}, "", dispatch.TaskPerimeter))
	out = f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, out.Version, []int64{crew.ResponderID}, ""))
	offers := f.offersOf(i.ID)
	f.must(f.svc.AnswerOffer(ctx, f.as(helper, "accept"), offers[helper.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	a, err := f.store.AssignmentOfOffer(ctx, offers[helper.ResponderID].ID)
	if err != nil || a == nil || a.Task != dispatch.TaskPerimeter {
		t.Fatalf("to the perimeter: %+v, %v", a, err)
	}
	for task, want := range map[dispatch.TaskKind]int{dispatch.TaskDirect: 0, dispatch.TaskPerimeter: 1} {
		if n, err := f.store.Taken(ctx, i.ID, task); err != nil || n != want {
			t.Errorf("%d at %s, %v; want %d", n, task, err, want)
		}
	}
	f.exec(`update responder set insured_until = current_date - 2 where id = $1`, crew.ResponderID)
	_, err = f.svc.AnswerOffer(ctx, f.as(crew, "accept"), offers[crew.ResponderID].ID, dispatch.Answer{Step: "accept"})
	if dispatch.CodeOf(err) != dispatch.CodeHazardBars {
		t.Fatalf("accepted without insurance: %v", err)
	}
}

// TestFullInsideLeavesThePerimeterAsked: the last place of one task is taken, and
// those who were asked to the other are asked still.
func TestFullInsideLeavesThePerimeterAsked(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	f.exec(`update plan set quota = 1`)
	in, spare, out := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"), f.responder("二", orb.Point{121.052, 38.051}, "fire_rescue"), f.responder("三", orb.Point{121.053, 38.051}, "patrol")
	i := f.verified()
	sent := f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{in.ResponderID, spare.ResponderID}, ""))
	f.must(f.svc.SendTask(ctx, f.as(f.desk, "send"), i.ID, sent.Version, []int64{out.ResponderID}, "维持秩序", dispatch.TaskPerimeter))
	f.must(f.svc.AnswerOffer(ctx, f.as(in, "accept"), f.offersOf(i.ID)[in.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	offers := f.offersOf(i.ID)
	if offers[spare.ResponderID].State != dispatch.OfferWithdrawn || offers[out.ResponderID].State != dispatch.OfferOffered {
		t.Fatalf("at quota the spare is %s and the perimeter %s", offers[spare.ResponderID].State, offers[out.ResponderID].State)
	}
	f.must(f.svc.AnswerOffer(ctx, f.as(out, "accept"), offers[out.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	if o := f.offersOf(i.ID)[out.ResponderID]; o.State != dispatch.OfferAccepted {
		t.Fatalf("the perimeter's answer: %s", o.State)
	}
}

// TestRecommendationTellsWhatItKnows: a position that is too old gives way to the
// post, work of today counts against, a community's minimum is held against.
func TestRecommendationTellsWhatItKnows(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	lost := f.responder("甲", orb.Point{121.051, 38.051}, "fire_rescue")
	f.exec(`insert into position (responder_id, area_id, lon, lat, cell, at) values ($1, $2, 121.09, 38.09, 0, now() - interval '2 hours')`, lost.ResponderID, f.west.ID)
	tired := f.responder("乙", orb.Point{121.0505, 38.051}, "fire_rescue")
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{tired.ResponderID}, ""))
	o := f.offersOf(i.ID)[tired.ResponderID]
	f.must(f.svc.AnswerOffer(ctx, f.as(tired, "accept"), o.ID, dispatch.Answer{Step: "accept"}))
	a, err := f.store.AssignmentOfOffer(ctx, o.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.must(f.svc.Advance(ctx, f.as(tired, "done"), a.ID, dispatch.Progress{Step: "on_scene"}))
	f.must(f.svc.Advance(ctx, f.as(tired, "done"), a.ID, dispatch.Progress{Step: "done"}))
	minimum := 2
	f.area(dispatch.AreaInput{Level: dispatch.LevelCommunity, ParentID: f.street.ID, Code: f.west.Code, Name: f.west.Name, MinimumStrength: &minimum})
	if err := f.svc.Load(t.Context()); err != nil {
		t.Fatal(err)
	}

	next := f.verified()
	ranked, err := f.svc.Recommend(ctx, f.desk, next.ID, dispatch.Wanted{})
	if err != nil || len(ranked.Candidates) != 2 {
		t.Fatalf("recommended %+v, %v", ranked.Candidates, err)
	}
	first, second := ranked.Candidates[0], ranked.Candidates[1]
	if first.Responder.ID != lost.ResponderID || first.Place != dispatch.PlacePost || first.Confidence != dispatch.ConfidenceLow || first.DistanceMeters > 200 {
		t.Errorf("whose position is lost: %+v", first)
	}
	codes := func(c dispatch.Candidate) (list []dispatch.ReasonCode) {
		for _, r := range c.Reasons {
			list = append(list, r.Code)
		}
		return list
	}
	if !slices.Contains(codes(first), dispatch.ReasonPositionLost) || !slices.Contains(codes(second), dispatch.ReasonRested) || !slices.Contains(codes(second), dispatch.ReasonTasksLately) {
		t.Errorf("the reasons %+v and %+v", first.Reasons, second.Reasons)
	}
	if !slices.Equal(ranked.Strengths, []dispatch.Strength{{AreaID: f.west.ID, AreaName: f.west.Name, OnDuty: 2, After: 0, Minimum: 2}}) {
		t.Errorf("strengths %+v", ranked.Strengths)
	}
	work, err := f.store.Work(ctx, []int64{lost.ResponderID, tired.ResponderID}, time.Now().Add(-time.Hour))
	if err != nil || len(work) != 1 || work[tired.ResponderID].Tasks != 1 || work[tired.ResponderID].LastEnded == nil {
		t.Errorf("work %+v, %v", work, err)
	}
}

// TestStandingAndMinimumAreImported, and stay where a later file lacks them.
func TestStandingAndMinimumAreImported(t *testing.T) {
	f := newFixture(t)
	f.imports("responders", importer.Options{}, "编号,姓名,身份,报到社区,经度,纬度,已成年,意外保险到期日", "1,张三,网格员,西苑社区,121.05,38.05,是,2027-05-31", "2,李四,志愿者,西苑社区,121.05,38.05,,")
	want := []string{"张三,yes,2027-05-31", "李四,no,"}
	f.same("people", f.rows("responders", dispatch.RegisterFilter{}, "name", "adult", "insured_until"), want...)
	f.imports("responders", importer.Options{}, "编号,姓名,身份,报到社区", "1,张三,网格员,西苑社区")
	f.same("people after", f.rows("responders", dispatch.RegisterFilter{}, "name", "adult", "insured_until"), want...)
	f.imports("areas", importer.Options{}, "级别,代码,名称,上级代码,最低在岗人数", "社区,990001001001,西苑社区,990001001,3")
	a, err := f.store.Area(everywhere(t), f.west.ID)
	if err != nil || a.MinimumStrength == nil || *a.MinimumStrength != 3 {
		t.Fatalf("the area %+v, %v", a, err)
	}
}
