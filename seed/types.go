package seed

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
	Priority  string
	Skills    []string // a responder needs one of them; none: anybody
	Quota     int      // people wanted on scene
	Hazard    bool     // volunteers and untrained people are not sent
	Offer     int      // to answer an offer
	Verify    int
	Dispatch  int
	Arrive    int
	Resolve   int
	Check     int
	Checklist []Step
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
			c := clocks[l.priority]
			out = append(out, IncidentType{
				Code: f.code + "." + l.code, Parent: f.code, Family: f.code, NameZh: l.zh, NameEn: l.en,
				Plan: &Plan{
					Priority: l.priority, Skills: l.skills, Quota: l.quota, Hazard: l.hazard,
					Offer: c[0], Verify: c[1], Dispatch: c[2], Arrive: c[3], Resolve: c[4], Check: c[5],
					Checklist: l.steps,
				},
			})
		}
	}
	return out
}
