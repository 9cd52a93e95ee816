package postgres

import (
	"slices"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// fanOut hands the log on until nothing is left, and gives what a target is to be
// told.
func (f *fixture) fanOut(target string) (kinds []string) {
	f.t.Helper()
	for more := true; more; {
		var err error
		if more, err = f.store.FanOut(f.t.Context(), []string{"all", "east", "west"}); err != nil {
			f.t.Fatal(err)
		}
	}
	type row struct{ Kind string }
	rows, err := many[row](f.t.Context(), f.owner, `select e.kind from message m join event e on e."offset" = m.event_offset
		join message_target g on g.id = m.target_id where g.name = $1 and m.state = 'queued' order by m.event_offset`, target)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, r := range rows {
		kinds = append(kinds, r.Kind)
	}
	return kinds
}

// sequenced waits until the log holds so many incidents as verified.
func (f *fixture) sequenced(n int) {
	f.t.Helper()
	f.until("the incidents", func(read []dispatch.Change) bool {
		verified := 0
		for _, c := range read {
			if c.Event.Kind == "incident.verified" {
				verified++
			}
		}
		return verified == n
	})
}

// TestTargetsAreToldOnce: of what lies in their area and is of their kinds, from
// when they were named, and each event once however many nodes look.
func TestTargetsAreToldOnce(t *testing.T) {
	f := newFixture(t)
	f.verified()
	f.sequenced(1)
	all := dispatch.Target{Name: "all", Channel: dispatch.WayWebhook, Kinds: []string{"incident.*"}, Stamp: [32]byte{1}}
	east := dispatch.Target{Name: "east", Channel: dispatch.WayGroup, AreaCode: f.east.Code, Kinds: []string{"incident.verified"}}
	west := dispatch.Target{Name: "west", Channel: dispatch.WayGroup, AreaCode: f.street.Code, Kinds: []string{"incident.verified"}}
	keep := func(targets ...dispatch.Target) {
		t.Helper()
		unknown, err := f.store.KeepTargets(t.Context(), targets)
		if err != nil || len(unknown) != 0 {
			t.Fatal(unknown, err)
		}
	}
	keep(all, east, west)
	if got := f.fanOut("all"); len(got) != 0 {
		t.Errorf("told of what was before: %v", got)
	}
	f.verified() // in the west, below the street
	f.sequenced(2)
	for _, err := range atOnce(4, func(int) error { _, err := f.store.FanOut(t.Context(), []string{"all", "east", "west"}); return err }) {
		if err != nil {
			t.Fatal(err)
		}
	}
	keep(all, east, west) // another start changes nothing
	if got := f.fanOut("all"); !slices.Equal(got, []string{"incident.reported", "incident.verified"}) {
		t.Errorf("all: %v", got)
	}
	if got := f.fanOut("west"); !slices.Equal(got, []string{"incident.verified"}) {
		t.Errorf("west: %v", got)
	}
	if got := f.fanOut("east"); len(got) != 0 {
		t.Errorf("east: %v", got)
	}
	claimed := f.claim(dispatch.WayWebhook, time.Now().Add(time.Minute))
	if len(claimed) != 2 || claimed[1].Event == nil || claimed[1].Event.Kind != "incident.verified" || claimed[1].TypeName != "火情" || claimed[1].Target != "all" {
		t.Fatalf("claimed %+v", claimed)
	}

	// Put off, it was no attempt.
	if err := f.store.MessagePostponed(t.Context(), claimed[0], time.Now()); err != nil {
		t.Fatal(err)
	}
	if again := f.claim(dispatch.WayWebhook, time.Now().Add(time.Second)); len(again) != 1 || again[0].Attempts != 1 {
		t.Errorf("after it was put off: %+v", again)
	}

	// Who asks to be told no more is not, until the entry changes.
	if err := f.store.DisableTarget(t.Context(), "all", f.store.now()); err != nil {
		t.Fatal(err)
	}
	keep(all, east, west)
	f.verified()
	f.sequenced(3)
	if got := f.fanOut("all"); len(got) != 0 {
		t.Errorf("told though it is gone: %v", got)
	}
	all.Stamp = [32]byte{2}
	keep(all)
	f.verified()
	f.sequenced(4)
	if got := f.fanOut("all"); len(got) != 2 {
		t.Errorf("changed, it is told %v", got)
	}
	if unknown, err := f.store.KeepTargets(t.Context(), []dispatch.Target{{Name: "x", Channel: dispatch.WayGroup, AreaCode: "nowhere", Kinds: []string{}}}); err != nil || len(unknown) != 1 {
		t.Errorf("an area nobody knows: %v, %v", unknown, err)
	}
}
