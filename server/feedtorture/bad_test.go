package feedtorture

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/screen"
)

// guest is a client of the trial's own making: do lasts until it notices that the server
// has closed it, or until ctx ends.
type guest struct {
	name string
	code int // that it is closed with; 0 where it need not be told
	do   func(ctx context.Context, p person, address string) error
}

const soundHello = `{"type":"subscribe","protocol":1,"layers":[]}`

// soundClients are those to compare with: of badClients, too, half are closed at once.
var soundClients = []guest{
	{"stays", 0, staysSoundly},
	{"leaves", 0, leavesSoundly},
}

// badClients do what no client should.
var badClients = []guest{
	{"never reads", 0, neverReads},
	{"connects and says nothing", 0, saysNothing},
	{"reads a byte a second", 0, readsSlowly},
	{"sends a byte a second", 0, sendsSlowly},
	{"is gone, and nobody says so", 0, halfOpen},
	{"sends too much", websocket.CloseMessageTooBig, sends(func(c *websocket.Conn) error {
		return c.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte(" "), 256<<10))
	})},
	{"sends what is no JSON", 4000, sends(func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte(`{"type":`)) })},
	{"sends bytes", websocket.CloseUnsupportedData, sends(func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, []byte{1}) })},
	{"sends what is no frame", 0, sends(func(c *websocket.Conn) error {
		_, err := c.NetConn().Write(bytes.Repeat([]byte{0xff}, 64))
		return err
	})},
	{"sends a bomb", websocket.CloseMessageTooBig, sends(func(c *websocket.Conn) error {
		_, err := c.NetConn().Write(bomb())
		return err
	})},
}

// bomb is a small frame that inflates to 64 MB. It is made once: that takes longer
// than what is measured.
var bomb = sync.OnceValue(func() []byte {
	var deflated bytes.Buffer
	w, _ := flate.NewWriter(&deflated, 9) // a level that there is: cannot fail
	for range 64 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	_ = w.Flush()
	payload := bytes.TrimSuffix(deflated.Bytes(), []byte{0, 0, 0xff, 0xff})
	frame := []byte{0xc1, 0x80 | 127} // text, deflated, masked with zeros
	frame = binary.BigEndian.AppendUint64(frame, uint64(len(payload)))
	return append(append(frame, 0, 0, 0, 0), payload...)
})

// follows subscribes as it should, and leaves the connection to a function.
func follows(ctx context.Context, p person, address string, use func(*websocket.Conn) error) error {
	conn, _, err := screen.Dial(ctx, p.follow(address, nil))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(soundHello)); err != nil {
		return err
	}
	return use(conn)
}

// readsAll reads what it is sent until there is no more.
func readsAll(conn *websocket.Conn) error {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return err
		}
	}
}

// sends subscribes, sends, and reads until it is closed.
func sends(send func(*websocket.Conn) error) func(context.Context, person, string) error {
	return func(ctx context.Context, p person, address string) error {
		return follows(ctx, p, address, func(conn *websocket.Conn) error {
			_ = send(conn) // what it is closed for may come first
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			return readsAll(conn)
		})
	}
}

// leavesSoundly follows until there is something to show.
func leavesSoundly(ctx context.Context, p person, address string) error {
	return follows(ctx, p, address, func(conn *websocket.Conn) error {
		_, _, err := conn.ReadMessage()
		return err
	})
}

// staysSoundly follows.
func staysSoundly(ctx context.Context, p person, address string) error {
	return follows(ctx, p, address, func(conn *websocket.Conn) error {
		defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
		return readsAll(conn)
	})
}

// raw connects with a receive buffer of a few bytes, and leaves the socket to a function.
func raw(ctx context.Context, p person, address string, use func(net.Conn) error) error {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: p.address}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.(*net.TCPConn).SetReadBuffer(2048)
	if _, err := fmt.Fprintf(conn, "GET /api/v1/live HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", address, p.cookie()); err != nil {
		return err
	}
	return use(conn)
}

func helloFrame() []byte {
	return append([]byte{0x81, 0x80 | byte(len(soundHello)), 0, 0, 0, 0}, soundHello...)
}

func neverReads(ctx context.Context, p person, address string) error {
	return raw(ctx, p, address, func(conn net.Conn) error {
		_, err := conn.Write(helloFrame())
		<-ctx.Done()
		return err
	})
}

func saysNothing(ctx context.Context, p person, address string) error {
	return raw(ctx, p, address, func(net.Conn) error { <-ctx.Done(); return nil })
}

func readsSlowly(ctx context.Context, p person, address string) error {
	return raw(ctx, p, address, func(conn net.Conn) error {
		if _, err := conn.Write(helloFrame()); err != nil {
			return err
		}
		return eachSecond(ctx, func() error { _, err := conn.Read(make([]byte, 1)); return err })
	})
}

func sendsSlowly(ctx context.Context, p person, address string) error {
	return raw(ctx, p, address, func(conn net.Conn) error {
		hello := helloFrame()
		return eachSecond(ctx, func() error {
			_, err := conn.Write(hello[:1])
			hello = append(hello[1:], 0)
			return err
		})
	})
}

// halfOpen follows soundly, until its link is cut off and neither side is told.
func halfOpen(ctx context.Context, p person, address string) error {
	link, err := newLink(address, p.address)
	if err != nil {
		return err
	}
	defer link.close()
	p.address = nil // who connects to the link
	return follows(ctx, p, link.address(), func(conn *websocket.Conn) error {
		if _, _, err := conn.ReadMessage(); err != nil {
			return err
		}
		link.cut()
		<-ctx.Done()
		return nil
	})
}

// eachSecond does something each second until it fails or ctx ends.
func eachSecond(ctx context.Context, do func() error) error {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		if err := do(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
	}
}
