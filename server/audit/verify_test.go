package audit

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"yiping/server/dispatch"
)

var began = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// trail is a trail in memory, sealed every second, with a file of checkpoints.
type trail struct {
	t       *testing.T
	rows    []Stored
	head    Head
	dropped []Checkpoint
	key     Key
	file    File
	path    string
	waiting []Row
	now     time.Time
}

func newTrail(t *testing.T) *trail {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "checkpoints")
	return &trail{t: t, key: key, path: path, file: NewFile(path), now: began, head: Head{Hash: Beginning(), Epoch: "a"}}
}

// add writes entries.
func (m *trail) add(n int) {
	for k := range n {
		m.waiting = append(m.waiting, Row{At: m.now, Kind: dispatch.AuditCommand, Action: "incident.verify", Result: "done", Actor: dispatch.AuditByAccount, AccountID: 5,
			SessionID: 6, ResponderID: 7, Noun: dispatch.NounIncident, NounID: int64(100 + k), AreaID: 3, SubjectID: 9, RequestID: "r", Network: "10.0.0.0/24", Count: 1})
	}
}

// seal seals what waits, Together at a time, a second later.
func (m *trail) seal() {
	for len(m.waiting) > 0 {
		m.now = m.now.Add(time.Second)
		list := m.waiting[:min(len(m.waiting), Together)]
		m.waiting = m.waiting[len(list):]
		m.head.Hash = Chain(list, m.head.Seq, m.head.Hash, m.now)
		m.head.Seq, m.head.SealedAt = m.head.Seq+int64(len(list)), m.now
		for _, r := range list {
			m.rows = append(m.rows, Stored{Row: r})
		}
	}
	m.head.Newest = m.head.Seq
}

