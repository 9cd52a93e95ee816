package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// nameOf gives a user name as it is kept, however it was typed.
func nameOf(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// secret is what an account's password is judged by.
type secret struct {
	ID            int64
	Username      string
	PasswordHash  string
	PasswordSetAt time.Time
	PasswordGiven bool
}

// SignIn judges a password and opens a session. Names that nobody has, that are
// disabled or have no password here take as long and are answered alike.
func (c *Accounts) SignIn(ctx context.Context, from dispatch.Caller, username, password string) (dispatch.Opened, error) {
	name := nameOf(username)
	k, err := one[secret](ctx, c.store.system(), `select id, username, password_hash, password_set_at, password_given from account
		where username = $1 and disabled_at is null`, name)
	if err != nil && dispatch.CodeOf(err) != dispatch.CodeNotFound {
		return dispatch.Opened{}, err
	}
	t, err := c.judge(ctx, from, name, k, password)
	if err != nil {
		return dispatch.Opened{}, err
	}
	var out dispatch.Opened
	err = c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		if out, err = c.open(ctx, q, newSession{accountID: k.ID, method: dispatch.ByPassword, from: from,
			mustChange: c.profile.Over(k.PasswordSetAt, k.PasswordGiven, now)}); err != nil {
			return err
		}
		out.Device, err = c.remember(ctx, q, k.ID, from, now)
		return err
	})
	return out, err
}

// judge compares a password, and refuses with CodeBadCredentials, CodeLocked
// after too many failures, or CodeTooMany where too many wait. What it gives is
// to be handed to succeeded.
func (c *Accounts) judge(ctx context.Context, from dispatch.Caller, name string, k secret, password string) (try, error) {
	leave, err := c.hasher.enter(ctx)
	if err != nil {
		return try{}, err
	}
	defer leave()
	known, err := c.knows(ctx, name, from)
	if err != nil {
		return try{}, err
	}
	t := newTry(tryPassword, name, from, known)
	last, err := c.reserve(ctx, t)
	if err != nil {
		return t, c.failed(ctx, k.ID, "session.sign_in", err)
	}
	match, err := c.hasher.matches(password, k.PasswordHash)
	if err != nil {
		return t, err
	}
	if !match {
		return t, c.failedTry(ctx, k.ID, "session.sign_in", dispatch.CodeBadCredentials, last)
	}
	return t, nil
}

// failedTry notes a try that did not succeed, and the lock that its failing
// brings, and gives the refusal.
func (c *Accounts) failedTry(ctx context.Context, accountID int64, action string, code dispatch.Code, last bool) error {
	err := c.failed(ctx, accountID, action, dispatch.Refuse(code, ""))
	if last {
		e := dispatch.Actor{}.Entry(ctx, dispatch.AuditSignIn, "account.lock")
		e.AccountID = accountID
		if audit := c.store.Audit(ctx, e); audit != nil {
			return audit
		}
	}
	return err
}

// failed notes in the trail that somebody could not prove to be an account (0
// for a name that nobody has), and gives the refusal back.
func (c *Accounts) failed(ctx context.Context, accountID int64, action string, refused error) error {
	code := dispatch.CodeOf(refused)
	if !dispatch.Audited(code) || code == dispatch.CodeInternal {
		return refused
	}
	e := dispatch.Actor{}.Entry(ctx, dispatch.AuditSignIn, action)
	e.AccountID, e.Result = accountID, string(code)
	dispatch.RequestOf(ctx).RefusalAudited()
	if err := c.store.Audit(ctx, e); err != nil {
		return err
	}
	return refused
}

// prove judges the password of a session's own account.
func (c *Accounts) prove(ctx context.Context, s dispatch.Session, from dispatch.Caller, password string) (secret, try, error) {
	k, err := one[secret](ctx, c.store.system(), `select id, username, password_hash, password_set_at, password_given from account where id = $1`, s.Account.ID)
	if err != nil {
		return k, try{}, err
	}
	if k.PasswordHash == "" {
		return k, try{}, dispatch.Refuse(dispatch.CodeNoPassword, "")
	}
	t, err := c.judge(ctx, from, k.Username, k, password)
	return k, t, err
}

// Unlock unlocks a session by the password, whose failures count as those of
// signing in do.
func (c *Accounts) Unlock(ctx context.Context, s dispatch.Session, from dispatch.Caller, password string) error {
	_, t, err := c.prove(ctx, s, from, password)
	if err != nil {
		return err
	}
	return c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		if _, err := q.Exec(ctx, `update session set locked_at = null, seen_at = $2 where id = $1`, s.ID, now); err != nil {
			return err
		}
		return c.store.writeAudit(ctx, q, s.Actor().Entry(ctx, dispatch.AuditSignIn, "session.unlock"), now)
	})
}

// ChangePassword replaces one's own password. The session that asks goes on
// under a fresh token, all others end.
func (c *Accounts) ChangePassword(ctx context.Context, s dispatch.Session, from dispatch.Caller, old, new string) (dispatch.Opened, error) {
	k, t, err := c.prove(ctx, s, from, old)
	if err != nil {
		return dispatch.Opened{}, err
	}
	if err := c.profile.Weak(new, k.Username); err != nil {
		return dispatch.Opened{}, err
	}
	if err := c.usedBefore(ctx, k, old, new); err != nil {
		return dispatch.Opened{}, err
	}
	hash, err := c.hasher.hash(ctx, new)
	if err != nil {
		return dispatch.Opened{}, err
	}
	var out dispatch.Opened
	err = c.change(ctx, func(q pgx.Tx, now time.Time) error {
		if err := succeeded(ctx, q, t); err != nil {
			return err
		}
		if err := setPassword(ctx, q, k.ID, hash, false, now); err != nil {
			return err
		}
		if _, err := endSessions(ctx, q, k.ID, 0, s.ID, dispatch.EndPassword, now); err != nil {
			return err
		}
		if _, err := q.Exec(ctx, `update session set must_change = false where id = $1`, s.ID); err != nil {
			return err
		}
		if err := c.store.writeAudit(ctx, q, s.Actor().Entry(ctx, dispatch.AuditGrant, "account.change_password"), now); err != nil {
			return err
		}
		out, err = c.renew(ctx, q, s.ID)
		return err
	})
	return out, err
}

// usedBefore refuses the password that is replaced, and those before it that the
// profile remembers.
func (c *Accounts) usedBefore(ctx context.Context, k secret, old, new string) error {
	again := &dispatch.Error{Code: dispatch.CodeWeakPassword, Field: "new_password", Values: map[string]string{"reason": "used_before"}}
	if old == new {
		return again
	}
	if c.profile.Remember == 0 {
		return nil
	}
	type row struct{ PasswordHash string }
	past, err := many[row](ctx, c.store.system(), `select password_hash from password_past where account_id = $1 order by replaced_at desc limit $2`,
		k.ID, c.profile.Remember-1) // the one that is replaced is the first of them
	if err != nil {
		return err
	}
	leave, err := c.hasher.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for _, p := range past {
		match, err := c.hasher.matches(new, p.PasswordHash)
		if err != nil {
			return err
		}
		if match {
			return again
		}
	}
	return nil
}
