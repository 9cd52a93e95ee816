package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readAhead is the least that the library takes over as its own buffer.
const readAhead = 257

// wire is a socket's connection: the library writes its handshake and what controls
// the connection to it, and we whole messages, many at once.
type wire struct {
	net.Conn
	within time.Duration   // one write
	reader *bufio.Reader   // that the library reads from
	bare   syscall.RawConn // beneath, nil where that is not what the client says

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

// wait waits until there is something to read, or no time left for it. A stack that
// waits in here is a quarter of one that waits in the library's reading, and most
// sockets say nothing most of the time.
func (w *wire) wait() {
	if w.bare != nil && w.reader.Buffered() == 0 {
		_ = w.bare.Read(readable) // what is wrong is read, too
	}
}

func readable(fd uintptr) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0) //nolint:gosec // a descriptor is small
	return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
}

// left says whether the client has hung up, as far as that is known.
func (w *wire) left() (gone bool) {
	if w.bare == nil {
		return false
	}
	_ = w.bare.Control(func(fd uintptr) {
		seen := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}} //nolint:gosec // a descriptor is small
		n, err := unix.Poll(seen, 0)
		gone = err == nil && n > 0
	})
	return gone
}

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
	if tcp, ok := conn.(*net.TCPConn); ok {
		t.wire.bare, _ = tcp.SyscallConn()
	}
	if buffers.Reader.Buffered() > 0 { // the library refuses who does not wait for the answer
		return t.wire, buffers, nil
	}
	t.wire.reader = bufio.NewReaderSize(t.wire, readAhead)
	return t.wire, bufio.NewReadWriter(t.wire.reader, buffers.Writer), nil
}
