package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"yiping/server/dispatch"
)

// SignInProvider is a provider of the organisation's where people sign in.
type SignInProvider interface {
	// Begin gives the address to go to and what is to be kept until the answer.
	// With fresh the provider asks who is there even where it knows.
	Begin(ctx context.Context, fresh bool) (address string, f dispatch.ProviderFlow, err error)
	// Finish takes the code of the answer. Refuses with CodeProviderRefused, or
	// CodeUnavailable where the provider does not answer.
	Finish(ctx context.Context, f dispatch.ProviderFlow, code string) (dispatch.Vouched, error)
}

// providerView is where else people may sign in.
type providerView struct {
	Name string `json:"name" doc:"What people call it; empty for the page's own word."`
	Path string `json:"path" doc:"To be opened by the browser with ?page= where to go on."`
}

const (
	providerPath     = "/api/v1/session/provider"
	flowCookieName   = "yiping_flow" // of the browser that is away at the provider
	flowCookieLife   = 10 * time.Minute
	providerFragment = "#provider=" // a refusal's code behind the page's address
)

func (a *api) providers() {
	a.raw("GET", providerPath, Public, a.toProvider)
	a.raw("GET", providerPath+"/callback", Public, a.fromProvider)
}

// provider says what the pages are told of it, nil where there is none.
func (a *api) provider() *providerView {
	if a.Provider == nil {
		return nil
	}
	return &providerView{Name: a.ProviderName, Path: providerPath}
}

// toProvider sends a browser to the provider. One whose session is locked has to
// prove itself anew there.
func (a *api) toProvider(w http.ResponseWriter, r *http.Request) {
	if a.Provider == nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
		return
	}
	page := pageAsked(r.URL.Query().Get("page"))
	s, err := a.identify(r.Context(), claimOf(r))
	locked := err == nil && s.Locked
	address, flow, err := a.Provider.Begin(r.Context(), locked)
	if err == nil {
		if flow.Page = page; locked {
			flow.SessionID = s.ID
		}
		err = a.Accounts.BeginProvider(r.Context(), flow)
	}
	if err != nil {
		a.backFrom(w, r, page, err)
		return
	}
	http.SetCookie(w, a.flowCookie(r.Context(), flow.Browser, a.Service.Now().Add(flowCookieLife)))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// fromProvider takes a browser back from the provider, with its answer.
func (a *api) fromProvider(w http.ResponseWriter, r *http.Request) {
	if a.Provider == nil {
		a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeNotFound, ""))
		return
	}
	http.SetCookie(w, a.flowCookie(r.Context(), "", time.Unix(0, 0)))
	page := "/console"
	opened, err := func() (dispatch.Opened, error) {
		q := r.URL.Query()
		flow, err := a.Accounts.TakeProvider(r.Context(), q.Get("state"), cookieOf(r, flowCookieName))
		if err != nil {
			return dispatch.Opened{}, err
		}
		page = flow.Page
		if q.Get("code") == "" { // whoever is there has refused, or was
			return dispatch.Opened{}, dispatch.Refuse(dispatch.CodeProviderRefused, "")
		}
		v, err := a.Provider.Finish(r.Context(), flow, q.Get("code"))
		if err != nil {
			return dispatch.Opened{}, err
		}
		return a.Accounts.SignInVouched(r.Context(), fromOf(r.Context()), flow, v)
	}()
	if err != nil {
		a.backFrom(w, r, page, err)
		return
	}
	for _, c := range a.cookies(r.Context(), opened) {
		http.SetCookie(w, &c)
	}
	http.Redirect(w, r, page, http.StatusSeeOther)
}

// backFrom sends a browser back to the page that it came from, with the code of
// what went wrong: the page has the words.
func (a *api) backFrom(w http.ResponseWriter, r *http.Request, page string, err error) {
	code := dispatch.CodeOf(err)
	attemptOf(r.Context()).code = code
	a.Log.Warn().Err(err).Str("code", string(code)).Msg("a sign-in at the provider has failed")
	http.Redirect(w, r, page+providerFragment+url.QueryEscape(string(code)), http.StatusSeeOther)
}

// pageAsked gives one of our own pages: nobody is sent elsewhere.
func pageAsked(page string) string {
	if _, known := pageFiles[page]; known {
		return page
	}
	return "/console"
}

// flowCookie makes the cookie that ties an answer to the browser that asked. It
// has to come along from the provider's site, unlike a session's.
func (a *api) flowCookie(ctx context.Context, value string, expires time.Time) *http.Cookie {
	c := a.cookie(ctx, value, expires)
	c.Name, c.SameSite = nameFor(callerOf(ctx), flowCookieName), http.SameSiteLaxMode
	return &c
}
