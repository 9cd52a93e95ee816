package httpapi

import (
	"context"
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestFindCaller: proxies are believed, nobody else is.
func TestFindCaller(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("fd00::/64")}
	for _, c := range []struct {
		name, remote string
		header       []string
		overTLS      bool
		want         caller
	}{
		{"straight", "203.0.113.7:1000", nil, false, caller{address: netip.MustParseAddr("203.0.113.7"), direct: true}},
		{"straight over TLS", "203.0.113.7:1000", nil, true, caller{address: netip.MustParseAddr("203.0.113.7"), secure: true, direct: true}},
		{"a stranger says who it is", "203.0.113.7:1000", []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "https"}, false,
			caller{address: netip.MustParseAddr("203.0.113.7")}},
		{"a stranger says it is this machine", "203.0.113.7:1000", []string{"X-Forwarded-For", "127.0.0.1"}, false, caller{address: netip.MustParseAddr("203.0.113.7")}},
		{"through a proxy", "10.0.0.5:1000", []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-Proto", "https"}, false,
			caller{address: netip.MustParseAddr("203.0.113.7"), secure: true}},
		{"through two", "10.0.0.5:1000", []string{"X-Forwarded-For", "203.0.113.7, 10.0.0.6"}, false, caller{address: netip.MustParseAddr("203.0.113.7")}},
		{"in two lines", "10.0.0.5:1000", []string{"X-Forwarded-For", "203.0.113.7", "X-Forwarded-For", "10.0.0.6"}, false, caller{address: netip.MustParseAddr("203.0.113.7")}},
		{"what the caller wrote before", "10.0.0.5:1000", []string{"X-Forwarded-For", "127.0.0.1, 1.1.1.1, 203.0.113.7"}, false, caller{address: netip.MustParseAddr("203.0.113.7")}},
		{"it ends in nonsense", "10.0.0.5:1000", []string{"X-Forwarded-For", "1.1.1.1, unknown"}, false, caller{address: netip.MustParseAddr("10.0.0.5")}},
		{"nonsense before", "10.0.0.5:1000", []string{"X-Forwarded-For", "1.1.1.1, <script>, 10.0.0.6"}, false, caller{address: netip.MustParseAddr("10.0.0.6")}},
		{"with ports", "10.0.0.5:1000", []string{"X-Forwarded-For", "[2001:db8::1]:99, 10.0.0.6:443"}, false, caller{address: netip.MustParseAddr("2001:db8::1")}},
		{"IPv6", "[fd00::1]:1000", []string{"X-Forwarded-For", "2001:db8::1"}, false, caller{address: netip.MustParseAddr("2001:db8::1")}},
		{"IPv4 in IPv6", "[::ffff:10.0.0.5]:1000", []string{"X-Forwarded-For", "::ffff:203.0.113.7"}, false, caller{address: netip.MustParseAddr("203.0.113.7")}},
		{"the proxy itself", "10.0.0.5:1000", nil, false, caller{address: netip.MustParseAddr("10.0.0.5"), direct: true}},
		{"the proxy was called without TLS", "10.0.0.5:1000", []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "http"}, true, caller{address: netip.MustParseAddr("1.1.1.1")}},
		{"the last proxy's word", "10.0.0.5:1000", []string{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "https, http"}, false, caller{address: netip.MustParseAddr("1.1.1.1")}},
		{"hops without end", "10.0.0.5:1000", []string{"X-Forwarded-For", "1.1.1.1," + strings.Repeat("10.0.0.6,", 100) + "10.0.0.7"}, false, caller{address: netip.MustParseAddr("10.0.0.6")}},
		{"no address", "@", nil, false, caller{direct: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.remote
			if c.overTLS {
				r.TLS = &tls.ConnectionState{}
			}
			for k := 0; k+1 < len(c.header); k += 2 {
				r.Header.Add(c.header[k], c.header[k+1])
			}
			if got := findCaller(r, proxies); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

// TestCookieOverTLS: over TLS only the cookie of the strict name is a session,
// so one that a network or a neighbour has planted is none.
func TestCookieOverTLS(t *testing.T) {
	u := newUnder(t, func(d *Deps) { d.Proxies = testProxies })
	u.problem(u.do("GET", "/api/v1/session", "wall", "", "X-Forwarded-Proto", "https"), 401, "signed_out")
	if w := u.do("GET", "/api/v1/session", "", "", "X-Forwarded-Proto", "https", "Cookie", SecureCookieName+"=wall"); w.Code != 200 {
		t.Errorf("%d", w.Code)
	}
	u.problem(u.do("GET", "/api/v1/session", "", "", "Cookie", SecureCookieName+"=wall"), 401, "signed_out")
}

// TestWhoReadsTheFigures: this machine, or who shows the token.
func TestWhoReadsTheFigures(t *testing.T) {
	for _, c := range []struct {
		name, token, remote string
		header              []string
		status              int
	}{
		{"this machine", "", "127.0.0.1:1", nil, 200},
		{"this machine over IPv6", "", "[::1]:1", nil, 200},
		{"another", "", "192.0.2.1:1", nil, 404},
		{"another, with a token that is not asked for", "", "192.0.2.1:1", []string{"Authorization", "Bearer "}, 404},
		{"another through a proxy of this machine", "", "127.0.0.1:1", []string{"X-Forwarded-For", "192.0.2.1"}, 404},
		{"another that says it is this machine", "", "192.0.2.1:1", []string{"X-Forwarded-For", "127.0.0.1"}, 404},
		{"the token", "sesame-sesame-sesame", "192.0.2.1:1", []string{"Authorization", "Bearer sesame-sesame-sesame"}, 200},
		{"another token", "sesame-sesame-sesame", "192.0.2.1:1", []string{"Authorization", "Bearer sesame-sesame-sesamf"}, 404},
		{"a part of it", "sesame-sesame-sesame", "192.0.2.1:1", []string{"Authorization", "Bearer sesame"}, 404},
		{"without its kind", "sesame-sesame-sesame", "192.0.2.1:1", []string{"Authorization", "sesame-sesame-sesame"}, 404},
		{"this machine without the token", "sesame-sesame-sesame", "127.0.0.1:1", nil, 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := newUnder(t, func(d *Deps) { d.Metrics, d.MetricsToken = prometheus.NewRegistry(), c.token })
			r := httptest.NewRequestWithContext(context.Background(), "GET", "/metrics", nil)
			r.RemoteAddr = c.remote
			for k := 0; k+1 < len(c.header); k += 2 {
				r.Header.Set(c.header[k], c.header[k+1])
			}
			w := httptest.NewRecorder()
			u.handler.ServeHTTP(w, r)
			if w.Code != c.status {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// TestSecureOnly: other machines are answered over TLS alone.
func TestSecureOnly(t *testing.T) {
	u := newUnder(t, func(d *Deps) { d.SecureOnly, d.Proxies = true, testProxies[:1] })
	for _, path := range []string{"/api/v1/config", "/console", "/openapi.json", "/api/v1/live"} {
		u.problem(u.do("GET", path, "", ""), 403, "not_secure")
		u.problem(u.do("GET", path, "", "", "X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "http"), 403, "not_secure")
	}
	for _, header := range [][]string{{"X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "https"}, {"X-Forwarded-For", "127.0.0.1"}} {
		if w := u.do("GET", "/api/v1/config", "", "", header...); w.Code != 200 {
			t.Errorf("%v: %d", header, w.Code)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := u.do("GET", path, "", ""); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
