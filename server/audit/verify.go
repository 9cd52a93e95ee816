package audit

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// What times are believed.
const (
	clockSlack = time.Minute      // how far the clocks of two nodes may be apart
	writeSlack = 10 * time.Minute // how long before its sealing an entry may have been written
	coverSlack = 5 * time.Minute  // how long rows may be without a checkpoint while others follow
)

// LeastDays is how long an entry is kept at least.
const LeastDays = 200

// Head is the end of the trail as the database says.
type Head struct {
	Seq      int64
	Hash     []byte
	SealedAt time.Time
	Epoch    string
	Newest   int64 // the highest number of a row that is there, read at the same moment
	Waiting  int64 // entries that are not sealed yet
}

// Words is what is left of a row's reason.
type Words struct {
	Kept      bool // there is a record of them
	Destroyed bool
	Salt      []byte
	Text      string
}

// Stored is a row as it is stored, with the words of its reason.
type Stored struct {
	Row
	Words Words
}

// Source is where a trail is kept.
type Source interface {
	AuditHead(ctx context.Context) (Head, error)
	// AuditDropped gives what removed partitions have left, in order.
	AuditDropped(ctx context.Context) ([]Checkpoint, error)
	// AuditRows gives rows after a number, in order.
	AuditRows(ctx context.Context, after int64, limit int) ([]Stored, error)
}

// Options say what is verified and against what.
type Options struct {
	From     int64  // the first row looked at; 0 for the first there is
	Files    []File // of checkpoints
	Keys     Keys   // that are trusted
	Report   func(Finding)
	Progress func(row, last int64)
}

// Summary says what was looked at.
type Summary struct {
	First       int64      `json:"first"` // row
	Last        int64      `json:"last"`  // row
	Rows        int64      `json:"rows"`
	Dropped     int64      `json:"dropped"`     // rows that were removed after their time, on record
	Checkpoints int        `json:"checkpoints"` // that were compared
	Attested    int64      `json:"attested"`    // the last row that a checkpoint has
	AttestedAt  *time.Time `json:"attested_at,omitempty"`
	Unsealed    int64      `json:"unsealed"`  // entries that were not sealed yet
	Words       int64      `json:"words"`     // reasons that were compared
	Destroyed   int64      `json:"destroyed"` // reasons that were destroyed, on record
	Findings    int        `json:"findings"`
}

// mostFindings bounds what is reported; the others are counted.
const mostFindings = 1000

// verifier is one verification, row after row.
type verifier struct {
	Options
	sum    Summary
	head   Head
	before Row                 // the row before; of a dropped one only its number and hash
	sound  bool                // it is what was sealed, so that the next must continue it
	moved  run                 // rows that stand under other numbers than they were sealed under
	batch  sealing             // what was sealed together
	points []Checkpoint        // by their rows
	next   int                 // the first of points that is not compared
	good   int64               // the last row whose checkpoint fits
	wrong  map[string]*Finding // by epoch: the first checkpoint that does not fit
	wrongs map[string]int      // by epoch: how many do not
	erased int64               // reasons that the trail says were destroyed
	open   *Row                // the first row that no checkpoint has
}

// Verify reads the whole trail and reports what is wrong with it. An error says
// that it could not be read, not that it is wrong.
func Verify(ctx context.Context, source Source, o Options) (Summary, error) {
	v := &verifier{Options: o, wrong: map[string]*Finding{}, wrongs: map[string]int{}}
	for _, f := range o.Files {
		if err := f.read(o.Keys, v.checkpoint, v.report); err != nil {
			return v.sum, err
		}
	}
	slices.SortStableFunc(v.points, func(a, b Checkpoint) int { return cmp.Compare(a.Seq, b.Seq) })
	var err error
	// After the file: no checkpoint is newer than this.
	if v.head, err = source.AuditHead(ctx); err != nil {
		return v.sum, err
	}
	dropped, err := source.AuditDropped(ctx)
	if err != nil {
		return v.sum, err
	}
	v.dropped(dropped)
	if v.From > v.before.Seq+1 {
		if err := v.skip(ctx, source); err != nil {
			return v.sum, err
		}
	}
	v.sum.First = v.before.Seq + 1
	for after := v.before.Seq; after < v.head.Seq; {
		rows, err := source.AuditRows(ctx, after, Together)
		if err != nil {
			return v.sum, err
		}
		for _, r := range rows {
			if r.Seq <= v.head.Seq {
				v.row(r)
			}
		}
		if len(rows) == 0 {
			break
		}
		after = rows[len(rows)-1].Seq
		if v.Progress != nil {
			v.Progress(min(after, v.head.Seq), v.head.Seq)
		}
	}
	v.end()
	return v.sum, nil
}

