package dispatch

import "time"

// ProviderFlow is a sign-in that is away at the provider (OpenID Connect).
type ProviderFlow struct {
	State    string // comes back with the answer; kept as a hash
	Browser  string // the cookie of the browser that left; kept as a hash
	Nonce    string // comes back inside the signed answer
	Verifier string // of PKCE (RFC 7636)
	Page     string // where to go on
	BegunAt  time.Time
	// SessionID is the locked session that waits for it, 0 for none: then who
	// is there must have proved themselves anew.
	SessionID int64
}

// Vouched is whom a provider vouches for.
type Vouched struct {
	Issuer, Subject string
	Username        string // as they are called there, whatever its form
	DisplayName     string
	Factor          bool // the provider has asked for a second factor
	Grants          []VouchedGrant
}

// VouchedGrant is a role by what the provider says, in the area of a code, ""
// for the district.
type VouchedGrant struct {
	Role     Role
	AreaCode string
}

// Apart refuses roles that one account cannot have together.
func Apart(grants []Grant) error {
	for _, g := range grants[min(1, len(grants)):] {
		if g.Role.duty() != grants[0].Role.duty() {
			return &Error{Code: CodeDutiesApart, Field: "role", Values: map[string]string{"role": string(grants[0].Role)}}
		}
	}
	return nil
}
