package live

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"yiping/server/dispatch"
)

// slowLog is a log whose reads see what there is when they begin, and then wait.
type slowLog struct {
	*source
	reads int
	hold  chan struct{}
}

func (l *slowLog) Changes(ctx context.Context, after int64, limit int) ([]dispatch.Change, error) {
	l.reads++
	changes, err := l.source.Changes(ctx, after, limit)
	<-l.hold
	return changes, err
}

// slowSnapshots is a source whose snapshots wait.
type slowSnapshots struct {
	*source
	reads atomic.Int64
	hold  chan struct{}
}

func (l *slowSnapshots) Snapshot(ctx context.Context, reach dispatch.Reach) (dispatch.Snapshot, error) {
	l.reads.Add(1)
	<-l.hold
	return l.source.Snapshot(ctx, reach)
}

func offsetsOf(changes []dispatch.Change) (list []int64) {
	for _, c := range changes {
		list = append(list, c.Event.Offset)
	}
	return list
}

// TestSharedReads: all who ask while a read is under way share the next, and are
// given what was published before they asked, though that one has not seen it.
func TestSharedReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowLog{source: &source{}, hold: make(chan struct{})}
		s := newShared(log)
		ask := func(after int64, want ...int64) {
			go func() {
				m, err := s.missed(t.Context(), after)
				if err != nil {
					t.Error(err)
				} else if got := offsetsOf(m.from(after)); !slices.Equal(got, want) {
					t.Errorf("after %d: offsets %v, want %v", after, got, want)
				}
			}()
		}
		for range 3 {
			log.add(4, 0)
		}
		ask(1, 2, 3)
		synctest.Wait()
		log.add(4, 0)
		for range 50 {
			ask(2, 3, 4)
			ask(0, 1, 2, 3, 4)
			ask(4)
		}
		synctest.Wait()
		close(log.hold)
		synctest.Wait()
		if log.reads != 2 {
			t.Errorf("%d reads, want 2", log.reads)
		}
	})
}

// TestSharedReadsInPages: what is more than a page is read to its end.
func TestSharedReadsInPages(t *testing.T) {
	log := &source{}
	for range 2*resumePage + 7 {
		log.add(4, 0)
	}
	m, err := newShared(log).missed(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.from(5); len(got) != 2*resumePage+2 || got[0].Event.Offset != 6 {
		t.Errorf("%d changes", len(got))
	}
}

// TestSharedReadOutlivesItsAsker: the others are given what it reads, and who has
// left is told at once. What failed is asked for anew.
func TestSharedReadOutlivesItsAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shared turns[int]
		hold, failure := make(chan struct{}), errors.New("no database")
		read := func(ctx context.Context, from int64) (int, error) {
			<-hold
			if from < 0 {
				return 0, failure
			}
			return int(from), ctx.Err()
		}
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			if _, err := shared.ask(ctx, 3, read); !errors.Is(err, context.Canceled) {
				t.Errorf("who has left: %v", err)
			}
		}()
		synctest.Wait()
		second := make(chan int, 1)
		go func() {
			n, err := shared.ask(t.Context(), 4, read)
			if err != nil {
				t.Error(err)
			}
			second <- n
		}()
		leave()
		synctest.Wait()
		close(hold)
		if n := <-second; n != 4 {
			t.Errorf("read from %d, want 4", n)
		}
		if _, err := shared.ask(t.Context(), -1, read); !errors.Is(err, failure) {
			t.Errorf("a failure: %v", err)
		}
		if n, err := shared.ask(t.Context(), 5, read); err != nil || n != 5 {
			t.Errorf("after a failure: %d, %v", n, err)
		}
	})
}

// TestSharedSnapshots: one read for all of a reach, and nothing is kept of it.
func TestSharedSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowSnapshots{source: &source{}, hold: make(chan struct{})}
		s := newShared(log)
		for range 20 {
			for _, reach := range []dispatch.Reach{{AreaIDs: []int64{4}}, {AreaIDs: []int64{5}}, {}, {AreaIDs: []int64{4}, ResponderID: 7}} {
				go func() {
					if _, err := s.snapshot(t.Context(), reach); err != nil {
						t.Error(err)
					}
				}()
			}
		}
		synctest.Wait()
		close(log.hold)
		synctest.Wait()
		// The first of each reach reads by itself, the others share the next one; a
		// person's own is read each time.
		if n := log.reads.Load(); n > 3*2+20 {
			t.Errorf("%d reads", n)
		}
		if len(s.snapshots) > 0 {
			t.Errorf("%d reaches are kept", len(s.snapshots))
		}
	})
}
