package httpapi

import (
	"context"
	"net/http"
	"strings"

	"yiping/server/dispatch"
)

// Access of people's own sessions. Tokens of other systems have neither.
const (
	// InPerson lets in anybody signed in by themselves.
	InPerson Access = "in_person"
	// Entering lets in who still has something to prove or to set, too.
	Entering Access = "entering"
)

// identify gives who asks: another system by its token, where it has one, else
// a person by the cookie. The two do not mix: a token that does not hold is no
// reason to look at a cookie.
func (a *api) identify(ctx context.Context, c claim) (dispatch.Session, error) {
	if c.bears {
		s, areaID, err := a.Accounts.SessionByBearer(ctx, c.bearer)
		if err == nil && areaID != nil {
			s.Account.Roles = dispatch.Within(a.Service.Tree(), s.Account.Roles, *areaID)
		}
		return s, err
	}
	if c.cookie == "" {
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return a.Accounts.SessionByToken(ctx, c.cookie)
}

// claim is what of a request says who asks.
type claim struct {
	bearer, cookie string
	bears          bool // a bearer token is given, if an empty one
}

func claimOf(r *http.Request) claim {
	bearer, given := bearerOf(r)
	return claim{strings.Clone(bearer), strings.Clone(tokenOf(r)), given} // and nothing else of the request is held
}

// bearerOf gives the token of another system that a request carries.
func bearerOf(r *http.Request) (token string, given bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// carries says whether a request claims to be somebody's.
func carries(r *http.Request) bool {
	_, bearer := bearerOf(r)
	return bearer || tokenOf(r) != ""
}

// held refuses what has to wait: until somebody who has signed in has done what
// is asked of them, and while a session is locked. Then what is shown goes on
// being shown, and nothing is done or taken away.
func held(r *http.Request, s dispatch.Session, access Access) error {
	needs := s.Needs()
	switch {
	case s.TokenID != 0 && (access == InPerson || access == Entering):
		return dispatch.Refuse(dispatch.CodeForbidden, "")
	case len(needs) > 0 && access != Entering:
		return &dispatch.Error{Code: dispatch.CodeStepRequired, Values: map[string]string{"need": string(needs[0])}}
	case s.Locked && !heldOpen(r):
		return dispatch.Refuse(dispatch.CodeSessionLocked, "")
	}
	return nil
}

// heldOpen says whether a locked session may still ask for something.
func heldOpen(r *http.Request) bool {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	return reads && !strings.HasSuffix(r.URL.Path, "/export") || r.URL.Path == "/api/v1/session" || strings.HasPrefix(r.URL.Path, "/api/v1/session/")
}

// fromOf gives from where the request of a context comes, as far as proving
// somebody needs it.
func fromOf(ctx context.Context) dispatch.Caller {
	r, ok := ctx.Value(keyRequest).(*http.Request)
	if !ok {
		return dispatch.Caller{}
	}
	c := callerOf(ctx)
	return dispatch.Caller{Address: c.network(), Network: c.coarse(), Device: cookieOf(r, deviceCookieName), Agent: r.UserAgent()}
}
