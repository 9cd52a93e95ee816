package feedtorture

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy passes connections to the first of its nodes that takes them, as the one
// in front of two servers does.
type proxy struct {
	listener net.Listener
	nodes    []*node
	going    sync.WaitGroup
}

func newProxy(t *testing.T, nodes ...*node) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, nodes: nodes}
	p.going.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.going.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.going.Go(func() { p.pass(client) })
	}
}

func (p *proxy) pass(client net.Conn) {
	defer func() { _ = client.Close() }()
	for _, n := range p.nodes {
		server, err := net.Dial("tcp", n.address)
		if err != nil {
			continue
		}
		defer func() { _ = server.Close() }()
		var done sync.WaitGroup
		done.Go(func() {
			_, _ = io.Copy(server, client)
			_ = server.Close()
		})
		_, _ = io.Copy(client, server)
		_ = client.Close()
		done.Wait()
		return
	}
}

// link passes one connection on, until it is cut: then it swallows what comes and
// tells neither side, as a phone in a lift does.
type link struct {
	listener net.Listener
	from     net.IP // it calls from
	to       string
	going    sync.WaitGroup
	dead     atomic.Bool
	mu       sync.Mutex
	open     []net.Conn
}

func newLink(to string, from net.IP) (*link, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	one := &link{listener: l, from: from, to: to}
	one.going.Go(one.pass)
	return one, nil
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) cut() { l.dead.Store(true) }

func (l *link) pass() {
	client, err := l.listener.Accept()
	if err != nil {
		return
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: l.from}}
	server, err := dialer.Dial("tcp", l.to)
	if err != nil {
		_ = client.Close()
		return
	}
	l.mu.Lock()
	l.open = append(l.open, client, server)
	l.mu.Unlock()
	l.going.Go(func() { l.copy(server, client) })
	l.copy(client, server)
}

// copy passes bytes on; once the link is cut it takes no more of them, so that who
// sends is not told either.
func (l *link) copy(to, from net.Conn) {
	buffer := make([]byte, 4096)
	for !l.dead.Load() {
		n, err := from.Read(buffer)
		if l.dead.Load() {
			return
		}
		if _, wrong := to.Write(buffer[:n]); err != nil || wrong != nil {
			_ = to.Close()
			return
		}
	}
}

// close ends it, for both sides.
func (l *link) close() {
	_ = l.listener.Close()
	l.mu.Lock()
	for _, conn := range l.open {
		_ = conn.Close()
	}
	l.mu.Unlock()
	l.going.Wait()
}
