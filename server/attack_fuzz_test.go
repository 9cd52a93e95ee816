package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"yiping/server/httpapi"
)

// What is sent, rather than who sends it: every route gets what it does not
// expect, and answers with words or not at all, never with a fault.

// TestAttackWithWords sends it; bodies last, for some of them reset passwords.
func TestAttackWithWords(t *testing.T) {
	attacked(t, []attack{{"queries", attackQueries}, {"paths", attackPaths}, {"a gigabyte", attackLargeBody}, {"own session", attackOwnSession}, {"bodies", attackBodies}})
}

// nasty are texts that have broken other programs.
var nasty = []string{
	"'; drop table incident; --", "' or '1'='1", "\" or 1=1 --", "1) union select password_hash from account --", "%' escape '",
	"x\r\nSet-Cookie: stolen=1", "x\nX-Injected: 1", "\x00", "\u202e\ufeff", strings.Repeat("长", 5000), "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd",
	"{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>", "-1", "9223372036854775808", "1e309", "NaN", "null", "[]", "{}", "true",
}

// filled puts a value into the places of a path.
func filled(path, value string) string {
	var out []string
	for _, part := range strings.Split(path, "/") {
		if strings.HasPrefix(part, "{") {
			part = url.PathEscape(value)
		}
		out = append(out, part)
	}
	return strings.Join(out, "/")
}

// sends gives a request's status, and refuses a fault, a hang and a header that
// was put in.
func (p *person) sends(method, path, contentType string, body io.Reader) int {
	p.r.t.Helper()
	req, err := http.NewRequestWithContext(p.r.t.Context(), method, p.r.base+path, body)
	if err != nil {
		return 0 // no client sends it
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Idempotency-Key", fmt.Sprintf("k%d", rand.Uint64()))
	began := time.Now()
	res, err := p.client.Do(req)
	if err != nil {
		p.r.t.Errorf("%s %.120s: %v", method, path, err)
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode >= 500 {
		p.r.t.Errorf("%s %.120s: %d", method, path, res.StatusCode)
	}
	if took := time.Since(began); took > 10*time.Second {
		p.r.t.Errorf("%s %.120s took %v", method, path, took)
	}
	if res.Header.Get("X-Injected") != "" || strings.Contains(fmt.Sprint(res.Header["Set-Cookie"]), "stolen") {
		p.r.t.Errorf("%s %.120s: a header was put in", method, path)
	}
	return res.StatusCode
}

// fuzzed are the routes that are tried but for the live socket: those of the own
// session, which may end the session that tries, and the others.
func fuzzed(own bool) []httpapi.Route {
	var list []httpapi.Route
	for _, route := range httpapi.Routes(httpapi.Deps{}) {
		ofOwn := strings.HasPrefix(route.Path, "/api/v1/session") || strings.HasPrefix(route.Path, "/api/v1/account/")
		if own == ofOwn && !strings.HasSuffix(route.Path, "/live") {
			list = append(list, route)
		}
	}
	return list
}

// attackBodies: bodies of every shape on every route, by those who may most.
func attackBodies(t *testing.T, r *running) {
	people := []*person{r.signIn("commander"), r.signIn("admin"), r.signIn("security"), r.signIn("responder1"), r.nobody()}
	dice := rand.New(rand.NewPCG(4, 2))
	answered := map[int]int{}
	for _, route := range fuzzed(false) {
		for _, who := range people {
			path := filled(route.Path, nasty[dice.IntN(len(nasty))])
			if dice.IntN(2) == 0 {
				path = filled(route.Path, "1")
			}
			answered[who.sends(route.Method, path, "application/json", strings.NewReader(body(dice)))]++
		}
	}
	if answered[422]+answered[400] == 0 || answered[404] == 0 || answered[401] == 0 {
		t.Errorf("the answers were %v: the routes were not reached", answered)
	}
}

// attackOwnSession: the same on what is about the own session and account, signed
// in and not.
func attackOwnSession(t *testing.T, r *running) {
	people := []*person{r.signIn("responder3"), r.nobody()}
	dice := rand.New(rand.NewPCG(9, 3))
	reached := map[int]int{}
	for _, route := range fuzzed(true) {
		for range 4 {
			for _, who := range people {
				reached[who.sends(route.Method, filled(route.Path, "1"), "application/json", strings.NewReader(body(dice)))]++
			}
		}
	}
	if reached[422]+reached[400] == 0 || reached[401] == 0 {
		t.Errorf("the answers were %v: the routes were not reached", reached)
	}
}

// body gives something that begins like a body of the API.
func body(dice *rand.Rand) string {
	value := func() string {
		switch dice.IntN(6) {
		case 0:
			return fmt.Sprintf("%q", nasty[dice.IntN(len(nasty))])
		case 1:
			return fmt.Sprint(dice.Int64() - dice.Int64())
		case 2:
			return "[" + strings.Repeat("[", dice.IntN(2000))
		case 3:
			return `{"a":` + strings.Repeat(`{"a":`, dice.IntN(50)) + "1"
		case 4:
			return "null"
		}
		return "1e400"
	}
	keys := []string{"version", "reason", "lon", "lat", "type_code", "area_id", "name", "words", "phone", "positions", "responder_ids", "roles", "from", "to", "day", "kind", "at", "passed"}
	var b strings.Builder
	b.WriteString("{")
	for range dice.IntN(8) {
		fmt.Fprintf(&b, "%q:%s,", keys[dice.IntN(len(keys))], value())
	}
	b.WriteString(`"x":1}`)
	return b.String()
}

// attackQueries: texts of SQL, of headers and of paths in every parameter of
// every reading route.
func attackQueries(t *testing.T, r *running) {
	people := []*person{r.signIn("commander"), r.signIn("admin"), r.signIn("auditor")}
	names := []string{"q", "query", "limit", "cursor", "area_id", "queue", "day", "from", "to", "kind", "action", "lang", "format", "bbox", "measure", "resolution", "filter", "sort", "category", "skill"}
	dice := rand.New(rand.NewPCG(1, 7))
	for _, route := range fuzzed(false) {
		if route.Method != http.MethodGet {
			continue
		}
		for _, who := range people {
			q := url.Values{}
			for range 3 {
				q.Set(names[dice.IntN(len(names))], nasty[dice.IntN(len(nasty))])
			}
			who.sends("GET", filled(route.Path, "1")+"?"+q.Encode(), "application/json", nil)
		}
	}
	people[0].must(200, "GET", "/api/v1/incidents", nil) // the table is there
}

// attackPaths: no name of a file leads out of its place.
func attackPaths(t *testing.T, r *running) {
	chief := r.signIn("commander")
	for _, path := range []string{
		"/..%2f..%2f..%2fetc%2fpasswd", "/assets/..%2f..%2fkeys.json", "/assets/%2e%2e/%2e%2e/keys.json", "/console/..%2f..%2f.yiping%2fkeys.json", "//etc/passwd", "/assets/....//keys.json",
		"/api/v1/photos/..%2f..%2fkeys.json", "/api/v1/registers/..%2f..%2fetc/export", "/api/v1/registers/facilities%00/export", "/api/v1/tiles/base/..%2f1/0/0", "/assets/%5c..%5c..%5ckeys.json",
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", r.base+path, nil)
		if err != nil {
			continue
		}
		res, err := chief.client.Do(req)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		text, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if strings.Contains(string(text), "root:") || strings.Contains(string(text), "keys") && strings.Contains(string(text), "provider") || res.StatusCode >= 500 {
			t.Errorf("%s: %d %.100s", path, res.StatusCode, text)
		}
	}
}

// zeros gives that many of them, and counts what was taken; the client reads on
// while its request has been answered.
type zeros struct {
	left  int64
	taken atomic.Int64
}

func (z *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), z.left-z.taken.Load())
	if n <= 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	z.taken.Add(n)
	return int(n), nil
}

