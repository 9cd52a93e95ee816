package fanout

import (
	"context"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/httpapi"
	"yiping/server/tile"
)

// CookieName is the cookie of a session; its value is an account's number here.
const CookieName = httpapi.CookieName

// Tiles is the API over points that are read from a source. lookUp stands for the
// database's part of asking whose a session is.
func Tiles(source tile.Source, lookUp func(context.Context) error) (http.Handler, error) {
	ctx := context.Background()
	service := dispatch.NewService(store{}, time.Now, zerolog.Nop())
	if err := service.Load(ctx); err != nil {
		return nil, err
	}
	points := tile.NewPoints(source, zerolog.Nop())
	if err := points.Load(ctx); err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Deps{Service: service, Accounts: askedAccounts{lookUp: lookUp}, Points: points, Log: zerolog.Nop(), Version: "bench",
		Ready: func(context.Context) error { return nil }}), nil
}

// askedAccounts are accounts that are looked up.
type askedAccounts struct {
	accounts
	lookUp func(context.Context) error
}

// SessionByToken looks up and gives the session of the account of a number.
func (a askedAccounts) SessionByToken(ctx context.Context, token string) (dispatch.Session, error) {
	if err := a.lookUp(ctx); err != nil {
		return dispatch.Session{}, err
	}
	s, err := a.accounts.SessionByToken(ctx, token)
	s.SeenAt, s.ExpiresAt = time.Now(), time.Now().Add(time.Hour)
	return s, err
}
