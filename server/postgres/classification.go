package postgres

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
)

//go:embed classification.csv
var classificationCSV []byte

// ColumnClass says what a column holds.
type ColumnClass struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	// Class is how delicate it is: "public", "internal", "personal" (about
	// somebody), "sensitive" (personal data whose leak harms somebody: where they
	// are, who needs care, who reported what) or "secret" (it opens something).
	Class string `json:"class"`
	// Protection is how it is stored: "none", "masked" (a part was cut off before
	// it came here), "sealed" (encrypted by the application), "hashed", or "digest"
	// (keyed: nobody without the key can try values out).
	Protection string `json:"protection"`
	// Note is why, or for how long: "retention: x" names a line of the table
	// retention_rule. It may be empty.
	Note string `json:"note"`
}

// Classification gives every column of every table, in the order of the tables;
// partitions are columns of their table. A test holds it to the database.
func Classification() ([]ColumnClass, error) {
	r := csv.NewReader(bytes.NewReader(classificationCSV))
	r.FieldsPerRecord = 5
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read classification.csv: %w", err)
	}
	list := make([]ColumnClass, 0, len(lines))
	for _, l := range lines[1:] { // after the titles
		list = append(list, ColumnClass{Table: l[0], Column: l[1], Class: l[2], Protection: l[3], Note: l[4]})
	}
	return list, nil
}
