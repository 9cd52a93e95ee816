package httpapi

import (
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/frame"
)

// writing is what the goroutine that writes shares with those who wake it.
type writing struct {
	mu     sync.Mutex
	due    bool        // there is something to look for
	going  bool        // the goroutine runs
	ended  bool        // nothing more is written
	ending bool        // a close was written: what is read is not waited for any more
	timer  *time.Timer // of the next ask
}

// kick has what waits written. It never waits itself.
func (c *socket) kick() {
	w := &c.writing
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due = true
	if !w.going && !w.ended {
		w.going = true
		go c.write()
	}
}

// turn says whether there is something to look for, once.
func (w *writing) turn() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.due || w.ended {
		w.going = false
		return false
	}
	w.due = false
	return true
}

func (w *writing) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// batch is what one turn writes.
type batch struct {
	messages []*frame.Message
	bytes    []byte
}

// enough is when a batch is written before it is whole, and what is not copied
// into one.
const enough = 64 << 10

var batches = sync.Pool{New: func() any { return &batch{} }}

// write writes what waits until nothing does.
func (c *socket) write() {
	defer c.caught()
	b := batches.Get().(*batch) //nolint:forcetypeassert // nothing else is put there
	defer batches.Put(b)
	for c.writing.turn() {
		if !c.step(b) {
			c.writing.end()
		}
	}
}

// step takes over what has become of the session, before anything else is sent,
// then sends what waits; false when it is the last one.
func (c *socket) step(b *batch) bool {
	sub := c.subscription()
	if sub == nil { // woken before it is on the feed, which wakes again
		return true
	}
	select {
	case <-c.watched.changed:
		if !c.renew() {
			c.hangUp()
			return false
		}
		sub = c.subscription()
	default:
	}
	var closed string
	b.messages, closed = sub.Next(b.messages[:0])
	sent := c.send(b)
	clear(b.messages)
	switch {
	case !sent: // it took nothing for too long, or is gone
		_ = c.conn.Close()
		return false
	case closed != "":
		c.closeFor(closed)
		c.hangUp()
		return false
	}
	return true
}

// send writes messages, many with one call.
func (c *socket) send(b *batch) bool {
	b.bytes = b.bytes[:0]
	for _, m := range b.messages {
		f := m.Wire(c.wire.deflates)
		if len(b.bytes) > 0 && len(b.bytes)+len(f) > enough {
			if !c.wire.put(b.bytes) {
				return false
			}
			b.bytes = b.bytes[:0]
		}
		if len(f) > enough {
			if !c.wire.put(f) {
				return false
			}
			continue
		}
		b.bytes = append(b.bytes, f...)
	}
	return len(b.bytes) == 0 || c.wire.put(b.bytes)
}

// askLater has the client asked, again and again, whether it is there.
func (c *socket) askLater() {
	c.writing.mu.Lock()
	defer c.writing.mu.Unlock()
	if !c.writing.ended {
		c.writing.timer = time.AfterFunc(c.api.patience.ping, c.ask)
	}
}

func (c *socket) ask() {
	if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.api.patience.write)) != nil {
		_ = c.conn.Close()
		return
	}
	c.askLater()
}

// stayOpen gives a client time to answer, unless it was told that this is the end.
func (c *socket) stayOpen() {
	c.writing.mu.Lock()
	defer c.writing.mu.Unlock()
	if !c.writing.ending {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.api.patience.ping + c.api.patience.pong))
	}
}

// hangUp lets the reader end: what the client still says is waited for a moment.
func (c *socket) hangUp() {
	c.writing.mu.Lock()
	defer c.writing.mu.Unlock()
	c.writing.ending = true
	c.wire.closeWrite()
	_ = c.conn.SetReadDeadline(time.Now().Add(c.api.patience.linger))
}

func (c *socket) closeFor(reason string) {
	switch reason {
	case "too_slow":
		c.close(closeTooSlow)
	default:
		c.close(closeStopping)
	}
}

// close says why it ends.
func (c *socket) close(why closing) { c.closeSaying(why, why.Name) }

// closeSaying says more than the name of why it ends.
func (c *socket) closeSaying(why closing, reason string) {
	_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(why.Code, reason), time.Now().Add(c.api.patience.write))
}

// end closes the connection. What the client still sends is taken for a moment:
// closed at once, it would be told of a broken connection rather than why.
func (c *socket) end() {
	c.writing.end()
	if c.wire.closeWrite() {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.api.patience.linger))
		_, _ = io.CopyN(io.Discard, c.conn.NetConn(), 1<<20)
	}
	_ = c.conn.Close()
}
