package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// Limit is what one request of a route may bring and take, and how often one
// caller may send such requests.
type Limit struct {
	Body    int64         // bytes; a form adds formSlack around its file
	Time    time.Duration // from the first byte to the last, the reading of the body too
	Kind    string        // what is counted together
	Address Pace          // of an address without a session, where the route is public
	Account Pace          // of an account, else
}

// Pace is how often: so many at once, and one more each Every. Zero is no bound.
type Pace struct {
	Burst int
	Every time.Duration
}

const (
	jsonLimit  = 1 << 20
	photoLimit = 12 << 20
	fileLimit  = 64 << 20
	formSlack  = 64 << 10
	jsonTime   = 30 * time.Second
	photoTime  = 90 * time.Second // a photo comes over a phone's uplink
	fileTime   = 5 * time.Minute  // an upload from an office, or a long list
)

// Paces. Whole offices, and the customers of a mobile network, share an address;
// a console asks for dozens of tiles at a stroke of the wheel.
var (
	stranger = Pace{30, 2 * time.Second}
	reader   = Pace{1000, 5 * time.Millisecond}
	viewer   = Pace{2000, 2 * time.Millisecond}
	desk     = Pace{300, 10 * time.Millisecond}
	filer    = Pace{60, 2 * time.Second}
	opener   = Pace{60, time.Second}
	forger   = Pace{300, 100 * time.Millisecond} // of an address, with sessions that are none
)

// limits says what each route allows; the first line that fits holds. A path
// may begin or end with a star for whatever is there; a method is one or all.
var limits = []struct {
	method, path string
	Limit
}{
	{"POST", "/api/v1/session*", Limit{4 << 10, jsonTime, "sign in", stranger, desk}},
	{"POST", "/api/v1/reports", Limit{64 << 10, jsonTime, "report", stranger, desk}},
	{"POST", "/api/v1/reports/{tracking}/photos", Limit{photoLimit, photoTime, "report", stranger, filer}},
	{"POST", "/api/v1/reports/{tracking}/satisfaction", Limit{4 << 10, jsonTime, "report", stranger, desk}},
	{"GET", "/api/v1/reports/*", Limit{0, jsonTime, "track", stranger, reader}},
	{"POST", "/api/v1/gateway/*", Limit{16 << 10, jsonTime, "gateway", reader, desk}},
	{"POST", "*/photos", Limit{photoLimit, photoTime, "photo", stranger, filer}},
	{"POST", "/api/v1/imports", Limit{fileLimit, fileTime, "file", stranger, filer}},
	{"GET", "*/export", Limit{0, fileTime, "file", stranger, filer}},
	{"GET", "*/problems", Limit{0, fileTime, "file", stranger, filer}},
	{"GET", "/api/v1/tiles/*", Limit{0, jsonTime, "tile", viewer, viewer}},
	{"GET", providerPath + "*", Limit{0, jsonTime, "provider", stranger, desk}},
	{"GET", "/api/v1/live", Limit{0, jsonTime, "live", opener, opener}},
	{"GET", "/api/v1/*", Limit{0, jsonTime, "read", reader, reader}},
	{"*", "/api/v1/*", Limit{jsonLimit, jsonTime, "command", stranger, desk}},
	{"*", "*", Limit{0, jsonTime, "page", Pace{}, Pace{}}}, // built files, the same for everybody
}

// limitOf gives the limit of a route.
func limitOf(method, path string) Limit {
	for _, l := range limits {
		if (l.method == "*" || l.method == method) && fits(l.path, path) {
			return l.Limit
		}
	}
	return Limit{}
}

func fits(pattern, path string) bool {
	if rest, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(path, rest)
	}
	if rest, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(path, rest)
	}
	return pattern == path
}

// limitFrom gives the limit of the route that a request has come to.
func limitFrom(ctx context.Context) Limit {
	l, ok := ctx.Value(keyLimit).(Limit)
	if !ok {
		return limitOf("", "") // no route
	}
	return l
}

// withLimit puts the limit of a route, as the mux names it, into the context.
func withLimit(ctx context.Context, route string) context.Context {
	method, path, ok := strings.Cut(route, " ")
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, keyLimit, limitOf(method, path))
}

// bounded ends a request that takes too long, cuts off a body that is too
// large, and removes from the disk what a form left there (net/http does so for
// its own request alone, not for one with another context). net/http takes a
// read deadline that passes for a client that has gone, so that the time for
// the body and for the whole are one.
func (a *api) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := limitFrom(r.Context())
		most := limit.Body
		if most > jsonLimit {
			most += formSlack
		}
		ctx, cancel := context.WithTimeout(r.Context(), limit.Time)
		defer cancel()
		r = r.WithContext(ctx)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit.Time)) // a recorder of tests has none
		if r.ContentLength > most && most > 0 {
			w.Header().Set("Connection", "close") // what is on its way is not awaited
			a.writeProblem(w, r, dispatch.Refuse(codeTooLarge, ""))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		defer func() {
			if r.MultipartForm != nil {
				_ = r.MultipartForm.RemoveAll()
			}
		}()
		next.ServeHTTP(w, r)
	})
}
