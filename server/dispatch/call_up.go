package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// CallUpState is where a call-up stands.
type CallUpState string

// The states.
const (
	CallUpAsking    CallUpState = "asking"     // people are still being asked, in batches
	CallUpAsked     CallUpState = "asked"      // everybody is
	CallUpStoodDown CallUpState = "stood_down" // over: everybody may go home
	CallUpCancelled CallUpState = "cancelled"  // called off
)

// Open says whether it goes on.
func (s CallUpState) Open() bool { return s == CallUpAsking || s == CallUpAsked }

// CallUp calls people to an assembly point at a time (集结). Coordinates are WGS-84.
type CallUp struct {
	ID           int64       `json:"id"`
	AreaID       int64       `json:"area_id" doc:"The area that holds all of area_ids."`
	AreaIDs      []int64     `json:"area_ids" nullable:"false" doc:"Where the people are registered, and everything below."`
	Affiliations []string    `json:"affiliations" nullable:"false" doc:"Any of them; none for everybody."`
	Skills       []string    `json:"skills" nullable:"false" doc:"Any of them; none for everybody."`
	Duties       []string    `json:"duties" nullable:"false" enum:"on_duty,on_call,willing"`
	Quota        *int        `json:"quota,omitempty" doc:"How many are wanted; missing for everybody."`
	Places       int         `json:"places" doc:"How many of those who match are asked; the others are substitutes."`
	Total        int         `json:"total" doc:"How many match."`
	AskedTo      int         `json:"asked_to" doc:"How far the asking has come, of total."`
	Reason       string      `json:"reason"`
	Place        string      `json:"place"`
	Lon          float64     `json:"lon"`
	Lat          float64     `json:"lat"`
	GatherAt     time.Time   `json:"gather_at"`
	State        CallUpState `json:"state" enum:"asking,asked,stood_down,cancelled"`
	StateSince   time.Time   `json:"state_since"`
	Version      int         `json:"version"`
	CalledAt     time.Time   `json:"called_at"`
	CalledBy     *int64      `json:"-"`
	CalledByName string      `json:"called_by_name"`
	AskedAt      *time.Time  `json:"asked_at,omitempty" doc:"When the last one was asked."`
	EndedAt      *time.Time  `json:"ended_at,omitempty"`
	EndedBy      *int64      `json:"-"`
	EndedReason  string      `json:"ended_reason"`
}

type callUpStep struct {
	from []CallUpState
	to   CallUpState
	kind string
}

// The transitions, one table. The clock finishes the asking; whoever dispatches
// in the call-up's area ends it.
var callUpSteps = map[string]callUpStep{
	"finish":     {[]CallUpState{CallUpAsking}, CallUpAsked, "call_up.asked"},
	"stand_down": {[]CallUpState{CallUpAsking, CallUpAsked}, CallUpStoodDown, "call_up.stood_down"},
	"cancel":     {[]CallUpState{CallUpAsking, CallUpAsked}, CallUpCancelled, "call_up.cancelled"},
}

// Step gives the call-up after a transition and the kind of event it makes.
func (c CallUp) Step(step string, at time.Time) (CallUp, string, error) {
	s, ok := callUpSteps[step]
	if !ok || !slices.Contains(s.from, c.State) {
		return c, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(c.State), "step": step}}
	}
	c.State, c.StateSince = s.to, at
	c.Version++
	if step == "finish" {
		c.AskedAt = &at
	} else {
		c.EndedAt = &at
	}
	return c, s.kind, nil
}

// Next gives the slice of those who match that is asked next, at most n: after
// from, up to to.
func (c CallUp) Next(n int) (from, to int) { return c.AskedTo, min(c.AskedTo+n, c.Total) }

// MemberState is where one person called up stands.
type MemberState string

