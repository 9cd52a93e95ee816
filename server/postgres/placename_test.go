package postgres

import (
	"strings"
	"testing"
)

func TestSearchText(t *testing.T) {
	tests := []struct {
		name string
		word string
		also []string
		want []string // each must stand between bars
	}{
		{"plain", "锦澜街道", nil, []string{"锦澜街道", "jinlanjiedao", "jljd"}},
		{"two readings", "长行路", nil, []string{"changhanglu", "zhanghanglu", "changxinglu", "chl", "zhl", "cxl"}},
		{"letters and digits", "A座3号", nil, []string{"a座3号", "azuo3hao", "az3h"}},
		{"also", "示范区", []string{"990001", "Demo District"}, []string{"示范区", "shifanqu", "sfq", "990001", "demodistrict"}},
		{"latin only", "AED", nil, []string{"aed"}},
		{"a bar cannot break out", "a|b", nil, []string{"ab"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := SearchText(tt.word, tt.also...)
			for _, w := range tt.want {
				if !strings.Contains(got, "|"+w+"|") {
					t.Errorf("SearchText(%q) = %q, want |%s|", tt.word, got, w)
				}
			}
		})
	}
}

func TestSearchTextStaysShort(t *testing.T) {
	if got := SearchText(strings.Repeat("长行", 20)); strings.Count(got, "|") > 2+2*maxReadings {
		t.Errorf("too many spellings: %d", strings.Count(got, "|")-1)
	}
}
