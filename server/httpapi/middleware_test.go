package httpapi

import (
	"bufio"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yiping/server/dispatch"
)

// testProxies hold the recorder's own address.
var testProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}

func TestCookie(t *testing.T) {
	u := newUnder(t, func(d *Deps) { d.Proxies = testProxies })
	in := `{"username":"wall","password":"right"}`
	for proto, name := range map[string]string{"http": CookieName, "https": "__Host-yiping_session"} {
		w := u.do("POST", "/api/v1/session", "", in, "X-Forwarded-Proto", proto)
		list := w.Result().Cookies() // the session's and the browser's
		if w.Code != 200 || len(list) != 2 || list[0].Name != name || list[1].Name != strings.TrimSuffix(name, "session")+"device" {
			t.Fatalf("over %s: %d %v", proto, w.Code, list)
		}
		for _, c := range list {
			if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure != (proto == "https") || c.Path != "/" || c.Domain != "" || c.Expires.IsZero() {
				t.Errorf("over %s: %v", proto, c)
			}
		}
	}
	out := u.do("DELETE", "/api/v1/session", "wall", "")
	if c := out.Result().Cookies(); out.Code != 204 || len(c) != 1 || c[0].Value != "" || !c[0].Expires.Before(time.Now()) {
		t.Errorf("signed out: %d %v", out.Code, out.Result().Cookies())
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	u := newUnder(t)
	u.problem(u.do("GET", "/api/v1/nothing", "", ""), 404, "not_found")
	u.problem(u.do("GET", "/favicon.ico", "", ""), 404, "not_found")
	w := u.do("PUT", "/api/v1/incidents", "commander", "")
	u.problem(w, 405, "method_not_allowed")
	if allow := w.Header().Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("allowed: %s", allow)
	}
}

// TestPanic: a handler's panic is a problem with an id that the log has too.
func TestPanic(t *testing.T) {
	u := newUnder(t)
	u.reader.wait = func(context.Context) { panic("lost") }
	w := u.do("GET", "/api/v1/config", "", "", "Accept-Encoding", "gzip")
	u.problem(w, 500, "internal")
	if log := u.log.String(); !strings.Contains(log, "lost") || strings.Count(log, w.Header().Get("X-Request-Id")) != 2 {
		t.Errorf("logged %s", log)
	}
}

// TestLogLine: the route, never the address asked for, nor a query or body.
func TestLogLine(t *testing.T) {
	metrics := prometheus.NewRegistry()
	u := newUnder(t, func(d *Deps) { d.Metrics, d.MetricsToken = metrics, "sesame-sesame-sesame" })
	u.do("POST", "/api/v1/reports?secret=13800001234", "", `{"type_code":"urban.street_light","lon":121.4,"lat":31.2,"phone":"13800001234"}`,
		"Idempotency-Key", "0b0e6f3c-9a5e-4c83-9a55-2f4d7a4f9d10")
	u.do("GET", "/api/v1/reports/ABCD-EFGH-JKLM", "", "")
	log := u.log.String()
	for _, private := range []string{"13800001234", "121.4", "secret", "ABCD"} {
		if strings.Contains(log, private) {
			t.Errorf("the log tells %s: %s", private, log)
		}
	}
	if !strings.Contains(log, `"route":"POST /api/v1/reports"`) || !strings.Contains(log, `"status":201`) || !strings.Contains(log, `"route":"GET /api/v1/reports/{tracking}"`) {
		t.Errorf("logged %s", log)
	}
	if w := u.do("GET", "/metrics", "", "", "Authorization", "Bearer "+u.deps.MetricsToken); !strings.Contains(w.Body.String(), `yiping_http_request_seconds_count{route="POST /api/v1/reports",status="201"} 1`) {
		t.Errorf("counted %s", w.Body)
	}
}

func TestCompression(t *testing.T) {
	u := newUnder(t)
	w := u.do("GET", "/openapi.json", "", "", "Accept-Encoding", "gzip")
	if w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") {
		t.Fatalf("headers %v", w.Header())
	}
	zipped := w.Body.Len()
	r, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil || len(plain) < 4*zipped {
		t.Errorf("%d bytes from %d, %v", zipped, len(plain), err)
	}
	if w := u.do("GET", "/openapi.json", "", ""); w.Header().Get("Content-Encoding") != "" || w.Body.String() != string(plain) {
		t.Error("compressed without being asked, or another document")
	}
}

func TestLargeBodyIsRefused(t *testing.T) {
	u := newUnder(t)
	large := `{"type_code":"x","lon":1,"lat":2,"summary":"` + strings.Repeat("x", 2<<20) + `"}`
	p := u.problem(u.do("POST", "/api/v1/incidents", "commander", large, "Idempotency-Key", "k"), 413, "too_large")
	if p.Detail != "内容过大。" {
		t.Errorf("said %s", p.Detail)
	}
}

// TestRequestsEnd: a handler's context has a deadline, the socket's has none.
func TestRequestsEnd(t *testing.T) {
	u := newUnder(t)
	var left time.Duration
	u.reader.wait = func(ctx context.Context) {
		deadline, ok := ctx.Deadline()
		if !ok {
			t.Error("no deadline")
		}
		left = time.Until(deadline)
	}
	u.do("GET", "/api/v1/config", "", "")
	if left <= 0 || left > jsonTime {
		t.Errorf("%s left", left)
	}
}

// TestALeftPageIsNoFailure: a request that nobody waits for any more is told apart
// from one that we could not serve.
func TestALeftPageIsNoFailure(t *testing.T) {
	for left, status := range map[bool]string{true: `"status":499`, false: `"status":503`} {
		u := newUnder(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		u.reader.err = &dispatch.Error{Code: dispatch.CodeUnavailable, Err: context.Canceled}
		u.reader.wait = func(context.Context) {
			if left {
				cancel()
			}
		}
		u.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/api/v1/config", nil))
		if log := u.log.String(); !strings.Contains(log, status) {
			t.Errorf("left %v: %s", left, log)
		}
	}
}

// TestHijack: the socket takes the connection over through all that is around it.
func TestHijack(t *testing.T) {
	u := newUnder(t)
	a := newAPI(u.deps)
	a.mux.HandleFunc("GET /taken", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Deadline(); ok {
			t.Error("the socket has a deadline")
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
		_ = conn.Close()
	})
	server := httptest.NewServer(a.wrap(a.mux))
	defer server.Close()
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /taken HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "101") {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestHealth(t *testing.T) {
	ready := context.DeadlineExceeded
	u := newUnder(t, func(d *Deps) { d.Ready = func(context.Context) error { return ready } })
	if w := u.do("GET", "/healthz", "", ""); w.Code != 200 {
		t.Errorf("not alive: %d", w.Code)
	}
	if w := u.do("GET", "/readyz", "", ""); w.Code != 503 {
		t.Errorf("ready: %d", w.Code)
	}
	ready = nil
	if w := u.do("GET", "/readyz", "", ""); w.Code != 200 {
		t.Errorf("not ready: %d", w.Code)
	}
}
