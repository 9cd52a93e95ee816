package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type accountsView struct {
	Accounts []dispatch.Account `json:"accounts" nullable:"false"`
}

type createAccountInput struct {
	Body struct {
		Username    string `json:"username" pattern:"^[a-z0-9][a-z0-9._-]{1,63}$"`
		DisplayName string `json:"display_name" minLength:"1" maxLength:"64"`
		Role        string `json:"role" enum:"administrator,commander,dispatcher,responder,wall"`
		AreaID      int64  `json:"area_id" minimum:"1"`
		ResponderID int64  `json:"responder_id,omitempty" minimum:"0"`
	}
}

type createdAccountView struct {
	Account  dispatch.Account `json:"account"`
	Password string           `json:"password" doc:"Shown this once."`
}

func (a *api) accounts() {
	can := Access(dispatch.ActionAdminister)
	operation(a, "GET", "/api/v1/accounts", "list-accounts", "Accounts", can, 200, func(ctx context.Context, _ *none) (*body[accountsView], error) {
		list, err := a.Accounts.List(ctx)
		return answer(accountsView{list}, err)
	})
	operation(a, "POST", "/api/v1/accounts", "create-account", "Make an account with a generated password", can, 201,
		func(ctx context.Context, in *createAccountInput) (*body[createdAccountView], error) {
			if !actorOf(ctx).MayIn(a.Service.Tree(), dispatch.ActionAdminister, in.Body.AreaID) {
				return nil, dispatch.Refuse(dispatch.CodeNotFound, "area_id")
			}
			account, password, err := a.Accounts.Create(ctx, in.Body.Username, in.Body.DisplayName, dispatch.Role(in.Body.Role), in.Body.AreaID, in.Body.ResponderID)
			return answer(createdAccountView{account, password}, err)
		})
}
