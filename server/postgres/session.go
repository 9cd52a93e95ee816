package postgres

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// sessionRow is a session as it is read.
type sessionRow struct {
	SessionID   int64
	Method      dispatch.SessionMethod
	Device      string
	Network     string
	OpenedAt    time.Time
	SeenAt      time.Time
	ExpiresAt   time.Time
	MustChange  bool
	FactorAt    *time.Time
	LockedAt    *time.Time
	OnTask      bool
	FactorRoles []dispatch.Role
	TokenHash   []byte
	dispatch.Account
}

func (r sessionRow) session(now time.Time) dispatch.Session {
	s := dispatch.Session{ID: r.SessionID, Account: r.Account, Method: r.Method, Device: r.Device, Network: r.Network, CreatedAt: r.OpenedAt, SeenAt: r.SeenAt,
		ExpiresAt: r.ExpiresAt, MustChange: r.MustChange, FactorAt: r.FactorAt, LockedAt: r.LockedAt, OnTask: r.OnTask, FactorRoles: r.FactorRoles}
	s.Locked = s.LockedBy(now)
	return s
}

// SessionByToken gives the live session of a cookie, CodeSignedOut for none.
func (c *Accounts) SessionByToken(ctx context.Context, token string) (dispatch.Session, error) {
	now := c.store.now()
	s, ok, err := c.byToken.ask(ctx, string(hashOf(token)))
	switch {
	case err != nil:
		return dispatch.Session{}, err
	case !ok || !s.Alive(now):
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return s, nil
}

// sessionsByToken gives live sessions by the hashes of their tokens.
func (c *Accounts) sessionsByToken(ctx context.Context, hashes []string) (map[string]dispatch.Session, error) {
	raw := make([][]byte, len(hashes))
	for k, h := range hashes {
		raw[k] = []byte(h)
	}
	now := c.store.now()
	rows, err := many[sessionRow](ctx, c.store.system(), selectLive+` and s.token_hash = any($1)`, raw, now)
	if err != nil {
		return nil, err
	}
	sessions := make(map[string]dispatch.Session, len(rows))
	for _, r := range rows {
		sessions[string(r.TokenHash)] = r.session(now)
	}
	return sessions, nil
}

// Session gives a live session by its id, CodeSignedOut for none.
func (c *Accounts) Session(ctx context.Context, id int64) (dispatch.Session, error) {
	return c.findSession(ctx, c.store.system(), `s.id = $1`, id)
}

// selectLive reads sessions that nobody has ended; $2 is the time. Whether one is
// still alive at it is said by dispatch.Session.Alive.
const selectLive = `select s.id as session_id, s.token_hash, s.method, s.device, s.network, s.created_at as opened_at, s.seen_at, s.expires_at,
		s.must_change, s.factor_at, s.locked_at, coalesce((select factor_roles from installation), '{}') as factor_roles,
		s.expires_at <= $2 and exists (select 1 from assignment t where t.responder_id = q.responder_id and t.state in ('accepted', 'en_route', 'on_scene')) as on_task,
		q.*
	from session s join (` + selectAccount + `) q on q.id = s.account_id
	where s.revoked_at is null and q.disabled_at is null`

// findSession gives the one live session that a condition names by $1. The task
// that may keep it alive is asked for only where its time is over.
func (c *Accounts) findSession(ctx context.Context, q querier, where string, arg any) (dispatch.Session, error) {
	now := c.store.now()
	r, err := one[sessionRow](ctx, q, selectLive+` and `+where, arg, now)
	s := r.session(now)
	if dispatch.CodeOf(err) == dispatch.CodeNotFound || err == nil && !s.Alive(now) {
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return s, err
}

// seenEvery is how exactly it is known when a session was last used.
const seenEvery = time.Minute

// Seen notes that a session is used.
func (c *Accounts) Seen(ctx context.Context, s dispatch.Session) error {
	now := c.store.now()
	if s.Locked || now.Sub(s.SeenAt) < seenEvery {
		return nil
	}
	_, err := c.store.system().Exec(ctx, `update session set seen_at = $2 where id = $1 and seen_at < $2`, s.ID, now)
	return translate(err)
}

// newSession is a session to be opened.
type newSession struct {
	accountID  int64
	method     dispatch.SessionMethod
	device     string // "" for what the browser says
	mustChange bool
	factor     bool // the second factor is proved already
	from       dispatch.Caller
}

// open opens a session under a fresh token, ends the oldest beyond what the
// account's roles may have at a time, and notes it in the trail.
func (c *Accounts) open(ctx context.Context, t pgx.Tx, n newSession) (dispatch.Opened, error) {
	now := c.store.now()
	account, err := one[dispatch.Account](ctx, t, selectAccount+` where a.id = $1 for update of a`, n.accountID)
	if err != nil {
		return dispatch.Opened{}, err
	}
	s := dispatch.Session{Account: account, Method: n.method, MustChange: n.mustChange, CreatedAt: now, SeenAt: now}
	if n.factor {
		s.FactorAt = &now
	}
	if err := t.QueryRow(ctx, `select coalesce((select factor_roles from installation), '{}')`).Scan(&s.FactorRoles); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	if s.Device = n.device; s.Device == "" {
		s.Device = deviceWords(n.from.Agent)
	}
	ended, err := c.makeRoom(ctx, t, account.ID, s.Rule().Most, now)
	if err != nil {
		return dispatch.Opened{}, err
	}
	token := rand.Text() + rand.Text()
	if err := t.QueryRow(ctx, `insert into session (token_hash, account_id, method, device, network, must_change, factor_at, created_at, seen_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) returning id`,
		hashOf(token), account.ID, s.Method, s.Device, n.from.Network, s.MustChange, s.FactorAt, now, now.Add(s.LifeOf())).Scan(&s.ID); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	e := s.Actor().Entry(ctx, dispatch.AuditSignIn, "session.open_by_"+string(n.method))
	e.Noun, e.NounID = dispatch.NounSession, s.ID
	if err := c.store.writeAudit(ctx, t, e, now); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	if s, err = c.findSession(ctx, t, `s.id = $1`, s.ID); err != nil {
		return dispatch.Opened{}, err
	}
	return dispatch.Opened{Session: s, Token: token, Ended: ended}, nil
}

// makeRoom ends the oldest sessions of an account until one more is no more than
// it may have.
func (c *Accounts) makeRoom(ctx context.Context, t pgx.Tx, accountID int64, most int, now time.Time) (int, error) {
	tag, err := t.Exec(ctx, `update session set revoked_at = $2, end_reason = $4 where id in (
		select id from session where account_id = $1 and revoked_at is null and expires_at > $2 order by created_at desc, id desc offset $3)`,
		accountID, now, most-1, dispatch.EndReplaced)
	return int(tag.RowsAffected()), translate(err)
}

// renew puts a session under a fresh token and gives it its whole life: what was
// known before its proof has grown is of no use any more.
func (c *Accounts) renew(ctx context.Context, t pgx.Tx, id int64) (dispatch.Opened, error) {
	token := rand.Text() + rand.Text()
	if _, err := t.Exec(ctx, `update session set token_hash = $2 where id = $1 and revoked_at is null`, id, hashOf(token)); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	s, err := c.findSession(ctx, t, `s.id = $1`, id)
	if err != nil {
		return dispatch.Opened{}, err
	}
	s.ExpiresAt = s.CreatedAt.Add(s.LifeOf())
	if _, err := t.Exec(ctx, `update session set expires_at = $2 where id = $1`, id, s.ExpiresAt); err != nil {
		return dispatch.Opened{}, translate(err)
	}
	return dispatch.Opened{Session: s, Token: token}, nil
}

// Sessions gives the live sessions of an account, the newest first.
func (c *Accounts) Sessions(ctx context.Context, accountID int64) ([]dispatch.OwnSession, error) {
	account, err := c.Account(ctx, accountID)
	if err != nil {
		return nil, err
	}
	now := c.store.now()
	rows, err := many[sessionRow](ctx, c.store.system(), `select s.id as session_id, s.method, s.device, s.network, s.created_at as opened_at, s.seen_at, s.expires_at, s.locked_at,
			s.expires_at <= $2 and exists (select 1 from assignment t where t.responder_id = $3 and t.state in ('accepted', 'en_route', 'on_scene')) as on_task
		from session s where s.account_id = $1 and s.revoked_at is null order by s.created_at desc, s.id desc`, accountID, now, account.ResponderID)
	list := []dispatch.OwnSession{}
	for _, r := range rows {
		r.Account = account
		if s := r.session(now); s.Alive(now) {
			list = append(list, dispatch.OwnSession{ID: s.ID, Method: s.Method, Device: s.Device, Network: s.Network,
				CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt, Locked: s.Locked})
		}
	}
	return list, err
}

// SignOut ends a session.
func (c *Accounts) SignOut(ctx context.Context, s dispatch.Session) error {
	return c.change(ctx, func(t pgx.Tx, now time.Time) error {
		if _, err := t.Exec(ctx, `update session set revoked_at = $2, end_reason = $3 where id = $1 and revoked_at is null`, s.ID, now, dispatch.EndSignedOut); err != nil {
			return err
		}
		return c.store.writeAudit(ctx, t, s.Actor().Entry(ctx, dispatch.AuditSignOut, "session.sign_out"), now)
	})
}

// EndOthers ends all sessions of an account but the one that asks.
func (c *Accounts) EndOthers(ctx context.Context, s dispatch.Session) (ended int, err error) {
	err = c.change(ctx, func(t pgx.Tx, now time.Time) error {
		if ended, err = endSessions(ctx, t, s.Account.ID, 0, s.ID, dispatch.EndByOwner, now); err != nil {
			return err
		}
		e := s.Actor().Entry(ctx, dispatch.AuditSignOut, "session.end_others")
		e.Count = ended
		return c.store.writeAudit(ctx, t, e, now)
	})
	return ended, err
}

// Lock locks a session that was left alone.
func (c *Accounts) Lock(ctx context.Context, s dispatch.Session) error {
	return c.change(ctx, func(t pgx.Tx, now time.Time) error {
		if _, err := t.Exec(ctx, `update session set locked_at = coalesce(locked_at, $2) where id = $1`, s.ID, now); err != nil {
			return err
		}
		return c.store.writeAudit(ctx, t, s.Actor().Entry(ctx, dispatch.AuditSignOut, "session.lock"), now)
	})
}

// change runs something of the accounts' own in a transaction.
func (c *Accounts) change(ctx context.Context, do func(t pgx.Tx, now time.Time) error) error {
	return translate(pgx.BeginFunc(ctx, c.store.system(), func(t pgx.Tx) error { return do(t, c.store.now()) }))
}

// EndSessions ends one session of an account, or with 0 all of them.
func (t *tx) EndSessions(ctx context.Context, accountID, sessionID int64, why dispatch.EndReason) (int, error) {
	return endSessions(ctx, t, accountID, sessionID, 0, why, t.store.now())
}

func endSessions(ctx context.Context, q querier, accountID, only, but int64, why dispatch.EndReason, now time.Time) (int, error) {
	tag, err := q.Exec(ctx, `update session set revoked_at = $4, end_reason = $5
		where account_id = $1 and ($2::bigint = 0 or id = $2) and id <> $3 and revoked_at is null`, accountID, only, but, now, why)
	return int(tag.RowsAffected()), translate(err)
}

// ForgetSessions deletes sessions that ended before a time, and codes for phones
// and sign-ins at a provider that were over then.
func (c *Accounts) ForgetSessions(ctx context.Context, before time.Time) error {
	return c.change(ctx, func(t pgx.Tx, now time.Time) error {
		for _, sql := range []string{
			`delete from session s where revoked_at < $1 or expires_at < $1 and not exists (
				select 1 from account a join assignment t on t.responder_id = a.responder_id where a.id = s.account_id and t.state in ('accepted', 'en_route', 'on_scene'))`,
			`delete from enrolment where expires_at < $1`,
			`delete from oidc_flow where expires_at < $1`,
		} {
			if _, err := t.Exec(ctx, sql, before); err != nil {
				return err
			}
		}
		return nil
	})
}
