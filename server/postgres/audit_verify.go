package postgres

import (
	"context"
	"math"
	"time"

	"yiping/server/audit"
)

// Trail gives the audit trail as it is verified.
func (s *Store) Trail() audit.Source { return trail{s.system(), s} }

// trail reads the audit trail.
type trail struct {
	q     querier
	store *Store
}

// AuditHead gives where the trail ends, all of it read at one moment.
func (s *Store) AuditHead(ctx context.Context) (audit.Head, error) { return s.Trail().AuditHead(ctx) }

// AuditHead gives where the trail ends, all of it read at one moment.
func (t trail) AuditHead(ctx context.Context) (audit.Head, error) {
	return one[audit.Head](ctx, t.q, `select h.last_seq as seq, h.last_hash as hash, h.sealed_at, f.epoch::text as epoch,
		coalesce((select max(seq) from audit), 0) as newest, (select count(*) from audit_pending) as waiting
		from audit_head h, feed f`)
}

// AuditHash gives the hash of a row, nil where it is not there.
func (s *Store) AuditHash(ctx context.Context, seq int64) ([]byte, error) {
	type row struct{ Hash []byte }
	list, err := many[row](ctx, s.system(), `select hash from audit where seq = $1 union all select last_hash from audit_dropped where last_seq = $1`, seq)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0].Hash, nil
}

// AuditDropped gives what removed partitions have left, in order.
func (t trail) AuditDropped(ctx context.Context) ([]audit.Checkpoint, error) {
	return many[audit.Checkpoint](ctx, t.q, `select 'dropped' as kind, first_seq as first, last_seq as seq, last_hash as hash, last_sealed_at as sealed_at,
		last_seq - first_seq + 1 as count, dropped_at as at, epoch, key_id, signature from audit_dropped order by last_seq`)
}

// AuditRows gives rows after a number, in order, with what is left of their
// reasons. What somebody has made null or infinite reads as something that the
// row's hash does not fit.
func (t trail) AuditRows(ctx context.Context, after int64, limit int) ([]audit.Stored, error) {
	type row struct {
		audit.Row
		Kept      bool
		Destroyed bool
		Salt      []byte
		Sealed    []byte
	}
	list, err := many[row](ctx, t.q, `
		select a.seq, case when isfinite(a.at) then a.at else '0001-01-01Z' end as at, coalesce(a.kind, '') as kind, coalesce(a.action, '') as action, coalesce(a.result, '') as result,
			coalesce(a.actor, '') as actor, coalesce(a.account_id, 0) as account_id, coalesce(a.session_id, 0) as session_id, coalesce(a.responder_id, 0) as responder_id,
			coalesce(a.noun, '') as noun, coalesce(a.noun_id, 0) as noun_id, coalesce(a.area_id, 0) as area_id, coalesce(a.subject_id, 0) as subject_id,
			coalesce(a.reason_hash, '') as reason_hash, coalesce(a.request_id, '') as request_id, coalesce(a.network, '') as network, coalesce(a.count, 0) as count,
			case when isfinite(a.sealed_at) then a.sealed_at else '0001-01-01Z' end as sealed_at, coalesce(a.prev, '') as prev, coalesce(a.hash, '') as hash,
			w.hash is not null as kept, w.destroyed_at is not null as destroyed, coalesce(w.salt, '') as salt, coalesce(w.words, '') as sealed
		from audit a left join audit_text w on w.hash = a.reason_hash and a.reason_hash <> ''
		where a.seq > $1 order by a.seq limit $2`, after, limit)
	if err != nil {
		return nil, err
	}
	rows := make([]audit.Stored, len(list))
	for i, r := range list {
		rows[i] = audit.Stored{Row: r.Row, Words: audit.Words{Kept: r.Kept, Destroyed: r.Destroyed, Salt: r.Salt, Text: t.store.openWords(r.Sealed)}}
	}
	return rows, nil
}

// openWords gives a reason in clear, "" for none. One that cannot be opened reads
// as something else than what was written.
func (s *Store) openWords(sealed []byte) string {
	if len(sealed) == 0 {
		return ""
	}
	words, err := s.keys.Open(sealedAuditWords, sealed)
	if err != nil {
		s.sealLog.Error().Err(err).Msg("a reason in the audit trail cannot be opened")
		return "?"
	}
	return string(words)
}

// Unsealed gives how many entries wait to be sealed, for the figures of a server:
// not a number where the database does not say in time.
func (s *Store) Unsealed() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var n int64
	if err := s.system().QueryRow(ctx, `select count(*) from audit_pending`).Scan(&n); err != nil {
		return math.NaN()
	}
	return float64(n)
}
