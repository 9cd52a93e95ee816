package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"yiping/server/config"
	"yiping/server/postgres/pgtest"
)

// signInSite is a real OpenID Connect provider beside a real server.
type signInSite struct {
	t      *testing.T
	issuer string
	*running
}

// siteForTest starts both. The server's address is chosen first: the provider
// sends nobody to one that is not registered there.
func siteForTest(t *testing.T, mapping string) *signInSite {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := free.Addr().String()
	_ = free.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, "client-secret-of-the-tests\n")
	lines := filepath.Join(t.TempDir(), "mapping.json")
	write(t, lines, mapping)
	own := "http://" + listen

	issuer, _ := otherSide(t, "e2e/provider.mjs", own+config.CallbackPath, "yiping", "client-secret-of-the-tests")
	s := &signInSite{t: t, issuer: issuer}
	s.running = serveWith(t, pgtest.Database(t), serveCmd{JSON: true, NoSimulate: true}, func(a *app) {
		a.Listen = listen
		a.OutboundAllow = []string{s.issuer}
		a.Identity = config.Identity{Issuer: s.issuer, Client: "yiping", SecretFile: secret, Own: own, MappingFile: lines, Scopes: []string{"profile"},
			UsernameClaim: "preferred_username", NameClaim: "name"}
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
	})
	return s
}

// otherSide starts a process that plays who is on the other side; it goes with the
// test. It gives the first line that it prints, and the rest.
func otherSide(t *testing.T, script string, args ...string) (first string, rest *bufio.Scanner) {
	t.Helper()
	node := exec.CommandContext(t.Context(), "node", append([]string{script}, args...)...)
	node.Dir = "../web"
	node.Stderr = os.Stderr
	alive, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = alive.Close(); _ = node.Wait() })
	rest = bufio.NewScanner(out)
	if !rest.Scan() {
		t.Fatalf("%s did not start (npm install in web?): %v", script, rest.Err())
	}
	return rest.Text(), rest
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// users replaces the provider's users.
func (s *signInSite) users(users object) {
	s.t.Helper()
	raw, err := json.Marshal(users)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), "PUT", s.issuer+"/test/users", bytes.NewReader(raw))
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
}

// browsers counts them: each comes from an address of its own, for what one
// address may ask is bounded.
var browsers atomic.Int32

// browser is one, with its cookies, that follows nothing by itself.
func (s *signInSite) browser() *person {
	p := s.from(net.IPv4(127, 0, 1, byte(browsers.Add(1))))
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p
}

