package screen

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Config is what a screen is made of.
type Config struct {
	URL     string // of the socket, ws://host:port/api/v1/live
	Cookie  string // NAME=VALUE of the session
	Address net.IP // to call from; nil for any
	Layers  []string
	View    *[4]float64 // west, south, east, north; nil for everywhere
	Reader  *Reader     // nil for one of its own
	// Heard is told each frame after it was folded, if it is set.
	Heard func(*Frame)
}

// Screen follows the feed. Safe for use by several goroutines.
type Screen struct {
	cfg Config

	mu      sync.Mutex
	picture Picture
	count   Count
	changed chan struct{} // closed with the next frame; nil where nobody waits
}

// Count is what a screen has lived through.
type Count struct {
	Offsets   []int64        // of the events since the last snapshot, in the order they came
	From      int64          // offset of that snapshot
	Snapshots map[string]int // by reason
	Resumed   int
	Twice     int         // events that the picture was past already
	Broken    int         // messages that could not be read
	Refused   map[int]int // answers to the upgrade other than yes, by status
	Closed    map[int]int // closings, by code; 0 for a broken connection
	Live      bool
}

// The pauses of web/src/api/live.ts.
const (
	silentAfter  = 4 * time.Second
	firstPause   = 500 * time.Millisecond
	longestPause = 15 * time.Second
)

// The close codes that mean something for when to come back.
const (
	closeProtocol  = 4000
	closeSignedOut = 4001
	closeTooSlow   = 4002
	closeUpgrade   = 4005
)

// ErrSignedOut ends a screen whose session is over.
var ErrSignedOut = errors.New("signed out")

// New makes a screen.
func New(cfg Config) *Screen {
	if cfg.Reader == nil {
		cfg.Reader = &Reader{}
	}
	return &Screen{cfg: cfg, count: Count{Snapshots: map[string]int{}, Refused: map[int]int{}, Closed: map[int]int{}}}
}

// Look gives the picture and the count to a function that keeps neither.
func (s *Screen) Look(see func(*Picture, *Count)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	see(&s.picture, &s.count)
}

// Await waits until the picture and the count are as is asked, or ctx ends.
func (s *Screen) Await(ctx context.Context, so func(*Picture, *Count) bool) error {
	for {
		s.mu.Lock()
		done := so(&s.picture, &s.count)
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// Follow follows the feed until ctx ends, which gives nil, or the session does.
// After a lost connection it comes back with the pauses of a page and goes on
// where it was.
func (s *Screen) Follow(ctx context.Context) error {
	pause := firstPause
	for ctx.Err() == nil {
		live, code := s.connect(ctx, max(silentAfter, pause))
		s.ended(code)
		if live {
			pause = firstPause
		}
		switch code {
		case closeSignedOut, closeUpgrade:
			return ErrSignedOut
		case closeTooSlow:
			pause = 0
		case closeProtocol:
			pause = longestPause
		}
		// Full jitter: after a restart of the server its clients come back spread out.
		if wait := time.Duration(rand.Float64() * float64(pause)); !sleep(ctx, wait) {
			return nil
		}
		pause = min(max(pause*2, firstPause), longestPause)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Dial connects and does not subscribe: the status of the answer is 0 where there was none.
func Dial(ctx context.Context, cfg Config) (conn *websocket.Conn, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, silentAfter)
	defer cancel()
	return dial(ctx, cfg)
}

func dial(ctx context.Context, cfg Config) (conn *websocket.Conn, status int, err error) {
	dialer := &net.Dialer{}
	if cfg.Address != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: cfg.Address}
	}
	socket := websocket.Dialer{NetDialContext: dialer.DialContext, EnableCompression: true, ReadBufferSize: 4096, WriteBufferSize: 512}
	conn, res, err := socket.DialContext(ctx, cfg.URL, http.Header{"Cookie": {cfg.Cookie}})
	if res != nil {
		status = res.StatusCode
		_ = res.Body.Close()
	}
	return conn, status, err
}

// Hello gives a client's first message.
func Hello(layers []string, view *[4]float64, epoch string, offset int64) any {
	hello := map[string]any{"type": "subscribe", "protocol": 1, "layers": layers}
	if layers == nil {
		hello["layers"] = []string{}
	}
	if view != nil {
		hello["view"] = view
	}
	if epoch != "" {
		hello["since"] = map[string]any{"epoch": epoch, "offset": offset}
	}
	return hello
}

// connect follows one connection, and says whether it was subscribed and how it ended.
// Its first word is waited for as long as is said.
func (s *Screen) connect(ctx context.Context, patience time.Duration) (live bool, code int) {
	within, done := context.WithTimeout(ctx, patience)
	conn, status, err := dial(within, s.cfg)
	done()
	if err != nil {
		if status != 0 {
			s.refused(status)
		}
		return false, 0
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() { stop(); _ = conn.Close() }()
	s.mu.Lock()
	hello := Hello(s.cfg.Layers, s.cfg.View, s.picture.Epoch, s.picture.Offset)
	s.mu.Unlock()
	if conn.WriteJSON(hello) != nil {
		return false, 0
	}
	for {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_, message, err := conn.ReadMessage()
		if err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
				code = closed.Code
			}
			return live, code
		}
		frames, err := s.cfg.Reader.Parse(message)
		if err != nil {
			s.broken()
			return live, 0
		}
		for _, f := range frames {
			live = s.take(f) || live
		}
		patience = silentAfter
	}
}

// take folds a frame, and says whether it begins a subscription.
func (s *Screen) take(f *Frame) (begins bool) {
	s.mu.Lock()
	twice := !s.picture.Fold(f)
	switch f.Type {
	case "snapshot":
		s.count.Snapshots[f.Reason]++
		s.count.From, s.count.Offsets, begins = f.Offset, nil, true
	case "resumed":
		s.count.Resumed++
		begins = true
	case "event":
		if s.count.Offsets = append(s.count.Offsets, f.Offset); twice {
			s.count.Twice++
		}
	}
	s.count.Live = s.count.Live || begins
	s.tell()
	s.mu.Unlock()
	if s.cfg.Heard != nil {
		s.cfg.Heard(f)
	}
	return begins
}

// tell wakes who waits; under the lock.
func (s *Screen) tell() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (s *Screen) ended(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count.Live {
		s.count.Closed[code]++
	}
	s.count.Live = false
	s.tell()
}

func (s *Screen) refused(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Refused[status]++
}

func (s *Screen) broken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count.Broken++
}
