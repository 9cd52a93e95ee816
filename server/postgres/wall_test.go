package postgres

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// outside are the tables without row-level security, each with its reason.
var outside = map[string]string{
	"schema_version":  "the migrations that ran: the owner's alone, the other roles may not even read it",
	"spatial_ref_sys": "PostGIS's own: the systems of coordinates that the world agreed on",
	"river_migration": "the migrations of the queue that ran: the owner's alone",
}

// openToAll are the tables whose every row anybody may read, signed in or not.
var openToAll = []string{"area", "feed", "ground", "holiday", "incident_type", "installation", "party_organisation", "plan", "plan_unit"}

// TestEveryTableIsBehindTheWall: a table of a later migration has row-level
// security, or stands above with its reason.
func TestEveryTableIsBehindTheWall(t *testing.T) {
	type table struct {
		Name                         string
		Guarded, Forced, Theirs, Any bool
		Open, Written                bool
		Day, Shut                    bool
	}
	tables, err := many[table](t.Context(), ownerOf(t, testConfig(t, nil)), `
		select c.relname as name, c.relrowsecurity as guarded, c.relforcerowsecurity as forced,
			pg_get_userbyid(c.relowner) in ('yiping_app', 'yiping_system') as theirs,
			exists (select from pg_policies p where p.tablename = c.relname and 'public' = any (p.roles)) as any,
			exists (select from pg_policies p where p.tablename = c.relname and 'yiping_app' = any (p.roles) and p.qual = 'true') as open,
			has_table_privilege('yiping_app', c.oid, 'insert, update, delete, truncate, references, trigger') as written,
			exists (select from pg_inherits i where i.inhrelid = c.oid and i.inhparent = 'track'::regclass) as day,
			not has_table_privilege('yiping_app', c.oid, 'select, insert, update, delete, truncate, references, trigger')
				and not has_table_privilege('yiping_system', c.oid, 'select, update, delete, truncate, references, trigger') as shut
		from pg_class c where c.relnamespace in ('public'::regnamespace, 'river'::regnamespace) and c.relkind in ('r', 'p', 'f', 'm') order by c.relname`)
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	days := 0
	for _, c := range tables {
		if outside[c.Name] != "" {
			if c.Written {
				t.Errorf("%s is written by the application", c.Name)
			}
			continue
		}
		if c.Day { // COPY goes by no policy: a day of the tracks is added to by the system, and read through the table alone
			if !c.Shut || c.Theirs {
				t.Errorf("%s is more than added to", c.Name)
			}
			days++
			continue
		}
		if !c.Guarded || !c.Forced {
			t.Errorf("%s has no row-level security: its migration calls guard_table and let_see, see 0016_row_security.sql", c.Name)
		}
		if c.Theirs {
			t.Errorf("%s belongs to a role that must own nothing", c.Name)
		}
		if c.Any {
			t.Errorf("%s has a policy for everybody, not for a role", c.Name)
		}
		if c.Open {
			open = append(open, c.Name)
		}
	}
	if !slices.Equal(open, openToAll) {
		t.Errorf("open to all are %v, want %v", open, openToAll)
	}
	if len(tables) < 60 {
		t.Errorf("only %d tables were looked at", len(tables))
	}
	if days < 2 {
		t.Errorf("%d days of the tracks were looked at", days)
	}
}

// TestViewsReadAsWhoAsks: a view that read as its owner would be a hole.
func TestViewsReadAsWhoAsks(t *testing.T) {
	type view struct {
		Name    string
		Invoker bool
	}
	views, err := many[view](t.Context(), ownerOf(t, testConfig(t, nil)), `
		select c.relname as name, coalesce('security_invoker=true' = any (c.reloptions), false) as invoker
		from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
			and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		if !v.Invoker {
			t.Errorf("%s reads with the rights of its owner", v.Name)
		}
	}
	if len(views) == 0 {
		t.Error("there is no view to look at")
	}
}

// TestRolesAreBound: neither role can get out of what it is for, whatever SQL it
// is made to run.
func TestRolesAreBound(t *testing.T) {
	c := testConfig(t, nil)
	if c.AppURL == "" || c.SystemURL == "" {
		t.Fatal("the test server has no logins of its own: run with `yiping database --ephemeral --`")
	}
	today := "track_" + time.Now().UTC().Format("20060102")
	both := []string{
		`alter table incident disable row level security`,
		`alter table incident no force row level security`,
		`drop policy seen on incident`,
		`create policy mine on incident to yiping_app using (true)`,
		`alter role current_user bypassrls`,
		`create table mine (id int)`,
		`create or replace function viewer_everywhere() returns boolean language sql as 'select true'`,
		`set session_replication_role = replica`,
		`truncate incident`,
		`select 1 from schema_version`,
		`delete from event`,
		`delete from audit`,
		`update audit set action = ''`,
		`select 1 from event_0`,
		`select 1 from ` + today,
		`delete from ` + today,
		`drop table ` + today,
		`update track set lon = 0`,
		`call guard_table('incident')`,
		`copy incident to program 'cat'`,
		`select pg_read_file('/etc/passwd')`,
	}
	tests := []struct {
		role, url string
		refused   []string
	}{
		{roleApp, c.AppURL, append([]string{
			`set role yiping_system`,
			`select key from viewer_key`,
			`select password_hash from account`,
			`select 1 from session`,
			`select 1 from account_factor`,
			`select 1 from api_token`,
			`select 1 from enrolment`,
			`select 1 from care_record`,
			`select 1 from seal_key`,
			`update account set disabled_at = null`,
			`insert into account_role (account_id, role, area_id) values (1, 'commander', 1)`,
			`delete from incident`,
			`set row_security = off; select 1 from incident`,
			`select make_event_partition(9, 10)`,
			`select make_track_partition(current_date)`,
			`select drop_tracks(now())`,
			`select 1 from track`,
			`delete from track`,
			`copy ` + today + ` from stdin`,
			`insert into track values (1, 121, 38, null, now(), now())`,
			`insert into ` + today + ` values (1, 121, 38, null, now(), now())`,
		}, both...)},
		{roleSystem, c.SystemURL, append([]string{`set role yiping_app`, `update viewer_key set key = ''`, `delete from audit_dropped`}, both...)},
	}
	for _, tt := range tests {
		t.Run(tt.role, func(t *testing.T) {
			conn, err := pgx.Connect(t.Context(), tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(t.Context()) }()
			var bound, owns bool
			if err := conn.QueryRow(t.Context(), `select not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication),
				exists (select from pg_class where relowner = r.oid) from pg_roles r where rolname = current_user`).Scan(&bound, &owns); err != nil {
				t.Fatal(err)
			}
			if !bound || owns {
				t.Errorf("bound: %v, owns something: %v", bound, owns)
			}
			for _, sql := range tt.refused {
				_, err := conn.PgConn().Exec(t.Context(), sql).ReadAll()
				var pg *pgconn.PgError
				if !errors.As(err, &pg) || pg.Code != "42501" {
					t.Errorf("%s: %v, want it forbidden", sql, err)
				}
				if strings.HasPrefix(sql, "set ") {
					if _, err := conn.Exec(t.Context(), `reset row_security`); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
