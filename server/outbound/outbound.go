// Package outbound is how this program calls others: an http.Client that
// reaches the internet over TLS and nothing inside the network, whatever a
// name resolves to, except for what the operator allows by name or address.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrRefused is a call that is not made, or an answer that is not read on.
var ErrRefused = errors.New("outgoing request refused")

// What a call may take.
const (
	defaultTimeout  = 10 * time.Second
	defaultBytes    = 1 << 20
	mostHeaderBytes = 64 << 10
	mostRedirects   = 3
)

// Config says whom a client may call.
type Config struct {
	// Allow lists what may be called although it is inside the network: a host
	// ("login.example.cn", "login.example.cn:8443"), an address or a network
	// ("10.1.2.0/24"). With http:// before a host, also without TLS.
	Allow []string
	// Redirects lets an answer send the client to another host, which is looked
	// at like the first; else only within the one that was called.
	Redirects bool
	Timeout   time.Duration  // of the whole call with its answer; 0 for ten seconds
	MostBytes int64          // of an answer's body, unpacked; 0 for 1 MiB
	Roots     *x509.CertPool // who vouches for certificates; nil for the system's list
	Resolver  *net.Resolver  // nil for the system's
}

// New gives a client. It uses no proxy that the environment names, for a proxy
// would reach what the client may not.
func New(c Config) (*http.Client, error) {
	g := &guard{resolver: c.Resolver, mostBytes: c.MostBytes, hosts: map[string]bool{}}
	for _, entry := range c.Allow {
		if err := g.allow(entry); err != nil {
			return nil, err
		}
	}
	if g.mostBytes == 0 {
		g.mostBytes = defaultBytes
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	g.transport = &http.Transport{DialContext: g.dial, ForceAttemptHTTP2: true,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots},
		TLSHandshakeTimeout: timeout, MaxResponseHeaderBytes: mostHeaderBytes,
		MaxIdleConnsPerHost: 2, MaxConnsPerHost: 16, IdleConnTimeout: 30 * time.Second}
	redirect := sameHost
	if c.Redirects {
		redirect = anyHost
	}
	return &http.Client{Transport: g, CheckRedirect: redirect, Timeout: timeout}, nil
}

// guard looks at every request and at every connection.
type guard struct {
	transport *http.Transport
	resolver  *net.Resolver
	mostBytes int64
	hosts     map[string]bool // allowed, as host or host:port; true: also without TLS
	networks  []netip.Prefix
}

func (g *guard) allow(entry string) error {
	entry = strings.ToLower(strings.TrimSpace(entry))
	if network, err := netip.ParsePrefix(entry); err == nil {
		g.networks = append(g.networks, network.Masked())
		return nil
	}
	if address, err := netip.ParseAddr(entry); err == nil {
		g.networks = append(g.networks, netip.PrefixFrom(address, address.BitLen()))
		return nil
	}
	host, plain := strings.CutPrefix(entry, "http://")
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || u.Hostname() == "" || strings.ContainsAny(host, "* ") {
		return fmt.Errorf("%q is no host (name or name:port, with http:// before it where there is no TLS), address or network that may be called", entry)
	}
	g.hosts[host] = plain
	return nil
}

// allowed finds a host, with any port or with this one, among those allowed.
func (g *guard) allowed(host, port string) (known, plain bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, name := range []string{host, net.JoinHostPort(host, port)} {
		if p, ok := g.hosts[name]; ok {
			known, plain = true, plain || p
		}
	}
	return known, plain
}

// RoundTrip sends one request, each step of a redirection by itself.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	port := r.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[r.URL.Scheme]
	}
	_, plain := g.allowed(r.URL.Hostname(), port)
	switch {
	case r.URL.Scheme != "https" && (r.URL.Scheme != "http" || !plain):
		return nil, fmt.Errorf("%w: %s is not called over %q", ErrRefused, r.URL.Hostname(), r.URL.Scheme)
	case r.URL.User != nil:
		return nil, fmt.Errorf("%w: a password in the address of %s", ErrRefused, r.URL.Hostname())
	}
	answer, err := g.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.ContentLength > g.mostBytes {
		_ = answer.Body.Close()
		return nil, fmt.Errorf("%w: an answer of %d bytes", ErrRefused, answer.ContentLength)
	}
	answer.Body = &boundedBody{answer.Body, g.mostBytes}
	return answer, nil
}

// dial connects. What the name resolved to is looked at by the dialer right
// before it connects to it, so a name that resolves to something else the
// second time gains nothing.
func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	known, _ := g.allowed(host, port)
	d := net.Dialer{Timeout: defaultTimeout, Resolver: g.resolver, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !g.reachable(at.Addr(), known) {
			return fmt.Errorf("%w: %s is inside the network; YIPING_OUTBOUND_ALLOW lists what may be called there", ErrRefused, host)
		}
		return nil
	}}
	return d.DialContext(ctx, network, address)
}

// reachable says whether an address may be connected to, known saying that its
// host is among those allowed. Link-local addresses, where clouds keep their
// machines' keys, are reached by a listed network alone.
func (g *guard) reachable(address netip.Addr, known bool) bool {
	address = address.Unmap().WithZone("")
	within := func(n netip.Prefix) bool { return n.Contains(address) }
	switch {
	case slices.ContainsFunc(g.networks, within):
		return true
	case known:
		return !address.IsLinkLocalUnicast() && !address.IsMulticast() && !address.IsUnspecified()
	case address.Is6() && !internet.Contains(address):
		return false
	}
	return !slices.ContainsFunc(internal, within)
}

// internet is all of IPv6 that is routed.
var internet = netip.MustParsePrefix("2000::/3")

// internal is what is not the public internet (IANA's registries of special
// addresses, RFC 6890), and what leads back into IPv4 by another name.
var internal = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carriers' own; a cloud's metadata too
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"), // a cloud's metadata at a public address
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/3"),   // multicast and reserved
	netip.MustParsePrefix("2001::/23"),     // tunnels and protocols
	netip.MustParsePrefix("2001:db8::/32"), // documentation
	netip.MustParsePrefix("2002::/16"),     // IPv4 in IPv6
	netip.MustParsePrefix("3fff::/20"),     // documentation
}

func sameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	if r.URL.Host != first.Host || r.URL.Scheme != first.Scheme {
		return fmt.Errorf("%w: %s sends elsewhere", ErrRefused, first.Hostname())
	}
	return anyHost(r, via)
}

func anyHost(_ *http.Request, via []*http.Request) error {
	if len(via) > mostRedirects {
		return fmt.Errorf("%w: %s sends on and on", ErrRefused, via[0].URL.Hostname())
	}
	return nil
}

// boundedBody fails where an answer goes on for too long, rather than ending
// as if that were all.
type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read reads on while there is room.
func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: the answer is too long", ErrRefused)
	}
	return n, err
}
