package sheet

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"
)

// opened opens bytes as a file.
func opened(t *testing.T, content []byte) Table {
	t.Helper()
	table, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return table
}

// allRows reads a table to its end.
func allRows(t *testing.T, table Table) []Row {
	t.Helper()
	var rows []Row
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatalf("row %d: %v", len(rows)+1, err)
		}
		rows = append(rows, row)
	}
}

// firstError reads bytes until an error: of opening or of a row.
func firstError(content []byte) error {
	table, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
	if err != nil {
		return err
	}
	defer func() { _ = table.Close() }()
	for {
		if _, err := table.Next(); err != nil {
			return err
		}
	}
}

// lineOf gives the line that an error names, 0 for none.
func lineOf(err error) int {
	var at *LineError
	if errors.As(err, &at) {
		return at.Line
	}
	return 0
}

// peakOf gives how far the heap grew while fn ran.
func peakOf(fn func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak := m.HeapAlloc, m.HeapAlloc
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		var m runtime.MemStats
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	fn()
	close(done)
	<-watched
	runtime.ReadMemStats(&m)
	return max(peak, m.HeapAlloc) - before
}

// pattern is a file of a head and a body that is repeated, without holding it.
type pattern struct {
	head, body []byte
	size, at   int64
}

func (p *pattern) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) && off+int64(n) < p.size {
		at := off + int64(n)
		from := p.head
		if at >= int64(len(p.head)) {
			from, at = p.body, (at-int64(len(p.head)))%int64(len(p.body))
		}
		n += copy(b[n:min(len(b), n+int(p.size-off)-n)], from[at:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (p *pattern) Read(b []byte) (int, error) {
	n, err := p.ReadAt(b, p.at)
	p.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (p *pattern) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += p.at
	case io.SeekEnd:
		offset += p.size
	}
	p.at = offset
	return offset, nil
}
