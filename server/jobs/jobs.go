// Package jobs runs what the clock asks for: deadlines that are columns of the
// database, fired through transitions that look again, and the tidying up of
// what is kept for a time only. Every node runs all of it; whoever comes second
// finds nothing to do.
package jobs

import (
	"context"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Job is work that comes back. Run does it once and may ask to be called
// earlier than Every by giving a time (zero for no wish).
type Job struct {
	Name  string
	Every time.Duration
	Run   func(ctx context.Context) (next time.Time, err error)
}

// Run runs all jobs until ctx ends. A failing job is logged and tried again at
// its next turn.
func Run(ctx context.Context, log zerolog.Logger, list ...Job) {
	var g errgroup.Group
	for _, j := range list {
		g.Go(func() error {
			repeat(ctx, log, j)
			return nil
		})
	}
	_ = g.Wait()
}

func repeat(ctx context.Context, log zerolog.Logger, j Job) {
	for ctx.Err() == nil {
		next, err := j.Run(ctx)
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Str("job", j.Name).Msg("job failed, will be tried again")
		}
		wait := j.Every
		if !next.IsZero() {
			wait = min(wait, max(0, time.Until(next)))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}
