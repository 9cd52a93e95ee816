package dispatch

import (
	"context"
	"time"

	"github.com/paulmach/orb"
)

// Command is a change that a phone or a retry may repeat: who asks, under which
// idempotency key, and the bytes that tell whether a repeat is the same.
type Command struct {
	Actor   Actor
	Key     string // "" only for the system's own
	Name    string // e.g. "incident.verify"
	Payload []byte // the request, canonical; hashed, never stored
	service bool   // see AsService
}

// AsService gives the command as one that the service itself carries out: for
// what lies in tables of which no request may see a row, accounts and what is
// personal as such.
func (c Command) AsService() Command {
	c.service = true
	return c
}

// IsService says whether the service itself carries the command out: so declared,
// or the clock's own.
func (c Command) IsService() bool { return c.service || c.Actor.System }

// Outcome is what a command made, remembered under its key.
type Outcome struct {
	Noun     Noun
	ID       int64
	Version  int
	Replayed bool // the command had been carried out before
}

// Store is where the truth is kept.
type Store interface {
	// Run carries out a command in one transaction. A repeat of a command that
	// was committed gives its outcome again and does not call fn; the same key
	// with another payload is refused (CodeKeyReused), one in flight too
	// (CodeInFlight). fn may be called again after a serialization failure. What
	// is carried out or refused leaves an entry in the audit trail.
	Run(ctx context.Context, c Command, fn func(ctx context.Context, tx Tx) (Outcome, error)) (Outcome, error)

	Areas(ctx context.Context) ([]Area, error)
	// Dispatchable gives everybody who is on duty, on call or on a task at a
	// time; with ids, those people whatever their duty.
	Dispatchable(ctx context.Context, at time.Time, ids ...int64) ([]Responder, error)
	// DueOffers gives the ids of open offers whose time is up, and when the next
	// one's will be (zero for none).
	DueOffers(ctx context.Context, at time.Time) ([]int64, time.Time, error)
	// DueLadders gives the ids of incidents whose next level is to be told, and
	// when the next one's will be (zero for none).
	DueLadders(ctx context.Context, at time.Time) ([]int64, time.Time, error)
	// DueWaves gives the ids of incidents whose next wave is due, and when the next
	// one's will be (zero for none).
	DueWaves(ctx context.Context, at time.Time) ([]int64, time.Time, error)
	// Asked gives whom an incident was offered to, with the newest state.
	Asked(ctx context.Context, incidentID int64) (map[int64]OfferState, error)
	// Taken says how many work on an incident's task now.
	Taken(ctx context.Context, incidentID int64, task TaskKind) (int, error)
	// Work gives what people did since a time; who did nothing is missing.
	Work(ctx context.Context, responderIDs []int64, since time.Time) (map[int64]Work, error)
	IncidentPlan(ctx context.Context, incidentID int64) (Incident, Plan, error)
	SightingStore

	// Audit writes an entry of the audit trail in a transaction of its own. Many
	// refusals alike within seconds become one entry with their count.
	Audit(ctx context.Context, e AuditEntry) error

	VolunteerStore
	UnitOrderStore
	SafetyStore
	CallUpStore
	PersonalStore
	RevealStore
	MessageStore
}

// Tx is one transaction of a command. Its locks are taken in the order
// incident, responder, offer, assignment, so that commands cannot block each
// other for good.
type Tx interface {
	LockIncident(ctx context.Context, id int64) (Incident, Plan, error)
	InsertIncident(ctx context.Context, i *Incident) error
	SaveIncident(ctx context.Context, i Incident) error
	// EditedSince gives the fields that were edited after a version, and who
	// changed the incident last.
	EditedSince(ctx context.Context, id int64, version int) (fields []string, by string, err error)

	TypeAndPlan(ctx context.Context, code string) (IncidentType, error)
	// Locate gives the deepest area (community or above) whose boundary holds
	// the point, and the compound where one does.
	Locate(ctx context.Context, p orb.Point) (areaID int64, compoundID *int64, err error)

	InsertReport(ctx context.Context, r *Report, accountID int64, trackingHash []byte) error
	InsertTimeline(ctx context.Context, e *TimelineEntry, incidentID int64, a Actor) error
	InsertPhoto(ctx context.Context, p *Photo, incidentID, reportID int64, jpeg []byte) error

	Offer(ctx context.Context, id int64) (Offer, error)
	LockOffer(ctx context.Context, id int64) (Offer, error)
	InsertOffer(ctx context.Context, o *Offer) error
	SaveOffer(ctx context.Context, o Offer) error
	// OpenOffers locks and gives the open offers of an incident (responderID 0)
	// or to a responder (incidentID 0), ordered by id.
	OpenOffers(ctx context.Context, incidentID, responderID int64) ([]Offer, error)
	LastWave(ctx context.Context, incidentID int64) (int, error)

	// SaveResponder makes a person or replaces the one of the same source and
	// external id, and gives the id and version.
	SaveResponder(ctx context.Context, in ResponderInput, areaID, postCell int64) (id int64, version int, err error)
	// LockResponder locks the person's row: all that decides whom somebody is
	// assigned to happens under it.
	LockResponder(ctx context.Context, id int64) (Responder, error)
	Assignment(ctx context.Context, id int64) (Assignment, error)
	LockAssignment(ctx context.Context, id int64) (Assignment, error)
	InsertAssignment(ctx context.Context, a *Assignment) error
	SaveAssignment(ctx context.Context, a Assignment) error
	// Assignments locks and gives all assignments of an incident, ordered by id.
	Assignments(ctx context.Context, incidentID int64) ([]Assignment, error)

	// DutyAt gives the duty of a kind in force at a time, nil for none.
	DutyAt(ctx context.Context, responderID int64, kind DutyState, at time.Time) (*Duty, error)
	LockDuty(ctx context.Context, id int64) (Duty, error)
	InsertDuty(ctx context.Context, d *Duty) error
	EndDuty(ctx context.Context, id int64, at time.Time) (Duty, error)
	// DueDuties gives duties that began or ended by the clock and of which the
	// log has not been told, and notes that it is.
	DueDuties(ctx context.Context, at time.Time, limit int) (began, ended []Duty, err error)
	LadderTx
	VolunteerTx
	UnitOrderTx
	SafetyTx
	RosterTx
	TypeTx
	PartyTx
	CallUpTx
	MergeTx
	SatisfactionTx
	// DropPosition deletes the live position: off duty, none is kept.
	DropPosition(ctx context.Context, responderID int64) error

	CameraTx
	PersonalTx
	AccountTx
	MessageTx
	SaveArea(ctx context.Context, in AreaInput) (Area, error)

	// Emit writes the pending event. The sequencer gives it its offset.
	Emit(ctx context.Context, e Event) error
	// Audit writes an entry of the audit trail that stands or falls with the
	// transaction; the command's own entry is written by Run.
	Audit(ctx context.Context, e AuditEntry) error
}
