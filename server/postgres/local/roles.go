package local

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"yiping/server/secret"
)

// Addresses lead to one database as three users: its owner, who migrates and is a
// superuser; the one that requests are bound to; and the service's own. The last
// two are "" where the folder is of a version that had no such users.
type Addresses struct{ Owner, App, System string }

// The users beside the owner, and the files of their passwords in the data
// folder. server/postgres says what each may.
var logins = []struct{ role, file string }{
	{"yiping_app", "postgres-password-app"},
	{"yiping_system", "postgres-password-system"},
}

// makeLogins makes the users where they are missing, also in a folder of an
// earlier version, and gives them the passwords of their files.
func (c *Cluster) makeLogins(ctx context.Context, conn *pgx.Conn) error {
	for _, l := range logins {
		password, err := secret.File(c.cfg.DataDir, l.file, secret.Password)
		if err != nil {
			return err
		}
		var there bool
		if err := conn.QueryRow(ctx, `select exists (select 1 from pg_roles where rolname = $1)`, l.role).Scan(&there); err != nil {
			return err
		}
		verb := "create"
		if there {
			verb = "alter"
		}
		// No parameters in such a statement: the password is letters and digits,
		// which quote_literal says for certain.
		var sql string
		if err := conn.QueryRow(ctx, `select format('%s role %I login nosuperuser nobypassrls nocreatedb nocreaterole password %L', $1::text, $2::text, $3::text)`,
			verb, l.role, strings.TrimSpace(string(password))).Scan(&sql); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("make the database user %s: %w", l.role, err)
		}
	}
	return nil
}

// addresses gives the addresses of the application's database behind a socket.
func addresses(dataDir, password, socketDir string) Addresses {
	a := Addresses{Owner: address(owner, password, database, socketDir)}
	for k, into := range []*string{&a.App, &a.System} {
		if p, err := secret.Read(filepath.Join(dataDir, logins[k].file)); err == nil {
			*into = address(logins[k].role, strings.TrimSpace(string(p)), database, socketDir)
		}
	}
	return a
}
