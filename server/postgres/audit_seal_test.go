package postgres

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"yiping/server/audit"
	"yiping/server/dispatch"
)

// sealed is a store whose trail is sealed by hand, with a file of checkpoints.
type sealed struct {
	*Store
	t    *testing.T
	conn *pgx.Conn
	root *pgxpool.Pool // the database's superuser
	file audit.File
	key  audit.Key
	now  time.Time
}

func newSealed(t *testing.T) *sealed {
	t.Helper()
	m := &sealed{t: t, now: time.Now().UTC().Truncate(time.Microsecond), file: audit.NewFile(filepath.Join(t.TempDir(), "checkpoints"))}
	var err error
	c := testConfig(t, func() time.Time { return m.now })
	if m.Store, err = Open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	m.conn, m.root = m.connect(), ownerOf(t, c)
	if m.key, err = audit.NewKey(); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *sealed) connect() *pgx.Conn {
	m.t.Helper()
	conn, err := m.feed.connect(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { closeConn(conn) })
	return conn
}

// write writes n entries, with a reason the first.
func (m *sealed) write(n int) {
	m.t.Helper()
	list := make([]dispatch.AuditEntry, n)
	for k := range list {
		list[k] = dispatch.AuditEntry{Kind: dispatch.AuditUnmask, Action: "responder.unmask", Actor: dispatch.AuditByAccount, AccountID: 5, SessionID: 6,
			Noun: dispatch.NounResponder, NounID: int64(k), SubjectID: int64(k), AreaID: 3, RequestID: "r", Network: "10.0.0.0/24"}
	}
	list[0].Reason = "核对伤员 " + m.now.String()
	if err := m.auditAll(m.t.Context(), list, m.now); err != nil {
		m.t.Fatal(err)
	}
}

// seal seals what waits, a second later.
func (m *sealed) seal() {
	m.t.Helper()
	m.now = m.now.Add(time.Second)
	if err := m.sealAll(m.t.Context(), m.conn); err != nil {
		m.t.Fatal(err)
	}
}

