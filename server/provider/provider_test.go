package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"yiping/server/dispatch"
)

// site is a provider that signs whatever the test says.
type site struct {
	*httptest.Server
	key, other *ecdsa.PrivateKey
	token      object // its claims
	signedBy   *ecdsa.PrivateKey
	userinfo   object
	status     int // of the token endpoint
}

type object = map[string]any

func newSite(t *testing.T) *site {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{key: key, other: other, signedBy: key, status: 200}
	known := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: "ES256"}}, Algorithms: []string{"ES256"}}
	mux := http.NewServeMux()
	mux.Handle("/", known)
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, object{"issuer": s.URL, "authorization_endpoint": s.URL + "/auth", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys",
			"userinfo_endpoint": s.URL + "/me", "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		claims, err := json.Marshal(s.token)
		if err != nil {
			t.Error(err)
		}
		if s.status != 200 {
			answer(w, s.status, object{"error": "invalid_grant"})
			return
		}
		answer(w, 200, object{"access_token": "x", "token_type": "Bearer", "id_token": oidctest.SignIDToken(s.signedBy, "k", "ES256", string(claims))})
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, s.userinfo) })
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	known.SetIssuer(s.URL)
	return s
}

func answer(w http.ResponseWriter, status int, what object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(what)
}

// TestFinish: an answer that is not for us, of now, of this sign-in and of the
// user it says lets nobody in.
func TestFinish(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	p := New(Config{Issuer: s.URL, ClientID: "yiping", UsernameClaim: "preferred_username", NameClaim: "name", Client: s.Client(), Now: func() time.Time { return now },
		Mapping: []Line{{Claim: "groups", Value: "duty", Role: dispatch.RoleDispatcher, Area: "1"}}})
	for _, c := range []struct {
		what   string
		change func(f *dispatch.ProviderFlow)
		want   dispatch.Code
	}{
		{"sound", func(*dispatch.ProviderFlow) {}, ""},
		{"several audiences, and we are the party", func(*dispatch.ProviderFlow) { s.token["aud"], s.token["azp"] = []string{"yiping", "x"}, "yiping" }, ""},
		{"of a locked session, just now", func(f *dispatch.ProviderFlow) { f.SessionID, s.token["auth_time"] = 1, now.Unix() }, ""},
		{"another audience", func(*dispatch.ProviderFlow) { s.token["aud"] = "another" }, dispatch.CodeProviderRefused},
		{"several audiences", func(*dispatch.ProviderFlow) { s.token["aud"] = []string{"yiping", "x"} }, dispatch.CodeProviderRefused},
		{"another party", func(*dispatch.ProviderFlow) { s.token["azp"] = "x" }, dispatch.CodeProviderRefused},
		{"another issuer", func(*dispatch.ProviderFlow) { s.token["iss"] = "https://evil.example" }, dispatch.CodeProviderRefused},
		{"over", func(*dispatch.ProviderFlow) { s.token["exp"] = now.Add(-time.Hour).Unix() }, dispatch.CodeProviderRefused},
		{"another nonce", func(*dispatch.ProviderFlow) { s.token["nonce"] = "x" }, dispatch.CodeProviderRefused},
		{"no nonce", func(f *dispatch.ProviderFlow) { delete(s.token, "nonce"); f.Nonce = "" }, dispatch.CodeProviderRefused},
		{"no subject", func(*dispatch.ProviderFlow) { delete(s.token, "sub"); s.userinfo["sub"] = "" }, dispatch.CodeProviderRefused},
		{"another key", func(*dispatch.ProviderFlow) { s.signedBy = s.other }, dispatch.CodeProviderRefused},
		{"another user told of", func(*dispatch.ProviderFlow) { s.userinfo["sub"] = "b2" }, dispatch.CodeProviderRefused},
		{"of a locked session, remembered", func(f *dispatch.ProviderFlow) { f.SessionID, s.token["auth_time"] = 1, now.Add(-time.Hour).Unix() }, dispatch.CodeProviderRefused},
		{"of a locked session, without a time", func(f *dispatch.ProviderFlow) { f.SessionID = 1 }, dispatch.CodeProviderRefused},
		{"the provider says no", func(*dispatch.ProviderFlow) { s.status = 400 }, dispatch.CodeProviderRefused},
		{"the provider has failed", func(*dispatch.ProviderFlow) { s.status = 502 }, dispatch.CodeUnavailable},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, f, err := p.Begin(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			s.signedBy, s.status = s.key, 200
			s.token = object{"iss": s.URL, "aud": "yiping", "sub": "a1", "nonce": f.Nonce, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "name": "甲", "amr": []string{"pwd", "mfa"}}
			s.userinfo = object{"sub": "a1", "name": "乙", "preferred_username": "a1", "groups": []string{"duty"}}
			c.change(&f)
			v, err := p.Finish(t.Context(), f, "code")
			if dispatch.CodeOf(err) != c.want {
				t.Fatalf("%v, want %s", err, c.want)
			}
			if err == nil && (v.Subject != "a1" || v.DisplayName != "甲" || v.Username != "a1" || !v.Factor || len(v.Grants) != 1) {
				t.Errorf("vouched for %+v", v)
			}
		})
	}
}

