// Package sheet reads and writes the tables that people hand over: CSV in
// whatever encoding and with whatever separator, Excel workbooks as they are
// really made, and GeoJSON. It knows no noun: a table is rows of text.
//
// Reading is by rows, so that a file may be much larger than memory; only an
// Excel workbook's compressed bytes and shared texts are held.
package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"
)

// Row is one row of a table.
type Row struct {
	Line     int          // of the file, from 1; in GeoJSON the number of the feature
	Cells    []string     // trimmed of nothing: as they stand
	Geometry orb.Geometry // of GeoJSON, else nil
}

// Blank says whether a row holds nothing but spaces.
func (r Row) Blank() bool {
	if r.Geometry != nil {
		return false
	}
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// Table is a file being read. Next gives rows until io.EOF; a row it gave is
// the caller's to keep.
type Table interface {
	Format() Format
	// Header gives the column names where the format has them apart from the
	// rows (GeoJSON's properties), else nil: the header is among the rows.
	Header() []string
	Next() (Row, error)
	// Read gives how far into the file the reading is, 0 to 1.
	Read() float64
	Close() error
}

// Format says what a file turned out to be.
type Format struct {
	Kind      string `json:"kind"`                // csv, xlsx or geojson
	Encoding  string `json:"encoding,omitempty"`  // of CSV: utf-8, utf-16 or gb18030
	Separator string `json:"separator,omitempty"` // of CSV
	Sheet     string `json:"sheet,omitempty"`     // of a workbook: the sheet read
	Date1904  bool   `json:"-"`                   // of a workbook: how its numbers count days
	SRID      int    `json:"-"`                   // of GeoJSON: the coordinate system that it names, 0 for none
}

// File is bytes with random access, such as an *os.File.
type File interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

// The reasons why a file cannot be read as a table.
var (
	ErrEmpty     = errors.New("the file is empty")
	ErrBinary    = errors.New("the file is neither CSV, nor an Excel workbook, nor GeoJSON")
	ErrOldExcel  = errors.New("the file is an Excel 97-2003 workbook or protected by a password: save it as .xlsx without one")
	ErrBroken    = errors.New("the file is cut off or damaged")
	ErrTooLarge  = errors.New("unpacked, the workbook is larger than allowed: save it as CSV")
	ErrNoGeoJSON = errors.New("the file is JSON, but no GeoJSON with features or geometries")
	ErrWebPage   = errors.New("the file is a web page, whatever its name: open it in a spreadsheet and save it as .xlsx")
	ErrLongRow   = errors.New("the file has no lines: a row does not end")
	ErrQuote     = errors.New("a quotation mark is never closed")
	ErrNoSheet   = errors.New("the workbook has no such sheet, or none with rows")
)

// LineError is an error at a line.
type LineError struct {
	Line int
	Err  error
}

// Error names the line.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives the reason.
func (e *LineError) Unwrap() error { return e.Err }

// Options steer the reading.
type Options struct {
	Sheet string // of a workbook; "" for the first visible one that has rows
}

// Open finds out what a file is by its content and begins to read it.
func Open(f File, size int64, o Options) (Table, error) {
	head := make([]byte, 4096)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	head = head[:n]
	text := head
	if utf16(head) {
		text, _ = io.ReadAll(decoded(bytes.NewReader(head), "utf-16"))
	}
	text = bytes.TrimLeft(bytes.TrimPrefix(text, bom8), " \t\r\n")
	switch {
	case len(text) == 0 && size <= int64(n):
		return nil, ErrEmpty
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return openWorkbook(f, size, o.Sheet)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, ErrOldExcel
	case binary(head):
		return nil, ErrBinary
	case isWebPage(text):
		return nil, ErrWebPage
	case len(text) > 0 && text[0] == '{':
		return openGeoJSON(f, size)
	case isList(text):
		return nil, ErrNoGeoJSON
	}
	return openText(f, size)
}

// binary says that the beginning of a file is no text in any encoding: it has
// marks in it that no text has.
func binary(head []byte) bool {
	if bytes.HasPrefix(head, []byte("%PDF-")) {
		return true
	}
	strange := 0
	for _, c := range head {
		if c < ' ' && c != 0 && !bytes.ContainsRune([]byte("\t\n\v\f\r\x1a"), rune(c)) { // zeros are UTF-16's too
			strange++
		}
	}
	return strange > 8+len(head)/50 && !utf16(head)
}

// utf16 says whether a file has the mark of UTF-16.
func utf16(head []byte) bool {
	return bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
}

// isWebPage recognises what many systems hand out under the name of .xls.
func isWebPage(text []byte) bool {
	text = bytes.ToLower(text[:min(len(text), 64)])
	for _, mark := range []string{"<!doctype", "<html", "<table", "<?xml", "<meta", "<style"} {
		if bytes.HasPrefix(text, []byte(mark)) {
			return true
		}
	}
	return false
}

// isList recognises a list of JSON.
func isList(text []byte) bool {
	rest, found := bytes.CutPrefix(text, []byte("["))
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return found && len(rest) > 0 && (rest[0] == '{' || rest[0] == '[')
}
