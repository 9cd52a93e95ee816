package sheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Writer writes a table row by row; Close completes the file.
type Writer interface {
	Write(cells []string) error
	Close() error
}

// Column is a column of a table to be written.
type Column struct {
	Title   string
	Note    string   // a comment at the title, of a workbook
	Width   int      // in characters; 0 for 14
	Number  bool     // its cells are numbers
	Choices []string // offered in a list, of a workbook
}

// longestCell is what a cell of a workbook may hold.
const longestCell = 32767

// CSV begins a CSV file that Excel opens as what it is: UTF-8 with its mark.
// Cells that Excel would take for a formula get an apostrophe.
func CSV(w io.Writer, columns []Column) (Writer, error) {
	if _, err := w.Write(bom8); err != nil {
		return nil, fmt.Errorf("write the table: %w", err)
	}
	t := &csvWriter{csv.NewWriter(w)}
	t.csv.UseCRLF = true
	return t, t.Write(titles(columns))
}

type csvWriter struct{ csv *csv.Writer }

// Write writes a row.
func (t *csvWriter) Write(cells []string) error {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = c
		if reckoned(c) {
			safe[i] = "'" + c
		}
	}
	return t.csv.Write(safe)
}

// formulaMarks begin what a spreadsheet takes for a formula.
const formulaMarks = "=+-@\t\r＝＋－＠"

// reckoned says whether a spreadsheet would take a cell for a formula. A number
// is none; what has an apostrophe of its own before such a mark gets one more.
func reckoned(cell string) bool {
	bare := strings.TrimLeft(cell, "'")
	if bare == "" || !strings.ContainsRune(formulaMarks, []rune(bare)[0]) {
		return false
	}
	_, err := strconv.ParseFloat(cell, 64)
	return err != nil || cell[0] != '-'
}

// Unguarded gives a cell without the apostrophe that CSV puts before what a
// spreadsheet would take for a formula.
func Unguarded(cell string) string {
	if bare, guarded := strings.CutPrefix(cell, "'"); guarded && reckoned(cell) {
		return bare
	}
	return cell
}

// Close completes the file.
func (t *csvWriter) Close() error {
	t.csv.Flush()
	return t.csv.Error()
}

func titles(columns []Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Title
	}
	return out
}

// Workbook begins an Excel file of one sheet: its title row stays in view,
// texts are texts, so that no telephone number becomes 1.38E+10.
func Workbook(w io.Writer, sheet string, columns []Column) (Writer, error) {
	book := excelize.NewFile()
	t := &workbookWriter{to: w, book: book, columns: columns, line: 1}
	if err := t.begin(sheet); err != nil {
		return nil, errors.Join(fmt.Errorf("write the table: %w", err), book.Close())
	}
	return t, nil
}

type workbookWriter struct {
	to      io.Writer
	book    *excelize.File
	stream  *excelize.StreamWriter
	columns []Column
	text    int // style
	line    int
}

func (t *workbookWriter) begin(sheet string) error {
	first := t.book.GetSheetName(0)
	if err := t.book.SetSheetName(first, sheet); err != nil {
		return err
	}
	for i, c := range t.columns {
		if err := t.describe(sheet, i+1, c); err != nil {
			return err
		}
	}
	var err error
	if t.text, err = t.book.NewStyle(&excelize.Style{NumFmt: 49}); err != nil {
		return err
	}
	bold, err := t.book.NewStyle(&excelize.Style{NumFmt: 49, Font: &excelize.Font{Bold: true},
		Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE6E4"}}})
	if err != nil {
		return err
	}
	if t.stream, err = t.book.NewStreamWriter(sheet); err != nil {
		return err
	}
	for i, c := range t.columns {
		width := c.Width
		if width == 0 {
			width = 14
		}
		if err := t.stream.SetColWidth(i+1, i+1, float64(width)); err != nil {
			return err
		}
		if !c.Number { // what is typed below the last row is text too
			if err := t.stream.SetColStyle(i+1, i+1, t.text); err != nil {
				return err
			}
		}
	}
	if err := t.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	row := make([]any, len(t.columns))
	for i, c := range t.columns {
		row[i] = excelize.Cell{StyleID: bold, Value: c.Title}
	}
	return t.stream.SetRow("A1", row)
}

// describe puts a column's note and choices.
func (t *workbookWriter) describe(sheet string, column int, c Column) error {
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		return err
	}
	if c.Note != "" {
		if err := t.book.AddComment(sheet, excelize.Comment{Cell: name + "1", Author: "一屏", Text: c.Note, Width: 320, Height: 120}); err != nil {
			return err
		}
	}
	// Excel bounds the list by 255 characters.
	if list := strings.Join(c.Choices, ","); list != "" && len([]rune(list)) < 250 {
		v := excelize.NewDataValidation(true)
		v.Sqref = name + "2:" + name + "5000"
		if err := v.SetDropList(c.Choices); err != nil {
			return err
		}
		v.ShowErrorMessage = false // another value may be right in a list of several
		return t.book.AddDataValidation(sheet, v)
	}
	return nil
}

// Write writes a row.
func (t *workbookWriter) Write(cells []string) error {
	t.line++
	row := make([]any, len(cells))
	for i, c := range cells {
		if len([]rune(c)) > longestCell {
			c = "" // such as a boundary of thousands of corners: left out, which an import leaves as it is
		}
		if strings.HasPrefix(c, "'") && reckoned(c) { // its own apostrophe, which reading takes for a guard
			c = "'" + c
		}
		var v any = c
		if i < len(t.columns) && t.columns[i].Number && c != "" {
			v = number(c)
		}
		row[i] = excelize.Cell{StyleID: t.text, Value: v}
		if _, isText := v.(string); !isText {
			row[i] = v
		}
	}
	cell, err := excelize.CoordinatesToCellName(1, t.line)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	return t.stream.SetRow(cell, row)
}

// Close completes the file and writes it out.
func (t *workbookWriter) Close() error {
	err := t.stream.Flush()
	if err == nil {
		err = t.book.Write(t.to)
	}
	return errors.Join(err, t.book.Close())
}

// number gives a numeric cell's value, the text where it is none.
func number(text string) any {
	if v, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
		return v
	}
	return text
}
