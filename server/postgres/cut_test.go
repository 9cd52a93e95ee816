package postgres

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// cuts breaks connections where nobody can know what became of a transaction: at
// its COMMIT. One in so many is cut, in turn before it goes out and right after.
type cuts struct {
	one                 int64 // in so many
	seen, before, after atomic.Int64
}

// cutting gives the store of a fixture connections for commands that are cut.
func (f *fixture) cutting(one int64) *cuts {
	f.t.Helper()
	c := &cuts{one: one}
	cfg, whole := f.store.app.Config(), f.store.app
	dial := cfg.ConnConfig.DialFunc
	cfg.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return cutConn{conn, c}, err
	}
	pool, err := pgxpool.NewWithConfig(f.t.Context(), cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	whole.Close()
	f.store.app = pool
	return c
}

type cutConn struct {
	net.Conn
	cuts *cuts
}

var commit = []byte("Q\x00\x00\x00\x0bcommit\x00")

// Write sends what is to be sent, unless it is a COMMIT whose turn it is.
func (c cutConn) Write(b []byte) (int, error) {
	if !bytes.HasSuffix(b, commit) {
		return c.Conn.Write(b)
	}
	seen := c.cuts.seen.Add(1)
	if seen%c.cuts.one != 0 {
		return c.Conn.Write(b)
	}
	if seen/c.cuts.one%2 == 0 {
		c.cuts.before.Add(1)
		_ = c.Close()
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	c.cuts.after.Add(1)
	_ = c.Close()
	return n, err
}

// insist repeats a command under its key, as a client does that heard nothing.
func insist(do func() (dispatch.Outcome, error)) (out dispatch.Outcome, err error) {
	for range 200 {
		out, err = do()
		if code := dispatch.CodeOf(err); code != dispatch.CodeUnavailable && code != dispatch.CodeInFlight {
			return out, err
		}
		time.Sleep(time.Duration(1+rand.IntN(10)) * time.Millisecond) // a client's own pace
	}
	return out, err
}

// TestCutsAreCut: a command whose commit was cut is there once or not at all, and
// its repeat says the same.
func TestCutsAreCut(t *testing.T) {
	f := newFixture(t)
	c := f.cutting(1)
	begin := func() (dispatch.Outcome, error) {
		return f.svc.TakeIn(everywhere(t), f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "fire", Channel: dispatch.ChannelDispatcher, Point: orb.Point{121.05, 38.05}})
	}
	acknowledged := 0
	for c.before.Load() < 3 || c.after.Load() < 3 {
		if _, err := begin(); err == nil {
			acknowledged++
		} else if dispatch.CodeOf(err) != dispatch.CodeUnavailable {
			t.Fatalf("cut: %v", err)
		}
	}
	if made := f.number(`select count(*) from incident`); made != acknowledged || int64(made) > c.after.Load() {
		t.Fatalf("%d incidents, %d acknowledged, %d cut before and %d after", made, acknowledged, c.before.Load(), c.after.Load())
	}
}
