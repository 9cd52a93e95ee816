package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/certificate"
	"yiping/server/gate"
)

// front is where the server is reached, and how.
type front struct {
	*gate.Gate
	pair     *certificate.Pair // nil: without TLS
	redirect net.Listener      // sends browsers to TLS; nil: nowhere
}

// spareFiles are kept from connections: PostgreSQL, uploads, the log.
const spareFiles = 512

// listen opens the addresses, before anything else is done and while ports
// below 1024 may still be had.
func listen(a *app) (*front, error) {
	if err := a.CheckExposed(); err != nil {
		return nil, err
	}
	proxies, err := a.ProxyNetworks()
	if err != nil {
		return nil, err
	}
	f := &front{}
	if a.TLSCert != "" {
		if f.pair, err = certificate.Open(a.TLSCert, a.TLSKey, a.now, a.log); err != nil {
			return nil, err
		}
	}
	l, err := listenAt(a.Listen, "YIPING_LISTEN")
	if err != nil {
		return nil, err
	}
	f.Gate = gate.Listen(l, gate.Config{Most: affordable(a.Connections), PerAddress: a.PerAddress, Exempt: proxies})
	if a.RedirectFrom != "" {
		if f.redirect, err = listenAt(a.RedirectFrom, "YIPING_REDIRECT_FROM"); err != nil {
			_ = l.Close()
			return nil, err
		}
		f.redirect = gate.Listen(f.redirect, gate.Config{Most: affordable(a.Connections) / 4, PerAddress: a.PerAddress, Exempt: proxies})
	}
	if a.Insecure {
		a.log.Warn().Msg("YIPING_INSECURE: what other machines send and are sent can be read on its way")
	}
	return f, nil
}

// affordable bounds the connections by the files that this process may open.
func affordable(most int) int {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil || most == 0 || files.Cur > uint64(most)+spareFiles {
		return most
	}
	return max(int(files.Cur)-spareFiles, int(files.Cur)/2)
}

func listenAt(address, setting string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is in use by another program; stop it or set %s", address, setting)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("the address %s may not be used by this user; set %s to a port above 1023", address, setting)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return l, nil
}

// serve answers until the server is shut down.
func (f *front) serve(server *http.Server) error {
	if f.pair == nil {
		return server.Serve(f)
	}
	server.TLSConfig = f.pair.Config()
	return server.ServeTLS(f, "", "")
}

// newServer makes a server that waits for nobody for long: not for the end of
// the headers, nor of a body, nor for somebody who does not read.
func newServer(handler http.Handler, log zerolog.Logger) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 6 * time.Minute, WriteTimeout: 6 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100},
		ErrorLog: stdlog.New(quiet{log}, "", 0)}
}

// quiet takes what net/http has to say of callers that do not keep to the rules.
type quiet struct{ log zerolog.Logger }

// Write logs a line, without the addresses that are in it, where it is wanted.
func (q quiet) Write(line []byte) (int, error) {
	what, _, _ := strings.Cut(strings.TrimSpace(string(line)), " from ")
	q.log.Debug().Str("what", what).Msg("net/http")
	return len(line), nil
}

// redirecting sends browsers that come without TLS to where they should have
// come. Anything else than a page to look at is refused: what was in it has
// already been sent in clear.
func (f *front) redirecting(log zerolog.Logger) *http.Server {
	port := ""
	if at, ok := f.Addr().(*net.TCPAddr); ok && at.Port != 443 {
		port = fmt.Sprintf(":%d", at.Port)
	}
	server := newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if host == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "https only", http.StatusForbidden)
			return
		}
		http.Redirect(w, r, "https://"+bracketed(host)+port+r.URL.RequestURI(), http.StatusMovedPermanently)
	}), log)
	server.ReadTimeout, server.WriteTimeout, server.IdleTimeout = 10*time.Second, 10*time.Second, 10*time.Second
	return server
}

// bracketed writes an IPv6 address as addresses on the web have it.
func bracketed(host string) string {
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && address.Is6() {
		return "[" + address.String() + "]"
	}
	return host
}

// redirects serves the redirecting address until stop is called.
func (f *front) redirects(log zerolog.Logger) (stop func()) {
	if f.redirect == nil {
		return func() {}
	}
	server := f.redirecting(log)
	go func() { _ = server.Serve(f.redirect) }()
	return func() { _ = server.Close() }
}

// close stops listening.
func (f *front) close() {
	_ = f.Close()
	if f.redirect != nil {
		_ = f.redirect.Close()
	}
}

func (f *front) scheme() string {
	if f.pair != nil {
		return "https"
	}
	return "http"
}

// addresses gives where the pages are.
func (f *front) addresses() map[string]string {
	base := f.scheme() + "://" + f.Addr().String()
	list := map[string]string{"base": base}
	for page := range pageTitles {
		list[page] = base + "/" + page
	}
	return list
}

// own gives how this machine reaches its own server: the address, and over TLS
// what compares the certificate shown with our own.
func (f *front) own() (base string, config *tls.Config) {
	address := f.Addr().String()
	if at, ok := f.Addr().(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		address = fmt.Sprintf("127.0.0.1:%d", at.Port)
	}
	if f.pair == nil {
		return "http://" + address, nil
	}
	return "https://" + address, &tls.Config{InsecureSkipVerify: true, // its names are not asked for: it is compared
		VerifyConnection: func(state tls.ConnectionState) error {
			if !state.PeerCertificates[0].Equal(f.pair.Leaf()) {
				return errors.New("this is another server's certificate")
			}
			return nil
		}}
}

// drain lets open requests end for a while, then cuts them off.
func drain(ctx context.Context, server *http.Server, log zerolog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		log.Warn().Err(err).Msg("requests were cut off")
		_ = server.Close()
	}
}
