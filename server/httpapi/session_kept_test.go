package httpapi

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/tile"
)

// lookedUp counts how often a session is looked up, and gives what the test says.
type lookedUp struct {
	fakeAccounts
	times atomic.Int64
	gone  atomic.Bool
	roles []dispatch.Grant
	now   func() time.Time
}

func (l *lookedUp) SessionByToken(context.Context, string) (dispatch.Session, error) {
	l.times.Add(1)
	gone := l.gone.Load()
	if gone {
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return dispatch.Session{ID: 1, Account: dispatch.Account{ID: 5, Roles: l.roles}, Method: dispatch.ByPassword, SeenAt: l.now(), ExpiresAt: l.now().Add(10 * time.Minute)}, nil
}

// TestTilesRememberASessionForAMoment: one look-up serves a second of tiles, and no
// tile is given to whom this node has signed out, whose time is over, or who was
// signed out elsewhere a second ago; other routes remember nobody.
func TestTilesRememberASessionForAMoment(t *testing.T) {
	now := testNow
	clock := func() time.Time { return now }
	accounts := &lookedUp{now: clock, roles: []dispatch.Grant{{Role: dispatch.RoleCommander, AreaID: 1}}}
	points := tile.NewPoints(noPoints{}, zerolog.Nop())
	u := newUnder(t, func(d *Deps) { d.Accounts, d.Points = accounts, points })
	a := newAPI(u.deps)
	a.kept = newKeptSessions(clock)
	u.handler = a.wrap(a.mux)
	expect := func(what, path string, status int, times int64) {
		t.Helper()
		accounts.times.Store(0)
		if w := u.do("GET", path, "x", ""); w.Code != status {
			t.Errorf("%s: %d, want %d", what, w.Code, status)
		}
		if n := accounts.times.Load(); n != times {
			t.Errorf("%s: looked up %d times, want %d", what, n, times)
		}
	}
	const camera = "/api/v1/tiles/cameras/14/13774/6310"
	expect("the first", camera, 200, 1)
	expect("the next", camera, 200, 0)
	expect("another route", "/api/v1/session", 200, 1)
	now = now.Add(watchEvery)
	expect("a second later", camera, 200, 1)
	if w := u.do("GET", camera, "another", ""); w.Code != 200 || accounts.times.Load() != 2 {
		t.Errorf("another's token: %d, looked up %d times", w.Code, accounts.times.Load())
	}
	accounts.gone.Store(true)
	expect("signed out elsewhere", camera, 200, 0)
	now = now.Add(watchEvery)
	expect("a second after that", camera, http.StatusUnauthorized, 1)
	expect("who is nobody is not remembered", camera, http.StatusUnauthorized, 1)
	accounts.gone.Store(false)
	expect("again", camera, 200, 1)
	if w := u.do("DELETE", "/api/v1/session", "x", ""); w.Code != http.StatusNoContent {
		t.Fatalf("signing out: %d", w.Code)
	}
	accounts.gone.Store(true)
	expect("signed out here", camera, http.StatusUnauthorized, 1)
}

// TestWhatChangedMeanwhileIsNotRemembered: rights that change while they are looked
// up are looked up again.
func TestWhatChangedMeanwhileIsNotRemembered(t *testing.T) {
	k := newKeptSessions(func() time.Time { return testNow })
	c := claim{cookie: "x"}
	s := dispatch.Session{ID: 1, Method: dispatch.ByPhone, SeenAt: testNow, ExpiresAt: testNow.Add(time.Minute)}
	_, _, turn := k.get(c)
	k.forget()
	k.put(c, s, turn)
	if _, known, _ := k.get(c); known {
		t.Error("it is remembered")
	}
	_, _, turn = k.get(c)
	k.put(c, s, turn)
	if _, known, _ := k.get(c); !known {
		t.Error("it is not remembered")
	}
	s.ExpiresAt = testNow
	k.put(c, s, turn)
	if _, known, _ := k.get(c); known {
		t.Error("one that is over is given")
	}
	for range mostKept {
		k.put(claim{cookie: string(rune(len(k.of)))}, s, turn)
	}
	if len(k.of) > mostKept {
		t.Errorf("%d are remembered", len(k.of))
	}
}

// noPoints is a source of none.
type noPoints struct{}

func (noPoints) EachCamera(context.Context, []int64, func(dispatch.Camera)) error { return nil }

func (noPoints) EachFacility(context.Context, func(dispatch.Facility)) error { return nil }
