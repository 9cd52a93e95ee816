package dispatch

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCallUpSteps(t *testing.T) {
	tests := []struct {
		name, step string
		from, want CallUpState // want "" means refused
	}{
		{"everybody is asked", "finish", CallUpAsking, CallUpAsked},
		{"called off while people are asked", "cancel", CallUpAsking, CallUpCancelled},
		{"sent home while people are asked", "stand_down", CallUpAsking, CallUpStoodDown},
		{"sent home", "stand_down", CallUpAsked, CallUpStoodDown},
		{"called off", "cancel", CallUpAsked, CallUpCancelled},
		{"nobody is asked twice", "finish", CallUpAsked, ""},
		{"what was called off asks nobody", "finish", CallUpCancelled, ""},
		{"what is over is not called off", "cancel", CallUpStoodDown, ""},
		{"an unknown step is refused", "fly", CallUpAsking, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			next, kind, err := CallUp{State: tt.from, Version: 3}.Step(tt.step, noon)
			if tt.want == "" {
				if CodeOf(err) != CodeIllegalTransition || next.State != tt.from || next.Version != 3 {
					t.Fatalf("got %+v and %v, want it refused", next, err)
				}
				return
			}
			if err != nil || next.State != tt.want || next.Version != 4 || kind == "" || (next.EndedAt == nil) == !tt.want.Open() {
				t.Fatalf("got %+v kind %q error %v, want state %s version 4", next, kind, err, tt.want)
			}
		})
	}
}

// memberModel is what a member must be, told apart from how it is done: where
// they stand, when they arrived, and whether their hours have ended.
type memberModel struct {
	state         MemberState
	arrived, left time.Time
	home          time.Time
}

// apply gives whether a step is legal, and what follows.
func (w *memberModel) apply(step string, at time.Time) bool {
	waits := slices.Contains([]MemberState{MemberAsked, MemberSeen, MemberComing}, w.state)
	switch step {
	case "ask":
		return w.to(w.state == MemberSubstitute, MemberAsked)
	case "seen":
		return w.to(w.state == MemberAsked, MemberSeen)
	case "come":
		return w.to(w.state == MemberAsked || w.state == MemberSeen, MemberComing)
	case "decline":
		return w.to(waits, MemberDeclined)
	case "arrive":
		if w.state == MemberStoodDown && w.arrived.IsZero() && at.Before(w.home) { // told late
			w.arrived, w.left = at, w.home
			return true
		}
		ok := w.to(waits || w.state == MemberSubstitute || w.state == MemberDeclined, MemberArrived)
		if ok {
			w.arrived = at
		}
		return ok
	case "leave", "stand_down":
		there := w.state == MemberArrived
		if step == "leave" && !there || step == "stand_down" && !there && !waits {
			return false
		}
		if there {
			w.left = at
			if at.Before(w.arrived) {
				w.left = w.arrived
			}
		}
		if w.state = MemberLeft; step == "stand_down" {
			w.state, w.home = MemberStoodDown, at
		}
		return true
	}
	return false
}

func (w *memberModel) to(legal bool, next MemberState) bool {
	if legal {
		w.state = next
	}
	return legal
}

// TestMemberFollowsItsModel walks the machine at random, with clocks that go wrong:
// it does what the model does, refuses what it refuses and then changes nothing,
// and counts hours exactly for those who arrived and left.
func TestMemberFollowsItsModel(t *testing.T) {
	steps := []string{"ask", "seen", "come", "decline", "arrive", "leave", "stand_down", "fly"}
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.SampledFrom([]MemberState{MemberSubstitute, MemberAsked}).Draw(t, "first")
		m, want, version := CallUpMember{State: first, Version: 1}, memberModel{state: first}, 1
		for range rapid.IntRange(1, 25).Draw(t, "length") {
			step := rapid.SampledFrom(steps).Draw(t, "step")
			at := noon.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
			legal := want.apply(step, at)
			next, kind, err := m.Step(step, at)
			if legal != (err == nil) {
				t.Fatalf("%s from %s: legal %v, error %v", step, m.State, legal, err)
			}
			if !legal {
				if !reflect.DeepEqual(next, m) || CodeOf(err) != CodeIllegalTransition {
					t.Fatalf("a refused step changed %+v to %+v, %v", m, next, err)
				}
				continue
			}
			version++
			if next.State != want.state || next.Version != version || kind == "" {
				t.Fatalf("%s from %s: %+v kind %q, want %s version %d", step, m.State, next, kind, want.state, version)
			}
			m = next
			if (m.Minutes == nil) != want.left.IsZero() || (m.ArrivedAt == nil) != want.arrived.IsZero() {
				t.Fatalf("%+v, want arrived %v left %v", m, want.arrived, want.left)
			}
			if m.Minutes != nil {
				stay := want.left.Sub(want.arrived)
				if off := stay - time.Duration(*m.Minutes)*time.Minute; off < -30*time.Second || off > 30*time.Second || !m.LeftAt.Equal(want.left) {
					t.Fatalf("%d minutes of %s", *m.Minutes, stay)
				}
			}
		}
	})
}

// TestNextCoversEverybodyOnce: the slices that are asked one after the other have
// no gap, no overlap and an end, whatever the batch.
func TestNextCoversEverybodyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := CallUp{Total: rapid.IntRange(1, 3000).Draw(t, "total")}
		for rounds := 0; c.AskedTo < c.Total; rounds++ {
			from, to := c.Next(rapid.IntRange(1, 700).Draw(t, "batch"))
			if from != c.AskedTo || to <= from || to > c.Total || rounds > c.Total {
				t.Fatalf("after %d of %d: %d to %d", c.AskedTo, c.Total, from, to)
			}
			c.AskedTo = to
		}
	})
}

func TestCommonArea(t *testing.T) {
	one, two, three := int64(1), int64(2), int64(3)
	tree := NewAreaTree([]Area{{ID: 1, Level: LevelDistrict}, {ID: 2, ParentID: &one}, {ID: 3, ParentID: &one},
		{ID: 4, ParentID: &two}, {ID: 5, ParentID: &two}, {ID: 6, ParentID: &three}})
	tests := []struct {
		name string
		ids  []int64
		want int64
	}{
		{"one", []int64{4}, 4}, {"two communities of a street", []int64{4, 5}, 2}, {"a street and its community", []int64{4, 2}, 2},
		{"of two streets", []int64{5, 6}, 1}, {"none", nil, 0}, {"an unknown one", []int64{4, 99}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tree.Common(tt.ids); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}
