// Package httpapi is the API over HTTP: one registry of routes with who may
// call each, handlers that decode, call the domain and encode, the sessions,
// the live socket, the tiles and the built pages.
package httpapi

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/tile"
)

// Deps is what the API is made of.
type Deps struct {
	Service   *dispatch.Service
	Reader    Reader
	Accounts  Accounts
	Registers Registers
	Personal  Personal
	Imports   *importer.Desk
	Gateway   Gateway        // nil for none
	Provider  SignInProvider // nil for none
	// ProviderName is what people call it.
	ProviderName string
	Points       *tile.Points
	Feed         Feed  // nil while only the document is wanted
	Web          fs.FS // the built pages
	Metrics      *prometheus.Registry
	Ready        func(ctx context.Context) error
	Log          zerolog.Logger
	Quiet        bool // requests that went well are not logged: a simulation sends them all the time
	Version      string
	Origins      []string       // further origins whose pages may call
	Proxies      []netip.Prefix // whose word is believed on whom a request comes from
	// SecureOnly refuses what comes from other machines without TLS.
	SecureOnly bool
	// MetricsToken opens /metrics to whoever shows it; without one, this machine
	// alone may read them.
	MetricsToken string
}

type api struct {
	Deps
	huma      huma.API
	mux       *http.ServeMux
	routes    []Route
	addresses *limiter // what strangers do, by address
	people    *limiter // what accounts do
	sockets   crowd
	watch     *watch // what becomes of the sessions of open sockets
	patience  patience
	tiles     *tileCache
	kept      *keptSessions
	arriving  chan struct{} // a place for each socket that is put on the feed at a time
	months    kept[[]dispatch.MedianTime]
	rates     kept[dispatch.CameraRates]
	etags     sync.Map      // of built files, by name
	pictures  chan struct{} // a place for each picture that may be decoded at a time
	figuring  chan struct{} // a place for each table of figures that may be made at a time
	took      *prometheus.HistogramVec
}

var setUpHuma sync.Once

// New gives the handler of everything that is served.
func New(d Deps) http.Handler {
	a := newAPI(d)
	return a.wrap(a.mux)
}

// OpenAPI gives the document, for which nothing else is needed.
func OpenAPI(version string) ([]byte, error) {
	return newAPI(Deps{Version: version}).document()
}

func (a *api) document() ([]byte, error) { return json.MarshalIndent(a.huma.OpenAPI(), "", " ") }

func newAPI(d Deps) *api {
	setUpHuma.Do(func() {
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return problemFor(langDefault, status, message, errs...)
		}
		huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
			p := problemFor(languageOf(ctx.Context()), status, message, errs...)
			attemptOf(ctx.Context()).code = dispatch.Code(p.Code)
			return p
		}
	})
	a := &api{Deps: d, mux: http.NewServeMux(), addresses: newLimiter(time.Now), people: newLimiter(time.Now), sockets: crowd{open: map[string]int{}}, watch: newWatch(d.Accounts, d.Log), patience: usualPatience, tiles: newTileCache(), kept: newKeptSessions(time.Now), arriving: make(chan struct{}, arriving),
		pictures: make(chan struct{}, picturesAtOnce), figuring: make(chan struct{}, figuresAtOnce), took: newTook(d.Metrics)}
	config := huma.DefaultConfig("Yiping 一屏", d.Version)
	config.DocsPath, config.SchemasPath, config.OpenAPIPath = "", "", "" // the document is a route of the registry
	config.CreateHooks = nil                                             // no $schema members in answers
	config.Info.Description = "One screen for a district: areas, forces, incidents, and the dispatch of people. " +
		"Errors are problem+json (RFC 9457) with a machine readable code; times are RFC 3339; coordinates WGS-84, longitude first."
	a.huma = humago.New(a.mux, config)
	a.huma.UseMiddleware(a.authorize)
	for _, register := range []func(){a.sessions, a.providers, a.configs, a.areas, a.searches, a.incidents, a.merges, a.photos, a.offers, a.messages, a.gateways, a.assignments,
		a.duties, a.rosters, a.rotations, a.types, a.positions, a.responders, a.cameras, a.facilities, a.units, a.safety, a.unitOrders, a.reports, a.registers, a.imports, a.overviews, a.figures, a.events, a.cells, a.tileRoutes,
		a.callUps, a.consents, a.retentions, a.erasures, a.purposes, a.shares, a.cares, a.unmaskings,
		a.accounts, a.ownAccounts, a.tokens, a.enrolments, a.security, a.audits, a.live, a.health, a.documents, a.feedDocument, a.pages} {
		register()
	}
	return a
}

// documents serves the OpenAPI document.
func (a *api) documents() {
	document := sync.OnceValues(a.document)
	a.raw("GET", "/openapi.json", Public, func(w http.ResponseWriter, r *http.Request) {
		raw, err := document()
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
		_, _ = w.Write(raw)
	})
}

// body is an answer with a JSON body.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}
