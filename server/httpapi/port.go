package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// Reader is what the handlers read. It masks nothing but telephone numbers and
// asks nobody: who may see what is decided here, by the handlers.
type Reader interface {
	Installation(ctx context.Context) (dispatch.Installation, error)
	IncidentTypes(ctx context.Context) ([]dispatch.IncidentType, error)
	Areas(ctx context.Context) ([]dispatch.Area, error)
	Area(ctx context.Context, id int64) (dispatch.Area, error)
	Search(ctx context.Context, query string, areaIDs []int64, limit int) ([]dispatch.FoundPlace, error)

	Incident(ctx context.Context, id int64) (dispatch.Incident, error)
	Incidents(ctx context.Context, f dispatch.IncidentFilter) (list []dispatch.Incident, total int, err error)
	IncidentDetail(ctx context.Context, id int64) (dispatch.IncidentDetail, error)
	Surroundings(ctx context.Context, i dispatch.Incident) (dispatch.Surroundings, error)
	Tracking(ctx context.Context, trackingHash []byte) (i dispatch.Incident, reportID int64, receivedAt time.Time, err error)
	TimelineEntry(ctx context.Context, id int64) (dispatch.TimelineEntry, error)
	Photo(ctx context.Context, id int64) (incidentID int64, jpeg []byte, err error)
	// TakesPart says whether a responder has an open offer or an assignment
	// that is not released on an incident that is not over.
	TakesPart(ctx context.Context, responderID, incidentID int64) (bool, error)

	Offer(ctx context.Context, id int64) (dispatch.Offer, error)
	OffersOfLastWave(ctx context.Context, incidentID int64) ([]dispatch.Offer, error)
	Assignment(ctx context.Context, id int64) (dispatch.Assignment, error)
	AssignmentOfOffer(ctx context.Context, offerID int64) (*dispatch.Assignment, error)

	Responder(ctx context.Context, id int64) (dispatch.Responder, error)
	Responders(ctx context.Context, f dispatch.ResponderFilter) (list []dispatch.Responder, total int, err error)
	Mine(ctx context.Context, responderID int64) (dispatch.Mine, error)
	Duty(ctx context.Context, id int64) (dispatch.Duty, error)
	// SavePositions writes positions of one responder who is on duty or on a
	// task, else refuses with CodeNotOnDuty. Committed when it returns.
	SavePositions(ctx context.Context, responderID int64, positions []dispatch.Position) (accepted int, err error)

	RosterReader
	AuditReader

	Cameras(ctx context.Context, b dispatch.Box, areaIDs []int64, limit int) ([]dispatch.Camera, error)
	Camera(ctx context.Context, id int64) (dispatch.Camera, error)
	Facilities(ctx context.Context, b dispatch.Box, kind string, limit int) ([]dispatch.Facility, error)
	Facility(ctx context.Context, id int64) (dispatch.Facility, error)
	Units(ctx context.Context, areaIDs []int64) ([]dispatch.Unit, error)

	// Overview gives the figures of this moment; the other two are those that
	// read much and change little.
	Overview(ctx context.Context, areaID int64, areaIDs []int64) (dispatch.Overview, error)
	MonthTimes(ctx context.Context, areaIDs []int64) ([]dispatch.MedianTime, error)
	CameraRates(ctx context.Context, areaIDs []int64) (dispatch.CameraRates, error)
	// Events gives events after an offset (ascending), or, with after < 0, the
	// last ones before an offset (descending; 0 for the newest).
	Events(ctx context.Context, areaIDs []int64, incidentID, after, before int64, limit int) (epoch string, list []dispatch.Event, err error)
	// Cells counts a measure (incidents, responders, cameras) by cell of a resolution.
	Cells(ctx context.Context, measure string, resolution int, areaIDs []int64) (map[string]int, error)
	// Tile gives an encoded vector tile of a layer set (base, facilities,
	// cameras), not compressed; areaIDs narrows the cameras.
	Tile(ctx context.Context, set string, z, x, y int, areaIDs []int64) ([]byte, error)
}

// Accounts keeps who may sign in, and the sessions.
type Accounts interface {
	// SignIn checks a password and opens a session, giving its token (the only
	// time it is seen). Refuses with CodeBadCredentials or CodeLocked.
	SignIn(ctx context.Context, username, password string) (token string, s dispatch.Session, err error)
	// SessionByToken gives the live session of a cookie, CodeSignedOut for none.
	SessionByToken(ctx context.Context, token string) (dispatch.Session, error)
	SignOut(ctx context.Context, sessionID int64) error
	List(ctx context.Context) ([]dispatch.Account, error)
	// Create makes an account with a generated password, given once. Refuses
	// with CodeTaken where the name is in use.
	Create(ctx context.Context, username, displayName string, role dispatch.Role, areaID, responderID int64) (a dispatch.Account, password string, err error)
	// ResetPassword gives an account another generated password and ends its sessions.
	ResetPassword(ctx context.Context, username string) (password string, err error)
}
