package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

var writers = map[string]func(io.Writer, []Column) (Writer, error){
	"csv":  CSV,
	"xlsx": func(w io.Writer, c []Column) (Writer, error) { return Workbook(w, "表", c) },
}

func written(t *testing.T, begin func(io.Writer, []Column) (Writer, error), columns []Column, rows [][]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := begin(&out, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var awkward = []string{"370306001001000123", "007", "+8613800000000", "13800000000", "1.38E+10", "=1+1", "=HYPERLINK(\"http://x\",\"y\")", "+1+1", "-1+1", "-cmd|' /C calc'!A0", "@SUM(A1)",
	"＝1+1", "'=1", "''=1", "'quoted'", "a,b;c\td", "say \"hi\"", "two\nlines", "示范㐂𠮷", "-", "-117.85", "0.1", "1e5", "TRUE", "2026-05-01", "3/5", "_x0041_", "<a>&amp;</a>", " 两边空格 ", ""}

// What is written is read in again as it was.
func TestRoundTrip(t *testing.T) {
	columns := []Column{{Title: "编号"}, {Title: "内容", Width: 30, Note: "说明", Choices: []string{"甲", "乙"}}}
	var rows [][]string
	for _, text := range awkward {
		rows = append(rows, []string{"x", text})
	}
	for name, begin := range writers {
		t.Run(name, func(t *testing.T) {
			table := opened(t, written(t, begin, columns, rows))
			got := allRows(t, table)
			if table.Format().Kind != name || !reflect.DeepEqual(got[0].Cells, []string{"编号", "内容"}) || len(got) != len(rows)+1 {
				t.Fatalf("%+v: %v", table.Format(), got)
			}
			for i, text := range awkward {
				cells := got[i+1].Cells
				read := ""
				if len(cells) > 1 {
					read = Unguarded(cells[1])
				}
				if read != text {
					t.Errorf("%q came back as %q", text, read)
				}
			}
		})
	}
}

// A spreadsheet that opens the CSV reckons nothing, and numbers stay numbers.
func TestCSVHoldsNoFormula(t *testing.T) {
	var rows [][]string
	for _, text := range append(awkward, "\t=1", "\r=1", "=", "+", "@") {
		rows = append(rows, []string{text})
	}
	content := written(t, CSV, []Column{{Title: "=名称"}}, rows)
	cells, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, bom8))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cells {
		if strings.ContainsAny(c[0][:min(len(c[0]), 1)], "=+@\t\r") || strings.HasPrefix(c[0], "-") && c[0] != "-117.85" {
			t.Errorf("%q would be reckoned", c[0])
		}
	}
	if !bytes.HasPrefix(content, bom8) || !bytes.Contains(content, []byte("-117.85\r\n")) || !bytes.Contains(content, []byte("\r\n'=1+1\r\n")) {
		t.Errorf("%q", content)
	}
}

// In a workbook texts are texts, and the columns of numbers are numbers.
func TestWorkbookHoldsNoFormula(t *testing.T) {
	var rows [][]string
	for _, text := range awkward {
		rows = append(rows, []string{text, text})
	}
	rows = append(rows, []string{"36.8", "36.8"}, []string{"NaN", "NaN"}, []string{"Inf", "-Inf"})
	content := written(t, writers["xlsx"], []Column{{Title: "文"}, {Title: "数", Number: true}}, rows)
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	part, err := archive.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(part)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("<f>")) || bytes.Contains(raw, []byte("<v>NaN")) || bytes.Contains(raw, []byte("Inf</v>")) {
		t.Errorf("%s", raw)
	}
	book, err := excelize.OpenReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	for i := range rows {
		for column, letter := range []string{"A", "B"} {
			cell, _ := excelize.CoordinatesToCellName(column+1, i+2)
			kind, err := book.GetCellType("表", cell)
			if err != nil {
				t.Fatal(err)
			}
			number := map[string]bool{"36.8": true, "-117.85": true, "0.1": true, "1e5": true, "007": true, "13800000000": true, "1.38E+10": true, "+8613800000000": true, "370306001001000123": true}[rows[i][column]]
			if text := kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString; rows[i][column] != "" && text == (number && letter == "B") {
				t.Errorf("%s: %q is of type %v", cell, rows[i][column], kind)
			}
		}
	}
}

// A cell longer than a workbook's is left out, not cut.
func TestWorkbookLongCell(t *testing.T) {
	long := strings.Repeat("字", longestCell)
	rows := allRows(t, opened(t, written(t, writers["xlsx"], []Column{{Title: "a"}, {Title: "b"}, {Title: "c"}}, [][]string{{long, long + "字", "x"}})))
	if c := rows[1].Cells; c[0] != long || c[1] != "" || c[2] != "x" {
		t.Errorf("%d, %d, %q", len(c[0]), len(c[1]), c[2])
	}
}

// A list too long for Excel is left out: the workbook stays whole.
func TestWorkbookLongChoices(t *testing.T) {
	var choices []string
	for range 100 {
		choices = append(choices, "选项")
	}
	if rows := allRows(t, opened(t, written(t, writers["xlsx"], []Column{{Title: "a", Choices: choices}}, [][]string{{"x"}}))); rows[1].Cells[0] != "x" {
		t.Errorf("%v", rows)
	}
}

func TestMemory(t *testing.T) {
	table := Memory([]string{"a"}, [][]string{{"1"}, {"2"}})
	rows := allRows(t, table)
	if want := []Row{{Line: 1, Cells: []string{"1"}}, {Line: 2, Cells: []string{"2"}}}; !reflect.DeepEqual(rows, want) || table.Read() != 1 || table.Header()[0] != "a" || table.Format().Kind != "rows" {
		t.Errorf("%v", rows)
	}
}
