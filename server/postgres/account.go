package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

const (
	sessionLife  = 12 * time.Hour
	wallLife     = 365 * 24 * time.Hour // a wall stays signed in
	lockAfter    = 5
	lockFor      = 15 * time.Minute
	passwordSize = 12 // random bytes of a generated password
)

// Accounts keeps who may sign in, and the sessions.
type Accounts struct {
	store  *Store
	params *argon2id.Params
	decoy  string // a hash that unknown names are compared with, so that both take as long
}

// NewAccounts makes it; params nil means OWASP's argon2id figures (19 MiB, 2 passes).
func NewAccounts(s *Store, params *argon2id.Params) (*Accounts, error) {
	if params == nil {
		params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	decoy, err := argon2id.CreateHash(rand.Text(), params)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", err)
	}
	return &Accounts{store: s, params: params, decoy: decoy}, nil
}

const selectAccount = `
select a.id, a.username, a.display_name, a.responder_id, a.disabled_at, a.created_at, a.version,
	coalesce((select jsonb_agg(jsonb_build_object('role', x.role, 'area_id', x.area_id, 'area_name', n.name) order by x.role, x.area_id)
		from account_role x join area n on n.id = x.area_id where x.account_id = a.id), '[]') as roles
from account a`

// List gives all accounts.
func (c *Accounts) List(ctx context.Context) ([]dispatch.Account, error) {
	return many[dispatch.Account](ctx, c.store.system(), selectAccount+` order by a.id`)
}

// Create makes an account with a generated password, given this once.
func (c *Accounts) Create(ctx context.Context, username, displayName string, role dispatch.Role, areaID, responderID int64) (dispatch.Account, string, error) {
	password, err := generatePassword()
	if err != nil {
		return dispatch.Account{}, "", err
	}
	hash, err := argon2id.CreateHash(password, c.params)
	if err != nil {
		return dispatch.Account{}, "", fmt.Errorf("hash: %w", err)
	}
	var a dispatch.Account
	err = pgx.BeginFunc(ctx, c.store.system(), func(t pgx.Tx) error {
		var id int64
		if err := t.QueryRow(ctx, `insert into account (username, display_name, password_hash, responder_id)
			values ($1, $2, $3, nullif($4::bigint, 0)) returning id`, strings.ToLower(username), displayName, hash, responderID).Scan(&id); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `insert into account_role (account_id, role, area_id) values ($1, $2, $3)`, id, role, areaID); err != nil {
			return err
		}
		a, err = one[dispatch.Account](ctx, t, selectAccount+` where a.id = $1`, id)
		return err
	})
	return a, password, translate(err)
}

// ResetPassword gives an account a new generated password and ends its sessions.
func (c *Accounts) ResetPassword(ctx context.Context, username string) (string, error) {
	password, err := generatePassword()
	if err != nil {
		return "", err
	}
	hash, err := argon2id.CreateHash(password, c.params)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	err = pgx.BeginFunc(ctx, c.store.system(), func(t pgx.Tx) error {
		var id int64
		if err := t.QueryRow(ctx, `update account set password_hash = $2, failed_count = 0, locked_until = null, version = version + 1
			where username = $1 returning id`, strings.ToLower(username), hash).Scan(&id); err != nil {
			return err
		}
		_, err := t.Exec(ctx, `update session set revoked_at = $2 where account_id = $1 and revoked_at is null`, id, c.store.now())
		return err
	})
	return password, translate(err)
}

