package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// simulationLock is the key of the advisory lock that one server of those on a
// database holds while it simulates.
const simulationLock = 0x5949_5053 // any constant of our own

// aloneLook is how often Alone looks whether it still is.
const aloneLook = 5 * time.Second

// ErrNotAlone says that another server of this database does it already.
var ErrNotAlone = errors.New("another server does it")

// Alone does something as the only one of the servers that share the database:
// for as long as it holds the lock, which a broken connection ends.
func (s *Store) Alone(ctx context.Context, do func(ctx context.Context) error) error {
	conn, err := s.feed.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer closeConn(conn)
	var got bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, simulationLock).Scan(&got); err != nil {
		return translate(err)
	}
	if !got {
		return ErrNotAlone
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(ctx, conn, stop)
	}()
	err = do(ctx)
	stop()
	<-watched
	return err
}

// watch ends what holds a connection when the connection ends.
func watch(ctx context.Context, conn *pgx.Conn, stop func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(aloneLook):
		}
		if conn.Ping(ctx) != nil {
			stop()
			return
		}
	}
}
