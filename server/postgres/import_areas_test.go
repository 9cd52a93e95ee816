package postgres

import (
	"bytes"
	"slices"
	"testing"

	"yiping/server/importer"
	"yiping/server/sheet"
)

// TestImportAreas: a boundary that crosses itself is written repaired and said
// so; an area is not put under one of its own level or below.
func TestImportAreas(t *testing.T) {
	f := newFixture(t)
	const text = "级别,代码,名称,上级代码,边界\n" +
		"社区,990001001003,南苑社区,990001001,\"POLYGON((121.2 38,121.3 38.1,121.3 38,121.2 38.11,121.2 38))\"\n" +
		"社区,990001001004,北苑社区,990001001,\"POLYGON((121.3 38,121.4 38,121.4 38.1,121.3 38.1,121.3 38))\"\n" +
		"街道,990001002,短街道,990001001001,\n"
	table, err := sheet.Open(bytes.NewReader([]byte(text)), int64(len(text)), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	noun, _ := importer.ByName("areas")
	result, err := importer.Run(t.Context(), Imports{Store: f.store}, noun, table, importer.Options{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range result.Problems {
		got = append(got, p.Code)
	}
	if !slices.Equal(got, []string{"shape_repaired", "wrong_level"}) && !slices.Equal(got, []string{"wrong_level", "shape_repaired"}) || result.Created != 2 || result.Refused != 1 || result.Warned != 1 {
		t.Errorf("%+v", result)
	}
	var valid int
	if err := f.owner.QueryRow(t.Context(), `select count(*) from area where code like '99000100100_' and st_isvalid(boundary) and not st_isempty(boundary)`).Scan(&valid); err != nil || valid != 4 {
		t.Errorf("%d valid boundaries: %v", valid, err)
	}
}
