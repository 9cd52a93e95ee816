package notify

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"
)

const golden = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func signerOf(t *testing.T, text string) Signer {
	t.Helper()
	s, err := NewSigner([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSignGolden is the example that Standard Webhooks' own libraries are held to.
func TestSignGolden(t *testing.T) {
	h := http.Header{}
	signerOf(t, golden).Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signed %s", got)
	}
	if h.Get("webhook-id") != "msg_p5jXN8AQM9LWM0D4loKWxJek" || h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("headers %v", h)
	}
}

func TestVerify(t *testing.T) {
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("o", 32)))
	now, body := time.Unix(1614265330, 0), []byte(`{"a":1}`)
	signed := http.Header{}
	signerOf(t, golden).Sign(signed, "id", now, body)
	both := http.Header{}
	signerOf(t, other+"\n"+golden+"\n").Sign(both, "id", now, body)
	tests := []struct {
		name   string
		signer string
		header http.Header
		id     string
		body   string
		at     time.Time
		ok     bool
	}{
		{"its own", golden, signed, "id", `{"a":1}`, now, true},
		{"a minute later", golden, signed, "id", `{"a":1}`, now.Add(time.Minute), true},
		{"six minutes later", golden, signed, "id", `{"a":1}`, now.Add(6 * time.Minute), false},
		{"six minutes before", golden, signed, "id", `{"a":1}`, now.Add(-6 * time.Minute), false},
		{"another id", golden, signed, "ie", `{"a":1}`, now, false},
		{"another body", golden, signed, "id", `{"a":2}`, now, false},
		{"another key", other, signed, "id", `{"a":1}`, now, false},
		{"the old key while it is replaced", golden, both, "id", `{"a":1}`, now, true},
		{"the new key while it is replaced", other, both, "id", `{"a":1}`, now, true},
		{"nothing", golden, http.Header{}, "id", `{"a":1}`, now, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := signerOf(t, tt.signer).Verify(tt.id, tt.header.Get(headerTimestamp), tt.header.Get(headerSignature), []byte(tt.body), tt.at)
			if (err == nil) != tt.ok {
				t.Errorf("got %v, want taken: %v", err, tt.ok)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	for _, text := range []string{"", "secret", "whsec_", "whsec_short", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23)),
		"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65)), golden + "\nx"} {
		if _, err := NewSigner([]byte(text)); err == nil {
			t.Errorf("took %q", text)
		}
	}
}
