package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// pages maps addresses to the built HTML entries.
var pageFiles = map[string]string{"/console": "console.html", "/wall": "wall.html", "/m": "mobile.html", "/r": "resident.html"}

func (a *api) pages() {
	for address, file := range pageFiles {
		serve := func(w http.ResponseWriter, r *http.Request) { a.serveFile(w, r, file, "no-cache") }
		a.raw("GET", address, Public, serve)
		a.raw("GET", address+"/{rest...}", Public, func(w http.ResponseWriter, r *http.Request) {
			if rest := r.PathValue("rest"); rest != "" && path.Ext(rest) != "" {
				a.serveFile(w, r, strings.TrimPrefix(r.URL.Path, "/"), "no-cache")
				return
			}
			serve(w, r)
		})
	}
	a.raw("GET", "/assets/{file...}", Public, func(w http.ResponseWriter, r *http.Request) {
		a.serveFile(w, r, "assets/"+r.PathValue("file"), "public, max-age=31536000, immutable")
	})
	a.raw("GET", "/{$}", Public, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/console", http.StatusFound) })
	a.raw("GET", "/{file}", Public, func(w http.ResponseWriter, r *http.Request) { a.serveFile(w, r, r.PathValue("file"), "no-cache") })
}

// serveFile answers with a built file; names come from the file system's own
// rules, so none leads out of it.
func (a *api) serveFile(w http.ResponseWriter, r *http.Request, name, caching string) {
	if a.Web == nil || !fs.ValidPath(name) || strings.HasPrefix(path.Base(name), ".") {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
		return
	}
	content, err := fs.ReadFile(a.Web, name)
	if err != nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
		return
	}
	etag, ok := a.etags.Load(name)
	if !ok { // built files change with the binary alone
		etag, _ = a.etags.LoadOrStore(name, etagOf(content))
	}
	w.Header().Set("ETag", etag.(string))
	w.Header().Set("Cache-Control", caching)
	if strings.HasSuffix(name, ".webmanifest") {
		w.Header().Set("Content-Type", "application/manifest+json")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

// etagOf gives a weak entity tag: the same for the compressed form.
func etagOf(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + hex.EncodeToString(sum[:8]) + `"`
}
