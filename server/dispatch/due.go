package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// eachDue does what is due, each in its own transaction that looks again, and
// gives when the next one is due (zero for none). One that fails keeps none of the
// others waiting; it is still due, and is tried again at the job's next turn.
func (s *Service) eachDue(ctx context.Context, due func(context.Context, time.Time) ([]int64, time.Time, error), do func(context.Context, int64) error) (time.Time, error) {
	ids, next, err := due(ctx, s.now())
	if err != nil {
		return time.Time{}, err
	}
	var failed []error
	for _, id := range ids {
		if ctx.Err() != nil {
			return time.Time{}, ctx.Err()
		}
		if err := do(ctx, id); err != nil {
			failed = append(failed, fmt.Errorf("%d: %w", id, err))
		}
	}
	if len(failed) > 0 {
		return time.Time{}, errors.Join(failed...)
	}
	return next, nil
}