func (m *sealed) checkpoint() {
	m.t.Helper()
	head, err := m.AuditHead(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := m.file.Append(m.key, audit.Checkpoint{Kind: audit.KindCheckpoint, Seq: head.Seq, Hash: head.Hash, SealedAt: head.SealedAt, At: m.now, Epoch: head.Epoch}); err != nil {
		m.t.Fatal(err)
	}
}

// ordinary is three sealings of ten entries with a checkpoint each.
func (m *sealed) ordinary() {
	for range 3 {
		m.write(10)
		m.seal()
		m.checkpoint()
	}
}

func (m *sealed) verify() ([]audit.Finding, audit.Summary) {
	m.t.Helper()
	return m.verifyIn(m.pool)
}

// verifyIn verifies what a transaction sees.
func (m *sealed) verifyIn(q querier) ([]audit.Finding, audit.Summary) {
	m.t.Helper()
	var list []audit.Finding
	sum, err := audit.Verify(m.t.Context(), trail{q, m.Store}, audit.Options{Files: []audit.File{m.file}, Keys: audit.Trust(m.key.Public()), Report: func(f audit.Finding) { list = append(list, f) }})
	if err != nil {
		m.t.Fatal(err)
	}
	return list, sum
}

// tamper does what only the database's superuser can: the triggers are off.
func (m *sealed) tamper(statements ...string) {
	m.t.Helper()
	if err := pgx.BeginFunc(m.t.Context(), m.root, func(t pgx.Tx) error { return tamper(m.t.Context(), t, statements...) }); err != nil {
		m.t.Fatal(err)
	}
}

func tamper(ctx context.Context, t pgx.Tx, statements ...string) error {
	for _, sql := range append([]string{`set local session_replication_role = replica`}, statements...) {
		if _, err := t.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

func TestASealedTrailVerifies(t *testing.T) {
	m := newSealed(t)
	m.ordinary()
	m.write(3)
	list, sum := m.verify()
	if len(list) > 0 || sum.Rows != 30 || sum.Last != 30 || sum.Attested != 30 || sum.Unsealed != 3 || sum.Words != 3 {
		t.Fatalf("found %v, %+v", list, sum)
	}
}

// TestTheTrailIsAppendOnly: no statement changes or removes what was sealed,
// through the table or through a partition of it.
func TestTheTrailIsAppendOnly(t *testing.T) {
	m := newSealed(t)
	m.write(2)
	m.seal()
	if err := m.MakeAuditPartition(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{`update audit set action = 'x'`, `delete from audit`, `truncate audit`, `update audit_0 set action = 'x'`, `delete from audit_0`,
		`truncate audit_0`, `truncate audit_1000000`, `truncate audit_dropped`} {
		for who, pool := range map[string]*pgxpool.Pool{"requests": m.app, "the service": m.pool, "the owner": m.root} {
			if _, err := pool.Exec(t.Context(), sql); err == nil {
				t.Errorf("%s went through for %s", sql, who)
			}
		}
	}
	if list, sum := m.verify(); len(list) > 0 || sum.Rows != 2 {
		t.Errorf("found %v, %+v", list, sum)
	}
}

// TestVerifyFinds every way of tampering with the tables as the superuser, and
// names the row.
func TestVerifyFinds(t *testing.T) {
	const swap = `update audit set seq = 1000 where seq = 13; update audit set seq = 13 where seq = 14; update audit set seq = 14 where seq = 1000`
	tests := []struct {
		name string
		sql  []string
		want string // kind
		seq  int64
	}{
		{"an edited row", []string{`update audit set account_id = 99 where seq = 13`}, audit.Edited, 13},
		{"an edited hash", []string{`update audit set hash = sha256(hash) where seq = 13`}, audit.Edited, 13},
		{"an infinite time", []string{`update audit set at = 'infinity' where seq = 13`}, audit.Edited, 13},
		{"nothing where something was", []string{`alter table audit alter column action drop not null`, `update audit set action = null where seq = 13`}, audit.Edited, 13},
		{"a deleted row", []string{`delete from audit where seq = 13`}, audit.Deleted, 13},
		{"a cut-off tail", []string{`delete from audit where seq > 25`}, audit.Truncated, 26},
		{"a cut-off tail, the head set back", []string{`delete from audit where seq > 25`, `update audit_head set last_seq = 25, last_hash = (select hash from audit where seq = 25)`}, audit.Truncated, 26},
		{"an emptied table", []string{`alter table audit_0 disable trigger all`, `alter table audit disable trigger all`, `truncate audit`}, audit.Truncated, 1},
		{"swapped rows", []string{swap}, audit.Reordered, 13},
		{"an inserted row", []string{`update audit set seq = seq + 1000 where seq >= 13`, `update audit set seq = seq - 999 where seq > 1000`,
			`insert into audit select 13, at, kind, 'forged', result, actor, account_id, session_id, responder_id, noun, noun_id, area_id, subject_id, reason_hash, request_id, network, count, sealed_at, prev, hash from audit where seq = 12`}, audit.Inserted, 13},
		{"a row after the last", []string{`insert into audit select 31, at, kind, 'forged', result, actor, account_id, session_id, responder_id, noun, noun_id, area_id, subject_id, reason_hash, request_id, network, count, sealed_at, prev, hash from audit where seq = 30`}, audit.Inserted, 31},
		{"a back-dated row", []string{`update audit set at = at - interval '3 days' where seq = 13`}, audit.Edited, 13},
		{"a dropped partition", []string{`drop table audit_0`, `select make_audit_partition(0, 1000000)`, `update audit_head set last_seq = 40`}, audit.Truncated, 1},
		{"the head turned", []string{`update audit_head set last_hash = sha256(last_hash)`}, audit.Rewritten, 30},
		{"another reason", []string{`update audit_text set words = (select words from audit_text where created_at = (select max(created_at) from audit_text)) where created_at = (select min(created_at) from audit_text)`}, audit.WordsEdited, 1},
		{"a reason gone", []string{`delete from audit_text where created_at = (select min(created_at) from audit_text)`}, audit.WordsMissing, 1},
	}
	m := newSealed(t)
	m.ordinary()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t1, err := m.root.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = t1.Rollback(context.Background()) }()
			if err := tamper(t.Context(), t1, tt.sql...); err != nil {
				t.Fatal(err)
			}
			list, _ := m.verifyIn(t1)
			if !slices.ContainsFunc(list, func(f audit.Finding) bool { return f.Kind == tt.want && f.Seq == tt.seq }) {
				t.Errorf("found %v, want %s at %d", list, tt.want, tt.seq)
			}
		})
	}
}

// TestABackDatedEntryIsFound that was put in where entries wait to be sealed.
func TestABackDatedEntryIsFound(t *testing.T) {
	m := newSealed(t)
	m.ordinary()
	m.tamper(`insert into audit_pending (at, kind, action, result, actor) values (now() - interval '3 days', 'command', 'incident.close', 'done', 'account')`)
	m.seal()
	m.checkpoint()
	if list, _ := m.verify(); len(list) != 1 || list[0].Kind != audit.BackDated || list[0].Seq != 31 {
		t.Errorf("found %v", list)
	}
}

// TestTheChainMadeAnew by somebody who knows how it is made: the checkpoints,
// which are outside the database, do not fit.
func TestTheChainMadeAnew(t *testing.T) {
	m := newSealed(t)
	m.ordinary()
	stored, err := m.Trail().AuditRows(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]audit.Row, 0, len(stored))
	for _, r := range stored {
		rows = append(rows, r.Row)
	}
	rows[12].AccountID = 99
	hash := rows[11].Hash
	m.tamper(`delete from audit where seq >= 13`)
	for i := 12; i < len(rows); i++ { // one by one, to keep when each was sealed
		hash = audit.Chain(rows[i:i+1], int64(i), hash, rows[i].SealedAt)
	}
	if err := insertAudit(t.Context(), m.root, rows[12:]); err != nil {
		t.Fatal(err)
	}
	if _, err := m.conn.Exec(t.Context(), `update audit_head set last_hash = $1`, hash); err != nil {
		t.Fatal(err)
	}
	if list, _ := m.verify(); len(list) != 1 || list[0].Kind != audit.Rewritten || list[0].Seq != 11 || list[0].To != 20 {
		t.Errorf("found %v", list)
	}
}

