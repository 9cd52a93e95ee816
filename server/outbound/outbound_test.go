package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a DNS server whose answers change from question to question; the
// last of a name's addresses stays.
type names struct {
	mu    sync.Mutex
	list  map[string][]string
	asked int
}

func (n *names) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		raw := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(raw)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(raw[:size]) == nil && len(m.Questions) == 1 {
				out, _ := n.answer(m).Pack()
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// count is how many questions were answered with an address.
func (n *names) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func (n *names) answer(m dnsmessage.Message) *dnsmessage.Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	left, known := n.list[name]
	if !known {
		m.RCode = dnsmessage.RCodeNameError
		return &m
	}
	address := netip.MustParseAddr(left[0])
	header := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type}
	switch {
	case q.Type == dnsmessage.TypeA && address.Is4():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: address.As4()}}}
	case q.Type == dnsmessage.TypeAAAA && address.Is6():
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}}
	default:
		return &m
	}
	if n.asked++; len(left) > 1 {
		n.list[name] = left[1:]
	}
	return &m
}

// provider is a server inside the network with a certificate for example.com.
func provider(t *testing.T, handler http.HandlerFunc) (server *httptest.Server, roots *x509.CertPool, port string) {
	t.Helper()
	server = httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	roots.AddCert(server.Certificate())
	_, port, _ = net.SplitHostPort(server.Listener.Addr().String())
	return server, roots, port
}

