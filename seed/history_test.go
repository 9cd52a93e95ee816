package seed

import (
	"slices"
	"testing"
	"time"
)

func TestDutyNow(t *testing.T) {
	for _, h := range []int{3, 12, 17} {
		now := time.Date(2026, 11, 23, h, 15, 0, 0, time.UTC)
		d := Generate(Options{Seed: 1, Now: now})
		on := map[int]bool{}
		for _, y := range d.Duties {
			if y.Kind == "on_duty" && !y.Start.After(now) && y.End.After(now) {
				on[y.Responder] = true
			}
			if !y.Start.Before(y.End) {
				t.Fatalf("a duty from %v to %v", y.Start, y.End)
			}
		}
		if share := float64(len(on)) / float64(len(d.Responders)); share < 0.2 || share > 0.32 {
			t.Errorf("at %02d:15 UTC %.0f %% are on duty", h, 100*share)
		}
	}
}

func TestDutiesOfOneKindAreApart(t *testing.T) {
	d := made(t)
	type who struct {
		responder int
		kind      string
	}
	last := map[who]time.Time{}
	for _, y := range d.Duties {
		k := who{y.Responder, y.Kind}
		if y.Start.Before(last[k]) {
			t.Fatalf("responder %d has two duties at %v", y.Responder, y.Start)
		}
		last[k] = y.End
	}
}

func TestIncidentsGoForwardInTime(t *testing.T) {
	d := made(t)
	states := map[string]int{}
	for i, n := range d.Incidents {
		states[n.State]++
		at := n.Reported
		for _, next := range []time.Time{n.Verified, n.FirstOffer, n.FirstAcceptance, n.FirstArrival, n.Resolved, n.Checked, n.Closed} {
			if next.IsZero() {
				continue
			}
			if next.Before(at) || next.After(asOf) {
				t.Fatalf("incident %d goes from %v to %v", i, at, next)
			}
			at = next
		}
		if n.State == "closed" == n.Closed.IsZero() || n.State != "closed" && n.State != "rejected" && asOf.Sub(n.Reported) > 14*24*time.Hour {
			t.Errorf("incident %d of %v is %s", i, n.Reported, n.State)
		}
	}
	for _, s := range []string{"reported", "handling", "closed", "rejected"} {
		if states[s] == 0 {
			t.Errorf("no incident is %s", s)
		}
	}
	if open := len(d.Incidents) - states["closed"] - states["rejected"]; open < 8 || open > 60 {
		t.Errorf("%d incidents are open: %v", open, states)
	}
}

func TestNobodyIsAtTwoPlaces(t *testing.T) {
	d := made(t)
	type span struct{ from, to time.Time }
	tasks := map[int][]span{}
	for _, n := range d.Incidents {
		for _, o := range n.Offers {
			if (o.Task != nil) != (o.State == "accepted") {
				t.Fatalf("an offer is %s and has a task: %v", o.State, o.Task != nil)
			}
			if o.Task != nil {
				end := o.Task.Done
				if end.IsZero() {
					end = asOf.Add(time.Hour)
				}
				tasks[o.Responder] = append(tasks[o.Responder], span{o.Task.Accepted, end})
			}
		}
	}
	for who, list := range tasks {
		slices.SortFunc(list, func(a, b span) int { return a.from.Compare(b.from) })
		for i := 1; i < len(list); i++ {
			if list[i].from.Before(list[i-1].to) {
				t.Errorf("responder %d accepted at %v while at work until %v", who, list[i].from, list[i-1].to)
			}
		}
	}
}

func TestEventsTellTheVersions(t *testing.T) {
	d := made(t)
	type noun struct {
		kind            string
		incident, offer int
	}
	version := map[noun]int{}
	var at time.Time
	for i, e := range d.Events {
		if e.At.Before(at) || e.At.After(asOf) {
			t.Fatalf("event %d at %v comes after one at %v", i, e.At, at)
		}
		at = e.At
		k := noun{e.Noun, e.Incident, e.Offer}
		if e.Version != version[k]+1 {
			t.Fatalf("event %d (%s): version %d after %d", i, e.Kind, e.Version, version[k])
		}
		version[k] = e.Version
	}
	for i, n := range d.Incidents {
		if version[noun{"incident", i, None}] != n.Version {
			t.Errorf("incident %d has version %d, its events tell %d", i, n.Version, version[noun{"incident", i, None}])
		}
		for k, o := range n.Offers {
			if version[noun{"offer", i, k}] != o.Version {
				t.Errorf("offer %d of incident %d has version %d, its events tell %d", k, i, o.Version, version[noun{"offer", i, k}])
			}
			if o.Task != nil && version[noun{"assignment", i, k}] != o.Task.Version {
				t.Errorf("a task of incident %d has version %d, its events tell %d", i, o.Task.Version, version[noun{"assignment", i, k}])
			}
		}
	}
}
