package httpapi

import (
	"slices"
	"strings"
	"testing"

	"yiping/server/dispatch"
)

// TestAccountsOfOnesAreas: the list is asked for the administrator's areas alone.
func TestAccountsOfOnesAreas(t *testing.T) {
	u := newUnder(t)
	for token, want := range map[string][]int64{"security": nil, "security@2": {2, 4}} {
		decoded[accountsView](t, u.do("GET", "/api/v1/accounts?role=dispatcher&q=wang", token, ""), 200)
		if f := u.accounts.filter; !slices.Equal(f.AreaIDs, want) || (want == nil) != (f.AreaIDs == nil) || f.Role != "dispatcher" || f.Query != "wang" {
			t.Errorf("%s: asked for %+v", token, f)
		}
	}
	u.problem(u.do("GET", "/api/v1/accounts?area_id=3", "security@2", ""), 404, "not_found")
	u.accounts.list = []dispatch.Account{{ID: 1, Roles: []dispatch.Grant{{Role: dispatch.RoleDispatcher, AreaID: 3}}}, {ID: 2}}
	u.problem(u.do("GET", "/api/v1/accounts/1", "security@2", ""), 404, "not_found")
	decoded[dispatch.Account](t, u.do("GET", "/api/v1/accounts/2", "security@2", ""), 200)
}

// TestPasswordIsToldOnce: a repeat of the request does not tell another one,
// which the account does not have.
func TestPasswordIsToldOnce(t *testing.T) {
	u := newUnder(t)
	u.accounts.list = []dispatch.Account{{ID: 7}}
	for _, path := range []string{"/api/v1/accounts", "/api/v1/accounts/7/reset-password"} {
		body, status := "", 200
		if path == "/api/v1/accounts" {
			body, status = `{"username":"b1","display_name":"甲","role":"dispatcher","area_id":4}`, 201
		}
		for _, replayed := range []bool{false, true} {
			u.store.outcome = dispatch.Outcome{ID: 7, Replayed: replayed}
			got := decoded[passwordView](t, u.do("POST", path, "security", body, "Idempotency-Key", "k"), status)
			if (got.Password == "once") == replayed || got.Account.ID != 7 {
				t.Errorf("%s, replayed %v: %+v", path, replayed, got)
			}
		}
		u.problem(u.do("POST", path, "security", body), 400, "idempotency_key_required")
	}
}

// TestSignInSaysFromWhere: what counts tries is the address and the browser's
// own cookie, which signing in gives anew.
func TestSignInSaysFromWhere(t *testing.T) {
	u := newUnder(t)
	w := u.do("POST", "/api/v1/session", "", `{"username":"wall","password":"right"}`, "User-Agent", "Mozilla/5.0 (X11; Linux) Firefox/140", "Cookie", "yiping_device=before")
	decoded[sessionView](t, w, 200)
	if f := u.accounts.from; f.Address != "192.0.2.1" || f.Network != "192.0.2.0/24" || f.Device != "before" || !strings.Contains(f.Agent, "Firefox") {
		t.Errorf("from %+v", f)
	}
	cookies := map[string]string{}
	for _, c := range w.Result().Cookies() {
		cookies[c.Name] = c.Value
		if !c.HttpOnly || c.Path != "/" {
			t.Errorf("cookie %+v", c)
		}
	}
	if cookies["yiping_session"] != "wall" || cookies["yiping_device"] != "browser" {
		t.Errorf("cookies %v", cookies)
	}
}
