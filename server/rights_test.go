package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"yiping/server/dispatch"
)

// TestRightsArePrinted in both languages, every line and word of them, and as JSON.
func TestRightsArePrinted(t *testing.T) {
	print := func(c rightsCmd) string {
		t.Helper()
		var out bytes.Buffer
		if err := c.Run(&app{out: &out}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	rows := dispatch.RightsRows()
	var list []dispatch.RightsRow
	if err := json.Unmarshal([]byte(print(rightsCmd{JSON: true})), &list); err != nil || len(list) != len(rows) || len(list) == 0 {
		t.Fatalf("%d lines of %d, %v", len(list), len(rows), err)
	}
	zh := strings.Split(print(rightsCmd{languageFlag: languageFlag{Language: "zh"}}), "\n")
	en := strings.Split(print(rightsCmd{languageFlag: languageFlag{Language: "en"}}), "\n")
	if len(zh) != len(rows)+2 || len(en) != len(rows)+2 { // the heading, and nothing after the last
		t.Fatalf("%d and %d lines of %d", len(zh), len(en), len(rows))
	}
	for k, row := range rows {
		if row.Levels[dispatch.RoleCommander] == "" {
			t.Errorf("%s%s says nothing of commanders", row.Field, row.Action)
		}
		words := []string{string(row.Field) + string(row.Action), string(row.Part)}
		for _, role := range dispatch.Roles {
			words = append(words, row.Levels[role])
		}
		var said []string
		for _, word := range words {
			if rightsWords[word] == "" {
				t.Errorf("there is no Chinese for %q", word)
			}
			said = append(said, rightsWords[word])
		}
		if got := strings.Fields(en[k+1]); strings.Join(got, " ") != strings.Join(words, " ") {
			t.Errorf("printed %v, want %v", got, words)
		}
		if got := strings.Fields(zh[k+1]); strings.Join(got, " ") != strings.Join(said, " ") {
			t.Errorf("printed %v, want %v", got, said)
		}
	}
	for _, role := range dispatch.Roles {
		if !strings.Contains(zh[0], rightsWords[string(role)]) || !strings.Contains(en[0], string(role)) {
			t.Errorf("no column is headed %s", role)
		}
	}
}

// TestColumnsStandBelowOneAnother, whatever is written in them.
func TestColumnsStandBelowOneAnother(t *testing.T) {
	var out bytes.Buffer
	if err := printAligned(&out, [][]string{{"信息（甲）", "b"}, {"-", "c"}, {"a", "丙"}}); err != nil {
		t.Fatal(err)
	}
	if want := "信息（甲）  b\n-           c\na           丙\n"; out.String() != want {
		t.Errorf("printed\n%swant\n%s", out.String(), want)
	}
}
