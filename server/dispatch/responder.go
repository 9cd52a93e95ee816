package dispatch

import "time"

// DutyState says whether a person can be dispatched (值班, 备勤, 不可派). A
// person with no duty is off and not dispatchable.
type DutyState string

// The states of duty.
const (
	DutyOn     DutyState = "on_duty"
	DutyOnCall DutyState = "on_call"
	DutyOff    DutyState = "off"
)

// Responder is a person who can be dispatched. Lon and Lat are where they are
// taken to be: their own position where one is known and they are on duty or on
// a task, else the post of their duty; nil for somebody off duty.
type Responder struct {
	ID                int64      `json:"id"`
	Name              string     `json:"name"`
	AreaID            int64      `json:"area_id" doc:"The registered community."`
	AreaName          string     `json:"area_name"`
	HomeAreaID        *int64     `json:"home_area_id,omitempty"`
	Affiliations      []string   `json:"affiliations" nullable:"false"`
	PartyOrganisation *string    `json:"party_organisation,omitempty"`
	Skills            []string   `json:"skills" nullable:"false"`
	Vehicle           string     `json:"vehicle" enum:"foot,bicycle,ebike,car"`
	Phone             string     `json:"phone" doc:"Masked: 138****1234. In full by unmask, with a reason."`
	Version           int        `json:"version"`
	Duty              DutyState  `json:"duty" enum:"on_duty,on_call,off"`
	Task              *Task      `json:"task,omitempty"`
	Lon               *float64   `json:"lon,omitempty"`
	Lat               *float64   `json:"lat,omitempty"`
	Cell              string     `json:"cell,omitempty"`
	PositionAt        *time.Time `json:"position_at,omitempty"`
	PositionSource    string     `json:"position_source,omitempty" enum:"position,post"`
	HeadingDegrees    *float64   `json:"heading_degrees,omitempty"`
	AccuracyMeters    *float64   `json:"accuracy_meters,omitempty"`
	// What decides whom a hazard keeps away, and where they are taken to be when
	// their position is too old: not shown.
	Adult        bool       `json:"-"`
	InsuredUntil *time.Time `json:"-"`
	PostLon      *float64   `json:"-"`
	PostLat      *float64   `json:"-"`
}

// Task is the assignment a responder is on.
type Task struct {
	IncidentID   int64           `json:"incident_id"`
	AssignmentID int64           `json:"assignment_id"`
	State        AssignmentState `json:"state" enum:"reserved,accepted,en_route,on_scene,done,released"`
	AreaID       int64           `json:"-"` // of the incident; 0 where it is not known
}

// Duty is a stretch of time in which a person is on duty or on call.
type Duty struct {
	ID          int64      `json:"id"`
	ResponderID int64      `json:"responder_id"`
	AreaID      int64      `json:"-"`
	Kind        DutyState  `json:"kind" enum:"on_duty,on_call"`
	Origin      string     `json:"origin" enum:"roster,self"`
	StartsAt    time.Time  `json:"starts_at"`
	EndsAt      *time.Time `json:"ends_at,omitempty"`
	Version     int        `json:"version"`
}

// Mine is what a responder's phone shows.
type Mine struct {
	Responder  Responder     `json:"responder"`
	Duty       *Duty         `json:"duty,omitempty"`
	OnCall     []Duty        `json:"on_call" nullable:"false"`
	Offers     []MyOffer     `json:"offers" nullable:"false"`
	Thanked    []Thanked     `json:"thanked" nullable:"false" doc:"Offers withdrawn of late because there were enough."`
	Assignment *MyAssignment `json:"assignment,omitempty"`
	Nearby     []Incident    `json:"nearby" nullable:"false"`
	// Volunteered are the incidents near by that they said they can go to (我能去), and wait to be asked for.
	Volunteered []int64    `json:"volunteered" nullable:"false"`
	CallUps     []MyCallUp `json:"call_ups" nullable:"false" doc:"Those that go on, and that ended in the last hours."`
	// PositionConsent says whether the phone may send positions.
	PositionConsent ConsentBrief `json:"position_consent"`
	// TrackConsent says whether those of a task are kept as a track.
	TrackConsent ConsentBrief `json:"track_consent"`
}

// MyOffer is an open offer with its incident.
type MyOffer struct {
	Offer
	Incident Incident `json:"incident"`
}

// Thanked is an offer that was withdrawn because there were enough: they need not
// go, and may stand by while it lasts. No more is told of the incident than that.
type Thanked struct {
	OfferID    int64  `json:"offer_id"`
	IncidentID int64  `json:"incident_id"`
	TypeCode   string `json:"type_code"`
	AreaName   string `json:"area_name"`
	Open       bool   `json:"open" doc:"Accepting now makes a standby."`
}

// MyAssignment is the active assignment with what is needed to work on it.
type MyAssignment struct {
	Assignment
	Incident        Incident `json:"incident"`
	Plan            Plan     `json:"plan"`
	DispatcherPhone string   `json:"dispatcher_phone"`
}
