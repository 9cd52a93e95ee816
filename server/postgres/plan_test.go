package postgres

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/seed"
	"yiping/server/dispatch"
)

// eyes are those with which plans are asked for, as the application's role: what
// policies add must not turn an index off.
func eyes(t *testing.T) map[string]context.Context {
	return map[string]context.Context{
		"everywhere": everywhere(t),
		"areas":      dispatch.WithViewer(t.Context(), dispatch.Viewer{AreaIDs: []int64{20, 21, 22}, AccountID: 1}),
		"a phone":    dispatch.WithViewer(t.Context(), dispatch.Viewer{ResponderID: 7, AccountID: 2}),
	}
}

// TestHotPathsUseTheirIndex asks PostgreSQL how it would go about the queries
// that run all the time, on the demonstration's data, as autovacuum leaves it.
func TestHotPathsUseTheirIndex(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 30, 0, 0, time.UTC)
	c := testConfig(t, func() time.Time { return now })
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.LoadSeed(t.Context(), seed.Generate(seed.Options{Seed: 1, Now: now})); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`insert into idempotency_key (principal, key, command, request_hash, noun, noun_id, noun_version)
		select 'a', g::text, '', '', '', 0, 0 from generate_series(1, 5000) g`, `vacuum analyze`} {
		if _, err := ownerOf(t, c).Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ name, sql, index string }{
		{"an incident", selectIncident + ` where i.id = 7`, "incident_pkey"},
		{"the open incidents of areas", selectIncident + ` where i.area_id = any('{20,21,22}') and ` + open, "incident_open"},
		{"offers to a responder", selectOffer + ` where o.responder_id = 7 and o.state in ('offered', 'seen', 'later', 'standby')`, "offer_responder_open"},
		{"offers that are due", `select id from offer where state in ('offered', 'seen', 'later') and expires_at <= now() order by expires_at limit 500`, "offer_expires"},
		{"what somebody works on", `select 1 from assignment where responder_id = 7 and state in ('accepted', 'en_route', 'on_scene')`, "assignment_one_active"},
		{"who is at work", strings.NewReplacer("$1::timestamptz", "now()", "$1::date", "now()::date", "$2", "null", "$3", "0").Replace(selectResponder + atWork), "responder_pkey"},
		{"an incident's assignments", selectAssignment + ` where s.incident_id = 7`, "assignment_incident_id"},
		{"where a point lies", `select a.id from area a where st_covers(a.boundary, st_setsrid(st_makepoint(122.6, 38.25), 4326))`, "area_boundary"},
		{"the log after an offset", selectEvent + ` where "offset" > 1000 order by "offset" limit 1000`, "event_0_pkey"},
		{"an incident's events", selectEvent + ` where incident_id = 7 order by "offset"`, "event_0_incident_id_offset_idx"},
		{"what was closed today", `select count(*) from incident i where i.state = 'closed' and i.closed_at >= timestamptz '2026-11-22 16:00+00'`, "incident_closed_at"},
		{"cameras on the screen", selectCamera + ` from camera c where point && st_makeenvelope(122.6, 38.25, 122.605, 38.255, 4326)`, "camera_point"},
		{"the ground of a tile", `select shape from ground where shape && st_makeenvelope(122.6, 38.25, 122.605, 38.255, 4326)`, "ground_shape"},
		{"a place by its initials", `select name from place_name where search like '%hxsq%'`, "place_name_search"},
		{"a report by its number", `select incident_id from report where tracking_hash = '\x00'`, "report_tracking"},
		{"a repeated command", `select 1 from idempotency_key where principal = 'a' and key = 'b'`, "idempotency_key_pkey"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for who, ctx := range eyes(t) {
				rows, err := s.read(ctx).Query(ctx, `explain `+tt.sql)
				if err != nil {
					t.Fatal(err)
				}
				lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
				if err != nil {
					t.Fatal(err)
				}
				if plan := strings.Join(lines, "\n"); !strings.Contains(plan, tt.index) {
					t.Errorf("%s: %s is not used:\n%s", who, tt.index, plan)
				}
			}
		})
	}
}
