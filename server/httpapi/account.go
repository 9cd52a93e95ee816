package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type accountsInput struct {
	AreaID int64  `query:"area_id"`
	Role   string `query:"role" enum:"commander,dispatcher,community,partner,responder,wall,integration,system_administrator,security_administrator,audit_administrator"`
	Query  string `query:"q" maxLength:"64" doc:"Part of the user name or of the name that is shown."`
	State  string `query:"state" enum:"enabled,disabled"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type accountsView struct {
	Accounts   []dispatch.Account `json:"accounts" nullable:"false"`
	NextCursor string             `json:"next_cursor,omitempty"`
}

type createAccountInput struct {
	CommandInput
	Body struct {
		Username    string `json:"username" pattern:"^[a-z0-9][a-z0-9._-]{1,63}$"`
		DisplayName string `json:"display_name" minLength:"1" maxLength:"64"`
		Role        string `json:"role" enum:"commander,dispatcher,community,partner,responder,wall,integration,system_administrator,security_administrator,audit_administrator"`
		AreaID      int64  `json:"area_id" minimum:"1"`
		ResponderID int64  `json:"responder_id,omitempty" minimum:"0"`
		UnitID      int64  `json:"unit_id,omitempty" minimum:"0" doc:"With partner: whose people it belongs to."`
	}
}

type passwordView struct {
	Account  dispatch.Account `json:"account"`
	Password string           `json:"password,omitempty" doc:"Shown this once: a repeat of the request under the same key does not tell it again."`
}

// versionInput says which version of the thing was seen.
type versionInput struct {
	IDInput
	CommandInput
	Body struct {
		Version int `json:"version" minimum:"1"`
	}
}

type accountCommandInput struct {
	IDInput
	CommandInput
}

type editAccountInput struct {
	IDInput
	CommandInput
	Body struct {
		Version     int    `json:"version" minimum:"1"`
		DisplayName string `json:"display_name" minLength:"1" maxLength:"64"`
	}
}

type grantsInput struct {
	IDInput
	CommandInput
	Body struct {
		Version int            `json:"version" minimum:"1"`
		Grants  []grantRequest `json:"grants" maxItems:"50" nullable:"false" doc:"All of them: what is not listed is taken away."`
	}
}

type grantRequest struct {
	Role   string `json:"role" enum:"commander,dispatcher,community,partner,responder,wall,integration,system_administrator,security_administrator,audit_administrator"`
	AreaID int64  `json:"area_id" minimum:"1"`
}

type sessionsView struct {
	Sessions []dispatch.OwnSession `json:"sessions" nullable:"false"`
}

type accountSessionInput struct {
	IDInput
	CommandInput
	SessionID int64 `path:"session_id" minimum:"1"`
}

func (a *api) accounts() {
	can := Access(dispatch.ActionGrant)
	operation(a, "GET", "/api/v1/accounts", "list-accounts", "Accounts of one's areas", can, 200, a.listAccounts)
	operation(a, "POST", "/api/v1/accounts", "create-account", "Make an account with a generated password", can, 201, a.createAccount)
	operation(a, "GET", "/api/v1/account-units", "list-account-units", "Units that an account may belong to", can, 200, func(ctx context.Context, _ *none) (*body[unitsView], error) {
		areas, err := a.scope(ctx, dispatch.ActionGrant, 0)
		if err != nil {
			return nil, err
		}
		list, err := a.Accounts.UnitsToBind(ctx, areas)
		return answer(unitsView{list}, err)
	})
	operation(a, "GET", "/api/v1/accounts/{id}", "get-account", "One account", can, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Account], error) {
		return answer(a.seenAccount(ctx, in.ID))
	})
	operation(a, "POST", "/api/v1/accounts/{id}/edit", "edit-account", "Change the name that is shown", can, 200, func(ctx context.Context, in *editAccountInput) (*body[dispatch.Account], error) {
		return a.changedAccount(ctx)(a.Service.RenameAccount(ctx, a.command(ctx, in.Key, "account.edit", in.Body), in.ID, in.Body.Version, in.Body.DisplayName))
	})
	operation(a, "POST", "/api/v1/accounts/{id}/grants", "set-grants", "Give an account exactly these roles, in effect at once", can, 200, a.setGrants)
	operation(a, "POST", "/api/v1/accounts/{id}/disable", "disable-account", "Keep an account out and end its sessions", can, 200, func(ctx context.Context, in *versionInput) (*body[dispatch.Account], error) {
		return a.changedAccount(ctx)(a.Service.DisableAccount(ctx, a.command(ctx, in.Key, "account.disable", in.Body), in.ID, in.Body.Version))
	})
	operation(a, "POST", "/api/v1/accounts/{id}/enable", "enable-account", "Let an account in again", can, 200, func(ctx context.Context, in *versionInput) (*body[dispatch.Account], error) {
		return a.changedAccount(ctx)(a.Service.EnableAccount(ctx, a.command(ctx, in.Key, "account.enable", in.Body), in.ID, in.Body.Version))
	})
	operation(a, "POST", "/api/v1/accounts/{id}/reset-password", "reset-password", "Give an account another generated password and end its sessions", can, 200, a.resetPassword)
	operation(a, "POST", "/api/v1/accounts/{id}/reset-factor", "reset-factor", "Take an account's second factor away and end its sessions", can, 200,
		func(ctx context.Context, in *accountCommandInput) (*body[dispatch.Account], error) {
			return a.changedAccount(ctx)(a.Service.ResetFactor(ctx, a.command(ctx, in.Key, "account.reset_factor", in.ID), in.ID))
		})
	operation(a, "POST", "/api/v1/accounts/{id}/unlock", "unlock-account", "Let an account that failed too often try again at once", can, 200,
		func(ctx context.Context, in *accountCommandInput) (*body[dispatch.Account], error) {
			return a.changedAccount(ctx)(a.Service.UnlockAccount(ctx, a.command(ctx, in.Key, "account.unlock", in.ID), in.ID))
		})
	operation(a, "GET", "/api/v1/accounts/{id}/sessions", "list-account-sessions", "Open sessions of an account", can, 200, func(ctx context.Context, in *IDInput) (*body[sessionsView], error) {
		if _, err := a.seenAccount(ctx, in.ID); err != nil {
			return nil, err
		}
		list, err := a.Accounts.Sessions(ctx, in.ID)
		return answer(sessionsView{list}, err)
	})
	operation(a, "POST", "/api/v1/accounts/{id}/end-sessions", "end-account-sessions", "End all sessions of an account", can, 200,
		func(ctx context.Context, in *accountCommandInput) (*body[dispatch.Account], error) {
			return a.changedAccount(ctx)(a.Service.EndSessions(ctx, a.command(ctx, in.Key, "account.end_sessions", in.ID), in.ID, 0))
		})
	operation(a, "POST", "/api/v1/accounts/{id}/sessions/{session_id}/end", "end-account-session", "End one session of an account", can, 200,
		func(ctx context.Context, in *accountSessionInput) (*body[dispatch.Account], error) {
			return a.changedAccount(ctx)(a.Service.EndSessions(ctx, a.command(ctx, in.Key, "account.end_session", in.SessionID), in.ID, in.SessionID))
		})
}

func (a *api) listAccounts(ctx context.Context, in *accountsInput) (*body[accountsView], error) {
	areas, err := a.scope(ctx, dispatch.ActionGrant, in.AreaID)
	if err != nil {
		return nil, err
	}
	after, err := readCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := a.Accounts.List(ctx, dispatch.AccountFilter{AreaIDs: areas, Role: dispatch.Role(in.Role), Query: in.Query, State: in.State, AfterID: after, Limit: in.Limit})
	view := accountsView{Accounts: list}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, err)
}

// seenAccount gives an account that the actor may see.
func (a *api) seenAccount(ctx context.Context, id int64) (dispatch.Account, error) {
	account, err := a.Accounts.Account(ctx, id)
	if err == nil && !actorOf(ctx).SeesAccount(a.Service.Tree(), account) {
		err = dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	return account, err
}

// changedAccount gives what answers with an account after a command.
func (a *api) changedAccount(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.Account], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.Account], error) {
		if err != nil {
			return nil, err
		}
		return answer(a.Accounts.Account(ctx, out.ID))
	}
}

func (a *api) createAccount(ctx context.Context, in *createAccountInput) (*body[passwordView], error) {
	return a.withPassword(ctx, func(hash string) (dispatch.Outcome, error) {
		return a.Service.CreateAccount(ctx, a.command(ctx, in.Key, "account.create", in.Body), dispatch.NewAccount{Username: in.Body.Username, DisplayName: in.Body.DisplayName,
			Grants: []dispatch.Grant{{Role: dispatch.Role(in.Body.Role), AreaID: in.Body.AreaID}}, ResponderID: in.Body.ResponderID, UnitID: in.Body.UnitID, PasswordHash: hash})
	})
}

func (a *api) resetPassword(ctx context.Context, in *accountCommandInput) (*body[passwordView], error) {
	return a.withPassword(ctx, func(hash string) (dispatch.Outcome, error) {
		return a.Service.ResetPassword(ctx, a.command(ctx, in.Key, "account.reset_password", in.ID), in.ID, hash)
	})
}

// withPassword carries out a command that gives an account a generated password,
// and tells it once: where the command had been carried out before, this one is
// not what the account has.
func (a *api) withPassword(ctx context.Context, do func(hash string) (dispatch.Outcome, error)) (*body[passwordView], error) {
	password, hash, err := a.Accounts.NewPassword(ctx)
	if err != nil {
		return nil, err
	}
	out, err := do(hash)
	if err != nil {
		return nil, err
	}
	if out.Replayed {
		password = ""
	}
	account, err := a.Accounts.Account(ctx, out.ID)
	return answer(passwordView{account, password}, err)
}

func (a *api) setGrants(ctx context.Context, in *grantsInput) (*body[dispatch.Account], error) {
	grants := make([]dispatch.Grant, 0, len(in.Body.Grants))
	for _, g := range in.Body.Grants {
		grants = append(grants, dispatch.Grant{Role: dispatch.Role(g.Role), AreaID: g.AreaID})
	}
	return a.changedAccount(ctx)(a.Service.SetGrants(ctx, a.command(ctx, in.Key, "account.set_grants", in.Body), in.ID, in.Body.Version, grants))
}
