package dispatch

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 5, 1, 4, 0, 0, 0, time.UTC)

var plan = Plan{Priority: PriorityNormal, Quota: 2, OfferSeconds: 90, VerifySeconds: 300, DispatchSeconds: 300, ArriveSeconds: 900, ResolveSeconds: 7200, CheckSeconds: 86400}

func TestIncidentSteps(t *testing.T) {
	tests := []struct {
		name, step string
		from, want IncidentState // want "" means refused
	}{
		{"a report is verified", "verify", IncidentReported, IncidentVerified},
		{"a report is rejected", "reject", IncidentReported, IncidentRejected},
		{"a verified one is not rejected", "reject", IncidentVerified, ""},
		{"nothing is sent before verifying", "offer", IncidentReported, ""},
		{"the first offer dispatches", "offer", IncidentVerified, IncidentDispatching},
		{"an acceptance begins the handling", "accept", IncidentDispatching, IncidentHandling},
		{"when all have left it is dispatched again", "abandon", IncidentHandling, IncidentDispatching},
		{"handled", "resolve", IncidentHandling, IncidentResolved},
		{"nothing is closed before the check", "close", IncidentResolved, ""},
		{"checked", "check", IncidentResolved, IncidentChecked},
		{"a refused check sends it back", "refuse_check", IncidentResolved, IncidentDispatching},
		{"closed", "close", IncidentChecked, IncidentClosed},
		{"a closed one is reopened", "reopen", IncidentClosed, IncidentVerified},
		{"a closed one is not cancelled", "cancel", IncidentClosed, ""},
		{"told again", "merge", IncidentReported, IncidentMerged},
		{"people on it go over", "merge", IncidentHandling, IncidentMerged},
		{"a closed one is not merged", "merge", IncidentClosed, ""},
		{"a merged one is not merged again", "merge", IncidentMerged, ""},
		{"a merged one is not reopened", "reopen", IncidentMerged, ""},
		{"what is not merged is not taken apart", "unmerge", IncidentVerified, ""},
		{"an unknown step is refused", "fly", IncidentReported, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			next, kind, err := Incident{State: tt.from, Version: 3}.Step(tt.step, plan, noon)
			if tt.want == "" {
				if CodeOf(err) != CodeIllegalTransition {
					t.Fatalf("got %v and %v, want it refused", next.State, err)
				}
				return
			}
			if err != nil || next.State != tt.want || next.Version != 4 || kind == "" || !next.StateSince.Equal(noon) {
				t.Fatalf("got %+v kind %q error %v, want state %s version 4", next, kind, err, tt.want)
			}
		})
	}
}

// TestIncidentWalk walks the machine at random: versions only grow by one, a
// state that is over has no clock and no way out but reopening, and each legal
// step starts the clock of its state from its own entry.
func TestIncidentWalk(t *testing.T) {
	steps := make([]string, 0, len(incidentSteps))
	for name := range incidentSteps {
		steps = append(steps, name)
	}
	slices.Sort(steps)
	rapid.Check(t, func(t *rapid.T) {
		i := Incident{State: IncidentReported, Version: 1, StateSince: noon, DueAt: clock(IncidentReported, plan, noon)}
		now, before := noon, Incident{}
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			now = now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "seconds")) * time.Second)
			step := rapid.SampledFrom(steps).Draw(t, "step")
			legal := i.CanStep(step)
			next, _, err := i.Step(step, plan, now)
			if legal != (err == nil) {
				t.Fatalf("%s from %s: legal %v but error %v", step, i.State, legal, err)
			}
			if err != nil {
				if !reflect.DeepEqual(next, i) {
					t.Fatalf("a refused step changed the incident: %+v", next)
				}
				continue
			}
			if i.State.Terminal() && step != "reopen" && step != "unmerge" {
				t.Fatalf("%s left the terminal state %s", step, i.State)
			}
			if step == "merge" {
				before = i
			}
			if step == "unmerge" {
				if next.Version != i.Version+1 {
					t.Fatalf("version %d -> %d", i.Version, next.Version)
				}
				if i, before.Version = next, next.Version; !reflect.DeepEqual(i, before) {
					t.Fatalf("after merging and unmerging %+v, before %+v", i, before)
				}
				continue
			}
			if next.Version != i.Version+1 || !next.StateSince.Equal(now) {
				t.Fatalf("version %d -> %d, since %s", i.Version, next.Version, next.StateSince)
			}
			if next.State.Terminal() != (next.DueAt == nil) {
				t.Fatalf("state %s with clock %v", next.State, next.DueAt)
			}
			if next.DueAt != nil && !next.DueAt.After(now) {
				t.Fatalf("the clock of %s ran out at its entry", next.State)
			}
			i = next
		}
	})
}

