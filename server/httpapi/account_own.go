package httpapi

import (
	"context"
	"net/http"
	"time"

	"yiping/server/dispatch"
)

// ownAccountView is one's own account.
type ownAccountView struct {
	Account  dispatch.Account `json:"account"`
	Password ownPasswordView  `json:"password"`
	Factor   ownFactorView    `json:"factor"`
}

type ownPasswordView struct {
	Has       bool          `json:"has" doc:"There is one here: no other provider vouches for the account."`
	SetAt     time.Time     `json:"set_at"`
	ExpiresAt *time.Time    `json:"expires_at,omitempty"`
	Rules     passwordRules `json:"rules"`
}

type passwordRules struct {
	Profile  string `json:"profile" enum:"mlps3,asvs"`
	Least    int    `json:"least" doc:"Characters."`
	Most     int    `json:"most"`
	Classes  int    `json:"classes" doc:"Of lower case, upper case, digits and others that must occur; 0 for any."`
	Remember int    `json:"remember" doc:"Earlier ones that are refused."`
	LifeDays int    `json:"life_days" doc:"0 for ever."`
}

type ownFactorView struct {
	Has       bool `json:"has"`
	Required  bool `json:"required" doc:"By a role."`
	CodesLeft int  `json:"recovery_codes_left"`
}

func viewRules(p dispatch.PasswordProfile) passwordRules {
	return passwordRules{p.Name, p.Least, p.Most, p.Classes, p.Remember, int(p.Life.Hours() / 24)}
}

type changePasswordInput struct {
	Body struct {
		Old string `json:"old_password" minLength:"1" maxLength:"256"`
		New string `json:"new_password" minLength:"1" maxLength:"256"`
	}
}

type beginFactorInput struct {
	Body struct {
		Password string `json:"password,omitempty" maxLength:"256" doc:"One's own, where the account has one."`
	}
}

type beginFactorView struct {
	Secret string `json:"secret" doc:"To be typed into an authenticator app."`
	URI    string `json:"uri" doc:"otpauth: what the app reads from a picture of it (QR code)."`
}

type codeInput struct {
	Body struct {
		Code string `json:"code" minLength:"6" maxLength:"16"`
	}
}

type recoveryCodesView struct {
	Codes []string `json:"recovery_codes" nullable:"false" doc:"Shown this once; each works once."`
}

type confirmFactorOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      struct {
		recoveryCodesView
		Session sessionView `json:"session"`
	}
}

type endSessionInput struct {
	IDInput
	CommandInput
}

type endedView struct {
	Ended int `json:"ended"`
}

func (a *api) ownAccounts() {
	operation(a, "GET", "/api/v1/account", "own-account", "One's own account, and what is asked of passwords", Entering, 200, a.ownAccount)
	operation(a, "POST", "/api/v1/account/password", "change-password", "Change one's own password; other sessions end", Entering, 200,
		func(ctx context.Context, in *changePasswordInput) (*openedOutput, error) {
			return a.opened(ctx)(a.Accounts.ChangePassword(ctx, sessionOf(ctx), fromOf(ctx), in.Body.Old, in.Body.New))
		})
	operation(a, "POST", "/api/v1/account/factor", "begin-factor", "A secret for one's second factor; it counts once it is confirmed", Entering, 200,
		func(ctx context.Context, in *beginFactorInput) (*body[beginFactorView], error) {
			here, err := a.Reader.Installation(ctx)
			if err != nil {
				return nil, err
			}
			secret, uri, err := a.Accounts.BeginFactor(ctx, sessionOf(ctx), fromOf(ctx), here.CentreName, in.Body.Password)
			return answer(beginFactorView{secret, uri}, err)
		})
	operation(a, "POST", "/api/v1/account/factor/confirm", "confirm-factor", "Make the second factor count by its first code", Entering, 200,
		func(ctx context.Context, in *codeInput) (*confirmFactorOutput, error) {
			codes, o, err := a.Accounts.ConfirmFactor(ctx, sessionOf(ctx), fromOf(ctx), in.Body.Code)
			if err != nil {
				return nil, err
			}
			out := &confirmFactorOutput{SetCookie: a.cookies(ctx, o)}
			out.Body.Codes, out.Body.Session = codes, viewSession(o.Session)
			return out, nil
		})
	operation(a, "POST", "/api/v1/account/factor/recovery-codes", "renew-recovery-codes", "Another set of recovery codes; the earlier one is void", InPerson, 200,
		func(ctx context.Context, in *codeInput) (*body[recoveryCodesView], error) {
			codes, err := a.Accounts.RenewRecoveryCodes(ctx, sessionOf(ctx), fromOf(ctx), in.Body.Code)
			return answer(recoveryCodesView{codes}, err)
		})
	operation(a, "POST", "/api/v1/account/factor/remove", "remove-factor", "Take one's second factor away, where no role needs it", InPerson, 204,
		func(ctx context.Context, in *codeInput) (*none, error) {
			return nil, a.Accounts.RemoveFactor(ctx, sessionOf(ctx), fromOf(ctx), in.Body.Code)
		})
	operation(a, "GET", "/api/v1/account/sessions", "list-own-sessions", "One's own open sessions", InPerson, 200, func(ctx context.Context, _ *none) (*body[sessionsView], error) {
		list, err := a.Accounts.Sessions(ctx, sessionOf(ctx).Account.ID)
		for k := range list {
			list[k].Current = list[k].ID == sessionOf(ctx).ID
		}
		return answer(sessionsView{list}, err)
	})
	operation(a, "POST", "/api/v1/account/sessions/{id}/end", "end-own-session", "End one of one's own sessions", InPerson, 204, func(ctx context.Context, in *endSessionInput) (*none, error) {
		_, err := a.Service.EndOwnSession(ctx, a.command(ctx, in.Key, "session.end", in.ID), in.ID)
		return nil, err
	})
	operation(a, "POST", "/api/v1/account/sessions/end-others", "end-other-sessions", "End all of one's own sessions but this one", InPerson, 200, func(ctx context.Context, _ *none) (*body[endedView], error) {
		ended, err := a.Accounts.EndOthers(ctx, sessionOf(ctx))
		return answer(endedView{ended}, err)
	})
}

func (a *api) ownAccount(ctx context.Context, _ *none) (*body[ownAccountView], error) {
	s, rules := sessionOf(ctx), a.Accounts.Profile()
	own, err := a.Accounts.Own(ctx, s.Account.ID)
	if err != nil {
		return nil, err
	}
	view := ownAccountView{Account: own.Account,
		Password: ownPasswordView{Has: own.HasPassword, SetAt: own.PasswordSetAt, Rules: viewRules(rules)},
		Factor:   ownFactorView{Has: own.Factor, Required: s.FactorRequired(), CodesLeft: own.CodesLeft}}
	if own.HasPassword && rules.Life > 0 {
		at := own.PasswordSetAt.Add(rules.Life)
		view.Password.ExpiresAt = &at
	}
	return answer(view, nil)
}
