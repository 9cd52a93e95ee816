package postgres

import (
	"context"
	"sync"
	"time"
)

// together lets those who ask for one thing each, while enough others are being
// read, be read together by the next: thousands who come back at once need a hundred
// queries. A read begins after it was asked for, so that what was ended before is
// not found.
type together[K comparable, V any] struct {
	read func(ctx context.Context, keys []K) (map[K]V, error)

	mu      sync.Mutex
	going   int
	waiting []sought[K, V]
}

type sought[K comparable, V any] struct {
	key  K
	done chan<- found[V]
}

type found[V any] struct {
	value V
	ok    bool
	err   error
}

const (
	togetherReads  = 4 // at a time
	togetherMost   = 200
	togetherWithin = 10 * time.Second // one read: it is not the one's who asked first
)

// ask gives what a key leads to, ok false for nothing.
func (t *together[K, V]) ask(ctx context.Context, key K) (value V, ok bool, err error) {
	done := make(chan found[V], 1)
	t.mu.Lock()
	t.waiting = append(t.waiting, sought[K, V]{key, done})
	if t.going < togetherReads {
		t.going++
		go t.run()
	}
	t.mu.Unlock()
	select {
	case f := <-done:
		return f.value, f.ok, f.err
	case <-ctx.Done():
		return value, false, ctx.Err()
	}
}

// run reads until nobody waits.
func (t *together[K, V]) run() {
	for {
		t.mu.Lock()
		n := min(len(t.waiting), togetherMost)
		now := t.waiting[:n:n]
		t.waiting = t.waiting[n:]
		if n == 0 {
			t.going--
			t.waiting = nil
		}
		t.mu.Unlock()
		if n == 0 {
			return
		}
		keys := make([]K, n)
		for k, s := range now {
			keys[k] = s.key
		}
		ctx, cancel := context.WithTimeout(context.Background(), togetherWithin)
		values, err := t.read(ctx, keys)
		cancel()
		for _, s := range now {
			v, ok := values[s.key]
			s.done <- found[V]{v, ok, err}
		}
	}
}
