package httpapi

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// keptSessions remembers for a moment whose a claim is, for tiles alone: a map asks
// for dozens at a stroke, and a look into the database for each takes ten times as
// long as the tile. What has become of a session is known here as soon as on an
// open socket: within a second of the look, and at once where this node changed it.
// No token is held, as the database holds none.
type keptSessions struct {
	now func() time.Time

	mu   sync.RWMutex
	of   map[claimDigest]keptSession
	turn uint64 // another after each change of rights here
}

// claimDigest stands for a claim.
type claimDigest [sha256.Size]byte

func digestOf(c claim) claimDigest {
	if c.bears {
		return sha256.Sum256([]byte("b" + c.bearer))
	}
	return sha256.Sum256([]byte("c" + c.cookie))
}

// look is one look-up of a session: when it began, and the turn it began in.
type look struct {
	of    claimDigest
	began time.Time
	turn  uint64
}

type keptSession struct {
	session dispatch.Session
	until   time.Time
}

const mostKept = 10_000 // then it begins anew

func newKeptSessions(now func() time.Time) *keptSessions {
	return &keptSessions{now: now, of: map[claimDigest]keptSession{}}
}

// get gives the session of a claim, where it is known and still what it was when it
// was read, and the look with which one that is read now may be put.
func (k *keptSessions) get(c claim) (s dispatch.Session, known bool, l look) {
	l = look{of: digestOf(c), began: k.now()}
	k.mu.RLock()
	defer k.mu.RUnlock()
	l.turn = k.turn
	one, ok := k.of[l.of]
	s = one.session
	return s, ok && l.began.Before(one.until) && s.Alive(l.began) && s.LockedBy(l.began) == s.Locked, l
}

// put keeps a session, unless rights have changed since it was asked for.
func (k *keptSessions) put(l look, s dispatch.Session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.turn != k.turn {
		return
	}
	if len(k.of) >= mostKept {
		clear(k.of)
	}
	k.of[l.of] = keptSession{s, l.began.Add(watchEvery)}
}

// forget forgets all: rights have changed.
func (k *keptSessions) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.turn++
	clear(k.of)
}

// tileRoute is how the patterns of the routes begin that ask here.
const tileRoute = "GET /api/v1/tiles/"

// whose gives the session of who asks, and whether it was looked up for this. Where
// it was not, the look that it is known by has noted that it is used.
func (a *api) whose(r *http.Request) (s dispatch.Session, looked bool, err error) {
	c := claimOf(r)
	if !strings.HasPrefix(r.Pattern, tileRoute) {
		s, err = a.identify(r.Context(), c)
		return s, true, err
	}
	s, known, l := a.kept.get(c)
	if known {
		return s, false, nil
	}
	if s, err = a.identify(r.Context(), c); err == nil {
		a.kept.put(l, s)
	}
	return s, true, err
}
