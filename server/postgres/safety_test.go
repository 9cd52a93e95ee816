package postgres

import (
	"fmt"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// assigned sends people to a fire and lets them accept.
func (f *fixture) assigned(people ...dispatch.Actor) (dispatch.Incident, []dispatch.Assignment) {
	f.t.Helper()
	i := f.verified()
	ids := make([]int64, len(people))
	for k, p := range people {
		ids[k] = p.ResponderID
	}
	f.must(f.svc.Send(everywhere(f.t), f.as(f.desk, "send"), i.ID, i.Version, ids, "就近派员"))
	list := make([]dispatch.Assignment, len(people))
	for k, p := range people {
		f.answer(p, i.ID, dispatch.Answer{Step: "accept"})
		a, err := f.store.AssignmentOfOffer(everywhere(f.t), f.offersOf(i.ID)[p.ResponderID].ID)
		if err != nil || a == nil {
			f.t.Fatal(a, err)
		}
		list[k] = *a
	}
	return i, list
}

func (f *fixture) alarms(incidentID int64) []dispatch.Alarm {
	f.t.Helper()
	list, err := f.store.Alarms(everywhere(f.t), incidentID)
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// TestWelfare: who is on scene is asked at the plan's interval by two nodes once,
// an answer begins the next, two silences are an alarm that the next level is told
// of at once, and who is done is left alone.
func TestWelfare(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	f.exec(`update plan set welfare_seconds = 900, ladder = '[{"level": "street", "seconds": 80000}]'`)
	one := f.crew(1, 121.0505)[0]
	i, list := f.assigned(one)
	id := list[0].ID
	now := func() dispatch.Assignment {
		t.Helper()
		f.twice(f.svc.CheckWelfare)
		a, err := f.store.Assignment(everywhere(t), id)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if _, err := f.svc.AnswerWelfare(self(t, one), f.as(one, "welfare"), id, dispatch.Signal{}); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Fatalf("all right before the arrival: %v", err)
	}
	f.must(f.svc.Advance(self(t, one), f.as(one, "on_scene"), id, dispatch.Progress{Step: "on_scene"}))
	clock.turn(14 * time.Minute)
	if a := now(); a.WelfareAsked != nil {
		t.Fatalf("asked early: %+v", a)
	}
	clock.turn(time.Minute)
	if a := now(); a.WelfareAsked == nil || a.WelfareTries != 1 {
		t.Fatalf("not asked: %+v", a)
	}
	f.must(f.svc.AnswerWelfare(self(t, one), f.as(one, "welfare"), id, dispatch.Signal{}))
	if a := now(); a.WelfareAsked != nil || a.WelfareAt.Sub(clock.now()) < 14*time.Minute {
		t.Fatalf("answered: %+v", a)
	}
	for k, turn := range []time.Duration{15 * time.Minute, time.Minute} {
		clock.turn(turn)
		if a := now(); a.WelfareTries != k+1 || len(f.alarms(i.ID)) != 0 {
			t.Fatalf("after %d askings: %+v, %v", k+1, a, f.alarms(i.ID))
		}
	}
	clock.turn(time.Minute)
	if a, alarms := now(), f.alarms(i.ID); a.WelfareAt != nil || len(alarms) != 1 || alarms[0].Kind != dispatch.AlarmSilent || alarms[0].ResponderID != one.ResponderID {
		t.Fatalf("silent: %+v, %+v", a, alarms)
	}
	d, err := f.store.IncidentDetail(everywhere(t), i.ID)
	if err != nil || len(d.Escalations) != 1 || d.Escalations[0].Why != dispatch.EscalationAlarm {
		t.Fatalf("told: %+v, %v", d.Escalations, err)
	}
	f.must(f.svc.AnswerWelfare(everywhere(t), f.as(f.desk, "welfare"), id, dispatch.Signal{OnBehalf: true}))
	f.must(f.svc.Advance(self(t, one), f.as(one, "done"), id, dispatch.Progress{Step: "done"}))
	clock.turn(time.Hour)
	if a := now(); a.WelfareAt != nil || a.WelfareAsked != nil || len(f.alarms(i.ID)) != 1 {
		t.Fatalf("asked after it was over: %+v", a)
	}
}

// TestHelp: a call for help rings once however often it is sent, tells the next
// level at once, is acknowledged by somebody and closed with what was done, and is
// nobody else's to raise.
func TestHelp(t *testing.T) {
	f := newFixture(t)
	f.exec(`update plan set ladder = '[{"level": "street", "seconds": 80000}, {"level": "district", "seconds": 85000}]'`)
	people := f.crew(2, 121.0505)
	i, list := f.assigned(people[0])
	me, other, id := people[0], people[1], list[0].ID
	if _, err := f.svc.RaiseAlarm(everywhere(t), f.as(other, "alarm"), id, dispatch.Signal{}); err == nil {
		t.Fatal("raised by somebody else")
	}
	first := f.must(f.svc.RaiseAlarm(self(t, me), f.as(me, "alarm"), id, dispatch.Signal{}))
	again := f.must(f.svc.RaiseAlarm(self(t, me), f.as(me, "alarm"), id, dispatch.Signal{}))
	if again.ID != first.ID || len(f.alarms(i.ID)) != 1 {
		t.Fatalf("rings twice: %v", f.alarms(i.ID))
	}
	d, err := f.store.IncidentDetail(everywhere(t), i.ID)
	if err != nil || len(d.Escalations) != 1 || d.Escalations[0].Level != dispatch.LevelStreet || d.Escalations[0].Why != dispatch.EscalationAlarm {
		t.Fatalf("told: %+v, %v", d.Escalations, err)
	}
	move := func(a dispatch.Actor, step, done string) error {
		_, err := f.svc.MoveAlarm(everywhere(t), f.as(a, step), first.ID, step, done)
		return err
	}
	if err := move(me, "acknowledge", ""); err == nil {
		t.Fatal("acknowledged by who called")
	}
	errs := atOnce(4, func(int) error { return move(f.desk, "acknowledge", "") })
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	if won != 1 || move(f.desk, "close", "") == nil || move(f.desk, "close", "已接应撤出") != nil {
		t.Fatalf("acknowledged by %d: %v", won, errs)
	}
	a := f.alarms(i.ID)[0]
	if a.State != dispatch.AlarmClosed || a.AcknowledgedBy == nil || *a.AcknowledgedBy != f.desk.AccountID || a.ClosedBy == nil {
		t.Fatalf("%+v", a)
	}
	d, err = f.store.IncidentDetail(everywhere(t), i.ID)
	if err != nil || len(d.Timeline) != 1 || d.Timeline[0].Words != "已接应撤出" {
		t.Fatalf("noted: %+v, %v", d.Timeline, err)
	}
	if open, err := f.store.Alarms(everywhere(t), 0); err != nil || len(open) != 0 {
		t.Fatalf("still rings: %v, %v", open, err)
	}
}

// TestPair: where the plan demands two nobody arrives alone, unless a dispatcher
// says why.
func TestPair(t *testing.T) {
	f := newFixture(t)
	f.exec(`update plan set pair = true`)
	people := f.crew(3, 121.0505)
	arrive := func(who dispatch.Actor, id int64, p dispatch.Progress) string {
		p.Step = "on_scene"
		_, err := f.svc.Advance(self(t, who), f.as(who, "on_scene"), id, p)
		return string(dispatch.CodeOf(err))
	}
	_, list := f.assigned(people[0])
	f.must(f.svc.Advance(self(t, people[0]), f.as(people[0], "en_route"), list[0].ID, dispatch.Progress{Step: "en_route"}))
	got := []string{arrive(people[0], list[0].ID, dispatch.Progress{}), arrive(f.desk, list[0].ID, dispatch.Progress{OnBehalf: true}),
		arrive(f.desk, list[0].ID, dispatch.Progress{OnBehalf: true, Reason: "民警已在场"})}
	if fmt.Sprint(got) != "[alone alone ]" {
		t.Fatalf("alone, for them, with the reason: %q", got)
	}
	_, list = f.assigned(people[1], people[2])
	if code := arrive(people[1], list[0].ID, dispatch.Progress{}); code != "" {
		t.Fatalf("two have accepted: %s", code)
	}
}
