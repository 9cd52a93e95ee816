package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/frame"
	"yiping/server/live"
)

// movingAccounts knows one session, whose rights the test moves.
type movingAccounts struct {
	fakeAccounts
	mu      sync.Mutex
	grants  []dispatch.Grant
	revoked bool
	due     bool          // a new password
	broken  bool          // nothing is known
	asked   chan struct{} // after each question of the watch
}

func (f *movingAccounts) now(grants []dispatch.Grant, revoked, broken bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.grants, f.revoked, f.broken = grants, revoked, broken
}

func (f *movingAccounts) SessionByToken(context.Context, string) (dispatch.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.broken:
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeUnavailable, "")
	case f.revoked:
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	return dispatch.Session{ID: 1, Account: dispatch.Account{ID: 5, Roles: f.grants}, Method: dispatch.ByPassword, MustChange: f.due}, nil
}

func (f *movingAccounts) Watch(_ context.Context, ids []int64) (map[int64][]dispatch.Grant, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() {
		select {
		case f.asked <- struct{}{}:
		default:
		}
	}()
	switch {
	case f.broken:
		return nil, dispatch.Refuse(dispatch.CodeUnavailable, "")
	case f.revoked || !slices.Contains(ids, 1):
		return nil, nil
	}
	return map[int64][]dispatch.Grant{1: f.grants}, nil
}

// rightsFeed shows each subscription the rights that it was made with.
type rightsFeed struct {
	fakeFeed
	made []*rightsSubscription
}

type rightsSubscription struct {
	*fakeSubscription
	shows  string
	viewer dispatch.Viewer
	view   *orb.Bound
	left   bool
}

func (f *rightsFeed) Subscribe(ctx context.Context, actor dispatch.Actor, _ int64, epoch string, _ int64, _ live.Wish, wake func()) (Subscription, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(1)
	viewer, _ := dispatch.ViewerOf(ctx)
	s := &rightsSubscription{fakeSubscription: &fakeSubscription{feed: &f.fakeFeed, wake: wake, waits: 1}, shows: fmt.Sprintf("%s %v", epoch, actor.Grants), viewer: viewer}
	f.made = append(f.made, s)
	return s, nil
}

func (s *rightsSubscription) Next(list []*frame.Message) ([]*frame.Message, string) {
	return s.take(list, s.shows)
}

func (s *rightsSubscription) Look(view *orb.Bound) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.view = view
}

func (s *rightsSubscription) Leave() {
	s.fakeSubscription.Leave()
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.left = true
}

var (
	east = dispatch.Grant{Role: dispatch.RoleDispatcher, AreaID: 2}
	west = dispatch.Grant{Role: dispatch.RoleDispatcher, AreaID: 3}
)

// newMovingUnder is a server with a session of rights in both streets, and a client that
// has said something first.
func newMovingUnder(t *testing.T, hello string, ready func(*liveUnder)) (*liveUnder, *movingAccounts, *rightsFeed, *websocket.Conn) {
	t.Helper()
	accounts := &movingAccounts{grants: []dispatch.Grant{east, west}, asked: make(chan struct{}, 1)}
	feed := &rightsFeed{}
	l := newLiveUnder(t, func(d *Deps) { d.Accounts, d.Feed = accounts, feed })
	l.feed = &feed.fakeFeed
	ready(l)
	conn, _, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if err := conn.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
		t.Fatal(err)
	}
	return l, accounts, feed, conn
}

// newWatchUnder is a client on the feed, with rights in both streets.
func newWatchUnder(t *testing.T) (*liveUnder, *movingAccounts, *rightsFeed, *websocket.Conn) {
	t.Helper()
	l, accounts, feed, conn := newMovingUnder(t, `{"type":"subscribe","protocol":1,"since":{"epoch":"e","offset":7},"view":[1,2,3,4]}`, func(*liveUnder) {})
	if got, want := said(t, conn), fmt.Sprintf("e %v", accounts.grants); got != want {
		t.Fatalf("shown %q, want %q", got, want)
	}
	return l, accounts, feed, conn
}

