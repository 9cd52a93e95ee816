package httpapi

import (
	"context"
	"net/http"
	"strconv"
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
	seen  atomic.Int64 // how often it was noted that one is used
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

func (l *lookedUp) Seen(context.Context, dispatch.Session) error {
	l.seen.Add(1)
	return nil
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
		accounts.seen.Store(0)
		if w := u.do("GET", path, "x", ""); w.Code != status {
			t.Errorf("%s: %d, want %d", what, w.Code, status)
		}
		if n := accounts.times.Load(); n != times {
			t.Errorf("%s: looked up %d times, want %d", what, n, times)
		}
		if n := accounts.seen.Load(); status == 200 && n != times {
			t.Errorf("%s: noted %d times that it is used, want %d", what, n, times)
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

// TestWhatIsRemembered: nothing that changed while it was looked up, that is over or
// has locked since, or that began to be looked up a second ago; no more than a bound;
// and a person's token is not taken for another system's.
func TestWhatIsRemembered(t *testing.T) {
	now := testNow
	k := newKeptSessions(func() time.Time { return now })
	of := func(name string) claim { return claim{cookie: name} }
	holds := func(what string, c claim, want bool) look {
		t.Helper()
		_, known, l := k.get(c)
		if known != want {
			t.Errorf("%s: known %t, want %t", what, known, want)
		}
		return l
	}
	sound := dispatch.Session{ID: 1, Account: dispatch.Account{Roles: []dispatch.Grant{{Role: dispatch.RoleSystemAdministrator, AreaID: 1}}}, Method: dispatch.ByPassword, SeenAt: now, ExpiresAt: now.Add(time.Hour)}
	rule := sound.Rule()
	if rule.Lock == 0 || rule.Idle == 0 {
		t.Fatal("an administrator's session does not lock or not end idle")
	}
	l := holds("nothing", of("x"), false)
	k.forget()
	k.put(l, sound)
	l = holds("changed meanwhile", of("x"), false)
	now = now.Add(watchEvery / 2) // so long the database takes
	k.put(l, sound)
	holds("sound", of("x"), true)
	holds("as another system's", claim{bearer: "x", bears: true}, false)
	now = now.Add(watchEvery / 2)
	holds("a second after it was asked for", of("x"), false)

	for name, c := range map[string]struct {
		seen, expires time.Duration // from the look
	}{
		"over": {0, watchEvery / 4}, "idle": {watchEvery/4 - rule.Idle, time.Hour}, "left alone": {watchEvery/4 - rule.Lock, time.Hour},
	} {
		s := sound
		s.SeenAt, s.ExpiresAt = now.Add(c.seen), now.Add(c.expires)
		s.Locked = s.LockedBy(now)
		_, _, l := k.get(of(name))
		k.put(l, s)
		holds(name+" not yet", of(name), true)
		now = now.Add(watchEvery / 2)
		holds(name, of(name), false)
	}
	for n := range mostKept + 1 {
		_, _, l := k.get(of(strconv.Itoa(n)))
		k.put(l, sound)
	}
	if len(k.of) > mostKept {
		t.Errorf("%d are remembered", len(k.of))
	}
}

// noPoints is a source of none.
type noPoints struct{}

func (noPoints) EachCamera(context.Context, []int64, func(dispatch.Camera)) error { return nil }

func (noPoints) EachFacility(context.Context, func(dispatch.Facility)) error { return nil }
