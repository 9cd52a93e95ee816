// Package provider lets people sign in at a provider of their organisation's
// (OpenID Connect Core 1.0): the authorization code flow with PKCE, state and
// nonce, and the claims that give roles here.
package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"yiping/server/dispatch"
)

// Config says which provider, and what its word is worth.
type Config struct {
	Issuer   string
	ClientID string
	Secret   string
	Callback string   // where it sends people back to, as it is registered there
	Scopes   []string // beside openid
	// UsernameClaim and NameClaim say what people are called.
	UsernameClaim, NameClaim string
	Mapping                  []Line
	Client                   *http.Client // that reaches nobody else
	Now                      func() time.Time
}

// Provider is one.
type Provider struct {
	conf Config

	mu    sync.Mutex
	known *oidc.Provider // nil until it has answered once
}

// New gives a provider that is asked who it is when somebody signs in first: this
// server starts without it.
func New(c Config) *Provider { return &Provider{conf: c} }

// clockSkew is how far the provider's clock may be from ours.
const clockSkew = time.Minute

// Begin makes a sign-in and the address at the provider to go to. With fresh, it
// asks who is there even where it knows.
func (p *Provider) Begin(ctx context.Context, fresh bool) (string, dispatch.ProviderFlow, error) {
	known, err := p.meet(ctx)
	if err != nil {
		return "", dispatch.ProviderFlow{}, err
	}
	f := dispatch.ProviderFlow{State: rand.Text(), Browser: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), BegunAt: p.conf.Now()}
	options := []oauth2.AuthCodeOption{oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)}
	if fresh {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return p.client(known).AuthCodeURL(f.State, options...), f, nil
}

// Finish takes the code that came back and gives whom the provider vouches for;
// CodeProviderRefused where its answer does not hold, CodeUnavailable where there
// is none.
func (p *Provider) Finish(ctx context.Context, f dispatch.ProviderFlow, code string) (dispatch.Vouched, error) {
	known, err := p.meet(ctx)
	if err != nil {
		return dispatch.Vouched{}, err
	}
	ctx = oidc.ClientContext(ctx, p.conf.Client)
	token, err := p.client(known).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return dispatch.Vouched{}, p.failed(err)
	}
	claims, err := p.claims(ctx, known, f, token)
	if err != nil {
		return dispatch.Vouched{}, p.failed(err)
	}
	text := func(name string) string { s, _ := claim(claims, name).(string); return s }
	v := dispatch.Vouched{Issuer: p.conf.Issuer, Subject: text("sub"), Username: text(p.conf.UsernameClaim), DisplayName: text(p.conf.NameClaim),
		Factor: has(claims["amr"], "mfa"), // RFC 8176
		Grants: grants(p.conf.Mapping, claims)}
	return v, nil
}

// claims gives what the provider says of somebody in its signed answer, and
// beside it in what it tells of its users.
func (p *Provider) claims(ctx context.Context, known *oidc.Provider, f dispatch.ProviderFlow, token *oauth2.Token) (map[string]any, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, errors.New("no id_token")
	}
	signed, err := known.VerifierContext(ctx, &oidc.Config{ClientID: p.conf.ClientID, Now: p.conf.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	if err := signed.Claims(&claims); err != nil {
		return nil, err
	}
	if err := p.holds(signed, f, claims); err != nil {
		return nil, err
	}
	if known.UserInfoEndpoint() == "" {
		return claims, nil
	}
	told, err := known.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	if told.Subject != signed.Subject {
		return nil, errors.New("what is told is of another user") // Core 5.3.2
	}
	more := map[string]any{}
	if err := told.Claims(&more); err != nil {
		return nil, err
	}
	for name, value := range more {
		if _, there := claims[name]; !there { // what is signed holds
			claims[name] = value
		}
	}
	return claims, nil
}

// holds looks at what the library leaves to its caller (Core 3.1.3.7).
func (p *Provider) holds(signed *oidc.IDToken, f dispatch.ProviderFlow, claims map[string]any) error {
	party, named := claims["azp"].(string)
	at, timed := claims["auth_time"].(float64)
	switch {
	case signed.Subject == "":
		return errors.New("no subject")
	case signed.Nonce == "" || signed.Nonce != f.Nonce:
		return errors.New("another nonce")
	case len(signed.Audience) > 1 && !named, named && party != p.conf.ClientID:
		return errors.New("it is for another party")
	case f.SessionID != 0 && (!timed || time.Unix(int64(at), 0).Before(f.BegunAt.Add(-clockSkew))):
		return errors.New("nobody has proved themselves anew")
	}
	return nil
}

// client gives the client that we are.
func (p *Provider) client(known *oidc.Provider) *oauth2.Config {
	scopes := append([]string{oidc.ScopeOpenID}, slices.DeleteFunc(slices.Clone(p.conf.Scopes), func(s string) bool { return s == oidc.ScopeOpenID })...)
	return &oauth2.Config{ClientID: p.conf.ClientID, ClientSecret: p.conf.Secret, Endpoint: known.Endpoint(), RedirectURL: p.conf.Callback, Scopes: scopes}
}

// meet asks the provider who it is, until it has said so once.
func (p *Provider) meet(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	known, err := oidc.NewProvider(oidc.ClientContext(ctx, p.conf.Client), p.conf.Issuer)
	if err != nil {
		return nil, &dispatch.Error{Code: dispatch.CodeUnavailable, Err: fmt.Errorf("the provider: %w", err)}
	}
	p.known = known
	return known, nil
}

// failed tells a provider that says no from one that says nothing. What it
// answered is logged without its body, which may name a person.
func (p *Provider) failed(err error) error {
	var said *oauth2.RetrieveError
	var unreached *url.Error
	switch {
	case errors.As(err, &said) && said.Response.StatusCode < 500:
		return &dispatch.Error{Code: dispatch.CodeProviderRefused, Err: fmt.Errorf("the provider: %s", said.ErrorCode)}
	case errors.As(err, &said):
		return &dispatch.Error{Code: dispatch.CodeUnavailable, Err: fmt.Errorf("the provider: %s", said.Response.Status)}
	case errors.As(err, &unreached):
		return &dispatch.Error{Code: dispatch.CodeUnavailable, Err: fmt.Errorf("the provider: %w", err)}
	}
	return &dispatch.Error{Code: dispatch.CodeProviderRefused, Err: fmt.Errorf("the provider: %w", err)}
}
