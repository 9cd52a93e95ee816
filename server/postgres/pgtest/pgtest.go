// Package pgtest gives every test a fresh database on a real PostgreSQL: a
// clone of a template that was migrated once.
package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/migrations"
	"yiping/server/postgres/local"
	"yiping/server/postgres/migrate"
)

// templateLock keeps test processes from making the template twice.
const templateLock = 0x5949_5445

// Database gives the address of a migrated database that lives as long as the
// test. Without a server it fails the test: storage is tested on real PostGIS.
func Database(t testing.TB) string {
	t.Helper()
	return create(t, func(ctx context.Context, conn *pgx.Conn, server string) string {
		return ` template ` + makeTemplate(ctx, t, conn, server) + ` strategy file_copy`
	})
}

// DatabaseAt gives the address of a database of an older version of the schema.
func DatabaseAt(t testing.TB, version int64) string {
	t.Helper()
	address := create(t, func(context.Context, *pgx.Conn, string) string { return ` encoding 'UTF8' template template0` })
	if err := migrate.To(t.Context(), address, version, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	return address
}

// create makes a database that lives as long as the test.
func create(t testing.TB, how func(ctx context.Context, conn *pgx.Conn, server string) string) string {
	t.Helper()
	server := os.Getenv("DATABASE_URL")
	if server == "" {
		t.Fatal("DATABASE_URL is not set: run `make test`, or `yiping database --ephemeral -- go test ./...`")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test server: %v", err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	name := "test_" + strings.ToLower(rand.Text()[:12])
	if _, err := conn.Exec(ctx, `create database `+name+how(ctx, conn, server)); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() { drop(t, server, name) })
	return withDatabase(t, server, name)
}

// Logins gives the addresses of the same database for the users that requests and
// the service's own work connect as; "" where the test server was started
// without them, and the owner's connections take their roles.
func Logins(t testing.TB, database string) (app, system string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal("the test's database is not an address")
	}
	of := func(variable string) string {
		server := os.Getenv(variable)
		if server == "" {
			return ""
		}
		return withDatabase(t, server, strings.TrimPrefix(u.Path, "/"))
	}
	return of(local.AppVariable), of(local.SystemVariable)
}

// makeTemplate makes the migrated template, once a server and set of migrations.
func makeTemplate(ctx context.Context, t testing.TB, conn *pgx.Conn, server string) string {
	t.Helper()
	name := "template_" + fingerprint(t)
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, templateLock); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = conn.Exec(ctx, `select pg_advisory_unlock($1)`, templateLock) }()
	var ready bool
	if err := conn.QueryRow(ctx, `select exists (select 1 from pg_database where datname = $1 and not datallowconn)`, name).Scan(&ready); err != nil {
		t.Fatal(err)
	}
	if ready {
		return name
	}
	for _, sql := range []string{`drop database if exists ` + name, `create database ` + name + ` encoding 'UTF8' template template0`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatalf("make the template: %v", err)
		}
	}
	if err := migrate.Up(ctx, withDatabase(t, server, name), zerolog.Nop()); err != nil {
		t.Fatalf("migrate the template: %v", err)
	}
	// Nobody may be connected to a template that is cloned; this marks it ready too.
	if _, err := conn.Exec(ctx, `update pg_database set datallowconn = false where datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func fingerprint(t testing.TB) string {
	t.Helper()
	h := sha256.New()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(migrations.FS, f)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func withDatabase(t testing.TB, server, name string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal("DATABASE_URL is not an address")
	}
	u.Path = "/" + name
	return u.String()
}

func drop(t testing.TB, server, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Errorf("connect to drop %s: %v", name, err)
		return
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `drop database if exists `+name+` with (force)`); err != nil {
		t.Errorf("drop %s: %v", name, err)
	}
}
