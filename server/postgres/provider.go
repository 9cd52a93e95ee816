package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// flowLife is how long a sign-in may be away at the provider.
const flowLife = 10 * time.Minute

// BeginProvider keeps a sign-in that goes to the provider.
func (c *Accounts) BeginProvider(ctx context.Context, f dispatch.ProviderFlow) error {
	_, err := c.store.system().Exec(ctx, `insert into oidc_flow (state_hash, browser_hash, nonce, verifier, page, begun_at, expires_at, session_id)
		values ($1, $2, $3, $4, $5, $6, $7, nullif($8, 0))`,
		hashOf(f.State), hashOf(f.Browser), f.Nonce, f.Verifier, f.Page, f.BegunAt, f.BegunAt.Add(flowLife), f.SessionID)
	return translate(err)
}

// TakeProvider gives the sign-in that an answer belongs to, once, to the browser
// that left for it; else CodeProviderOver.
func (c *Accounts) TakeProvider(ctx context.Context, state, browser string) (dispatch.ProviderFlow, error) {
	type row struct {
		Nonce, Verifier, Page string
		BegunAt, ExpiresAt    time.Time
		SessionID             int64
	}
	r, err := one[row](ctx, c.store.system(), `delete from oidc_flow where state_hash = $1 and browser_hash = $2
		returning nonce, verifier, page, begun_at, expires_at, coalesce(session_id, 0) as session_id`, hashOf(state), hashOf(browser))
	if dispatch.CodeOf(err) == dispatch.CodeNotFound || err == nil && c.store.now().After(r.ExpiresAt) {
		return dispatch.ProviderFlow{}, c.failed(ctx, 0, "session.open_by_provider", dispatch.Refuse(dispatch.CodeProviderOver, ""))
	}
	return dispatch.ProviderFlow{Nonce: r.Nonce, Verifier: r.Verifier, Page: r.Page, BegunAt: r.BegunAt, SessionID: r.SessionID}, err
}

