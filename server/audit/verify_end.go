package audit

import (
	"fmt"
	"time"

	"yiping/server/dispatch"
)

// dropped looks at what removed partitions have left, from which the rows go on.
func (v *verifier) dropped(list []Checkpoint) {
	for _, c := range list {
		fault := v.Keys.Check(c)
		switch {
		case fault != nil:
			v.report(Finding{Seq: c.First, To: c.Seq, Kind: CheckpointForged, Text: fmt.Sprintf("the record of their removal: %v", fault)})
		case c.First != v.before.Seq+1:
			v.report(Finding{Seq: v.before.Seq + 1, To: c.First - 1, Kind: Dropped, Text: "removed without a record of it"})
		case c.At.Sub(c.SealedAt) < LeastDays*24*time.Hour:
			v.report(Finding{Seq: c.First, To: c.Seq, Kind: Dropped, Text: fmt.Sprintf("removed before the %d days were over", LeastDays)})
		}
		v.before = Row{Seq: c.Seq, Hash: c.Hash, SealedAt: c.SealedAt}
		v.sum.Dropped += c.Seq - c.First + 1
	}
	if len(list) == 0 {
		v.before.Hash = Beginning()
	}
	v.sound, v.good = true, v.before.Seq
	for v.next < len(v.points) && v.points[v.next].Seq < v.before.Seq {
		v.next++
	}
	if v.before.Seq > 0 {
		v.attested(v.before, true) // the checkpoint of the last removed row, where there is one
	}
}

// Beginning is what the first row is chained to.
func Beginning() []byte { return make([]byte, 32) }

// words looks whether a row's reason is what was written.
func (v *verifier) words(r Stored) {
	if r.Action == dispatch.AuditErase {
		v.erased += r.Count
	}
	if len(r.ReasonHash) == 0 {
		return
	}
	switch {
	case !r.Words.Kept:
		v.report(Finding{Seq: r.Seq, Kind: WordsMissing, Text: "its reason is gone without a record of it"})
	case r.Words.Destroyed:
		v.sum.Destroyed++
	case !same(WordsHash(r.Words.Salt, r.Words.Text), r.ReasonHash):
		v.report(Finding{Seq: r.Seq, Kind: WordsEdited, Text: "its reason is not what was written"})
	default:
		v.sum.Words++
	}
}

// attested compares a row with the checkpoints of it.
func (v *verifier) attested(r Row, sound bool) {
	for ; v.next < len(v.points) && v.points[v.next].Seq <= r.Seq; v.next++ {
		c := v.points[v.next]
		if c.Seq != r.Seq || !sound {
			continue // the row is missing or another, which is a finding already
		}
		v.sum.Checkpoints++
		v.open = nil
		if same(c.Hash, r.Hash) {
			v.good, v.sum.Attested, v.sum.AttestedAt = r.Seq, r.Seq, &c.At
			continue
		}
		v.wrongs[c.Epoch]++
		if v.wrong[c.Epoch] == nil {
			v.wrong[c.Epoch] = &Finding{Seq: v.good + 1, To: r.Seq, Kind: Rewritten,
				Text: "one of these rows was changed, put in or taken out and the chain made anew: the checkpoint of " + c.At.UTC().Format(time.RFC3339) + " has another hash for the last of them"}
		}
	}
	if (v.next == 0 || v.points[v.next-1].Seq < r.Seq) && v.open == nil {
		v.open = &r
	}
}

// end looks at where the trail ends.
func (v *verifier) end() {
	v.moved.close(v.report)
	for epoch, f := range v.wrong {
		if n := v.wrongs[epoch]; n > 1 {
			f.Text += fmt.Sprintf("; %d later checkpoints do not fit either", n-1)
		}
		f.Text += v.restored(epoch)
		v.report(*f)
	}
	last := v.before
	v.sum.Last, v.sum.Unsealed = last.Seq, v.head.Waiting
	cut, said, epoch := v.head.Seq, "the head of the chain", v.head.Epoch
	for _, c := range v.points[v.next:] {
		if c.Seq > cut {
			cut, said, epoch = c.Seq, "the checkpoint of "+c.At.UTC().Format(time.RFC3339), c.Epoch
		}
	}
	switch {
	case cut > last.Seq:
		v.report(Finding{Seq: last.Seq + 1, To: cut, Kind: Truncated, Text: "the newest rows are missing, which " + said + " has" + v.restored(epoch)})
	case v.sound && !same(v.head.Hash, last.Hash):
		v.report(Finding{Seq: last.Seq, Kind: Rewritten, Text: "the head of the chain has another hash for the last row"})
	}
	if v.head.Newest > v.head.Seq {
		v.report(Finding{Seq: v.head.Seq + 1, To: v.head.Newest, Kind: Inserted, Text: "put in after the last row that was sealed"})
	}
	if v.open != nil && v.open.SealedAt.Before(last.SealedAt.Add(-coverSlack)) {
		v.report(Finding{Seq: v.open.Seq, To: last.Seq, Kind: CheckpointMissing, Text: "no checkpoint has them, though one was due every minute"})
	}
	if v.sum.Destroyed > v.erased && v.sum.First <= v.sum.Dropped+1 {
		v.report(Finding{Seq: last.Seq, Kind: WordsMissing, Text: fmt.Sprintf("%d reasons are destroyed, the trail tells of %d", v.sum.Destroyed, v.erased)})
	}
}

// restored says what may explain a checkpoint of another epoch.
func (v *verifier) restored(epoch string) string {
	if epoch == v.head.Epoch {
		return ""
	}
	return "; it is of epoch " + epoch + ", today's is " + v.head.Epoch + ": the database was brought back from a backup since, or made to look so"
}

// mostMoved is how far from its number a row is looked for.
const mostMoved = 1000

// run is rows in a row that stand under other numbers than they were sealed under.
type run struct {
	first, last, by int64 // by: sealed under a number higher by this
}

// find gives under which other number a row was sealed, first as the rows before it.
func (m *run) find(r Row, far bool) (by int64, found bool) {
	under := func(by int64) bool {
		other := r
		other.Seq += by
		return same(other.Sum(), r.Hash)
	}
	if m.by != 0 && under(m.by) {
		return m.by, true
	}
	for k := int64(1); far && k <= mostMoved; k++ {
		for _, by := range []int64{k, -k} {
			if under(by) {
				return by, true
			}
		}
	}
	return 0, false
}

func (m *run) extend(seq, by int64, report func(Finding)) {
	if m.by == by && m.last == seq-1 {
		m.last = seq
		return
	}
	m.close(report)
	*m = run{first: seq, last: seq, by: by}
}

// close reports the run: a single row was moved, more were pushed by one that
// was put in or taken out before them.
func (m *run) close(report func(Finding)) {
	switch {
	case m.by == 0:
	case m.first == m.last:
		report(Finding{Seq: m.first, Kind: Reordered, Text: fmt.Sprintf("it was sealed as row %d", m.first+m.by)})
	case m.by < 0:
		report(Finding{Seq: m.first + m.by, To: m.first - 1, Kind: Inserted, Text: fmt.Sprintf("put in: rows %d to %d were sealed under numbers lower by %d", m.first, m.last, -m.by)})
	default:
		report(Finding{Seq: m.first, To: m.first + m.by - 1, Kind: Deleted, Text: fmt.Sprintf("taken out: rows %d to %d were sealed under numbers higher by %d", m.first, m.last, m.by)})
	}
	*m = run{}
}
