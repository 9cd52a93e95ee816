package dispatch

import (
	"testing"
	"time"
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