// TestTwoSealers at once, while entries are written and transactions end in
// another order than they began: one sound chain, nothing lost or twice.
func TestTwoSealers(t *testing.T) {
	m := newSealed(t)
	ctx, stop := context.WithCancel(t.Context())
	var sealing []chan error
	for range 2 {
		conn, done := m.connect(), make(chan error, 1)
		sealing = append(sealing, done)
		go func() {
			for ctx.Err() == nil {
				if _, err := m.Store.seal(t.Context(), conn); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	const writers, each = 6, 40
	errs := atOnce(writers, func(w int) error {
		for k := range each {
			t1, err := m.pool.Begin(t.Context())
			if err != nil {
				return err
			}
			err = m.writeAudit(t.Context(), t1, dispatch.AuditEntry{Kind: dispatch.AuditCommand, Action: "test", Actor: dispatch.AuditBySystem, NounID: int64(w*each + k)}, m.now)
			if w%2 == 0 { // another one begins later and ends first
				err = errors.Join(err, m.auditAll(t.Context(), []dispatch.AuditEntry{{Kind: dispatch.AuditCommand, Action: "test", Actor: dispatch.AuditBySystem, NounID: int64(-w*each - k - 1)}}, m.now))
			}
			if err := errors.Join(err, t1.Commit(t.Context())); err != nil {
				return err
			}
		}
		return nil
	})
	stop()
	for _, done := range sealing {
		errs = append(errs, <-done)
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	m.seal()
	m.checkpoint()
	list, sum := m.verify()
	var distinct int64
	if err := m.pool.QueryRow(t.Context(), `select count(distinct noun_id) from audit`).Scan(&distinct); err != nil {
		t.Fatal(err)
	}
	if want := int64(writers*each + writers/2*each); len(list) > 0 || sum.Rows != want || distinct != want {
		t.Errorf("found %v, %+v, %d distinct; want %d", list, sum, distinct, want)
	}
}

// TestASealerDies between its batches and in the middle of them: the next one
// goes on where it was, and the trail is sound.
func TestASealerDies(t *testing.T) {
	m := newSealed(t)
	for n := range 12 {
		m.write(7)
		conn := m.connect()
		var pid int
		if err := conn.QueryRow(t.Context(), `select pg_backend_pid()`).Scan(&pid); err != nil {
			t.Fatal(err)
		}
		died := make(chan error, 1)
		go func() { _, err := m.Store.seal(t.Context(), conn); died <- err }()
		for range n { // a little later each time
			_, _ = m.pool.Exec(t.Context(), `select 1`)
		}
		if _, err := m.root.Exec(t.Context(), `select pg_terminate_backend($1)`, pid); err != nil {
			t.Fatal(err)
		}
		<-died
	}
	m.seal()
	m.checkpoint()
	if list, sum := m.verify(); len(list) > 0 || sum.Rows != 12*7 {
		t.Errorf("found %v, %+v", list, sum)
	}
}

// TestOldEntriesAreRemoved after their time by whole partitions, with a signed
// record, and what is left verifies; the next partition is made in time.
func TestOldEntriesAreRemoved(t *testing.T) {
	m := newSealed(t)
	m.tamper(`drop table audit_0`)
	m.partition = 10
	for _, p := range []int64{0, 1} {
		if err := m.makeAuditPartition(t.Context(), m.pool, p); err != nil {
			t.Fatal(err)
		}
	}
	m.write(15)
	m.seal()
	m.checkpoint()
	keeper := audit.NewKeeper(keepsSealing{m.Store}, m.file, m.key, 0, func() time.Time { return m.now }, zerolog.Nop())
	first := m.now
	m.now = first.AddDate(0, 0, audit.LeastDays-1)
	m.write(9)
	m.seal()
	for range 2 {
		if err := keeper.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := keeper.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, sum := m.verify()
		if len(list) > 0 || sum.Last != 24 {
			t.Fatalf("found %v, %+v", list, sum)
		}
		m.now = first.AddDate(0, 0, audit.LeastDays+1)
	}
	list, sum := m.verify()
	if len(list) > 0 || sum.Dropped != 9 || sum.First != 10 || sum.Words != 1 {
		t.Fatalf("after their time: %v, %+v", list, sum)
	}
	var texts int
	if err := m.pool.QueryRow(t.Context(), `select count(*) from audit_text`).Scan(&texts); err != nil || texts != 1 {
		t.Errorf("%d reasons are left, %v", texts, err)
	}
	m.tamper(`drop table audit_10`)
	if list, _ := m.verify(); len(list) == 0 || list[0].Kind != audit.Deleted || list[0].Seq != 10 {
		t.Errorf("a partition dropped without a record: %v", list)
	}
}

// keepsSealing is a store that sequences.
type keepsSealing struct{ *Store }

// Sequencing is always so.
func (keepsSealing) Sequencing() bool { return true }
