package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// newRecoveryCodes makes a set of codes with their hashes: short enough to be
// typed, so they are hashed as passwords are.
func (c *Accounts) newRecoveryCodes(ctx context.Context) (codes, hashes []string, err error) {
	for range dispatch.RecoveryCodes {
		code := dispatch.NewRecoveryCode()
		hash, err := c.hasher.hash(ctx, dispatch.RecoveryCodeText(code))
		if err != nil {
			return nil, nil, err
		}
		codes, hashes = append(codes, code), append(hashes, hash)
	}
	return codes, hashes, nil
}

// saveRecoveryCodes replaces the codes of an account.
func saveRecoveryCodes(ctx context.Context, q querier, accountID int64, hashes []string) error {
	if _, err := q.Exec(ctx, `delete from recovery_code where account_id = $1`, accountID); err != nil {
		return translate(err)
	}
	_, err := q.Exec(ctx, `insert into recovery_code (account_id, code_hash) select $1, unnest($2::text[])`, accountID, hashes)
	return translate(err)
}

// RenewRecoveryCodes gives another set of codes, for which a code of the second
// factor is asked. The earlier set is of no use any more.
func (c *Accounts) RenewRecoveryCodes(ctx context.Context, s dispatch.Session, from dispatch.Caller, code string) ([]string, error) {
	if !s.Account.Factor {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	codes, hashes, err := c.newRecoveryCodes(ctx)
	if err != nil {
		return nil, err
	}
	t, err := c.takeCode(ctx, s, from, code, "factor.recovery_codes")
	if err != nil {
		return nil, err
	}
	return codes, c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		if err := saveRecoveryCodes(ctx, q, s.Account.ID, hashes); err != nil {
			return err
		}
		return c.store.writeAudit(ctx, q, s.Actor().Entry(ctx, dispatch.AuditGrant, "factor.recovery_codes"), now)
	})
}

// takeRecoveryCode judges a recovery code and uses it up; it is counted as codes are.
func (c *Accounts) takeRecoveryCode(ctx context.Context, s dispatch.Session, from dispatch.Caller, typed string) (try, error) {
	leave, err := c.hasher.enter(ctx)
	if err != nil {
		return try{}, err
	}
	defer leave()
	t := newTry(tryFactor, s.Account.Username, from, false)
	last, err := c.reserve(ctx, t)
	if err != nil {
		return t, c.failed(ctx, s.Account.ID, "factor.recover", err)
	}
	type row struct {
		ID       int64
		CodeHash string
	}
	unused, err := many[row](ctx, c.store.system(), `select id, code_hash from recovery_code where account_id = $1 and used_at is null order by id`, s.Account.ID)
	if err != nil {
		return t, err
	}
	text := dispatch.RecoveryCodeText(typed)
	for _, k := range unused {
		match, err := c.hasher.matches(text, k.CodeHash)
		if err != nil {
			return t, err
		}
		if !match {
			continue
		}
		tag, err := c.store.system().Exec(ctx, `update recovery_code set used_at = $2 where id = $1 and used_at is null`, k.ID, c.store.now())
		if err != nil {
			return t, translate(err)
		}
		if tag.RowsAffected() == 1 {
			return t, nil
		}
	}
	return t, c.failedTry(ctx, s.Account.ID, "factor.recover", dispatch.CodeBadCode, last)
}
