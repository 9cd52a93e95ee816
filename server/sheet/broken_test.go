package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// rezipped gives an archive with its parts renamed and others put in.
func rezipped(t *testing.T, content []byte, rename func(string) string, more map[string][]byte) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	put := func(name string, from io.Reader) {
		part, err := w.Create(name)
		if err == nil {
			_, err = io.Copy(part, from)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, part := range archive.File {
		name := rename(part.Name)
		if name == "" {
			continue
		}
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		put(name, r)
	}
	for name, raw := range more {
		put(name, bytes.NewReader(raw))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is no table is said to be none, by what it is.
func TestNoTable(t *testing.T) {
	good := workbook(t, func(book *excelize.File) error { return filled(book, "Sheet1", []any{"名称"}, []any{"甲"}) })
	noise := make([]byte, 20000)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(noise)
	var other bytes.Buffer
	w := zip.NewWriter(&other)
	if _, err := w.Create("word/document.xml"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	without := func(name string) []byte {
		return rezipped(t, good, func(part string) string { return strings.TrimPrefix(part, name) }, nil)
	}
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"empty":                   {"", ErrEmpty},
		"spaces":                  {" \r\n\t \n", ErrEmpty},
		"only a mark":             {"\xef\xbb\xbf", ErrEmpty},
		"PNG":                     {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + string(noise), ErrBinary},
		"ELF":                     {"\x7fELF\x02\x01\x01\x00\x00" + string(noise), ErrBinary},
		"PDF":                     {"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type/Catalog>>\nendobj\n", ErrBinary},
		"noise":                   {"\x01" + string(noise), ErrBinary},
		"noise without zeros":     {strings.ReplaceAll("\x01"+string(noise), "\x00", "\x01"), ErrBinary},
		"zero bytes far behind":   {strings.Repeat("a,b\n", 400000) + "\x00", ErrBinary},
		"old Excel":               {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + string(make([]byte, 4096)), ErrOldExcel},
		"a web page":              {"\xef\xbb\xbf\n<HTML><head><meta charset=gb2312></head><table><tr><td>名称</td></tr></table>", ErrWebPage},
		"XML":                     {"<?xml version=\"1.0\"?><kml></kml>", ErrWebPage},
		"archive of something":    {other.String(), ErrBinary},
		"no parts in the archive": {"PK\x05\x06" + string(make([]byte, 18)), ErrBinary},
		"archive cut off":         {string(good[:len(good)/2]), ErrBroken},
		"archive without its end": {string(good[:len(good)-10]), ErrBroken},
		"workbook without links":  {string(without("xl/_rels/workbook.xml.rels")), ErrBroken},
		"workbook without sheet":  {string(without("xl/worksheets/sheet1.xml")), ErrBroken},
		"JSON":                    {`{"a": 1, "b": {"features": []}}`, ErrNoGeoJSON},
		"list of JSON":            {`[{"a": 1}]`, ErrNoGeoJSON},
		"JSON cut off":            {`{"type": "FeatureCollection", "features": [{"type": "Fea`, ErrBroken},
		"features are no list":    {`{"features": {"a": 1}}`, ErrNoGeoJSON},
	} {
		t.Run(name, func(t *testing.T) {
			if err := firstError([]byte(c.content)); !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}

// A workbook that is damaged anywhere gives an error or rows, never a crash.
func TestWorkbookDamaged(t *testing.T) {
	good := workbook(t, func(book *excelize.File) error {
		return errors.Join(filled(book, "Sheet1", []any{"名称", "经度"}, []any{"甲", 117.8}), book.MergeCell("Sheet1", "A1", "B1"))
	})
	for at := 0; at < len(good); at += 7 {
		bad := bytes.Clone(good)
		bad[at] ^= 0x55
		err := firstError(bad)
		if err == nil {
			t.Fatalf("damaged at %d: no end", at)
		}
	}
}

// bomb packs a part of a workbook that unpacks to size; lie is what the archive
// states instead, 0 for the truth.
func bomb(t *testing.T, part string, size int64, lie uint64) []byte {
	t.Helper()
	good := workbook(t, func(book *excelize.File) error { return filled(book, "Sheet1", []any{"名称"}) })
	archive, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	packed := deflated(t, size)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range archive.File {
		if f.Name != part {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := &zip.FileHeader{Name: part, Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(size)}
	if lie != 0 {
		h.UncompressedSize64 = lie
	}
	raw, err := w.CreateRaw(h)
	if err == nil {
		_, err = raw.Write(packed)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packs keeps what deflated has made: packing takes longer than all that is tried
// with it.
var packs = map[int64][]byte{}

// deflated gives size bytes of a sheet of one cell, packed.
func deflated(t *testing.T, size int64) []byte {
	t.Helper()
	if packed, ok := packs[size]; ok {
		return packed
	}
	var packed bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	head := "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>"
	_, err = io.Copy(deflate, io.LimitReader(io.MultiReader(strings.NewReader(head), endless{}), size))
	if err := errors.Join(err, deflate.Close()); err != nil {
		t.Fatal(err)
	}
	packs[size] = packed.Bytes()
	return packs[size]
}

// endless gives the letter a.
type endless struct{}

var letters = bytes.Repeat([]byte("a"), 64<<10)

func (endless) Read(p []byte) (int, error) { return copy(p, letters), nil }

// A small archive that unpacks to gigabytes is refused at once, whether it says
// so or not, and in little memory.
func TestZipBomb(t *testing.T) {
	for name, c := range map[string]struct {
		part string
		size int64
		lie  uint64
		want error
	}{
		"honest":                        {"xl/worksheets/sheet1.xml", 600 << 20, 0, ErrTooLarge},
		"in its shared texts":           {"xl/sharedStrings.xml", 600 << 20, 0, ErrTooLarge},
		"in its styles":                 {"xl/styles.xml", 64 << 20, 0, ErrTooLarge},
		"in its relations":              {"xl/worksheets/_rels/sheet1.xml.rels", 64 << 20, 0, ErrTooLarge},
		"as a small sheet":              {"xl/worksheets/sheet1.xml", 600 << 20, 1000, ErrBroken},
		"as small shared texts":         {"xl/sharedStrings.xml", 600 << 20, 1000, ErrBroken},
		"as a larger part than it is":   {"xl/styles.xml", 1 << 20, 1 << 40, ErrTooLarge},
		"one cell of a bearable sheet":  {"xl/worksheets/sheet1.xml", 100 << 20, 0, ErrTooLarge},
		"one of the shared texts":       {"xl/sharedStrings.xml", 100 << 20, 0, ErrTooLarge},
		"a picture that is not read at": {"xl/media/image1.png", 600 << 20, 0, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			content := bomb(t, c.part, c.size, c.lie)
			if len(content) > 8<<20 {
				t.Fatalf("a bomb of %d bytes", len(content))
			}
			var err error
			begun := time.Now()
			grown := peakOf(func() { err = firstError(content) })
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if grown > 128<<20 {
				t.Errorf("memory grew by %d MB", grown>>20)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// A file without lines is not taken into memory.
func TestEnormousLine(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want error
		line int
	}{
		"no line at all":   {"a", ErrLongRow, 1},
		"a line behind":    {"a,b\n1,2\n", ErrLongRow, 3},
		"a mark left open": {"a,b\n1,2\n3,\"", ErrQuote, 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := &pattern{head: []byte(c.head), body: []byte("aaaaaaaa"), size: 64 << 20}
			var err error
			grown := peakOf(func() {
				var table Table
				if table, err = Open(f, f.size, Options{}); err == nil {
					for err == nil {
						_, err = table.Next()
					}
				}
			})
			if !errors.Is(err, c.want) || lineOf(err) != c.line {
				t.Errorf("%v", err)
			}
			if grown > 64<<20 {
				t.Errorf("memory grew by %d MB", grown>>20)
			}
		})
	}
}

// 200 MB of CSV are read row by row.
func TestLargeCSVStreams(t *testing.T) {
	body := "示范小区,示范路1号,13800000000,117.85,36.80\n"
	f := &pattern{head: []byte("名称,地址,电话,经度,纬度\n"), body: []byte(body), size: int64(len("名称,地址,电话,经度,纬度\n")) + int64(len(body))*(100<<20/int64(len(body)))}
	rows := 0
	grown := peakOf(func() {
		table, err := Open(f, f.size, Options{})
		if err != nil {
			t.Fatal(err)
		}
		last := 0.0
		for {
			row, err := table.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rows++; row.Line != rows || len(row.Cells) != 5 {
				t.Fatalf("row %d: %v", rows, row)
			}
			if part := table.Read(); part < last || part > 1 {
				t.Fatalf("read %v after %v", part, last)
			} else {
				last = part
			}
		}
		if last != 1 {
			t.Errorf("read %v at the end", last)
		}
	})
	if want := int(f.size-int64(len(f.head)))/len(body) + 1; rows != want {
		t.Errorf("%d rows, want %d", rows, want)
	}
	if grown > 48<<20 {
		t.Errorf("memory grew by %d MB", grown>>20)
	}
}
