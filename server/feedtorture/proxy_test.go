package feedtorture

import (
	"io"
	"net"
	"sync"
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
