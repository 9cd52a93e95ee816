package httpapi

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"sync"
	"time"
)

// wire is a socket's connection: the library writes its handshake and what controls
// the connection to it, and we whole messages, many at once.
type wire struct {
	net.Conn
	within time.Duration // one write

	mu       sync.Mutex
	greeted  bool // the handshake was answered
	deflates bool // and the client takes deflated messages
}

// Write writes one whole frame, or more. It has its own time limit: another
// writer's does not prolong it.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.greeted {
		w.greeted, w.deflates = true, bytes.Contains(p, []byte("permessage-deflate"))
	}
	if err := w.Conn.SetWriteDeadline(time.Now().Add(w.within)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// SetWriteDeadline is the library's, which does not know what else is written.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// put writes whole frames.
func (w *wire) put(frames []byte) bool {
	_, err := w.Write(frames)
	return err == nil
}

// closeWrite says that nothing more comes, where the connection can say that.
func (w *wire) closeWrite() bool {
	half, ok := w.Conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// takenOver hands the connection of a request to the library as a wire.
type takenOver struct {
	http.ResponseWriter
	within time.Duration
	wire   *wire
}

// Hijack takes the connection over.
func (t *takenOver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.wire = &wire{Conn: conn, within: t.within}
	return t.wire, buffers, nil
}