func TestTrackTellsNoMoreThanTheStep(t *testing.T) {
	later := noon.Add(time.Hour)
	tests := []struct {
		name string
		in   Incident
		want string
	}{
		{"just in", Incident{State: IncidentReported}, "received"},
		{"verified", Incident{State: IncidentVerified, VerifiedAt: &later}, "verified"},
		{"somebody took it", Incident{State: IncidentHandling, VerifiedAt: &later, FirstAcceptanceAt: &later}, "handling"},
		{"closed", Incident{State: IncidentClosed, VerifiedAt: &later, FirstAcceptanceAt: &later, ResolvedAt: &later, ClosedAt: &later}, "closed"},
		{"rejected", Incident{State: IncidentRejected, StateSince: later}, "rejected"},
		{"cancelled reads as rejected", Incident{State: IncidentCancelled, StateSince: later, VerifiedAt: &later}, "rejected"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Track(tt.in, "AAAA-BBBB-CCCC", noon)
			if got.State != tt.want || got.Steps[0].State != "received" || got.Steps[len(got.Steps)-1].State != tt.want {
				t.Fatalf("got %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestTrackingNumber(t *testing.T) {
	one, again, other := TrackingNumber("key-1"), TrackingNumber("key-1"), TrackingNumber("key-2")
	if one != again || one == other || len(one) != 14 {
		t.Fatalf("got %s, %s and %s", one, again, other)
	}
	if string(TrackingHash(one)) != string(TrackingHash(" "+one+"\n")) {
		t.Fatal("a copied number with spaces is another number")
	}
}

func TestMaskPhone(t *testing.T) {
	for in, want := range map[string]string{"": "", "110": "****", "13812341234": "138****1234"} {
		if got := MaskPhone(in); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestAccessFollowsTheTree(t *testing.T) {
	one, two := int64(1), int64(2)
	tree := NewAreaTree([]Area{
		{ID: 1, Level: LevelDistrict}, {ID: 2, ParentID: &one, Level: LevelStreet}, {ID: 3, ParentID: &one, Level: LevelStreet},
		{ID: 4, ParentID: &two, Level: LevelCommunity}})
	dispatcher := Actor{AccountID: 9, Grants: []Grant{{Role: RoleDispatcher, AreaID: 2}}}
	wall := Actor{AccountID: 8, Grants: []Grant{{Role: RoleWall, AreaID: 1}}}
	tests := []struct {
		name   string
		actor  Actor
		action Action
		area   int64
		want   bool
	}{
		{"own street", dispatcher, ActionDispatch, 2, true},
		{"community of the own street", dispatcher, ActionDispatch, 4, true},
		{"another street", dispatcher, ActionDispatch, 3, false},
		{"the district above", dispatcher, ActionSee, 1, false},
		{"not an administrator", dispatcher, ActionAdminister, 2, false},
		{"a wall sees masked", wall, ActionSeeMasked, 4, true},
		{"a wall sees no words", wall, ActionSee, 4, false},
		{"nobody", Actor{}, ActionSeeMasked, 4, false},
		{"an unknown area", dispatcher, ActionSee, 99, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.actor.MayIn(tree, tt.action, tt.area); got != tt.want {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
		})
	}
	if got := tree.Below(2); !slices.Equal(got, []int64{2, 4}) {
		t.Fatalf("below 2: %v", got)
	}
	if tree.Street(4) != 2 || tree.Street(1) != 0 {
		t.Fatalf("streets %d %d", tree.Street(4), tree.Street(1))
	}
}
