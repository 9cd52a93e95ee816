package dispatch

import (
	"testing"
	"time"
)

// TestHazardBars: near a hazard goes who is of a crew, of age, trained and
// insured; to its perimeter who is of age. Nothing is missing that another makes
// up for.
func TestHazardBars(t *testing.T) {
	today := noon.Truncate(24 * time.Hour)
	yesterday := today.AddDate(0, 0, -1)
	plan := Plan{Hazard: true, Skills: []string{"gas", "evacuation"}, HazardAffiliations: []string{"unit_staff"}, HazardTraining: []string{"gas"}}
	open := plan
	open.HazardTraining = nil
	crew := func(change func(*Responder)) Responder {
		r := Responder{Affiliations: []string{"volunteer", "unit_staff"}, Skills: []string{"gas"}, Adult: true, InsuredUntil: &today}
		change(&r)
		return r
	}
	tests := []struct {
		name string
		plan Plan
		who  Responder
		task TaskKind
		want Bar
	}{
		{"a crew with all of it", plan, crew(func(*Responder) {}), TaskDirect, BarNone},
		{"a volunteer", plan, crew(func(r *Responder) { r.Affiliations = []string{"volunteer", "party_member"} }), TaskDirect, BarAffiliation},
		{"not of age", plan, crew(func(r *Responder) { r.Adult = false }), TaskDirect, BarAge},
		{"another of the plan's skills", plan, crew(func(r *Responder) { r.Skills = []string{"evacuation"} }), TaskDirect, BarTraining},
		{"any of the plan's skills, where no training is named", open, crew(func(r *Responder) { r.Skills = []string{"evacuation"} }), TaskDirect, BarNone},
		{"insured until yesterday", plan, crew(func(r *Responder) { r.InsuredUntil = &yesterday }), TaskDirect, BarInsurance},
		{"not insured", plan, crew(func(r *Responder) { r.InsuredUntil = nil }), TaskDirect, BarInsurance},
		{"a volunteer to the perimeter", plan, Responder{Affiliations: []string{"volunteer"}, Adult: true}, TaskPerimeter, BarNone},
		{"a minor to the perimeter", plan, Responder{Affiliations: []string{"volunteer"}}, TaskPerimeter, BarAge},
		{"anybody where there is no hazard", Plan{Skills: []string{"gas"}}, Responder{}, TaskDirect, BarNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.plan.Bars(tt.who, tt.task, noon); got != tt.want {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			err := mayGo(tt.plan, tt.who, tt.task, noon)
			if (err != nil) != (tt.want != BarNone) || err != nil && CodeOf(err) != CodeHazardBars {
				t.Fatalf("sent: %v", err)
			}
		})
	}
	if skills := plan.wanted(TaskPerimeter); len(skills) != 0 {
		t.Errorf("the perimeter asks for %v", skills)
	}
	if skills := plan.wanted(TaskDirect); len(skills) != 1 || skills[0] != "gas" {
		t.Errorf("the hazard asks for %v", skills)
	}
}

// TestInsuranceEndsWithItsLastDayInChina, not eight hours later.
func TestInsuranceEndsWithItsLastDayInChina(t *testing.T) {
	until := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) // a date, as the database gives it
	plan := Plan{Hazard: true, HazardAffiliations: []string{"unit_staff"}, HazardTraining: []string{"gas"}}
	who := Responder{Affiliations: []string{"unit_staff"}, Skills: []string{"gas"}, Adult: true, InsuredUntil: &until}
	last := time.Date(2026, 11, 23, 23, 59, 0, 0, rosterZone)
	if got := plan.Bars(who, TaskDirect, last.UTC()); got != BarNone {
		t.Errorf("on the last day %q", got)
	}
	if got := plan.Bars(who, TaskDirect, last.Add(time.Minute).UTC()); got != BarInsurance {
		t.Errorf("on the day after %q", got)
	}
}
