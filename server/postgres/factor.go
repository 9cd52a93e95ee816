package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

// factorPurpose is what the secrets of second factors are sealed for.
const factorPurpose seal.Purpose = "account_factor.secret"

// BeginFactor gives a fresh secret for a second factor, as text and as the
// address that an app reads. It proves nothing until it is confirmed. The
// password is asked for where the account has one, since whoever finds an open
// session must not bind it to their own phone.
func (c *Accounts) BeginFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, issuer, password string) (text, uri string, err error) {
	if s.Account.Factor {
		return "", "", dispatch.Refuse(dispatch.CodeTaken, "")
	}
	if err := c.proveAgain(ctx, s, from, password); err != nil {
		return "", "", err
	}
	raw, uri, err := dispatch.NewFactorSecret(issuer, s.Account.Username)
	if err != nil {
		return "", "", err
	}
	sealed, err := c.keys.Seal(factorPurpose.Row(s.Account.ID), raw)
	if err != nil {
		return "", "", err
	}
	_, err = c.store.system().Exec(ctx, `insert into account_factor as f (account_id, secret, created_at) values ($1, $2, $3)
		on conflict (account_id) do update set secret = excluded.secret, created_at = excluded.created_at, used_step = 0
		where f.confirmed_at is null`, s.Account.ID, sealed, c.store.now())
	return dispatch.FactorSecretText(raw), uri, translate(err)
}

// freshFor is how long after signing in somebody without a password here counts
// as having proved who they are.
const freshFor = 10 * time.Minute

// proveAgain asks for the password; of an account that another provider vouches
// for, that it has just signed in.
func (c *Accounts) proveAgain(ctx context.Context, s dispatch.Session, from dispatch.Caller, password string) error {
	_, t, err := c.prove(ctx, s, from, password)
	switch {
	case err == nil:
		return succeeded(ctx, c.store.system(), t)
	case dispatch.CodeOf(err) == dispatch.CodeNoPassword && c.store.now().Sub(s.CreatedAt) < freshFor:
		return nil
	}
	return err
}

// ConfirmFactor makes a second factor count by its first code, gives the
// recovery codes this once, and ends the account's other sessions.
func (c *Accounts) ConfirmFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, code string) (codes []string, out dispatch.Opened, err error) {
	if s.Account.Factor {
		return nil, out, dispatch.Refuse(dispatch.CodeTaken, "")
	}
	codes, hashes, err := c.newRecoveryCodes(ctx)
	if err != nil {
		return nil, out, err
	}
	t, err := c.takeCode(ctx, s, from, code, "factor.confirm")
	if err != nil {
		return nil, out, err
	}
	err = c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		if _, err := q.Exec(ctx, `update account_factor set confirmed_at = $2 where account_id = $1`, s.Account.ID, now); err != nil {
			return err
		}
		if err := saveRecoveryCodes(ctx, q, s.Account.ID, hashes); err != nil {
			return err
		}
		if _, err := endSessions(ctx, q, s.Account.ID, 0, s.ID, dispatch.EndFactor, now); err != nil {
			return err
		}
		out, err = c.proved(ctx, q, s, "factor.enrol", now)
		return err
	})
	return codes, out, err
}

// ProveFactor takes a code of the second factor, or a recovery code, for a
// session that was opened by the first. It goes on under a fresh token.
func (c *Accounts) ProveFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, code, recovery string) (out dispatch.Opened, err error) {
	if !s.Account.Factor {
		return out, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	action, t := "factor.prove", try{}
	if recovery != "" {
		action = "factor.recover"
		t, err = c.takeRecoveryCode(ctx, s, from, recovery)
	} else {
		t, err = c.takeCode(ctx, s, from, code, action)
	}
	if err != nil {
		return out, err
	}
	err = c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		out, err = c.proved(ctx, q, s, action, now)
		return err
	})
	return out, err
}

// proved notes that a session has shown the second factor.
func (c *Accounts) proved(ctx context.Context, q pgx.Tx, s dispatch.Session, action string, now time.Time) (dispatch.Opened, error) {
	if _, err := q.Exec(ctx, `update session set factor_at = $2 where id = $1`, s.ID, now); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	if err := c.store.writeAudit(ctx, q, s.Actor().Entry(ctx, dispatch.AuditSignIn, action), now); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	return c.renew(ctx, q, s.ID)
}

// takeCode judges a code and uses it up: of two that bring the same one, one
// succeeds. Codes are counted by the account, in a known browser too: whoever gets
// here has the password, and each sign-in by it makes the browser known anew, so
// that counted by the browser there would be no end to guessing.
func (c *Accounts) takeCode(ctx context.Context, s dispatch.Session, from dispatch.Caller, code, action string) (try, error) {
	t := newTry(tryFactor, s.Account.Username, from, false)
	last, err := c.reserve(ctx, t)
	if err != nil {
		return t, c.failed(ctx, s.Account.ID, action, err)
	}
	type row struct {
		Secret   []byte
		UsedStep int64
	}
	f, err := one[row](ctx, c.store.system(), `select secret, used_step from account_factor where account_id = $1`, s.Account.ID)
	if err != nil {
		return t, err
	}
	raw, err := c.keys.Open(factorPurpose.Row(s.Account.ID), f.Secret)
	if err != nil {
		return t, err
	}
	step, ok := dispatch.FactorStep(raw, code, c.store.now(), f.UsedStep)
	if ok {
		tag, err := c.store.system().Exec(ctx, `update account_factor set used_step = $2 where account_id = $1 and used_step < $2`, s.Account.ID, step)
		if err != nil {
			return t, translate(err)
		}
		ok = tag.RowsAffected() == 1
	}
	if !ok {
		return t, c.failedTry(ctx, s.Account.ID, action, dispatch.CodeBadCode, last)
	}
	return t, nil
}

// RemoveFactor takes one's own second factor away, where no role needs it.
func (c *Accounts) RemoveFactor(ctx context.Context, s dispatch.Session, from dispatch.Caller, code string) error {
	for _, role := range s.FactorRoles {
		if s.Account.Has(role) {
			return dispatch.Refuse(dispatch.CodeFactorRequired, "")
		}
	}
	if !s.Account.Factor {
		return dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	t, err := c.takeCode(ctx, s, from, code, "factor.remove")
	if err != nil {
		return err
	}
	return c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		if err := dropFactor(ctx, q, s.Account.ID); err != nil {
			return err
		}
		return c.store.writeAudit(ctx, q, s.Actor().Entry(ctx, dispatch.AuditGrant, "factor.remove"), now)
	})
}

// DropFactor takes the second factor of an account away.
func (t *tx) DropFactor(ctx context.Context, accountID int64) error {
	return dropFactor(ctx, t, accountID)
}

func dropFactor(ctx context.Context, q querier, accountID int64) error {
	if _, err := q.Exec(ctx, `delete from recovery_code where account_id = $1`, accountID); err != nil {
		return translate(err)
	}
	_, err := q.Exec(ctx, `delete from account_factor where account_id = $1`, accountID)
	return translate(err)
}
