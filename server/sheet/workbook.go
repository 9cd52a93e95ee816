package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// What a workbook may unpack to: its parts that are read, in all; one part in
// memory, larger ones being unpacked to temporary files; all in memory.
const (
	unpackLimit = 512 << 20
	memoryLimit = 16 << 20
	heldLimit   = 128 << 20
)

// workbookTable reads one sheet of a workbook.
type workbookTable struct {
	format Format
	book   *excelize.File
	rows   *excelize.Rows
	merged *merges
	line   int
	total  int
}

func openWorkbook(f File, size int64, sheet string) (Table, error) {
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return nil, ErrBroken
	}
	bare, err := withoutPictures(archive)
	if err != nil {
		return nil, err
	}
	book, err := excelize.OpenReader(bare, excelize.Options{RawCellValue: true, UnzipSizeLimit: unpackLimit, UnzipXMLSizeLimit: memoryLimit})
	if err != nil {
		return nil, ErrBroken
	}
	t := &workbookTable{book: book, format: Format{Kind: "xlsx"}}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		t.format.Date1904 = *props.Date1904
	}
	if err := t.choose(archive, sheet); err != nil {
		return nil, errors.Join(err, book.Close())
	}
	return t, nil
}

// withoutPictures gives the archive with only the parts that hold a table's
// cells, as they are packed: photographs and drawings may be many times larger.
// A part that holds more than it states is cut off there by the reader of the
// archive itself.
func withoutPictures(archive *zip.Reader) (io.Reader, error) {
	var packed bytes.Buffer
	out := zip.NewWriter(&packed)
	var unpacked, held uint64
	workbook := false
	for _, part := range archive.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, "\\", "/"))
		workbook = workbook || name == "xl/workbook.xml"
		sheet := strings.HasPrefix(name, "xl/worksheets/sheet") || name == "xl/sharedstrings.xml"
		needed := sheet || strings.HasSuffix(name, ".rels") || name == "[content_types].xml" || name == "xl/workbook.xml" || name == "xl/styles.xml" ||
			strings.HasPrefix(name, "xl/worksheets/")
		if !needed || strings.HasSuffix(name, "/") {
			continue
		}
		if unpacked += part.UncompressedSize64; unpacked > unpackLimit || !sheet && part.UncompressedSize64 > memoryLimit {
			return nil, ErrTooLarge
		}
		if part.UncompressedSize64 <= memoryLimit {
			if held += part.UncompressedSize64; held > heldLimit {
				return nil, ErrTooLarge
			}
		}
		if err := out.Copy(part); err != nil {
			return nil, ErrBroken
		}
	}
	if !workbook { // an archive of something else
		return nil, ErrBinary
	}
	return &packed, out.Close()
}

// choose opens the sheet asked for, or the first visible one that has rows.
func (t *workbookTable) choose(archive *zip.Reader, sheet string) error {
	for _, part := range archive.File {
		if strings.EqualFold(part.Name, "xl/sharedStrings.xml") {
			if err := tagsOf(archive, part.Name, func([]byte) {}); err != nil {
				return err
			}
		}
	}
	for _, name := range t.book.GetSheetList() {
		visible, err := t.book.GetSheetVisible(name)
		if sheet != "" && name != sheet || sheet == "" && (err != nil || !visible) {
			continue
		}
		if t.merged, t.total, err = readMerges(archive, name); err != nil {
			return err
		} else if sheet == "" && t.total == 0 {
			continue
		}
		t.format.Sheet = name
		if t.rows, err = t.book.Rows(name); err != nil {
			return ErrBroken
		}
		return nil
	}
	return ErrNoSheet
}

// Format gives what the file is.
func (t *workbookTable) Format() Format { return t.format }

// Header gives nil: it is among the rows.
func (t *workbookTable) Header() []string { return nil }

// Next gives the next row; what was merged stands in each of the cells that it
// covers.
func (t *workbookTable) Next() (Row, error) {
	if !t.rows.Next() {
		if err := t.rows.Error(); err != nil {
			return Row{}, &LineError{t.line + 1, ErrBroken}
		}
		return Row{}, io.EOF
	}
	t.line++
	cells, err := t.rows.Columns()
	if err != nil {
		return Row{}, &LineError{t.line, ErrBroken}
	}
	if len(cells) > maxColumns {
		cells = cells[:maxColumns]
	}
	for i, c := range cells {
		cells[i] = tidy(c)
	}
	return Row{Line: t.line, Cells: t.merged.fill(t.line, cells)}, nil
}

// tidy gives a number as it is shown, where a workbook keeps it as 36.799999999999997
// or, written by a program, as 1.3800138001E10. What a spreadsheet has shortened
// for the eye, 1.38E+10, is text, and stays.
func tidy(cell string) string {
	long := len(cell) > 16 && strings.IndexByte(cell, '.') > 0
	power := strings.IndexByte(cell, 'E') > 0 && strings.IndexByte(cell, '+') < 0
	if !long && !power || strings.Trim(cell, "-+.E0123456789") != "" {
		return cell
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.Abs(v) >= 1e15 {
		return cell
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return cell
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

// Read gives how far the reading is.
func (t *workbookTable) Read() float64 { return min(1, float64(t.line)/float64(max(t.total, 1))) }

// Close removes the temporary files.
func (t *workbookTable) Close() error {
	return errors.Join(t.rows.Close(), t.book.Close())
}
