package httpapi

import (
	"mime"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"
)

// sampled gives an address that leads to a route.
func sampled(route Route) string {
	return strings.NewReplacer("{id}", "7", "{noun}", "facilities", "{z}", "1", "{x}", "0", "{y}", "0", "{tracking}", "AAAA-BBBB-CCCC", "{day}", "2026-10-01",
		"{file}", "icon.svg", "{file...}", "icon.svg", "{rest...}", "7", "{$}", "").Replace(route.Path)
}

// underWithPages is the API with pages to show.
func underWithPages(t *testing.T) *under {
	return newUnder(t, func(d *Deps) {
		d.Proxies = testProxies
		d.Web = fstest.MapFS{}
		for _, name := range []string{"console.html", "wall.html", "mobile.html", "resident.html", "icon.svg", "assets/icon.svg"} {
			d.Web.(fstest.MapFS)[name] = &fstest.MapFile{Data: []byte("<!doctype html>")}
		}
	})
}

// TestHeadersOfEveryAnswer: of every route, however it is answered.
func TestHeadersOfEveryAnswer(t *testing.T) {
	u := underWithPages(t)
	paths := map[string]string{"/nowhere/at/all": "GET", "/api/v1/nowhere": "GET", "/console": "DELETE"}
	for _, route := range Routes(u.deps) {
		paths[sampled(route)] = route.Method
	}
	for path, method := range paths {
		for _, token := range []string{"", "commander", "stolen"} {
			h := u.do(method, path, token, "").Header()
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY", "X-Permitted-Cross-Domain-Policies": "none"} {
				if h.Get(name) != want {
					t.Errorf("%s %s: %s is %q", method, path, name, h.Get(name))
				}
			}
			holdPolicy(t, path, h.Get("Content-Security-Policy"))
			if p := h.Get("Permissions-Policy"); !strings.Contains(p, "geolocation=(self)") || !strings.Contains(p, "microphone=()") {
				t.Errorf("%s: permissions %q", path, p)
			}
			if len(h.Get("X-Request-Id")) != 12 || h.Get("Server") != "" || h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %v", path, h)
			}
			public := strings.HasPrefix(path, "/assets/") || strings.HasPrefix(path, "/api/v1/tiles/base/")
			if caching := h.Get("Cache-Control"); caching == "" || strings.Contains(caching, "public") && !public {
				t.Errorf("%s may be cached: %q", path, caching)
			}
			if h.Get("Strict-Transport-Security") != "" {
				t.Errorf("%s: HSTS without TLS", path)
			}
		}
	}
	if h := u.do("GET", "/console", "", "", "X-Forwarded-Proto", "https").Header(); h.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS behind TLS")
	}
	stranger := newUnder(t)
	if h := stranger.do("GET", "/console", "", "", "X-Forwarded-Proto", "https").Header(); h.Get("Strict-Transport-Security") != "" {
		t.Error("a stranger is believed to speak TLS")
	}
}

// holdPolicy looks at a content security policy as a browser reads it.
func holdPolicy(t *testing.T, path, policy string) {
	t.Helper()
	said := map[string]string{}
	for part := range strings.SplitSeq(policy, ";") {
		name, sources, _ := strings.Cut(strings.TrimSpace(part), " ")
		said[name] = sources
	}
	want := map[string]string{"default-src": "'self'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'", "worker-src": "'self'",
		"img-src": "'self' blob: data:", "frame-src": "'none'", "object-src": "'none'", "base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'"}
	if strings.HasPrefix(path, "/api/") {
		want = map[string]string{"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'", "sandbox": ""}
	}
	for name, sources := range want {
		if got, ok := said[name]; !ok || got != sources {
			t.Errorf("%s: %s is %q, want %q", path, name, got, sources)
		}
	}
	for _, hole := range []string{"unsafe", "*", "http:", "https:", "report-"} {
		if strings.Contains(policy, hole) {
			t.Errorf("%s: the policy has %s", path, hole)
		}
	}
}