// visit opens an address (a form where it is not nil) and gives where it leads.
func (s *signInSite) visit(p *person, address string, form url.Values) (status int, location, text string) {
	s.t.Helper()
	method, body := "GET", io.Reader(nil)
	if form != nil {
		method, body = "POST", strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, address, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := p.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if at, err := res.Location(); err == nil {
		location = at.String()
	}
	return res.StatusCode, location, string(raw)
}

// leave begins a sign-in and gives the provider's address.
func (s *signInSite) leave(p *person, page string) string {
	s.t.Helper()
	status, at, text := s.visit(p, s.base+"/api/v1/session/provider?page="+url.QueryEscape(page), nil)
	if status != 303 || !strings.HasPrefix(at, s.issuer+"/") {
		s.t.Fatalf("leaving for the provider: %d %s %s", status, at, text)
	}
	return at
}

var formOf = regexp.MustCompile(`action="([^"]+)"`)

// prove goes through the provider's own pages as one of its users, and gives the
// address of ours that it sends back to, which is not opened yet.
func (s *signInSite) prove(p *person, at, user string) string {
	s.t.Helper()
	for range 12 {
		if strings.HasPrefix(at, s.base+"/") {
			return at
		}
		status, next, text := s.visit(p, at, nil)
		if status == 200 {
			form := formOf.FindStringSubmatch(text)
			if form == nil {
				s.t.Fatalf("no form on %s: %s", at, text)
			}
			what := "consent"
			if strings.Contains(text, `name="login"`) {
				what = "login"
			}
			status, next, text = s.visit(p, form[1], url.Values{"prompt": {what}, "login": {user}, "password": {"any"}})
		}
		if next == "" {
			s.t.Fatalf("the provider says %d: %s", status, text)
		}
		at = next
	}
	s.t.Fatal("the provider sends on and on")
	return ""
}

// enter signs in from beginning to end and gives where it ends.
func (s *signInSite) enter(p *person, user, page string) string {
	s.t.Helper()
	_, at, _ := s.visit(p, s.prove(p, s.leave(p, page), user), nil)
	return strings.TrimPrefix(at, s.base)
}

// altered gives an address with another value of one parameter.
func altered(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

const mappingOfTests = `[
	{"claim": "groups", "value": "duty", "role": "dispatcher", "area": ""},
	{"claim": "groups", "value": "chief", "role": "commander", "area": ""},
	{"claim": "groups", "value": "audit", "role": "audit_administrator", "area": ""},
	{"claim": "groups", "value": "gone", "role": "commander", "area": "no-such-area"}]`

// TestProvider holds everything against one server and one provider.
func TestProvider(t *testing.T) {
	s := siteForTest(t, mappingOfTests)
	for _, c := range []struct {
		name string
		try  func(t *testing.T, s *signInSite)
	}{{"sign in", signInAtProvider}, {"attack", attackProvider}, {"unlock", unlockAtProvider}} {
		t.Run(c.name, func(t *testing.T) { c.try(t, &signInSite{t, s.issuer, &running{t, s.base, s.first, s.database}}) })
	}
}

// signInAtProvider: accounts, names and rights follow what a real provider
// says at each sign-in.
func signInAtProvider(t *testing.T, s *signInSite) {
	if p := s.nobody().must(200, "GET", "/api/v1/config", nil)["provider"].(object); p["path"] != "/api/v1/session/provider" {
		t.Errorf("the pages are told %v", p)
	}
	duty := object{"name": "值班员甲", "preferred_username": "Dispatcher@example.cn", "groups": []string{"duty"}}
	s.users(object{"a1": duty})
	p := s.browser()
	if at := s.enter(p, "a1", "/wall"); at != "/wall" {
		t.Fatalf("ended at %s", at)
	}
	me := p.must(200, "GET", "/api/v1/session", nil)
	role := func(of object) string { return of["roles"].([]any)[0].(object)["role"].(string) }
	if me["username"] != "dispatcher-2" || me["display_name"] != "值班员甲" || me["method"] != "provider" || me["unlock_by"] != "provider" || role(me) != "dispatcher" {
		t.Errorf("signed in as %v", me)
	}
	// The account of that name which was here has not been taken over.
	if own := s.signIn("dispatcher").must(200, "GET", "/api/v1/session", nil); own["account_id"] == me["account_id"] {
		t.Error("an account was taken over by its name")
	}

	// What the provider says is followed, in what is open, too; here nobody gives more.
	security := s.signIn("security")
	path := fmt.Sprintf("/api/v1/accounts/%d", number(me["account_id"]))
	account := security.must(200, "GET", path, nil)
	if status, out, _ := security.do("POST", path+"/grants", object{"version": account["version"], "grants": []object{{"role": "commander", "area_id": account["roles"].([]any)[0].(object)["area_id"]}}}); status != 409 || out["code"] != "provider_grants" {
		t.Errorf("granting beside the provider: %d %v", status, out)
	}
	duty["groups"] = []string{"chief", "gone"}
	s.users(object{"a1": duty})
	q := s.browser()
	s.enter(q, "a1", "/console")
	if again := q.must(200, "GET", "/api/v1/session", nil); again["account_id"] != me["account_id"] || role(again) != "commander" || len(again["roles"].([]any)) != 1 {
		t.Errorf("signed in again as %v", again)
	}
	if first := p.must(200, "GET", "/api/v1/session", nil); role(first) != "commander" {
		t.Errorf("the first session is still a %s", role(first))
	}

	// Two duties at once are refused; what is there stays.
	duty["groups"] = []string{"chief", "audit"}
	s.users(object{"a1": duty})
	if at := s.enter(s.browser(), "a1", "/console"); at != "/console#provider=duties_apart" {
		t.Errorf("duties together: %s", at)
	}

	// Who has nothing any more loses what is open; who never had gets no account.
	duty["groups"] = []string{"another"}
	s.users(object{"a1": duty, "b2": object{"name": "路人", "preferred_username": "b2"}})
	for user, page := range map[string]string{"a1": "/console", "b2": "https://evil.example/"} {
		if at := s.enter(s.browser(), user, page); at != "/console#provider=not_mapped" {
			t.Errorf("%s without a role: %s", user, at)
		}
	}
	for _, open := range []*person{p, q} {
		if status, _, _ := open.do("GET", "/api/v1/session", nil); status != 401 {
			t.Errorf("a session without rights goes on: %d", status)
		}
	}
	if list := security.must(200, "GET", "/api/v1/accounts?q=b2", nil)["accounts"].([]any); len(list) != 0 {
		t.Errorf("an account for nothing: %v", list)
	}

	// Disabled here is out, whatever the provider says.
	duty["groups"] = []string{"duty"}
	s.users(object{"a1": duty})
	s.enter(p, "a1", "/console")
	security.must(200, "POST", path+"/disable", object{"version": security.must(200, "GET", path, nil)["version"]})
	if at := s.enter(s.browser(), "a1", "/console"); at != "/console#provider=not_mapped" {
		t.Errorf("disabled: %s", at)
	}
}

// attackProvider: what somebody in the middle could change, replay or bring
// from elsewhere lets nobody in.
func attackProvider(t *testing.T, s *signInSite) {
	s.users(object{"m1": object{"name": "值班员甲", "preferred_username": "m1", "groups": []string{"duty"}}})
	refused := func(what string, p *person, answer, want string) {
		t.Helper()
		if _, at, _ := s.visit(p, answer, nil); at != s.base+"/console#provider="+want {
			t.Errorf("%s: sent to %s, want %s", what, at, want)
		}
		if status, _, _ := p.do("GET", "/api/v1/session", nil); status != 401 {
			t.Errorf("%s: signed in", what)
		}
	}
	for _, c := range []struct{ what, name, value, want string }{
		{"another nonce", "nonce", "of-somebody-else", "provider_refused"},
		{"another challenge", "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "provider_refused"},
		{"another state", "state", "of-somebody-else", "provider_over"},
		{"for another client", "client_id", "another", "provider_refused"},
	} {
		p := s.browser()
		refused(c.what, p, s.prove(p, altered(t, s.leave(p, "/console"), c.name, c.value), "m1"), c.want)
	}

	// An answer is of use once, and in the browser that left for it.
	p := s.browser()
	answer := s.prove(p, s.leave(p, "/console"), "m1")
	refused("another browser", s.browser(), answer, "provider_over")
	if _, at, _ := s.visit(p, answer, nil); at != s.base+"/console" {
		t.Errorf("the right browser: %s", at)
	}
	p.must(204, "DELETE", "/api/v1/session", nil)
	refused("a replay", p, answer, "provider_over")

	// Another code in one's own answer; none at all; the provider's no.
	q := s.browser()
	refused("an old code", q, altered(t, s.prove(q, s.leave(q, "/console"), "m1"), "code", mustQuery(t, answer, "code")), "provider_refused")
	refused("no", q, altered(t, altered(t, s.prove(q, s.leave(q, "/console"), "m1"), "code", ""), "error", "<script>"), "provider_refused")
	refused("nothing", q, s.base+config.CallbackPath, "provider_over")

	// Whatever is asked for, nobody is sent elsewhere, by us or by the provider.
	for _, page := range []string{"https://evil.example/", "//evil.example/", "/console/../../x", "/m\r\nX: y"} {
		if at := s.enter(s.browser(), "m1", page); at != "/console" {
			t.Errorf("page %q led to %s", page, at)
		}
	}
	status, at, _ := s.visit(q, altered(t, s.leave(q, "/console"), "redirect_uri", "https://evil.example/"), nil)
	if status != 400 || strings.Contains(at, "evil") {
		t.Errorf("a foreign address to go back to: %d %s", status, at)
	}
}

// unlockAtProvider: a locked session is unlocked by proving oneself anew, not
// by the provider's remembering.
func unlockAtProvider(t *testing.T, s *signInSite) {
	s.users(object{"u1": object{"name": "值班员甲", "preferred_username": "u1", "groups": []string{"duty"}}})
	p := s.browser()
	s.enter(p, "u1", "/console")
	before := p.must(200, "POST", "/api/v1/session/lock", nil)
	if before["locked"] != true {
		t.Fatalf("locked: %v", before)
	}
	at := s.leave(p, "/console")
	if mustQuery(t, at, "prompt") != "login" {
		t.Errorf("the provider is asked for no new sign-in: %s", at)
	}
	// Without being asked again the provider lets pass whom it remembers; we do not.
	u := altered(t, altered(t, at, "prompt", "consent"), "max_age", "3600")
	answer := s.prove(p, u, "u1")
	s.change(`update oidc_flow set begun_at = begun_at + interval '2 minutes'`) // the provider has remembered for so long
	if _, end, _ := s.visit(p, answer, nil); end != s.base+"/console#provider=provider_refused" {
		t.Errorf("remembered: %s", end)
	}
	if still := p.must(200, "GET", "/api/v1/session", nil); still["locked"] != true {
		t.Error("unlocked by the provider's remembering")
	}
	s.enter(p, "u1", "/console")
	if now := p.must(200, "GET", "/api/v1/session", nil); now["locked"] != false {
		t.Errorf("still locked: %v", now)
	}
	own := p.must(200, "GET", "/api/v1/account/sessions", nil)["sessions"].([]any)
	if len(own) != 1 {
		t.Errorf("%d sessions: the locked one was to end", len(own))
	}
}

// change runs a statement on the server's database.
func (r *running) change(sql string) {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.database)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close(r.t.Context()) }()
	if _, err := conn.Exec(r.t.Context(), sql); err != nil {
		r.t.Fatal(err)
	}
}

func mustQuery(t *testing.T, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get(name)
}
