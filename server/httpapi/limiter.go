package httpapi

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"yiping/server/dispatch"
)

const (
	limitMemory = 10_000 // callers and kinds that are remembered
	limitSweep  = time.Minute
	// retryAfter is what a limited caller is told to wait where nothing more
	// precise is known, in seconds.
	retryAfter = 30
)

// limiter counts what callers do. It remembers a bounded number of them.
type limiter struct {
	now     func() time.Time
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	swept   time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, buckets: map[string]*rate.Limiter{}}
}

// take takes one from a caller's bucket, and refuses where it is empty.
func (l *limiter) take(who string, p Pace) error {
	if p.Burst == 0 {
		return nil
	}
	b, now := l.bucket(who, p), l.now()
	if b.AllowN(now, 1) {
		return nil
	}
	return tooMany((1 - b.TokensAt(now)) * p.Every.Seconds())
}

// spent says whether a caller's bucket is empty.
func (l *limiter) spent(who string, p Pace) error {
	l.mu.Lock()
	b := l.buckets[who]
	l.mu.Unlock()
	if b == nil || b.TokensAt(l.now()) >= 1 {
		return nil
	}
	return tooMany((1 - b.TokensAt(l.now())) * p.Every.Seconds())
}

func tooMany(seconds float64) error {
	return &dispatch.Error{Code: dispatch.CodeTooMany, Values: map[string]string{"seconds": strconv.Itoa(max(1, int(math.Ceil(seconds))))}}
}

// waiting gives the header that says when to come back.
func waiting(refused *dispatch.Error) http.Header {
	after := refused.Values["seconds"]
	if after == "" {
		after = strconv.Itoa(retryAfter)
	}
	return http.Header{"Retry-After": {after}}
}

func (l *limiter) bucket(key string, p Pace) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b, ok := l.buckets[key]; ok {
		return b
	}
	if len(l.buckets) >= limitMemory {
		l.makeRoom()
	}
	b := rate.NewLimiter(rate.Every(p.Every), p.Burst)
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
			if b.TokensAt(now) >= float64(b.Burst()) {
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
