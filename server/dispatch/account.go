package dispatch

import (
	"context"
	"slices"
	"time"
)

// Account is who may sign in.
type Account struct {
	ID          int64      `json:"id"`
	Username    string     `json:"username"`
	DisplayName string     `json:"display_name"`
	ResponderID *int64     `json:"responder_id,omitempty"`
	UnitID      *int64     `json:"unit_id,omitempty" doc:"Whose people it belongs to: sees and does what that unit's orders ask for."`
	UnitName    string     `json:"unit_name,omitempty"`
	Roles       []Grant    `json:"roles" nullable:"false"`
	Factor      bool       `json:"factor" doc:"Has a second factor."`
	Provider    bool       `json:"provider" doc:"Another provider vouches for it: it has no password here."`
	DisabledAt  *time.Time `json:"disabled_at,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	Version     int        `json:"version"`
}

// Has says whether the account has a role anywhere.
func (a Account) Has(role Role) bool {
	return slices.ContainsFunc(a.Roles, func(g Grant) bool { return g.Role == role })
}

// AccountFilter narrows a list of accounts. Areas nil is everywhere; an account
// without roles is everywhere's.
type AccountFilter struct {
	AreaIDs []int64
	Role    Role
	Query   string // of the user name or the name shown
	State   string // "enabled", "disabled", "" for both
	AfterID int64
	Limit   int
}

// NewAccount is an account to be made.
type NewAccount struct {
	Username, DisplayName string
	Grants                []Grant
	ResponderID           int64  // with RoleResponder, whose phone it is
	UnitID                int64  // with RolePartner, whose people it belongs to
	PasswordHash          string // of the generated password
}

// AccountTx is the part of a transaction that accounts need.
type AccountTx interface {
	LockAccount(ctx context.Context, id int64) (Account, error)
	// InsertAccount makes an account with its roles and a password that was
	// given to it, and fills in what the database decides.
	InsertAccount(ctx context.Context, a *Account, passwordHash string) error
	// SaveAccount writes the name shown, the roles, since when it is disabled,
	// and the version.
	SaveAccount(ctx context.Context, a Account) error
	// SetPassword replaces the password by one that was given to the account,
	// and forgets the browsers it was used in.
	SetPassword(ctx context.Context, accountID int64, hash string) error
	DropFactor(ctx context.Context, accountID int64) error
	// ForgetTries lets an account that failed too often try again at once.
	ForgetTries(ctx context.Context, a Account) error
	// EndSessions ends the sessions of an account: one, or with 0 all of them.
	EndSessions(ctx context.Context, accountID, sessionID int64, why EndReason) (ended int, err error)

	InsertToken(ctx context.Context, t *Token, hash []byte) error
	LockToken(ctx context.Context, id int64) (Token, error)
	RevokeToken(ctx context.Context, id int64, at time.Time) error

	InsertEnrolment(ctx context.Context, e *Enrolment, secretHash []byte) error
	LockEnrolment(ctx context.Context, id int64) (Enrolment, error)
	WithdrawEnrolment(ctx context.Context, id int64, at time.Time) error
	// AccountOfResponder gives the account whose phone a person's is, 0 for none.
	AccountOfResponder(ctx context.Context, responderID int64) (int64, error)

	SetFactorRoles(ctx context.Context, roles []Role) error
}

// SeesAccount says whether the actor may see that an account is there: one with
// a role in their areas, or with none at all.
func (a Actor) SeesAccount(tree *AreaTree, account Account) bool {
	return a.May(ActionGrant) && (len(account.Roles) == 0 || slices.ContainsFunc(account.Roles, func(g Grant) bool {
		return a.MayIn(tree, ActionGrant, g.AreaID)
	}))
}

// OwnAccount is what somebody is told of their own account.
type OwnAccount struct {
	Account
	PasswordSetAt time.Time
	HasPassword   bool
	CodesLeft     int // recovery codes that are unused
}