// SignInVouched opens a session for whom the provider vouches. The account is
// made at the first time; its name and what it may do are at each what the
// provider says. Who may do nothing any more loses what is open, and is refused
// with CodeNotMapped, as is who is disabled here.
func (c *Accounts) SignInVouched(ctx context.Context, from dispatch.Caller, f dispatch.ProviderFlow, v dispatch.Vouched) (dispatch.Opened, error) {
	var out dispatch.Opened
	var account dispatch.Account
	var refused error
	err := c.change(ctx, func(q pgx.Tx, now time.Time) error {
		grants, err := c.vouchedGrants(ctx, q, v.Grants)
		if err != nil {
			return err
		}
		if err := dispatch.Apart(grants); err != nil {
			return err
		}
		account, err = c.vouchedAccount(ctx, q, v, len(grants) > 0, now)
		if dispatch.CodeOf(err) == dispatch.CodeNotFound {
			refused = dispatch.Refuse(dispatch.CodeNotMapped, "")
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.follow(ctx, q, account, v, grants, now); err != nil {
			return err
		}
		if account.DisabledAt != nil || len(grants) == 0 {
			refused = dispatch.Refuse(dispatch.CodeNotMapped, "")
			_, err := endSessions(ctx, q, account.ID, 0, 0, dispatch.EndGrants, now)
			return err
		}
		out, err = c.openVouched(ctx, q, account.ID, from, f, v, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return dispatch.Opened{}, c.failed(ctx, account.ID, "session.open_by_provider", err)
	}
	return out, nil
}

// openVouched opens the session, in the place of the locked one that waited.
func (c *Accounts) openVouched(ctx context.Context, q pgx.Tx, accountID int64, from dispatch.Caller, f dispatch.ProviderFlow, v dispatch.Vouched, now time.Time) (dispatch.Opened, error) {
	if f.SessionID != 0 {
		if _, err := endSessions(ctx, q, accountID, f.SessionID, 0, dispatch.EndReplaced, now); err != nil {
			return dispatch.Opened{}, err
		}
	}
	out, err := c.open(ctx, q, newSession{accountID: accountID, method: dispatch.ByProvider, factor: v.Factor, from: from})
	if err != nil {
		return out, err
	}
	out.Device, err = c.remember(ctx, q, accountID, from, now)
	return out, err
}

// vouchedGrants finds the areas that grants are for. A code that no area has
// gives nothing: areas come and go, and the others still hold.
func (c *Accounts) vouchedGrants(ctx context.Context, q pgx.Tx, vouched []dispatch.VouchedGrant) ([]dispatch.Grant, error) {
	type row struct {
		ID   int64
		Code string
	}
	codes := make([]string, len(vouched))
	for i, g := range vouched {
		codes[i] = g.AreaCode
	}
	areas, err := many[row](ctx, q, `select id, case when parent_id is null then '' else code end as code from area
		where parent_id is null or code = any($1) and code <> ''
		union select id, code from area where parent_id is null and code = any($1) and code <> ''`, codes)
	var grants []dispatch.Grant
	for _, g := range vouched {
		if i := slices.IndexFunc(areas, func(a row) bool { return a.Code == g.AreaCode }); i >= 0 {
			grants = append(grants, dispatch.Grant{Role: g.Role, AreaID: areas[i].ID})
		}
	}
	return grants, err
}

// vouchedAccount gives the account of a provider's user, locked. Where there is
// none it is made, if it may do anything; else CodeNotFound.
func (c *Accounts) vouchedAccount(ctx context.Context, q pgx.Tx, v dispatch.Vouched, make bool, now time.Time) (dispatch.Account, error) {
	// Two first sign-ins of the same user, or two users of the same name, wait
	// for each other.
	if _, err := q.Exec(ctx, `select pg_advisory_xact_lock(hashtext('account_identity'))`); err != nil {
		return dispatch.Account{}, translate(err)
	}
	var id int64
	err := q.QueryRow(ctx, `update account_identity set seen_at = $3 where issuer = $1 and subject = $2 returning account_id`, v.Issuer, v.Subject, now).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) && make {
		id, err = c.makeVouched(ctx, q, v, now)
	}
	if err != nil {
		return dispatch.Account{}, translate(err)
	}
	if _, err := q.Exec(ctx, `select from account where id = $1 for update`, id); err != nil {
		return dispatch.Account{}, translate(err)
	}
	return one[dispatch.Account](ctx, q, selectAccount+` where a.id = $1`, id)
}

// makeVouched makes an account without a password, by a name that nobody has: an
// account that is here already is never taken over by its name.
func (c *Accounts) makeVouched(ctx context.Context, q pgx.Tx, v dispatch.Vouched, now time.Time) (int64, error) {
	type row struct{ Username string }
	name := formed(v.Username)
	taken, err := many[row](ctx, q, `select username from account where username = $1 or starts_with(username, $1 || '-')`, name)
	if err != nil {
		return 0, err
	}
	free := name
	for n := 2; slices.Contains(taken, row{free}); n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	var id int64
	if err := q.QueryRow(ctx, `insert into account (username, display_name, password_hash, password_set_at, created_at) values ($1, $2, '', $3, $3) returning id`,
		free, shown(v), now).Scan(&id); err != nil {
		return 0, err
	}
	if _, err := q.Exec(ctx, `insert into account_identity (issuer, subject, account_id, created_at, seen_at) values ($1, $2, $3, $4, $4)`, v.Issuer, v.Subject, id, now); err != nil {
		return 0, err
	}
	e := dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditGrant, "account.create_by_provider")
	e.Noun, e.NounID = dispatch.NounAccount, id
	return id, c.store.writeAudit(ctx, q, e, now)
}

// follow makes an account's name and grants what the provider says.
func (c *Accounts) follow(ctx context.Context, q pgx.Tx, a dispatch.Account, v dispatch.Vouched, grants []dispatch.Grant, now time.Time) error {
	same := len(a.Roles) == len(grants)
	for _, g := range grants {
		same = same && slices.ContainsFunc(a.Roles, func(h dispatch.Grant) bool { return h.Role == g.Role && h.AreaID == g.AreaID })
	}
	if same && a.DisplayName == shown(v) {
		return nil
	}
	if _, err := q.Exec(ctx, `update account set display_name = $2, version = version + 1 where id = $1`, a.ID, shown(v)); err != nil {
		return translate(err)
	}
	if same {
		return nil
	}
	if err := saveRoles(ctx, q, a.ID, grants); err != nil {
		return err
	}
	e := dispatch.Actor{System: true}.Entry(ctx, dispatch.AuditGrant, "account.set_grants_by_provider")
	e.Noun, e.NounID, e.Count = dispatch.NounAccount, a.ID, len(grants)
	return c.store.writeAudit(ctx, q, e, now)
}

// mostNameLength leaves room for what tells two users of one name apart.
const mostNameLength = 56

// formed gives a user name of the form that names have here.
func formed(name string) string {
	name, _, _ = strings.Cut(nameOf(name), "@")
	keep := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return -1
	}
	name = strings.TrimLeft(strings.Map(keep, name), "._-")
	if name = name[:min(len(name), mostNameLength)]; len(name) < 2 {
		return "user"
	}
	return name
}

// shown gives the name that is shown of a provider's user.
func shown(v dispatch.Vouched) string {
	name := strings.TrimSpace(v.DisplayName)
	if name == "" {
		name = strings.TrimSpace(v.Username)
	}
	if name == "" {
		name = formed(v.Username)
	}
	if utf8.RuneCountInString(name) > 64 {
		name = string([]rune(name)[:64])
	}
	return name
}
