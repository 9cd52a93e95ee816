package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"yiping/server/postgres"
)

// TestTheDataMapIsPrinted in both languages, every word of it, and as JSON.
func TestTheDataMapIsPrinted(t *testing.T) {
	print := func(c dataMapCmd) string {
		t.Helper()
		var out bytes.Buffer
		if err := c.Run(&app{out: &out}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	var list []postgres.ColumnClass
	if err := json.Unmarshal([]byte(print(dataMapCmd{JSON: true})), &list); err != nil || len(list) == 0 {
		t.Fatalf("%d columns, %v", len(list), err)
	}
	for _, l := range list {
		if dataMapWords[l.Class] == "" || dataMapWords[l.Protection] == "" {
			t.Errorf("%s.%s has no Chinese for %q or %q", l.Table, l.Column, l.Class, l.Protection)
		}
	}
	for language, want := range map[string][]string{"zh": {"数据级别", "care_record", "敏感个人信息", "加密"}, "en": {"protection", "care_record", "sensitive", "sealed"}} {
		text := print(dataMapCmd{languageFlag: languageFlag{Language: language}})
		if lines := strings.Count(text, "\n"); lines != len(list)+1 {
			t.Errorf("%s: %d lines, want %d", language, lines, len(list)+1)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %s", language, w)
			}
		}
	}
}
