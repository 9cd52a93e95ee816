package httpapi

import (
	"context"
	"net/http"
	"time"

	"yiping/server/dispatch"
)

// sessionView is who is signed in, as the pages are told.
type sessionView struct {
	AccountID   int64                  `json:"account_id"`
	Username    string                 `json:"username"`
	DisplayName string                 `json:"display_name"`
	Roles       []dispatch.Grant       `json:"roles" nullable:"false"`
	ResponderID *int64                 `json:"responder_id,omitempty"`
	UnitID      *int64                 `json:"unit_id,omitempty" doc:"Whose people the account belongs to: its orders are what it works on."`
	Method      dispatch.SessionMethod `json:"method" enum:"password,provider,phone" doc:"By what it was opened."`
	ExpiresAt   time.Time              `json:"expires_at"`
	Needs       []dispatch.Need        `json:"needs" nullable:"false" enum:"second_factor,change_password,enrol_factor" doc:"What is to be done first; until then everything else is refused with step_required."`
	Locked      bool                   `json:"locked" doc:"Left alone: the password is asked for. Until then commands, telephone numbers and files are refused, and what is shown goes on."`
	LockAfter   int                    `json:"lock_after_seconds" doc:"After so long without anybody the page locks; 0 for never."`
	UnlockBy    string                 `json:"unlock_by" enum:"password,provider" doc:"By what it is unlocked: signing in at the provider anew unlocks too."`
	Factor      bool                   `json:"factor" doc:"The account has a second factor."`
	Ended       int                    `json:"ended_sessions,omitempty" doc:"How many older sessions of the account ended for this one."`
}

func viewSession(s dispatch.Session) sessionView {
	view := sessionView{AccountID: s.Account.ID, Username: s.Account.Username, DisplayName: s.Account.DisplayName, Roles: s.Actor().Grants,
		ResponderID: s.Account.ResponderID, UnitID: s.Account.UnitID, Method: s.Method, ExpiresAt: s.ExpiresAt, Needs: s.Needs(), Locked: s.Locked,
		LockAfter: int(s.Rule().Lock.Seconds()), UnlockBy: "password", Factor: s.Account.Factor}
	if view.Needs == nil {
		view.Needs = []dispatch.Need{}
	}
	if view.Roles == nil {
		view.Roles = []dispatch.Grant{}
	}
	if s.Account.Provider {
		view.UnlockBy = "provider"
	}
	return view
}

type signInInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"64"`
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

// openedOutput is a session under a fresh token.
type openedOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      sessionView
}

type factorInput struct {
	Body struct {
		Code         string `json:"code,omitempty" maxLength:"16" doc:"Of the app."`
		RecoveryCode string `json:"recovery_code,omitempty" maxLength:"32" doc:"Instead of it."`
	}
}

type passwordInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"256"`
	}
}

type useEnrolmentInput struct {
	Body struct {
		Code   string `json:"code" minLength:"1" maxLength:"128" doc:"What follows #enrol= in the address that was scanned."`
		Device string `json:"device,omitempty" maxLength:"32" doc:"What the phone is called where nobody has named it."`
	}
}

