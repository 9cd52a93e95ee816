package dispatch

import (
	"slices"
	"time"
)

// SessionMethod is by what somebody signed in.
type SessionMethod string

// The methods.
const (
	ByPassword SessionMethod = "password"
	ByProvider SessionMethod = "provider" // OpenID Connect
	ByPhone    SessionMethod = "phone"    // a phone that was enrolled
)

// EndReason is why a session ended before its time.
type EndReason string

// The reasons.
const (
	EndSignedOut       EndReason = "signed_out"
	EndReplaced        EndReason = "replaced" // by a newer one beyond the limit
	EndByOwner         EndReason = "owner"
	EndByAdministrator EndReason = "administrator"
	EndPassword        EndReason = "password" // it was changed
	EndFactor          EndReason = "factor"   // it was taken away
	EndDisabled        EndReason = "disabled"
	EndGrants          EndReason = "grants" // the provider no longer gives any
)

// Need is what somebody who has signed in has to do before anything else.
type Need string

// The needs, in the order in which they are met.
const (
	NeedSecondFactor   Need = "second_factor"
	NeedChangePassword Need = "change_password"
	NeedEnrolFactor    Need = "enrol_factor"
)

// SessionRule bounds sessions.
type SessionRule struct {
	Life time.Duration // from sign-in, whatever is done
	Idle time.Duration // ends where nothing is asked for so long, 0 never
	Most int           // at a time of one account; the oldest gives way
	Lock time.Duration // locks where nothing is asked for so long, 0 never
}

const day = 24 * time.Hour

// sessionRules is the one table of how long who stays signed in. A wall shows
// and does nothing, and nobody stands there to sign in again; a phone is its
// owner's, locked by itself, and must not fail on the way. Who administers has
// the shortest.
var sessionRules = map[Role]SessionRule{
	RoleCommander:             {Life: 12 * time.Hour, Most: 5, Lock: 15 * time.Minute},
	RoleDispatcher:            {Life: 12 * time.Hour, Most: 5, Lock: 15 * time.Minute},
	RoleCommunity:             {Life: 12 * time.Hour, Most: 5, Lock: 15 * time.Minute},
	RolePartner:               {Life: 12 * time.Hour, Most: 5, Lock: 15 * time.Minute},
	RoleResponder:             {Life: 30 * day, Most: 5},
	RoleWall:                  {Life: 365 * day, Most: 20},
	RoleIntegration:           {Life: 12 * time.Hour, Most: 20},
	RoleSystemAdministrator:   {Life: 8 * time.Hour, Idle: 30 * time.Minute, Most: 3, Lock: 15 * time.Minute},
	RoleSecurityAdministrator: {Life: 8 * time.Hour, Idle: 30 * time.Minute, Most: 3, Lock: 15 * time.Minute},
	RoleAuditAdministrator:    {Life: 8 * time.Hour, Idle: 30 * time.Minute, Most: 3, Lock: 15 * time.Minute},
}

// pendingLife is how long who still has something to prove or to set may take.
const pendingLife = 15 * time.Minute

// RuleOf gives the strictest of what bounds the roles; without any role, that
// of a desk.
func RuleOf(grants []Grant) SessionRule {
	if len(grants) == 0 {
		return sessionRules[RoleDispatcher]
	}
	strictest := sessionRules[grants[0].Role]
	for _, g := range grants[1:] {
		r := sessionRules[g.Role]
		strictest = SessionRule{Life: min(strictest.Life, r.Life), Most: min(strictest.Most, r.Most),
			Idle: shorter(strictest.Idle, r.Idle), Lock: shorter(strictest.Lock, r.Lock)}
	}
	return strictest
}

// shorter gives the shorter of two times of which 0 means never.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// Session is who is signed in, by what and since when; or a token of another
// system, which is no session but asks like one.
type Session struct {
	ID          int64
	TokenID     int64 // 0 for a person's session
	Account     Account
	Method      SessionMethod
	Device      string // coarse words, or the name of an enrolled phone
	Network     string // not the address: to 24 bits of IPv4, 48 of IPv6
	CreatedAt   time.Time
	SeenAt      time.Time // to the minute; a locked session is not seen
	ExpiresAt   time.Time
	MustChange  bool       // the password had run out at sign-in
	FactorAt    *time.Time // when the second factor was proved
	LockedAt    *time.Time
	OnTask      bool     // its responder has a task
	FactorRoles []Role   // that need a second factor
	Only        []Action // scopes of a token, nil for none
	Locked      bool     // as of when it was read
}

