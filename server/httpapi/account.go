package httpapi

import (
	"context"
	"slices"

	"yiping/server/dispatch"
)

type accountsView struct {
	Accounts []dispatch.Account `json:"accounts" nullable:"false"`
}

type createAccountInput struct {
	Body struct {
		Username    string `json:"username" pattern:"^[a-z0-9][a-z0-9._-]{1,63}$"`
		DisplayName string `json:"display_name" minLength:"1" maxLength:"64"`
		Role        string `json:"role" enum:"commander,dispatcher,community,partner,responder,wall,integration,system_administrator,security_administrator,audit_administrator"`
		AreaID      int64  `json:"area_id" minimum:"1"`
		ResponderID int64  `json:"responder_id,omitempty" minimum:"0"`
	}
}

type createdAccountView struct {
	Account  dispatch.Account `json:"account"`
	Password string           `json:"password" doc:"Shown this once."`
}

func (a *api) accounts() {
	can := Access(dispatch.ActionGrant)
	operation(a, "GET", "/api/v1/accounts", "list-accounts", "Accounts", can, 200, func(ctx context.Context, _ *none) (*body[accountsView], error) {
		list, err := a.Accounts.List(ctx)
		list = slices.DeleteFunc(list, func(account dispatch.Account) bool { return !a.administers(ctx, account) })
		return answer(accountsView{list}, err)
	})
	operation(a, "POST", "/api/v1/accounts", "create-account", "Make an account with a generated password", can, 201, a.createAccount)
	operation(a, "POST", "/api/v1/accounts/{id}/reset-password", "reset-password", "Give an account another generated password and end its sessions", can, 200, a.resetPassword)
}

// administers says whether an account is one of the actor's areas: one that
// has a role there, or none at all.
func (a *api) administers(ctx context.Context, account dispatch.Account) bool {
	return len(account.Roles) == 0 || slices.ContainsFunc(account.Roles, func(g dispatch.Grant) bool {
		return actorOf(ctx).MayIn(a.Service.Tree(), dispatch.ActionGrant, g.AreaID)
	})
}

func (a *api) createAccount(ctx context.Context, in *createAccountInput) (*body[createdAccountView], error) {
	b := in.Body
	may := func(areaID int64) bool {
		return actorOf(ctx).MayIn(a.Service.Tree(), dispatch.ActionGrant, areaID)
	}
	if !may(b.AreaID) {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "area_id")
	}
	if (dispatch.Role(b.Role) == dispatch.RoleResponder) != (b.ResponderID != 0) {
		return nil, dispatch.Refuse(dispatch.CodeInvalid, "responder_id")
	}
	if b.ResponderID != 0 { // whose phone the account would be
		r, err := a.Reader.Responder(ctx, b.ResponderID)
		if err != nil {
			return nil, err
		}
		if !may(r.AreaID) {
			return nil, dispatch.Refuse(dispatch.CodeNotFound, "responder_id")
		}
	}
	account, password, err := a.Accounts.Create(ctx, b.Username, b.DisplayName, dispatch.Role(b.Role), b.AreaID, b.ResponderID)
	return answer(createdAccountView{account, password}, err)
}

// resetPassword asks for more than seeing an account does: whoever holds the
// password is that account in all of its areas.
func (a *api) resetPassword(ctx context.Context, in *IDInput) (*body[createdAccountView], error) {
	list, err := a.Accounts.List(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(list, func(account dispatch.Account) bool { return account.ID == in.ID })
	if at < 0 || slices.ContainsFunc(list[at].Roles, func(g dispatch.Grant) bool {
		return !actorOf(ctx).MayIn(a.Service.Tree(), dispatch.ActionGrant, g.AreaID)
	}) {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	password, err := a.Accounts.ResetPassword(ctx, list[at].Username)
	return answer(createdAccountView{list[at], password}, err)
}
