package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// merges are the merged cells of a sheet. The library would load the whole
// sheet to tell them, so they are read from the part itself, which is scanned
// without being held.
type merges struct {
	areas []mergedArea // by their first row
	open  []mergedArea // those that the present row may be in
	next  int
}

// mergedArea is a block of cells, from 1, that shows one value.
type mergedArea struct {
	top, bottom, left, right int
	value                    string
}

// maxMerges bounds the merged cells that are remembered.
const maxMerges = 200_000

// fill gives a row with merged values in every cell they cover. Rows must come
// in order.
func (m *merges) fill(line int, cells []string) []string {
	m.open = slices.DeleteFunc(m.open, func(a mergedArea) bool { return a.bottom < line })
	for m.next < len(m.areas) && m.areas[m.next].top <= line {
		a := m.areas[m.next]
		m.next++
		if a.bottom < line {
			continue
		}
		if a.left <= len(cells) {
			a.value = cells[a.left-1]
		}
		m.open = append(m.open, a)
	}
	for _, a := range m.open {
		for column := a.left; column <= a.right && a.value != ""; column++ {
			for len(cells) < column {
				cells = append(cells, "")
			}
			if cells[column-1] == "" {
				cells[column-1] = a.value
			}
		}
	}
	return cells
}

// readMerges gives the merged cells of a sheet and its number of rows.
func readMerges(archive *zip.Reader, sheet string) (*merges, int, error) {
	part, err := partOf(archive, sheet)
	if err != nil {
		return nil, 0, err
	}
	m, rows := &merges{}, 0
	err = tagsOf(archive, part, func(tag []byte) {
		name, rest, _ := bytes.Cut(tag, []byte(" "))
		switch string(name[bytes.IndexByte(name, ':')+1:]) {
		case "row", "row>", "row/>":
			rows++
		case "mergeCell":
			if a, ok := mergedIn(string(rest)); ok && len(m.areas) < maxMerges {
				m.areas = append(m.areas, a)
			}
		}
	})
	if err != nil {
		return nil, 0, err
	}
	slices.SortStableFunc(m.areas, func(a, b mergedArea) int { return a.top - b.top })
	return m, rows, nil
}

// longestText is what may stand between two tags: a cell holds far less.
const longestText = 1 << 20

// tagsOf scans a part for its tags without holding it; a text longer than any
// cell's is refused before the library takes it into memory.
func tagsOf(archive *zip.Reader, part string, each func(tag []byte)) error {
	file, err := archive.Open(part)
	if err != nil {
		return ErrBroken
	}
	defer func() { _ = file.Close() }()
	r, text := bufio.NewReaderSize(file, 64<<10), 0
	for {
		piece, err := r.ReadSlice('>')
		if errors.Is(err, bufio.ErrBufferFull) {
			if text += len(piece); text > longestText {
				return ErrTooLarge
			}
			continue
		}
		text = 0
		if open := bytes.LastIndexByte(piece, '<'); open >= 0 {
			each(piece[open+1:])
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrBroken
		}
	}
}

// mergedIn reads ref="A1:B3".
func mergedIn(attributes string) (mergedArea, bool) {
	_, rest, found := strings.Cut(attributes, `ref="`)
	ref, _, closed := strings.Cut(rest, `"`)
	from, to, both := strings.Cut(ref, ":")
	if !found || !closed || !both {
		return mergedArea{}, false
	}
	left, top, err1 := excelize.CellNameToCoordinates(from)
	right, bottom, err2 := excelize.CellNameToCoordinates(to)
	if err1 != nil || err2 != nil || right > maxColumns {
		return mergedArea{}, false
	}
	return mergedArea{top: top, bottom: bottom, left: left, right: right}, true
}

// partOf finds the part of the archive that holds a sheet.
func partOf(archive *zip.Reader, sheet string) (string, error) {
	var book struct {
		Sheets []struct {
			Name string     `xml:"name,attr"`
			Attr []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	var relations struct {
		List []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(readPart(archive, "xl/workbook.xml", &book), readPart(archive, "xl/_rels/workbook.xml.rels", &relations)); err != nil {
		return "", ErrBroken
	}
	for _, s := range book.Sheets {
		if s.Name != sheet {
			continue
		}
		for _, attr := range s.Attr {
			for _, r := range relations.List {
				if attr.Name.Local == "id" && attr.Value == r.ID {
					if strings.HasPrefix(r.Target, "/") {
						return r.Target[1:], nil
					}
					return path.Join("xl", r.Target), nil
				}
			}
		}
	}
	return "", ErrBroken
}

func readPart(archive *zip.Reader, name string, into any) error {
	f, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return xml.NewDecoder(io.LimitReader(f, memoryLimit)).Decode(into)
}
