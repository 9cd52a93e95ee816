package dispatch

import (
	"context"
	"time"
)

// Standing is where an incident stood before it was merged, and goes back to.
type Standing struct {
	State      IncidentState
	Since      time.Time
	DueAt      *time.Time
	LadderAt   *time.Time
	LadderRung int
	ToldLevel  Level
}

// Merge is an incident that is shown with another: its reports, words, pictures
// and people are there, and go back if it is undone.
type Merge struct {
	ID         int64     `json:"-"`
	IncidentID int64     `json:"incident_id"`
	IntoID     int64     `json:"into_id"`
	TypeCode   string    `json:"type_code"`
	ReportedAt time.Time `json:"reported_at"`
	Reason     string    `json:"reason"`
	MergedBy   *int64    `json:"-"`
	MergedAt   time.Time `json:"merged_at"`
	Version    int       `json:"version" doc:"Of the merged incident, to take it apart again by."`
	Was        Standing  `json:"-"`
}

// MergeTx is the part of a transaction that merging needs.
type MergeTx interface {
	// StandsFor gives the incident that stands for one: itself, or the one that it
	// was merged into, and that one perhaps into another.
	StandsFor(ctx context.Context, incidentID int64) (int64, error)
	// MergeOf gives the merge that an incident is in, CodeNotFound for none.
	MergeOf(ctx context.Context, incidentID int64) (Merge, error)
	// InsertMerge notes a merge and takes reports, words and pictures over.
	InsertMerge(ctx context.Context, m *Merge) error
	// EndMerge notes that it is undone, takes back what came with it, and ends
	// the parts that areas took because of it.
	EndMerge(ctx context.Context, m Merge, by *int64, why string, at time.Time) error
	// JoinParties lets areas take part in the incident merged into, for as long as
	// the merge holds where they did not before.
	JoinParties(ctx context.Context, m Merge, why PartyReason, areaIDs []int64) error
	// RejoinParties lets those take part in an incident again who did until it
	// was merged.
	RejoinParties(ctx context.Context, m Merge, at time.Time) error
	// MoveAssignment saves an assignment with its alarms under another incident. It came with a
	// merge, or goes back where that is over.
	MoveAssignment(ctx context.Context, a Assignment, m Merge) error
	// MergedAssignments gives those that came with a merge and are there still.
	MergedAssignments(ctx context.Context, m Merge) ([]Assignment, error)
}
