package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yiping/server/dispatch"
)

// readyWithin bounds how long readiness is asked for.
const readyWithin = 3 * time.Second

func (a *api) health() {
	a.raw("GET", "/healthz", Public, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive\n") })
	a.raw("GET", "/readyz", Public, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if err := a.Ready(ctx); err != nil {
			a.Log.Warn().Err(err).Msg("not ready")
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	if a.Metrics != nil {
		metrics := promhttp.HandlerFor(a.Metrics, promhttp.HandlerOpts{})
		a.raw("GET", "/metrics", Public, func(w http.ResponseWriter, r *http.Request) {
			if !a.mayMeasure(r) {
				a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
				return
			}
			metrics.ServeHTTP(w, r)
		})
	}
}

// mayMeasure says who reads the figures: who shows the token, or where there is
// none, whoever asks from this machine.
func (a *api) mayMeasure(r *http.Request) bool {
	if a.MetricsToken == "" {
		return callerOf(r.Context()).local()
	}
	shown, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	given, want := sha256.Sum256([]byte(shown)), sha256.Sum256([]byte(a.MetricsToken))
	return ok && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}
