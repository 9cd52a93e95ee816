package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

const (
	watchEvery  = time.Second
	watchWithin = 3 * time.Second // one question of it
)

// watch tells open sockets that their session has ended or its rights are others.
// One question a second asks for all of them, whichever node changed what; a
// change on this node asks at once. It only tells: the socket looks for itself.
// A token of another system has no session to ask for: its socket looks each time.
type watch struct {
	ask func(ctx context.Context, sessionIDs []int64) (map[int64][]dispatch.Grant, error)
	log zerolog.Logger

	mu      sync.Mutex
	sockets map[*watched]struct{}
	loop    chan struct{} // closed when it has ended; nil where there is none. One at a time
	poked   chan struct{}
}

// watched is one socket's place in the watch.
type watched struct {
	sessionID int64
	grants    []dispatch.Grant // as the socket has them
	changed   chan struct{}    // signalled until they agree
	wake      func()           // called then; it does not wait
}

func newWatch(accounts Accounts, log zerolog.Logger) *watch {
	w := &watch{log: log, sockets: map[*watched]struct{}{}, poked: make(chan struct{}, 1)}
	if accounts != nil {
		w.ask = accounts.Watch
	}
	return w
}

// join adds a socket; the first one starts the watch. leave must be called.
func (w *watch) join(sessionID int64, grants []dispatch.Grant, wake func()) *watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := &watched{sessionID: sessionID, grants: grants, changed: make(chan struct{}, 1), wake: wake}
	w.sockets[one] = struct{}{}
	if w.loop == nil {
		w.loop = make(chan struct{})
		go w.run()
	}
	return one
}

func (w *watch) leave(one *watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.sockets, one)
	if len(w.sockets) == 0 {
		w.poke() // so that it notices, and ends
	}
}

// has notes which rights a socket has taken over.
func (w *watch) has(one *watched, s dispatch.Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one.sessionID, one.grants = s.ID, s.Account.Roles
}

// poke asks at once.
func (w *watch) poke() {
	select {
	case w.poked <- struct{}{}:
	default:
	}
}

// run asks again and again while there are sockets.
func (w *watch) run() {
	ticks := time.NewTicker(watchEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
		case <-w.poked:
		}
		if !w.look() {
			return
		}
	}
}

// look asks once and signals who differs; false where there is nobody left. A
// database that does not answer ends nobody's session.
func (w *watch) look() bool {
	w.mu.Lock()
	ids := make([]int64, 0, len(w.sockets))
	for one := range w.sockets {
		ids = append(ids, one.sessionID)
	}
	w.mu.Unlock()
	if len(ids) > 0 {
		slices.Sort(ids)
		ctx, cancel := context.WithTimeout(context.Background(), watchWithin)
		defer cancel()
		ids = slices.Compact(ids)
		alive, err := w.ask(ctx, ids)
		if err != nil {
			w.log.Warn().Err(err).Msg("rights on open sockets are not known anew")
		} else {
			w.tell(ids, alive)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sockets) > 0 {
		return true
	}
	close(w.loop)
	w.loop = nil
	return false
}

// tell signals those that were asked for and differ; who came meanwhile is asked for
// the next time.
func (w *watch) tell(asked []int64, alive map[int64][]dispatch.Grant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for one := range w.sockets {
		if _, is := slices.BinarySearch(asked, one.sessionID); !is {
			continue
		}
		if now, ok := alive[one.sessionID]; ok && sameGrants(now, one.grants) {
			continue
		}
		select {
		case one.changed <- struct{}{}:
		default:
		}
		one.wake()
	}
}

// sameGrants compares two lists of grants whatever their order.
func sameGrants(a, b []dispatch.Grant) bool {
	holds := func(list []dispatch.Grant, g dispatch.Grant) bool {
		return slices.ContainsFunc(list, func(x dispatch.Grant) bool { return x.Role == g.Role && x.AreaID == g.AreaID })
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, func(g dispatch.Grant) bool { return !holds(b, g) })
}

// touchesRights says whether a command under a path may change who may what.
func touchesRights(method, path string) bool {
	return method != http.MethodGet && method != http.MethodHead && slices.ContainsFunc(
		[]string{"/api/v1/account", "/api/v1/session", "/api/v1/token", "/api/v1/enrolment", "/api/v1/security", "/api/v1/me/consents"},
		func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}
