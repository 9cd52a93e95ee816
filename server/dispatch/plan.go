package dispatch

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Plan says how incidents of a type are handled: by whom, how many, how soon.
// A plan is never edited; an incident keeps the version it started with.
type Plan struct {
	ID       int64    `json:"id"`
	Version  int      `json:"version"`
	Priority Priority `json:"priority" enum:"critical,urgent,normal,low"`
	Skills   []string `json:"skills" nullable:"false" doc:"A responder needs one of them; none asks for nothing."`
	Quota    int      `json:"quota"`
	Hazard   bool     `json:"hazard" doc:"Only qualified crews may go near; volunteers do not."`
	// Who may go near the hazard itself; everybody there is of age and insured.
	HazardAffiliations []string    `json:"hazard_affiliations" nullable:"false" doc:"Near a hazard: people of one of these."`
	HazardTraining     []string    `json:"hazard_training" nullable:"false" doc:"Near a hazard: people with one of these skills; none: with one of the plan's."`
	OfferSeconds       int         `json:"offer_seconds"`
	VerifySeconds      int         `json:"verify_seconds"`
	DispatchSeconds    int         `json:"dispatch_seconds"`
	ArriveSeconds      int         `json:"arrive_seconds"`
	ResolveSeconds     int         `json:"resolve_seconds"`
	CheckSeconds       int         `json:"check_seconds"`
	SendFirst          bool        `json:"send_first" doc:"People are sent before it is verified (先派后核)."`
	OverOffer          float64     `json:"over_offer" minimum:"1" maximum:"5" doc:"How many are asked for each place that is free."`
	Waves              []WaveRule  `json:"waves" nullable:"false" doc:"Rounds of offers, each wider."`
	Ladder             []Rung      `json:"ladder" nullable:"false" doc:"Who is told when a state lasts."`
	Pair               bool        `json:"pair" doc:"Nobody arrives alone: two who go in have accepted before."`
	WelfareSeconds     int         `json:"welfare_seconds" minimum:"0" maximum:"86400" doc:"How often who is on scene is asked whether they are all right; 0 for never."`
	Checklist          []Checkitem `json:"checklist" nullable:"false"`
	Units              []PlanUnit  `json:"units" nullable:"false" doc:"Which kinds of unit lead, support and check."`
	Grade              *Grade      `json:"grade,omitempty" enum:"special,major,large,general" doc:"With which an incident begins, in a family that has grades."`
	Tell               []string    `json:"tell" nullable:"false" enum:"119,110,120" doc:"Whom to tell besides; the incident reminds until it is noted."`
	WorkingHours       bool        `json:"working_hours" doc:"The clocks of states, of the ladder and of unit orders count working hours alone."`
	Reach              []ReachStep `json:"reach" nullable:"false" doc:"How who does not see it in the app is reached, in order; none: by the rule of the priority."`
	Calendar           Calendar    `json:"-" db:"-"` // that its clocks count by; works always where they go by the wall
}

// ReachStep is a channel that is tried after the app, and until what.
type ReachStep struct {
	Channel      Way    `json:"channel" enum:"sms,voice"`
	AfterSeconds int    `json:"after_seconds" minimum:"0" maximum:"86400" doc:"Since it was in the app."`
	Unless       string `json:"unless" enum:"seen,answered" doc:"What makes it needless."`
}

// due gives when a clock of the plan that began at a moment runs out.
func (p Plan) due(start time.Time, seconds int) time.Time { return Due(start, seconds, p.Calendar) }

// WaveRule is one round of offers: how far it reaches, and how long it waits.
type WaveRule struct {
	Rings   int `json:"rings" minimum:"0" maximum:"60" doc:"Rings of cells round the incident, some 350 m each."`
	Seconds int `json:"seconds" minimum:"10" maximum:"86400"`
}

// Rung is one step of the ladder from the community to the district.
type Rung struct {
	Level   Level `json:"level" enum:"community,street,district"`
	Seconds int   `json:"seconds" minimum:"10" doc:"Since the state's entry."`
}

// Grade is how grave an incident of the four families is (特别重大, 重大, 较大, 一般).
type Grade string

// The grades, gravest first.
const (
	GradeSpecial Grade = "special"
	GradeMajor   Grade = "major"
	GradeLarge   Grade = "large"
	GradeGeneral Grade = "general"
)

