package audit

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// kept is a trail in memory that a keeper watches.
type kept struct {
	*trail
	other bool // another node seals
}

func (k *kept) Sequencing() bool { return !k.other }

func (k *kept) AuditHash(_ context.Context, seq int64) ([]byte, error) {
	for _, r := range k.rows {
		if r.Seq == seq {
			return r.Hash, nil
		}
	}
	return nil, nil
}

func (k *kept) AuditExpired(_ context.Context, before time.Time) (Checkpoint, bool, error) {
	if len(k.rows) < 10 || !k.rows[9].SealedAt.Before(before) {
		return Checkpoint{}, false, nil
	}
	r := k.rows[9]
	return Checkpoint{First: k.rows[0].Seq, Seq: r.Seq, Hash: r.Hash, SealedAt: r.SealedAt, Count: 10, Epoch: "a"}, true, nil
}

func (k *kept) DropAudit(_ context.Context, c Checkpoint) error {
	k.rows, k.dropped = k.rows[10:], append(k.dropped, c)
	return nil
}

func newKept(t *testing.T) (*kept, *Keeper, *strings.Builder) {
	m := &kept{trail: newTrail(t)}
	log := &strings.Builder{}
	return m, NewKeeper(m, m.file, m.key, 0, func() time.Time { return m.now }, zerolog.New(log)), log
}

func TestKeeper(t *testing.T) {
	m, k, log := newKept(t)
	want := func(lines int) {
		t.Helper()
		if err := k.Checkpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, known, err := m.file.Last(); err != nil || known != (lines > 0) || known && len(m.lines()) != lines {
			t.Fatalf("%v lines, want %d, %v", known, lines, err)
		}
	}
	want(0) // nothing to attest to
	m.add(10)
	m.seal()
	m.other = true
	want(0) // the other node's
	m.other = false
	want(1)
	want(1) // nothing new
	m.now = m.now.Add(idle)
	want(2) // but not for ever
	m.add(1)
	m.seal()
	want(3)
	if k.Age() != 0 || k.Broken() || strings.Contains(log.String(), "error") {
		t.Errorf("age %v, broken %v, %s", k.Age(), k.Broken(), log)
	}
	if list, _ := m.verify(); len(list) > 0 {
		t.Errorf("found %v", list)
	}
	m.at(11).Hash = Beginning()
	want(3)
	want(3)
	if !k.Broken() || strings.Count(log.String(), "yiping audit verify") != 1 {
		t.Errorf("broken %v, %s", k.Broken(), log)
	}
	m.now = m.now.Add(time.Minute)
	if m.other = true; k.Age() == k.Age() {
		t.Error("a node that does not seal knows an age")
	}
}

// TestTidy removes what is older than LeastDays, whatever less it is asked for.
func TestTidy(t *testing.T) {
	m, _, _ := newKept(t)
	k := NewKeeper(m, m.file, m.key, 1, func() time.Time { return m.now }, zerolog.Nop())
	m.add(10)
	m.seal()
	m.checkpoint()
	m.now = began.AddDate(0, 0, LeastDays-1)
	m.add(15)
	m.seal()
	m.checkpoint()
	for _, want := range []int{25, 15, 15} {
		if err := k.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(m.rows) != want {
			t.Fatalf("%d rows are left, want %d", len(m.rows), want)
		}
		if list, sum := m.verify(); len(list) > 0 || int(sum.Rows) != want {
			t.Fatalf("found %v, %+v", list, sum)
		}
		m.now = began.AddDate(0, 0, LeastDays+1)
	}
}

// TestKeys: what is written is read, and what is no key is refused.
func TestKeys(t *testing.T) {
	folder := t.TempDir()
	a, err := OpenKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenKey(folder)
	if err != nil || !bytes.Equal(a.Public(), b.Public()) {
		t.Fatalf("%s and %s, %v", a.Public(), b.Public(), err)
	}
	p, err := ParsePublicKey(a.Public().String())
	if err != nil || p.ID() != a.Public().ID() {
		t.Errorf("read as %s, %v", p, err)
	}
	for _, text := range []string{"", "00", "zz" + a.Public().String()[2:], a.Public().String() + "00"} {
		if _, err := ParsePublicKey(text); err == nil {
			t.Errorf("%q is taken for a key", text)
		}
	}
	c := a.Sign(Checkpoint{Kind: KindCheckpoint, Seq: 1, Hash: Beginning(), At: began})
	keys := Trust(p)
	if err := keys.Check(c); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Checkpoint){
		"kind": func(c *Checkpoint) { c.Kind = KindDropped }, "first": func(c *Checkpoint) { c.First++ }, "seq": func(c *Checkpoint) { c.Seq++ },
		"hash": func(c *Checkpoint) { c.Hash = []byte{1} }, "sealed_at": func(c *Checkpoint) { c.SealedAt = began }, "count": func(c *Checkpoint) { c.Count++ },
		"at": func(c *Checkpoint) { c.At = c.At.Add(time.Microsecond) }, "epoch": func(c *Checkpoint) { c.Epoch = "b" }, "prev": func(c *Checkpoint) { c.Prev = []byte{1} },
		"key": func(c *Checkpoint) { c.KeyID = "x" }, "signature": func(c *Checkpoint) { c.Signature = append(bytes.Clone(c.Signature[:63]), c.Signature[63]^1) },
	} {
		other := c
		if change(&other); keys.Check(other) == nil {
			t.Errorf("another %s is not noticed", name)
		}
	}
}