// Actor gives the session's account as one who asks. A phone was let in as
// somebody's phone and has nothing else of theirs.
func (s Session) Actor() Actor {
	a := Actor{AccountID: s.Account.ID, SessionID: s.ID, Name: s.Account.DisplayName, Grants: s.grants(), Only: s.Only}
	if s.Locked {
		a.Only = whileLocked()
	}
	if s.Account.ResponderID != nil {
		a.ResponderID = *s.Account.ResponderID
	}
	if s.Account.UnitID != nil {
		a.UnitID = *s.Account.UnitID
	}
	return a
}

// whileLocked gives what a locked session may still do: go on showing what is
// shown, and nothing by which people are known.
func whileLocked() []Action {
	return slices.DeleteFunc(Actions(), func(a Action) bool {
		return slices.Contains([]Action{ActionSeePhones, ActionCare, ActionCareRegister, ActionPrivacy}, a)
	})
}

func (s Session) grants() []Grant {
	if s.Method != ByPhone {
		return s.Account.Roles
	}
	return slices.DeleteFunc(slices.Clone(s.Account.Roles), func(g Grant) bool { return g.Role != RoleResponder })
}

// Rule gives what bounds the session.
func (s Session) Rule() SessionRule { return RuleOf(s.grants()) }

// Alive says whether the session goes on at a time. A responder's outlives its
// end while they have a task.
func (s Session) Alive(now time.Time) bool {
	rule := s.Rule()
	if rule.Idle > 0 && now.Sub(s.SeenAt) > rule.Idle {
		return false
	}
	onTheWay := s.OnTask && slices.ContainsFunc(s.grants(), func(g Grant) bool { return g.Role == RoleResponder })
	return now.Before(s.ExpiresAt) || onTheWay
}

// LockedBy says whether the session is locked at a time: it was told to be, or
// nothing was asked for too long.
func (s Session) LockedBy(now time.Time) bool {
	rule := s.Rule()
	return rule.Lock > 0 && (s.LockedAt != nil || now.Sub(s.SeenAt) > rule.Lock)
}

// Needs gives what is to be done before anything else, nil for nothing. A phone
// was enrolled by somebody who may, which stands for both factors.
func (s Session) Needs() []Need {
	if s.Method == ByPhone || s.TokenID != 0 {
		return nil
	}
	var needs []Need
	proved := s.FactorAt != nil
	if s.Account.Factor && !proved {
		needs = append(needs, NeedSecondFactor)
	}
	if s.MustChange {
		needs = append(needs, NeedChangePassword)
	}
	if !s.Account.Factor && !proved && s.FactorRequired() {
		needs = append(needs, NeedEnrolFactor)
	}
	return needs
}

// FactorRequired says whether a role of the account needs a second factor.
func (s Session) FactorRequired() bool { return slices.ContainsFunc(s.FactorRoles, s.Account.Has) }

// LifeOf gives how long a session lives that is opened now.
func (s Session) LifeOf() time.Duration {
	if len(s.Needs()) > 0 {
		return pendingLife
	}
	return s.Rule().Life
}

// OwnSession is a session as its owner and who administers the account see it.
type OwnSession struct {
	ID        int64         `json:"id"`
	Method    SessionMethod `json:"method" enum:"password,provider,phone"`
	Device    string        `json:"device" doc:"Coarse words, or the name of an enrolled phone."`
	Network   string        `json:"network" doc:"The network it was opened from."`
	CreatedAt time.Time     `json:"created_at"`
	SeenAt    time.Time     `json:"seen_at"`
	ExpiresAt time.Time     `json:"expires_at"`
	Locked    bool          `json:"locked"`
	Current   bool          `json:"current" doc:"The one that asks."`
}

// Caller is from where somebody proves who they are.
type Caller struct {
	Address string // counts what comes from it; an IPv6 network counts as one
	Network string // what is kept of it, see Session
	Device  string // what the browser was given when somebody signed in there, "" for nothing
	Agent   string // what it says it is
}

// Opened is a session that was just opened, or whose proof has grown: the tokens
// are new and are seen this once.
type Opened struct {
	Session Session
	Token   string
	Device  string // for the browser to keep, "" where it keeps what it has
	Ended   int    // how many older sessions gave way
}