type none struct{}

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (a *api) sessions() {
	operation(a, "POST", "/api/v1/session", "sign-in", "Sign in", Public, 200, func(ctx context.Context, in *signInInput) (*openedOutput, error) {
		return a.opened(ctx)(a.Accounts.SignIn(ctx, fromOf(ctx), in.Body.Username, in.Body.Password))
	})
	operation(a, "GET", "/api/v1/session", "who-am-i", "Who is signed in", Entering, 200, func(ctx context.Context, _ *none) (*body[sessionView], error) {
		return &body[sessionView]{viewSession(sessionOf(ctx))}, nil
	})
	operation(a, "DELETE", "/api/v1/session", "sign-out", "Sign out", Entering, 204, func(ctx context.Context, _ *none) (*signOutOutput, error) {
		if err := a.Accounts.SignOut(ctx, sessionOf(ctx)); err != nil {
			return nil, err
		}
		return &signOutOutput{SetCookie: a.cookie(ctx, "", time.Unix(0, 0))}, nil
	})
	operation(a, "POST", "/api/v1/session/factor", "prove-factor", "Give a code of the second factor, or a recovery code", Entering, 200,
		func(ctx context.Context, in *factorInput) (*openedOutput, error) {
			return a.opened(ctx)(a.Accounts.ProveFactor(ctx, sessionOf(ctx), fromOf(ctx), in.Body.Code, in.Body.RecoveryCode))
		})
	operation(a, "POST", "/api/v1/session/lock", "lock-session", "Lock the session: it was left alone", Entering, 200,
		func(ctx context.Context, _ *none) (*body[sessionView], error) {
			return a.session(ctx, a.Accounts.Lock(ctx, sessionOf(ctx)))
		})
	operation(a, "POST", "/api/v1/session/unlock", "unlock-session", "Unlock the session by the password", Entering, 200,
		func(ctx context.Context, in *passwordInput) (*body[sessionView], error) {
			return a.session(ctx, a.Accounts.Unlock(ctx, sessionOf(ctx), fromOf(ctx), in.Body.Password))
		})
	operation(a, "POST", "/api/v1/session/enrolment", "use-enrolment", "Let a phone in by the code that it scanned, once", Public, 200,
		func(ctx context.Context, in *useEnrolmentInput) (*openedOutput, error) {
			return a.opened(ctx)(a.Accounts.UseEnrolment(ctx, fromOf(ctx), in.Body.Code, in.Body.Device))
		})
}

// opened gives what answers with a session under a fresh token.
func (a *api) opened(ctx context.Context) func(dispatch.Opened, error) (*openedOutput, error) {
	return func(o dispatch.Opened, err error) (*openedOutput, error) {
		if err != nil {
			return nil, err
		}
		view := viewSession(o.Session)
		view.Ended = o.Ended
		return &openedOutput{SetCookie: a.cookies(ctx, o), Body: view}, nil
	}
}

// session gives the session that asks as it is now, after something was done to
// it.
func (a *api) session(ctx context.Context, err error) (*body[sessionView], error) {
	if err != nil {
		return nil, err
	}
	s, err := a.Accounts.Session(ctx, sessionOf(ctx).ID)
	return answer(viewSession(s), err)
}

// CookieName is the session's cookie. Over TLS it is named so that a browser
// takes it from this very host over TLS alone, never from a neighbour or a
// network in between (RFC 6265bis, 4.1.3.2), and no other is looked at.
const (
	CookieName       = "yiping_session"
	SecureCookieName = "__Host-" + CookieName
	deviceCookieName = "yiping_device" // of the browser, whoever signs in in it
)

func cookieName(c caller) string { return nameFor(c, CookieName) }

func nameFor(c caller, name string) string {
	if c.secure {
		return "__Host-" + name
	}
	return name
}

// deviceLife is how long a browser is known after somebody signed in in it.
const deviceLife = 365 * 24 * time.Hour

// cookies gives the cookies of a session under a fresh token. Where it outlives
// its end for a task, the cookie does too: the server says what holds.
func (a *api) cookies(ctx context.Context, o dispatch.Opened) []http.Cookie {
	expires := o.Session.ExpiresAt
	if o.Session.Account.Has(dispatch.RoleResponder) {
		expires = expires.Add(deviceLife)
	}
	list := []http.Cookie{a.cookie(ctx, o.Token, expires)}
	if o.Device != "" {
		device := a.cookie(ctx, o.Device, a.Service.Now().Add(deviceLife))
		device.Name = nameFor(callerOf(ctx), deviceCookieName)
		list = append(list, device)
	}
	return list
}

// cookie makes the session's cookie. Pages of other sites never cause it to be
// sent; our own pages are public, and ask for everything else by themselves.
func (a *api) cookie(ctx context.Context, token string, expires time.Time) http.Cookie {
	from := callerOf(ctx)
	return http.Cookie{Name: cookieName(from), Value: token, Path: "/", Expires: expires, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: from.secure}
}

// tokenOf gives the session's token that a request carries, "" where it has none.
func tokenOf(r *http.Request) string { return cookieOf(r, CookieName) }

func cookieOf(r *http.Request, name string) string {
	c, err := r.Cookie(nameFor(callerOf(r.Context()), name))
	if err != nil {
		return ""
	}
	return c.Value
}
