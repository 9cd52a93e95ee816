package httpapi

import (
	"context"
	"net/http"
	"time"

	"yiping/server/dispatch"
)

// sessionView is who is signed in, as the pages are told.
type sessionView struct {
	AccountID   int64            `json:"account_id"`
	Username    string           `json:"username"`
	DisplayName string           `json:"display_name"`
	Roles       []dispatch.Grant `json:"roles" nullable:"false"`
	ResponderID *int64           `json:"responder_id,omitempty"`
	ExpiresAt   time.Time        `json:"expires_at"`
}

func viewSession(s dispatch.Session) sessionView {
	return sessionView{s.Account.ID, s.Account.Username, s.Account.DisplayName, s.Account.Roles, s.Account.ResponderID, s.ExpiresAt}
}

type signInInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

type signInOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      sessionView
}

type none struct{}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *api) sessions() {
	operation(a, "POST", "/api/v1/session", "sign-in", "Sign in", Public, 200, func(ctx context.Context, in *signInInput) (*signInOutput, error) {
		token, s, err := a.Accounts.SignIn(ctx, in.Body.Username, in.Body.Password)
		if err != nil {
			return nil, err
		}
		return &signInOutput{SetCookie: a.cookie(ctx, token, s.ExpiresAt), Body: viewSession(s)}, nil
	})
	operation(a, "GET", "/api/v1/session", "who-am-i", "Who is signed in", SignedIn, 200, func(ctx context.Context, _ *none) (*body[sessionView], error) {
		return &body[sessionView]{viewSession(sessionOf(ctx))}, nil
	})
	operation(a, "DELETE", "/api/v1/session", "sign-out", "Sign out", SignedIn, 204, func(ctx context.Context, _ *none) (*signOutOutput, error) {
		if err := a.Accounts.SignOut(ctx, sessionOf(ctx).ID); err != nil {
			return nil, err
		}
		return &signOutOutput{SetCookie: a.cookie(ctx, "", time.Unix(0, 0))}, nil
	})
}

// CookieName is the session's cookie. Over TLS it is named so that a browser
// takes it from this very host over TLS alone, never from a neighbour or a
// network in between (RFC 6265bis, 4.1.3.2), and no other is looked at.
const (
	CookieName       = "yiping_session"
	SecureCookieName = "__Host-" + CookieName
)

func cookieName(c caller) string {
	if c.secure {
		return SecureCookieName
	}
	return CookieName
}

// cookie makes the session's cookie. Pages of other sites never cause it to be
// sent; our own pages are public, and ask for everything else by themselves.
func (a *api) cookie(ctx context.Context, token string, expires time.Time) http.Cookie {
	from := callerOf(ctx)
	return http.Cookie{Name: cookieName(from), Value: token, Path: "/", Expires: expires, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: from.secure}
}

// tokenOf gives the session's token that a request carries, "" where it has none.
func tokenOf(r *http.Request) string {
	c, err := r.Cookie(cookieName(callerOf(r.Context())))
	if err != nil {
		return ""
	}
	return c.Value
}
