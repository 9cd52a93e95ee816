package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
)

// The roles that the migrations make: one that row-level security binds, for
// requests and commands, and one for the service's own work.
const (
	roleApp    = "yiping_app"
	roleSystem = "yiping_system"
)

// The most connections of each, where the address says no more.
const (
	appConnections    = 16
	systemConnections = 12
)

// openPool connects as a role: by a login of its own, or where there is none
// with the owner's connections, which begin as that role. That is the weaker way:
// SQL of somebody else's could go back from it.
func openPool(ctx context.Context, login, owner, role string, connections int32, log zerolog.Logger) (*pgxpool.Pool, error) {
	address, own := login, true
	if address == "" {
		address, own = owner, false
	}
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the address of the database is not a PostgreSQL address") // the cause may hold the password
	}
	cfg.MaxConns = max(cfg.MaxConns, connections)
	cfg.ConnConfig.RuntimeParams["application_name"] = "yiping"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.ConnConfig.RuntimeParams["statement_timeout"] = "30000"
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "30000"
	if !own {
		cfg.ConnConfig.RuntimeParams["role"] = role
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := checkRole(ctx, pool, role); err != nil {
		pool.Close()
		return nil, err
	}
	if !own {
		log.Info().Str("role", role).Msg("the database user of DATABASE_URL takes this role after connecting; a login of its own is safer (YIPING_APP_URL, YIPING_SYSTEM_URL)")
	}
	return pool, nil
}

// checkRole refuses a connection that is not what it is for: one for requests
// must be bound by row-level security, one for the service must not see less.
func checkRole(ctx context.Context, pool *pgxpool.Pool, role string) error {
	type row struct{ Member, Unbound, Owner bool }
	r, err := one[row](ctx, pool, `select pg_has_role(current_user, $1, 'usage') as member, r.rolsuper or r.rolbypassrls as unbound,
			pg_has_role(current_user, (select c.relowner from pg_class c where c.oid = 'incident'::regclass), 'usage') as owner
		from pg_roles r where r.rolname = current_user`, role)
	switch {
	case err != nil:
		return fmt.Errorf("reach database as %s: %w", role, err)
	case !r.Member && !r.Unbound:
		return fmt.Errorf("the database user for %s is not a member of it: grant %[1]s to that user", role)
	case role == roleApp && (r.Unbound || r.Owner):
		return errors.New("the database user for requests is not bound by row-level security: it must be no superuser, have no BYPASSRLS and own no table")
	}
	return nil
}

// sameDatabase refuses logins that lead to different databases.
func sameDatabase(addresses ...string) error {
	first := ""
	for _, a := range addresses {
		if a == "" {
			continue
		}
		cfg, err := pgx.ParseConfig(a)
		if err != nil {
			return errors.New("the address of the database is not a PostgreSQL address")
		}
		if first == "" {
			first = cfg.Database
		}
		if cfg.Database != first {
			return errors.New("DATABASE_URL, YIPING_APP_URL and YIPING_SYSTEM_URL must lead to the same database")
		}
	}
	return nil
}
