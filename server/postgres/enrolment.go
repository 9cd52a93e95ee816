package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

const selectEnrolment = `
select e.id, e.account_id, r.id as responder_id, r.name as responder_name, r.area_id, e.device, e.made_by, e.created_at, e.expires_at, e.used_at, e.withdrawn_at, e.refused_at
from enrolment e join account a on a.id = e.account_id join responder r on r.id = a.responder_id`

// Enrolment gives one enrolment.
func (c *Accounts) Enrolment(ctx context.Context, id int64) (dispatch.Enrolment, error) {
	return one[dispatch.Enrolment](ctx, c.store.system(), selectEnrolment+` where e.id = $1`, id)
}

// Enrolments gives those of a person, the newest first.
func (c *Accounts) Enrolments(ctx context.Context, responderID int64) ([]dispatch.Enrolment, error) {
	return many[dispatch.Enrolment](ctx, c.store.system(), selectEnrolment+` where r.id = $1 order by e.id desc limit 20`, responderID)
}

// UseEnrolment lets the phone in that brings a code, once. Of one that was used,
// withdrawn or is over, it is noted that somebody tried: its maker sees it.
func (c *Accounts) UseEnrolment(ctx context.Context, from dispatch.Caller, code, device string) (out dispatch.Opened, err error) {
	var over *dispatch.Enrolment
	err = c.change(ctx, func(q pgx.Tx, now time.Time) error {
		e, err := one[dispatch.Enrolment](ctx, q, selectEnrolment+` where e.secret_hash = $1 for update of e`, hashOf(code))
		if dispatch.CodeOf(err) == dispatch.CodeNotFound {
			return dispatch.Refuse(dispatch.CodeEnrolmentOver, "code")
		}
		if err != nil {
			return err
		}
		if !e.Open(now) {
			over = &e
			_, err := q.Exec(ctx, `update enrolment set refused_at = $2 where id = $1`, e.ID, now)
			return err
		}
		if e.Device != "" {
			device = e.Device
		}
		account, err := one[dispatch.Account](ctx, q, selectAccount+` where a.id = $1`, e.AccountID)
		if err != nil {
			return err
		}
		if account.DisabledAt != nil || !account.Has(dispatch.RoleResponder) {
			return dispatch.Refuse(dispatch.CodeEnrolmentOver, "code")
		}
		if out, err = c.open(ctx, q, newSession{accountID: e.AccountID, method: dispatch.ByPhone, device: device, from: from}); err != nil {
			return err
		}
		_, err = q.Exec(ctx, `update enrolment set used_at = $2, session_id = $3 where id = $1`, e.ID, now, out.Session.ID)
		return err
	})
	switch {
	case over != nil && err == nil:
		entry := dispatch.Actor{}.Entry(ctx, dispatch.AuditSignIn, "enrolment.use")
		entry.AccountID, entry.Noun, entry.NounID, entry.AreaID = over.AccountID, dispatch.NounEnrolment, over.ID, over.AreaID
		entry.Result = string(dispatch.CodeEnrolmentOver)
		dispatch.RequestOf(ctx).RefusalAudited()
		if err := c.store.Audit(ctx, entry); err != nil {
			return dispatch.Opened{}, err
		}
		return dispatch.Opened{}, dispatch.Refuse(dispatch.CodeEnrolmentOver, "code")
	case dispatch.CodeOf(err) == dispatch.CodeEnrolmentOver:
		return dispatch.Opened{}, c.failed(ctx, 0, "enrolment.use", err)
	}
	return out, err
}

// InsertEnrolment makes an enrolment.
func (t *tx) InsertEnrolment(ctx context.Context, e *dispatch.Enrolment, secretHash []byte) error {
	return translate(t.QueryRow(ctx, `insert into enrolment (account_id, device, secret_hash, made_by, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6) returning id`, e.AccountID, e.Device, secretHash, e.MadeBy, e.CreatedAt, e.ExpiresAt).Scan(&e.ID))
}

// LockEnrolment locks and gives an enrolment.
func (t *tx) LockEnrolment(ctx context.Context, id int64) (dispatch.Enrolment, error) {
	return one[dispatch.Enrolment](ctx, t, selectEnrolment+` where e.id = $1 for update of e`, id)
}

// WithdrawEnrolment makes its code useless.
func (t *tx) WithdrawEnrolment(ctx context.Context, id int64, at time.Time) error {
	_, err := t.Exec(ctx, `update enrolment set withdrawn_at = $2 where id = $1`, id, at)
	return translate(err)
}

// AccountOfResponder gives the account whose phone a person's is, 0 for none.
func (t *tx) AccountOfResponder(ctx context.Context, responderID int64) (int64, error) {
	var id int64
	err := t.QueryRow(ctx, `select coalesce((select id from account where responder_id = $1), 0)`, responderID).Scan(&id)
	return id, translate(err)
}
