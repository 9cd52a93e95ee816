package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
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
		a.raw("GET", "/metrics", Public, metrics.ServeHTTP)
	}
}
