package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func encoded(t *testing.T, e encoding.Encoding, text string) []byte {
	t.Helper()
	out, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A district's files come in every encoding that its programs ever wrote.
func TestTextEncodings(t *testing.T) {
	const text = "名称,地址\n示范小区,示范路１号\n㐂𠮷巷,四字节𪚥路\n"
	gb := encoded(t, simplifiedchinese.GB18030, text)
	if !bytes.Contains(gb, encoded(t, simplifiedchinese.GB18030, "𠮷")) || len(encoded(t, simplifiedchinese.GB18030, "𠮷")) != 4 {
		t.Fatal("the sample has no four-byte character")
	}
	cut := []byte(text + "又一个小区,示范路２号")
	late := strings.Repeat("1,a\n", 30000)
	for name, c := range map[string]struct {
		content  []byte
		encoding string
		last     []string
	}{
		"utf-8":                        {[]byte(text), "utf-8", []string{"㐂𠮷巷", "四字节𪚥路"}},
		"utf-8 with its mark":          {append([]byte("\xef\xbb\xbf"), text...), "utf-8", []string{"㐂𠮷巷", "四字节𪚥路"}},
		"utf-16 little":                {encoded(t, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text), "utf-16", []string{"㐂𠮷巷", "四字节𪚥路"}},
		"utf-16 big":                   {encoded(t, unicode.UTF16(unicode.BigEndian, unicode.UseBOM), text), "utf-16", []string{"㐂𠮷巷", "四字节𪚥路"}},
		"gb18030":                      {gb, "gb18030", []string{"㐂𠮷巷", "四字节𪚥路"}},
		"one character of gb18030":     {encoded(t, simplifiedchinese.GB18030, "a,b\n1,中"), "gb18030", []string{"1", "中"}},
		"gb18030 beyond 100 kB":        {append([]byte(late), encoded(t, simplifiedchinese.GB18030, "2,末行\n")...), "gb18030", []string{"2", "末行"}},
		"utf-8 beyond 100 kB":          {[]byte(late + "2,末行\n"), "utf-8", []string{"2", "末行"}},
		"utf-8 cut within a character": {cut[:len(cut)-2], "utf-8", []string{"又一个小区", "示范路２\ufffd"}},
		"utf-8 with one wrong byte":    {[]byte(strings.Repeat(text, 5) + "好的,坏\xff的\n"), "utf-8", []string{"好的", "坏\ufffd的"}},
		"marked utf-8, wrong bytes":    {[]byte("\xef\xbb\xbfa,b\n\xff,中\n"), "utf-8", []string{"\ufffd", "中"}},
	} {
		t.Run(name, func(t *testing.T) {
			table := opened(t, c.content)
			if got := table.Format(); got.Kind != "csv" || got.Encoding != c.encoding || got.Separator != "," {
				t.Errorf("format %+v, want %s", got, c.encoding)
			}
			rows := allRows(t, table)
			if got := rows[len(rows)-1].Cells; !reflect.DeepEqual(got, c.last) {
				t.Errorf("last row %q, want %q", got, c.last)
			}
			if table.Read() != 1 {
				t.Errorf("read %v of the file at its end", table.Read())
			}
		})
	}
}

// A character may lie across the border between two reads.
func TestTextEncodingAcrossChunks(t *testing.T) {
	for shift := range 4 {
		text := strings.Repeat("x", 1<<20-2+shift) + "\n" + strings.Repeat("中,文\n", 10)
		if got := opened(t, []byte(text)).Format().Encoding; got != "utf-8" {
			t.Errorf("shifted by %d: %s", shift, got)
		}
		if got := opened(t, encoded(t, simplifiedchinese.GB18030, text)).Format().Encoding; got != "gb18030" {
			t.Errorf("shifted by %d: %s", shift, got)
		}
	}
}

func TestTextSeparators(t *testing.T) {
	for want, text := range map[string]string{
		",":  "名称,地址,电话\n\"甲,乙;丙\",\"一\t二\",3\n丁,戊,己\n",
		"\t": "名称\t地址\t电话\n甲,乙\t一，二\t3\n",
		";":  "name;lon;lat\na;117,85;36,80\nb;117,86;36,81\n",
		"，":  "名称，地址\n甲，乙\n",
		"|":  "名称|地址|电话\n甲|乙,丙|3\n",
	} {
		table := opened(t, []byte(text))
		if got := table.Format().Separator; got != want {
			t.Errorf("%q: separator %q, want %q", text, got, want)
		}
		rows := allRows(t, table)
		for _, r := range rows {
			if len(r.Cells) != len(rows[0].Cells) || len(r.Cells) < 2 {
				t.Errorf("%q: row %q", want, r.Cells)
			}
		}
	}
	if got := opened(t, []byte("名称\n甲\n")).Format().Separator; got != "," {
		t.Errorf("of one column: %q", got)
	}
}

// Lines are those that an editor shows, whatever ends them and whatever spans
// several of them.
func TestTextLines(t *testing.T) {
	want := []Row{{Line: 1, Cells: []string{"a", "b"}}, {Line: 2, Cells: []string{"1", "two\nlines"}}, {Line: 4, Cells: []string{"2", ""}},
		{Line: 6, Cells: []string{"3", "x", "more"}}, {Line: 7, Cells: []string{"few"}}}
	const text = "a,b\n1,\"two\nlines\"\n2,\n\n3,x,more\nfew\n"
	for name, end := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
		for _, last := range []string{"", end} {
			content := strings.TrimSuffix(strings.ReplaceAll(text, "\n", end), end) + last
			if got := allRows(t, opened(t, []byte(content))); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

// A quotation mark that somebody typed is not a reason to lose a line, and one
// that swallows lines is not passed over.
func TestTextQuotes(t *testing.T) {
	for text, want := range map[string][]string{
		"a,b\n5\" pipe,x\n":              {"5\" pipe", "x"},
		"a,b\n\"5\" pipe\",x\n":          {"5\" pipe", "x"},
		"a,b\n\"say \"\"hi\"\"\",x\n":    {"say \"hi\"", "x"},
		"a,b\n\"say \"\"hi\"\"\n2\",x\n": {"say \"hi\"\n2", "x"},
		"a,b\nx,\"open":                  {"x", "\"open"},
		"a,b\nx,\"open\n":                {"x", "\"open"},
		"a,b\n\"示范\"小区,\"x,y\"\n":        {"\"示范\"小区", "x,y"},
		"a,b\n\"x\"y,\n":                 {"\"x\"y", ""},
		"a,b\n\"示范\"小区,x\n":              {"\"示范\"小区", "x"},
		"a,b\n\"甲,乙\",\"\"\n":            {"甲,乙", ""},
	} {
		rows := allRows(t, opened(t, []byte(text)))
		if len(rows) != 2 || !reflect.DeepEqual(rows[1].Cells, want) {
			t.Errorf("%q: %v, want %q", text, rows, want)
		}
	}
	for text, line := range map[string]int{
		"a,b\n1,x\n2,\"open\n3,y\n4,z\n":              3,
		"a,b\n1,x\n2,\"open\n3,y\n4,\"z\"\n5,\"w\"\n": 3,
		"a,b\n\"two\nlines\",x\n2,\"open\n3,y\n":      4,
	} {
		err := firstError([]byte(text))
		if !errors.Is(err, ErrQuote) || lineOf(err) != line {
			t.Errorf("%q: %v, want line %d", text, err, line)
		}
	}
}

// After a row with a stray mark the rows behind it have their own lines.
func TestTextLinesBehindStrayQuotes(t *testing.T) {
	var text strings.Builder
	text.WriteString("a,b\n")
	for i := range 20000 {
		fmt.Fprintf(&text, "%d,5\" pipe\n", i)
	}
	rows := allRows(t, opened(t, []byte(text.String())))
	for i, r := range rows[1:] {
		if r.Line != i+2 || r.Cells[0] != fmt.Sprint(i) || r.Cells[1] != "5\" pipe" {
			t.Fatalf("row %d: %v", i, r)
		}
	}
	if len(rows) != 20001 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestBlank(t *testing.T) {
	for _, cells := range [][]string{nil, {""}, {" ", "\t", "\u3000", "\u00a0"}} {
		if !(Row{Cells: cells}).Blank() {
			t.Errorf("%q is not blank", cells)
		}
	}
	if (Row{Cells: []string{"", "0"}}).Blank() {
		t.Error("a zero is blank")
	}
}

// A row that a table gave is the caller's to keep.
func TestTextRowsAreKept(t *testing.T) {
	table := opened(t, []byte("a,b\n\"5\" x\",1\nc,d\n"))
	var kept [][]string
	for range 3 {
		row, err := table.Next()
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, row.Cells)
	}
	if want := [][]string{{"a", "b"}, {"5\" x", "1"}, {"c", "d"}}; !reflect.DeepEqual(kept, want) {
		t.Errorf("%q, want %q", kept, want)
	}
}
