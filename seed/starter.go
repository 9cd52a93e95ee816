package seed

import (
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"strings"
)

// StarterSource is written to the source column of a starter's areas.
const StarterSource = "china-division"

// StarterArea is a node of a real district's tree: what is known of it before
// anybody has drawn its boundary.
type StarterArea struct {
	Level      string
	Code       string
	Name       string
	ParentCode string // empty for the district
	Aliases    []string
}

//go:embed starter/*.csv
var starterFiles embed.FS

// Starter gives the area tree of a real district by its code, parents before
// their children; false where there is none.
func Starter(code string) ([]StarterArea, bool) {
	file, err := starterFiles.Open("starter/" + code + ".csv")
	if err != nil {
		return nil, false
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		panic(fmt.Errorf("starter %s: %w", code, err)) // embedded: a fault of the build
	}
	var out []StarterArea
	for _, r := range rows[1:] {
		a := StarterArea{Level: r[0], Code: r[1], Name: r[2], ParentCode: r[3]}
		if r[4] != "" {
			a.Aliases = strings.Split(r[4], "、")
		}
		out = append(out, a)
	}
	return out, true
}

// Starters gives the codes of the districts that there are starters for.
func Starters() []string {
	names, err := fs.Glob(starterFiles, "starter/*.csv")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for i, n := range names {
		names[i] = strings.TrimSuffix(strings.TrimPrefix(n, "starter/"), ".csv")
	}
	return names
}
