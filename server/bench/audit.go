package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/postgres"
	"yiping/server/seal"
)

// entry is what a command leaves in the audit trail, in the batch with what it
// leaves anyway: it costs no round trip of its own (postgres.Store.Run).
const entry = `insert into audit_pending (at, kind, action, result, actor, account_id, noun, noun_id, area_id, reason_hash, count)
	values (now(), 'command', 'bench', 'done', 'account', 1, 'incident', $1, 1, '', 1)`

// auditCost compares transactions of eight writers that leave an event and an
// entry of the audit trail with those that leave an event, while the server's own
// sequencer and sealer are at work. Both with a flush of two milliseconds.
func auditCost(ctx context.Context, url string) (result, error) {
	if err := benchRows(ctx, url); err != nil {
		return result{}, err
	}
	keys, err := seal.New(time.Now)
	if err != nil {
		return result{}, err
	}
	store, err := postgres.Open(ctx, postgres.Config{URL: url, Now: time.Now, Log: zerolog.Nop(), Keys: keys})
	if err != nil {
		return result{}, err
	}
	defer store.Close()
	_, head, err := store.Head(ctx)
	if err != nil {
		return result{}, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- store.Feed().Run(running, head, postgres.Reader{
			Changes: func(context.Context, []dispatch.Change) error { return nil }, Positions: func([]dispatch.Position) {}})
	}()
	ours, other, err := compare(
		func() (float64, error) { return write(ctx, url, batched(event, entry)) },
		func() (float64, error) { return write(ctx, url, batched(event)) })
	stop()
	if err := errors.Join(err, <-ended, sealed(ctx, store)); err != nil {
		return result{}, err
	}
	ratio := ours / other
	return result{"transactions a second of 8 writers with an event and an audit entry each, against an event alone, 2 ms flush", ours, other, ratio, ">= 0.9", ratio >= 0.9}, nil
}

// batched runs the update, and what the command leaves in one batch.
func batched(statements ...string) doing {
	return func(ctx context.Context, tx pgx.Tx, row int) error {
		if _, err := tx.Exec(ctx, update, row); err != nil {
			return err
		}
		b := &pgx.Batch{}
		for _, sql := range statements {
			b.Queue(sql, row)
		}
		return tx.SendBatch(ctx, b).Close()
	}
}

// sealed refuses to have measured a sealer that did nothing.
func sealed(ctx context.Context, store *postgres.Store) error {
	state, err := store.AuditState(ctx)
	if err == nil && state.Seq < rounds*writers*commits/2 {
		err = fmt.Errorf("%d entries were sealed while %d were written", state.Seq, rounds*writers*commits)
	}
	return err
}