func client(t *testing.T, c Config) *http.Client {
	t.Helper()
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func get(client *http.Client, url string) (string, error) {
	res, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return string(raw), err
}

// TestInternalAddresses: whatever an address is written like, it is looked at
// as what is connected to.
func TestInternalAddresses(t *testing.T) {
	g := &guard{}
	for _, inside := range []string{"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.9",
		"224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
		"::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
		"64:ff9b::7f00:1", "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "100::1"} {
		if g.reachable(netip.MustParseAddr(inside), false) {
			t.Errorf("%s is called", inside)
		}
	}
	for _, outside := range []string{"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.169.0.1",
		"223.255.255.255", "::ffff:1.1.1.1", "2606:4700::1111", "240e::1", "2400:3200::1"} {
		if !g.reachable(netip.MustParseAddr(outside), false) {
			t.Errorf("%s is not called", outside)
		}
	}
}

func TestInternalIsNotCalled(t *testing.T) {
	var called atomic.Int64
	server, roots, port := provider(t, func(http.ResponseWriter, *http.Request) { called.Add(1) })
	dns := &names{list: map[string][]string{"inside.example": {"127.0.0.1"}, "six.example": {"::1"}, "metadata.example": {"169.254.169.254"}}}
	c := client(t, Config{Roots: roots, Resolver: dns.resolver(t)})
	for _, url := range []string{server.URL, "https://localhost:" + port, "https://inside.example:" + port, "https://six.example:" + port,
		"https://[::1]:" + port, "https://[::ffff:127.0.0.1]:" + port, "https://0:" + port, "https://2130706433:" + port, "https://0x7f.1:" + port,
		"https://127.1:" + port, "https://metadata.example/latest", "https://169.254.169.254/", "https://100.100.100.200/"} {
		if _, err := get(c, url); err == nil {
			t.Errorf("%s was called", url)
		}
	}
	if _, err := get(c, server.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("refused with %v", err)
	}
	if called.Load() != 0 {
		t.Errorf("called %d times", called.Load())
	}
}

// TestRebinding: a name that first resolves to a public address and then to one
// inside is refused when it does, for what is connected to is what is looked at.
func TestRebinding(t *testing.T) {
	var called atomic.Int64
	_, roots, port := provider(t, func(http.ResponseWriter, *http.Request) { called.Add(1) })
	dns := &names{list: map[string][]string{"example.com": {"1.1.1.1", "10.9.9.9", "127.0.0.1"}}}
	resolver := dns.resolver(t)
	c := client(t, Config{Roots: roots, Resolver: resolver, Timeout: 2 * time.Second})
	if at, err := resolver.LookupHost(t.Context(), "example.com"); err != nil || at[0] != "1.1.1.1" {
		t.Fatalf("whoever looks first sees %v, %v", at, err)
	}
	for range 3 {
		if _, err := get(c, "https://example.com:"+port); !errors.Is(err, ErrRefused) {
			t.Fatalf("refused with %v", err)
		}
	}
	if called.Load() != 0 || dns.count() < 4 {
		t.Fatalf("called %d times, asked %d times", called.Load(), dns.count())
	}
}

func TestAllowed(t *testing.T) {
	_, roots, port := provider(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") })
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "plain") }))
	defer plain.Close()
	_, plainPort, _ := net.SplitHostPort(plain.Listener.Addr().String())
	dns := &names{list: map[string][]string{"example.com": {"127.0.0.1"}, "metadata.example": {"169.254.169.254"}}}
	resolver := dns.resolver(t)
	for _, c := range []struct {
		name, allow, url, want string
	}{
		{"by host", "example.com", "https://example.com:" + port, "welcome"},
		{"by host, in capitals", "Example.COM", "https://EXAMPLE.com:" + port, "welcome"},
		{"by host and port", "example.com:" + port, "https://example.com:" + port, "welcome"},
		{"by network", "127.0.0.0/8", "https://example.com:" + port, "welcome"},
		{"by address", "127.0.0.1", "https://example.com:" + port, "welcome"},
		{"by another port", "example.com:1", "https://example.com:" + port, ""},
		{"by another host", "example.org", "https://example.com:" + port, ""},
		{"by a part of its name", "com", "https://example.com:" + port, ""},
		{"by another network", "10.0.0.0/8", "https://example.com:" + port, ""},
		{"without TLS, allowed", "http://127.0.0.1:" + plainPort, "http://127.0.0.1:" + plainPort, "plain"},
		{"without TLS, allowed with it", "127.0.0.1", "http://127.0.0.1:" + plainPort, ""},
		{"metadata by host", "metadata.example", "https://metadata.example/", ""},
		{"a password in the address", "example.com", "https://a:b@example.com:" + port, ""},
		{"a file", "example.com", "file:///etc/passwd", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := get(client(t, Config{Allow: []string{c.allow}, Roots: roots, Resolver: resolver}), c.url)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
	for _, wrong := range []string{"", "*", "*.example.com", "https://example.com", "example.com/path", "http://", "10.0.0.0/99", "a b", "http://a@b"} {
		if _, err := New(Config{Allow: []string{wrong}}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestRedirects(t *testing.T) {
	var outer string
	server, roots, port := provider(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/within":
			http.Redirect(w, r, "/end", http.StatusFound)
		case "/to-plain":
			http.Redirect(w, r, strings.Replace(outer, "https", "http", 1)+"/end", http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, "https://other.example.com:"+strings.Split(outer, ":")[2]+"/end", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		default:
			_, _ = io.WriteString(w, "end")
		}
	})
	outer = server.URL
	dns := &names{list: map[string][]string{"example.com": {"127.0.0.1"}, "other.example.com": {"127.0.0.1"}}}
	resolver := dns.resolver(t)
	allow := []string{"example.com", "other.example.com"}
	strict := client(t, Config{Allow: allow, Roots: roots, Resolver: resolver})
	free := client(t, Config{Allow: allow, Roots: roots, Resolver: resolver, Redirects: true})
	for _, c := range []struct {
		path         string
		strict, free bool
	}{{"/within", true, true}, {"/elsewhere", false, true}, {"/inside", false, false}, {"/round", false, false}, {"/to-plain", false, false}} {
		for name, client := range map[string]*http.Client{"strict": strict, "free": free} {
			got, err := get(client, "https://example.com:"+port+c.path)
			if want := c.strict && name == "strict" || c.free && name == "free"; (got == "end") != want || (err == nil) != want {
				t.Errorf("%s, %s: %q, %v", c.path, name, got, err)
			}
		}
	}
}

// TestLongAnswers: an answer is bounded by what it unpacks to, and by time.
func TestLongAnswers(t *testing.T) {
	stop := make(chan struct{})
	_, roots, port := provider(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fits":
			_, _ = w.Write(make([]byte, 1000))
		case "/honest":
			_, _ = w.Write(make([]byte, 1001))
		case "/streamed":
			for range 20 {
				_, _ = w.Write(make([]byte, 100))
				_ = http.NewResponseController(w).Flush()
			}
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
			_, _ = w.Write(b.Bytes())
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", mostHeaderBytes))
		case "/silent":
			<-stop
		}
	})
	defer close(stop)
	dns := &names{list: map[string][]string{"example.com": {"127.0.0.1"}}}
	patient := Config{Allow: []string{"example.com"}, Roots: roots, Resolver: dns.resolver(t), MostBytes: 1000, Timeout: time.Minute}
	c := client(t, patient)
	if got, err := get(c, "https://example.com:"+port+"/fits"); err != nil || len(got) != 1000 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, path := range []string{"/honest", "/streamed", "/packed"} {
		if got, err := get(c, "https://example.com:"+port+path); !errors.Is(err, ErrRefused) || len(got) > 1000 {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	if _, err := get(c, "https://example.com:"+port+"/headers"); err == nil {
		t.Error("endless headers were taken")
	}
	patient.Timeout = time.Second
	if _, err := get(client(t, patient), "https://example.com:"+port+"/silent"); err == nil {
		t.Error("silence was waited for")
	}
}