// The states.
const (
	MemberSubstitute MemberState = "substitute" // matches, and is asked where somebody declines
	MemberAsked      MemberState = "asked"
	MemberSeen       MemberState = "seen"
	MemberComing     MemberState = "coming"
	MemberDeclined   MemberState = "declined"
	MemberArrived    MemberState = "arrived"
	MemberLeft       MemberState = "left"
	MemberStoodDown  MemberState = "stood_down"
)

// MemberCame is no state: in tallies and filters it stands for whoever has
// arrived, wherever they stand now.
const MemberCame MemberState = "came"

// CallUpMember is one person who is called up.
type CallUpMember struct {
	ID            int64       `json:"id"`
	CallUpID      int64       `json:"call_up_id"`
	ResponderID   int64       `json:"responder_id"`
	ResponderName string      `json:"responder_name"`
	AreaID        int64       `json:"area_id" doc:"Where they were registered when they were called."`
	Affiliations  []string    `json:"affiliations" nullable:"false"`
	Position      int         `json:"-"`
	GroupID       *int64      `json:"group_id,omitempty"`
	State         MemberState `json:"state" enum:"substitute,asked,seen,coming,declined,arrived,left,stood_down"`
	Version       int         `json:"version"`
	AskedAt       *time.Time  `json:"asked_at,omitempty"`
	SeenAt        *time.Time  `json:"seen_at,omitempty"`
	AnsweredAt    *time.Time  `json:"answered_at,omitempty"`
	ArrivedAt     *time.Time  `json:"arrived_at,omitempty"`
	LeftAt        *time.Time  `json:"left_at,omitempty"`
	StoodDownAt   *time.Time  `json:"stood_down_at,omitempty"`
	Minutes       *int        `json:"minutes,omitempty" doc:"Served: from the arrival to the leaving."`
	OnBehalf      bool        `json:"on_behalf" doc:"A dispatcher recorded the last step for them (代填)."`
	RecordedBy    *int64      `json:"-"`
}

type memberStep struct {
	from []MemberState
	to   MemberState
	kind string
}

// The transitions, one table. Who turns up has arrived, whatever they answered.
var memberSteps = map[string]memberStep{
	"ask":        {[]MemberState{MemberSubstitute}, MemberAsked, "call_up_member.asked"},
	"seen":       {[]MemberState{MemberAsked}, MemberSeen, "call_up_member.seen"},
	"come":       {[]MemberState{MemberAsked, MemberSeen}, MemberComing, "call_up_member.coming"},
	"decline":    {[]MemberState{MemberAsked, MemberSeen, MemberComing}, MemberDeclined, "call_up_member.declined"},
	"arrive":     {[]MemberState{MemberSubstitute, MemberAsked, MemberSeen, MemberComing, MemberDeclined}, MemberArrived, "call_up_member.arrived"},
	"leave":      {[]MemberState{MemberArrived}, MemberLeft, "call_up_member.left"},
	"stand_down": {[]MemberState{MemberAsked, MemberSeen, MemberComing, MemberArrived}, MemberStoodDown, "call_up_member.stood_down"},
}

// Step gives the member after a transition and the kind of event it makes.
func (m CallUpMember) Step(step string, at time.Time) (CallUpMember, string, error) {
	if step == "arrive" && m.State == MemberStoodDown && m.ArrivedAt == nil && at.Before(*m.StoodDownAt) {
		return m.arrivedLate(at)
	}
	s, ok := memberSteps[step]
	if !ok || !slices.Contains(s.from, m.State) {
		return m, "", &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(m.State), "step": step}}
	}
	if m.State == MemberArrived {
		m = m.leave(at)
	}
	m.State = s.to
	m.Version++
	switch s.to {
	case MemberAsked:
		m.AskedAt = &at
	case MemberSeen:
		m.SeenAt = &at
	case MemberComing, MemberDeclined:
		m.AnsweredAt = &at
	case MemberArrived:
		m.ArrivedAt = &at
	case MemberStoodDown:
		m.StoodDownAt = &at
	}
	return m, s.kind, nil
}

