package httpapi

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

// wrap puts around all routes what holds for all of them.
func (a *api) wrap(mux *http.ServeMux) http.Handler {
	protection := http.NewCrossOriginProtection()
	for _, origin := range a.Origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			a.Log.Warn().Err(err).Msg("an origin cannot be trusted")
		}
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.writeProblem(w, r, &dispatch.Error{Code: codeCrossOrigin, Field: "Origin"})
	}))
	zipped, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.CompressionLevel(2), gzhttp.ExceptContentTypes([]string{"image/jpeg", "image/png", "font/woff2"}))
	if err != nil { // constant arguments: cannot be
		panic(err)
	}
	plain := a.known(mux)
	return a.observe(mux, a.recovered(a.secured(protection.Handler(unlessSocket(zipped(a.bounded(plain)), plain)))))
}

// secured refuses other machines that come without TLS where they should have
// it: what they send has been read by whoever is in between, and what they
// would be sent is not. Whether this server is alive is no secret.
func (a *api) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := callerOf(r.Context())
		if a.SecureOnly && !from.secure && !from.address.IsLoopback() && r.URL.Path != "/healthz" && r.URL.Path != "/readyz" {
			a.writeProblem(w, r, dispatch.Refuse(codeNotSecure, ""))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// unlessSocket keeps compressor and time limit away from the socket, which
// takes the connection over.
func unlessSocket(ordinary, socket http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			socket.ServeHTTP(w, r)
			return
		}
		ordinary.ServeHTTP(w, r)
	})
}

// statusLeft stands in figures and lines for an answer that nobody waited for any
// more: a page that was left is no failure of ours.
const statusLeft = 499

// observe sets the headers of every answer, the request's id and language, and
// counts and logs it without a person's data: the route, no address, query or body.
func (a *api) observe(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:12]
		from := findCaller(r, a.Proxies)
		ctx := context.WithValue(r.Context(), keyRequestID, id)
		ctx = context.WithValue(ctx, keyCaller, from)
		ctx = begin(ctx, id, from)
		ctx = context.WithValue(ctx, keyLanguage, languageFrom(languageAsked(r)))
		w.Header().Set("X-Request-Id", id)
		setHeaders(w.Header(), from.secure, strings.HasPrefix(r.URL.Path, "/api/"))
		_, route := mux.Handler(r)
		ctx = withLimit(ctx, route)
		started := time.Now()
		counted := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(counted, r.WithContext(ctx))
		a.auditRefused(ctx, r.Method, route, counted.status)
		if counted.status < 400 && touchesRights(r.Method, r.URL.Path) {
			a.kept.forget()
			a.watch.poke()
		}
		took, status := time.Since(started), counted.status
		if status == http.StatusServiceUnavailable && errors.Is(r.Context().Err(), context.Canceled) {
			status = statusLeft
		}
		a.took.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
		a.Log.WithLevel(a.lineLevel(r.Method, status)).Str("request", id).Str("method", r.Method).Str("route", route).
			Int("status", status).Dur("took", took).Msg("request")
	})
}

// lineLevel keeps tiles and lists out of the log unless it is asked for them.
func (a *api) lineLevel(method string, status int) zerolog.Level {
	switch {
	case status >= 500:
		return zerolog.WarnLevel
	case method == http.MethodGet || method == http.MethodHead || a.Quiet && status < 400:
		return zerolog.DebugLevel
	}
	return zerolog.InfoLevel
}

// newTook makes the histogram of how long requests take, by route and status.
func newTook(metrics *prometheus.Registry) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "yiping_http_request_seconds", Help: "How long requests took.",
		Buckets: []float64{.005, .02, .05, .1, .25, .5, 1, 2, 5, 30}}, []string{"route", "status"})
	if metrics != nil {
		metrics.MustRegister(h)
	}
	return h
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
				id, _ := r.Context().Value(keyRequestID).(string)
				a.Log.Error().Interface("panic", v).Str("request", id).Bytes("stack", debug.Stack()).Msg("a handler panicked")
				encodeProblem(w, refusal(languageOf(r.Context()), dispatch.Refuse(dispatch.CodeInternal, "")))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// known answers with a problem where no route is, or none of this method.
func (a *api) known(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refusing, route := mux.Handler(r)
		if route != "" {
			mux.ServeHTTP(w, r)
			return
		}
		unsaid := &unsaidAnswer{header: http.Header{}}
		refusing.ServeHTTP(unsaid, r)
		if allow := unsaid.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			a.writeProblem(w, r, dispatch.Refuse(codeMethodNotAllowed, ""))
			return
		}
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
	})
}

// unsaidAnswer takes the mux's plain text, of which only the headers are wanted.
type unsaidAnswer struct{ header http.Header }

// Header gives the headers.
func (u *unsaidAnswer) Header() http.Header { return u.header }

// Write drops the text.
func (u *unsaidAnswer) Write(text []byte) (int, error) { return len(text), nil }

// WriteHeader drops the status.
func (u *unsaidAnswer) WriteHeader(int) {}

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
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap gives the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
