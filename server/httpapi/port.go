package httpapi

import (
	"context"
	"time"

	"yiping/geo"
	"yiping/server/dispatch"
)

// Reader is what the handlers read. It masks nothing but telephone numbers and
// asks nobody: who may see what is decided here, by the handlers.
type Reader interface {
	Installation(ctx context.Context) (dispatch.Installation, error)
	Areas(ctx context.Context) ([]dispatch.Area, error)
	Area(ctx context.Context, id int64) (dispatch.Area, error)
	Search(ctx context.Context, query string, areaIDs []int64, limit int) ([]dispatch.FoundPlace, error)

	Incident(ctx context.Context, id int64) (dispatch.Incident, error)
	Incidents(ctx context.Context, f dispatch.IncidentFilter) (list []dispatch.Incident, total int, err error)
	IncidentDetail(ctx context.Context, id int64) (dispatch.IncidentDetail, error)
	Surroundings(ctx context.Context, i dispatch.Incident) (dispatch.Surroundings, error)
	ReportAnswer(ctx context.Context, reportID int64, closedAt time.Time) (*dispatch.ReportAnswer, error)
	Tracking(ctx context.Context, trackingHash []byte) (i dispatch.Incident, reportID int64, receivedAt time.Time, err error)
	TimelineEntry(ctx context.Context, id int64) (dispatch.TimelineEntry, error)
	Photo(ctx context.Context, id int64) (incidentID int64, jpeg []byte, err error)
	// TakesPart says whether a responder has an open offer or an assignment
	// that is not released on an incident that is not over.
	TakesPart(ctx context.Context, responderID, incidentID int64) (bool, error)

	Offer(ctx context.Context, id int64) (dispatch.Offer, error)
	// Messages gives what was sent to people about an incident, over which of
	// the channels that Channels gives and how far it has come.
	Messages(ctx context.Context, incidentID int64) ([]dispatch.Message, error)
	Channels() []dispatch.Way
	OffersOfLastWave(ctx context.Context, incidentID int64) ([]dispatch.Offer, error)
	Assignment(ctx context.Context, id int64) (dispatch.Assignment, error)
	AssignmentOfOffer(ctx context.Context, offerID int64) (*dispatch.Assignment, error)

	UnitOrder(ctx context.Context, id int64) (dispatch.UnitOrder, error)
	Alarm(ctx context.Context, id int64) (dispatch.Alarm, error)
	Alarms(ctx context.Context, incidentID int64) ([]dispatch.Alarm, error)
	UnitOrders(ctx context.Context, f dispatch.UnitOrderFilter) (list []dispatch.UnitOrder, total int, err error)
	// UnitTakesPart says whether a unit has an order, or did one, on an incident
	// that is not over.
	UnitTakesPart(ctx context.Context, unitID, incidentID int64) (bool, error)

	Responder(ctx context.Context, id int64) (dispatch.Responder, error)
	// HomeArea gives the area where a person is registered.
	HomeArea(ctx context.Context, responderID int64) (int64, error)
	Responders(ctx context.Context, f dispatch.ResponderFilter) (list []dispatch.Responder, total int, err error)
	Mine(ctx context.Context, responderID int64) (dispatch.Mine, error)
	Duty(ctx context.Context, id int64) (dispatch.Duty, error)
	// SavePositions writes positions of one responder who is on duty or on a
	// task, else refuses with CodeNotOnDuty. Committed when it returns.
	SavePositions(ctx context.Context, responderID int64, positions []dispatch.Position) (dispatch.KeptPositions, error)

	RosterReader
	CallUpReader
	TypeReader
	FigureReader
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
	// IncidentCells counts incidents by cell of a resolution: those open, or those
	// that were at a time.
	IncidentCells(ctx context.Context, resolution int, areaIDs []int64, at *time.Time) (map[geo.Cell]int, error)
	// BaseTile gives an encoded vector tile of the ground, not compressed.
	BaseTile(ctx context.Context, z, x, y int) ([]byte, error)
}

