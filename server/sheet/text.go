package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

var bom8 = []byte("\xef\xbb\xbf")

// longestRow bounds a row of CSV in bytes: beyond it a quotation mark has been
// left open.
const longestRow = 4 << 20

// textTable reads CSV.
type textTable struct {
	format Format
	csv    *csv.Reader
	guard  *guard
	size   int64
}

// openText finds the encoding over the whole file and the separator in its
// first lines.
func openText(f File, size int64) (Table, error) {
	encoding, err := encodingOf(f)
	if err != nil {
		return nil, err
	}
	t := &textTable{format: Format{Kind: "csv", Encoding: encoding}, size: max(size, 1)}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(t.decoded(io.NewSectionReader(f, 0, size)), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	separator := separatorOf(string(head[:n]))
	t.format.Separator = string(separator)
	t.guard = &guard{Reader: io.NewSectionReader(f, 0, size)}
	t.csv = csv.NewReader(t.decoded(t.guard))
	t.csv.Comma, t.csv.FieldsPerRecord, t.csv.LazyQuotes = separator, -1, true
	return t, nil
}

func (t *textTable) decoded(r io.Reader) io.Reader {
	switch t.format.Encoding {
	case "gb18030":
		return transform.NewReader(r, simplifiedchinese.GB18030.NewDecoder())
	case "utf-16":
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	}
	return transform.NewReader(r, unicode.UTF8BOM.NewDecoder())
}

// guard stops a row that does not end, and counts what was read.
type guard struct {
	io.Reader
	read, mark int64
}

// Read reads on while the row is of a bearable length.
func (g *guard) Read(p []byte) (int, error) {
	if g.read-g.mark > longestRow {
		return 0, ErrQuote
	}
	n, err := g.Reader.Read(p)
	g.read += int64(n)
	return n, err
}

// Format gives what the file is.
func (t *textTable) Format() Format { return t.format }

// Header gives nil: it is among the rows.
func (t *textTable) Header() []string { return nil }

// Next gives the next row that is not blank.
func (t *textTable) Next() (Row, error) {
	t.guard.mark = t.guard.read
	cells, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	line, _ := 0, 0
	if len(cells) > 0 {
		line, _ = t.csv.FieldPos(0)
	}
	var at *csv.ParseError
	switch {
	case errors.As(err, &at):
		return Row{}, &LineError{at.StartLine, ErrQuote}
	case errors.Is(err, ErrQuote):
		return Row{}, &LineError{line, ErrQuote}
	case err != nil:
		return Row{}, fmt.Errorf("read the file: %w", err)
	}
	return Row{Line: line, Cells: cells}, nil
}

// Read gives how far the reading is.
func (t *textTable) Read() float64 { return float64(t.guard.read) / float64(t.size) }

// Close has nothing to let go of.
func (t *textTable) Close() error { return nil }

// encodingOf looks at the whole file: valid UTF-8 is UTF-8, what has zero bytes
// and no mark of UTF-16 is no text, anything else is taken for GB18030, which
// nearly every sequence of bytes is.
func encodingOf(f File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("read the file: %w", err)
	}
	r := bufio.NewReaderSize(f, 1<<20)
	if mark, err := r.Peek(2); err == nil && (bytes.Equal(mark, []byte{0xff, 0xfe}) || bytes.Equal(mark, []byte{0xfe, 0xff})) {
		return "utf-16", nil
	}
	buffer := make([]byte, 1<<20)
	kept, valid := 0, true
	for {
		n, err := r.Read(buffer[kept:])
		chunk := buffer[:kept+n]
		if bytes.IndexByte(chunk[kept:], 0) >= 0 {
			return "", ErrBinary
		}
		kept = 0
		if valid {
			whole := chunk
			if err == nil {
				whole = chunk[:lastRune(chunk)]
			}
			valid = utf8.Valid(whole)
			kept = copy(buffer, chunk[len(whole):])
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read the file: %w", err)
		}
	}
	if valid {
		return "utf-8", nil
	}
	return "gb18030", nil
}

// lastRune gives where an incomplete rune at the end begins, else the length.
func lastRune(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// separatorOf gives the separator by which the first lines fall into the most
// columns, of those that most lines agree on.
func separatorOf(head string) rune {
	lines := strings.Split(strings.ReplaceAll(head, "\r\n", "\n"), "\n")
	if len(lines) > 30 {
		lines = lines[:30]
	}
	best, bestScore := ',', 0
	for _, sep := range []rune{',', '\t', ';', '，', '|'} {
		counts := map[int]int{}
		for _, l := range lines {
			if n := columnsOf(l, sep); n > 1 {
				counts[n]++
			}
		}
		for n, agreeing := range counts {
			if score := n * agreeing * agreeing; score > bestScore {
				best, bestScore = sep, score
			}
		}
	}
	return best
}

// columnsOf counts the columns of a line outside of quotation marks.
func columnsOf(line string, sep rune) int {
	n, quoted := 1, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == sep && !quoted:
			n++
		}
	}
	return n
}
