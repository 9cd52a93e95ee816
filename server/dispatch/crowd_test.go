package dispatch

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// TestLookEqualsALookAtEach: who is named, and how many stand together, is what
// looking at every person gives; whatever the view.
func TestLookEqualsALookAtEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := NewForces(func() time.Time { return noon })
		for id := range rapid.Int64Range(1, 80).Draw(t, "people") {
			lon, lat := 122+rapid.Float64Range(0, 0.03).Draw(t, "lon"), 38+rapid.Float64Range(0, 0.03).Draw(t, "lat")
			r := Responder{ID: id + 1, AreaID: rapid.Int64Range(1, 3).Draw(t, "area"), Duty: DutyOn, Lon: &lon, Lat: &lat}
			if rapid.IntRange(0, 4).Draw(t, "busy") == 0 {
				r.Task = &Task{State: AssignmentAccepted}
			}
			f.Put(r)
		}
		for range rapid.IntRange(0, 20).Draw(t, "moves") {
			f.Move([]Position{{ResponderID: rapid.Int64Range(1, 80).Draw(t, "who"), Lon: 122 + rapid.Float64Range(0, 0.03).Draw(t, "to"), Lat: 38.01, At: noon}})
		}
		west, south := 122+rapid.Float64Range(-0.01, 0.03).Draw(t, "west"), 38+rapid.Float64Range(-0.01, 0.03).Draw(t, "south")
		view := orb.Bound{Min: orb.Point{west, south}, Max: orb.Point{west + rapid.Float64Range(1e-6, 0.04).Draw(t, "width"), south + rapid.Float64Range(1e-6, 0.04).Draw(t, "height")}}
		accept := func(area int64) bool { return area != 2 }
		var want []int64
		for id, r := range f.people {
			if r.Task == nil && accept(r.AreaID) && view.Contains(orb.Point{*r.Lon, *r.Lat}) {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		people, crowd, total := f.Look(view, 1000, accept)
		var got []int64
		for _, r := range people {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) || total != len(want) || crowd != nil {
			t.Fatalf("named %v of %d, want %v", got, total, want)
		}
		if len(want) == 0 {
			return
		}
		people, crowd, total = f.Look(view, len(want)-1, accept)
		sum, lon := 0, 0.0
		for _, c := range crowd {
			sum, lon = sum+c.Count, lon+c.Lon*float64(c.Count)
		}
		wantLon := 0.0
		for _, id := range want {
			wantLon += *f.people[id].Lon
		}
		if people != nil || total != len(want) || sum != total || math.Abs(lon-wantLon) > 1e-6 {
			t.Fatalf("a crowd of %d, %d in its squares, want %d; their middle is off by %g", total, sum, len(want), lon-wantLon)
		}
	})
}
