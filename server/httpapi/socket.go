package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"golang.org/x/time/rate"

	"yiping/server/dispatch"
	"yiping/server/live"
)

// Feed is where subscriptions come from: the hub.
type Feed interface {
	Subscribe(ctx context.Context, actor dispatch.Actor, homeArea int64, epoch string, offset int64, wish live.Wish) (Subscription, error)
}

// Subscription is one page's view of the feed.
type Subscription interface {
	Ready() <-chan struct{}
	// Next takes what waits as one JSON array; closed says why it ended, "" while it goes on.
	Next() (message []byte, closed string)
	// Look asks for the people in a view, nil for everywhere.
	Look(view *orb.Bound)
	// Open says which incident the page has open, 0 for none: who has the same one
	// open is told, and it of them.
	Open(incidentID int64)
	Leave()
}

const (
	inboundLimit = 64 << 10 // of a message, inflated
	deflateFrom  = 512      // bytes below which compressing costs more than it saves
)

// patience is how long a socket waits for its client.
type patience struct {
	subscribe, ping, pong, write, linger time.Duration
}

var usualPatience = patience{subscribe: 10 * time.Second, ping: 25 * time.Second, pong: 8 * time.Second, write: 10 * time.Second, linger: time.Second}

// live registers the socket of the live feed.
func (a *api) live() {
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		EnableCompression: true, CheckOrigin: a.knownOrigin}
	a.raw("GET", "/api/v1/live", SignedIn, func(w http.ResponseWriter, r *http.Request) {
		session := sessionOf(r.Context())
		leave, ok := a.sockets.enter(session.Account.ID, callerOf(r.Context()).network())
		if !ok {
			a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeTooMany, ""))
			return
		}
		defer leave()
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // the upgrader has answered
		}
		c := &socket{api: a, conn: conn, request: r, session: session, patience: a.patience}
		c.serve()
	})
}

// knownOrigin lets in pages of this server and those that are listed: of the
// same host and port, and over TLS where we are. A client that is no browser
// sends no origin.
func (a *api) knownOrigin(r *http.Request) bool {
	said := r.Header.Values("Origin")
	switch {
	case len(said) == 0:
		return true
	case len(said) > 1:
		return false
	case slices.Contains(a.Origins, said[0]):
		return true
	}
	u, err := url.Parse(said[0])
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host) && (u.Scheme == "https" || u.Scheme == "http" && !callerOf(r.Context()).secure)
}

// socket is one connection of the live feed.
type socket struct {
	api     *api
	conn    *websocket.Conn
	request *http.Request
	session dispatch.Session
	wish    live.Wish // what it has asked for
	patience

	mu       sync.Mutex // what the reader and the writer share
	sub      Subscription
	view     *orb.Bound // that the client looks at
	incident *int64     // that the client has open, nil for none
}

func (c *socket) serve() {
	defer c.end()
	_ = c.conn.SetCompressionLevel(1)
	first, err := c.readHello()
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(c.request.Context())
	defer cancel()
	watched := c.api.watch.join(c.session)
	defer c.api.watch.leave(watched)
	c.wish, c.view = first.wish(), boundOf(first.View)
	if !c.subscribe(ctx, first) {
		return
	}
	defer func() { c.sub.Leave() }()
	gone := make(chan struct{})
	go c.read(gone)
	c.write(ctx, watched, gone)
}

// What a client must not do.
var (
	errProtocol = errors.New("not a message of this protocol")
	errNotText  = errors.New("not a text message")
	errTooLarge = errors.New("message too large")
	errTooMany  = errors.New("too many pings")
)

// refuse closes with the code of what was wrong.
func (c *socket) refuse(err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		c.close(closeTooLarge)
	case errors.Is(err, errNotText):
		c.close(closeNotText)
	case errors.Is(err, errTooMany):
		c.close(closeTooMany)
	case errors.Is(err, errUnspoken):
		c.closeSaying(closeUnspoken, unspoken())
	case errors.Is(err, errProtocol):
		c.close(closeProtocol)
	case errors.As(err, &timeout) && timeout.Timeout():
		c.close(closeSilent)
	default: // it has left, or its frames are none: the library has answered
		c.close(closeProtocol)
	}
}

// boundPings answers a client's pings, of which no client needs many.
func (c *socket) boundPings() {
	pings, answer := rate.NewLimiter(1, 30), c.conn.PingHandler()
	c.conn.SetPingHandler(func(text string) error {
		if !pings.Allow() {
			return errTooMany
		}
		return answer(text)
	})
}

// readMessage reads one message. The library's own limit counts deflated bytes,
// so the inflated ones are counted here, while they are inflated.
func (c *socket) readMessage() ([]byte, error) {
	c.conn.SetReadLimit(inboundLimit)
	kind, r, err := c.conn.NextReader()
	if err != nil {
		return nil, err
	}
	if kind != websocket.TextMessage {
		return nil, errNotText
	}
	raw, err := io.ReadAll(io.LimitReader(r, inboundLimit+1))
	if err == nil && len(raw) > inboundLimit {
		err = errTooLarge
	}
	return raw, err
}

// lookEvery is how often a client may say something; who is faster waits.
const lookEvery = 200 * time.Millisecond

// read answers pings, notices the end, and takes what part of the map the client
// looks at; other than that it has nothing more to say.
func (c *socket) read(gone chan<- struct{}) {
	defer close(gone)
	alive := func() { _ = c.conn.SetReadDeadline(time.Now().Add(c.ping + c.pong)) }
	alive()
	c.conn.SetPongHandler(func(string) error { alive(); return nil })
	for {
		raw, err := c.readMessage()
		var m remark
		if err == nil && json.Unmarshal(raw, &m) != nil {
			err = errProtocol
		}
		if err != nil {
			c.refuse(err)
			return
		}
		switch m.Type {
		case "view":
			c.look(boundOf(m.View))
		case "watching":
			c.attend(c.request.Context(), m.Incident)
		}
		time.Sleep(lookEvery)
	}
}

// write drains the subscription, pings, and takes over what has become of the session.
func (c *socket) write(ctx context.Context, w *watched, gone <-chan struct{}) {
	pings := time.NewTicker(c.ping)
	defer pings.Stop()
	for {
		select {
		case <-w.changed: // before anything else is sent
			if !c.renew(ctx, w) {
				return
			}
			continue
		default:
		}
		select {
		case <-gone:
			return
		case <-w.changed:
			if !c.renew(ctx, w) {
				return
			}
		case <-c.sub.Ready():
			message, closed := c.sub.Next()
			if message != nil && !c.send(message) {
				return
			}
			if closed != "" {
				c.closeFor(closed)
				return
			}
		case <-pings.C:
			if c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.patience.write)) != nil {
				return
			}
		}
	}
}

func (c *socket) send(message []byte) bool {
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.patience.write))
	c.conn.EnableWriteCompression(len(message) >= deflateFrom)
	return c.conn.WriteMessage(websocket.TextMessage, message) == nil
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
	_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(why.Code, reason), time.Now().Add(c.patience.write))
}

// end closes the connection. What the client still sends is taken for a moment:
// closed at once, it would be told of a broken connection rather than why.
func (c *socket) end() {
	if conn, ok := c.conn.NetConn().(interface{ CloseWrite() error }); ok && conn.CloseWrite() == nil {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.linger))
		_, _ = io.CopyN(io.Discard, c.conn.NetConn(), 1<<20)
	}
	_ = c.conn.Close()
}