// TestNobodyThere: a provider that cannot be reached is asked again the next time.
func TestNobodyThere(t *testing.T) {
	s := newSite(t)
	away := true
	client := &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
		if away {
			return nil, io.ErrUnexpectedEOF
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	p := New(Config{Issuer: s.URL, ClientID: "yiping", Client: client, Now: time.Now})
	if _, _, err := p.Begin(context.Background(), false); dispatch.CodeOf(err) != dispatch.CodeUnavailable {
		t.Fatalf("away: %v", err)
	}
	away = false
	_, f, err := p.Begin(context.Background(), true)
	if err != nil {
		t.Fatalf("back again: %v", err)
	}
	away = true
	if _, err := p.Finish(context.Background(), f, "code"); dispatch.CodeOf(err) != dispatch.CodeUnavailable {
		t.Errorf("away at the end: %v", err)
	}
}

type trip func(*http.Request) (*http.Response, error)

// RoundTrip calls it.
func (t trip) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// TestReadMapping: a mapping that says nothing, or too much, is refused with the
// line.
func TestReadMapping(t *testing.T) {
	for content, want := range map[string]string{
		`[{"claim":"groups","value":"x","role":"dispatcher","area":"1"}]`:  "",
		`[{"claim":"groups","value":"x","role":"security_administrator"}]`: "",
		`[]`:                              "1 to 1000",
		`{}`:                              "no JSON list",
		`[{"claim":"groups","valu":"x"}]`: "valu",
		`[{"claim":"groups","value":"x","role":"dispatcher"}] []`:                   "goes on",
		`[{"claim":"groups","role":"dispatcher"}]`:                                  "line 1",
		`[{"claim":"groups","value":"x","role":"king"}]`:                            "king",
		`[{"claim":"groups","value":"x","role":"responder"}]`:                       "responder",
		`[{"claim":"groups","value":"x","role":"system_administrator","area":"1"}]`: "whole district",
		fmt.Sprintf(`[%s{}]`, strings.Repeat(`{},`, 1000)):                          "1 to 1000",
	} {
		_, err := ReadMapping([]byte(content))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.60s: %v, want %q", content, err, want)
		}
	}
}

// TestGrants: claims are found by name or step by step, alone or in a list, once.
func TestGrants(t *testing.T) {
	line := func(claim, value string) Line {
		return Line{Claim: claim, Value: value, Role: dispatch.RoleDispatcher, Area: claim}
	}
	claims := object{"https://x.cn/role": "a", "realm": object{"roles": []any{"b", true}}, "level": 3.0, "text": "duty and more"}
	got := grants([]Line{line("https://x.cn/role", "a"), line("https://x.cn/role", "a"), line("realm.roles", "b"), line("realm.roles", "true"), line("level", "3"),
		line("text", "duty"), line("realm", "b"), line("none.at.all", "b")}, claims)
	if len(got) != 3 || got[0].AreaCode != "https://x.cn/role" || got[1].AreaCode != "realm.roles" || got[2].AreaCode != "level" {
		t.Errorf("granted %v", got)
	}
}
