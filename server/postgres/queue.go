package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"yiping/server/dispatch"
	"yiping/server/postgres/migrate"
)

// The durable queue is the net beneath what nodes fire by themselves: a job is
// written with the decision, and looks after it until nothing is left to do. Left
// alone River would find a job killed in the middle only after an hour.
const (
	jobTimeout  = 10 * time.Second
	jobRescue   = 20 * time.Second
	jobAfter    = 5 * time.Second // beyond which a node should have fired it
	jobWorkers  = 4
	jobKept     = time.Hour // once it is done
	jobTries    = 1000      // a job that fails is tried again for as long as it is of use
	jobWaitMost = time.Minute
)

func newQueue() (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(nil), &river.Config{Schema: migrate.QueueSchema, Logger: silent()})
}

// silent keeps River's own lines out: what matters is logged where the work is done.
func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// beneath writes the durable job of what this transaction tells, one a batch.
func (t *tx) beneath(ctx context.Context) error {
	if len(t.told) == 0 || len(t.store.channels) == 0 {
		return nil
	}
	slices.Sort(t.told)
	at := t.store.now().Add(jobAfter)
	var jobs []river.InsertManyParams
	for _, id := range slices.Compact(t.told) {
		jobs = append(jobs, river.InsertManyParams{Args: dispatch.MessageBatch{IncidentID: id}, InsertOpts: &river.InsertOpts{ScheduledAt: at, MaxAttempts: jobTries}})
	}
	if _, err := t.store.queue.InsertManyTx(ctx, t.Tx, jobs); err != nil {
		return fmt.Errorf("write a durable job: %w", err)
	}
	return nil
}

// batchWorker looks after the messages of a decision.
type batchWorker struct {
	river.WorkerDefaults[dispatch.MessageBatch]
	look func(ctx context.Context, incidentID int64) (time.Time, error)
	now  func() time.Time
}

// Work sends what is due and was not sent, and comes back while something waits.
func (w *batchWorker) Work(ctx context.Context, job *river.Job[dispatch.MessageBatch]) error {
	next, err := w.look(ctx, job.Args.IncidentID)
	if err != nil || next.IsZero() {
		return err
	}
	return river.JobSnooze(min(jobWaitMost, max(0, next.Sub(w.now()))+jobAfter))
}

// Retry after a failure is soon: messages are short-lived.
func (w *batchWorker) NextRetry(*river.Job[dispatch.MessageBatch]) time.Time {
	return w.now().Add(jobAfter)
}

// WorkQueue works the durable jobs until ctx ends: look sends what is due of an
// incident's messages and says when the next is (zero for none).
func (s *Store) WorkQueue(ctx context.Context, look func(ctx context.Context, incidentID int64) (time.Time, error)) error {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &batchWorker{look: look, now: s.now}); err != nil {
		return fmt.Errorf("work the queue: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(s.system()), &river.Config{
		Schema: migrate.QueueSchema, Workers: workers, Logger: silent(),
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: jobWorkers}},
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        jobRescue,
		PollOnly:                    true,                  // a notification in each transaction would halve what the database can take
		ReindexerSchedule:           river.NeverSchedule(), // the owner's right, whom the service is not
		CompletedJobRetentionPeriod: jobKept,
	})
	if err != nil {
		return fmt.Errorf("work the queue: %w", err)
	}
	for {
		err = client.Start(ctx)
		if err == nil || ctx.Err() != nil {
			break
		}
		s.log.Warn().Err(err).Msg("the durable queue does not start, will be tried again")
		select {
		case <-ctx.Done():
		case <-time.After(jobAfter):
		}
	}
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobTimeout)
	defer cancel()
	if err := client.StopAndCancel(stop); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop the queue: %w", err)
	}
	return nil
}
