package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

// Accounts keeps who may sign in, and by what; the sessions and tokens.
type Accounts struct {
	store   *Store
	hasher  *hasher
	profile dispatch.PasswordProfile
	keys    *seal.Keyring
	byToken *together[string, dispatch.Session]
}

// AccountsConfig says how strict the accounts are.
type AccountsConfig struct {
	Profile dispatch.PasswordProfile // of passwords
	Params  *argon2id.Params         // of hashes, nil for OWASP's
}

// NewAccounts makes it.
func NewAccounts(s *Store, conf AccountsConfig) (*Accounts, error) {
	h, err := newHasher(conf.Params)
	if err != nil {
		return nil, err
	}
	c := &Accounts{store: s, hasher: h, profile: conf.Profile, keys: s.keys}
	c.byToken = &together[string, dispatch.Session]{read: c.sessionsByToken}
	return c, nil
}

// passwordsKept is how many earlier passwords are kept, as hashes.
const passwordsKept = 5

// Profile gives what is asked of passwords.
func (c *Accounts) Profile() dispatch.PasswordProfile { return c.profile }

const selectAccount = `
select a.id, a.username, a.display_name, a.responder_id, a.unit_id, coalesce((select u.name from unit u where u.id = a.unit_id), '') as unit_name, a.disabled_at, a.created_at, a.version,
	exists (select 1 from account_factor f where f.account_id = a.id and f.confirmed_at is not null) as factor,
	exists (select 1 from account_identity p where p.account_id = a.id) as provider,
	coalesce((select jsonb_agg(jsonb_build_object('role', x.role, 'area_id', x.area_id, 'area_name', n.name) order by x.role, x.area_id)
		from account_role x join area n on n.id = x.area_id where x.account_id = a.id), '[]') as roles
from account a`

// List gives accounts in the order of their ids.
func (c *Accounts) List(ctx context.Context, f dispatch.AccountFilter) ([]dispatch.Account, error) {
	return many[dispatch.Account](ctx, c.store.system(), selectAccount+`
		where a.id > $1
		and ($2::bigint[] is null or not exists (select 1 from account_role x where x.account_id = a.id)
			or exists (select 1 from account_role x where x.account_id = a.id and x.area_id = any($2)))
		and ($3 = '' or exists (select 1 from account_role x where x.account_id = a.id and x.role = $3))
		and ($4 = '' or strpos(a.username, lower($4)) > 0 or strpos(lower(a.display_name), lower($4)) > 0)
		and ($5 = '' or (a.disabled_at is null) = ($5 = 'enabled'))
		order by a.id limit nullif($6, 0)`, f.AfterID, f.AreaIDs, f.Role, f.Query, f.State, f.Limit)
}

// Account gives one account.
func (c *Accounts) Account(ctx context.Context, id int64) (dispatch.Account, error) {
	return one[dispatch.Account](ctx, c.store.system(), selectAccount+` where a.id = $1`, id)
}

// Named gives the account of a user name.
func (c *Accounts) Named(ctx context.Context, username string) (dispatch.Account, error) {
	return one[dispatch.Account](ctx, c.store.system(), selectAccount+` where a.username = $1`, nameOf(username))
}

// FactorRoles gives the roles that need a second factor.
func (c *Accounts) FactorRoles(ctx context.Context) ([]dispatch.Role, error) {
	var roles []dispatch.Role
	err := c.store.system().QueryRow(ctx, `select coalesce((select factor_roles from installation), '{}')`).Scan(&roles)
	return roles, translate(err)
}

// UnitsToBind gives the units of areas that an account may belong to. The system
// looks: who makes accounts sees no register.
func (c *Accounts) UnitsToBind(ctx context.Context, areaIDs []int64) ([]dispatch.Unit, error) {
	return many[dispatch.Unit](ctx, c.store.system(), selectUnit+` from unit u
		where ($1::bigint[] is null or u.area_id = any($1)) and u.retired_at is null order by u.name, u.id`, areaIDs)
}

// LockAccount locks and gives an account.
func (t *tx) LockAccount(ctx context.Context, id int64) (dispatch.Account, error) {
	if _, err := one[struct{ ID int64 }](ctx, t, `select id from account where id = $1 for update`, id); err != nil {
		return dispatch.Account{}, err
	}
	return one[dispatch.Account](ctx, t, selectAccount+` where a.id = $1`, id)
}

