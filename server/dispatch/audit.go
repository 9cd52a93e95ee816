package dispatch

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
)

// AuditKind sorts the entries of the audit trail.
type AuditKind string

// The kinds.
const (
	AuditCommand       AuditKind = "command"       // a command that was carried out
	AuditRefused       AuditKind = "refused"       // an attempt that was not
	AuditSignIn        AuditKind = "sign_in"       // a session began, or failed to
	AuditSignOut       AuditKind = "sign_out"      // a session ended, by whomever
	AuditView          AuditKind = "view"          // somebody looked at what is watched over
	AuditUnmask        AuditKind = "unmask"        // somebody saw a person's data in clear
	AuditExport        AuditKind = "export"        // a list left as a file
	AuditShare         AuditKind = "share"         // data went to another system
	AuditConfiguration AuditKind = "configuration" // how the installation works was changed
	AuditGrant         AuditKind = "grant"         // accounts and rights were changed
	AuditDestroy       AuditKind = "destroy"       // data was destroyed
)

// AuditKinds lists all of them.
var AuditKinds = []AuditKind{AuditCommand, AuditRefused, AuditSignIn, AuditSignOut, AuditView, AuditUnmask, AuditExport,
	AuditShare, AuditConfiguration, AuditGrant, AuditDestroy}

// AuditActor says what kind of somebody acted.
type AuditActor string

// The kinds of actor.
const (
	AuditByAccount  AuditActor = "account"
	AuditBySystem   AuditActor = "system"   // the clock, the simulation of the server itself
	AuditByResident AuditActor = "resident" // anybody without a session
	AuditByOperator AuditActor = "operator" // the server's command line
)

// AuditDone is the result of what was done; of a refusal it is its Code.
const AuditDone = "done"

// AuditEntry is one entry of the audit trail. Ids are 0 and texts "" where they
// say nothing. It holds no name, telephone number, position or full address;
// free text goes into Reason alone, which is kept apart and can be destroyed.
type AuditEntry struct {
	At          time.Time // zero: now
	Kind        AuditKind
	Action      string // e.g. "incident.verify", "responder.unmask"
	Result      string // AuditDone, which "" means too, or the Code of a refusal
	Actor       AuditActor
	AccountID   int64
	SessionID   int64
	ResponderID int64 // whose phone it was
	Noun        Noun
	NounID      int64
	AreaID      int64
	SubjectID   int64  // the responder whose personal data it is about
	Reason      string // the trail holds its salted hash only
	RequestID   string
	Network     string // where it came from, to 24 bits of IPv4 or 48 of IPv6
	Count       int    // how many attempts or rows it stands for; 0 means 1
}

// Entry begins an entry of the audit trail for the actor, with what the context
// knows of the request.
func (a Actor) Entry(ctx context.Context, kind AuditKind, action string) AuditEntry {
	e := AuditEntry{Kind: kind, Action: action, Result: AuditDone, AccountID: a.AccountID, SessionID: a.SessionID, ResponderID: a.ResponderID}
	r := RequestOf(ctx)
	switch {
	case a.AccountID != 0:
		e.Actor = AuditByAccount
	case r != nil && r.Operator:
		e.Actor = AuditByOperator
	case a.System:
		e.Actor = AuditBySystem
	default:
		e.Actor = AuditByResident
	}
	if r != nil {
		e.RequestID, e.Network = r.ID, r.Network
	}
	return e
}

// Entry gives the entry of a command with its result, "" for done.
func (c Command) Entry(ctx context.Context, result Code) AuditEntry {
	e := c.Actor.Entry(ctx, AuditKindOf(c.Name), c.Name)
	if result != "" {
		e.Kind, e.Result = AuditRefused, string(result)
		noun, _, _ := strings.Cut(c.Name, ".")
		e.Noun = Noun(noun)
		if r := RequestOf(ctx); r != nil {
			e.NounID = r.NounID
		}
	}
	return e
}

// configuring names what changes how the installation works, by the first part
// of the command's name.
var configuring = map[string]bool{"area": true, "register": true, "import": true, "shift": true, "team": true, "rotation": true,
	"holiday": true, "calendar": true, "type": true, "plan": true, "installation": true, "seed": true,
	"retention": true, "purpose": true, "consent_text": true}

// AuditKindOf gives the kind of entry that a command of a name leaves.
func AuditKindOf(name string) AuditKind {
	first, _, _ := strings.Cut(name, ".")
	switch {
	case configuring[first]:
		return AuditConfiguration
	case first == "account" || first == "token" || first == "enrolment":
		return AuditGrant
	case first == "session":
		return AuditSignOut
	}
	return AuditCommand
}

// Audited says whether a refusal belongs into the trail: not one of a server
// that could not, nor a repeat of what is still being done.
func Audited(code Code) bool {
	switch code {
	case "", CodeUnavailable, CodeDiskFull, CodeInFlight, CodeMoved:
		return false
	}
	return true
}

// Request is what is known of a request besides who asks. It travels in the
// context; one request has one.
type Request struct {
	ID       string
	Network  string // as in AuditEntry
	NounID   int64  // the id in its path
	Operator bool   // the server's own command line
	refused  atomic.Bool
}

// RefusalAudited notes that the refusal of this request is in the trail, and
// says whether it was before.
func (r *Request) RefusalAudited() (before bool) { return r != nil && r.refused.Swap(true) }

type requestKey struct{}

// WithRequest gives a context that knows of a request.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// RequestOf gives the request of a context, nil where there is none.
func RequestOf(ctx context.Context) *Request {
	r, _ := ctx.Value(requestKey{}).(*Request)
	return r
}

// Audit writes an entry of the trail in a transaction of its own, for what is no
// command. Where it fails, what it is about must not happen.
func (s *Service) Audit(ctx context.Context, e AuditEntry) error { return s.store.Audit(ctx, e) }
