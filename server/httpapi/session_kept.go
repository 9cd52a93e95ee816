package httpapi

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// keptSessions remembers for a moment whose a claim is, for tiles alone: a map asks
// for dozens at a stroke, and a look into the database for each takes ten times as
// long as the tile. What has become of a session is known here as soon as on an
// open socket: within a second, and at once where this node changed it.
type keptSessions struct {
	now func() time.Time

	mu   sync.RWMutex
	of   map[claim]keptSession
	turn uint64 // another after each change of rights here
}

type keptSession struct {
	session dispatch.Session
	until   time.Time
}

const mostKept = 10_000 // then it begins anew

func newKeptSessions(now func() time.Time) *keptSessions {
	return &keptSessions{now: now, of: map[claim]keptSession{}}
}

// get gives the session of a claim, where it is known, and the turn by which one that
// is read now may be put.
func (k *keptSessions) get(c claim) (s dispatch.Session, known bool, turn uint64) {
	now := k.now()
	k.mu.RLock()
	defer k.mu.RUnlock()
	one, ok := k.of[c]
	s = one.session
	s.Locked = s.LockedBy(now)
	return s, ok && now.Before(one.until) && s.Alive(now), k.turn
}

// put keeps a session, unless rights have changed since it was asked for.
func (k *keptSessions) put(c claim, s dispatch.Session, turn uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if turn != k.turn {
		return
	}
	if len(k.of) >= mostKept {
		clear(k.of)
	}
	k.of[c] = keptSession{s, k.now().Add(watchEvery)}
}

// forget forgets all: rights have changed.
func (k *keptSessions) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.turn++
	clear(k.of)
}

// whose gives the session of who asks.
func (a *api) whose(r *http.Request) (dispatch.Session, error) {
	c := claimOf(r)
	if !strings.HasPrefix(r.URL.Path, "/api/v1/tiles/") {
		return a.identify(r.Context(), c)
	}
	s, known, turn := a.kept.get(c)
	if known {
		return s, nil
	}
	s, err := a.identify(r.Context(), c)
	if err == nil {
		a.kept.put(c, s, turn)
	}
	return s, err
}
