package httpapi

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"golang.org/x/time/rate"

	"yiping/server/dispatch"
)

// policy is the content security policy of every page: nothing from elsewhere,
// nothing inline.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// wrap puts around all routes what holds for all of them.
func (a *api) wrap(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, origin := range a.Origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			a.Log.Warn().Err(err).Msg("an origin cannot be trusted")
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.writeProblem(w, r, &dispatch.Error{Code: dispatch.CodeForbidden, Field: "Origin"})
	}))
	zipped, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(2), gzhttp.ExceptContentTypes([]string{"image/jpeg", "image/png", "font/woff2"}))
	if err != nil { // constant arguments: cannot be
		panic(err)
	}
	return a.observe(a.recovered(protection.Handler(a.unzippedSocket(zipped(next), next))))
}

// unzippedSocket keeps the compressor away from the socket, which takes the
// connection over.
func (a *api) unzippedSocket(zipped, plain http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			plain.ServeHTTP(w, r)
			return
		}
		zipped.ServeHTTP(w, r)
	})
}

// observe sets the headers of every answer, the request's id and language, and
// logs one line without a person's data: no query, no body.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:12]
		ctx := context.WithValue(r.Context(), keyRequestID, id)
		ctx = context.WithValue(ctx, keySecure, r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https")
		ctx = context.WithValue(ctx, keyLanguage, languageFrom(r.Header.Get("Accept-Language")))
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Cache-Control", "no-store")
		}
		started := time.Now()
		counted := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(counted, r.WithContext(ctx))
		a.Log.Debug().Str("request", id).Str("method", r.Method).Str("route", r.Pattern).Int("status", counted.status).
			Dur("took", time.Since(started)).Msg("request")
	})
}

// recovered turns a panic into an answer and logs it with its stack.
func (a *api) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v) // the server's own way to cut an answer off
			}
			if v != nil {
				a.Log.Error().Interface("panic", v).Bytes("stack", debug.Stack()).Msg("a handler panicked")
				a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeInternal, ""))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// statusWriter remembers the status. Unwrap lets http.ResponseController and
// the socket reach the connection beneath.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status and passes it on.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Hijack hands the connection to the socket.
func (w *statusWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap gives the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// retryAfter is what a limited caller is told to wait, in seconds.
const retryAfter = 30

// limiter bounds what one address may do without a session: reports and
// attempts to sign in. It holds a bounded number of addresses.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
	turned  time.Time
}

const (
	limitBurst  = 30
	limitEvery  = 2 * time.Second
	limitMemory = 10_000
)

func newLimiter() *limiter { return &limiter{buckets: map[string]*rate.Limiter{}} }

func (l *limiter) allow(_ context.Context, r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buckets) >= limitMemory && time.Since(l.turned) > time.Minute {
		l.buckets, l.turned = map[string]*rate.Limiter{}, time.Now()
	}
	b, ok := l.buckets[address]
	if !ok {
		if len(l.buckets) >= limitMemory {
			return dispatch.Refuse(dispatch.CodeTooMany, "")
		}
		b = rate.NewLimiter(rate.Every(limitEvery), limitBurst)
		l.buckets[address] = b
	}
	if !b.Allow() {
		return dispatch.Refuse(dispatch.CodeTooMany, "")
	}
	return nil
}
