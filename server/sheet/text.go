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

// longestRow bounds a row of CSV in bytes: beyond it there are no lines, or a
// quotation mark has been left open.
const longestRow = 4 << 20

// textTable reads CSV.
type textTable struct {
	format Format
	csv    *csv.Reader
	guard  *guard
	tape   *tape
	size   int64
	line   int  // the last row's
	oldMac bool // lines end in CR alone
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
	n, err := io.ReadFull(decoded(io.NewSectionReader(f, 0, size), encoding), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	head = head[:n]
	t.oldMac = bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0
	if t.oldMac {
		head = bytes.ReplaceAll(head, []byte{'\r'}, []byte{'\n'})
	}
	separator := separatorOf(string(head))
	t.format.Separator = string(separator)
	t.guard = &guard{Reader: io.NewSectionReader(f, 0, size)}
	t.tape = &tape{from: decoded(t.guard, encoding), oldMac: t.oldMac}
	t.csv = csv.NewReader(t.tape)
	t.csv.Comma, t.csv.FieldsPerRecord = separator, -1
	return t, nil
}

// splitLine gives the cells of a line with a stray quotation mark: a cell is
// quoted where a mark before a separator ends it, and as it stands where not.
func splitLine(line, separator string) []string {
	var cells []string
	for {
		cell, rest, found := strings.Cut(line, separator)
		if inner, behind, quoted := quotedCell(line, separator); quoted {
			cell, rest, found = strings.ReplaceAll(inner, `""`, `"`), strings.TrimPrefix(behind, separator), behind != ""
		}
		cells = append(cells, cell)
		if !found {
			return cells
		}
		line = rest
	}
}

// quotedCell gives what stands in quotation marks at the beginning of a line,
// and what is behind them.
func quotedCell(line, separator string) (inner, behind string, ok bool) {
	if !strings.HasPrefix(line, `"`) {
		return "", "", false
	}
	for i := 1; i < len(line); i++ {
		switch rest := line[i:]; {
		case strings.HasPrefix(rest, `""`):
			i++
		case strings.HasPrefix(rest, `"`+separator), rest == `"`:
			return line[1:i], rest[1:], true
		case strings.HasPrefix(rest, separator+`"`): // the next cell begins
			return "", "", false
		}
	}
	return "", "", false
}

// decoded gives a text as UTF-8 without its mark.
func decoded(r io.Reader, encoding string) io.Reader {
	switch encoding {
	case "gb18030":
		return transform.NewReader(r, simplifiedchinese.GB18030.NewDecoder())
	case "utf-16":
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	}
	return transform.NewReader(r, unicode.UTF8BOM.NewDecoder())
}

// tape keeps what was read since the present row began, so that a row with a
// stray quotation mark can be looked at again.
type tape struct {
	from   io.Reader
	kept   []byte
	at     int64 // offset of what is kept
	oldMac bool
}

// Read reads on.
func (t *tape) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	if t.oldMac {
		for i, b := range p[:n] {
			if b == '\r' {
				p[i] = '\n'
			}
		}
	}
	t.kept = append(t.kept, p[:n]...)
	return n, err
}

// forget lets go of what lies before an offset.
func (t *tape) forget(offset int64) {
	if gone := int(offset - t.at); gone > len(t.kept)/2 {
		t.kept = append(t.kept[:0], t.kept[gone:]...)
		t.at = offset
	}
}

// since gives what was read from one offset up to another.
func (t *tape) since(from, to int64) []byte { return t.kept[from-t.at : to-t.at] }

// guard stops a row that does not end, and counts what was read.
type guard struct {
	io.Reader
	read, mark int64
}

// Read reads on while the row is of a bearable length.
func (g *guard) Read(p []byte) (int, error) {
	if g.read-g.mark > longestRow {
		return 0, ErrLongRow
	}
	n, err := g.Reader.Read(p)
	g.read += int64(n)
	return n, err
}

// Format gives what the file is.
func (t *textTable) Format() Format { return t.format }

// Header gives nil: it is among the rows.
func (t *textTable) Header() []string { return nil }

// Next gives the next row that is not empty. A quotation mark within a cell is
// taken as it stands, but one that would swallow the lines behind it is an
// error.
func (t *textTable) Next() (Row, error) {
	t.guard.mark = t.guard.read
	from := t.csv.InputOffset()
	t.tape.forget(from)
	cells, err := t.csv.Read()
	if err == nil {
		t.line, _ = t.csv.FieldPos(0)
		return Row{Line: t.line, Cells: cells}, nil
	}
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	raw := bytes.TrimRight(t.tape.since(from, t.csv.InputOffset()), "\r\n")
	var at *csv.ParseError
	switch {
	case errors.As(err, &at) && at.StartLine == at.Line:
		t.line = at.StartLine
		return Row{Line: t.line, Cells: splitLine(string(raw), string(t.csv.Comma))}, nil
	case errors.As(err, &at):
		return Row{}, &LineError{at.StartLine, ErrQuote}
	case errors.Is(err, ErrLongRow) && bytes.IndexByte(t.tape.kept, '"') >= 0:
		return Row{}, &LineError{t.line + 1, ErrQuote}
	case errors.Is(err, ErrLongRow):
		return Row{}, &LineError{t.line + 1, ErrLongRow}
	}
	return Row{}, fmt.Errorf("read the file: %w", err)
}

// Read gives how far the reading is.
func (t *textTable) Read() float64 { return float64(t.guard.read) / float64(t.size) }

// Close has nothing to let go of.
func (t *textTable) Close() error { return nil }

// encodingOf looks at the whole file: what carries a mark is what the mark says,
// what has zero bytes and no mark of UTF-16 is no text, valid UTF-8 is UTF-8,
// anything else is taken for GB18030, which nearly every sequence of bytes is.
// A few bytes that are wrong among many that are right do not make a file of
// UTF-8 another: it may have been cut off within a character.
func encodingOf(f File) (string, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("read the file: %w", err)
	}
	r := bufio.NewReaderSize(f, 1<<20)
	if mark, err := r.Peek(2); err == nil && utf16(mark) {
		return "utf-16", nil
	}
	mark, _ := r.Peek(len(bom8))
	marked := bytes.Equal(mark, bom8)
	buffer := make([]byte, 1<<20)
	var right, wrong, kept int
	for {
		n, err := r.Read(buffer[kept:])
		chunk := buffer[:kept+n]
		if bytes.IndexByte(chunk[kept:], 0) >= 0 {
			return "", ErrBinary
		}
		whole := chunk[:lastRune(chunk)]
		a, b := runesOf(whole)
		right, wrong = right+a, wrong+b
		kept = copy(buffer, chunk[len(whole):])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read the file: %w", err)
		}
	}
	if marked || wrong == 0 || right > wrongBearable*wrong {
		return "utf-8", nil
	}
	return "gb18030", nil
}

// wrongBearable is how many characters of UTF-8 there must be for each wrong
// byte: a text of GB18030 has about one wrong byte for each that looks right.
const wrongBearable = 20

// runesOf counts the characters beyond ASCII, and the bytes that are none.
func runesOf(b []byte) (right, wrong int) {
	if utf8.Valid(b) {
		for _, c := range b {
			if c >= 0xc0 { // the first byte of one
				right++
			}
		}
		return right, 0
	}
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			wrong++
		} else {
			right++
		}
		b = b[size:]
	}
	return right, wrong
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
