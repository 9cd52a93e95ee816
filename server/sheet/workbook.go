package sheet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// What a workbook may unpack to: in all, and in memory for one part; larger
// parts are unpacked to temporary files.
const (
	unpackLimit = 512 << 20
	memoryLimit = 16 << 20
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
	// The sum that the archive itself states; what it hides beyond that, the
	// reader's own limit stops.
	archive, err := zip.NewReader(f, size)
	if err != nil {
		return nil, ErrBroken
	}
	var unpacked uint64
	for _, part := range archive.File {
		if unpacked += part.UncompressedSize64; unpacked > unpackLimit {
			return nil, ErrTooLarge
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	book, err := excelize.OpenReader(f, excelize.Options{RawCellValue: true, UnzipSizeLimit: unpackLimit, UnzipXMLSizeLimit: memoryLimit})
	switch {
	case err != nil && strings.Contains(err.Error(), "unzip size exceeds"):
		return nil, ErrTooLarge
	case err != nil:
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

// choose opens the sheet asked for, or the first visible one that has rows.
func (t *workbookTable) choose(archive *zip.Reader, sheet string) error {
	for _, name := range t.book.GetSheetList() {
		visible, err := t.book.GetSheetVisible(name)
		if sheet != "" && name != sheet || sheet == "" && (err != nil || !visible) {
			continue
		}
		rows, err := t.book.Rows(name)
		if err != nil {
			return ErrBroken
		}
		if sheet == "" && !rows.Next() {
			if err := rows.Close(); err != nil {
				return ErrBroken
			}
			continue
		}
		if err := rows.Close(); err != nil {
			return ErrBroken
		}
		t.format.Sheet = name
		if t.merged, t.total, err = readMerges(archive, name); err != nil {
			return err
		}
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
	return Row{Line: t.line, Cells: t.merged.fill(t.line, cells)}, nil
}

// Read gives how far the reading is.
func (t *workbookTable) Read() float64 { return min(1, float64(t.line)/float64(max(t.total, 1))) }

// Close removes the temporary files.
func (t *workbookTable) Close() error {
	return errors.Join(t.rows.Close(), t.book.Close())
}
