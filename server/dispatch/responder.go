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

// Position is where a responder's phone was at a time. Coordinates are WGS-84.
type Position struct {
	ResponderID    int64     `json:"-"`
	AreaID         int64     `json:"-"` // the responder's registered community
	Lon            float64   `json:"lon" minimum:"-180" maximum:"180"`
	Lat            float64   `json:"lat" minimum:"-90" maximum:"90"`
	AccuracyMeters *float64  `json:"accuracy_meters,omitempty" minimum:"0" maximum:"10000"`
	HeadingDegrees *float64  `json:"heading_degrees,omitempty" minimum:"0" maximum:"360"`
	SpeedMPS       *float64  `json:"speed_mps,omitempty" minimum:"0" maximum:"100"`
	At             time.Time `json:"at"`
}

// Mine is what a responder's phone shows.
type Mine struct {
	Responder  Responder     `json:"responder"`
	Duty       *Duty         `json:"duty,omitempty"`
	OnCall     []Duty        `json:"on_call" nullable:"false"`
	Offers     []MyOffer     `json:"offers" nullable:"false"`
	Assignment *MyAssignment `json:"assignment,omitempty"`
	Nearby     []Incident    `json:"nearby" nullable:"false"`
	// PositionConsent says whether the phone may send positions.
	PositionConsent ConsentBrief `json:"position_consent"`
}

// MyOffer is an open offer with its incident.
type MyOffer struct {
	Offer
	Incident Incident `json:"incident"`
}

// MyAssignment is the active assignment with what is needed to work on it.
type MyAssignment struct {
	Assignment
	Incident        Incident `json:"incident"`
	Plan            Plan     `json:"plan"`
	DispatcherPhone string   `json:"dispatcher_phone"`
}

// Candidate is a responder who could be sent, with why.
type Candidate struct {
	Responder          Responder `json:"responder"`
	DistanceMeters     float64   `json:"distance_meters"`
	TravelSeconds      int       `json:"travel_seconds"`
	SkillsMatched      []string  `json:"skills_matched" nullable:"false"`
	OwnCommunity       bool      `json:"own_community"`
	PositionAgeSeconds *int      `json:"position_age_seconds,omitempty" doc:"Missing where they are taken to be at their post."`
	Rank               int       `json:"rank"`
	Recommended        bool      `json:"recommended" doc:"In the wave the plan would send."`
}

// Shortfall says what is missing for the plan's quota.
type Shortfall struct {
	Wanted       int      `json:"wanted"`
	Found        int      `json:"found"`
	Skills       []string `json:"skills" nullable:"false"`
	RadiusMeters float64  `json:"radius_meters"`
	Reason       string   `json:"reason" enum:"nobody_dispatchable,skill,radius"`
}

// Recommendation is the ranked candidates for an incident.
type Recommendation struct {
	Candidates []Candidate `json:"candidates" nullable:"false"`
	Shortfall  *Shortfall  `json:"shortfall,omitempty"`
	AsOf       time.Time   `json:"as_of"`
}
