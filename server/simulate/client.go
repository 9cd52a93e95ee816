package simulate

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"yiping/server/dispatch"
)

// client is one user of the API: a browser's cookies, a phone's address.
type client struct {
	base      string
	http      *http.Client
	dial      func(ctx context.Context, network, address string) (net.Conn, error)
	tls       *tls.Config
	timings   *timings
	account   Account // whom to sign in as again; no username for residents
	accountID atomic.Int64
	signing   sync.Mutex
	lost      error // signing in was refused: once is enough, more would lock the account
}

// body is what a request carries.
type body = map[string]any

// refusal is an answer that is no success. Its words are left out: they may name
// somebody.
type refusal struct {
	Status int           `json:"status"`
	Code   dispatch.Code `json:"code"`
	what   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %d %s", r.what, r.Status, r.Code)
}

// codeOf gives the code of a refusal, "" for any other error.
func codeOf(err error) dispatch.Code {
	var r *refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// requestTime bounds one request. What was sent is not taken back when the
// simulation ends: its answer is awaited, so that what was done is known.
const requestTime = 30 * time.Second

// newClient makes a user with an address of its own where the server is on this
// machine: what the server allows an address without a session is then a
// person's share, as it is outside.
func (w *world) newClient(n int) *client {
	jar, _ := cookiejar.New(nil) // no options: cannot fail
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if address := ownAddress(w.Base, n); address != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: address}
	}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: w.TLS, MaxIdleConnsPerHost: 2, IdleConnTimeout: 90 * time.Second}
	return &client{base: w.Base, timings: w.timings, dial: dialer.DialContext, tls: w.TLS,
		http: &http.Client{Jar: jar, Transport: transport, Timeout: requestTime}}
}

// ownAddress gives the n-th address of the loopback network; nil where the
// server is elsewhere or the system has but one.
func ownAddress(base string, n int) net.IP {
	u, err := url.Parse(base)
	if err != nil || runtime.GOOS != "linux" {
		return nil
	}
	if ip := net.ParseIP(u.Hostname()).To4(); ip == nil || !ip.IsLoopback() {
		return nil
	}
	return net.IPv4(127, byte(64+n/62500%64), byte(n/250%250), byte(1+n%250))
}

// signIn opens a session.
func (c *client) signIn(ctx context.Context) error {
	if c.lost != nil {
		return c.lost
	}
	var who struct {
		AccountID int64 `json:"account_id"`
	}
	err := c.send(ctx, "sign-in", "POST", "/api/v1/session", body{"username": c.account.Username, "password": c.account.Password}, &who)
	if err != nil {
		err = fmt.Errorf("sign in %s: %w", c.account.Username, err)
		if codeOf(err) != "" {
			c.lost = err
		}
		return err
	}
	c.accountID.Store(who.AccountID)
	return nil
}

// get reads.
func (c *client) get(ctx context.Context, name, path string, out any) error {
	return c.do(ctx, name, "GET", path, nil, out)
}

// post sends a command.
func (c *client) post(ctx context.Context, name, path string, in body, out any) error {
	return c.do(ctx, name, "POST", path, in, out)
}

// do sends, and signs in again where the session ended.
func (c *client) do(ctx context.Context, name, method, path string, in body, out any) error {
	err := c.send(ctx, name, method, path, in, out)
	if codeOf(err) != dispatch.CodeSignedOut || c.account.Username == "" {
		return err
	}
	c.signing.Lock()
	err = c.signIn(ctx)
	c.signing.Unlock()
	if err != nil {
		return err
	}
	return c.send(ctx, name, method, path, in, out)
}

// send sends under one key until there is an answer: again where the server is
// away, has no time, or is still at it.
func (c *client) send(ctx context.Context, name, method, path string, in body, out any) error {
	key := uuid.NewString()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 3*time.Second) {
		again, err := c.once(ctx, name, method, path, key, in, out)
		if !again {
			return err
		}
		c.timings.repeated(name)
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

func (c *client) once(ctx context.Context, name, method, path, key string, in body, out any) (again bool, err error) {
	req, err := c.request(ctx, method, path, key, in)
	if err != nil {
		return false, err
	}
	started := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		return true, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return true, err
	}
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests {
		return true, nil
	}
	took := time.Since(started)
	if res.StatusCode >= 400 {
		refused := &refusal{what: name}
		_ = json.Unmarshal(raw, refused)
		refused.Status = res.StatusCode
		c.timings.took(name, took, refused.Code)
		return refused.Code == dispatch.CodeInFlight, refused
	}
	c.timings.took(name, took, "")
	if out == nil || len(raw) == 0 {
		return false, nil
	}
	if into, ok := out.(*[]byte); ok {
		*into = raw
		return false, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return false, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return false, nil
}

func (c *client) request(ctx context.Context, method, path, key string, in body) (*http.Request, error) {
	var content io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", key)
	}
	return req, nil
}

// liveAddress gives the address of the live socket.
func (c *client) liveAddress() string {
	return "ws" + strings.TrimPrefix(c.base, "http") + "/api/v1/live"
}

func (c *client) close() { c.http.CloseIdleConnections() }

// sleep waits, and says whether it was not interrupted.
func sleep(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
