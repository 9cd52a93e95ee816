// Package httpapi is the API over HTTP: one registry of routes with who may
// call each, handlers that decode, call the domain and encode, the sessions,
// the live socket, the tiles and the built pages.
package httpapi

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

// Deps is what the API is made of.
type Deps struct {
	Service  *dispatch.Service
	Reader   Reader
	Accounts Accounts
	Feed     Feed  // nil while only the document is wanted
	Web      fs.FS // the built pages
	Metrics  *prometheus.Registry
	Ready    func(ctx context.Context) error
	Log      zerolog.Logger
	Version  string
	Origins  []string // further origins whose pages may call
}

// Access says who may call a route. What they may see of it is narrowed by the
// handler to their areas.
type Access string

// The kinds of access: anybody, anybody signed in, or by an action of the
// domain's table of permissions.
const (
	Public   Access = "public"
	SignedIn Access = "signed_in"
)

// Route is one entry of the registry: operations of the API, and beside them
// sockets, tiles and pages.
type Route struct {
	Method, Path string
	Access       Access
	Operation    bool // in the OpenAPI document
}

type api struct {
	Deps
	huma   huma.API
	mux    *http.ServeMux
	routes []Route
	limits *limiter
	tiles  *tileCache
}

var setUpHuma sync.Once

// New gives the handler of everything that is served.
func New(d Deps) http.Handler {
	a := newAPI(d)
	return a.wrap(a.mux)
}

// Routes gives the registry.
func Routes(d Deps) []Route { return newAPI(d).routes }

// OpenAPI gives the document, for which nothing else is needed.
func OpenAPI(version string) ([]byte, error) {
	return json.MarshalIndent(newAPI(Deps{Version: version}).huma.OpenAPI(), "", " ")
}

func newAPI(d Deps) *api {
	setUpHuma.Do(func() {
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return problemFor(langDefault, status, message, errs...)
		}
		huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
			return problemFor(languageOf(ctx.Context()), status, message, errs...)
		}
	})
	a := &api{Deps: d, mux: http.NewServeMux(), limits: newLimiter(), tiles: newTileCache()}
	config := huma.DefaultConfig("Yiping 一屏", d.Version)
	config.DocsPath, config.SchemasPath = "", ""
	config.OpenAPIPath = "/openapi"
	config.CreateHooks = nil // no $schema members in answers
	config.Info.Description = "One screen for a district: areas, forces, incidents, and the dispatch of people. " +
		"Errors are problem+json (RFC 9457) with a machine readable code; times are RFC 3339; coordinates WGS-84, longitude first."
	a.huma = humago.New(a.mux, config)
	a.huma.UseMiddleware(a.authorize)
	for _, register := range []func(){a.sessions, a.configs, a.areas, a.searches, a.incidents, a.photos, a.offers, a.assignments,
		a.duties, a.positions, a.responders, a.cameras, a.facilities, a.reports, a.overviews, a.events, a.cells, a.tileRoutes,
		a.accounts, a.live, a.health, a.pages} {
		register()
	}
	return a
}

// operation adds one operation of the API to the registry, the document and the mux.
func operation[I, O any](a *api, method, path, id, summary string, access Access, status int, handler func(context.Context, *I) (*O, error)) {
	a.routes = append(a.routes, Route{Method: method, Path: path, Access: access, Operation: true})
	huma.Register(a.huma, huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, DefaultStatus: status,
		Metadata:     map[string]any{"access": access},
		MaxBodyBytes: bodyLimit(path),
		Errors:       []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// raw adds a route that is no operation: a socket, a tile, a page.
func (a *api) raw(method, path string, access Access, handler http.HandlerFunc) {
	a.routes = append(a.routes, Route{Method: method, Path: path, Access: access})
	a.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		ctx, err := a.admit(r, access)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		handler(w, r.WithContext(ctx))
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

const (
	jsonLimit  = 1 << 20
	photoLimit = 12 << 20
)

func bodyLimit(path string) int64 {
	if len(path) > 7 && path[len(path)-7:] == "/photos" {
		return photoLimit
	}
	return jsonLimit
}
