package sheet

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook makes a workbook as fn fills it.
func workbook(t *testing.T, fn func(book *excelize.File) error) []byte {
	t.Helper()
	book := excelize.NewFile()
	if err := fn(book); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := errors.Join(book.Write(&out), book.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// filled puts rows from A1 on.
func filled(book *excelize.File, sheet string, rows ...[]any) error {
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := book.SetSheetRow(sheet, cell, &row); err != nil {
			return err
		}
	}
	return nil
}

// cellsOf gives the cells by line.
func cellsOf(rows []Row) map[int][]string {
	out := map[int][]string{}
	for _, r := range rows {
		if !r.Blank() {
			out[r.Line] = r.Cells
		}
	}
	return out
}

// The workbook of somebody in an office: a title over all columns, groups over
// two rows of header, blank lines, merged cells down a column.
func TestWorkbookAsMadeInAnOffice(t *testing.T) {
	content := workbook(t, func(book *excelize.File) error {
		return errors.Join(
			filled(book, "Sheet1",
				[]any{"示范区应急避难场所台账（2026年）"},
				[]any{"序号", "名称", "坐标", nil, "所属社区"},
				[]any{nil, nil, "经度", "纬度"},
				[]any{},
				[]any{1, "一号广场", 117.85, 36.8, "示范一社区"},
				[]any{2, "二号广场", "１１７．８６", "３６．８１"},
				[]any{" ", "\u3000"},
				[]any{3, "三号广场", 117.87, 36.82}),
			book.MergeCell("Sheet1", "A1", "E1"), book.MergeCell("Sheet1", "A2", "A3"), book.MergeCell("Sheet1", "B2", "B3"),
			book.MergeCell("Sheet1", "C2", "D2"), book.MergeCell("Sheet1", "E2", "E3"), book.MergeCell("Sheet1", "E5", "E8"))
	})
	table := opened(t, content)
	title := "示范区应急避难场所台账（2026年）"
	want := map[int][]string{
		1: {title, title, title, title, title},
		2: {"序号", "名称", "坐标", "坐标", "所属社区"},
		3: {"序号", "名称", "经度", "纬度", "所属社区"},
		5: {"1", "一号广场", "117.85", "36.8", "示范一社区"},
		6: {"2", "二号广场", "１１７．８６", "３６．８１", "示范一社区"},
		7: {" ", "\u3000", "", "", "示范一社区"},
		8: {"3", "三号广场", "117.87", "36.82", "示范一社区"},
	}
	rows := cellsOf(allRows(t, table))
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("%v\nwant %v", rows, want)
	}
	if f := table.Format(); f.Kind != "xlsx" || f.Sheet != "Sheet1" || f.Date1904 {
		t.Errorf("format %+v", f)
	}
	if table.Read() != 1 {
		t.Errorf("read %v at the end", table.Read())
	}
}

// Cells are as they are kept, whatever they are shown as.
func TestWorkbookCells(t *testing.T) {
	content := workbook(t, func(book *excelize.File) error {
		date, err := book.NewStyle(&excelize.Style{NumFmt: 14})
		return errors.Join(err,
			filled(book, "Sheet1", []any{46086, 46086.75, 13800000000, 1.38e10, "1.38E+10", true, "370306001001000123", "007", 0.3, 36.799999999999997, -117.85000000000001, "文\n字"}),
			book.SetCellStyle("Sheet1", "A1", "B1", date),
			book.SetCellFormula("Sheet1", "M1", "1+1"), // without a value that was reckoned
			book.SetCellValue("Sheet1", "N1", 5), book.SetCellFormula("Sheet1", "N1", "2+3"),
			book.SetCellValue("Sheet1", "O1", time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)))
	})
	want := []string{"46086", "46086.75", "13800000000", "13800000000", "1.38E+10", "1", "370306001001000123", "007", "0.3", "36.8", "-117.85", "文\n字", "", "5", "46086"}
	if rows := allRows(t, opened(t, content)); !reflect.DeepEqual(rows[0].Cells, want) {
		t.Errorf("%q\nwant %q", rows[0].Cells, want)
	}
}

