package feedtorture

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/screen"
)

// comeAndGo connects so many times, some at once, and leaves in order, in the
// middle of a word or without one; then the server has as many goroutines as before
// and holds as much memory as after the first few hundred.
func comeAndGo(t *testing.T, d *district, times, atOnce int) {
	const each, goroutines, megabytes = 40, 20, 8 // what pools, timers and the database's connections need
	n := d.serve()
	people := d.people((times + each - 1) / each)
	visit(t, n, people, (5*atOnce+len(people)-1)/len(people), atOnce) // what is made once is made
	before := n.rest(t, 0)
	resident := n.least(t, "process_resident_memory_bytes", 0)
	visit(t, n, people, each, atOnce)
	n.rest(t, before+goroutines)
	after := n.least(t, "go_goroutines", before)
	held := n.least(t, "process_resident_memory_bytes", 1.15*resident+megabytes*1e6)
	tell(t, "connects", map[string]any{"times": len(people) * each, "at_once": atOnce, "goroutines": after, "goroutines_before": before,
		"resident_mb": held / 1e6, "resident_mb_before": resident / 1e6})
	if held > 1.15*resident+megabytes*1e6 {
		t.Errorf("%.1f MB are held, %.1f before", held/1e6, resident/1e6)
	}
}

// least gives the least that a figure is within a time in which the garbage of before
// is given back, or as soon as it is no more than enough.
func (n *node) least(t *testing.T, name string, enough float64) float64 {
	t.Helper()
	least := n.must(t, name)
	for deadline := time.Now().Add(settles); least > enough && time.Now().Before(deadline); least = min(least, n.must(t, name)) {
		time.Sleep(300 * time.Millisecond) // the server's own figures are the signal
	}
	return least
}

// settles is how long the runtime may take to give memory back.
const settles = 5 * time.Second

// must reads a figure.
func (n *node) must(t *testing.T, name string) float64 {
	t.Helper()
	value, err := n.figure(name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// rest waits until nobody is subscribed and no more goroutines run than is asked, 0
// for any number that stays, and gives it.
func (n *node) rest(t *testing.T, most float64) float64 {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for last := -1.0; ; {
		now := n.must(t, "go_goroutines")
		if n.must(t, "yiping_live_subscribers") == 0 && (now <= most || most == 0 && now == last) {
			return now
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v goroutines are left of %v", now, most)
		}
		last = now
		time.Sleep(300 * time.Millisecond) // the server's own figures are the signal
	}
}

func visit(t *testing.T, n *node, people []person, each, atOnce int) {
	t.Helper()
	var going sync.WaitGroup
	var failed atomic.Int64
	places := make(chan struct{}, atOnce)
	for k := range each {
		for _, p := range people {
			places <- struct{}{}
			going.Go(func() {
				defer func() { <-places }()
				if err := leave(p, n.address, k); err != nil && failed.Add(1) == 1 {
					t.Errorf("visit %d of account %d: %v", k, p.account, err)
				}
			})
		}
	}
	going.Wait()
}

// leave subscribes, takes the first message, and goes one of three ways.
func leave(p person, address string, way int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, _, err := screen.Dial(ctx, p.follow(address, nil))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if err := conn.WriteMessage(websocket.TextMessage, []byte(soundHello)); err != nil {
		return err
	}
	if _, _, err := conn.ReadMessage(); err != nil {
		return err
	}
	switch way % 3 {
	case 0:
		return conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	case 1:
		_, err := conn.NetConn().Write([]byte{0x81, 0x80 | 100, 0, 0, 0, 0, '{'}) // 99 bytes are to come
		return err
	}
	return nil
}
