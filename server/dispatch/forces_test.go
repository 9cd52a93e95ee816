package dispatch

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestForcesAreCountedByWhatTheyDo(t *testing.T) {
	lon, lat := 122.6, 38.2
	person := func(id, areaID int64, duty DutyState, affiliations ...string) Responder {
		return Responder{ID: id, AreaID: areaID, Duty: duty, Affiliations: affiliations, Lon: &lon, Lat: &lat, Cell: "8a30c8d8a167fff"}
	}
	scene, way, nowhere := person(3, 7, DutyOn, "volunteer"), person(4, 8, DutyOff, "volunteer"), person(5, 7, DutyOnCall)
	scene.Task, way.Task = &Task{State: AssignmentOnScene}, &Task{State: AssignmentAccepted}
	nowhere.Lon, nowhere.Lat, nowhere.Cell = nil, nil, ""
	f := NewForces(func() time.Time { return noon })
	f.Replace([]Responder{person(1, 7, DutyOn, "party_member", "volunteer"), person(2, 8, DutyOnCall, "volunteer"), scene, way, nowhere})
	by, total := f.Count(nil)
	if total != (Force{OnDuty: 1, OnCall: 2, EnRoute: 1, OnScene: 1}) {
		t.Errorf("in all %+v", total)
	}
	if len(by) != 2 || by[0] != (AffiliationForce{"party_member", Force{OnDuty: 1}}) || by[1] != (AffiliationForce{"volunteer", Force{1, 1, 1, 1}}) {
		t.Errorf("by affiliation %+v", by)
	}
	if _, total := f.Count([]int64{7}); total != (Force{OnDuty: 1, OnCall: 1, OnScene: 1}) {
		t.Errorf("in one area %+v", total)
	}
	cells, err := f.ByCell(8, []int64{7})
	sum := 0
	for _, n := range cells {
		sum += n
	}
	if err != nil || len(cells) != 1 || sum != 2 {
		t.Errorf("by cell %v, %v", cells, err)
	}
	f.Put(person(1, 7, DutyOff))
	if _, total := f.Count(nil); total.OnDuty != 0 {
		t.Errorf("somebody went off duty, and %+v", total)
	}
}

// TestTalliesEqualACount: whatever comes, goes, moves and changes, the numbers
// that are kept are those of the people who are held.
func TestTalliesEqualACount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := NewForces(func() time.Time { return noon })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := rapid.Int64Range(1, 6).Draw(t, "who")
			lon, lat := 122+rapid.Float64Range(0, 0.05).Draw(t, "lon"), 38.2
			if rapid.Bool().Draw(t, "moves") {
				f.Move([]Position{{ResponderID: id, Lon: lon, Lat: lat, At: noon}})
				continue
			}
			r := Responder{ID: id, AreaID: rapid.Int64Range(1, 3).Draw(t, "area"), Duty: rapid.SampledFrom([]DutyState{DutyOn, DutyOnCall, DutyOff}).Draw(t, "duty"),
				Affiliations: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"volunteer", "party_member", "grid_member"}), 0, 2, rapid.ID).Draw(t, "affiliations")}
			if rapid.Bool().Draw(t, "busy") {
				r.Task = &Task{State: rapid.SampledFrom([]AssignmentState{AssignmentAccepted, AssignmentOnScene}).Draw(t, "task")}
			}
			f.Put(r)
		}
		fresh := NewForces(func() time.Time { return noon })
		for _, r := range f.people {
			fresh.tallies.add(*r, 1)
		}
		for _, areas := range [][]int64{nil, {1}, {2, 3}} {
			by, total := f.Count(areas)
			wantBy, want := fresh.Count(areas)
			if total != want || !slices.Equal(by, wantBy) {
				t.Fatalf("of %v: kept %+v %+v, counted %+v %+v", areas, total, by, want, wantBy)
			}
			cells, err := f.ByCell(8, areas)
			wantCells, _ := fresh.ByCell(8, areas)
			if err != nil || !maps.Equal(cells, wantCells) {
				t.Fatalf("of %v: kept %v, counted %v (%v)", areas, cells, wantCells, err)
			}
		}
	})
}
