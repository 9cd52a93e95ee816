// Package certificate holds the certificate that the server shows to browsers,
// out of two PEM files that are read again when they change, so that a renewed
// one is taken without a restart.
package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/secret"
)

const (
	lookEvery = 10 * time.Second    // at the files, while browsers connect
	warnFrom  = 14 * 24 * time.Hour // before it expires
	warnEvery = 24 * time.Hour
)

// Pair is a certificate with its key.
type Pair struct {
	certFile, keyFile string
	now               func() time.Time
	log               zerolog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	stamp   string // of the files, as they were last read
	looked  time.Time
	warned  time.Time
}

// Open reads the files, and refuses what no browser would take, with a sentence.
func Open(certFile, keyFile string, now func() time.Time, log zerolog.Logger) (*Pair, error) {
	p := &Pair{certFile: certFile, keyFile: keyFile, now: now, log: log, looked: now()}
	stamp, err := p.stampOf()
	if err != nil {
		return nil, err
	}
	if p.current, err = p.read(); err != nil {
		return nil, err
	}
	p.stamp = stamp
	p.warn()
	return p, nil
}

// Leaf gives the certificate that is shown now.
func (p *Pair) Leaf() *x509.Certificate { return p.get().Leaf }

// Config gives how the server speaks TLS: 1.2 or newer, with forward secrecy and
// authenticated encryption alone.
func (p *Pair) Config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{ // of TLS 1.2; those of 1.3 are all sound
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.get(), nil },
	}
}

// get gives the current certificate and now and then looks whether the files
// have changed. What cannot be used leaves the one before in its place.
func (p *Pair) get() *tls.Certificate {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if now.Sub(p.looked) < lookEvery {
		return p.current
	}
	p.looked = now
	p.warn()
	stamp, err := p.stampOf()
	if err == nil && stamp == p.stamp {
		return p.current
	}
	var renewed *tls.Certificate
	if err == nil {
		renewed, err = p.read()
	}
	switch {
	case err == nil:
		p.log.Info().Time("until", renewed.Leaf.NotAfter).Msg("the certificate is renewed")
		p.current, p.stamp, p.warned = renewed, stamp, time.Time{}
	case stamp != p.stamp: // said once for each change; a key that comes a moment later is another one
		p.log.Error().Err(err).Msg("the certificate's files have changed and cannot be used; the one before is still shown")
		p.stamp = stamp
	}
	return p.current
}

func (p *Pair) warn() {
	if left := p.current.Leaf.NotAfter.Sub(p.now()); left < warnFrom && p.now().Sub(p.warned) >= warnEvery {
		p.warned = p.now()
		p.log.Warn().Time("until", p.current.Leaf.NotAfter).Msg("the certificate expires soon, or has")
	}
}

// stampOf tells one state of the files from another.
func (p *Pair) stampOf() (string, error) {
	var b strings.Builder
	for _, path := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return "missing " + path, fmt.Errorf("there is no file %s; YIPING_TLS_CERT and YIPING_TLS_KEY name the certificate and its key", path)
		case err != nil:
			return "lost " + path, fmt.Errorf("look at the certificate: %w", err)
		}
		fmt.Fprintf(&b, "%d %d;", info.ModTime().UnixNano(), info.Size())
	}
	return b.String(), nil
}

func (p *Pair) read() (*tls.Certificate, error) {
	chain, err := os.ReadFile(p.certFile)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	if bytes.Contains(chain, []byte("PRIVATE KEY-----")) {
		return nil, fmt.Errorf("%s holds a private key: YIPING_TLS_CERT is the certificate with its chain, YIPING_TLS_KEY the key by itself", p.certFile)
	}
	if block, _ := pem.Decode(chain); block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", p.certFile)
	}
	key, err := secret.Read(p.keyFile)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(chain, key)
	switch {
	case err != nil && strings.Contains(err.Error(), "does not match"):
		return nil, fmt.Errorf("the key in %s is not the one of the certificate in %s", p.keyFile, p.certFile)
	case err != nil:
		return nil, fmt.Errorf("the certificate %s with the key %s cannot be used: %w", p.certFile, p.keyFile, err)
	}
	now := p.now()
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("the certificate %s has expired on %s", p.certFile, leaf.NotAfter.Format(time.DateTime))
	case now.Before(leaf.NotBefore):
		return nil, fmt.Errorf("the certificate %s is valid from %s only: is this machine's clock right?", p.certFile, leaf.NotBefore.Format(time.DateTime))
	case len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0:
		return nil, fmt.Errorf("the certificate %s names no host (subjectAltName): no browser takes it", p.certFile)
	}
	return &pair, nil
}
