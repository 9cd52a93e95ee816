package fanout

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/gorilla/websocket"
)

var errNoMoves = errors.New("this kind knows nobody who moves")

// raw writes to sockets without any protocol.
type raw struct {
	text *text
	each int // messages a write

	mu      sync.Mutex
	conns   []net.Conn
	pending []byte
	held    int
}

func (r *raw) serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.conns = append(r.conns, conn)
		r.mu.Unlock()
	}
}

func (r *raw) publish(at time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = append(r.pending, r.text.framed(at)...)
	if r.held++; r.held < r.each {
		return nil
	}
	for _, conn := range r.conns {
		if _, err := conn.Write(r.pending); err != nil {
			return err
		}
	}
	r.pending, r.held = r.pending[:0], 0
	return nil
}

func (r *raw) move(int) error { return errNoMoves }

// gorilla is the library as it is usually used: a goroutine that reads and one that
// writes, with a channel between a broadcaster and it.
type gorilla struct {
	text  *text
	casts bool

	mu    sync.Mutex
	conns []chan *websocket.PreparedMessage
}

func (g *gorilla) serve(l net.Listener) error {
	var upgrader websocket.Upgrader
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		if g.casts {
			queue := make(chan *websocket.PreparedMessage, window)
			g.mu.Lock()
			g.conns = append(g.conns, queue)
			g.mu.Unlock()
			go func() {
				for m := range queue {
					if conn.WritePreparedMessage(m) != nil {
						return
					}
				}
			}()
		}
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})}
	return server.Serve(l)
}

func (g *gorilla) publish(at time.Time) error {
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, g.text.of(at))
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, queue := range g.conns {
		queue <- m
	}
	return nil
}

func (g *gorilla) move(int) error { return errNoMoves }

// centrifuged is the centrifuge library, with one channel for all.
type centrifuged struct {
	text *text
	node *centrifuge.Node
}

func newCentrifuge(t *text) (caster, error) {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return nil, err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "1"}, Subscriptions: map[string]centrifuge.SubscribeOptions{"all": {}}}, nil
	})
	if err := node.Run(); err != nil {
		return nil, err
	}
	return &centrifuged{t, node}, nil
}

func (c *centrifuged) serve(l net.Listener) error {
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: centrifuge.NewWebsocketHandler(c.node, centrifuge.WebsocketConfig{})}
	return server.Serve(l)
}

func (c *centrifuged) publish(at time.Time) error {
	_, err := c.node.Publish("all", c.text.of(at))
	return err
}

func (c *centrifuged) move(int) error { return errNoMoves }
