// Package migrate brings a database up to this version of the schema, and says
// whether a server is one that can hold it.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver that goose talks through
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/rs/zerolog"

	"yiping/migrations"
)

// lock keeps migrators apart: one advisory lock around all of it, because three
// that start at once have been seen to fail without.
const lock = 0x5949_4d49

// The least versions that are known to work.
const (
	leastPostgreSQL = 150000
	leastPostGIS    = "3.3"
)

// Up checks the server and runs what is missing. Safe when several start at once.
func Up(ctx context.Context, url string, log zerolog.Logger) error {
	return To(ctx, url, math.MaxInt64, log)
}

// To is Up as far as a version, for what is to be tried on an older schema.
func To(ctx context.Context, url string, version int64, log zerolog.Logger) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return errors.New("DATABASE_URL is not a PostgreSQL address")
	}
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("the database cannot be reached: %s", cause(err))
	}
	defer func() { _ = conn.Close() }()
	if err := check(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, `select pg_advisory_lock($1)`, lock); err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, lock)
	}()
	store, err := database.NewStore(database.DialectPostgres, "schema_version")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	// Numbers are given out before migrations land: one may come after a later one.
	provider, err := goose.NewProvider("", db, migrations.FS, goose.WithStore(store), goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	done, err := provider.UpTo(ctx, version)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range done {
		log.Info().Str("migration", m.Source.Path).Dur("took", m.Duration).Msg("migrated")
	}
	if err := makeQueue(ctx, conn, url); err != nil {
		return err
	}
	return markLeakproof(ctx, conn, log)
}

// cause gives the one reason beneath an error of many lines, which names the
// address and may name more than belongs on a screen.
func cause(err error) string {
	var dial *net.OpError
	if errors.As(err, &dial) {
		return dial.Error()
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Message
	}
	return "it does not answer"
}

// check refuses a server too old, or without PostGIS, in one sentence.
func check(ctx context.Context, conn *sql.Conn) error {
	var number int
	var name string
	var postgis sql.NullString
	err := conn.QueryRowContext(ctx, `select current_setting('server_version_num')::int, current_setting('server_version'),
		(select coalesce(installed_version, default_version) from pg_available_extensions where name = 'postgis')`).Scan(&number, &name, &postgis)
	if err != nil {
		return fmt.Errorf("ask the database for its version: %w", err)
	}
	if number < leastPostgreSQL {
		return fmt.Errorf("PostgreSQL 15 or newer is needed, DATABASE_URL leads to %s", name)
	}
	if !postgis.Valid {
		return fmt.Errorf("PostGIS %s or newer is needed, the PostgreSQL %s behind DATABASE_URL has none installed", leastPostGIS, name)
	}
	var major, minor int
	if _, err := fmt.Sscanf(postgis.String, "%d.%d", &major, &minor); err != nil || major < 3 || major == 3 && minor < 3 {
		return fmt.Errorf("PostGIS %s or newer is needed, DATABASE_URL leads to %s", leastPostGIS, postgis.String)
	}
	return nil
}
