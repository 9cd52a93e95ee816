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

// TestPlansOfTheProgramGetWhatCameLater: grade, whom to tell and working hours come
// as another version, with the units of the one before, and only where nobody has
// edited the plan and something is missing.
func TestPlansOfTheProgramGetWhatCameLater(t *testing.T) {
	ctx := t.Context()
	address := pgtest.DatabaseAt(t, 29)
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(ctx)) })
	if _, err := conn.Exec(ctx, `
		insert into incident_type (code, family, name_zh, name_en) select f, f, f, f from unnest(array['accident', 'urban', 'service']) f;
		insert into incident_type (code, parent_code, family, name_zh, name_en) select c, split_part(c, '.', 1), split_part(c, '.', 1), c, c
			from unnest(array['accident.gas_leak', 'accident.drowning', 'accident.edited', 'urban.noise', 'urban.manhole']) c;
		insert into plan (type_code, version, priority, quota, hazard, offer_seconds, verify_seconds, dispatch_seconds, arrive_seconds, resolve_seconds, check_seconds, pair, grade, tell)
			values ('accident.gas_leak', 1, 'critical', 3, true, 60, 60, 60, 60, 60, 60, true, null, '{}'), ('accident.drowning', 1, 'critical', 3, true, 60, 60, 60, 60, 60, 60, true, 'general', '{119,120}'),
				('accident.edited', 1, 'critical', 3, true, 60, 60, 60, 60, 60, 60, true, null, '{}'), ('accident.edited', 2, 'critical', 4, true, 60, 60, 60, 60, 60, 60, true, null, '{}'),
				('urban.noise', 1, 'low', 1, false, 60, 60, 60, 60, 60, 60, false, null, '{}'), ('urban.manhole', 1, 'urgent', 1, false, 60, 60, 60, 60, 60, 60, false, null, '{}');
		insert into plan_unit (plan_id, role, unit_kind) select id, 'lead', 'gas' from plan where type_code = 'accident.gas_leak'`); err != nil {
		t.Fatal(err)
	}
	if err := migrate.Up(ctx, address, zerolog.Nop()); err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{
		"accident.gas_leak": "2 general {119} f t gas", "accident.drowning": "1 general {119,120} f t ", "accident.edited": "2  {} f t ",
		"urban.noise": "2  {} t f ", "urban.manhole": "1  {} f f ",
	} {
		var got string
		if err := conn.QueryRow(ctx, `select concat_ws(' ', version, coalesce(grade, ''), tell::text, working_hours, pair, coalesce((select unit_kind from plan_unit where plan_id = p.id), ''))
			from plan p where type_code = $1 order by version desc limit 1`, code).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %q, want %q, %v", code, got, want, err)
		}
	}
	var first string
	if err := conn.QueryRow(ctx, `select concat_ws(' ', coalesce(grade, ''), tell::text) from plan where type_code = 'accident.gas_leak' and version = 1`).Scan(&first); err != nil || first != " {}" {
		t.Errorf("the version that incidents keep: %q, %v", first, err)
	}
}
