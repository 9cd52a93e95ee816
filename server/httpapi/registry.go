package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"

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
	Limit        Limit
}

// Routes gives the registry.
func Routes(d Deps) []Route { return newAPI(d).routes }

// operation adds one operation of the API to the registry, the document and the mux.
func operation[I, O any](a *api, method, path, id, summary string, access Access, status int, handler func(context.Context, *I) (*O, error)) {
	mustBeRead(method+" "+path, reflect.TypeFor[I]())
	limit := limitOf(method, path)
	a.routes = append(a.routes, Route{Method: method, Path: path, Access: access, Operation: true, Limit: limit})
	huma.Register(a.huma, huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, DefaultStatus: status,
		Metadata:        map[string]any{"access": access},
		MaxBodyBytes:    limit.Body,
		BodyReadTimeout: limit.Time,
		Errors:          []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.withHeaders(ctx, err)
		}
		return out, nil
	})
}

// mustBeRead refuses an input whose parameters or body would go unread: those of
// an embedded struct are read where its name is exported. The first start says so.
func mustBeRead(route string, t reflect.Type) {
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && !f.IsExported() {
			panic(route + ": " + t.Name() + " embeds " + f.Name + ", which is not read")
		}
		if f.Anonymous || f.Name == "Body" {
			mustBeRead(route, f.Type)
		}
	}
}

// withHeaders turns an error into an answer, with the headers that belong to it.
func (a *api) withHeaders(ctx context.Context, err error) error {
	var refused *dispatch.Error
	if errors.As(err, &refused) && refused.Code == dispatch.CodeTooMany {
		return huma.ErrorWithHeaders(a.problem(ctx, err), waiting(refused))
	}
	return a.problem(ctx, err)
}

// raw adds a route that is no operation: a socket, a tile, a page.
func (a *api) raw(method, path string, access Access, handler http.HandlerFunc) {
	a.routes = append(a.routes, Route{Method: method, Path: path, Access: access, Limit: limitOf(method, path)})
	a.mux.HandleFunc(method+" "+path, func(w http.ResponseWriter, r *http.Request) {
		ctx, err := a.admit(r, access)
		if err != nil {
			a.writeProblem(w, r, err)
			return
		}
		handler(w, r.WithContext(ctx))
	})
}
