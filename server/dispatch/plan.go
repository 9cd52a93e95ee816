package dispatch

// Plan says how incidents of a type are handled: by whom, how many, how soon.
// A plan is never edited; an incident keeps the version it started with.
type Plan struct {
	ID              int64       `json:"id"`
	Version         int         `json:"version"`
	Priority        Priority    `json:"priority" enum:"critical,urgent,normal,low"`
	Skills          []string    `json:"skills" nullable:"false" doc:"A responder needs one of them; none asks for nothing."`
	Quota           int         `json:"quota"`
	Hazard          bool        `json:"hazard" doc:"Only qualified crews may go near; volunteers do not."`
	OfferSeconds    int         `json:"offer_seconds"`
	VerifySeconds   int         `json:"verify_seconds"`
	DispatchSeconds int         `json:"dispatch_seconds"`
	ArriveSeconds   int         `json:"arrive_seconds"`
	ResolveSeconds  int         `json:"resolve_seconds"`
	CheckSeconds    int         `json:"check_seconds"`
	Checklist       []Checkitem `json:"checklist" nullable:"false"`
}

// Checkitem is one line of a plan's checklist, in both languages.
type Checkitem struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// IncidentType is a node of the type tree; only leaves have a plan.
type IncidentType struct {
	Code       string  `json:"code"`
	ParentCode *string `json:"parent_code,omitempty"`
	Family     string  `json:"family" enum:"natural,accident,health,security,urban,service"`
	NameZh     string  `json:"name_zh"`
	NameEn     string  `json:"name_en"`
	Plan       *Plan   `json:"plan,omitempty"`
}
