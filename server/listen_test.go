package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"yiping/server/config"
	"yiping/server/postgres/pgtest"
)

// ownCertificate writes a certificate for this machine, signed by itself, and
// gives who trusts it.
func ownCertificate(t *testing.T) (cert, key string, trust *tls.Config) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(30 * 24 * time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	if err := errors.Join(os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o644),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey}), 0o600)); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	return cert, key, &tls.Config{RootCAs: roots}
}

// TestServedOverTLS: pages, API and socket over TLS, the session in a cookie
// that goes nowhere else, and who comes without is sent to it.
func TestServedOverTLS(t *testing.T) {
	cert, key, trust := ownCertificate(t)
	beside, err := net.Listen("tcp", "127.0.0.1:0") // a free port
	if err != nil {
		t.Fatal(err)
	}
	_ = beside.Close()
	r := serveWith(t, pgtest.Database(t), serveCmd{JSON: true, NoSimulate: true}, func(a *app) {
		a.TLSCert, a.TLSKey, a.RedirectFrom = cert, key, beside.Addr().String()
	})
	if !strings.HasPrefix(r.base, "https://") {
		t.Fatalf("served at %s", r.base)
	}
	p := r.nobody()
	p.client.Transport = &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true}
	k := slices.IndexFunc(r.first.Accounts, func(c credential) bool { return c.Username == "wall" })
	status, _, header := p.do("POST", "/api/v1/session", object{"username": "wall", "password": r.first.Accounts[k].Password})
	if cookie := header.Get("Set-Cookie"); status != 200 || !strings.HasPrefix(cookie, "__Host-") || !strings.Contains(cookie, "Secure") || !strings.Contains(cookie, "HttpOnly") {
		t.Fatalf("%d %s", status, header.Get("Set-Cookie"))
	}
	if header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
	p.must(200, "GET", "/api/v1/session", nil)
	res, err := p.client.Get(r.base + "/console")
	if err != nil || res.Proto != "HTTP/2.0" {
		t.Fatalf("%v %v", res, err)
	}
	_ = res.Body.Close()

	// The socket, asked for by a page of ours; by the same page without TLS it is not.
	dialer := websocket.Dialer{Jar: p.client.Jar, TLSClientConfig: trust}
	live := "wss" + strings.TrimPrefix(r.base, "https") + "/api/v1/live"
	conn, _, err := dialer.Dial(live, http.Header{"Origin": {r.base}})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if _, res, err := dialer.Dial(live, http.Header{"Origin": {strings.Replace(r.base, "https", "http", 1)}}); err == nil || res.StatusCode != 403 {
		t.Errorf("a page without TLS got the socket: %v %v", res, err)
	}

	// Who comes without TLS.
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, c := range []struct {
		method, url, sent string
		status            int
	}{
		{"GET", "http://" + beside.Addr().String() + "/console?x=1", r.base + "/console?x=1", 301},
		{"POST", "http://" + beside.Addr().String() + "/api/v1/session", "", 403},
		{"GET", strings.Replace(r.base, "https", "http", 1) + "/console", "", 400},
	} {
		req, err := http.NewRequest(c.method, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != c.status || res.Header.Get("Location") != c.sent || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s %s: %d %s", c.method, c.url, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

// TestNotServedInClear: the server does not start where other machines would
// reach it without TLS, nor with half a certificate.
func TestNotServedInClear(t *testing.T) {
	cert, _, _ := ownCertificate(t)
	_, key, _ := ownCertificate(t)
	for name, c := range map[string]struct {
		config config.Config
		says   string
	}{
		"in clear":       {config.Config{Listen: "0.0.0.0:0"}, "YIPING_TLS_CERT"},
		"with two pairs": {config.Config{Listen: "0.0.0.0:0", Wire: config.Wire{TLSCert: cert, TLSKey: key}}, "is not the one of the certificate"},
		"with none":      {config.Config{Listen: "0.0.0.0:0", Wire: config.Wire{TLSCert: cert + "x", TLSKey: key}}, "there is no file"},
	} {
		at, err := listen(&app{Config: c.config, log: zerolog.Nop()})
		if err == nil {
			at.close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
