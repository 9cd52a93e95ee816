package dispatch

// Reach is how far somebody sees: the areas, nil for everywhere, and beyond them
// what areas of theirs take part in, and a responder of their own.
type Reach struct {
	AreaIDs      []int64
	PartyAreaIDs []int64
	ResponderID  int64 // 0 for none
	UnitID       int64 // whose orders are taken part by, 0 for none
}

// IncidentFilter narrows a list of incidents.
type IncidentFilter struct {
	Reach
	Queue     string // mine, area, unassigned, overdue, check, open, all
	State     string // "" for any
	AccountID int64  // whose "mine" is
	Limit     int
	BeforeID  int64 // cursor: ids below it; 0 from the newest
}

// ResponderFilter narrows a list of responders.
type ResponderFilter struct {
	AreaIDs []int64
	Duty    string
	Skill   string
	Query   string
	// ByNumber lets the query be a whole telephone number: for those who may.
	ByNumber bool
	Limit    int
	AfterID  int64
}

// Box is a bounding box in degrees, WGS-84.
type Box struct{ West, South, East, North float64 }
