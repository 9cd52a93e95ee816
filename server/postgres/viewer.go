package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"yiping/server/dispatch"
)

// scope says what a viewer's statements are for; 0016_row_security.sql says what
// each may.
type scope string

const (
	scopeRead    scope = "read"    // a request reads
	scopeAudit   scope = "audit"   // a request of who may read the audit trail reads
	scopeCommand scope = "command" // a command reads and writes; its domain code decides for whom
)

// say makes the setting that policies ask who looks: seal|scope|account|
// responder|areas|incidents. Only who knows the key can make one.
func (s *Store) say(sc scope, v dispatch.Viewer) string {
	b := make([]byte, 0, 64+8*len(v.AreaIDs))
	b = append(append(b, '|'), sc...)
	b = strconv.AppendInt(append(b, '|'), v.AccountID, 10)
	b = strconv.AppendInt(append(b, '|'), v.ResponderID, 10)
	if v.Everywhere {
		b = append(b, "|*"...)
	} else {
		b = appendArray(append(b, '|'), v.AreaIDs)
	}
	b = appendArray(append(b, '|'), v.IncidentIDs)
	inner := sha256.Sum256(append(append(make([]byte, 0, len(s.key)+len(b)), s.key...), b...))
	outer := sha256.Sum256(append(append(make([]byte, 0, len(s.key)+len(inner)), s.key...), inner[:]...))
	return hex.EncodeToString(outer[:]) + string(b)
}

func appendArray(b []byte, ids []int64) []byte {
	b = append(b, '{')
	for k, id := range ids {
		if k > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, id, 10)
	}
	return append(b, '}')
}

// read gives what answers a request: it sees what the viewer of ctx sees, and
// without one what is open to all.
func (s *Store) read(ctx context.Context) querier {
	v, ok := dispatch.ViewerOf(ctx)
	if !ok {
		return viewed{s.app, "", planAuto} // said, so that nothing on the connection before counts
	}
	sc := scopeRead
	if v.Audits {
		sc = scopeAudit
	}
	return viewed{s.app, s.say(sc, v), planAuto}
}

// readOnce is read for a statement whose best plan is the same whatever it is
// asked for: it is planned once a connection. The policies of all its tables are
// planned with it, which takes longer than the reading itself.
func (s *Store) readOnce(ctx context.Context) querier {
	v := s.read(ctx).(viewed)
	v.planned = "force_generic_plan"
	return v
}

// begin starts the transaction of a command. What the service itself carries out is
// the system's; all others are the application's and may write, within what its
// role was granted. They see what the one who asks may not: that somebody is on a
// task elsewhere decides whether they can be sent, and a code tells no more than
// yes or no. What was seen leaves only through a read of the viewer's own.
func (s *Store) begin(ctx context.Context, c dispatch.Command) (pgx.Tx, error) {
	if c.IsService() {
		return s.system().Begin(ctx)
	}
	said := s.say(scopeCommand, dispatch.Viewer{AccountID: c.Actor.AccountID, ResponderID: c.Actor.ResponderID})
	return s.app.BeginTx(ctx, pgx.TxOptions{BeginQuery: `begin; set local yiping.viewer = '` + said + `'`})
}

// viewed asks as a viewer: each statement travels in one batch, which is one
// transaction and one round trip, with the setting that says who looks. It ends
// with the batch: no later statement on the connection has it.
type viewed struct {
	pool    *pgxpool.Pool
	said    string
	planned string // plan_cache_mode
}

// planAuto leaves it to the database when it plans anew.
const planAuto = "auto"

func (q viewed) send(ctx context.Context, sql string, args []any) (pgx.BatchResults, error) {
	b := &pgx.Batch{}
	b.Queue(`select set_config('yiping.viewer', $1, true), set_config('plan_cache_mode', $2, true)`, q.said, q.planned)
	b.Queue(sql, args...)
	results := q.pool.SendBatch(ctx, b)
	if _, err := results.Exec(); err != nil {
		_ = results.Close()
		return nil, err
	}
	return results, nil
}

// Query asks for rows; closing them ends the batch.
func (q viewed) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := q.send(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &viewedRows{Rows: rows, results: results}, nil
}

// QueryRow asks for one row.
func (q viewed) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	results, err := q.send(ctx, sql, args)
	return viewedRow{results, err}
}

// Exec writes, where the viewer may.
func (q viewed) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := q.send(ctx, sql, args)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	if closed := results.Close(); err == nil {
		err = closed
	}
	return tag, err
}

// viewedRows are rows that end their batch when they end.
type viewedRows struct {
	pgx.Rows
	results pgx.BatchResults
	err     error
}

// Next goes on to the next row, and ends the batch after the last.
func (r *viewedRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close ends the batch and gives the connection back.
func (r *viewedRows) Close() {
	r.Rows.Close()
	if r.results != nil {
		r.err = r.results.Close()
		r.results = nil
	}
}

// Err says what went wrong, with the rows or with the batch after them.
func (r *viewedRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}

// viewedRow is a row that ends its batch when it is read.
type viewedRow struct {
	results pgx.BatchResults
	err     error
}

// Scan reads the row.
func (r viewedRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.results.QueryRow().Scan(dest...)
	if closed := r.results.Close(); err == nil {
		err = closed
	}
	return err
}
