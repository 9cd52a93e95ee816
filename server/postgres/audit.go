package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/dispatch"
)

// Audit writes an entry that stands or falls with the transaction.
func (t *tx) Audit(ctx context.Context, e dispatch.AuditEntry) error {
	return translate(writeAudit(ctx, t, e, t.store.now()))
}

// Audit writes an entry in a transaction of its own; of refusals alike within
// refusalWindow the first, and then one for the others with their count.
func (s *Store) Audit(ctx context.Context, e dispatch.AuditEntry) error {
	now := s.now()
	if e.Result != "" && e.Result != dispatch.AuditDone {
		var due []dispatch.AuditEntry
		if due = s.refusals.add(e, now); len(due) == 0 {
			return nil
		}
		return s.auditAll(ctx, due, now)
	}
	return s.auditAll(ctx, []dispatch.AuditEntry{e}, now)
}

func (s *Store) auditAll(ctx context.Context, list []dispatch.AuditEntry, now time.Time) error {
	err := pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		for _, e := range list {
			if err := writeAudit(ctx, t, e, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write the audit trail: %w", translate(err))
	}
	return nil
}

// auditRefusal notes a refused command. That it was refused stands whether or
// not this can be written.
func (s *Store) auditRefusal(ctx context.Context, c dispatch.Command, refused error) {
	code := dispatch.CodeOf(refused)
	if !dispatch.Audited(code) || ctx.Err() != nil || dispatch.RequestOf(ctx).RefusalAudited() {
		return
	}
	if err := s.Audit(ctx, c.Entry(ctx, code)); err != nil {
		s.log.Error().Err(err).Str("action", c.Name).Msg("a refusal is missing in the audit trail")
	}
}

// writeAudit writes one entry. Its reason lies in audit_text, salted so that a
// short one cannot be guessed from the hash that the trail keeps.
func writeAudit(ctx context.Context, q batcher, e dispatch.AuditEntry, now time.Time) error {
	b := &pgx.Batch{}
	if err := queueAudit(b, e, now); err != nil {
		return err
	}
	return q.SendBatch(ctx, b).Close()
}

// batcher is what sends several statements at once.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func queueAudit(b *pgx.Batch, e dispatch.AuditEntry, now time.Time) error {
	if e.At.IsZero() {
		e.At = now
	}
	if e.Result == "" {
		e.Result = dispatch.AuditDone
	}
	hash := []byte{}
	if e.Reason != "" {
		salt := make([]byte, 16)
		if _, err := rand.Read(salt); err != nil {
			return fmt.Errorf("salt a reason: %w", err)
		}
		hash = reasonHash(salt, e.Reason)
		b.Queue(`insert into audit_text (hash, salt, words, account_id, subject_id, created_at) values ($1, $2, $3, $4, $5, $6)`,
			hash, salt, e.Reason, e.AccountID, e.SubjectID, e.At)
	}
	b.Queue(`insert into audit_pending (at, kind, action, result, actor, account_id, session_id, responder_id, noun, noun_id, area_id, subject_id,
			reason_hash, request_id, network, count)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		e.At, e.Kind, e.Action, e.Result, e.Actor, e.AccountID, e.SessionID, e.ResponderID, e.Noun, e.NounID, e.AreaID, e.SubjectID,
		hash, e.RequestID, e.Network, max(1, e.Count))
	return nil
}

func reasonHash(salt []byte, words string) []byte {
	sum := sha256.Sum256(append(salt[:len(salt):len(salt)], words...))
	return sum[:]
}

const (
	refusalWindow = 10 * time.Second
	refusalMemory = 10_000 // kinds of refusal that are counted apart at a time
)

// refusalCounts counts refusals that are alike, so that a flood of them cannot fill
// the disk. What is counted and not yet written is lost with the process: at
// most a window of it.
type refusalCounts struct {
	mu   sync.Mutex
	open map[refusal]*dispatch.AuditEntry // the others of a window, Count 0 while there are none
}

// refusal is what makes refusals alike.
type refusal struct {
	accountID int64
	kind      dispatch.AuditKind
	action    string
	result    string
}

// add gives what has to be written now: the first of a window, with what the
// window before it has counted; nothing where it was only counted.
func (r *refusalCounts) add(e dispatch.AuditEntry, now time.Time) []dispatch.AuditEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := refusal{e.AccountID, e.Kind, e.Action, e.Result}
	if len(r.open) >= refusalMemory && r.open[key] == nil {
		key.accountID = -1 // too many at once to tell accounts apart
	}
	counted := r.open[key]
	var due []dispatch.AuditEntry
	switch {
	case counted != nil && now.Sub(counted.At) < refusalWindow:
		counted.Count++
		counted.SessionID, counted.Reason = 0, ""
		if counted.NounID != e.NounID {
			counted.NounID = 0
		}
		if counted.Network != e.Network {
			counted.Network = ""
		}
		return nil
	case counted != nil && counted.Count > 0:
		due = append(due, *counted)
	}
	due = append(due, e)
	next := e
	next.At, next.Count, next.RequestID = now, 0, ""
	if r.open == nil {
		r.open = map[refusal]*dispatch.AuditEntry{}
	}
	r.open[key] = &next
	return due
}

// over takes what windows that are over have counted; all of them at the end.
func (r *refusalCounts) over(now time.Time, all bool) []dispatch.AuditEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []dispatch.AuditEntry
	for key, counted := range r.open {
		if !all && now.Sub(counted.At) < refusalWindow {
			continue
		}
		if counted.Count > 0 {
			due = append(due, *counted)
		}
		delete(r.open, key)
	}
	return due
}

// WriteRefusals writes what was counted of refusals in windows that are over.
// What cannot be written is lost and said so.
func (s *Store) WriteRefusals(ctx context.Context) error {
	return s.writeRefusals(ctx, false)
}

func (s *Store) writeRefusals(ctx context.Context, all bool) error {
	now := s.now()
	due := s.refusals.over(now, all)
	if len(due) == 0 {
		return nil
	}
	if err := s.auditAll(ctx, due, now); err != nil {
		return fmt.Errorf("%d counts of refusals are lost: %w", len(due), err)
	}
	return nil
}
