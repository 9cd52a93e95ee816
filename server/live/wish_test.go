package live

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"yiping/server/dispatch"
)

// change puts an incident into the log as it is now.
func (s *source) change(i dispatch.Incident) dispatch.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := dispatch.Change{Event: dispatch.Event{Offset: int64(len(s.log) + 1), Kind: "incident.edited", At: start, Noun: dispatch.NounIncident, NounID: i.ID, AreaID: i.AreaID, IncidentID: &i.ID}, Incident: &i}
	s.log = append(s.log, c)
	return c
}

// TestAWishIsFulfilled: whatever becomes of incidents, whoever wants some of them
// and folds what they are told has exactly those, over every cut of their link.
func TestAWishIsFulfilled(t *testing.T) {
	tree := district()
	states := []dispatch.IncidentState{dispatch.IncidentReported, dispatch.IncidentVerified, dispatch.IncidentHandling, dispatch.IncidentClosed}
	priorities := []dispatch.Priority{dispatch.PriorityCritical, dispatch.PriorityNormal}
	families := []string{"urban", "service"}
	rapid.Check(t, func(t *rapid.T) {
		some := func(label string, of ...string) []string {
			return slices.DeleteFunc(of, func(string) bool { return rapid.Bool().Draw(t, label) })
		}
		wish := Wish{AreaID: rapid.SampledFrom([]int64{0, 1, 2, 3, 4}).Draw(t, "area"), States: some("state", "reported", "verified", "handling"),
			Priorities: some("priority", "critical", "normal"), Families: some("family", families...)}
		src := &source{}
		hub := newHub(src)
		now, has, since := map[int64]dispatch.Incident{}, map[int64]bool{}, Since{}
		var sub *Subscriber
		come := func() {
			s, err := hub.Subscribe(t.Context(), actor(dispatch.RoleDispatcher, 1), 0, since, wish, func() {})
			if err != nil {
				t.Fatal(err)
			}
			sub, since.Epoch = s, "epoch"
		}
		fold := func() {
			for _, f := range take(t, sub) {
				if f.Type != "event" {
					continue
				}
				if since.Offset = f.Offset; wish.incident(tree, *f.Incident) && !f.Incident.State.Terminal() {
					has[f.Incident.ID] = true
				} else {
					delete(has, f.Incident.ID)
				}
			}
		}
		come()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 5).Draw(t, "what") == 0 {
				fold()
				hub.Leave(sub)
				if rapid.Bool().Draw(t, "away") {
					come()
					continue
				}
				i := dispatch.Incident{ID: 1, AreaID: 4, State: rapid.SampledFrom(states).Draw(t, "meanwhile"), Priority: priorities[0], Family: families[0]}
				now[i.ID] = i
				hub.Publish([]dispatch.Change{src.change(i)})
				come()
				continue
			}
			i := dispatch.Incident{ID: rapid.Int64Range(1, 4).Draw(t, "id"), AreaID: rapid.Int64Range(4, 6).Draw(t, "where"), State: rapid.SampledFrom(states).Draw(t, "to"),
				Priority: rapid.SampledFrom(priorities).Draw(t, "urgent"), Family: rapid.SampledFrom(families).Draw(t, "of")}
			now[i.ID] = i
			hub.Publish([]dispatch.Change{src.change(i)})
		}
		fold()
		want := map[int64]bool{}
		for id, i := range now {
			if wish.incident(tree, i) && !i.State.Terminal() {
				want[id] = true
			}
		}
		if !maps.Equal(has, want) {
			t.Fatalf("of %+v has %v, want %v of %v", wish, has, want, now)
		}
	})
}

// TestAWishLeavesOut: what does not fit, and did not, is not sent; a snapshot holds
// only what does, and what belongs to it.
func TestAWishLeavesOut(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	s, err := hub.Subscribe(t.Context(), actor(dispatch.RoleDispatcher, 1), 0, Since{}, Wish{States: []string{"verified"}, AreaID: 2}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []dispatch.Incident{
		{ID: 1, AreaID: 4, State: dispatch.IncidentReported}, {ID: 2, AreaID: 4, State: dispatch.IncidentVerified}, {ID: 3, AreaID: 6, State: dispatch.IncidentVerified},
		{ID: 2, AreaID: 6, State: dispatch.IncidentVerified}, {ID: 2, AreaID: 6, State: dispatch.IncidentHandling}} {
		hub.Publish([]dispatch.Change{src.change(i)})
	}
	if got := offsets(take(t, s)); !slices.Equal(got, []int64{2, 4}) {
		t.Errorf("told of %v, want the one that fits and that it no longer does", got)
	}
	task := func(id int64) *dispatch.Task { return &dispatch.Task{IncidentID: id} }
	snap := s.narrow(district(), dispatch.Snapshot{
		Incidents:   []dispatch.Incident{{ID: 1, AreaID: 4, State: dispatch.IncidentVerified}, {ID: 2, AreaID: 6, State: dispatch.IncidentVerified}},
		Offers:      []dispatch.Offer{{ID: 1, IncidentID: 1}, {ID: 2, IncidentID: 2}},
		Assignments: []dispatch.Assignment{{ID: 1, IncidentID: 1}, {ID: 2, IncidentID: 2}},
		Responders:  []dispatch.Responder{{ID: 1, Task: task(1)}, {ID: 2, Task: task(2)}}})
	if len(snap.Incidents) != 1 || len(snap.Offers) != 1 || len(snap.Assignments) != 1 || len(snap.Responders) != 1 || snap.Responders[0].ID != 1 || snap.Offers[0].ID != 1 {
		t.Errorf("left %+v", snap)
	}
	only, err := hub.Subscribe(t.Context(), actor(dispatch.RoleDispatcher, 1), 0, Since{"epoch", 0}, Wish{Layers: []string{LayerResponders}}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if got := offsets(take(t, only)); len(got) != 0 {
		t.Errorf("who wants no incidents is told of %v", got)
	}
}
