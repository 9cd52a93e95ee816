package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// QueueSchema holds the tables of durable jobs, which River's own migrator makes.
const QueueSchema = "river"

// makeQueue brings them up to River's version, behind the wall like all others:
// commands add jobs, the service works them. It runs under the lock of all
// migrations, on a schema as old as the version asked for not at all.
func makeQueue(ctx context.Context, conn *sql.Conn, url string) error {
	var wanted bool
	if err := conn.QueryRowContext(ctx, `select to_regnamespace($1) is not null`, QueueSchema).Scan(&wanted); err != nil || !wanted {
		return err
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return errors.New("DATABASE_URL is not a PostgreSQL address")
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Schema: QueueSchema, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	// Tables that a newer River adds are found here, too.
	_, err = conn.ExecContext(ctx, `
		do $$
		declare
			t regclass;
		begin
			for t in select c.oid::regclass from pg_class c
				where c.relnamespace = 'river'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity and c.relname <> 'river_migration'
			loop
				call guard_table(t);
				execute format('grant select, insert, update, delete on %s to yiping_system', t);
			end loop;
			grant usage, select, update on all sequences in schema river to yiping_system;
			grant usage on all sequences in schema river to yiping_app;
			if not has_table_privilege('yiping_app', 'river.river_job', 'insert') then
				call let_see('river.river_job', '(select viewer_commands())');
				call let_write('river.river_job', 'insert');
				-- River's insert names an update, of nothing, for a job that is there already.
				create policy command_update on river.river_job for update to yiping_app using ((select viewer_commands()));
				grant update (kind) on river.river_job to yiping_app;
			end if;
		end $$`)
	if err != nil {
		return fmt.Errorf("guard the queue: %w", err)
	}
	return nil
}
