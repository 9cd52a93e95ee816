package postgres

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// TestSessionsAreLimitedByRole: the oldest gives way, and says why it ended.
func TestSessionsAreLimitedByRole(t *testing.T) {
	k := newIdentity(t)
	for role, most := range map[dispatch.Role]int{dispatch.RoleCommander: 5, dispatch.RoleWall: 20, dispatch.RoleAuditAdministrator: 3} {
		name, a := k.person(string(role), role)
		var opened []dispatch.Opened
		for range most + 1 {
			k.pass(time.Second)
			opened = append(opened, k.signIn(dispatch.Caller{Address: "192.0.2.1"}, name, goodPassword, ""))
		}
		if opened[most-1].Ended != 0 || opened[most].Ended != 1 {
			t.Errorf("%s: %d and %d gave way, want 0 and 1", role, opened[most-1].Ended, opened[most].Ended)
		}
		for n, o := range opened {
			if k.lives(o) != (n > 0) {
				t.Errorf("%s: session %d lives: %t", role, n, n == 0)
			}
		}
		var why dispatch.EndReason
		if err := k.owner.QueryRow(t.Context(), `select end_reason from session where id = $1`, opened[0].Session.ID).Scan(&why); err != nil || why != dispatch.EndReplaced {
			t.Errorf("%s: it ended because of %q, %v", role, why, err)
		}
		if list, err := k.accounts.Sessions(t.Context(), a.AccountID); err != nil || len(list) != most {
			t.Errorf("%s: %d are listed, %v", role, len(list), err)
		}
	}
}

// TestSessionsEndByRole: a wall stays, a desk ends with its shift, who
// administers and goes away is out.
func TestSessionsEndByRole(t *testing.T) {
	k := newIdentity(t)
	open := func(role dispatch.Role) dispatch.Opened {
		name, _ := k.person(string(role), role)
		return k.signIn(dispatch.Caller{Address: "192.0.2.1"}, name, goodPassword, "")
	}
	wall, chief, admin := open(dispatch.RoleWall), open(dispatch.RoleCommander), open(dispatch.RoleSystemAdministrator)
	lives := func(when string, wantWall, wantChief, wantAdmin bool) {
		t.Helper()
		if w, c, a := k.lives(wall), k.lives(chief), k.lives(admin); w != wantWall || c != wantChief || a != wantAdmin {
			t.Errorf("%s: wall %t, commander %t, administrator %t", when, w, c, a)
		}
	}
	k.pass(29 * time.Minute)
	lives("after 29 minutes", true, true, true)
	k.pass(2 * time.Minute)
	lives("after 31 minutes", true, true, false)
	k.pass(11*time.Hour + 28*time.Minute)
	lives("after a shift but a minute", true, true, false)
	k.pass(2 * time.Minute)
	lives("after a shift", true, false, false)
	k.pass(366 * 24 * time.Hour)
	lives("after a year", false, false, false)
}

// TestWatch: open sockets are told what their sessions may do, as the sessions'
// own look says it, and what has ended is missing.
func TestWatch(t *testing.T) {
	k := newIdentity(t)
	open := func(name string, role dispatch.Role) dispatch.Opened {
		name, _ = k.person(name, role)
		return k.signIn(dispatch.Caller{Address: "192.0.2.1"}, name, goodPassword, "")
	}
	stays, out, disabled, bare := open("stays", dispatch.RoleCommander), open("out", dispatch.RoleCommander), open("disabled", dispatch.RoleCommander), open("bare", dispatch.RoleCommander)
	idle, wall := open("idle", dispatch.RoleSystemAdministrator), open("wall", dispatch.RoleWall)
	all := []int64{stays.Session.ID, out.Session.ID, disabled.Session.ID, bare.Session.ID, idle.Session.ID, wall.Session.ID, 1 << 40}
	watched := func(when string, want ...dispatch.Opened) {
		t.Helper()
		alive, err := k.accounts.Watch(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		if len(alive) != len(want) {
			t.Errorf("%s: %d sessions go on, want %d", when, len(alive), len(want))
		}
		for _, o := range want {
			s, err := k.accounts.SessionByToken(t.Context(), o.Token)
			grants, ok := alive[o.Session.ID]
			if err != nil || !ok || !slices.Equal(grants, s.Account.Roles) {
				t.Errorf("%s: %s has %v, %t; its session %v, %v", when, o.Session.Account.Username, grants, ok, s.Account.Roles, err)
			}
		}
	}
	watched("at first", stays, out, disabled, bare, idle, wall)
	if err := k.accounts.SignOut(t.Context(), out.Session); err != nil {
		t.Fatal(err)
	}
	k.exec(`update account set disabled_at = now() where id = $1`, disabled.Session.Account.ID)
	k.exec(`delete from account_role where account_id = $1`, bare.Session.Account.ID)
	watched("after a change", stays, bare, idle, wall)
	k.pass(31 * time.Minute)
	if alive, err := k.accounts.Watch(t.Context(), all); err != nil || len(alive[stays.Session.ID]) != 1 {
		t.Errorf("after half an hour: %v, %v", alive, err)
	} else if _, ok := alive[idle.Session.ID]; ok {
		t.Error("who administers and went away is still watched")
	}
	k.pass(12 * time.Hour)
	watched("after a shift", wall)
}

// TestWatchGoesByIndex: with thousands of sessions it reads those that are open.
func TestWatchGoesByIndex(t *testing.T) {
	k := newIdentity(t)
	_, a := k.person("boss", dispatch.RoleCommander)
	k.exec(`insert into session (token_hash, account_id, method, device, network, created_at, seen_at, expires_at)
		select sha256(n::text::bytea), $1, 'password', '', '', now(), now(), now() from generate_series(1, 20000) n`, a.AccountID)
	k.exec(`analyze session`)
	for condition, index := range map[string]string{`s.id = any('{7,8,9}')`: "session_id", `s.token_hash = any('{\\x07,\\x08,\\x09}')`: "session_pkey"} {
		rows, err := k.accounts.store.system().Query(t.Context(), `explain `+strings.ReplaceAll(selectLive, "$2", "now()")+` and `+condition)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if plan := strings.Join(lines, "\n"); err != nil || !strings.Contains(plan, "Index Scan using "+index+" on session s") {
			t.Errorf("%v\n%s", err, plan)
		}
	}
}
