package postgres

import (
	"testing"
	"time"

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
