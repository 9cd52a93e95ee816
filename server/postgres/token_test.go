package postgres

import (
	"slices"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// TestTokens: a token is as much of its account as it was made for, for as long,
// and never more than the account has.
func TestTokens(t *testing.T) {
	k := newIdentity(t)
	_, chief := k.person("boss", dispatch.RoleCommander)
	create := func(secret string, in dispatch.NewToken, want dispatch.Code) int64 {
		t.Helper()
		in.Name, in.Prefix, in.Hash = "大屏对接", secret[:2], hashOf(secret)
		out, err := k.svc.CreateToken(t.Context(), k.as(chief, "token.create"), chief.AccountID, in)
		if dispatch.CodeOf(err) != want {
			t.Fatalf("%s: %v, want %q", secret, err, want)
		}
		return out.ID
	}
	ask := func(secret string, want dispatch.Code) (dispatch.Actor, *int64) {
		t.Helper()
		s, area, err := k.accounts.SessionByBearer(t.Context(), secret)
		if dispatch.CodeOf(err) != want {
			t.Fatalf("%s: %v, want %q", secret, err, want)
		}
		if area != nil {
			s.Account.Roles = dispatch.Within(k.svc.Tree(), s.Account.Roles, *area)
		}
		return s.Actor(), area
	}
	now, see := k.store.now(), []dispatch.Action{dispatch.ActionSee}
	create("wide", dispatch.NewToken{Actions: []dispatch.Action{dispatch.ActionGrant}, ExpiresAt: now.Add(time.Hour)}, dispatch.CodeTooWide)
	create("past", dispatch.NewToken{Actions: see, ExpiresAt: now}, dispatch.CodeInvalid)
	create("long", dispatch.NewToken{Actions: see, ExpiresAt: now.Add(366 * 24 * time.Hour)}, dispatch.CodeInvalid)
	create("west", dispatch.NewToken{Actions: see, AreaID: k.west.ID, ExpiresAt: now.Add(time.Hour)}, "")
	kept := create("kept", dispatch.NewToken{Actions: see, ExpiresAt: now.Add(2 * time.Hour)}, "")

	a, area := ask("west", "")
	if area == nil || *area != k.west.ID || !a.MayIn(k.svc.Tree(), dispatch.ActionSee, k.west.ID) || a.MayIn(k.svc.Tree(), dispatch.ActionSee, k.east.ID) {
		t.Errorf("it reaches %v of %v", a.Grants, area)
	}
	if !chief.May(dispatch.ActionDispatch) || a.May(dispatch.ActionDispatch) {
		t.Error("it may what it was not made for")
	}
	ask("none", dispatch.CodeSignedOut)
	k.pass(time.Hour)
	ask("west", dispatch.CodeSignedOut)
	ask("kept", "")
	if _, err := k.svc.RevokeToken(t.Context(), k.as(chief, "token.revoke"), kept); err != nil {
		t.Fatal(err)
	}
	ask("kept", dispatch.CodeSignedOut)
	create("gone", dispatch.NewToken{Actions: see, ExpiresAt: k.store.now().Add(time.Hour)}, "")
	k.exec(`update account_role set role = 'wall' where account_id = $1`, chief.AccountID)
	if a, _ := ask("gone", ""); slices.ContainsFunc(a.Grants, func(g dispatch.Grant) bool { return g.Role != dispatch.RoleWall }) {
		t.Errorf("it kept %v, which its account has no more", a.Grants)
	}
	k.exec(`update account set disabled_at = now() where id = $1`, chief.AccountID)
	ask("gone", dispatch.CodeSignedOut)
}
