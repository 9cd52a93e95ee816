package gate

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
)

// opened is a gate on a real listener, and what it lets in.
type opened struct {
	*Gate
	t  *testing.T
	in chan net.Conn
}

func open(t *testing.T, c Config) *opened {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &opened{Listen(l, c), t, make(chan net.Conn, 100)}
	go func() {
		for {
			conn, err := o.Accept()
			if err != nil {
				close(o.in)
				return
			}
			o.in <- conn
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return o
}

// knock connects from an address and says whether it was let in.
func (o *opened) knock(from string) (inside, outside net.Conn) {
	o.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", o.Addr().String())
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = conn.Close() })
	closed := make(chan struct{})
	go func() {
		_, _ = conn.Read(make([]byte, 1))
		close(closed)
	}()
	select {
	case in := <-o.in:
		return in, conn
	case <-closed:
		return nil, conn
	}
}

func TestPerAddress(t *testing.T) {
	o := open(t, Config{PerAddress: 2})
	first, _ := o.knock("127.0.0.1")
	if second, _ := o.knock("127.0.0.1"); first == nil || second == nil {
		t.Fatal("not let in")
	}
	if third, _ := o.knock("127.0.0.1"); third != nil {
		t.Fatal("a third is let in")
	}
	if other, _ := o.knock("127.0.0.2"); other == nil {
		t.Fatal("another address is not let in")
	}
	_ = first.Close()
	_ = first.Close() // twice gives back one place
	if again, _ := o.knock("127.0.0.1"); again == nil {
		t.Fatal("a place was not given back")
	}
	if more, _ := o.knock("127.0.0.1"); more != nil {
		t.Fatal("two places were given back")
	}
	if o.Open() != 3 || o.Refused() != 2 {
		t.Errorf("%d open, %d refused", o.Open(), o.Refused())
	}
}

func TestInAll(t *testing.T) {
	o := open(t, Config{Most: 2, PerAddress: 1, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.9/32")}})
	a, _ := o.knock("127.0.0.9")
	if b, _ := o.knock("127.0.0.9"); a == nil || b == nil {
		t.Fatal("a proxy speaks for one alone")
	}
	if c, _ := o.knock("127.0.0.2"); c != nil {
		t.Fatal("a third is let in")
	}
	_ = a.Close()
	if c, _ := o.knock("127.0.0.2"); c == nil {
		t.Fatal("a place was not given back")
	}
	if len(o.from) != 1 {
		t.Errorf("remembered: %v", o.from)
	}
}

func TestUnbounded(t *testing.T) {
	o := open(t, Config{})
	for range 50 {
		if in, _ := o.knock("127.0.0.1"); in == nil {
			t.Fatal("not let in")
		}
	}
}

// TestWho: of IPv6 a network is one.
func TestWho(t *testing.T) {
	g := Listen(nil, Config{Exempt: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	who := func(a string) netip.Prefix { return g.who(&net.TCPAddr{IP: net.ParseIP(a)}) }
	if who("2001:db8::1") != who("2001:db8::ffff:1") || who("2001:db8::1") == who("2001:db8:0:1::1") || who("::ffff:192.0.2.1") != who("192.0.2.1") {
		t.Error("counted wrongly")
	}
	if who("10.1.1.1").IsValid() || g.who(&net.UnixAddr{}).IsValid() {
		t.Error("counted who is exempt")
	}
}

// TestEnd: the listener's end is passed on.
func TestEnd(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := Listen(l, Config{})
	_ = g.Close()
	if _, err := g.Accept(); !errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}
