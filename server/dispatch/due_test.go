package dispatch

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// TestOneThatFailsKeepsNoneWaiting: the others are done, and the failure is told.
func TestOneThatFailsKeepsNoneWaiting(t *testing.T) {
	s := &Service{now: func() time.Time { return noon }}
	broken := errors.New("broken")
	var done []int64
	due := func(context.Context, time.Time) ([]int64, time.Time, error) { return []int64{1, 2, 3}, noon, nil }
	_, err := s.eachDue(t.Context(), due, func(_ context.Context, id int64) error {
		if id == 1 {
			return broken
		}
		done = append(done, id)
		return nil
	})
	if !errors.Is(err, broken) || !slices.Equal(done, []int64{2, 3}) {
		t.Fatalf("did %v and told %v", done, err)
	}
}
