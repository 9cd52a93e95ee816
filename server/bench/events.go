package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

const (
	writers  = 8
	commits  = 400 // a writer and round
	flush    = "set commit_delay = 2000"
	siblings = "set commit_siblings = 0"
)

// What a transaction of these targets does to the row $1.
const (
	update = `update bench_row set n = n + 1 where id = $1`
	event  = `insert into event_pending (kind, at, noun, noun_id, noun_version, area_id) values ('bench', now(), 'incident', $1, 1, 1)`
)

// benchRows makes the rows that are written.
func benchRows(ctx context.Context, url string) error {
	conn, err := connect(ctx, url, `drop table if exists bench_row`, `create table bench_row (id int primary key, n bigint not null)`,
		`insert into bench_row select g, 0 from generate_series(1, 1000) g`)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// doing is the inside of a transaction on a row.
type doing func(ctx context.Context, tx pgx.Tx, row int) error

// each runs statements one by one.
func each(statements ...string) doing {
	return func(ctx context.Context, tx pgx.Tx, row int) error {
		for _, sql := range statements {
			if _, err := tx.Exec(ctx, sql, row); err != nil {
				return err
			}
		}
		return nil
	}
}

// eventCost compares transactions of eight writers that leave a pending event,
// while a sequencer moves them into the log, with the same transactions without.
// Both with a flush of two milliseconds, as an honest disk has.
func eventCost(ctx context.Context, url string) (result, error) {
	if err := benchRows(ctx, url); err != nil {
		return result{}, err
	}
	ours, other, err := compare(
		func() (float64, error) { return sequenced(ctx, url, each(update, event)) },
		func() (float64, error) { return write(ctx, url, each(update)) })
	ratio := ours / other
	return result{"transactions a second of 8 writers with an event each, against without, 2 ms flush", ours, other, ratio, ">= 0.8", ratio >= 0.8}, err
}

// sequenced writes while what is pending is moved as the server does it.
func sequenced(ctx context.Context, url string, do doing) (float64, error) {
	mover, err := connect(ctx, url, flush, siblings)
	if err != nil {
		return 0, err
	}
	moving, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for moving.Err() == nil {
			_, _ = mover.Exec(ctx, `with moved as (delete from event_pending where id in (select id from event_pending order by id limit 1000) returning *),
				head as (update feed set last_offset = last_offset + (select count(*) from moved) returning last_offset)
				insert into event ("offset", kind, at, noun, noun_id, noun_version, area_id, data)
				select head.last_offset - (select count(*) from moved) + row_number() over (order by m.id), kind, at, noun, noun_id, noun_version, area_id, data from moved m, head`)
		}
	}()
	rate, err := write(ctx, url, do)
	stop()
	<-done
	_ = mover.Close(ctx)
	return rate, err
}

func write(ctx context.Context, url string, do doing) (float64, error) {
	began := time.Now()
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			conn, err := connect(ctx, url, flush, siblings, `set synchronous_commit = on`)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(ctx) }()
			for k := range commits {
				tx, err := conn.Begin(ctx)
				if err != nil {
					return err
				}
				if err := do(ctx, tx, 1+(w*commits+k)%1000); err != nil {
					return err
				}
				if err := tx.Commit(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return perSecond(writers*commits, time.Since(began)), err
}
