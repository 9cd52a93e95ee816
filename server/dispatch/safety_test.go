package dispatch

import (
	"testing"
	"time"
)

// TestWelfareDue: asked at the time, once more a minute later, then silent; every
// check is answered to by the next, and an end of the work ends them.
func TestWelfareDue(t *testing.T) {
	start := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	plan := Plan{WelfareSeconds: 900}
	a := Assignment{State: AssignmentOnScene, Version: 3}.watch(plan, start)
	steps := []struct {
		after time.Duration
		kind  string
		tries int
	}{
		{899 * time.Second, "", 0},
		{900 * time.Second, "assignment.welfare_asked", 1},
		{959 * time.Second, "", 1},
		{960 * time.Second, "assignment.welfare_asked", 2},
		{1020 * time.Second, "assignment.silent", 2},
		{9000 * time.Second, "", 2},
	}
	for _, s := range steps {
		next, kind, due := a.welfareDue(start.Add(s.after))
		if kind != s.kind || next.WelfareTries != s.tries || due != (kind != "") || due != (next.Version == a.Version+1) {
			t.Fatalf("after %s: %q at try %d, due %t, version %d", s.after, kind, next.WelfareTries, due, next.Version)
		}
		a = next
	}
	if a.WelfareAsked == nil || !a.WelfareAsked.Equal(start.Add(900*time.Second)) {
		t.Fatalf("asked since %v", a.WelfareAsked)
	}
	back := a.watch(plan, start.Add(time.Hour))
	if back.WelfareAsked != nil || back.WelfareTries != 0 || !back.WelfareAt.Equal(start.Add(time.Hour+15*time.Minute)) {
		t.Fatalf("answered: %+v", back)
	}
	for _, step := range []string{"done", "release"} {
		if over, _, err := back.Step(step, start); err != nil || over.WelfareAt != nil {
			t.Errorf("%s leaves a check at %v, %v", step, over.WelfareAt, err)
		}
	}
	if none := (Assignment{State: AssignmentOnScene}).watch(Plan{}, start); none.WelfareAt != nil {
		t.Error("asked where the plan does not say so")
	}
}

// TestAlone: the first of two waits for the second before they go in.
func TestAlone(t *testing.T) {
	on := func(task TaskKind, state AssignmentState) Assignment { return Assignment{Task: task, State: state} }
	me := on(TaskDirect, AssignmentEnRoute)
	tests := []struct {
		name   string
		pair   bool
		step   string
		me     Assignment
		others []Assignment
		want   bool
	}{
		{"arrives alone", true, "on_scene", me, nil, true},
		{"done without having arrived", true, "done", me, nil, true},
		{"sets out alone", true, "en_route", on(TaskDirect, AssignmentAccepted), nil, false},
		{"leaves", true, "release", me, nil, false},
		{"done after the other has left", true, "done", on(TaskDirect, AssignmentOnScene), nil, false},
		{"a second has accepted", true, "on_scene", me, []Assignment{on(TaskDirect, AssignmentAccepted)}, false},
		{"the second has left", true, "on_scene", me, []Assignment{on(TaskDirect, AssignmentReleased)}, true},
		{"the second is at the perimeter", true, "on_scene", me, []Assignment{on(TaskPerimeter, AssignmentOnScene)}, true},
		{"at the perimeter", true, "on_scene", on(TaskPerimeter, AssignmentEnRoute), nil, false},
		{"the plan asks for one", false, "on_scene", me, nil, false},
	}
	for _, tt := range tests {
		if got := (Plan{Pair: tt.pair}).alone(tt.step, tt.me, append(tt.others, tt.me)); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// TestAlarmSteps: seen to before it is closed, and each once.
func TestAlarmSteps(t *testing.T) {
	now, me := time.Now(), int64(7)
	a := Alarm{State: AlarmOpen, Version: 1}
	if _, _, err := a.Step("close", &me, now); CodeOf(err) != CodeIllegalTransition {
		t.Fatalf("closed unseen: %v", err)
	}
	a, kind, err := a.Step("acknowledge", &me, now)
	if err != nil || kind != "alarm.acknowledged" || a.AcknowledgedBy != &me || a.Version != 2 {
		t.Fatalf("%+v %s %v", a, kind, err)
	}
	if _, _, err := a.Step("acknowledge", &me, now); CodeOf(err) != CodeIllegalTransition {
		t.Fatalf("acknowledged twice: %v", err)
	}
	if a, _, err = a.Step("close", &me, now); err != nil || a.State != AlarmClosed || a.ClosedAt == nil {
		t.Fatalf("%+v %v", a, err)
	}
}