func (m *trail) checkpoint() Checkpoint {
	m.t.Helper()
	m.now = m.now.Add(time.Second)
	c, err := m.file.Append(m.key, Checkpoint{Kind: KindCheckpoint, Seq: m.head.Seq, Hash: m.head.Hash, SealedAt: m.head.SealedAt, At: m.now, Epoch: m.head.Epoch})
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// ordinary is a trail of 30 rows, ten sealed together, with a checkpoint each.
func ordinary(t *testing.T) *trail {
	m := newTrail(t)
	for range 3 {
		m.add(10)
		m.seal()
		m.checkpoint()
	}
	return m
}

func (m *trail) AuditHead(context.Context) (Head, error) { return m.head, nil }

func (m *trail) AuditDropped(context.Context) ([]Checkpoint, error) { return m.dropped, nil }

func (m *trail) AuditRows(_ context.Context, after int64, limit int) ([]Stored, error) {
	from := slices.IndexFunc(m.rows, func(r Stored) bool { return r.Seq > after })
	if from < 0 {
		return nil, nil
	}
	return m.rows[from:min(from+limit, len(m.rows))], nil
}

// verify gives the findings.
func (m *trail) verify(change ...func(*Options)) ([]Finding, Summary) {
	m.t.Helper()
	var list []Finding
	o := Options{Files: []File{m.file}, Keys: Trust(m.key.Public()), Report: func(f Finding) { list = append(list, f) }}
	for _, c := range change {
		c(&o)
	}
	sum, err := Verify(m.t.Context(), m, o)
	if err != nil {
		m.t.Fatal(err)
	}
	if sum.Findings != len(list) {
		m.t.Errorf("%d findings, %d reported", sum.Findings, len(list))
	}
	return list, sum
}

// at gives the row of a number.
func (m *trail) at(seq int64) *Stored {
	k := slices.IndexFunc(m.rows, func(r Stored) bool { return r.Seq == seq })
	return &m.rows[k]
}

// rehash makes the chain anew from a row on, as whoever knows how would.
func (m *trail) rehash(from int64) {
	hash := Beginning()
	for i := range m.rows {
		r := &m.rows[i]
		if r.Seq >= from {
			r.Prev = hash
			r.Hash = r.Sum()
		}
		hash = r.Hash
	}
	last := m.rows[len(m.rows)-1]
	m.head.Hash, m.head.Seq, m.head.Newest = last.Hash, last.Seq, last.Seq
}

func TestASoundTrail(t *testing.T) {
	m := ordinary(t)
	m.add(2)
	m.head.Waiting = 1
	m.seal()
	list, sum := m.verify()
	if len(list) > 0 {
		t.Fatalf("found %v", list)
	}
	if sum.Rows != 32 || sum.First != 1 || sum.Last != 32 || sum.Attested != 30 || sum.Checkpoints != 3 || sum.Unsealed != 1 {
		t.Errorf("summary %+v", sum)
	}
	for from := int64(1); from <= 32; from++ {
		list, sum := m.verify(func(o *Options) { o.From = from })
		if len(list) > 0 || sum.First != from || sum.Rows != 33-from {
			t.Errorf("from %d: %v, %+v", from, list, sum)
		}
	}
	if list, sum := newTrail(t).verify(); len(list) > 0 || sum.Rows != 0 {
		t.Errorf("an empty one: %v, %+v", list, sum)
	}
}

// TestTampering changes a sound trail in every way that is known, and wants it
// found, by its name and at its row.
func TestTampering(t *testing.T) {
	tests := []struct {
		name string
		do   func(m *trail)
		want []Finding // without their texts
	}{
		{"a row edited", func(m *trail) { m.at(13).AccountID = 99 }, []Finding{{Seq: 13, Kind: Edited}}},
		{"a row edited and hashed anew", func(m *trail) { m.at(13).AccountID = 99; m.at(13).Hash = m.at(13).Sum() },
			[]Finding{{Seq: 13, To: 14, Kind: Rewritten}}},
		{"a row edited and the chain made anew", func(m *trail) { m.at(13).AccountID = 99; m.rehash(13) },
			[]Finding{{Seq: 11, To: 20, Kind: Rewritten}}},
		{"the last row edited and hashed anew", func(m *trail) { m.at(30).AccountID = 99; m.rehash(30) },
			[]Finding{{Seq: 21, To: 30, Kind: Rewritten}}},
		{"a row deleted", func(m *trail) { m.rows = slices.Delete(m.rows, 12, 13) }, []Finding{{Seq: 13, To: 13, Kind: Deleted}}},
		{"several rows deleted", func(m *trail) { m.rows = slices.Delete(m.rows, 8, 22) }, []Finding{{Seq: 9, To: 22, Kind: Deleted}}},
		{"a row deleted, the others renumbered", func(m *trail) {
			m.rows = slices.Delete(m.rows, 12, 13)
			for i := 12; i < len(m.rows); i++ {
				m.rows[i].Seq--
			}
			m.head.Seq, m.head.Newest = 29, 29
		}, []Finding{{Seq: 13, To: 13, Kind: Deleted}, {Seq: 30, To: 30, Kind: Truncated}}},
		{"a row deleted, the chain made anew", func(m *trail) {
			m.rows = slices.Delete(m.rows, 12, 13)
			for i := 12; i < len(m.rows); i++ {
				m.rows[i].Seq--
			}
			m.rehash(13)
		}, []Finding{{Seq: 11, To: 20, Kind: Rewritten}, {Seq: 30, To: 30, Kind: Truncated}}},
		{"the tail cut off", func(m *trail) { m.rows = m.rows[:25] }, []Finding{{Seq: 26, To: 30, Kind: Truncated}}},
		{"the tail cut off, the head set back", func(m *trail) { m.rows = m.rows[:25]; m.rehash(26) }, []Finding{{Seq: 26, To: 30, Kind: Truncated}}},
		{"the tail cut off and written anew", func(m *trail) {
			m.rows = m.rows[:25]
			m.rehash(26)
			m.add(10)
			m.seal()
		}, []Finding{{Seq: 21, To: 30, Kind: Rewritten}}},
		{"everything deleted", func(m *trail) { m.rows, m.head = nil, Head{Hash: Beginning(), Epoch: "a"} }, []Finding{{Seq: 1, To: 30, Kind: Truncated}}},
		{"two rows swapped", func(m *trail) {
			a, b := m.at(13), m.at(17)
			*a, *b = *b, *a
			a.Seq, b.Seq = 13, 17
		}, []Finding{{Seq: 13, Kind: Reordered}, {Seq: 17, Kind: Reordered}}},
		{"two neighbours swapped", func(m *trail) {
			a, b := m.at(13), m.at(14)
			*a, *b = *b, *a
			a.Seq, b.Seq = 13, 14
		}, []Finding{{Seq: 13, Kind: Reordered}, {Seq: 14, Kind: Reordered}}},
		{"a row inserted, the others pushed up", func(m *trail) {
			forged := *m.at(13)
			forged.AccountID, forged.Prev = 99, m.at(12).Hash
			forged.Hash = forged.Sum()
			for i := 12; i < len(m.rows); i++ {
				m.rows[i].Seq++
			}
			m.rows = slices.Insert(m.rows, 12, forged)
			m.head.Seq, m.head.Newest = 31, 31
		}, []Finding{{Seq: 13, To: 13, Kind: Inserted}}},
		{"a row inserted, the chain made anew", func(m *trail) {
			forged := *m.at(13)
			for i := 12; i < len(m.rows); i++ {
				m.rows[i].Seq++
			}
			m.rows = slices.Insert(m.rows, 12, forged)
			m.rehash(13)
		}, []Finding{{Seq: 11, To: 20, Kind: Rewritten}}},
		{"a row put after the last one", func(m *trail) {
			forged := *m.at(30)
			forged.Seq = 31
			m.rows = append(m.rows, forged)
			m.head.Newest = 31
		},
			[]Finding{{Seq: 31, To: 31, Kind: Inserted}}},
		{"a row dated back while it waited", func(m *trail) {
			m.add(1)
			m.waiting[0].At = began.Add(-time.Hour)
			m.seal()
		}, []Finding{{Seq: 31, Kind: BackDated}}},
		{"a row dated ahead while it waited", func(m *trail) {
			m.add(1)
			m.waiting[0].At = began.Add(time.Hour)
			m.seal()
		}, []Finding{{Seq: 31, Kind: BackDated}}},
		{"a sealing dated back", func(m *trail) {
			m.add(1)
			m.now = began.Add(-time.Hour)
			m.waiting[0].At = m.now
			m.seal()
		}, []Finding{{Seq: 31, Kind: BackDated}, {Seq: 31, Kind: BackDated}}},
		{"the oldest rows removed", func(m *trail) { m.rows = m.rows[10:] }, []Finding{{Seq: 1, To: 10, Kind: Dropped}}},
		{"the head has another hash", func(m *trail) { m.head.Hash = Beginning() }, []Finding{{Seq: 30, Kind: Rewritten}}},
		{"brought back from a backup", func(m *trail) {
			m.rows, m.head.Epoch = m.rows[:25], "b"
			m.rehash(26)
			m.add(10)
			m.seal()
			m.checkpoint()
		}, []Finding{{Seq: 21, To: 30, Kind: Rewritten}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := ordinary(t)
			tt.do(m)
			list, _ := m.verify()
			for i := range list {
				if list[i].Text == "" {
					t.Error("a finding says nothing")
				}
				t.Log(list[i])
				list[i].Text = ""
			}
			if !slices.Equal(list, tt.want) {
				t.Errorf("found %v, want %v", list, tt.want)
			}
		})
	}
}

// TestAnySingleChange: whatever is changed of whatever row, it is found, and
// the row is named.
func TestAnySingleChange(t *testing.T) {
	sound := ordinary(t)
	fields := reflect.TypeFor[Row]()
	for _, seq := range []int64{1, 2, 9, 10, 11, 12, 20, 21, 29, 30} { // at, beside and between what was sealed together
		for k := range fields.NumField() {
			was := reflect.ValueOf(sound.at(seq).Row).Field(k)
			for _, to := range changes(was.Interface()) {
				m := *sound
				m.rows = slices.Clone(sound.rows)
				reflect.ValueOf(&m.at(seq).Row).Elem().Field(k).Set(reflect.ValueOf(to))
				slices.SortStableFunc(m.rows, func(a, b Stored) int { return cmp.Compare(a.Seq, b.Seq) })
				list, _ := m.verify()
				if !slices.ContainsFunc(list, func(f Finding) bool { return f.Seq <= seq && seq <= max(f.Seq, f.To) }) {
					t.Errorf("row %d, %s changed from %v to %v: found %v", seq, fields.Field(k).Name, was, to, list)
				}
			}
		}
	}
}

// changes gives other values of a value's type.
func changes(v any) []any {
	switch v := v.(type) {
	case int64:
		return []any{v + 1, v - 1, -v - 5, v<<8 + 256}
	case string:
		return []any{v + "x", " " + v}
	case dispatch.AuditKind:
		return []any{dispatch.AuditRefused, dispatch.AuditKind("")}
	case dispatch.AuditActor:
		return []any{dispatch.AuditBySystem, dispatch.AuditActor("")}
	case dispatch.Noun:
		return []any{dispatch.NounReport, dispatch.Noun("")}
	case time.Time:
		return []any{v.Add(time.Microsecond), v.Add(-time.Second), v.Add(100 * 24 * time.Hour), time.Time{}}
	case []byte:
		if len(v) == 0 {
			return []any{[]byte{0}, []byte("x")}
		}
		return []any{[]byte{}, v[1:], append([]byte{v[0] ^ 1}, v[1:]...), append(bytes.Clone(v), 0)}
	}
	panic("a kind of field that the test does not know")
}

// TestFieldsDoNotRunTogether: what moves from one field to its neighbour is
// another row.
func TestFieldsDoNotRunTogether(t *testing.T) {
	a, b := Row{Action: "ab", Result: "c"}, Row{Action: "a", Result: "bc"}
	if bytes.Equal(a.Sum(), b.Sum()) {
		t.Error("ab+c is a+bc")
	}
	if bytes.Equal(WordsHash([]byte("salt"), "words"), WordsHash([]byte("sal"), "twords")) {
		t.Error("salt and words run together")
	}
}

// TestWaitingLong: what waited while no server ran is sealed late, many at a
// time, and nothing is wrong with it.
func TestWaitingLong(t *testing.T) {
	m := ordinary(t)
	m.add(3*Together + 5)
	m.now = m.now.Add(48 * time.Hour)
	m.seal()
	m.checkpoint()
	if list, sum := m.verify(); len(list) > 0 || sum.Rows != 30+3*Together+5 {
		t.Errorf("found %v, %+v", list, sum)
	}
	if list, _ := m.verify(func(o *Options) { o.From = 2000 }); len(list) > 0 {
		t.Errorf("from the middle of it: %v", list)
	}
}

// TestWords: the reason of a row is what was written, or destroyed on record.
func TestWords(t *testing.T) {
	salt := []byte("0123456789abcdef")
	make := func(t *testing.T) *trail {
		m := newTrail(t)
		m.add(3)
		for k, words := range []string{"核对伤员", "复核"} {
			m.waiting[k].ReasonHash = WordsHash(salt, words)
		}
		m.seal()
		m.rows[0].Words = Words{Kept: true, Salt: salt, Text: "核对伤员"}
		m.rows[1].Words = Words{Kept: true, Salt: salt, Text: "复核"}
		m.checkpoint()
		return m
	}
	if list, sum := make(t).verify(); len(list) > 0 || sum.Words != 2 {
		t.Fatalf("sound: %v, %+v", list, sum)
	}
	erase := func(m *trail) {
		m.rows[1].Words = Words{Kept: true, Destroyed: true}
		m.add(1)
		m.waiting[0].Action, m.waiting[0].Count = dispatch.AuditErase, 1
		m.seal()
	}
	for name, tt := range map[string]struct {
		do   func(m *trail)
		want []Finding
	}{
		"edited":                     {func(m *trail) { m.rows[1].Words.Text = "别的" }, []Finding{{Seq: 2, Kind: WordsEdited}}},
		"gone":                       {func(m *trail) { m.rows[1].Words = Words{} }, []Finding{{Seq: 2, Kind: WordsMissing}}},
		"destroyed, on record":       {erase, nil},
		"destroyed without a record": {func(m *trail) { m.rows[1].Words = Words{Kept: true, Destroyed: true} }, []Finding{{Seq: 3, Kind: WordsMissing}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := make(t)
			tt.do(m)
			list, _ := m.verify()
			for i := range list {
				list[i].Text = ""
			}
			if !slices.Equal(list, tt.want) {
				t.Errorf("found %v, want %v", list, tt.want)
			}
		})
	}
}

// lines gives the file's lines, each with its end.
func (m *trail) lines() [][]byte {
	raw, err := os.ReadFile(m.path)
	if err != nil {
		m.t.Fatal(err)
	}
	list := bytes.SplitAfter(raw, []byte{'\n'})
	return list[:len(list)-1]
}

func (m *trail) write(lines ...[]byte) {
	if err := os.WriteFile(m.path, bytes.Join(lines, nil), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// TestTheFileOfCheckpoints: a line that was changed, removed, moved, written by
// another key or is not there at all.
func TestTheFileOfCheckpoints(t *testing.T) {
	tests := []struct {
		name string
		do   func(m *trail)
		want []string // kinds
	}{
		{"sound", func(*trail) {}, nil},
		{"a line edited", func(m *trail) {
			l := m.lines()
			l[1] = bytes.Replace(l[1], []byte(`"epoch":"a"`), []byte(`"epoch":"b"`), 1)
			m.write(l...)
		}, []string{CheckpointForged, CheckpointMissing}},
		{"a line removed", func(m *trail) { l := m.lines(); m.write(l[0], l[2]) }, []string{CheckpointMissing}},
		{"the first line removed", func(m *trail) { l := m.lines(); m.write(l[1:]...) }, []string{CheckpointMissing}},
		{"lines swapped", func(m *trail) { l := m.lines(); m.write(l[1], l[0], l[2]) }, []string{CheckpointMissing, CheckpointMissing, CheckpointMissing}},
		{"a line made unreadable", func(m *trail) { l := m.lines(); l[1][0] = 'x'; m.write(l...) }, []string{CheckpointMissing}},
		{"another key", func(m *trail) { m.key, _ = NewKey(); m.checkpoint(); m.key, _ = NewKey() },
			[]string{CheckpointForged, CheckpointForged, CheckpointForged, CheckpointForged}},
		{"the file removed", func(m *trail) {
			_ = os.Remove(m.path)
			m.now = m.now.Add(time.Hour)
			m.add(1)
			m.seal()
		}, []string{CheckpointMissing}},
		{"none written for an hour", func(m *trail) {
			m.add(1)
			m.seal()
			m.now = m.now.Add(time.Hour)
			m.add(1)
			m.seal()
		}, []string{CheckpointMissing}},
		{"half a line left by a crash", func(m *trail) {
			l := m.lines()
			m.write(append(l, []byte(`{"kind":"chec`))...)
			m.add(1)
			m.seal()
			m.checkpoint()
		}, nil},
		{"the tail of it cut off", func(m *trail) {
			l := m.lines()
			m.write(l[:1]...)
			m.now = m.now.Add(time.Hour)
			m.add(1)
			m.seal()
		}, []string{CheckpointMissing}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := ordinary(t)
			tt.do(m)
			list, _ := m.verify()
			var kinds []string
			for _, f := range list {
				t.Log(f)
				kinds = append(kinds, f.Kind)
			}
			if !slices.Equal(kinds, tt.want) {
				t.Errorf("found %v, want %v", kinds, tt.want)
			}
		})
	}
}

// TestTwoFiles: two nodes that seal in turn, each with a file and a key.
func TestTwoFiles(t *testing.T) {
	m := ordinary(t)
	first, firstKey := m.file, m.key.Public()
	m.key, _ = NewKey()
	m.file = NewFile(filepath.Join(t.TempDir(), "other"))
	m.add(10)
	m.seal()
	m.checkpoint()
	both := func(o *Options) { o.Files, o.Keys = []File{first, m.file}, Trust(firstKey, m.key.Public()) }
	if list, sum := m.verify(both); len(list) > 0 || sum.Checkpoints != 4 || sum.Attested != 40 {
		t.Fatalf("found %v, %+v", list, sum)
	}
	m.at(35).AccountID = 99
	m.rehash(35)
	if list, _ := m.verify(both); len(list) != 1 || list[0].Kind != Rewritten || list[0].Seq != 31 || list[0].To != 40 {
		t.Errorf("found %v", list)
	}
}

// TestRemovedRows: rows that were removed after their time leave a signed record.
func TestRemovedRows(t *testing.T) {
	remove := func(m *trail, after time.Duration) Checkpoint {
		c := m.key.Sign(Checkpoint{Kind: KindDropped, First: 1, Seq: 10, Hash: m.at(10).Hash, SealedAt: m.at(10).SealedAt, Count: 10, At: m.at(10).SealedAt.Add(after), Epoch: "a"})
		m.rows, m.dropped = m.rows[10:], []Checkpoint{c}
		return c
	}
	const days = 24 * time.Hour
	m := ordinary(t)
	remove(m, 200*days)
	if list, sum := m.verify(); len(list) > 0 || sum.Dropped != 10 || sum.First != 11 {
		t.Fatalf("found %v, %+v", list, sum)
	}
	for name, tt := range map[string]struct {
		do   func(m *trail)
		kind string
	}{
		"too early":               {func(m *trail) { remove(m, 199*days) }, Dropped},
		"a record of another key": {func(m *trail) { c := remove(m, 200*days); k, _ := NewKey(); m.dropped[0] = k.Sign(c) }, CheckpointForged},
		"another hash":            {func(m *trail) { c := remove(m, 200*days); c.Hash = Beginning(); m.dropped[0] = m.key.Sign(c) }, Rewritten},
		"more rows than it says":  {func(m *trail) { remove(m, 200*days); m.rows = m.rows[1:] }, Deleted},
		"the record removed":      {func(m *trail) { remove(m, 200*days); m.dropped = nil }, Dropped},
		"an edited record":        {func(m *trail) { remove(m, 200*days); m.dropped[0].First = 2 }, CheckpointForged},
	} {
		t.Run(name, func(t *testing.T) {
			m := ordinary(t)
			tt.do(m)
			if list, _ := m.verify(); len(list) == 0 || list[0].Kind != tt.kind {
				t.Errorf("found %v, want %s", list, tt.kind)
			}
		})
	}
}
