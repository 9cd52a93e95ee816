package httpapi

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// takes counts how often a caller is let through before it is refused.
func takes(l *limiter, who string, p Pace) (n int, err error) {
	for n < 10*limitMemory {
		if err = l.take(who, p); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func TestLimiter(t *testing.T) {
	now := testNow
	l := newLimiter(func() time.Time { return now })
	pace := Pace{Burst: 30, Every: 2 * time.Second}
	n, err := takes(l, "a", pace)
	if n != 30 || dispatch.CodeOf(err) != dispatch.CodeTooMany {
		t.Fatalf("%d at once, %v", n, err)
	}
	var refused *dispatch.Error
	if !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if after := waiting(refused).Get("Retry-After"); after != "2" {
		t.Errorf("come back after %q", after)
	}
	if l.spent("a", pace) == nil || l.spent("b", pace) != nil {
		t.Error("told wrongly who has none left")
	}
	now = now.Add(pace.Every)
	if l.spent("a", pace) != nil {
		t.Error("there is one again")
	}
	if n, _ := takes(l, "a", pace); n != 1 {
		t.Errorf("%d after a while, want 1", n)
	}
	if n, _ := takes(l, "b", pace); n != 30 {
		t.Errorf("another's: %d", n)
	}
	if n, err := takes(l, "c", Pace{}); err != nil || n != 10*limitMemory {
		t.Errorf("without a bound: %d, %v", n, err)
	}
}

// TestLimiterForgets: however many callers there are, memory is bounded and
// newcomers are served; those who wait are remembered over the idle.
func TestLimiterForgets(t *testing.T) {
	now := testNow
	l := newLimiter(func() time.Time { return now })
	pace := Pace{Burst: 30, Every: 2 * time.Second}
	who := func(k int) string { return fmt.Sprint("caller ", k) }
	for k := range limitMemory {
		if err := l.take(who(k), pace); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	_, _ = takes(l, who(0), pace)
	if err := l.take(who(limitMemory), pace); err != nil {
		t.Fatalf("a newcomer: %v", err)
	}
	if len(l.buckets) != 2 {
		t.Errorf("%d remembered, want the busy one and the newcomer", len(l.buckets))
	}
	if l.take(who(0), pace) == nil {
		t.Error("who had used all up was forgotten")
	}
	for k := range 3 * limitMemory {
		_ = l.take(who(k), pace)
	}
	if len(l.buckets) > limitMemory {
		t.Errorf("%d remembered", len(l.buckets))
	}
}