// Gateway verifies what a gateway for text messages and calls sends.
type Gateway interface {
	Verify(id, timestamp, signature string, body []byte) error
}

// Accounts keeps who may sign in, by what, and the sessions.
type Accounts interface {
	// SignIn judges a password and opens a session. Refuses with
	// CodeBadCredentials, CodeLocked or CodeTooMany.
	SignIn(ctx context.Context, from dispatch.Caller, username, password string) (dispatch.Opened, error)
	// BeginProvider keeps a sign-in that goes to the provider, and TakeProvider
	// gives it once to the browser that left, CodeProviderOver else.
	BeginProvider(ctx context.Context, f dispatch.ProviderFlow) error
	TakeProvider(ctx context.Context, state, browser string) (dispatch.ProviderFlow, error)
	// SignInVouched opens a session for whom the provider vouches, whose account
	// and grants follow what it says; CodeNotMapped where it gives none.
	SignInVouched(ctx context.Context, from dispatch.Caller, f dispatch.ProviderFlow, v dispatch.Vouched) (dispatch.Opened, error)
	// UseEnrolment lets the phone in that brings a code, CodeEnrolmentOver else.
	UseEnrolment(ctx context.Context, from dispatch.Caller, code, device string) (dispatch.Opened, error)
	// SessionByToken gives the live session of a cookie, CodeSignedOut for none.
	SessionByToken(ctx context.Context, token string) (dispatch.Session, error)
	// SessionByBearer gives whom a token of another system asks for, and the area
	// that it is narrowed to; CodeSignedOut for none.
	SessionByBearer(ctx context.Context, bearer string) (s dispatch.Session, areaID *int64, err error)
	Session(ctx context.Context, id int64) (dispatch.Session, error)
	// Watch gives what the accounts of sessions may do now; who is no longer
	// signed in is missing. It is asked again and again for all open sockets.
	Watch(ctx context.Context, sessionIDs []int64) (map[int64][]dispatch.Grant, error)
	// Seen notes that a session is used.
	Seen(ctx context.Context, s dispatch.Session) error
	Sessions(ctx context.Context, accountID int64) ([]dispatch.OwnSession, error)
	SignOut(ctx context.Context, s dispatch.Session) error
	EndOthers(ctx context.Context, s dispatch.Session) (ended int, err error)
	Lock(ctx context.Context, s dispatch.Session) error
	Unlock(ctx context.Context, s dispatch.Session, from dispatch.Caller, password string) error

	// ProveFactor takes a code of the second factor, or a recovery code instead.
	ProveFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, code, recovery string) (dispatch.Opened, error)
	BeginFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, issuer, password string) (secret, uri string, err error)
	ConfirmFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, code string) (recovery []string, o dispatch.Opened, err error)
	RenewRecoveryCodes(ctx context.Context, s dispatch.Session, from dispatch.Caller, code string) ([]string, error)
	RemoveFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, code string) error
	// ChangePassword replaces one's own password and ends one's other sessions.
	ChangePassword(ctx context.Context, s dispatch.Session, from dispatch.Caller, old, new string) (dispatch.Opened, error)
	// NewPassword generates a password, for the service to give to an account.
	NewPassword(ctx context.Context) (password, hash string, err error)
	Profile() dispatch.PasswordProfile
	FactorRoles(ctx context.Context) ([]dispatch.Role, error)

	List(ctx context.Context, f dispatch.AccountFilter) ([]dispatch.Account, error)
	Account(ctx context.Context, id int64) (dispatch.Account, error)
	// UnitsToBind gives the units of areas (nil for everywhere) that an account
	// may belong to.
	UnitsToBind(ctx context.Context, areaIDs []int64) ([]dispatch.Unit, error)
	Own(ctx context.Context, id int64) (dispatch.OwnAccount, error)
	Tokens(ctx context.Context, accountID int64) ([]dispatch.Token, error)
	Token(ctx context.Context, id int64) (dispatch.Token, error)
	Enrolment(ctx context.Context, id int64) (dispatch.Enrolment, error)
	Enrolments(ctx context.Context, responderID int64) ([]dispatch.Enrolment, error)
}
