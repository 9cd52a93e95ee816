package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestEveryRouteHasLimits: a time, a body where it takes one, and for whoever
// changes something or is a stranger at the API, a pace.
func TestEveryRouteHasLimits(t *testing.T) {
	d := readDocument(t)
	for _, route := range Routes(Deps{}) {
		l, name := route.Limit, route.Method+" "+route.Path
		if l.Time <= 0 || l.Time > fileTime || l.Body > fileLimit {
			t.Errorf("%s: %+v", name, l)
		}
		if reads := route.Method == http.MethodGet; reads && l.Body != 0 {
			t.Errorf("%s is read and takes a body of %d bytes", name, l.Body)
		}
		if operation := d.Paths[route.Path][strings.ToLower(route.Method)]; operation.RequestBody != nil && l.Body == 0 {
			t.Errorf("%s takes no body", name)
		}
		if strings.HasPrefix(route.Path, "/api/") && (l.Kind == "" || l.Address.Burst == 0 || l.Account.Burst == 0) {
			t.Errorf("%s has no pace: %+v", name, l)
		}
		if signed := strings.HasPrefix(route.Path, "/api/v1/gateway/"); signed { // by the one gateway, for everybody it reaches
			if l.Body > 16<<10 {
				t.Errorf("%s takes %d bytes before it looks who signed them", name, l.Body)
			}
			continue
		}
		if route.Access == Public && route.Method != http.MethodGet && (l.Address.Every < time.Second || l.Body > photoLimit) {
			t.Errorf("%s is open to strangers: %+v", name, l)
		}
	}
}

func TestLimitOf(t *testing.T) {
	for _, c := range []struct {
		method, path, kind string
		body               int64
	}{
		{"POST", "/api/v1/session", "sign in", 4 << 10},
		{"POST", "/api/v1/reports", "report", 64 << 10},
		{"POST", "/api/v1/reports/{tracking}/photos", "report", photoLimit},
		{"POST", "/api/v1/incidents/{id}/photos", "photo", photoLimit},
		{"POST", "/api/v1/imports", "file", fileLimit},
		{"POST", "/api/v1/imports/{id}/write", "command", jsonLimit},
		{"GET", "/api/v1/registers/{noun}/export", "file", 0},
		{"DELETE", "/api/v1/session", "command", jsonLimit},
		{"GET", "/console", "page", 0},
		{"GET", "/metrics", "page", 0},
		{"", "", "page", 0},
	} {
		if l := limitOf(c.method, c.path); l.Kind != c.kind || l.Body != c.body {
			t.Errorf("%s %s: %+v", c.method, c.path, l)
		}
	}
}

// underStopped is the API with limits that go by a clock that stands still, where
// X-Forwarded-For says from where a request comes.
func underStopped(t *testing.T) (*under, *time.Time) {
	t.Helper()
	u := newUnder(t, func(d *Deps) { d.Proxies = testProxies })
	now := testNow
	a := newAPI(u.deps)
	clock := func() time.Time { return now }
	a.addresses, a.people = newLimiter(clock), newLimiter(clock)
	u.handler = a.wrap(a.mux)
	return u, &now
}

// TestLimitedStranger: after the burst a stranger is refused and told when to
// come back; others, and requests of another kind, are not.
func TestLimitedStranger(t *testing.T) {
	u, _ := underStopped(t)
	in := `{"username":"wall","password":"wrong"}`
	try := func(from string) int {
		w := u.do("POST", "/api/v1/session", "", in, "X-Forwarded-For", from)
		if w.Code == 429 {
			u.problem(w, 429, "too_many")
			if after, err := strconv.Atoi(w.Header().Get("Retry-After")); err != nil || after < 1 || after > 2 {
				t.Errorf("come back: %q", w.Header().Get("Retry-After"))
			}
		}
		return w.Code
	}
	for k := range stranger.Burst {
		if code := try("203.0.113.7"); code != 401 {
			t.Fatalf("attempt %d: %d", k, code)
		}
	}
	if try("203.0.113.7") != 429 || try("203.0.113.8") != 401 {
		t.Error("by address")
	}
	for k := range stranger.Burst {
		if code := try("2001:db8::" + strconv.FormatInt(int64(k+1), 16)); code != 401 {
			t.Fatalf("attempt %d: %d", k, code)
		}
	}
	if try("2001:db8::ffff:1") != 429 || try("2001:db8:0:1::1") != 401 {
		t.Error("a network of IPv6 is one caller, the next is another")
	}
	for _, path := range []string{"/api/v1/config", "/api/v1/reports/AAAA-BBBB-CCCC"} {
		if w := u.do("GET", path, "", "", "X-Forwarded-For", "203.0.113.7"); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestLimitedAccount: an account has its own pace, from wherever it comes.
func TestLimitedAccount(t *testing.T) {
	u, now := underStopped(t)
	for k := range desk.Burst {
		if w := u.do("POST", "/api/v1/incidents/7/verify", "commander", `{"version":1}`, "X-Forwarded-For", "203.0.113."+strconv.Itoa(k%250)); w.Code == 429 {
			t.Fatalf("command %d", k)
		}
	}
	w := u.do("POST", "/api/v1/incidents/7/verify", "commander", `{"version":1}`)
	u.problem(w, 429, "too_many")
	if w.Header().Get("Retry-After") != "1" {
		t.Errorf("come back: %q", w.Header().Get("Retry-After"))
	}
	if w := u.do("GET", "/api/v1/session", "commander", ""); w.Code != 200 {
		t.Errorf("it may read: %d", w.Code)
	}
	*now = now.Add(desk.Every)
	if w := u.do("POST", "/api/v1/incidents/7/verify", "commander", `{"version":1}`); w.Code == 429 {
		t.Error("still refused")
	}
}

// TestLimitedForger: who tries sessions is not looked up for ever.
func TestLimitedForger(t *testing.T) {
	u, _ := underStopped(t)
	for k := range forger.Burst {
		u.problem(u.do("GET", "/api/v1/session", "guess"+strconv.Itoa(k), "", "X-Forwarded-For", "203.0.113.7"), 401, "signed_out")
	}
	u.problem(u.do("GET", "/api/v1/session", "guess", "", "X-Forwarded-For", "203.0.113.7"), 429, "too_many")
	if w := u.do("GET", "/api/v1/session", "wall", "", "X-Forwarded-For", "203.0.113.8"); w.Code != 200 {
		t.Errorf("another: %d", w.Code)
	}
	u.problem(u.do("GET", "/api/v1/session", "", "", "X-Forwarded-For", "203.0.113.7"), 401, "signed_out") // who tries none
}
