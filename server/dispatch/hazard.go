package dispatch

import (
	"slices"
	"time"
)

// TaskKind is what somebody is asked to do at an incident.
type TaskKind string

// The kinds. A volunteer's place at a hazard is the perimeter (外围): leading
// people away, supplies, registration (疏散引导, 物资, 登记).
const (
	TaskDirect    TaskKind = "direct"
	TaskPerimeter TaskKind = "perimeter"
)

// Bar is why a hazard keeps somebody away. There is no override: it is asked
// when candidates are looked for, when they are sent and when they accept.
type Bar string

// The bars.
const (
	BarNone        Bar = ""
	BarAge         Bar = "age"         // not of age, or not known to be
	BarAffiliation Bar = "affiliation" // no crew: a volunteer, a Party member
	BarTraining    Bar = "training"    // none of the plan's trainings, or lapsed
	BarInsurance   Bar = "insurance"   // none, or run out
)

// Bars says what keeps a person from a task of the plan at a time. Where there is
// no hazard, nothing does.
func (p Plan) Bars(r Responder, task TaskKind, now time.Time) Bar {
	switch {
	case !p.Hazard:
		return BarNone
	case !r.Adult:
		return BarAge
	case task == TaskPerimeter:
		return BarNone
	case !slices.ContainsFunc(r.Affiliations, func(a string) bool { return slices.Contains(p.HazardAffiliations, a) }):
		return BarAffiliation
	case !slices.ContainsFunc(r.Skills, func(k string) bool { return slices.Contains(p.training(), k) }):
		return BarTraining
	case r.InsuredUntil == nil || r.InsuredUntil.Format(time.DateOnly) < now.In(rosterZone).Format(time.DateOnly):
		return BarInsurance
	}
	return BarNone
}

// training gives the skills of which one lets somebody near the hazard.
func (p Plan) training() []string {
	if len(p.HazardTraining) > 0 {
		return p.HazardTraining
	}
	return p.Skills
}

// wanted gives the skills of which a candidate for a task needs one; none for
// whoever will.
func (p Plan) wanted(task TaskKind) []string {
	switch {
	case task == TaskPerimeter:
		return nil
	case p.Hazard:
		return p.training()
	}
	return p.Skills
}

// mayGo refuses whom a hazard keeps away, under the lock of their row.
func mayGo(p Plan, r Responder, task TaskKind, now time.Time) error {
	if bar := p.Bars(r, task, now); bar != BarNone {
		return &Error{Code: CodeHazardBars, Field: "responder_ids", Values: map[string]string{"name": r.Name, "why": string(bar)}}
	}
	return nil
}
