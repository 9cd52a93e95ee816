package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/server/audit"
)

const (
	sealEvery      = time.Second // for how long an entry waits to be sealed, at most
	auditPartition = 1_000_000   // how many rows one partition of the trail holds
)

// Sequencing says whether this node gives events their offsets and seals the
// audit trail.
func (s *Store) Sequencing() bool { return s.feed.sequencer.Load() }

// runSealer seals what waits, on the node that sequences. It is apart from the
// sequencer so that no event waits for it.
func (f *Feed) runSealer(ctx context.Context) error {
	conn, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	for {
		if f.sequencer.Load() {
			if err := f.store.sealAll(ctx, conn); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(sealEvery):
		}
	}
}

func (s *Store) sealAll(ctx context.Context, conn *pgx.Conn) error {
	for {
		n, err := s.seal(ctx, conn)
		if err != nil {
			return fmt.Errorf("seal the audit trail: %w", err)
		}
		if n < audit.Together {
			return nil
		}
	}
}

// seal moves committed entries, by id, into the trail, in one transaction. The
// head's row lock keeps two sealers apart for certain.
func (s *Store) seal(ctx context.Context, conn *pgx.Conn) (int, error) {
	var waiting bool
	if err := conn.QueryRow(ctx, `select exists (select 1 from audit_pending)`).Scan(&waiting); err != nil || !waiting {
		return 0, err
	}
	var sealed int
	err := pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
		var seq int64
		var hash []byte
		if err := t.QueryRow(ctx, `select last_seq, last_hash from audit_head for update`).Scan(&seq, &hash); err != nil {
			return err
		}
		rows, err := many[audit.Row](ctx, t, `
			with moved as (
				delete from audit_pending where id in (select id from audit_pending order by id limit $1) returning *)
			select at, kind, action, result, actor, account_id, session_id, responder_id, noun, noun_id, area_id, subject_id, reason_hash, request_id, network, count
			from moved order by id`, audit.Together)
		if err != nil || len(rows) == 0 {
			return err
		}
		at := s.now().Truncate(time.Microsecond)
		hash = audit.Chain(rows, seq, hash, at)
		sealed, seq = len(rows), rows[len(rows)-1].Seq
		if err := s.makeAuditPartitions(ctx, t, rows[0].Seq, seq); err != nil {
			return err
		}
		if err := insertAudit(ctx, t, rows); err != nil {
			return err
		}
		_, err = t.Exec(ctx, `update audit_head set last_seq = $1, last_hash = $2, sealed_at = $3`, seq, hash, at)
		return err
	})
	return sealed, err
}

// insertAudit writes sealed rows: each column as an array, because COPY does not
// go into a table that has row-level security.
func insertAudit(ctx context.Context, q querier, rows []audit.Row) error {
	columns := make([][]any, 20)
	for _, r := range rows {
		for k, v := range []any{r.Seq, r.At, string(r.Kind), r.Action, r.Result, string(r.Actor), r.AccountID, r.SessionID, r.ResponderID, string(r.Noun), r.NounID,
			r.AreaID, r.SubjectID, r.ReasonHash, r.RequestID, r.Network, r.Count, r.SealedAt, r.Prev, r.Hash} {
			columns[k] = append(columns[k], v)
		}
	}
	args := make([]any, len(columns))
	for k := range columns {
		args[k] = columns[k]
	}
	_, err := q.Exec(ctx, `
		insert into audit (seq, at, kind, action, result, actor, account_id, session_id, responder_id, noun, noun_id, area_id, subject_id,
			reason_hash, request_id, network, count, sealed_at, prev, hash)
		select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[],
			$11::bigint[], $12::bigint[], $13::bigint[], $14::bytea[], $15::text[], $16::text[], $17::bigint[], $18::timestamptz[], $19::bytea[], $20::bytea[])`, args...)
	return err
}

// makeAuditPartitions makes the partition that is begun between two rows, in case
// that it was not made ahead.
func (s *Store) makeAuditPartitions(ctx context.Context, q querier, first, last int64) error {
	for p := first / s.partition; p <= last/s.partition; p++ {
		if p > first/s.partition || first%s.partition == 0 {
			if err := s.makeAuditPartition(ctx, q, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) makeAuditPartition(ctx context.Context, q querier, p int64) error {
	_, err := q.Exec(ctx, `select make_audit_partition($1, $2)`, p*s.partition, (p+1)*s.partition)
	return err
}

// MakeAuditPartition makes the partition after the one that is being filled.
func (s *Store) MakeAuditPartition(ctx context.Context) error {
	head, err := s.AuditHead(ctx)
	if err == nil {
		err = s.makeAuditPartition(ctx, s.system(), head.Seq/s.partition+1)
	}
	if err != nil {
		return fmt.Errorf("make a partition of the audit trail: %w", translate(err))
	}
	return nil
}

// AuditExpired gives the oldest partition if all of it was sealed before a time,
// as the checkpoint that is to be left of it.
func (s *Store) AuditExpired(ctx context.Context, before time.Time) (audit.Checkpoint, bool, error) {
	var first int64
	if err := s.system().QueryRow(ctx, `select coalesce(max(last_seq), 0) + 1 from audit_dropped`).Scan(&first); err != nil {
		return audit.Checkpoint{}, false, translate(err)
	}
	last := (first/s.partition+1)*s.partition - 1
	type row struct {
		Hash     []byte
		SealedAt time.Time
		Epoch    string
	}
	found, err := many[row](ctx, s.system(), `select hash, sealed_at, (select epoch::text from feed) as epoch from audit
		where seq = $1 and sealed_at < $2 and (select last_seq from audit_head) > $1`, last, before)
	if err != nil || len(found) == 0 {
		return audit.Checkpoint{}, false, err
	}
	return audit.Checkpoint{First: first, Seq: last, Hash: found[0].Hash, SealedAt: found[0].SealedAt, Count: last - first + 1, Epoch: found[0].Epoch}, true, nil
}

// DropAudit removes a partition, with the reasons that belong to it, and keeps
// its signed checkpoint.
func (s *Store) DropAudit(ctx context.Context, c audit.Checkpoint) error {
	err := pgx.BeginFunc(ctx, s.system(), func(t pgx.Tx) error {
		for _, q := range []struct {
			sql  string
			args []any
		}{
			{`insert into audit_dropped (first_seq, last_seq, last_hash, last_sealed_at, dropped_at, epoch, key_id, signature) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
				[]any{c.First, c.Seq, []byte(c.Hash), c.SealedAt, c.At, c.Epoch, c.KeyID, []byte(c.Signature)}},
			{`delete from audit_text where hash in (select reason_hash from audit where seq between $1 and $2 and reason_hash <> '')`, []any{c.First, c.Seq}},
			{`select drop_audit_partition($1)`, []any{c.First / s.partition * s.partition}},
		} {
			if _, err := t.Exec(ctx, q.sql, q.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove a partition of the audit trail: %w", translate(err))
	}
	return nil
}
