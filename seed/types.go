package seed

import "slices"

// IncidentType is a node of the tree of types: six families, and in each the
// types that have a plan.
type IncidentType struct {
	Code   string
	Parent string // empty for a family
	Family string
	NameZh string
	NameEn string
	Plan   *Plan // none for a family
}

// Plan is the first version of a type's plan. Times are in seconds, each
// counted from the entry into the state it bounds.
type Plan struct {
	Priority string
	Skills   []string // a responder needs one of them; none: anybody
	Quota    int      // people wanted on scene
	Hazard   bool     // volunteers and untrained people are not sent
	Training []string // of which one lets somebody near the hazard
	Offer    int      // to answer an offer
	Verify   int
	Dispatch int
	Arrive   int
	Resolve  int
	Check    int
	// How the engine goes about it: see the columns of the same names.
	SendFirst    bool
	Ladder       []Rung
	Pair         bool // nobody arrives alone
	Welfare      int  // seconds between the questions whether they are all right
	Checklist    []Step
	Lead         []string // the kinds of unit that lead, support and check
	Support      []string
	Checks       []string
	Grade        string   // with which an incident begins; empty where there are no grades
	Tell         []string // 119, 110, 120: whom to tell besides
	WorkingHours bool     // its clocks count the hours in which offices work
}

// Rung is one step of the ladder: the level that is told when a state has lasted
// so many seconds.
type Rung struct {
	Level   string `json:"level"`
	Seconds int    `json:"seconds"`
}

// Step is one line of a checklist, in both languages.
type Step struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// The clocks of each priority: answer, verify, dispatch, arrive, resolve, check.
var clocks = map[string][6]int{
	"critical": {45, 60, 120, 480, 2 * hour, 24 * hour},
	"urgent":   {60, 180, 300, 900, 4 * hour, 24 * hour},
	"normal":   {120, 900, 1800, hour, 24 * hour, 48 * hour},
	"low":      {300, 2 * hour, 4 * hour, 24 * hour, 72 * hour, 72 * hour},
}

const hour = 3600

// The ladder of each priority.
var ladders = map[string][]Rung{
	"critical": {{"street", 120}, {"district", 300}},
	"urgent":   {{"street", 300}, {"district", 900}},
	"normal":   {{"street", 4 * hour}, {"district", 16 * hour}},
	"low":      {{"street", 16 * hour}},
}

// engine says how a type is gone about, by its priority.
func (l leaf) engine(p Plan) *Plan {
	p.SendFirst, p.Ladder = l.priority == "critical", ladders[l.priority]
	p.Pair = l.quota > 1 && (l.hazard || l.code == "elderly_no_contact")
	if l.hazard {
		p.Welfare = 900
	}
	return &p
}

// grades are those with which incidents of the four families begin; whoever
// handles them raises them.
var grades = map[string]string{"natural": "general", "accident": "general", "health": "general", "security": "general"}

// told says whom the plan of a type has told besides: fire, police, ambulance.
var told = map[string][]string{
	"wildfire": {"119"}, "landslide": {"119", "120"}, "earthquake": {"119", "120"},
	"building_fire": {"119", "120"}, "ebike_fire": {"119"}, "gas_leak": {"119"}, "chemical_leak": {"119", "120"},
	"lift_trapped": {"119"}, "unsafe_building": {"119"}, "drowning": {"119", "120"}, "work_accident": {"119", "120"}, "traffic_accident": {"110", "120"},
	"cardiac_arrest": {"120"}, "sudden_illness": {"120"}, "food_poisoning": {"120"}, "infection_cluster": {"120"}, "animal_injury": {"120"},
	"missing_person": {"110"}, "self_harm_risk": {"110", "120"}, "fight": {"110"}, "gathering": {"110"}, "theft": {"110"}, "fraud": {"110"},
	"elderly_no_contact": {"110"},
}

// leaf is a type with a plan as the tables below state it.
type leaf struct {
	code, zh, en string
	priority     string
	quota        int
	hazard       bool
	skills       []string
	steps        []Step
}

// Types gives the incident types with their plans, parents first: fit for a
// real installation too, which may then change its plans as it likes.
func Types() []IncidentType {
	families := []struct {
		code, zh, en string
		leaves       []leaf
	}{
		{"natural", "自然灾害", "Natural disaster", naturalTypes()},
		{"accident", "事故灾难", "Accident", accidentTypes()},
		{"health", "公共卫生", "Public health", healthTypes()},
		{"security", "社会安全", "Public security", securityTypes()},
		{"urban", "城市管理", "Urban management", urbanTypes()},
		{"service", "居民诉求", "Residents' requests", serviceTypes()},
	}
	var out []IncidentType
	for _, f := range families {
		out = append(out, IncidentType{Code: f.code, Family: f.code, NameZh: f.zh, NameEn: f.en})
		for _, l := range f.leaves {
			c, u := clocks[l.priority], planUnits[f.code+"."+l.code]
			out = append(out, IncidentType{
				Code: f.code + "." + l.code, Parent: f.code, Family: f.code, NameZh: l.zh, NameEn: l.en,
				Plan: l.engine(Plan{
					Priority: l.priority, Skills: l.skills, Quota: l.quota, Hazard: l.hazard,
					Training: training(l),
					Offer:    c[0], Verify: c[1], Dispatch: c[2], Arrive: c[3], Resolve: c[4], Check: c[5],
					Checklist: l.steps, Lead: u.lead, Support: u.support, Checks: u.check,
					Grade: grades[f.code], Tell: told[l.code],
					WorkingHours: grades[f.code] == "" && (l.priority == "normal" || l.priority == "low"), // what is urgent goes by the wall
				}),
			})
		}
	}
	return out
}

// besides are skills that help at an incident and let nobody near its hazard,
// where the plan asks for one that does.
var besides = []string{"evacuation", "driving", "drone", "patrol", "mediation"}

// training gives the skills of a hazard's plan that let somebody near it.
func training(l leaf) []string {
	if !l.hazard {
		return nil
	}
	var out []string
	for _, skill := range l.skills {
		if !slices.Contains(besides, skill) {
			out = append(out, skill)
		}
	}
	if out == nil {
		return l.skills
	}
	return out
}
