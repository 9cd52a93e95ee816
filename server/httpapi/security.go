package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

// securityView is how strict the installation is with who signs in.
type securityView struct {
	FactorRoles []dispatch.Role `json:"factor_roles" nullable:"false" doc:"Roles that need a second factor."`
	Passwords   passwordRules   `json:"passwords" doc:"Set by YIPING_PASSWORDS."`
	Sessions    []sessionRule   `json:"sessions" nullable:"false"`
}

type sessionRule struct {
	Role        dispatch.Role `json:"role"`
	LifeSeconds int           `json:"life_seconds"`
	IdleSeconds int           `json:"idle_seconds" doc:"0 for never."`
	LockSeconds int           `json:"lock_seconds" doc:"0 for never."`
	Most        int           `json:"most" doc:"At a time."`
}

type setSecurityInput struct {
	CommandInput
	Body struct {
		FactorRoles []string `json:"factor_roles" maxItems:"20" nullable:"false"`
	}
}

func (a *api) security() {
	can := Access(dispatch.ActionGrant)
	operation(a, "GET", "/api/v1/security", "get-security", "How strict the installation is with who signs in", can, 200, func(ctx context.Context, _ *none) (*body[securityView], error) {
		return a.viewSecurity(ctx)
	})
	operation(a, "POST", "/api/v1/security", "set-security", "Say which roles need a second factor", can, 200, func(ctx context.Context, in *setSecurityInput) (*body[securityView], error) {
		roles := make([]dispatch.Role, 0, len(in.Body.FactorRoles))
		for _, r := range in.Body.FactorRoles {
			roles = append(roles, dispatch.Role(r))
		}
		if _, err := a.Service.SetFactorRoles(ctx, a.command(ctx, in.Key, "installation.set_security", in.Body), roles); err != nil {
			return nil, err
		}
		return a.viewSecurity(ctx)
	})
}

func (a *api) viewSecurity(ctx context.Context) (*body[securityView], error) {
	roles, err := a.Accounts.FactorRoles(ctx)
	if err != nil {
		return nil, err
	}
	view := securityView{FactorRoles: roles, Passwords: viewRules(a.Accounts.Profile())}
	for _, role := range dispatch.Roles {
		r := dispatch.RuleOf([]dispatch.Grant{{Role: role}})
		view.Sessions = append(view.Sessions, sessionRule{role, int(r.Life.Seconds()), int(r.Idle.Seconds()), int(r.Lock.Seconds()), r.Most})
	}
	return answer(view, nil)
}
