package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// personalRows lays a person's data out in rows: section, item, field, value.
func personalRows(raw []byte) ([][]string, error) {
	var sections map[string]any
	if err := json.Unmarshal(raw, &sections); err != nil {
		return nil, err
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		items, several := sections[name].([]any)
		if !several {
			rows = append(rows, fieldRows(name, "", sections[name])...)
			continue
		}
		for n, item := range items {
			rows = append(rows, fieldRows(name, strconv.Itoa(n+1), item)...)
		}
	}
	return rows, nil
}

func fieldRows(section, item string, value any) [][]string {
	fields, ok := value.(map[string]any)
	if !ok {
		return [][]string{{section, item, "", plainText(value)}}
	}
	var rows [][]string
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		rows = append(rows, []string{section, item, field, plainText(fields[field])})
	}
	return rows
}

// plainText writes a value of JSON as a cell.
func plainText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any, map[string]any:
		raw, err := json.Marshal(v)
		if err != nil { // it came from JSON
			return ""
		}
		return string(raw)
	}
	return fmt.Sprint(value)
}