// arrivedLate notes an arrival before everybody was sent home that a phone
// without signal could only tell afterwards.
func (m CallUpMember) arrivedLate(at time.Time) (CallUpMember, string, error) {
	m.ArrivedAt = &at
	m = m.leave(*m.StoodDownAt)
	m.Version++
	return m, memberSteps["arrive"].kind, nil
}

// leave ends the stay and counts its minutes.
func (m CallUpMember) leave(at time.Time) CallUpMember {
	if at.Before(*m.ArrivedAt) {
		at = *m.ArrivedAt
	}
	minutes := int(at.Sub(*m.ArrivedAt).Round(time.Minute) / time.Minute)
	m.LeftAt, m.Minutes = &at, &minutes
	return m
}

// CallUpGroup is people who go together, and who leads them.
type CallUpGroup struct {
	ID          int64      `json:"id"`
	CallUpID    int64      `json:"call_up_id"`
	Name        string     `json:"name"`
	LeaderID    *int64     `json:"leader_id,omitempty"`
	LeaderName  string     `json:"leader_name"`
	Version     int        `json:"version"`
	StoodDownAt *time.Time `json:"stood_down_at,omitempty"`
}

// CallUpInput is a call-up as it is asked for.
type CallUpInput struct {
	AreaIDs      []int64
	Affiliations []string
	Skills       []string
	Duties       []string // on_duty, on_call, willing: on call by their own word
	Quota        *int
	Reason       string
	Place        string
	Point        orb.Point
	GatherAt     time.Time // zero: at once
}

// CallUpRule says who matches: registered in one of the areas, on duty or on call
// at a time, with any of the affiliations and skills, on no task now and at no other
// call-up.
type CallUpRule struct {
	AreaIDs      []int64 // with everything below them
	Affiliations []string
	Skills       []string
	Duties       []string
	At           time.Time
}

// CallUpPreview says how many a call-up would ask.
type CallUpPreview struct {
	Total        int         `json:"total"`
	Busy         int         `json:"busy" doc:"How many match and are left out, because they are on a task now or at another call-up."`
	Areas        []NameCount `json:"areas" nullable:"false" doc:"By the community they are registered in."`
	Affiliations []NameCount `json:"affiliations" nullable:"false" doc:"A person may have several: not to be added up."`
	Duties       []NameCount `json:"duties" nullable:"false"`
}

// NameCount is how many there are of something: an area's id, an affiliation.
type NameCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// CallUpTally is how many members are in each state, and under MemberCame how
// many of them have arrived.
type CallUpTally map[MemberState]int

// CallUpRoll is a call-up with how many stand where.
type CallUpRoll struct {
	CallUp
	Members      CallUpTally            `json:"members" doc:"How many are in each state; came is whoever has arrived, wherever they stand now."`
	Groups       []CallUpGroupRoll      `json:"groups" nullable:"false"`
	Ungrouped    CallUpTally            `json:"ungrouped"`
	Areas        map[string]CallUpTally `json:"areas" doc:"By the id of the community."`
	Affiliations map[string]CallUpTally `json:"affiliations" doc:"A person may have several: not to be added up."`
	Minutes      int                    `json:"minutes" doc:"Served, of all."`
}

// CallUpGroupRoll is a group with how many of it stand where.
type CallUpGroupRoll struct {
	CallUpGroup
	Members CallUpTally `json:"members"`
}

// CallUpFilter narrows a list of call-ups.
type CallUpFilter struct {
	AreaIDs  []int64 // nil for everywhere
	Open     bool
	Limit    int
	BeforeID int64
}

// MemberFilter narrows a list of members of a call-up.
type MemberFilter struct {
	CallUpID    int64
	State       MemberState // "" for any, MemberCame for whoever has arrived
	GroupID     int64       // 0 for any, -1 for none
	AreaIDs     []int64     // nil for any
	Affiliation string
	Query       string // a part of the name
	AfterID     int64
	Limit       int
}