func said(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	_, message, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(message)
}

// TestWatchTakesRightsAway: who has lost a role is shown a whole picture without
// it, on the same socket, and nothing more of the one before.
func TestWatchTakesRightsAway(t *testing.T) {
	l, accounts, feed, conn := newWatchUnder(t)
	accounts.now([]dispatch.Grant{west}, false, false)
	l.api.watch.poke()
	want := fmt.Sprintf(" %v", []dispatch.Grant{west}) // from the beginning: no epoch
	if got := said(t, conn); got != want {
		t.Fatalf("shown %q, want %q", got, want)
	}
	l.left(1)
	feed.made[0].say()
	feed.made[1].say()
	if got := said(t, conn); got != want {
		t.Errorf("then shown %q, want %q", got, want)
	}
	feed.mu.Lock()
	before, after := feed.made[0], feed.made[1]
	defer feed.mu.Unlock()
	if !before.left || after.left {
		t.Errorf("left: %t and %t, want the first alone", before.left, after.left)
	}
	if after.view == nil || after.view.Min != (orb.Point{1, 2}) {
		t.Errorf("it looks at %v", after.view)
	}
	if slices.Contains(after.viewer.AreaIDs, 2) || !slices.Contains(after.viewer.AreaIDs, 3) {
		t.Errorf("it is read with the eyes of %v", after.viewer.AreaIDs)
	}
}

// TestWatchEndsSessions: a session that was ended takes its socket with it, and
// the watch ends with the last socket; a database that does not answer ends none.
func TestWatchEndsSessions(t *testing.T) {
	l, accounts, _, conn := newWatchUnder(t)
	accounts.now(nil, false, true)
	l.api.watch.poke()
	for range 2 { // the second is asked for after the first was told
		<-accounts.asked
		l.api.watch.poke()
	}
	l.left(1)
	l.api.watch.mu.Lock()
	loop := l.api.watch.loop
	l.api.watch.mu.Unlock()
	accounts.now(nil, true, false)
	l.api.watch.poke()
	if code, text := closedWith(conn); code != closeSignedOut.Code {
		t.Errorf("closed with %d %q", code, text)
	}
	l.left(0)
	select {
	case <-loop:
	case <-time.After(20 * time.Second):
		t.Fatal("the watch goes on with nobody to watch")
	}
}

// newWatchInLine is a client that waits to be put on the feed, until the line is let go.
func newWatchInLine(t *testing.T) (*liveUnder, *movingAccounts, *rightsFeed, *websocket.Conn) {
	t.Helper()
	l, accounts, feed, conn := newMovingUnder(t, soundHello, (*liveUnder).holdLine)
	if m := said(t, conn); !strings.Contains(m, `"heartbeat"`) {
		t.Fatalf("told %s", m)
	}
	return l, accounts, feed, conn
}

// TestWatchEndsSessionsInLine: a session that was ended waits for no turn.
func TestWatchEndsSessionsInLine(t *testing.T) {
	l, accounts, feed, conn := newWatchInLine(t)
	accounts.now(nil, true, false)
	l.api.watch.poke()
	if code, text := closedWith(conn); code != closeSignedOut.Code {
		t.Errorf("closed with %d %q", code, text)
	}
	feed.mu.Lock()
	defer feed.mu.Unlock()
	if len(feed.made) != 0 {
		t.Error("it was put on the feed")
	}
}

// TestWatchTakesRightsAwayInLine: who has lost a role while they waited comes with the
// rights that are left, in their turn.
func TestWatchTakesRightsAwayInLine(t *testing.T) {
	l, accounts, feed, conn := newWatchInLine(t)
	accounts.now([]dispatch.Grant{west}, false, false)
	for range 3 { // the third is asked for after the second was told
		l.api.watch.poke()
		<-accounts.asked
	}
	feed.mu.Lock()
	early := len(feed.made)
	feed.mu.Unlock()
	l.letLineGo()
	got := said(t, conn)
	for strings.Contains(got, `"heartbeat"`) {
		got = said(t, conn)
	}
	if want := fmt.Sprintf(" %v", []dispatch.Grant{west}); got != want {
		t.Errorf("shown %q, want %q", got, want)
	}
	feed.mu.Lock()
	defer feed.mu.Unlock()
	if early != 0 {
		t.Error("it was put on the feed before its turn")
	}
}

