package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"
	"golang.org/x/time/rate"

	"yiping/server/dispatch"
	"yiping/server/frame"
	"yiping/server/live"
)

// Feed is where subscriptions come from: the hub. wake is called, and must not wait,
// when there is something to take.
type Feed interface {
	Subscribe(ctx context.Context, actor dispatch.Actor, homeArea int64, epoch string, offset int64, wish live.Wish, wake func()) (Subscription, error)
}

// Subscription is one page's view of the feed.
type Subscription interface {
	// Next appends what waits to a list of messages, each a JSON array of frames;
	// closed says why it ended, "" while it goes on.
	Next(list []*frame.Message) (messages []*frame.Message, closed string)
	// Look asks for the people in a view, nil for everywhere.
	Look(view *orb.Bound)
	// Open says which incident the page has open, 0 for none: who has the same one
	// open is told, and it of them.
	Open(incidentID int64)
	Leave()
}

// inboundLimit is of a message, inflated.
const inboundLimit = 64 << 10

// patience is how long a socket waits for its client.
type patience struct {
	subscribe, ping, pong, write, linger time.Duration
}

var usualPatience = patience{subscribe: 10 * time.Second, ping: 25 * time.Second, pong: 8 * time.Second, write: 10 * time.Second, linger: time.Second}

// live registers the socket of the live feed. The handler is done once the
// connection is taken over: what a socket needs while nothing happens is one
// goroutine, which reads.
func (a *api) live() {
	upgrader := websocket.Upgrader{WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
		EnableCompression: true, CheckOrigin: a.knownOrigin}
	a.raw("GET", "/api/v1/live", SignedIn, func(w http.ResponseWriter, r *http.Request) {
		session := sessionOf(r.Context())
		leave, ok := a.sockets.enter(session.Account.ID, callerOf(r.Context()).network())
		if !ok {
			a.writeProblem(w, r, dispatch.Refuse(dispatch.CodeTooMany, ""))
			return
		}
		over := &takenOver{ResponseWriter: w, within: a.patience.write}
		conn, err := upgrader.Upgrade(over, r, nil)
		if err != nil {
			leave() // the upgrader has answered
			return
		}
		c := &socket{api: a, conn: conn, wire: over.wire, claim: claimOf(r), language: languageOf(r.Context()), leave: leave}
		c.takeOver(session)
		c.ctx, c.cancel = context.WithCancel(context.Background())
		go c.greet()
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

// socket is one connection of the live feed. One goroutine reads and ends it;
// another writes while there is something to write (socket_write.go).
type socket struct {
	api      *api
	conn     *websocket.Conn
	wire     *wire
	ctx      context.Context //nolint:containedctx // the connection's own: no request lasts as long
	cancel   context.CancelFunc
	claim    claim  // who asks
	leave    func() // gives its place back
	watched  *watched
	wish     live.Wish // what it has asked for
	language string    // of what it is told in words

	mu        sync.Mutex // what the reader and the writer share
	sessionID int64
	actor     dispatch.Actor
	roles     []dispatch.Grant
	sub       Subscription
	view      *orb.Bound // that the client looks at
	incident  *int64     // that the client has open, nil for none
	over      bool       // it has ended: no subscription any more

	writing writing
}

// takeOver notes whose session it is, and with what rights; under the lock.
func (c *socket) takeOver(s dispatch.Session) {
	c.sessionID, c.actor, c.roles = s.ID, s.Actor(), s.Account.Roles
}

// greet takes the first message and puts the socket on the feed. Reading goes on
// with a stack of its own, which is a small one.
func (c *socket) greet() {
	reads := false
	defer func() {
		if !reads {
			c.finish()
		}
	}()
	defer c.caught()
	first, err := c.readHello()
	if err != nil {
		return
	}
	c.watched = c.api.watch.join(c.sessionID, c.roles, c.kick)
	c.wish, c.view = first.wish(), boundOf(first.View)
	if !c.arrive(first) {
		return
	}
	c.askLater()
	reads = true
	go c.read()
}

// finish gives back all that the socket had.
func (c *socket) finish() {
	c.cancel()
	c.unsubscribe()
	if c.watched != nil {
		c.api.watch.leave(c.watched)
	}
	c.end()
	c.leave()
}

// caught logs what must not happen; the connection ends, the server does not.
func (c *socket) caught() {
	if v := recover(); v != nil {
		c.api.Log.Error().Interface("panic", v).Bytes("stack", debug.Stack()).Msg("a socket panicked")
		_ = c.conn.Close()
	}
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
	var pings *rate.Limiter // of whoever does ping: no browser does
	answer := c.conn.PingHandler()
	c.conn.SetPingHandler(func(text string) error {
		if pings == nil {
			pings = rate.NewLimiter(1, 30)
		}
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
func (c *socket) read() {
	defer c.finish()
	defer c.caught()
	alive := c.stayOpen
	alive()
	c.conn.SetPongHandler(func(string) error { alive(); return nil })
	for {
		c.wire.wait()
		if !c.hear() {
			return
		}
		time.Sleep(lookEvery)
	}
}

// hear takes one message, false where it was the last.
func (c *socket) hear() bool {
	raw, err := c.readMessage()
	var m remark
	if err == nil && json.Unmarshal(raw, &m) != nil {
		err = errProtocol
	}
	if err != nil {
		c.refuse(err)
		return false
	}
	switch m.Type {
	case "view":
		c.look(boundOf(m.View))
	case "watching":
		c.attend(c.ctx, m.Incident)
	case "positions":
		c.keep(m)
	}
	return true
}
