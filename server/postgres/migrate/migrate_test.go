package migrate_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/server/postgres/migrate"
	"yiping/server/postgres/pgtest"
)

// TestWhatWasPassedOverIsMadeUpFor: a database that has a later migration and
// lacks an earlier one, which was landed after it, gets it.
func TestWhatWasPassedOverIsMadeUpFor(t *testing.T) {
	ctx := t.Context()
	address := pgtest.DatabaseAt(t, 15)
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
	for _, sql := range []string{`create index incident_closed_at on incident (closed_at) where closed_at is not null`,
		`insert into schema_version (version_id, is_applied) values (17, true)`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := migrate.Up(ctx, address, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	var guarded bool
	if err := conn.QueryRow(ctx, `select relrowsecurity from pg_class where oid = 'incident'::regclass`).Scan(&guarded); err != nil || !guarded {
		t.Errorf("row-level security: %v, %v", guarded, err)
	}
}