// TestWatchAsksForWhatIsDue: what has to be done before anything else is
// no matter of a socket.
func TestWatchAsksForWhatIsDue(t *testing.T) {
	l, accounts, _, conn := newWatchUnder(t)
	accounts.now([]dispatch.Grant{east}, false, false)
	accounts.mu.Lock()
	accounts.due = true
	accounts.mu.Unlock()
	l.api.watch.poke()
	if code, text := closedWith(conn); code != closeRights.Code || text != "rights_changed" {
		t.Errorf("closed with %d %q", code, text)
	}
}

// TestWatchRunsOnce: who joins before the loop has noticed that the last has left
// is watched by the same one, and it ends with them.
func TestWatchRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asking, most, on := 0, 0, make(chan struct{})
		w := newWatch(nil, zerolog.Nop())
		w.ask = func(context.Context, []int64) (map[int64][]dispatch.Grant, error) {
			asking++
			most = max(most, asking)
			<-on
			asking--
			return nil, nil
		}
		first := w.join(1, nil, func() {})
		w.poke()
		synctest.Wait() // it asks
		w.leave(first)
		second := w.join(2, nil, func() {})
		w.poke()
		synctest.Wait()
		close(on)
		<-second.changed
		w.leave(second)
		synctest.Wait() // and a loop that goes on would keep the test from ending
		if most != 1 || w.loop != nil {
			t.Errorf("%d loops at a time; one goes on: %t", most, w.loop != nil)
		}
	})
}

// TestWatchLeavesNewcomersAlone: who joined while it asked was not asked for, and is
// not told that their session is over.
func TestWatchLeavesNewcomersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(nil, zerolog.Nop())
		on := make(chan struct{})
		w.ask = func(_ context.Context, ids []int64) (map[int64][]dispatch.Grant, error) {
			<-on
			alive := map[int64][]dispatch.Grant{}
			for _, id := range ids {
				alive[id] = nil
			}
			return alive, nil
		}
		woken := 0
		first := w.join(7, nil, func() { woken++ })
		w.poke()
		synctest.Wait() // it asks
		second, third := w.join(3, nil, func() { woken++ }), w.join(9, nil, func() { woken++ })
		close(on)
		synctest.Wait()
		if woken != 0 {
			t.Errorf("%d were told of a change", woken)
		}
		for _, one := range []*watched{first, second, third} {
			w.leave(one)
		}
		synctest.Wait()
	})
}

// TestWatchIsPoked: what touches rights is looked at at once, nothing else.
func TestWatchIsPoked(t *testing.T) {
	u := newUnder(t)
	a := newAPI(u.deps)
	u.handler = a.wrap(a.mux)
	u.do("GET", "/api/v1/session", "commander", "")
	if len(a.watch.poked) != 0 {
		t.Error("a look at one's session is no change")
	}
	if w := u.do("DELETE", "/api/v1/session", "commander", ""); w.Code != http.StatusNoContent || len(a.watch.poked) != 1 {
		t.Errorf("signed out: %d, poked %d times", w.Code, len(a.watch.poked))
	}
	for path, want := range map[string]bool{"/api/v1/accounts/7/grants": true, "/api/v1/account/password": true, "/api/v1/tokens/1/revoke": true,
		"/api/v1/enrolments/1/withdraw": true, "/api/v1/security": true, "/api/v1/incidents": false, "/api/v1/positions": false} {
		if touchesRights("POST", path) != want || touchesRights("GET", path) {
			t.Errorf("%s: want %t", path, want)
		}
	}
}
