package sheet

import (
	"bytes"
	"errors"
	"testing"

	"github.com/xuri/excelize/v2"
)

// Whatever bytes somebody hands over, they are read or refused: an end is
// reached, rows are numbered upwards, and no more come than the bytes can hold.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{"a,b\n1,\"x\ny\"\n", "\xef\xbb\xbfa;b\r1;2\r", "\xff\xfea\x00,\x00b\x00", "名称\t地址\n5\" x\t\"y\n", "\xc3\xfb\xb3\xc6,\x81\x30\x81\x30\n",
		`{"features": [{"type": "Feature", "id": 1, "properties": {"a": [1, {"b": null}]}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}`,
		`{"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}`, "<html>", "[{", "PK\x03\x04", "\xd0\xcf\x11\xe0"} {
		f.Add([]byte(seed))
	}
	book := excelize.NewFile()
	var out bytes.Buffer
	if err := errors.Join(book.SetCellValue("Sheet1", "A1", "x"), book.SetCellValue("Sheet1", "B3", 1.5), book.MergeCell("Sheet1", "A1", "B2"), book.Write(&out), book.Close()); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		table, err := Open(bytes.NewReader(content), int64(len(content)), Options{})
		if err != nil {
			return
		}
		defer func() { _ = table.Close() }()
		packed := table.Format().Kind == "xlsx"
		for line, n := 0, 0; ; n++ {
			row, err := table.Next()
			if err != nil {
				return
			}
			if row.Line <= line || !packed && n > len(content) {
				t.Fatalf("row %d is of line %d, behind line %d", n, row.Line, line)
			}
			if part := table.Read(); part < 0 || part > 1 {
				t.Fatalf("read %v", part)
			}
			line = row.Line
		}
	})
}
