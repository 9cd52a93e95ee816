package dispatch

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQualified(t *testing.T) {
	volunteer := Responder{Affiliations: []string{"volunteer", "party_member"}, Skills: []string{"first_aid"}}
	crew := Responder{Affiliations: []string{"unit_staff"}, Skills: []string{"gas"}}
	tests := []struct {
		name   string
		who    Responder
		skills []string
		hazard bool
		want   bool
	}{
		{"no skill asked for", volunteer, nil, false, true},
		{"one of the skills", volunteer, []string{"gas", "first_aid"}, false, true},
		{"without the skill", volunteer, []string{"gas"}, false, false},
		{"a volunteer never goes into a hazard", volunteer, []string{"first_aid"}, true, false},
		{"a crew with the skill does", crew, []string{"gas"}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := qualified(tt.who, tt.skills, tt.hazard); got != tt.want {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRankPutsDutyBeforeDistanceAndTimeBeforeMetres(t *testing.T) {
	old := noon.Add(-20 * time.Minute)
	near := Candidate{Responder: Responder{ID: 1, Duty: DutyOnCall, Vehicle: "foot"}, DistanceMeters: 100}
	walker := Candidate{Responder: Responder{ID: 2, Duty: DutyOn, Vehicle: "foot", PositionAt: &old}, DistanceMeters: 500}
	driver := Candidate{Responder: Responder{ID: 3, Duty: DutyOn, Vehicle: "car", Skills: []string{"gas"}, AreaID: 7}, DistanceMeters: 900}
	list := []Candidate{near, walker, driver}
	rank(list, Incident{AreaID: 7}, []string{"gas"}, noon)
	if list[0].Responder.ID != 3 || list[1].Responder.ID != 2 || list[2].Responder.ID != 1 {
		t.Fatalf("ranked %d %d %d, want the driver, the walker, the one on call", list[0].Responder.ID, list[1].Responder.ID, list[2].Responder.ID)
	}
	if !list[0].OwnCommunity || len(list[0].SkillsMatched) != 1 || list[0].TravelSeconds != 147 {
		t.Fatalf("reasons %+v", list[0])
	}
	if list[1].PositionAgeSeconds == nil || *list[1].PositionAgeSeconds != 1200 {
		t.Fatalf("age of the position %v", list[1].PositionAgeSeconds)
	}
}

func TestForcesAreCountedByWhatTheyDo(t *testing.T) {
	lon, lat := 122.6, 38.2
	person := func(id, areaID int64, duty DutyState, affiliations ...string) Responder {
		return Responder{ID: id, AreaID: areaID, Duty: duty, Affiliations: affiliations, Lon: &lon, Lat: &lat, Cell: "8a30c8d8a167fff"}
	}
	scene, way, nowhere := person(3, 7, DutyOn, "volunteer"), person(4, 8, DutyOff, "volunteer"), person(5, 7, DutyOnCall)
	scene.Task, way.Task = &Task{State: AssignmentOnScene}, &Task{State: AssignmentAccepted}
	nowhere.Lon, nowhere.Lat, nowhere.Cell = nil, nil, ""
	f := NewForces()
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
		f := NewForces()
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
		fresh := NewForces()
		for _, r := range f.people {
			fresh.tallies.add(r, 1)
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