func (v *verifier) checkpoint(c Checkpoint) {
	if c.Kind == KindCheckpoint {
		v.points = append(v.points, c)
	}
}

func (v *verifier) report(f Finding) {
	v.sum.Findings++
	if v.sum.Findings <= mostFindings && v.Report != nil {
		v.Report(f)
	}
}

// skip goes to the row before the first one that is looked at.
func (v *verifier) skip(ctx context.Context, source Source) error {
	rows, err := source.AuditRows(ctx, v.From-2, 1)
	if err != nil {
		return err
	}
	v.before, v.sound = Row{Seq: v.From - 1}, false
	if len(rows) == 1 && rows[0].Seq == v.From-1 {
		v.before, v.sound = rows[0].Row, same(rows[0].Sum(), rows[0].Hash)
	}
	for v.next < len(v.points) && v.points[v.next].Seq < v.From {
		v.next++
	}
	v.good = v.before.Seq
	return nil
}

// row looks at one row.
func (v *verifier) row(r Stored) {
	v.sum.Rows++
	sound := v.content(r.Row)
	v.order(r.Row, sound)
	if sound {
		v.times(r.Row)
	}
	v.words(r)
	v.attested(r.Row, sound)
	v.before, v.sound = r.Row, sound
}

// order looks whether a row continues the one before it.
func (v *verifier) order(r Row, sound bool) {
	switch next := v.before.Seq + 1; {
	case r.Seq > next && v.before.Seq == 0:
		v.report(Finding{Seq: 1, To: r.Seq - 1, Kind: Dropped, Text: "the oldest rows are missing and nothing on record says that they were removed after their time"})
	case r.Seq > next:
		v.report(Finding{Seq: next, To: r.Seq - 1, Kind: Deleted, Text: "missing between others"})
	case sound && v.sound && !same(r.Prev, v.before.Hash):
		v.report(Finding{Seq: v.before.Seq, To: r.Seq, Kind: Rewritten, Text: "the second does not continue the first: one of them was changed and its hash made anew"})
	}
}

// content looks whether a row is what was sealed.
func (v *verifier) content(r Row) (sound bool) {
	if same(r.Sum(), r.Hash) {
		v.moved.close(v.report)
		return true
	}
	v.batch.rows++
	if by, found := v.moved.find(r, v.sum.Findings < mostFindings); found {
		v.moved.extend(r.Seq, by, v.report)
		return false
	}
	v.moved.close(v.report)
	v.report(Finding{Seq: r.Seq, Kind: Edited, Text: "it is not what was sealed: its hash does not fit it"})
	return false
}

// times looks whether a row's times can be: when it happened lies between what
// was sealed before and its own sealing.
func (v *verifier) times(r Row) {
	switch {
	case r.SealedAt.Before(v.batch.at.Add(-clockSlack)):
		v.report(Finding{Seq: r.Seq, Kind: BackDated, Text: "sealed at " + r.SealedAt.UTC().Format(time.RFC3339) + ", before the row before it: the clock was set back, or the row was"})
	case r.At.After(r.SealedAt.Add(clockSlack)):
		v.report(Finding{Seq: r.Seq, Kind: BackDated, Text: "dated " + r.At.UTC().Format(time.RFC3339) + ", after its sealing at " + r.SealedAt.UTC().Format(time.RFC3339)})
	}
	v.batch.take(r)
	if d := v.batch.drained; !d.IsZero() && r.At.Before(d.Add(-writeSlack)) {
		v.report(Finding{Seq: r.Seq, Kind: BackDated, Text: "dated " + r.At.UTC().Format(time.RFC3339) + ", though nothing was left to be sealed at " + d.UTC().Format(time.RFC3339)})
	}
}

// sealing follows what was sealed together, to know when nothing was left.
type sealing struct {
	at      time.Time
	rows    int
	drained time.Time // the last sealing before this one that left nothing
}

func (s *sealing) take(r Row) {
	if r.SealedAt.Equal(s.at) {
		s.rows++
		return
	}
	if !s.at.IsZero() && s.rows < Together {
		s.drained = s.at
	}
	if s.at.IsZero() { // rows of the first one may have been removed or passed over
		s.rows = Together
	} else {
		s.rows = 0
	}
	s.at = r.SealedAt
	s.rows++
}