// TestForeignPagesAreRefused: whatever a page of another site can make a browser
// send to any route that changes something, it is refused before anybody is
// asked who they are; what only reads is refused by the browser, since no
// answer may be read by another site.
func TestForeignPagesAreRefused(t *testing.T) {
	u := newUnder(t, func(d *Deps) { d.Origins = []string{"https://console.example.cn"} })
	foreign := map[string][]string{
		"another site":              {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"a neighbour":               {"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.com"},
		"an old browser":            {"Origin", "https://evil.example"},
		"an old browser, nowhere":   {"Origin", "null"},
		"a sandboxed frame":         {"Sec-Fetch-Site", "cross-site", "Origin", "null"},
		"another port":              {"Origin", "http://example.com:8080"},
		"a longer name":             {"Origin", "http://example.com.evil.example"},
		"a name before":             {"Origin", "http://evil-example.com"},
		"a password before":         {"Origin", "http://example.com@evil.example"},
		"no origin, but it says so": {"Sec-Fetch-Site", "cross-site"},
		"a listed one's neighbour":  {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.console.example.cn"},
		"a listed one without TLS":  {"Sec-Fetch-Site", "cross-site", "Origin", "http://console.example.cn"},
	}
	own := map[string][]string{
		"a page of ours":        {"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}, // the recorder's own host
		"an old browser's page": {"Origin", "http://example.com"},
		"typed":                 {"Sec-Fetch-Site", "none"},
		"no browser":            {},
		"a listed one":          {"Sec-Fetch-Site", "cross-site", "Origin", "https://console.example.cn"},
	}
	for _, route := range Routes(u.deps) {
		if route.Method == http.MethodGet {
			u.do("GET", sampled(route), "commander", "") // changes nothing, as is looked at below
			continue
		}
		for name, header := range foreign {
			t.Run(route.Method+" "+route.Path+", "+name, func(t *testing.T) {
				u.problem(u.do(route.Method, sampled(route), "commander", "{}", header...), 403, "cross_origin")
			})
		}
		for name, header := range own {
			if w := u.do(route.Method, sampled(route), "", "{}", header...); strings.Contains(w.Body.String(), "cross_origin") {
				t.Errorf("%s %s, %s: %s", route.Method, route.Path, name, w.Body)
			}
		}
	}
	if len(u.store.commands) != 0 {
		t.Errorf("%d commands were carried out", len(u.store.commands))
	}
}

func TestSafeName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"避难场所.xlsx", "避难场所.xlsx"},
		{"", "file"},
		{".", "file"},
		{"..", "file"},
		{".bashrc", "bashrc"},
		{"../../etc/passwd", "_.._etc_passwd"},
		{`..\..\boot.ini`, `_.._boot.ini`},
		{"a\x00b", "a_b"},
		{"a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1"},
		{`a"; filename="b.exe`, "a__ filename=_b.exe"},
		{"gpj.\u202eexe.xlsx", "gpj._exe.xlsx"}, // reads as xslx.exe.jpg
		{"\uFEFFa\u200bb", "_a_b"},
		{"\xff\xfe", "__"},
		{"CON", "CON"},
		{strings.Repeat("很", 200) + ".csv", ""},
	} {
		got := safeName(c.name, false)
		if c.want != "" && got != c.want || len(got) > mostName || !utf8.ValidString(got) {
			t.Errorf("%q: %q, want %q", c.name, got, c.want)
		}
		if strings.HasSuffix(c.name, ".csv") && !strings.HasSuffix(got, ".csv") {
			t.Errorf("%q lost its ending", got)
		}
		h := http.Header{}
		attachment(h, c.name, c.name)
		kind, params, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || params["filename"] != got {
			t.Errorf("%q: %s, %v, %v", c.name, h.Get("Content-Disposition"), params, err)
		}
		if strings.ContainsAny(h.Get("Content-Disposition"), "\r\n\x00") {
			t.Errorf("%q ends the header", h.Get("Content-Disposition"))
		}
	}
}
