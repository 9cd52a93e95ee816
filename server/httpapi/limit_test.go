package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// TestLimitedCaller: after the burst a caller is refused and told when to come
// back; others, and other kinds of request, are not.
func TestLimitedCaller(t *testing.T) {
	u := newUnder(t)
	in := `{"username":"wall","password":"wrong"}`
	for k := range limitBurst {
		if w := u.do("POST", "/api/v1/session", "", in); w.Code != 401 {
			t.Fatalf("attempt %d: %d", k, w.Code)
		}
	}
	w := u.do("POST", "/api/v1/session", "", in)
	u.problem(w, 429, "too_many")
	if w.Header().Get("Retry-After") != "30" {
		t.Errorf("come back: %q", w.Header().Get("Retry-After"))
	}
	if w := u.do("GET", "/api/v1/config", "", ""); w.Code != 200 {
		t.Errorf("config: %d", w.Code)
	}
	if w := u.do("GET", "/api/v1/reports/AAAA-BBBB-CCCC", "", ""); w.Code != 200 {
		t.Errorf("track: %d", w.Code)
	}
}

func TestLimiter(t *testing.T) {
	now := testNow
	l := newLimiter(func() time.Time { return now })
	ask := func(remote, method, path string) bool {
		r := httptest.NewRequest(method, path, nil)
		err := l.allow(from(r, remote))
		if err != nil && dispatch.CodeOf(err) != dispatch.CodeTooMany {
			t.Fatal(err)
		}
		return err == nil
	}
	drain := func(remote string) (n int) {
		for ask(remote, "POST", "/api/v1/reports") {
			n++
		}
		return n
	}
	if n := drain("10.0.0.1:1000"); n != limitBurst {
		t.Errorf("%d at once, want %d", n, limitBurst)
	}
	if ask("10.0.0.1:2000", "POST", "/api/v1/reports/X/photos") {
		t.Error("another port, another path of reports: the same bucket")
	}
	if !ask("10.0.0.2:1000", "POST", "/api/v1/reports") || !ask("10.0.0.1:1000", "POST", "/api/v1/session") || !ask("10.0.0.1:1", "GET", "/api/v1/reports/X") {
		t.Error("another address or kind has its own bucket")
	}
	now = now.Add(limitEvery)
	if n := drain("10.0.0.1:1000"); n != 1 {
		t.Errorf("%d after a while, want 1", n)
	}
	if n := drain("[2001:db8:1:2::1]:1000"); n != limitBurst || ask("[2001:db8:1:2:ffff::9]:1000", "POST", "/api/v1/reports") {
		t.Error("a network of IPv6 is one caller")
	}
	if !ask("[2001:db8:1:3::1]:1000", "POST", "/api/v1/reports") {
		t.Error("the next network is another")
	}
	for range 10 * limitBurst {
		if !ask("10.0.0.1:1000", "GET", "/api/v1/tiles/base/1/0/0") {
			t.Fatal("base tiles are not limited")
		}
	}
}

// TestLimiterForgets: however many addresses ask, memory is bounded and
// newcomers are served; those who wait for tokens are remembered over the idle.
func TestLimiterForgets(t *testing.T) {
	now := testNow
	l := newLimiter(func() time.Time { return now })
	address := func(k int) string { return fmt.Sprintf("10.%d.%d.%d:9", k>>16, k>>8&255, k&255) }
	plain := httptest.NewRequest("POST", "/api/v1/reports", nil)
	for k := range limitMemory {
		r := from(plain, address(k))
		if err := l.allow(r); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(time.Hour)
	r := from(plain, address(0))
	for l.allow(r) == nil {
	}
	r = from(plain, address(limitMemory))
	if err := l.allow(r); err != nil {
		t.Fatalf("a newcomer: %v", err)
	}
	if len(l.buckets) != 2 {
		t.Errorf("%d remembered, want the busy one and the newcomer", len(l.buckets))
	}
	r = from(plain, address(0))
	if l.allow(r) == nil {
		t.Error("who had used all up was forgotten")
	}
	for k := range 3 * limitMemory {
		r := from(plain, address(k))
		_ = l.allow(r)
	}
	if len(l.buckets) > limitMemory {
		t.Errorf("%d remembered", len(l.buckets))
	}
}

// from gives the request as one that comes from an address.
func from(r *http.Request, remote string) *http.Request {
	r = r.Clone(r.Context())
	r.RemoteAddr = remote
	return r.WithContext(context.WithValue(r.Context(), keyCaller, findCaller(r, nil)))
}
