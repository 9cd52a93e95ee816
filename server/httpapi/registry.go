package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yiping/server/dispatch"
)

// Access says who may call a route. What they may see of it is narrowed by the
// handler to their areas.
type Access string

// The kinds of access: anybody, anybody signed in, or by an action of the
// domain's table of permissions.
const (
	Public   Access = "public"
	SignedIn Access = "signed_in"
)

// sees lets in who sees something of a field, in whatever area.
func sees(f dispatch.Field) Access { return Access(dispatch.See(f)) }

// Route is one entry of the registry: operations of the API, and beside them
// sockets, tiles and pages.
type Route struct {
	Method, Path string
	Access       Access
	Operation    bool // in the OpenAPI document
}

// Routes gives the registry.
func Routes(d Deps) []Route { return newAPI(d).routes }

// operation adds one operation of the API to the registry, the document and the mux.
func operation[I, O any](a *api, method, path, id, summary string, access Access, status int, handler func(context.Context, *I) (*O, error)) {
	a.routes = append(a.routes, Route{Method: method, Path: path, Access: access, Operation: true})
	huma.Register(a.huma, huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, DefaultStatus: status,
		Metadata:        map[string]any{"access": access},
		MaxBodyBytes:    bodyLimit(path),
		BodyReadTimeout: timeLimit(path),
		Errors:          []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
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

// What one request may bring and take. A photo comes over a phone's uplink.
const (
	jsonLimit  = 1 << 20
	photoLimit = 12 << 20
	fileLimit  = 64 << 20
	formSlack  = 64 << 10 // what a form adds around its file
	jsonTime   = 30 * time.Second
	photoTime  = 90 * time.Second
	fileTime   = 5 * time.Minute // an upload from an office, or a long list
)

func takesFile(path string) bool { return path == "/api/v1/imports" }

func isLong(path string) bool {
	return takesFile(path) || strings.HasSuffix(path, "/export") || strings.HasSuffix(path, "/problems")
}

func takesPhoto(path string) bool { return strings.HasSuffix(path, "/photos") }

func bodyLimit(path string) int64 {
	if takesPhoto(path) {
		return photoLimit
	}
	if takesFile(path) {
		return fileLimit
	}
	return jsonLimit
}

// timeLimit bounds a request from its first byte to its last, and the reading
// of its body: net/http takes a read deadline that passes for a client that has
// gone, so the two are one.
func timeLimit(path string) time.Duration {
	if takesPhoto(path) {
		return photoTime
	}
	if isLong(path) {
		return fileTime
	}
	return jsonTime
}
