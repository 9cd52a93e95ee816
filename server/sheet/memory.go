package sheet

import "io"

// memoryTable is a table that is in memory already.
type memoryTable struct {
	header []string
	rows   [][]string
	next   int
}

// Memory makes a table of rows, such as an edit of several.
func Memory(header []string, rows [][]string) Table { return &memoryTable{header: header, rows: rows} }

// Format gives that it is no file.
func (t *memoryTable) Format() Format { return Format{Kind: "rows"} }

// Header gives the column names.
func (t *memoryTable) Header() []string { return t.header }

// Next gives the next row.
func (t *memoryTable) Next() (Row, error) {
	if t.next == len(t.rows) {
		return Row{}, io.EOF
	}
	t.next++
	return Row{Line: t.next, Cells: t.rows[t.next-1]}, nil
}

// Read gives how far the reading is.
func (t *memoryTable) Read() float64 { return float64(t.next) / float64(max(len(t.rows), 1)) }

// Close has nothing to let go of.
func (t *memoryTable) Close() error { return nil }
