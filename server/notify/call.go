package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"yiping/server/dispatch"
)

// mostAnswer is how much of an answer is read.
const mostAnswer = 64 << 10

// Failure is an attempt that did not reach the other side, or was not taken.
type Failure struct {
	Word  string    // one of dispatch's failures
	Final bool      // trying again is of no use
	Until time.Time // it was no attempt: the other side takes more then
	Err   error
}

// Error says why, without what was sent.
func (f *Failure) Error() string { return f.Word + ": " + f.Err.Error() }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Plain gives a client that follows nobody elsewhere: whoever is redirected would
// hand what was signed for one address to another.
func Plain(c *http.Client) *http.Client {
	plain := *c
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &plain
}

// post sends JSON and gives the status and answer; an error is one that says to
// come again.
func post(ctx context.Context, client *http.Client, address string, header http.Header, body []byte) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, &Failure{Word: dispatch.FailureRefused, Final: true, Err: errors.New("the address is none")}
	}
	for name := range header {
		r.Header.Set(name, header.Get(name))
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, &Failure{Word: dispatch.FailureUnreachable, Err: errors.New(withoutAddress(err))}
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return 0, nil, &Failure{Word: dispatch.FailureUnreachable, Err: errors.New(withoutAddress(err))}
	}
	return answer.StatusCode, said, nil
}

// withoutAddress gives the cause of a failed call without the address, which may
// hold a key.
func withoutAddress(err error) string {
	var failed interface{ Unwrap() error }
	if errors.As(err, &failed) && failed.Unwrap() != nil {
		return failed.Unwrap().Error()
	}
	return "the call failed"
}

// judge says what a status means, nil for success.
func judge(status int) error {
	cause := fmt.Errorf("it answers %d", status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return &Failure{Word: dispatch.FailureUnreachable, Err: cause}
	}
	return &Failure{Word: dispatch.FailureRefused, Final: true, Err: cause}
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil { // structs of text and numbers: cannot be
		panic(err)
	}
	return raw
}
