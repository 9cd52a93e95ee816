package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"time"

	"yiping/server/dispatch"
)

type tokensView struct {
	Tokens  []dispatch.Token  `json:"tokens" nullable:"false"`
	Actions []dispatch.Action `json:"actions" nullable:"false" doc:"What a token of this account may be made for."`
}

type createTokenBody struct {
	Name      string    `json:"name" minLength:"1" maxLength:"64"`
	Actions   []string  `json:"actions" minItems:"1" maxItems:"40" nullable:"false" doc:"What it may do: no more than its account, then and later."`
	AreaID    int64     `json:"area_id,omitempty" minimum:"0" doc:"Only there and below."`
	ExpiresAt time.Time `json:"expires_at" doc:"At most a year ahead."`
}

type createTokenInput struct {
	CommandInput
	Body createTokenBody
}

type createAccountTokenInput struct {
	IDInput
	CommandInput
	Body createTokenBody
}

type createdTokenView struct {
	Token  dispatch.Token `json:"token"`
	Secret string         `json:"secret,omitempty" doc:"Shown this once. Sent as Authorization: Bearer; never in an address."`
}

func (a *api) tokens() {
	can := Access(dispatch.ActionGrant)
	operation(a, "GET", "/api/v1/account/tokens", "list-own-tokens", "One's own tokens for other systems", InPerson, 200, func(ctx context.Context, _ *none) (*body[tokensView], error) {
		return a.listTokens(ctx, sessionOf(ctx).Account)
	})
	operation(a, "POST", "/api/v1/account/tokens", "create-own-token", "Make a token for another system to act as oneself, within limits", InPerson, 201,
		func(ctx context.Context, in *createTokenInput) (*body[createdTokenView], error) {
			return a.createToken(ctx, in.Key, sessionOf(ctx).Account.ID, in.Body)
		})
	operation(a, "POST", "/api/v1/account/tokens/{id}/revoke", "revoke-own-token", "End one of one's own tokens", InPerson, 200, a.revokeToken)
	operation(a, "GET", "/api/v1/accounts/{id}/tokens", "list-account-tokens", "Tokens of an account", can, 200, func(ctx context.Context, in *IDInput) (*body[tokensView], error) {
		account, err := a.seenAccount(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return a.listTokens(ctx, account)
	})
	operation(a, "POST", "/api/v1/accounts/{id}/tokens", "create-account-token", "Make a token for another system to act as an account, within limits", can, 201,
		func(ctx context.Context, in *createAccountTokenInput) (*body[createdTokenView], error) {
			return a.createToken(ctx, in.Key, in.ID, in.Body)
		})
	operation(a, "POST", "/api/v1/tokens/{id}/revoke", "revoke-token", "End a token", can, 200, a.revokeToken)
}

func (a *api) listTokens(ctx context.Context, account dispatch.Account) (*body[tokensView], error) {
	list, err := a.Accounts.Tokens(ctx, account.ID)
	view := tokensView{Tokens: list, Actions: []dispatch.Action{}}
	owner := dispatch.Actor{AccountID: account.ID, Grants: account.Roles}
	for _, action := range dispatch.TokenActions() {
		if owner.May(action) {
			view.Actions = append(view.Actions, action)
		}
	}
	return answer(view, err)
}

// tokenMark begins every token, so that one that got somewhere is recognised;
// as much of it as is stored tells which one it is.
const (
	tokenMark   = "yp_"
	tokenPrefix = len(tokenMark) + 6
)

func (a *api) createToken(ctx context.Context, key string, accountID int64, in createTokenBody) (*body[createdTokenView], error) {
	secret := tokenMark + rand.Text() + rand.Text()
	hash := sha256.Sum256([]byte(secret))
	actions := make([]dispatch.Action, 0, len(in.Actions))
	for _, action := range in.Actions {
		actions = append(actions, dispatch.Action(action))
	}
	out, err := a.Service.CreateToken(ctx, a.command(ctx, key, "token.create", struct {
		AccountID int64
		Body      createTokenBody
	}{accountID, in}), accountID, dispatch.NewToken{Name: in.Name, Actions: actions, AreaID: in.AreaID, ExpiresAt: in.ExpiresAt, Prefix: secret[:tokenPrefix], Hash: hash[:]})
	if err != nil {
		return nil, err
	}
	if out.Replayed {
		secret = ""
	}
	token, err := a.Accounts.Token(ctx, out.ID)
	return answer(createdTokenView{token, secret}, err)
}

func (a *api) revokeToken(ctx context.Context, in *accountCommandInput) (*body[dispatch.Token], error) {
	out, err := a.Service.RevokeToken(ctx, a.command(ctx, in.Key, "token.revoke", in.ID), in.ID)
	if err != nil {
		return nil, err
	}
	return answer(a.Accounts.Token(ctx, out.ID))
}
