package postgres

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"yiping/server/dispatch"
)

// Feed runs the event log. One node's sequencer (a session advisory lock
// decides which) gives committed events their offsets and seals the audit
// trail; every node's tail reads them in that order. LISTEN is a hint only: everything is polled as well.
type Feed struct {
	config    *pgx.ConnConfig
	store     *Store
	sequence  chan struct{} // something may be pending
	read      chan struct{} // something may be new
	positions movedPositions
	notes     chan string  // that this node wants to say
	offset    atomic.Int64 // the tail's
	polled    atomic.Int64 // unix milliseconds of the tail's last successful read
	sequencer atomic.Bool  // this node holds the lock
}

// Reader takes what the tail read. A change is handed over once, in order.
type Reader struct {
	Changes   func(ctx context.Context, changes []dispatch.Change) error
	Positions func(positions []dispatch.Position)
	Note      func(text string) // what a node said to all; see Say
}

const (
	sequencerLock  = 0x5949_5045 // any constant of our own
	batch          = 1000
	sequencerPoll  = 200 * time.Millisecond
	tailPoll       = time.Second
	channelPending = "yiping_pending"
	channelEvent   = "yiping_event"
	channelNote    = "yiping_note"
	mostNotes      = 256 // that wait to be said
)

func newFeed(config *pgx.ConnConfig, s *Store) *Feed {
	return &Feed{config: config, store: s, sequence: make(chan struct{}, 1), read: make(chan struct{}, 1), positions: movedPositions{last: map[int64]dispatch.Position{}, more: make(chan struct{}, 1)}, notes: make(chan string, mostNotes)}
}

// Poke says that a command was committed on this node.
func (f *Feed) Poke() { signal(f.sequence) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run sequences, listens and reads until ctx ends, coming back after every
// failure of the database. from is the offset the reader already has.
func (f *Feed) Run(ctx context.Context, from int64, r Reader) error {
	f.offset.Store(from)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.forever(ctx, "sequencer", f.runSequencer) })
	g.Go(func() error { return f.forever(ctx, "sealer", f.runSealer) })
	g.Go(func() error {
		return f.forever(ctx, "listener", func(ctx context.Context) error { return f.runListener(ctx, r) })
	})
	g.Go(func() error { return f.forever(ctx, "notes", f.runNotes) })
	g.Go(func() error {
		return f.forever(ctx, "tail", func(ctx context.Context) error { return f.runTail(ctx, r) })
	})
	g.Go(func() error {
		return f.forever(ctx, "positions", func(ctx context.Context) error { return f.runPositions(ctx, r) })
	})
	return g.Wait()
}

// forever runs a part again after a failure, waiting a little longer each time.
func (f *Feed) forever(ctx context.Context, part string, run func(context.Context) error) error {
	wait := 50 * time.Millisecond
	for {
		started := time.Now()
		err := run(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to end: what the part ended with is no failure
		}
		f.store.log.Warn().Err(err).Str("part", part).Msg("event log: starting again")
		if time.Since(started) > 5*time.Second {
			wait = 50 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, 2*time.Second)
	}
}

func (f *Feed) connect(ctx context.Context) (*pgx.Conn, error) {
	return pgx.ConnectConfig(ctx, f.config.Copy())
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

// runSequencer holds the lock where it can and sequences; where it cannot it
// passes this node's pokes on to the one that holds it.
func (f *Feed) runSequencer(ctx context.Context) error {
	conn, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	defer f.sequencer.Store(false)
	for {
		if !f.sequencer.Load() {
			var got bool
			if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, sequencerLock).Scan(&got); err != nil {
				return err
			}
			f.sequencer.Store(got)
		}
		if f.sequencer.Load() {
			if err := f.sequencePending(ctx, conn); err != nil {
				return err
			}
		} else if _, err := conn.Exec(ctx, `select pg_notify($1, '')`, channelPending); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.sequence:
		case <-time.After(sequencerPoll):
		}
	}
}

// sequencePending moves everything pending into the log.
func (f *Feed) sequencePending(ctx context.Context, conn *pgx.Conn) error {
	for {
		n, err := sequenceBatch(ctx, conn)
		if err != nil || n == 0 {
			return err
		}
		signal(f.read)
		// Outside the writers' transactions: NOTIFY takes a lock on the whole instance.
		if _, err := conn.Exec(ctx, `select pg_notify($1, '')`, channelEvent); err != nil {
			return err
		}
	}
}

// sequenceBatch moves committed rows, by id, under gapless offsets, in one
// transaction. The head's row lock keeps two sequencers apart for certain.
func sequenceBatch(ctx context.Context, conn *pgx.Conn) (int64, error) {
	var waiting bool
	if err := conn.QueryRow(ctx, `select exists (select 1 from event_pending)`).Scan(&waiting); err != nil || !waiting {
		return 0, err
	}
	var moved int64
	err := pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
		var last int64
		if err := t.QueryRow(ctx, `select last_offset from feed for update`).Scan(&last); err != nil {
			return err
		}
		tag, err := t.Exec(ctx, `
			with moved as (
				delete from event_pending where id in (select id from event_pending order by id limit $2) returning *)
			insert into event ("offset", kind, at, noun, noun_id, noun_version, area_id, cell, incident_id, responder_id, account_id, data)
			select $1 + row_number() over (order by id), kind, at, noun, noun_id, noun_version, area_id, cell, incident_id, responder_id, account_id, data
			from moved`, last, batch)
		if err != nil {
			return err
		}
		moved = tag.RowsAffected()
		_, err = t.Exec(ctx, `update feed set last_offset = $1`, last+moved)
		return err
	})
	return moved, err
}

// runListener turns notifications into wake-ups.
func (f *Feed) runListener(ctx context.Context, r Reader) error {
	conn, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	for _, channel := range []string{channelPending, channelEvent, channelNote} {
		if _, err := conn.Exec(ctx, `listen `+channel); err != nil {
			return err
		}
	}
	signal(f.sequence) // what was said while nobody listened
	signal(f.read)
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if n.Channel == channelPending && f.sequencer.Load() {
			signal(f.sequence)
		}
		if n.Channel == channelEvent {
			signal(f.read)
		}
		if n.Channel == channelNote && r.Note != nil {
			r.Note(n.Payload)
		}
	}
}

// runTail hands over every event after the last one, in order.
func (f *Feed) runTail(ctx context.Context, r Reader) error {
	for {
		changes, err := f.store.Changes(ctx, f.offset.Load(), batch)
		if err != nil {
			return err
		}
		f.polled.Store(time.Now().UnixMilli())
		if len(changes) > 0 {
			if err := r.Changes(ctx, changes); err != nil {
				return err
			}
			f.offset.Store(changes[len(changes)-1].Event.Offset)
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.read:
		case <-time.After(tailPoll):
		}
	}
}

// errBehind says that this node's tail has not read to the end of the log.
var errBehind = errors.New("the tail has not caught up with the event log")

// CaughtUp says whether the database answers and this node has read all of it.
func (f *Feed) CaughtUp(ctx context.Context) error {
	_, head, err := f.store.Head(ctx)
	if err != nil {
		return err
	}
	if f.offset.Load() < head {
		// It may be reading this moment: only a tail that does not move is behind.
		if time.Since(time.UnixMilli(f.polled.Load())) > 2*tailPoll {
			return errBehind
		}
	}
	return nil
}

// Offset gives how far this node has read.
func (f *Feed) Offset() int64 { return f.offset.Load() }
