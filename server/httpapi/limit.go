package httpapi

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"yiping/server/dispatch"
)

// retryAfter is what a limited caller is told to wait, in seconds.
const retryAfter = 30

// What one address may do without a session, of each kind: reports, looking
// reports up, attempts to sign in. Generous, since a whole office or a mobile
// network's customers may share an address.
const (
	limitBurst  = 30
	limitEvery  = 2 * time.Second
	limitMemory = 10_000 // addresses and kinds that are remembered
	limitSweep  = time.Minute
)

// limiter bounds what one address may do without a session. It remembers a
// bounded number of addresses.
type limiter struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	swept   time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, buckets: map[string]*rate.Limiter{}}
}

// allow takes one from the caller's bucket, and refuses where it is empty.
func (l *limiter) allow(r *http.Request) error {
	kind := limitedKind(r)
	if kind == "" {
		return nil
	}
	if !l.bucket(callerOf(r.Context()).network()+" "+kind).AllowN(l.now(), 1) {
		return dispatch.Refuse(dispatch.CodeTooMany, "")
	}
	return nil
}

// limitedKind names what is limited together, "" for what is not: pages, base
// tiles and the like are the same for everybody and may be fetched at will.
func limitedKind(r *http.Request) string {
	noun, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/")
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && noun != "reports" {
		return ""
	}
	return r.Method + " " + noun
}

func (l *limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.buckets[key]; ok {
		return b
	}
	if len(l.buckets) >= limitMemory {
		l.makeRoom()
	}
	b := rate.NewLimiter(rate.Every(limitEvery), limitBurst)
	l.buckets[key] = b
	return b
}

// makeRoom forgets those that have been idle long enough for a full bucket,
// once in a while since it looks at all of them; else any one.
func (l *limiter) makeRoom() {
	now := l.now()
	if now.Sub(l.swept) >= limitSweep {
		l.swept = now
		for key, b := range l.buckets {
			if b.TokensAt(now) >= limitBurst {
				delete(l.buckets, key)
			}
		}
	}
	for key := range l.buckets {
		if len(l.buckets) < limitMemory {
			return
		}
		delete(l.buckets, key)
	}
}
