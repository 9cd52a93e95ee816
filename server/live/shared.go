package live

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// shared reads the source for all who ask at the same time: after a restart
// thousands ask for the same within a second.
type shared struct {
	source    Source
	heads     turns[head]
	missing   turns[*missed]
	taking    turns[dispatch.Parts]
	mu        sync.Mutex
	snapshots map[string]*reachTurns // by reach, while somebody asks
}

type head struct {
	epoch  string
	offset int64
}

// missed is what those who went on from about the same offset are owed.
type missed struct {
	changes []dispatch.Change
	words   map[missedKey][]byte // encoded for those who see it alike; under the hub's lock
}

type missedKey struct {
	offset int64
	view   dispatch.ChangeView
}

type reachTurns struct {
	turns[dispatch.Snapshot]
	asking int
}

func newShared(s Source) *shared { return &shared{source: s, snapshots: map[string]*reachTurns{}} }

func (s *shared) head(ctx context.Context) (head, error) {
	return s.heads.ask(ctx, 0, func(ctx context.Context, _ int64) (h head, err error) {
		h.epoch, h.offset, err = s.source.Head(ctx)
		return h, err
	})
}

// parts gives who takes part in what. It is shared: it is read only.
func (s *shared) parts(ctx context.Context) (dispatch.Parts, error) {
	return s.taking.ask(ctx, 0, func(ctx context.Context, _ int64) (dispatch.Parts, error) { return s.source.Parts(ctx) })
}

// missed gives all events after an offset. It may hold some up to it, too.
func (s *shared) missed(ctx context.Context, after int64) (*missed, error) {
	return s.missing.ask(ctx, after, func(ctx context.Context, after int64) (*missed, error) {
		all := &missed{words: map[missedKey][]byte{}}
		for {
			page, err := s.source.Changes(ctx, after, resumePage)
			if err != nil {
				return nil, err
			}
			all.changes = append(all.changes, page...)
			if len(page) < resumePage {
				return all, nil
			}
			after = page[len(page)-1].Event.Offset
		}
	})
}

// from gives the changes after an offset.
func (m *missed) from(after int64) []dispatch.Change {
	k, _ := slices.BinarySearchFunc(m.changes, after+1, func(c dispatch.Change, offset int64) int { return int(c.Event.Offset - offset) })
	return m.changes[k:]
}

// encode gives the frame of one of its changes as it is seen; under the hub's lock.
func (m *missed) encode(c dispatch.Change, v dispatch.ChangeView) []byte {
	key := missedKey{c.Event.Offset, v}
	words, known := m.words[key]
	if !known {
		words = encodeChange(c, v)
		m.words[key] = words
	}
	return words
}

// snapshot gives what is open within a reach. Its lists are shared: they are read only.
func (s *shared) snapshot(ctx context.Context, reach dispatch.Reach) (dispatch.Snapshot, error) {
	if reach.ResponderID != 0 || reach.UnitID != 0 { // few are the same person
		return s.source.Snapshot(ctx, reach)
	}
	raw, err := json.Marshal(reach)
	if err != nil {
		return dispatch.Snapshot{}, err
	}
	key := string(raw)
	s.mu.Lock()
	of := s.snapshots[key]
	if of == nil {
		of = &reachTurns{}
		s.snapshots[key] = of
	}
	of.asking++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if of.asking--; of.asking == 0 {
			delete(s.snapshots, key)
		}
	}()
	return of.ask(ctx, 0, func(ctx context.Context, _ int64) (dispatch.Snapshot, error) { return s.source.Snapshot(ctx, reach) })
}

// turns lets those who ask while a read is under way share the next one. They do not
// share that one: it may have looked before they were registered, and they would
// never be told what was published between. The zero value is ready.
type turns[R any] struct {
	mu    sync.Mutex
	going bool
	next  *turn[R] // that has not begun, nil where nobody waits
}

// turn is one read, by all who wait for it.
type turn[R any] struct {
	from   int64 // the least that was asked for
	done   chan struct{}
	result R
	err    error
}

// readWithin bounds a read: it is not the one's who asked first.
const readWithin = 30 * time.Second

// ask gives the result of a read that has begun after it was called, from at most
// the offset that is asked for.
func (t *turns[R]) ask(ctx context.Context, from int64, read func(ctx context.Context, from int64) (R, error)) (R, error) {
	t.mu.Lock()
	if t.next == nil {
		t.next = &turn[R]{from: from, done: make(chan struct{})}
	}
	mine := t.next
	mine.from = min(mine.from, from)
	if !t.going {
		t.going = true
		go t.run(read)
	}
	t.mu.Unlock()
	select {
	case <-mine.done:
		return mine.result, mine.err
	case <-ctx.Done():
		var none R
		return none, ctx.Err()
	}
}

// run reads until nobody waits, with nobody's eyes: the context is not an asker's.
func (t *turns[R]) run(read func(ctx context.Context, from int64) (R, error)) {
	for {
		t.mu.Lock()
		now := t.next
		t.next, t.going = nil, now != nil
		t.mu.Unlock()
		if now == nil {
			return
		}
		within, cancel := context.WithTimeout(context.Background(), readWithin)
		now.result, now.err = read(within, now.from)
		cancel()
		close(now.done)
	}
}
