package dispatch

import "time"

// IncidentFilter narrows a list of incidents. AreaIDs nil means everywhere.
type IncidentFilter struct {
	AreaIDs   []int64
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

// Session is who is signed in.
type Session struct {
	ID        int64
	Account   Account
	ExpiresAt time.Time
}

// Actor gives the session's account as one who asks.
func (s Session) Actor() Actor {
	a := Actor{AccountID: s.Account.ID, SessionID: s.ID, Name: s.Account.DisplayName, Grants: s.Account.Roles}
	if s.Account.ResponderID != nil {
		a.ResponderID = *s.Account.ResponderID
	}
	return a
}
