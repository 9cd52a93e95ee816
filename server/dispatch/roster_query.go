package dispatch

import "time"

// RosterDuty is a duty as a roster shows it.
type RosterDuty struct {
	ID            int64      `json:"id"`
	ResponderID   int64      `json:"responder_id"`
	ResponderName string     `json:"responder_name"`
	AreaID        int64      `json:"area_id" doc:"The person's registered community."`
	AreaName      string     `json:"area_name"`
	Kind          DutyState  `json:"kind" enum:"on_duty,on_call"`
	Origin        string     `json:"origin" enum:"roster,self"`
	StartsAt      time.Time  `json:"starts_at"`
	EndsAt        *time.Time `json:"ends_at,omitempty"`
	RotationID    *int64     `json:"rotation_id,omitempty"`
	TeamID        *int64     `json:"team_id,omitempty"`
	TeamName      *string    `json:"team_name,omitempty"`
	ShiftID       *int64     `json:"shift_id,omitempty"`
	ShiftName     *string    `json:"shift_name,omitempty"`
	StandsFor     *int64     `json:"stands_for,omitempty" doc:"Whose duty it was before it was handed over (替班)."`
	StandsForName *string    `json:"stands_for_name,omitempty"`
	StandsForArea *int64     `json:"-"`
	Step          *string    `json:"step,omitempty" enum:"set,hand_over,swap,withdraw" doc:"The last change by hand."`
	Reason        *string    `json:"reason,omitempty" doc:"Of the last change by hand."`
	Version       int        `json:"version"`
}

// RosterFilter narrows a roster. AreaIDs nil means everywhere.
type RosterFilter struct {
	AreaIDs     []int64
	From, To    time.Time
	TeamID      int64
	ResponderID int64
	Kind        string
	Limit       int
	AfterStart  time.Time // cursor: after the duty of this start and id
	AfterID     int64
}

// AreaForce is who is on duty and on call in one area, not counting those below
// it. Somebody who is both counts as on duty.
type AreaForce struct {
	AreaID   int64      `json:"area_id"`
	AreaName string     `json:"area_name"`
	Level    Level      `json:"level" enum:"district,street,community,grid"`
	OnDuty   int        `json:"on_duty"`
	OnCall   int        `json:"on_call"`
	People   []OnRoster `json:"people" nullable:"false"`
}

// OnRoster is a person who is on duty or on call now.
type OnRoster struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	Kind  DutyState  `json:"kind" enum:"on_duty,on_call"`
	Until *time.Time `json:"until,omitempty"`
}

// GapFilter says where and when to look for gaps.
type GapFilter struct {
	AreaIDs  []int64 // each with everything below it
	From, To time.Time
	Minimum  int
	Kind     string
}

// RosterGap is a stretch in which fewer than the minimum are on duty in an area.
type RosterGap struct {
	AreaID   int64     `json:"area_id"`
	AreaName string    `json:"area_name"`
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
	Hours    float64   `json:"hours"`
}

// RosterConflict is a duty that a rotation asks for and that is not there,
// because the person has another one then or ended it themselves.
type RosterConflict struct {
	RotationID    int64      `json:"rotation_id"`
	TeamID        int64      `json:"team_id"`
	TeamName      string     `json:"team_name"`
	ResponderID   int64      `json:"responder_id"`
	ResponderName string     `json:"responder_name"`
	Day           Day        `json:"day" format:"date"`
	ShiftID       int64      `json:"shift_id"`
	Kind          DutyState  `json:"kind" enum:"on_duty,on_call"`
	StartsAt      time.Time  `json:"starts_at"`
	EndsAt        time.Time  `json:"ends_at"`
	OtherID       *int64     `json:"other_id,omitempty" doc:"The duty that is in the way."`
	OtherStartsAt *time.Time `json:"other_starts_at,omitempty"`
	OtherEndsAt   *time.Time `json:"other_ends_at,omitempty"`
}
