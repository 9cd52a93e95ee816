package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yiping/server/dispatch"
)

// attempt is a request as the audit trail is told of it where it is refused.
// One request has one; it is written to on the way in, and read at the end.
type attempt struct {
	dispatch.Request
	actor     dispatch.Actor
	presented bool          // a session was shown, live or not
	code      dispatch.Code // of the refusal
}

// auditWithin bounds how long a refusal is written.
const auditWithin = 5 * time.Second

// begin gives a context that knows of a new attempt.
func begin(ctx context.Context, id string, from caller) context.Context {
	t := &attempt{Request: dispatch.Request{ID: id, Network: from.coarse()}}
	return context.WithValue(dispatch.WithRequest(ctx, &t.Request), keyAttempt, t)
}

func attemptOf(ctx context.Context) *attempt {
	if t, ok := ctx.Value(keyAttempt).(*attempt); ok {
		return t
	}
	return &attempt{}
}

// admitted notes who asks, and of what.
func (t *attempt) admitted(r *http.Request, s dispatch.Session) {
	t.actor = s.Actor()
	t.NounID, _ = strconv.ParseInt(r.PathValue("id"), 10, 64) // 0 where there is none
}

// auditRefused writes a refused request into the trail, where its command has not
// done so: every change that was refused; of reading, what is forbidden, what
// was looked for under a number and not found, and a session that is none. That
// it was refused stands whether or not this can be written.
func (a *api) auditRefused(ctx context.Context, method, route string, status int) {
	t := attemptOf(ctx)
	if status < 400 || status >= 500 || route == "" || !t.noteworthy(method, route, status) || t.RefusalAudited() {
		return
	}
	e := t.actor.Entry(ctx, dispatch.AuditRefused, route)
	e.Result, e.NounID = string(t.code), t.NounID
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditWithin)
	defer cancel()
	if err := a.Service.Audit(ctx, e); err != nil {
		a.Log.Error().Err(err).Str("request", t.ID).Str("route", route).Msg("a refusal is missing in the audit trail")
	}
}

func (t *attempt) noteworthy(method, route string, status int) bool {
	if !dispatch.Audited(t.code) {
		return false
	}
	if method != http.MethodGet && method != http.MethodHead {
		return true
	}
	switch status {
	case http.StatusForbidden, http.StatusTooManyRequests:
		return true
	case http.StatusUnauthorized:
		return t.presented
	case http.StatusNotFound:
		return strings.Contains(route, "{") && strings.Contains(route, "/api/") && !strings.Contains(route, "/tiles/")
	}
	return false
}