// MyCallUp is a call-up as the phone of somebody who is called shows it.
type MyCallUp struct {
	ID        int64       `json:"id" doc:"Of the membership, which is what is answered."`
	CallUpID  int64       `json:"call_up_id"`
	State     MemberState `json:"state" enum:"substitute,asked,seen,coming,declined,arrived,left,stood_down"`
	Version   int         `json:"version"`
	Reason    string      `json:"reason"`
	Place     string      `json:"place"`
	Lon       float64     `json:"lon"`
	Lat       float64     `json:"lat"`
	GatherAt  time.Time   `json:"gather_at"`
	AskedAt   *time.Time  `json:"asked_at,omitempty"`
	ArrivedAt *time.Time  `json:"arrived_at,omitempty"`
	LeftAt    *time.Time  `json:"left_at,omitempty"`
	Minutes   *int        `json:"minutes,omitempty"`
	Over      bool        `json:"over" doc:"The call-up has ended: everybody may go home."`
	Cancelled bool        `json:"cancelled" doc:"It was called off."`
	Group     string      `json:"group"`
	Leader    string      `json:"leader" doc:"Who leads the own group."`
	Leads     bool        `json:"leads" doc:"It is oneself."`
}

// ServedTime is a stretch of somebody's service: for their own record.
type ServedTime struct {
	Kind     string    `json:"kind" enum:"call_up,incident"`
	NounID   int64     `json:"noun_id"`
	Title    string    `json:"title" doc:"The call-up's reason, or the incident's type."`
	Place    string    `json:"place"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Minutes  int       `json:"minutes"`
}

// CallUpTx is the part of a transaction that call-ups need. A call-up is locked
// before its members. Answers share it, so that they do not wait for each other.
type CallUpTx interface {
	// InsertCallUp fixes who matches with the call-up, and gives how many do.
	InsertCallUp(ctx context.Context, c *CallUp, r CallUpRule) error
	CallUp(ctx context.Context, id int64) (CallUp, error)
	LockCallUp(ctx context.Context, id int64) (CallUp, error)
	ShareCallUp(ctx context.Context, id int64) (CallUp, error)
	SaveCallUp(ctx context.Context, c CallUp) error
	// InsertMembers makes members of those who match after a position up to
	// another, and gives how many of them are asked now.
	InsertMembers(ctx context.Context, c CallUp, from, to int, at time.Time) (asked int, err error)
	// LockSubstitutes gives the substitutes within the call-up's places.
	LockSubstitutes(ctx context.Context, c CallUp) ([]CallUpMember, error)
	CallUpMember(ctx context.Context, id int64) (CallUpMember, error)
	LockCallUpMember(ctx context.Context, id int64) (CallUpMember, error)
	SaveCallUpMember(ctx context.Context, m CallUpMember) error
	// StandDownMembers sends everybody home who was asked, or those of a group
	// (0 for all), and gives how many.
	StandDownMembers(ctx context.Context, callUpID, groupID int64, at time.Time) (int, error)

	InsertCallUpGroup(ctx context.Context, g *CallUpGroup, areaID int64) error
	LockCallUpGroup(ctx context.Context, id int64) (CallUpGroup, error)
	SaveCallUpGroup(ctx context.Context, g CallUpGroup) error
	// PutInGroup moves members to a group, CodeNotFound where one is none of the
	// call-up, and gives how many that are. Who led another group leads it no more.
	PutInGroup(ctx context.Context, g CallUpGroup, responderIDs []int64) (int, error)
	// GroupByArea puts who comes and is in no group into one of their community,
	// and gives how many that are.
	GroupByArea(ctx context.Context, c CallUp) (int, error)
}

// CallUpStore is what the service reads of call-ups.
type CallUpStore interface {
	CallUpPreview(ctx context.Context, r CallUpRule) (CallUpPreview, error)
	// AskingCallUps gives those of which not everybody has been asked.
	AskingCallUps(ctx context.Context) ([]int64, error)
}
