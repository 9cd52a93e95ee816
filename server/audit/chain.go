// Package audit is the proof of the audit trail: how an entry is hashed and
// chained to the one before it, how checkpoints are signed and kept outside the
// database, and how a trail is verified against both. It knows no SQL; the rows
// are handed to it in order.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"yiping/server/dispatch"
)

// Row is an entry of the trail as it was sealed: under a gapless number, with
// the hash of the row before it and its own.
type Row struct {
	Seq         int64
	At          time.Time // when it happened, by the clock of the node that wrote it
	Kind        dispatch.AuditKind
	Action      string
	Result      string
	Actor       dispatch.AuditActor
	AccountID   int64
	SessionID   int64
	ResponderID int64
	Noun        dispatch.Noun
	NounID      int64
	AreaID      int64
	SubjectID   int64
	ReasonHash  []byte // WordsHash of the reason, empty for none
	RequestID   string
	Network     string
	Count       int64
	SealedAt    time.Time // the same for all rows that were sealed together
	Prev        []byte
	Hash        []byte
}

// Together is how many rows are sealed at a time, at most. Fewer mean that
// nothing was left waiting. Trails that are kept depend on it.
const Together = 5000

// Sum computes the row's hash from everything else in it: SHA-256 over its
// number, its fields in order and the hash before, each field under its length,
// numbers as 8 bytes, times as microseconds since 1970.
func (r Row) Sum() []byte {
	e := encoding("yiping audit row 1\n")
	e.number(r.Seq)
	e.time(r.At)
	e.text(string(r.Kind))
	e.text(r.Action)
	e.text(r.Result)
	e.text(string(r.Actor))
	for _, id := range []int64{r.AccountID, r.SessionID, r.ResponderID} {
		e.number(id)
	}
	e.text(string(r.Noun))
	for _, id := range []int64{r.NounID, r.AreaID, r.SubjectID} {
		e.number(id)
	}
	e.bytes(r.ReasonHash)
	e.text(r.RequestID)
	e.text(r.Network)
	e.number(r.Count)
	e.time(r.SealedAt)
	e.bytes(r.Prev)
	return e.sum()
}

// Chain seals rows that follow a row: it numbers them, dates their sealing,
// links them and gives their last hash. They must be in the order of their writing.
func Chain(rows []Row, seq int64, hash []byte, at time.Time) []byte {
	for i := range rows {
		r := &rows[i]
		seq++
		r.Seq, r.SealedAt, r.Prev = seq, at, hash
		r.Hash = r.Sum()
		hash = r.Hash
	}
	return hash
}

// WordsHash is what a row keeps of the words of a reason.
func WordsHash(salt []byte, words string) []byte {
	e := encoding("yiping audit words 1\n")
	e.bytes(salt)
	e.text(words)
	return e.sum()
}

// encoding puts fields one after another so that no two lists of fields come
// out alike.
type encoding []byte

func (e *encoding) number(n int64) {
	*e = binary.BigEndian.AppendUint64(*e, 8)
	*e = binary.BigEndian.AppendUint64(*e, uint64(n))
}

func (e *encoding) bytes(b []byte) {
	*e = binary.BigEndian.AppendUint64(*e, uint64(len(b)))
	*e = append(*e, b...)
}

func (e *encoding) text(s string) { e.bytes([]byte(s)) }

func (e *encoding) time(t time.Time) { e.number(t.UnixMicro()) }

func (e *encoding) sum() []byte {
	sum := sha256.Sum256(*e)
	return sum[:]
}

func same(a, b []byte) bool { return bytes.Equal(a, b) }