// Checkitem is one line of a plan's checklist, in both languages.
type Checkitem struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// IncidentType is a node of the type tree; only leaves have a plan. One that is
// retired stays, for the incidents that are of it; no new ones are.
type IncidentType struct {
	ID         int64      `json:"id" doc:"What the log calls it by."`
	Code       string     `json:"code"`
	ParentCode *string    `json:"parent_code,omitempty"`
	Family     string     `json:"family" enum:"natural,accident,health,security,urban,service"`
	NameZh     string     `json:"name_zh"`
	NameEn     string     `json:"name_en"`
	Version    int        `json:"version"`
	RetiredAt  *time.Time `json:"retired_at,omitempty"`
	Plan       *Plan      `json:"plan,omitempty" doc:"Its newest version."`
}

// Graded says whether the incidents of a family have grades: those of the four
// families of 突发事件 have.
func Graded(family string) bool {
	return slices.Contains([]string{"natural", "accident", "health", "security"}, family)
}

// PlanVersion is a version of a plan with who made it, why, and what it changed.
type PlanVersion struct {
	Plan
	CreatedAt time.Time    `json:"created_at"`
	By        string       `json:"by" doc:"Empty for what came with the program or an import."`
	Note      string       `json:"note"`
	Changes   []PlanChange `json:"changes" nullable:"false" doc:"Since the version before; none for the first."`
}

// PlanChange is a field in which two versions of a plan differ.
type PlanChange struct {
	Field string `json:"field"`
	From  any    `json:"from"`
	To    any    `json:"to"`
}

// PlanChanges gives the fields in which a plan differs from another, by name. It
// compares what the API tells, so that a field that is added to plans is never
// left out.
func PlanChanges(from, to Plan) []PlanChange {
	a, b := planFields(from), planFields(to)
	for field := range a {
		if _, there := b[field]; !there {
			b[field] = nil
		}
	}
	changes := []PlanChange{}
	for field, now := range b {
		if was := a[field]; !reflect.DeepEqual(was, now) {
			changes = append(changes, PlanChange{field, was, now})
		}
	}
	slices.SortFunc(changes, func(x, y PlanChange) int { return strings.Compare(x.Field, y.Field) })
	return changes
}

// planFields gives what a plan says, without which version it is. Lists that are
// empty are the same as lists that are not there.
func planFields(p Plan) map[string]any {
	raw, err := json.Marshal(p)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(fmt.Sprintf("a plan as JSON: %v", err)) // it is made of numbers and texts alone
	}
	delete(fields, "id")
	delete(fields, "version")
	for field, value := range fields {
		if list, ok := value.([]any); value == nil || ok && len(list) == 0 {
			delete(fields, field)
		}
	}
	return fields
}

// Check refuses a plan that says what it cannot mean for types of a family. What
// each number may be is said where it is taken in.
func (p Plan) Check(family string) error {
	switch {
	case !p.Priority.Valid():
		return Refuse(CodeInvalid, "plan.priority")
	case p.Grade != nil && !Graded(family):
		return Refuse(CodeNotGraded, "plan.grade")
	case p.ArriveSeconds > p.ResolveSeconds && p.ResolveSeconds > 0:
		return Refuse(CodeClocksCrossed, "plan.resolve_seconds")
	case math.Round(p.OverOffer*10)/10 != p.OverOffer: // kept in tenths
		return Refuse(CodeInvalid, "plan.over_offer")
	case p.WelfareSeconds != 0 && p.WelfareSeconds < 60:
		return Refuse(CodeInvalid, "plan.welfare_seconds")
	}
	for k, r := range p.Ladder { // each rung later than the one below it
		if k > 0 && r.Seconds <= p.Ladder[k-1].Seconds {
			return Refuse(CodeInvalid, fmt.Sprintf("plan.ladder[%d].seconds", k))
		}
	}
	for k, r := range p.Reach {
		if k > 0 && r.AfterSeconds < p.Reach[k-1].AfterSeconds {
			return Refuse(CodeInvalid, fmt.Sprintf("plan.reach[%d].after_seconds", k))
		}
	}
	for k, u := range p.Units {
		if u.Kind == "" || slices.Contains(p.Units[:k], u) {
			return Refuse(CodeInvalid, fmt.Sprintf("plan.units[%d].kind", k))
		}
	}
	for k, item := range p.Checklist {
		if strings.TrimSpace(item.Zh) == "" {
			return Refuse(CodeRequired, fmt.Sprintf("plan.checklist[%d].zh", k))
		}
	}
	return nil
}
