// Package postgres is the only place with SQL. A Store keeps the nouns; its
// exported methods own their transactions, the unexported ones compose inside
// one. Errors of the database are translated here and nowhere else.
package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/seal"
)

// Store is PostgreSQL with PostGIS behind the ports of the domain. It has two
// pools of connections: requests and commands see what row-level security lets
// them, the service's own work sees everything.
type Store struct {
	app     *pgxpool.Pool
	pool    *pgxpool.Pool // the system's
	key     []byte        // seals who looks
	log     zerolog.Logger
	sealLog zerolog.Logger // at most one line a minute: a list may hold many that cannot be opened
	now     func() time.Time
	feed    *Feed
	keys    *seal.Keyring
	queue   *river.Client[pgx.Tx] // inserts jobs; works none

	channels  []dispatch.Way
	refusals  refusalCounts
	positions positionWriter
	homes     *together[int64, int64]
	partition int64 // rows a partition of the audit trail
}

// Config says which database, and what a store is given beside it.
type Config struct {
	URL       string // of the owner, used where the other two are not given
	AppURL    string // a login of yiping_app or a member of it, "" for none
	SystemURL string // a login of yiping_system or a member of it, "" for none
	Now       func() time.Time
	Log       zerolog.Logger
	Keys      *seal.Keyring // what is personal is sealed with; nil where none of it is written or read

	Channels []dispatch.Way // in which people are reached beside the app
}

// Open connects to a migrated database. Close must be called.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := sameDatabase(c.URL, c.AppURL, c.SystemURL); err != nil {
		return nil, err
	}
	s := &Store{log: c.Log, now: c.Now, keys: c.Keys, channels: c.Channels, partition: auditPartition,
		sealLog: c.Log.Sample(&zerolog.BurstSampler{Burst: 1, Period: time.Minute})}
	s.homes = &together[int64, int64]{read: s.readHomes}
	var err error
	if s.queue, err = newQueue(); err != nil {
		return nil, err
	}
	if s.app, err = openPool(ctx, c.AppURL, c.URL, roleApp, appConnections, c.Log); err != nil {
		return nil, err
	}
	if s.pool, err = openPool(ctx, c.SystemURL, c.URL, roleSystem, systemConnections, c.Log); err == nil {
		err = translate(s.pool.QueryRow(ctx, `select key from viewer_key`).Scan(&s.key))
	}
	if err == nil && c.Keys != nil {
		err = s.NoteKeys(ctx)
	}
	if err != nil {
		s.closePools()
		return nil, err
	}
	s.feed = newFeed(s.pool.Config().ConnConfig.Copy(), s)
	return s, nil
}

func (s *Store) closePools() {
	s.app.Close()
	if s.pool != nil {
		s.pool.Close()
	}
}

// Close writes what was counted of refusals and gives the connections back.
func (s *Store) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.writeRefusals(ctx, true); err != nil {
		s.log.Error().Err(err).Msg("the audit trail is incomplete")
	}
	s.closePools()
}

// Feed gives the event log's moving parts: the sequencer and the tail.
func (s *Store) Feed() *Feed { return s.feed }

// system gives what does the service's own work, which nobody asked for: tail,
// jobs, imports, sign-in, and what is kept in memory.
func (s *Store) system() *pgxpool.Pool { return s.pool }

// querier is what a pool and a transaction have in common.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// one reads exactly one row into a struct by its column names.
func one[T any](ctx context.Context, q querier, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, translate(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[T])
	return v, translate(err)
}

// many reads all rows into structs by their column names; never nil.
func many[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, translate(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
	if list == nil {
		list = []T{}
	}
	return list, translate(err)
}

// refusals says what a violated constraint means to the one who asked.
var refusals = map[string]*dispatch.Error{
	"offer_one_open":             {Code: dispatch.CodeAlreadyOffered, Field: "responder_ids"},
	"assignment_one_active":      {Code: dispatch.CodeAlreadyAssigned},
	"unit_order_one_open":        {Code: dispatch.CodeAlreadyOrdered, Field: "unit_id"},
	"unit_order_reassigned_once": {Code: dispatch.CodeIllegalTransition},
	"assignment_offer_once":      {Code: dispatch.CodeIllegalTransition},
	"duty_apart":                 {Code: dispatch.CodeDutyOverlap, Field: "starts_at", Values: map[string]string{"period": ""}},
	"account_username":           {Code: dispatch.CodeTaken, Field: "username"},
	"account_responder_id":       {Code: dispatch.CodeTaken, Field: "responder_id"},
	"account_username_form":      {Code: dispatch.CodeInvalid, Field: "username"},
	"account_role_duties_apart":  {Code: dispatch.CodeDutiesApart, Field: "role", Values: map[string]string{"role": "another"}},
	"account_role_area":          {Code: dispatch.CodeNotFound, Field: "area_id"},
	"account_responder":          {Code: dispatch.CodeNotFound, Field: "responder_id"},
	"area_code":                  {Code: dispatch.CodeTaken, Field: "code"},
	"area_parent":                {Code: dispatch.CodeNotFound, Field: "parent_id"},
	"area_root":                  {Code: dispatch.CodeInvalid, Field: "parent_id"},
	"report_tracking":            {Code: dispatch.CodeKeyReused},
	"account_responder_fkey":     {Code: dispatch.CodeNotFound, Field: "responder_id"},
	"duty_responder":             {Code: dispatch.CodeNotFound, Field: "responder_id"},
	"offer_responder":            {Code: dispatch.CodeNotFound, Field: "responder_ids"},
	"attachment_size":            {Code: dispatch.CodeTooMany, Field: "file"},
	"responder_affiliation_pk":   {Code: dispatch.CodeTaken},
	"call_up_group_name":         {Code: dispatch.CodeTaken, Field: "name"},
	"call_up_total":              {Code: dispatch.CodeInvalid, Field: "area_ids"},
}

// translate turns errors of the database into those of the domain.
func translate(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return &dispatch.Error{Code: dispatch.CodeNotFound}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if r, ok := refusals[pg.ConstraintName]; ok && pg.ConstraintName != "" {
			known := *r
			known.Err = err
			return &known
		}
		switch {
		case pg.Code == "53100":
			return &dispatch.Error{Code: dispatch.CodeDiskFull, Err: err}
		case pg.Code[:2] == "57", pg.Code[:2] == "53", pg.Code[:2] == "08":
			return &dispatch.Error{Code: dispatch.CodeUnavailable, Err: err}
		}
		return err
	}
	var refused *dispatch.Error
	if errors.As(err, &refused) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if pgconn.SafeToRetry(err) || isConnection(err) {
		return &dispatch.Error{Code: dispatch.CodeUnavailable, Err: err}
	}
	return err
}

// isConnection says whether the link to the database broke.
func isConnection(err error) bool {
	var connect *pgconn.ConnectError
	var net interface{ Timeout() bool }
	return errors.As(err, &connect) || errors.As(err, &net) || isClosed(err)
}