// InsertAccount makes an account with its roles.
func (t *tx) InsertAccount(ctx context.Context, a *dispatch.Account, passwordHash string) error {
	if err := t.QueryRow(ctx, `insert into account (username, display_name, password_hash, password_set_at, responder_id, unit_id, created_at)
		values ($1, $2, $3, $4, $5, $6, $4) returning id`, a.Username, a.DisplayName, passwordHash, a.CreatedAt, a.ResponderID, a.UnitID).Scan(&a.ID); err != nil {
		return translate(err)
	}
	return t.saveRoles(ctx, a.ID, a.Roles)
}

// SaveAccount writes an account and its roles.
func (t *tx) SaveAccount(ctx context.Context, a dispatch.Account) error {
	if _, err := t.Exec(ctx, `update account set display_name = $2, disabled_at = $3, version = $4 where id = $1`,
		a.ID, a.DisplayName, a.DisabledAt, a.Version); err != nil {
		return translate(err)
	}
	return t.saveRoles(ctx, a.ID, a.Roles)
}

// saveRoles makes the roles of an account exactly these; what stays is not
// touched.
func (t *tx) saveRoles(ctx context.Context, accountID int64, grants []dispatch.Grant) error {
	return saveRoles(ctx, t, accountID, grants)
}

func saveRoles(ctx context.Context, q querier, accountID int64, grants []dispatch.Grant) error {
	if grants == nil {
		grants = []dispatch.Grant{}
	}
	wanted, err := json.Marshal(grants)
	if err != nil {
		return err
	}
	if _, err := q.Exec(ctx, `delete from account_role x where x.account_id = $1 and not exists (
		select 1 from jsonb_to_recordset($2) as w(role text, area_id bigint) where w.role = x.role and w.area_id = x.area_id)`, accountID, wanted); err != nil {
		return translate(err)
	}
	_, err = q.Exec(ctx, `insert into account_role (account_id, role, area_id)
		select distinct $1::bigint, w.role, w.area_id from jsonb_to_recordset($2) as w(role text, area_id bigint)
		on conflict (account_id, role, area_id) do nothing`, accountID, wanted)
	return translate(err)
}

// SetPassword replaces the password by one that was given to the account.
func (t *tx) SetPassword(ctx context.Context, accountID int64, hash string) error {
	return setPassword(ctx, t, accountID, hash, true, t.store.now())
}

func setPassword(ctx context.Context, q querier, accountID int64, hash string, given bool, now time.Time) error {
	if _, err := q.Exec(ctx, `insert into password_past (account_id, password_hash, replaced_at)
		select id, password_hash, $2 from account where id = $1 and password_hash <> ''
		on conflict (account_id, replaced_at) do nothing`, accountID, now); err != nil {
		return translate(err)
	}
	if _, err := q.Exec(ctx, `delete from password_past where account_id = $1 and replaced_at not in (
		select replaced_at from password_past where account_id = $1 order by replaced_at desc limit $2)`, accountID, passwordsKept); err != nil {
		return translate(err)
	}
	if given {
		if _, err := q.Exec(ctx, `delete from known_device where account_id = $1`, accountID); err != nil {
			return translate(err)
		}
	}
	_, err := q.Exec(ctx, `update account set password_hash = $2, password_set_at = $3, password_given = $4 where id = $1`, accountID, hash, now, given)
	return translate(err)
}

// SetFactorRoles says which roles need a second factor.
func (t *tx) SetFactorRoles(ctx context.Context, roles []dispatch.Role) error {
	if roles == nil {
		roles = []dispatch.Role{}
	}
	tag, err := t.Exec(ctx, `update installation set factor_roles = $1`, roles)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return translate(err)
}

// Own gives what somebody is told of their own account.
func (c *Accounts) Own(ctx context.Context, id int64) (dispatch.OwnAccount, error) {
	return one[dispatch.OwnAccount](ctx, c.store.system(), `select q.*, p.password_set_at, p.password_hash <> '' as has_password,
			(select count(*) from recovery_code k where k.account_id = q.id and k.used_at is null) as codes_left
		from (`+selectAccount+` where a.id = $1) q join account p on p.id = q.id`, id)
}
