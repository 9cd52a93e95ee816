package notify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks, which calls to the gateway and its answers
// carry, too.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// replayWindow is how far a caller's clock may be off, and how long a request
// that was overheard is of any use.
const replayWindow = 5 * time.Minute

// The least and most bytes of a key.
const (
	leastKey = 24
	mostKey  = 64
)

// ErrSignature is a request that is not from whom it should be, or not of now.
var ErrSignature = errors.New("the signature does not fit")

// Signer signs what goes out and verifies what comes in, as Standard Webhooks
// says: HMAC-SHA256 of id.timestamp.body. With several keys it signs with all and
// takes each, so that one can be replaced without a gap.
type Signer struct{ keys [][]byte }

// NewSigner reads keys, one a line: whsec_ and 24 to 64 bytes in Base64.
func NewSigner(text []byte) (Signer, error) {
	var s Signer
	for n, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		encoded, ok := strings.CutPrefix(string(bytes.TrimSpace(line)), "whsec_")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil || len(key) < leastKey || len(key) > mostKey {
			return Signer{}, fmt.Errorf("line %d is no key: whsec_ and %d to %d bytes in Base64; `echo whsec_$(openssl rand -base64 32)` makes one", n+1, leastKey, mostKey)
		}
		s.keys = append(s.keys, key)
	}
	return s, nil
}

func mac(key []byte, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(id + "." + timestamp + "."))
	_, _ = h.Write(body)
	return h.Sum(nil)
}

// Sign sets the headers of a request that goes out at a time.
func (s Signer) Sign(h http.Header, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, 0, len(s.keys))
	for _, key := range s.keys {
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac(key, id, timestamp, body)))
	}
	h.Set(headerID, id)
	h.Set(headerTimestamp, timestamp)
	h.Set(headerSignature, strings.Join(signatures, " "))
}

// Verify says whether a request that came in is signed with a key, and is of now.
func (s Signer) Verify(id, timestamp, signature string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || id == "" || now.Sub(time.Unix(seconds, 0)).Abs() > replayWindow {
		return ErrSignature
	}
	for _, one := range strings.Fields(signature) {
		encoded, ok := strings.CutPrefix(one, "v1,")
		given, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil {
			continue
		}
		for _, key := range s.keys {
			if hmac.Equal(given, mac(key, id, timestamp, body)) {
				return nil
			}
		}
	}
	return ErrSignature
}
