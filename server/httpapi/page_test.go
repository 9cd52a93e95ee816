package httpapi

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestPages(t *testing.T) {
	u := newUnder(t, func(d *Deps) {
		d.Web = fstest.MapFS{
			"console.html": {Data: []byte("<!doctype html><title>console</title>")}, "wall.html": {Data: []byte("<!doctype html>wall")},
			"mobile.html": {Data: []byte("<!doctype html>mobile")}, "resident.html": {Data: []byte("<!doctype html>resident")},
			"assets/app-1a2b.js":  {Data: []byte(strings.Repeat("export const a = 1\n", 200))},
			"mobile.webmanifest":  {Data: []byte("{}")},
			"mobile-worker.js":    {Data: []byte("self.skipWaiting()")},
			".gitkeep":            {Data: []byte("secret")},
			"assets/.hidden/x.js": {Data: []byte("secret")},
		}
	})
	tests := []struct{ path, says, kind, caching string }{
		{"/console", "console", "text/html; charset=utf-8", "no-cache"},
		{"/console/incidents/7", "console", "text/html; charset=utf-8", "no-cache"},
		{"/wall", "wall", "text/html; charset=utf-8", "no-cache"},
		{"/m", "mobile", "text/html; charset=utf-8", "no-cache"},
		{"/m/", "mobile", "text/html; charset=utf-8", "no-cache"},
		{"/r", "resident", "text/html; charset=utf-8", "no-cache"},
		{"/assets/app-1a2b.js", "export", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/mobile.webmanifest", "{}", "application/manifest+json", "no-cache"},
		{"/mobile-worker.js", "skipWaiting", "text/javascript; charset=utf-8", "no-cache"},
	}
	for _, tt := range tests {
		w := u.do("GET", tt.path, "", "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), tt.says) || w.Header().Get("Content-Type") != tt.kind || w.Header().Get("Cache-Control") != tt.caching {
			t.Errorf("%s: %d %v", tt.path, w.Code, w.Header())
		}
		if again := u.do("GET", tt.path, "", "", "If-None-Match", w.Header().Get("ETag")); again.Code != 304 {
			t.Errorf("%s again: %d", tt.path, again.Code)
		}
	}
	if w := u.do("GET", "/", "", ""); w.Code != 302 || w.Header().Get("Location") != "/console" {
		t.Errorf("/: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := u.do("GET", "/assets/app-1a2b.js", "", "", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("not compressed: %v", w.Header())
	}
	if w := u.do("HEAD", "/console", "", ""); w.Code != 200 || w.Body.Len() > 0 {
		t.Errorf("HEAD: %d", w.Code)
	}
	for _, path := range []string{"/assets/none.js", "/.gitkeep", "/assets/.hidden", "/assets/..%2fconsole.html", "/console/missing.js", "/none"} {
		u.problem(u.do("GET", path, "", ""), 404, "not_found")
	}
}
