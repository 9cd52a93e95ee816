package dispatch

import "testing"

// TestPlain: an event takes states, ids and dates, and nothing that may be a
// name, a telephone number or words.
func TestPlain(t *testing.T) {
	for value, want := range map[string]bool{
		"handling": true, "urban.street_light": true, "summary,place": true, "2026-05-01": true, "true": true, "4711": true, "": true, "2026-05-01T08:00:00Z": true,
		"\u738b\u82b3": false, "13800001111": false, "tel:13800001111": false, "he said no": false, "a@b": false, "0533-12345678901": false,
	} {
		if got := (Event{Data: map[string]string{"x": value}}).Plain(); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}