// attackLargeBody: a gigabyte is refused before it is read, on every route
// that takes a body.
func attackLargeBody(t *testing.T, r *running) {
	chief, admin, nobody := r.signIn("commander"), r.signIn("admin"), r.nobody()
	for _, c := range []struct {
		who               *person
		path, contentType string
		most              int64
	}{
		{nobody, "/api/v1/session", "application/json", 8 << 20},
		{nobody, "/api/v1/reports", "application/json", 8 << 20},
		{chief, "/api/v1/incidents", "application/json", 8 << 20},
		{chief, "/api/v1/incidents/1/photos", "multipart/form-data; boundary=x", 64 << 20},
		{admin, "/api/v1/registers/facilities/edit", "application/json", 16 << 20},
	} {
		body := &zeros{left: 1 << 30}
		req, err := http.NewRequestWithContext(t.Context(), "POST", r.base+c.path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", c.contentType)
		req.Header.Set("Idempotency-Key", "large")
		res, err := c.who.client.Do(req)
		status := 0
		if err == nil { // else the connection was closed while it was being sent
			status = res.StatusCode
			_ = res.Body.Close()
		}
		if status >= 500 || status > 0 && status < 400 || body.taken.Load() > c.most {
			t.Errorf("POST %s: %d after %d MB, %v", c.path, status, body.taken.Load()>>20, err)
		}
	}
}
