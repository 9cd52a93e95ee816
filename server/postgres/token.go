package postgres

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

const selectToken = `
select t.id, t.account_id, a.username, t.name, t.prefix, t.actions, t.area_id, t.made_by, t.created_at, t.expires_at, t.used_at, t.revoked_at
from api_token t join account a on a.id = t.account_id`

// SessionByBearer gives whom a token of another system asks for, CodeSignedOut
// where it is none, over, revoked, or its account disabled. The grants are its
// account's as they are now; the area they are narrowed to is for the caller to
// cut, who knows the tree.
func (c *Accounts) SessionByBearer(ctx context.Context, bearer string) (s dispatch.Session, areaID *int64, err error) {
	type row struct {
		TokenID   int64
		Actions   []dispatch.Action
		AreaID    *int64
		MadeAt    time.Time
		ExpiresAt time.Time
		UsedAt    *time.Time
		dispatch.Account
	}
	now := c.store.now()
	r, err := one[row](ctx, c.store.system(), `select t.id as token_id, t.actions, t.area_id, t.created_at as made_at, t.expires_at, t.used_at, q.*
		from api_token t join (`+selectAccount+`) q on q.id = t.account_id
		where t.token_hash = $1 and t.revoked_at is null and t.expires_at > $2 and q.disabled_at is null`, hashOf(bearer), now)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return s, nil, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	if err != nil {
		return s, nil, err
	}
	if r.UsedAt == nil || now.Sub(*r.UsedAt) >= seenEvery {
		if _, err := c.store.system().Exec(ctx, `update api_token set used_at = $2 where id = $1`, r.TokenID, now); err != nil {
			return s, nil, translate(err)
		}
	}
	return dispatch.Session{TokenID: r.TokenID, Account: r.Account, Only: r.Actions, CreatedAt: r.MadeAt, SeenAt: now, ExpiresAt: r.ExpiresAt}, r.AreaID, nil
}

// Tokens gives the tokens of an account, the newest first.
func (c *Accounts) Tokens(ctx context.Context, accountID int64) ([]dispatch.Token, error) {
	return many[dispatch.Token](ctx, c.store.system(), selectToken+` where t.account_id = $1 order by t.id desc`, accountID)
}

// Token gives one token.
func (c *Accounts) Token(ctx context.Context, id int64) (dispatch.Token, error) {
	return one[dispatch.Token](ctx, c.store.system(), selectToken+` where t.id = $1`, id)
}

// InsertToken makes a token.
func (t *tx) InsertToken(ctx context.Context, k *dispatch.Token, hash []byte) error {
	return translate(t.QueryRow(ctx, `insert into api_token (account_id, name, prefix, token_hash, actions, area_id, made_by, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
		k.AccountID, k.Name, k.Prefix, hash, k.Actions, k.AreaID, k.MadeBy, k.CreatedAt, k.ExpiresAt).Scan(&k.ID))
}

// LockToken locks and gives a token.
func (t *tx) LockToken(ctx context.Context, id int64) (dispatch.Token, error) {
	return one[dispatch.Token](ctx, t, selectToken+` where t.id = $1 for update of t`, id)
}

// RevokeToken ends a token.
func (t *tx) RevokeToken(ctx context.Context, id int64, at time.Time) error {
	_, err := t.Exec(ctx, `update api_token set revoked_at = $2 where id = $1`, id, at)
	return translate(err)
}
