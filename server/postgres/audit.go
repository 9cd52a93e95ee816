package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/audit"
	"yiping/server/dispatch"
)

// Audit writes an entry that stands or falls with the transaction.
func (t *tx) Audit(ctx context.Context, e dispatch.AuditEntry) error {
	return translate(t.store.writeAudit(ctx, t, e, t.store.now()))
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
			if err := s.writeAudit(ctx, t, e, now); err != nil {
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

// writeAudit writes one entry. Its reason lies in audit_text, sealed, and salted
// so that a short one cannot be guessed from the hash that the trail keeps.
func (s *Store) writeAudit(ctx context.Context, q batcher, e dispatch.AuditEntry, now time.Time) error {
	b := &pgx.Batch{}
	if err := s.queueAudit(b, e, now); err != nil {
		return err
	}
	return q.SendBatch(ctx, b).Close()
}

// batcher is what sends several statements at once.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

func (s *Store) queueAudit(b *pgx.Batch, e dispatch.AuditEntry, now time.Time) error {
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
		words, err := s.keys.Seal(sealedAuditWords, []byte(e.Reason))
		if err != nil {
			return fmt.Errorf("seal a reason: %w", err)
		}
		hash = audit.WordsHash(salt, e.Reason)
		b.Queue(`insert into audit_text (hash, salt, words, account_id, subject_id, created_at) values ($1, $2, $3, $4, $5, $6)`,
			hash, salt, words, e.AccountID, e.SubjectID, e.At)
	}
	b.Queue(`insert into audit_pending (at, kind, action, result, actor, account_id, session_id, responder_id, noun, noun_id, area_id, subject_id,
			reason_hash, request_id, network, count)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		e.At, e.Kind, e.Action, e.Result, e.Actor, e.AccountID, e.SessionID, e.ResponderID, e.Noun, e.NounID, e.AreaID, e.SubjectID,
		hash, e.RequestID, e.Network, max(1, e.Count))
	return nil
}