func TestTidy(t *testing.T) {
	for in, want := range map[string]string{
		"36.799999999999997": "36.8", "117.85000000000001": "117.85", "1.3800138001E10": "13800138001", "1.38E10": "13800000000", "1.38E+10": "1.38E+10",
		"370306001001000123": "370306001001000123", "1E5": "100000", "1e5": "1e5", "E5": "E5", "N36.799999999999997": "N36.799999999999997", "192.168.100.100.200": "192.168.100.100.200",
		"0.00000000000000001": "0.00000000000000001", "3.70306001001000123E17": "3.70306001001000123E17", "-1.5E-3": "-0.0015", "4075123.4500000002": "4075123.45", "": "",
	} {
		if got := tidy(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestWorkbookOf1904(t *testing.T) {
	content := workbook(t, func(book *excelize.File) error {
		yes := true
		return errors.Join(book.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes}), book.SetCellValue("Sheet1", "A1", "日期"))
	})
	if !opened(t, content).Format().Date1904 {
		t.Error("its days are not counted from 1904")
	}
}

// What is read is the first sheet that can be seen and has rows, or the one
// asked for.
func TestWorkbookSheets(t *testing.T) {
	content := workbook(t, func(book *excelize.File) error {
		var errs []error
		for _, name := range []string{"空", "藏", "数据", "其他"} {
			_, err := book.NewSheet(name)
			errs = append(errs, err)
		}
		return errors.Join(append(errs, book.SetCellValue("藏", "A1", "隐藏"), book.SetCellValue("数据", "A1", "名称"), book.SetCellValue("其他", "A1", "别的"),
			book.MergeCell("其他", "A1", "B1"), book.SetSheetVisible("藏", false), book.DeleteSheet("Sheet1"))...)
	})
	table := opened(t, content)
	if got := allRows(t, table); table.Format().Sheet != "数据" || got[0].Cells[0] != "名称" {
		t.Errorf("sheet %s: %v", table.Format().Sheet, got)
	}
	for sheet, want := range map[string][]string{"藏": {"隐藏"}, "其他": {"别的", "别的"}} {
		table, err := Open(bytes.NewReader(content), int64(len(content)), Options{Sheet: sheet})
		if err != nil {
			t.Fatal(err)
		}
		if got := allRows(t, table); !reflect.DeepEqual(got[0].Cells, want) {
			t.Errorf("%s: %v", sheet, got)
		}
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, sheet := range []string{"没有"} {
		if _, err := Open(bytes.NewReader(content), int64(len(content)), Options{Sheet: sheet}); !errors.Is(err, ErrNoSheet) {
			t.Errorf("%s: %v", sheet, err)
		}
	}
	empty := workbook(t, func(*excelize.File) error { return nil })
	if _, err := Open(bytes.NewReader(empty), int64(len(empty)), Options{}); !errors.Is(err, ErrNoSheet) {
		t.Errorf("an empty workbook: %v", err)
	}
}

// A row far down has its line, and a table of very many columns is cut.
func TestWorkbookExtent(t *testing.T) {
	content := workbook(t, func(book *excelize.File) error {
		wide := make([]any, 2000)
		for i := range wide {
			wide[i] = "x"
		}
		return errors.Join(filled(book, "Sheet1", wide), book.SetCellValue("Sheet1", "B3000", "末"), book.MergeCell("Sheet1", "A2", "CCC3"), book.SetCellValue("Sheet1", "A2", "宽"))
	})
	rows := cellsOf(allRows(t, opened(t, content)))
	if len(rows[1]) != maxColumns || !reflect.DeepEqual(rows[3000], []string{"", "末"}) {
		t.Errorf("%d columns, %q", len(rows[1]), rows[3000])
	}
	if len(rows[2]) > maxColumns {
		t.Errorf("%d merged columns", len(rows[2]))
	}
}

// A sheet larger than is held in memory, with its merged cells behind it.
func TestWorkbookLarge(t *testing.T) {
	const rows = 60000
	content := workbook(t, func(book *excelize.File) error {
		stream, err := book.NewStreamWriter("Sheet1")
		if err != nil {
			return err
		}
		text := strings.Repeat("示范", 60)
		for i := 1; i <= rows; i++ {
			cell, _ := excelize.CoordinatesToCellName(1, i)
			if err := stream.SetRow(cell, []any{i, text}); err != nil {
				return err
			}
		}
		return errors.Join(stream.MergeCell("C1", "D1"), stream.MergeCell("A59999", "A60000"), stream.Flush())
	})
	table := opened(t, content)
	n, last := 0, Row{}
	for {
		row, err := table.Next()
		if err != nil {
			break
		}
		n, last = n+1, row
	}
	if n != rows || last.Line != rows || last.Cells[0] != "60000" {
		t.Errorf("%d rows, the last %v", n, last)
	}
}

// Photographs in a workbook are not read.
func TestWorkbookWithPictures(t *testing.T) {
	plain := workbook(t, func(book *excelize.File) error { return filled(book, "Sheet1", []any{"名称"}, []any{"甲"}) })
	content := rezipped(t, plain, func(name string) string { return name }, map[string][]byte{"xl/media/image1.png": make([]byte, 64<<20)})
	var rows []Row
	grown := peakOf(func() { rows = allRows(t, opened(t, content)) })
	if len(rows) != 2 || rows[1].Cells[0] != "甲" {
		t.Errorf("%v", rows)
	}
	if grown > 32<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
}
