package feedtorture

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/screen"
)

// badClient does what no client should, until the server closes it or ctx ends.
type badClient struct {
	name string
	code int // that it is closed with; 0 where it need not be told
	do   func(ctx context.Context, p person, address string) error
}

const soundHello = `{"type":"subscribe","protocol":1,"layers":[]}`

var badClients = []badClient{
	{"never reads", 0, neverReads},
	{"connects and says nothing", 0, saysNothing},
	{"reads a byte a second", 0, readsSlowly},
	{"sends a byte a second", 0, sendsSlowly},
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

// bomb is a small frame that inflates to 64 MB.
func bomb() []byte {
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
}

// sends subscribes, sends, and reads until it is closed.
func sends(send func(*websocket.Conn) error) func(context.Context, person, string) error {
	return func(ctx context.Context, p person, address string) error {
		conn, _, err := screen.Dial(ctx, p.follow(address, nil))
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		if err := conn.WriteMessage(websocket.TextMessage, []byte(soundHello)); err != nil {
			return err
		}
		_ = send(conn) // what it is closed for may come first
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return err
			}
		}
	}
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

// delays keeps how long incidents take from the answer to a screen.
type delays struct {
	mu    sync.Mutex
	acked map[int64]time.Time
	heard map[int64]time.Time
	took  []time.Duration
}

func newDelays() *delays { return &delays{acked: map[int64]time.Time{}, heard: map[int64]time.Time{}} }

func (d *delays) acknowledged(id int64, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acked[id] = at
	d.measure(id)
}

func (d *delays) hear(f *screen.Frame) {
	if f.Type != "event" || f.Incident == nil || f.Event.Kind != "incident.reported" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard[f.Incident.ID] = time.Now()
	d.measure(f.Incident.ID)
}

// measure takes one that was both heard and acknowledged; a screen may be told before
// the answer is read, which is no delay.
func (d *delays) measure(id int64) {
	acked, heard := d.acked[id], d.heard[id]
	if !acked.IsZero() && !heard.IsZero() {
		d.took = append(d.took, max(0, heard.Sub(acked)))
		delete(d.acked, id)
		delete(d.heard, id)
	}
}

// take gives what was measured since it was last asked.
func (d *delays) take() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.took
	d.took = nil
	slices.Sort(out)
	return out
}

// part gives a share of sorted delays: 0.99 for what 99 of 100 stay below.
func part(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))].Round(100 * time.Microsecond)
}

// badBeside runs so many of each bad client beside one that is sound, and looks
// that it is told as soon as without them: within twice, and what is added.
func badBeside(t *testing.T, d *district, each int, incidents int64, added time.Duration) {
	n := d.serve()
	measured := newDelays()
	cfg := d.people(1)[0].follow(n.address, nil)
	cfg.Heard = measured.hear
	good := screen.New(cfg)
	ctx, stop := context.WithCancel(context.Background())
	var going sync.WaitGroup
	t.Cleanup(func() { stop(); going.Wait() })
	going.Go(func() { _ = good.Follow(ctx) })
	c := &crowd{t: t, screens: []*screen.Screen{good}}
	c.await("live", 30*time.Second, live)
	desk := d.desk(n.address)
	desk.told = measured.acknowledged
	round := func() []time.Duration {
		working, enough := context.WithCancel(ctx)
		var load sync.WaitGroup
		load.Go(func() { desk.work(working, 50*time.Millisecond) })
		for target := desk.done.Load() + incidents; desk.done.Load() < target; {
			time.Sleep(20 * time.Millisecond) // the load's own pace is the signal
		}
		enough()
		load.Wait()
		c.await("told everything", 30*time.Second, reached(d.settled(ctx).offset))
		return measured.take()
	}
	before := round()
	bad, endBad := context.WithCancel(ctx)
	var beside sync.WaitGroup
	for _, p := range d.people(each * len(badClients)) {
		kind := badClients[int(p.account)%len(badClients)]
		beside.Go(func() {
			err := kind.do(bad, p, n.address)
			if kind.code != 0 && !websocket.IsCloseError(err, kind.code) {
				t.Errorf("who %s: %v, want closing with %d", kind.name, err, kind.code)
			}
		})
	}
	during := round()
	endBad()
	beside.Wait()
	t.Logf("alone p50 %v p99 %v, beside %d bad clients p50 %v p99 %v", part(before, .5), part(before, .99), each*len(badClients), part(during, .5), part(during, .99))
	if part(during, .99) > 2*part(before, .99)+added {
		t.Error("who follows soundly waits for those who do not")
	}
	c.same(d)
	good.Look(func(_ *screen.Picture, n *screen.Count) {
		if len(n.Closed) > 0 {
			t.Errorf("who follows soundly was closed: %v", n.Closed)
		}
	})
}