// SignIn checks a password and opens a session. Five failures lock the account
// for 15 minutes.
func (c *Accounts) SignIn(ctx context.Context, username, password string) (string, dispatch.Session, error) {
	type secret struct {
		ID           int64
		PasswordHash string
		Locked       bool
		Wall         bool
	}
	now := c.store.now()
	k, err := one[secret](ctx, c.store.system(), `select a.id, a.password_hash, coalesce(a.locked_until > $2, false) as locked,
		exists (select 1 from account_role x where x.account_id = a.id) and not exists (select 1 from account_role x where x.account_id = a.id and x.role <> 'wall') as wall
		from account a where a.username = $1 and a.disabled_at is null`, strings.ToLower(strings.TrimSpace(username)), now)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		_, _ = argon2id.ComparePasswordAndHash(password, c.decoy)
		return "", dispatch.Session{}, dispatch.Refuse(dispatch.CodeBadCredentials, "")
	}
	if err != nil {
		return "", dispatch.Session{}, err
	}
	if k.Locked {
		return "", dispatch.Session{}, dispatch.Refuse(dispatch.CodeLocked, "")
	}
	match, err := argon2id.ComparePasswordAndHash(password, k.PasswordHash)
	if err != nil {
		return "", dispatch.Session{}, fmt.Errorf("compare password: %w", err)
	}
	if !match {
		return "", dispatch.Session{}, c.failed(ctx, k.ID, now)
	}
	life := sessionLife
	if k.Wall {
		life = wallLife
	}
	return c.open(ctx, k.ID, now, life)
}

func (c *Accounts) failed(ctx context.Context, accountID int64, now time.Time) error {
	_, err := c.store.system().Exec(ctx, `update account set
		failed_count = case when failed_count + 1 >= $2 then 0 else failed_count + 1 end,
		locked_until = case when failed_count + 1 >= $2 then $3::timestamptz else locked_until end
		where id = $1`, accountID, lockAfter, now.Add(lockFor))
	if err != nil {
		return translate(err)
	}
	return dispatch.Refuse(dispatch.CodeBadCredentials, "")
}

func (c *Accounts) open(ctx context.Context, accountID int64, now time.Time, life time.Duration) (string, dispatch.Session, error) {
	token := rand.Text()
	hash := sha256.Sum256([]byte(token))
	err := pgx.BeginFunc(ctx, c.store.system(), func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, `update account set failed_count = 0, locked_until = null where id = $1`, accountID); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, `delete from session where account_id = $1 and (expires_at < $2 or revoked_at < $2)`, accountID, now); err != nil {
			return err
		}
		_, err := t.Exec(ctx, `insert into session (token_hash, account_id, created_at, seen_at, expires_at) values ($1, $2, $3, $3, $4)`,
			hash[:], accountID, now, now.Add(life))
		return err
	})
	if err != nil {
		return "", dispatch.Session{}, translate(err)
	}
	s, err := c.SessionByToken(ctx, token)
	return token, s, err
}

// SessionByToken gives the live session of a cookie, CodeSignedOut for none.
func (c *Accounts) SessionByToken(ctx context.Context, token string) (dispatch.Session, error) {
	type row struct {
		SessionID int64
		ExpiresAt time.Time
		dispatch.Account
	}
	hash := sha256.Sum256([]byte(token))
	r, err := one[row](ctx, c.store.system(), `select s.id as session_id, s.expires_at, q.* from session s join (`+selectAccount+`) q on q.id = s.account_id
		where s.token_hash = $1 and s.revoked_at is null and s.expires_at > $2 and q.disabled_at is null`, hash[:], c.store.now())
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return dispatch.Session{ID: r.SessionID, ExpiresAt: r.ExpiresAt, Account: r.Account}, err
}

// SignOut ends a session.
func (c *Accounts) SignOut(ctx context.Context, sessionID int64) error {
	_, err := c.store.system().Exec(ctx, `update session set revoked_at = $2 where id = $1 and revoked_at is null`, sessionID, c.store.now())
	return translate(err)
}

// ForgetSessions deletes sessions that ended before a time.
func (c *Accounts) ForgetSessions(ctx context.Context, before time.Time) error {
	_, err := c.store.system().Exec(ctx, `delete from session where expires_at < $1 or revoked_at < $1`, before)
	return translate(err)
}

func generatePassword() (string, error) {
	raw := make([]byte, passwordSize)
	if _, err := rand.Read(raw); err != nil {
		return "", errors.New("no randomness")
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
