package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yiping/server/dispatch"
)

// tx is one transaction of a command; it implements dispatch.Tx, each noun's
// part in its own file.
type tx struct {
	pgx.Tx
	store  *Store
	areaID int64   // of the last event
	events int     // how many there were
	told   []int64 // incidents that people were told of
}

var _ dispatch.Tx = (*tx)(nil)

// tries is how often a transaction is run when the database asks for it.
const tries = 4

// Run carries out a command once, however often it is asked. See dispatch.Store.
func (s *Store) Run(ctx context.Context, c dispatch.Command, fn func(context.Context, dispatch.Tx) (dispatch.Outcome, error)) (dispatch.Outcome, error) {
	if c.Key == "" && !c.Actor.System {
		return dispatch.Outcome{}, dispatch.Refuse(dispatch.CodeKeyRequired, "Idempotency-Key")
	}
	var out dispatch.Outcome
	var err error
	for range tries {
		out, err = s.runOnce(ctx, c, fn)
		if !isRetryable(err) {
			break
		}
	}
	if err != nil {
		s.auditRefusal(ctx, c, err)
		return dispatch.Outcome{}, err
	}
	s.feed.Poke()
	return out, nil
}

func (s *Store) runOnce(ctx context.Context, c dispatch.Command, fn func(context.Context, dispatch.Tx) (dispatch.Outcome, error)) (dispatch.Outcome, error) {
	t, err := s.begin(ctx, c)
	if err != nil {
		return dispatch.Outcome{}, translate(err)
	}
	defer func() { _ = t.Rollback(context.WithoutCancel(ctx)) }()
	k := s.keyOf(c)
	if c.Key != "" {
		known, err := k.claim(ctx, t)
		if err != nil || known != nil {
			return deref(known), err
		}
	}
	inner := &tx{Tx: t, store: s}
	out, err := fn(ctx, inner)
	if err != nil {
		return dispatch.Outcome{}, translate(err)
	}
	if err := inner.beneath(ctx); err != nil {
		return dispatch.Outcome{}, translate(err)
	}
	if err := s.note(ctx, inner, c, k, out); err != nil {
		return dispatch.Outcome{}, translate(err)
	}
	if err := t.Commit(ctx); err != nil {
		return s.afterFailedCommit(ctx, k, out, err)
	}
	return out, nil
}

// note writes what a command that was carried out leaves beside its rows: the
// outcome under its key and the entry in the audit trail. What the clock asked
// for and changed nothing leaves none.
func (s *Store) note(ctx context.Context, t *tx, c dispatch.Command, k commandKey, out dispatch.Outcome) error {
	now, b := s.now(), &pgx.Batch{}
	if c.Key != "" {
		k.remember(b, out, now)
	}
	if !c.Actor.System || t.events > 0 || dispatch.AuditKindOf(c.Name) == dispatch.AuditGrant {
		e := c.Entry(ctx, "")
		e.Noun, e.NounID, e.AreaID = out.Noun, out.ID, t.areaID
		if err := s.queueAudit(b, e, now); err != nil {
			return err
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return t.SendBatch(ctx, b).Close()
}

// afterFailedCommit finds out what became of a commit whose answer was lost:
// the key's row is there exactly if it succeeded.
func (s *Store) afterFailedCommit(ctx context.Context, k commandKey, out dispatch.Outcome, cause error) (dispatch.Outcome, error) {
	var pg *pgconn.PgError
	if errors.As(cause, &pg) || k.key == "" {
		return dispatch.Outcome{}, translate(cause)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	t, err := s.system().Begin(ctx)
	if err != nil {
		return dispatch.Outcome{}, &dispatch.Error{Code: dispatch.CodeUnavailable, Err: errors.Join(cause, err)}
	}
	defer func() { _ = t.Rollback(ctx) }()
	// The lost transaction holds this lock until it has ended one way or the other.
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock($1)`, k.lock()); err != nil {
		return dispatch.Outcome{}, &dispatch.Error{Code: dispatch.CodeUnavailable, Err: errors.Join(cause, err)}
	}
	known, err := k.look(ctx, t)
	if err != nil || known == nil {
		return dispatch.Outcome{}, &dispatch.Error{Code: dispatch.CodeUnavailable, Err: errors.Join(cause, err)}
	}
	return out, nil
}

// commandKey is an idempotency key with what tells whether a repeat is the same.
type commandKey struct {
	principal, key, command string
	hash                    []byte
	former                  []byte // the hash as it was kept by the version before
}

// keyOf makes it. The hash is of what may hold a telephone number, which could be
// tried out: it is kept under a pseudonym.
func (s *Store) keyOf(c dispatch.Command) commandKey {
	hash := sha256.Sum256(append([]byte(c.Name+"\n"), c.Payload...))
	k := commandKey{principal: c.Actor.Principal(), key: c.Key, command: c.Name, hash: hash[:], former: hash[:]}
	if s.keys != nil {
		k.hash = s.keys.Pseudonym(namedRequest, hash[:])
	}
	return k
}

func (k commandKey) lock() int64 {
	sum := sha256.Sum256([]byte(k.principal + "\n" + k.key))
	return int64(binary.BigEndian.Uint64(sum[:8])) // any 64 bits will do
}

// claim takes the key for this transaction: another that holds it is in
// flight; one that has committed left its outcome.
func (k commandKey) claim(ctx context.Context, t pgx.Tx) (*dispatch.Outcome, error) {
	var free bool
	if err := t.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, k.lock()).Scan(&free); err != nil {
		return nil, translate(err)
	}
	if !free {
		return nil, dispatch.Refuse(dispatch.CodeInFlight, "Idempotency-Key")
	}
	return k.look(ctx, t)
}

func (k commandKey) look(ctx context.Context, t pgx.Tx) (*dispatch.Outcome, error) {
	var out dispatch.Outcome
	var hash []byte
	err := t.QueryRow(ctx, `select noun, noun_id, noun_version, request_hash from idempotency_key
		where principal = $1 and key = $2`, k.principal, k.key).Scan(&out.Noun, &out.ID, &out.Version, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, translate(err)
	}
	if !bytes.Equal(hash, k.hash) && !bytes.Equal(hash, k.former) {
		return nil, dispatch.Refuse(dispatch.CodeKeyReused, "Idempotency-Key")
	}
	out.Replayed = true
	return &out, nil
}

func (k commandKey) remember(b *pgx.Batch, out dispatch.Outcome, now time.Time) {
	b.Queue(`insert into idempotency_key (principal, key, command, request_hash, noun, noun_id, noun_version, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`, k.principal, k.key, k.command, k.hash, out.Noun, out.ID, out.Version, now)
}

// ForgetKeys deletes idempotency keys older than the time given and says how many.
func (s *Store) ForgetKeys(ctx context.Context, before time.Time) (int64, error) {
	tag, err := s.system().Exec(ctx, `delete from idempotency_key where created_at < $1`, before)
	if err != nil {
		return 0, fmt.Errorf("forget idempotency keys: %w", translate(err))
	}
	return tag.RowsAffected(), nil
}

// isRetryable: a serialization failure or a deadlock, or what a command had looked
// up was moved before it held the lock; nothing was written.
func isRetryable(err error) bool {
	if dispatch.CodeOf(err) == dispatch.CodeMoved {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

func deref(out *dispatch.Outcome) dispatch.Outcome {
	if out == nil {
		return dispatch.Outcome{}
	}
	return *out
}
