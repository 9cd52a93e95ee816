package postgres

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"yiping/server/dispatch"
)

// TestTogether: few are read one by one at once, many together by the next, each is
// answered for themselves, and by a read that began after they asked.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		version, reads := 0, [][]int{}
		on := make(chan struct{})
		broken := errors.New("broken")
		together := &together[int, int]{read: func(_ context.Context, keys []int) (map[int]int, error) {
			mu.Lock()
			reads = append(reads, keys)
			now := version
			mu.Unlock()
			<-on
			if len(keys) > togetherMost/2 {
				return nil, broken
			}
			values := map[int]int{}
			for _, k := range keys {
				if k%10 != 7 {
					values[k] = 1000*now + k
				}
			}
			return values, nil
		}}
		type answer struct {
			value int
			ok    bool
			err   error
		}
		answers := map[int]answer{}
		ask := func(key int) {
			go func() {
				v, ok, err := together.ask(t.Context(), key)
				mu.Lock()
				defer mu.Unlock()
				answers[key] = answer{v, ok, err}
			}()
			synctest.Wait()
		}
		for k := range togetherReads {
			ask(k)
		}
		version = 1
		for k := 10; k < 30; k++ {
			ask(k)
		}
		if len(reads) != togetherReads {
			t.Fatalf("%d reads are under way: %v", len(reads), reads)
		}
		on <- struct{}{}
		synctest.Wait()
		for range togetherReads {
			on <- struct{}{}
		}
		synctest.Wait()
		if len(reads) != togetherReads+1 || len(reads[togetherReads]) != 20 {
			t.Errorf("read %v", reads)
		}
		for k, want := range map[int]answer{0: {0, true, nil}, 3: {3, true, nil}, 10: {1010, true, nil}, 29: {1029, true, nil}, 17: {0, false, nil}} {
			if answers[k] != want {
				t.Errorf("%d is answered %v, want %v", k, answers[k], want)
			}
		}
		close(on)
		version = 2
		ask(5)
		if got := answers[5]; got != (answer{2005, true, nil}) {
			t.Errorf("afterwards: %v", got)
		}
		if together.going != 0 || together.waiting != nil {
			t.Errorf("%d go on, %d wait", together.going, len(together.waiting))
		}
		left, leave := context.WithCancel(t.Context())
		leave()
		if _, _, err := together.ask(left, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("who left: %v", err)
		}
		synctest.Wait()
	})
}

// TestHomeArea: thousands who ask at once are told each their own.
func TestHomeArea(t *testing.T) {
	f := newFixture(t)
	crew := f.onDuty(300)
	f.exec(`update responder set area_id = $1 where id = any($2)`, f.east.ID, crew[:100])
	var phones sync.WaitGroup
	for k, id := range crew {
		phones.Go(func() {
			want := f.west.ID
			if k < 100 {
				want = f.east.ID
			}
			if home, err := f.store.HomeArea(t.Context(), id); err != nil || home != want {
				t.Errorf("%d is at home in %d, want %d; %v", id, home, want, err)
			}
		})
	}
	phones.Wait()
	if _, err := f.store.HomeArea(t.Context(), 999_999); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("nobody: %v", err)
	}
}
