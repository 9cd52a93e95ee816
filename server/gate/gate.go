// Package gate bounds how many connections a server holds at a time, in all and
// from one address, so that nobody alone can take every place.
package gate

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Config bounds the connections; 0 is no bound.
type Config struct {
	Most       int            // in all
	PerAddress int            // from one address, of IPv6 from one /64
	Exempt     []netip.Prefix // proxies, who speak for many
}

// Gate is a listener that closes the connections beyond its bounds at once.
type Gate struct {
	net.Listener
	config  Config
	refused atomic.Int64

	mu   sync.Mutex
	open int
	from map[netip.Prefix]int
}

// Listen puts a gate before a listener.
func Listen(inner net.Listener, c Config) *Gate {
	return &Gate{Listener: inner, config: c, from: map[netip.Prefix]int{}}
}

// Open gives how many connections there are.
func (g *Gate) Open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// Refused gives how many connections were closed at once, since the beginning.
func (g *Gate) Refused() int64 { return g.refused.Load() }

// Accept waits for a connection that may stay.
func (g *Gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		who := g.who(conn.RemoteAddr())
		if g.enter(who) {
			return &guest{Conn: conn, leave: sync.OnceFunc(func() { g.leave(who) })}, nil
		}
		g.refused.Add(1)
		_ = conn.Close()
	}
}

// who gives what is counted as one, zero for who is not.
func (g *Gate) who(remote net.Addr) netip.Prefix {
	at, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	address := at.AddrPort().Addr().Unmap().WithZone("")
	if slices.ContainsFunc(g.config.Exempt, func(n netip.Prefix) bool { return n.Contains(address) }) {
		return netip.Prefix{}
	}
	bits := 32
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // of a valid length: cannot fail
	return network
}

func (g *Gate) enter(who netip.Prefix) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.config.Most > 0 && g.open >= g.config.Most:
		return false
	case g.config.PerAddress > 0 && who.IsValid() && g.from[who] >= g.config.PerAddress:
		return false
	}
	g.open++
	if who.IsValid() {
		g.from[who]++
	}
	return true
}

func (g *Gate) leave(who netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open--
	if !who.IsValid() {
		return
	}
	if g.from[who]--; g.from[who] == 0 {
		delete(g.from, who)
	}
}

// guest is a connection that gives its place back when it is closed.
type guest struct {
	net.Conn
	leave func()
}

// Close closes it.
func (c *guest) Close() error {
	c.leave()
	return c.Conn.Close()
}

// CloseWrite ends what is sent, while what comes is still read: whoever is
// refused in the middle of sending then reads why.
func (c *guest) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return net.ErrClosed
}
