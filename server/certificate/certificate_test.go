package certificate

import (
	"bytes"
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
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

var testNow = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// made makes a certificate, signed by itself, with its key, in PEM.
func made(t *testing.T, serial int64, from, until time.Time, names ...string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: until, DNSNames: names}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rawKey})
}

func written(t *testing.T, dir string, cert, key []byte) (certFile, keyFile string) {
	t.Helper()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := errors.Join(os.WriteFile(certFile, cert, 0o644), os.WriteFile(keyFile, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	return certFile, keyFile
}

func TestRefused(t *testing.T) {
	now := func() time.Time { return testNow }
	day := 24 * time.Hour
	cert, key := made(t, 1, testNow.Add(-day), testNow.Add(day), "yiping.example.cn")
	_, another := made(t, 2, testNow.Add(-day), testNow.Add(day), "yiping.example.cn")
	past, pastKey := made(t, 3, testNow.Add(-2*day), testNow.Add(-day), "yiping.example.cn")
	future, futureKey := made(t, 4, testNow.Add(day), testNow.Add(2*day), "yiping.example.cn")
	unnamed, unnamedKey := made(t, 5, testNow.Add(-day), testNow.Add(day))
	for _, c := range []struct {
		name      string
		cert, key []byte
		prepare   func(cert, key string) error
		says      string
	}{
		{"sound", cert, key, nil, ""},
		{"another's key", cert, another, nil, "is not the one of the certificate"},
		{"expired", past, pastKey, nil, "has expired on 2026-09-30"},
		{"not yet valid", future, futureKey, nil, "valid from 2026-10-02"},
		{"names no host", unnamed, unnamedKey, nil, "names no host"},
		{"the two swapped", key, cert, nil, "holds a private key"},
		{"both in one", append(append([]byte{}, cert...), key...), key, nil, "holds a private key"},
		{"no certificate", []byte("hello"), key, nil, "no certificate in PEM"},
		{"no key", cert, []byte("hello"), nil, "cannot be used"},
		{"no certificate's file", cert, key, func(cert, _ string) error { return os.Remove(cert) }, "there is no file"},
		{"no key's file", cert, key, func(_, key string) error { return os.Remove(key) }, "there is no file"},
		{"a key for everybody", cert, key, func(_, key string) error { return os.Chmod(key, 0o644) }, "read by others (mode 0644)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			certFile, keyFile := written(t, t.TempDir(), c.cert, c.key)
			if c.prepare != nil {
				if err := c.prepare(certFile, keyFile); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(certFile, keyFile, now, zerolog.Nop())
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

// TestRenewed: changed files are taken while the server runs; what cannot be
// used is said once and leaves the one before in its place.
func TestRenewed(t *testing.T) {
	now, dir := testNow, t.TempDir()
	var log bytes.Buffer
	put := func(serial int64, until time.Duration) {
		t.Helper()
		written(t, dir, nil, nil)
		cert, key := made(t, serial, testNow.Add(-time.Hour), testNow.Add(until), "yiping.example.cn")
		certFile, keyFile := written(t, dir, cert, key)
		// The files' times are as coarse as the disk's: each change has its own.
		at := testNow.Add(time.Duration(serial) * time.Second)
		if err := errors.Join(os.Chtimes(certFile, at, at), os.Chtimes(keyFile, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	put(1, 30*24*time.Hour)
	p, err := Open(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), func() time.Time { return now }, zerolog.New(&log))
	if err != nil {
		t.Fatal(err)
	}
	shown := func(want int64) {
		t.Helper()
		if got := p.Leaf().SerialNumber.Int64(); got != want {
			t.Fatalf("shows %d, want %d", got, want)
		}
	}
	put(2, 60*24*time.Hour)
	shown(1) // it has looked a moment ago
	now = now.Add(lookEvery)
	shown(2)
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		now = now.Add(lookEvery)
		shown(2)
	}
	if said := strings.Count(log.String(), "have changed"); said != 1 {
		t.Fatalf("said %d times: %s", said, &log)
	}
	put(3, 90*24*time.Hour)
	now = now.Add(lookEvery)
	shown(3)
	log.Reset()
	now = testNow.Add(80 * 24 * time.Hour)
	for range 5 {
		shown(3)
		now = now.Add(12 * time.Hour)
	}
	if said := strings.Count(log.String(), "expires soon"); said != 3 {
		t.Fatalf("warned %d times in two days and a half: %s", said, &log)
	}
}

// TestSpoken: what a client may ask for, over a real connection.
func TestSpoken(t *testing.T) {
	cert, key := made(t, 1, testNow.Add(-time.Hour), testNow.Add(time.Hour), "yiping.example.cn")
	certFile, keyFile := written(t, t.TempDir(), cert, key)
	p, err := Open(certFile, keyFile, func() time.Time { return testNow }, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", p.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func(conn net.Conn) { _, _ = io.Copy(conn, conn); _ = conn.Close() }(conn)
		}
	}()
	roots := x509.NewCertPool()
	roots.AddCert(p.Leaf())
	for _, c := range []struct {
		name string
		ask  *tls.Config
		want bool
	}{
		{"TLS 1.3", &tls.Config{MinVersion: tls.VersionTLS13}, true},
		{"TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, true},
		{"TLS 1.1", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		{"CBC", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}}, false},
		{"no forward secrecy", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.ask.RootCAs, c.ask.ServerName, c.ask.Time = roots, "yiping.example.cn", func() time.Time { return testNow }
			conn, err := tls.Dial("tcp", l.Addr().String(), c.ask)
			if err == nil {
				_ = conn.Close()
			}
			if (err == nil) != c.want {
				t.Errorf("%v", err)
			}
		})
	}
}
