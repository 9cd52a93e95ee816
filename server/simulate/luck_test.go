package simulate

import (
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

func TestTheSameSeedTheSameChoices(t *testing.T) {
	choices := func(seed, who uint64) (out []int) {
		l := newLuck(seed, who)
		for range 20 {
			out = append(out, l.pick(1000), int(l.between(0, time.Hour)))
		}
		return out
	}
	if !slices.Equal(choices(1, 2), choices(1, 2)) {
		t.Error("the same seed, other choices")
	}
	if slices.Equal(choices(1, 2), choices(1, 3)) || slices.Equal(choices(1, 2), choices(2, 2)) || slices.Equal(choices(1, 2), choices(2, 1)) {
		t.Error("another seed or person, the same choices")
	}
	yes := 0 // over people, not within one's sequence
	for who := range uint64(1000) {
		if newLuck(1, 1<<32+who).chance(0.1) {
			yes++
		}
	}
	if yes < 70 || yes > 130 {
		t.Errorf("of 1,000 with a chance of 0.1, %d", yes)
	}
}

func TestTimingsKeepQuantiles(t *testing.T) {
	times := newTimings()
	for ms := 1; ms <= 1000; ms++ {
		times.took("send", time.Duration(ms)*time.Millisecond, "")
	}
	times.took("verify", time.Millisecond, dispatch.CodeVersionConflict)
	times.repeated("verify")
	list := times.list()
	if len(list) != 2 || list[0].Name != "send" || list[0].Count != 1000 || list[0].Max != 1000 {
		t.Fatalf("got %+v", list)
	}
	near := func(got, want float64) bool { return got >= want && got <= want*bucketGrowth }
	if !near(list[0].P50, 500) || !near(list[0].P99, 990) {
		t.Errorf("p50 %v, p99 %v", list[0].P50, list[0].P99)
	}
	if list[1].Refused != 1 || list[1].Repeated != 1 || times.refused()["version_conflict"] != 1 {
		t.Errorf("got %+v, %v", list[1], times.refused())
	}
}

func TestNobodyIsAskedTwiceAtATime(t *testing.T) {
	w := &world{busy: map[int64]int64{}, freed: make(chan struct{}, 1)}
	if got := w.reserve(1, []int64{5, 6, 7}, 2); !slices.Equal(got, []int64{5, 6}) {
		t.Fatalf("got %v", got)
	}
	if got := w.reserve(2, []int64{5, 6, 7}, 2); !slices.Equal(got, []int64{7}) {
		t.Fatalf("got %v", got)
	}
	if w.claim(2, 5) || !w.claim(1, 5) || !w.claim(3, 8) {
		t.Error("claimed what others have")
	}
	w.release(2, 5) // not theirs
	if w.busyWith(5) != 1 {
		t.Error("released what others have")
	}
	w.release(1, 5)
	if w.busyWith(5) != 0 {
		t.Error("not released")
	}
	select {
	case <-w.freed:
	default:
		t.Error("nobody was told")
	}
}

func TestADifferenceIsNotedOnce(t *testing.T) {
	l := newLedger(zerolog.Nop())
	l.differ("a", "b", "a")
	l.differf("%s", "b")
	for n := range mostDifferences {
		l.differf("%d", n)
	}
	if len(l.differences) != mostDifferences || l.unlisted != 2 {
		t.Errorf("%d kept, %d not", len(l.differences), l.unlisted)
	}
}
