package httpapi

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/paulmach/orb"

	"yiping/server/dispatch"
	"yiping/server/frame"
	"yiping/server/live"
)

// fakeFeed gives subscriptions that say what the test wants.
type fakeFeed struct {
	mu     sync.Mutex
	open   int
	moved  chan struct{} // closed when open is another; nil where nobody waits
	first  *fakeSubscription
	opened []int64 // what Open was called with
	slowly func()  // what happens while somebody subscribes
}

// count adds to the open subscriptions and tells who waits; under the lock.
func (f *fakeFeed) count(n int) {
	f.open += n
	if f.moved != nil {
		close(f.moved)
		f.moved = nil
	}
}

// begun says whether there has been a subscription.
func (f *fakeFeed) begun() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first != nil
}

// next gives how many are open, and what is closed when that is no longer so.
func (f *fakeFeed) next() (open int, moved <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.moved == nil {
		f.moved = make(chan struct{})
	}
	return f.open, f.moved
}

func (f *fakeFeed) Subscribe(_ context.Context, _ dispatch.Actor, _ int64, _ string, _ int64, _ live.Wish, wake func()) (Subscription, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(1)
	s := &fakeSubscription{feed: f, wake: wake, waits: 1} // something to begin with
	wake()                                                // before anybody has it
	if f.slowly != nil {
		f.slowly()
	}
	if f.first == nil {
		f.first = s
	}
	return s, nil
}

type fakeSubscription struct {
	feed  *fakeFeed
	wake  func()
	waits int // messages, under the feed's lock
}

// say has one more message wait.
func (s *fakeSubscription) say() {
	s.feed.mu.Lock()
	s.waits++
	s.feed.mu.Unlock()
	s.wake()
}

// take gives what waits, each of the same words.
func (s *fakeSubscription) take(list []*frame.Message, words string) ([]*frame.Message, string) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	for ; s.waits > 0; s.waits-- {
		list = append(list, frame.New([]byte(words)))
	}
	return list, ""
}

func (s *fakeSubscription) Next(list []*frame.Message) ([]*frame.Message, string) {
	return s.take(list, `[{"type":"beat"}]`)
}

func (s *fakeSubscription) Look(*orb.Bound) {}

func (s *fakeSubscription) Open(incidentID int64) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.opened = append(s.feed.opened, incidentID)
	s.feed.count(0)
}

func (s *fakeSubscription) Leave() {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.count(-1)
}

// live is the API with a feed, on a real connection.
type liveUnder struct {
	*under
	api  *api
	feed *fakeFeed
	url  string
}

func newLiveUnder(t *testing.T, change ...func(*Deps)) *liveUnder {
	t.Helper()
	l := &liveUnder{feed: &fakeFeed{}}
	l.under = newUnder(t, append([]func(*Deps){func(d *Deps) { d.Feed, d.Origins = l.feed, []string{"https://console.example.cn"} }}, change...)...)
	l.api = newAPI(l.deps)
	server := httptest.NewServer(l.api.wrap(l.api.mux))
	t.Cleanup(server.Close)
	l.url = "ws" + strings.TrimPrefix(server.URL, "http") + "/api/v1/live"
	return l
}

func (l *liveUnder) dial(header ...string) (*websocket.Conn, *http.Response, error) {
	h := http.Header{"Cookie": {CookieName + "=commander"}}
	for k := 0; k+1 < len(header); k += 2 {
		h.Add(header[k], header[k+1])
	}
	conn, res, err := (&websocket.Dialer{EnableCompression: true}).Dial(l.url, h)
	if err == nil {
		l.t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, res, err
}

const soundHello = `{"type":"subscribe","protocol":1,"layers":[]}`

// subscribed is a client that is on the feed.
func (l *liveUnder) subscribed() *websocket.Conn {
	l.t.Helper()
	conn, _, err := l.dial()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(soundHello)); err != nil {
		l.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, _, err := conn.ReadMessage(); err != nil {
		l.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	return conn
}

// closedWith reads until the socket ends, and gives the code.
func closedWith(conn *websocket.Conn) (int, string) {
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				return closed.Code, closed.Text
			}
			return 0, err.Error()
		}
	}
}

// masked is a frame as a client sends it, masked with zeros.
func masked(first byte, payload []byte) []byte {
	head := []byte{first, 0x80 | byte(len(payload))}
	switch {
	case len(payload) > 0xffff:
		head[1] = 0x80 | 127
		head = binary.BigEndian.AppendUint64(head, uint64(len(payload)))
	case len(payload) > 125:
		head[1] = 0x80 | 126
		head = binary.BigEndian.AppendUint16(head, uint16(len(payload)))
	}
	return append(append(head, 0, 0, 0, 0), payload...)
}

// inflating is a message of n bytes, deflated.
func inflating(n int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write(append([]byte(`{"type":"view","x":"`), bytes.Repeat([]byte("a"), n)...))
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

const (
	textFrame   = 0x81
	binaryFrame = 0x82
	pingFrame   = 0x89
	deflated    = 0x40
)

// TestSocketAbused: each thing that a client must not do closes its socket with
// the code of it, and nobody else's.
func TestSocketAbused(t *testing.T) {
	l := newLiveUnder(t)
	neighbour := l.subscribed()
	for _, c := range []struct {
		name string
		send []byte
		code int
	}{
		{"text that is no JSON", masked(textFrame, []byte("hello")), closeProtocol.Code},
		{"JSON of another shape", masked(textFrame, []byte(`{"type":7}`)), closeProtocol.Code},
		{"JSON without end", masked(textFrame, bytes.Repeat([]byte("["), 60_000)), closeProtocol.Code},
		{"bytes", masked(binaryFrame, []byte{1, 2, 3}), closeNotText.Code},
		{"a large message", masked(textFrame, bytes.Repeat([]byte("a"), inboundLimit+1)), closeTooLarge.Code},
		{"a message that unpacks to 64 MB", masked(textFrame|deflated, inflating(64<<20)), closeTooLarge.Code},
		{"a message that unpacks to a little too much", masked(textFrame|deflated, inflating(inboundLimit)), closeTooLarge.Code},
		{"a message that says it is enormous", append([]byte{textFrame, 0x80 | 127}, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), closeTooLarge.Code},
		{"a message of many parts", append(masked(0x01, bytes.Repeat([]byte("a"), 60_000)), masked(0x00, bytes.Repeat([]byte("a"), 60_000))...), closeTooLarge.Code},
		{"deflated nonsense", masked(textFrame|deflated, []byte{0xff, 0xff, 0xff, 0xff}), closeProtocol.Code},
		{"a frame without a mask", []byte{textFrame, 1, 'a'}, closeBroken.Code},
		{"a frame of no kind", masked(0x83, []byte("a")), closeBroken.Code},
		{"a continuation of nothing", masked(0x80, []byte("a")), closeBroken.Code},
		{"a long ping", masked(pingFrame, bytes.Repeat([]byte("a"), 126)), closeBroken.Code},
		{"pings without end", bytes.Repeat(masked(pingFrame, []byte("a")), 1000), closeTooMany.Code},
		{"a second request", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), closeBroken.Code},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := l.subscribed()
			if _, err := conn.NetConn().Write(c.send); err != nil {
				t.Fatal(err)
			}
			if code, text := closedWith(conn); code != c.code {
				t.Errorf("closed with %d %q, want %d", code, text, c.code)
			}
		})
		t.Run(c.name+", as the first message", func(t *testing.T) {
			conn, _, err := l.dial()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := conn.NetConn().Write(c.send); err != nil {
				t.Fatal(err)
			}
			if code, text := closedWith(conn); code != c.code {
				t.Errorf("closed with %d %q, want %d", code, text, c.code)
			}
		})
	}
	l.feed.first.say()
	if _, _, err := neighbour.ReadMessage(); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	l.left(1)
}

// left waits until as many subscriptions are open.
func (l *liveUnder) left(want int) {
	l.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		open, moved := l.feed.next()
		if open == want {
			return
		}
		select {
		case <-moved:
		case <-deadline:
			l.t.Fatalf("%d subscriptions are open, want %d", open, want)
		}
	}
}

// holdLine takes all places, so that whoever comes waits in line.
func (l *liveUnder) holdLine() {
	for range arriving {
		l.api.arriving <- struct{}{}
	}
}

// letLineGo gives them back.
func (l *liveUnder) letLineGo() {
	for range arriving {
		<-l.api.arriving
	}
}

// TestSocketHello: what a first message must be.
func TestSocketHello(t *testing.T) {
	l := newLiveUnder(t)
	for _, c := range []struct{ name, hello string }{
		{"another type", `{"type":"view","protocol":1}`},
		{"no protocol", `{"type":"subscribe"}`},
		{"many layers", `{"type":"subscribe","protocol":1,"layers":[` + strings.Repeat(`"a",`, 16) + `"a"]}`},
		{"many states", `{"type":"subscribe","protocol":1,"filter":{"states":[` + strings.Repeat(`"a",`, 16) + `"a"]}}`},
		{"an area by name", `{"type":"subscribe","protocol":1,"area":"east"}`},
		{"a text for a number", `{"type":"subscribe","protocol":"1"}`},
		{"nothing", ``},
	} {
		conn, _, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(c.hello)); err != nil {
			t.Fatal(err)
		}
		if code, text := closedWith(conn); code != closeProtocol.Code {
			t.Errorf("%s: closed with %d %q", c.name, code, text)
		}
	}
}

// TestSocketUnspoken: another protocol is refused before anything else is read of
// it, and told which are spoken.
func TestSocketUnspoken(t *testing.T) {
	l := newLiveUnder(t)
	for _, hello := range []string{`{"type":"subscribe","protocol":2}`, `{"type":"greet","protocol":7,"layers":"all"}`} {
		conn, _, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
			t.Fatal(err)
		}
		if code, text := closedWith(conn); code != closeUnspoken.Code || text != "unspoken:1" {
			t.Errorf("%s: closed with %d %q", hello, code, text)
		}
	}
}

// TestSocketPassesOver: what a newer client says beside what we know is no reason
// to end it.
func TestSocketPassesOver(t *testing.T) {
	l := newLiveUnder(t)
	conn, _, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{`{"type":"subscribe","protocol":1,"layers":["weather"],"since":{"epoch":"e","offset":1,"more":1},"tomorrow":{"a":[1]}}`, `{"type":"wave","to":"all"}`, `{"type":"view","zoom":3}`} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"type":7}`)); err != nil {
		t.Fatal(err)
	}
	if code, text := closedWith(conn); code != closeProtocol.Code { // by the last one alone
		t.Errorf("closed with %d %q", code, text)
	}
	if !l.feed.begun() {
		t.Error("it was no subscription")
	}
}

// TestSocketSilent: who says nothing, and who no longer answers, is let go.
func TestSocketSilent(t *testing.T) {
	l := newLiveUnder(t)
	l.api.patience.subscribe, l.api.patience.ping, l.api.patience.pong = 200*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
	conn, _, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	if code, text := closedWith(conn); code != closeSilent.Code {
		t.Errorf("who says nothing: closed with %d %q", code, text)
	}
	half := l.subscribed()
	half.SetPingHandler(func(string) error { return nil }) // its network is gone, and nobody has told us
	if code, text := closedWith(half); code != closeSilent.Code {
		t.Errorf("who does not answer: closed with %d %q", code, text)
	}
	l.left(0)
	answers := l.subscribed()
	pings, answer := make(chan struct{}, 100), answers.PingHandler()
	answers.SetPingHandler(func(text string) error { pings <- struct{}{}; return answer(text) })
	go func() { _, _ = closedWith(answers) }()
	for range 5 { // longer than it may be silent
		<-pings
	}
	l.left(1)
}

// TestSocketWokenEarly: what there is to take before the subscription is given out
// is not forgotten.
func TestSocketWokenEarly(t *testing.T) {
	l := newLiveUnder(t)
	l.feed.slowly = func() { time.Sleep(50 * time.Millisecond) } // the writer has looked by then
	for range 3 {
		l.subscribed()
	}
	l.left(3)
}

// TestSocketWaitsForItsTurn: who waits in line hears at once that the server is there, at
// the offset that they have, and then what is theirs.
func TestSocketWaitsForItsTurn(t *testing.T) {
	l := newLiveUnder(t)
	l.holdLine()
	conn, _, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"subscribe","protocol":1,"since":{"epoch":"e","offset":41}}`)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var frames []struct {
		Type   string
		Offset int64
	}
	for range 2 { // at once, and again
		_, m, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(m, &frames) != nil || len(frames) != 1 || frames[0].Type != "heartbeat" || frames[0].Offset != 41 {
			t.Fatalf("told %s", m)
		}
	}
	l.letLineGo()
	for frames[0].Type == "heartbeat" {
		_, m, err := conn.ReadMessage()
		if err != nil || json.Unmarshal(m, &frames) != nil {
			t.Fatalf("%s, %v", m, err)
		}
	}
	_ = conn.Close()
	l.left(0)
}

// TestSocketLeftBeforeItsTurn: whoever has hung up when their turn comes is put on no
// feed, and those who wait behind are.
func TestSocketLeftBeforeItsTurn(t *testing.T) {
	l := newLiveUnder(t)
	l.holdLine()
	var waiting []*websocket.Conn
	for range 3 {
		conn, _, err := l.dial()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(soundHello)); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, conn)
	}
	for _, conn := range waiting[:2] {
		_ = conn.NetConn().(*net.TCPConn).CloseWrite()
	}
	l.letLineGo()
	_ = waiting[2].SetReadDeadline(time.Now().Add(20 * time.Second))
	for beat := true; beat; {
		_, m, err := waiting[2].ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		beat = strings.Contains(string(m), `"heartbeat"`)
	}
	for _, conn := range waiting[:2] {
		_, _ = closedWith(conn)
	}
	l.left(1)
	if n := len(l.api.arriving); n != 0 {
		t.Errorf("%d places are not given back", n)
	}
}

// TestSocketOrigin: pages of this server and those that are listed, by host,
// port and scheme.
func TestSocketOrigin(t *testing.T) {
	l := newLiveUnder(t)
	own := strings.TrimSuffix(strings.TrimPrefix(l.url, "ws://"), "/api/v1/live")
	host, _, _ := net.SplitHostPort(own)
	for origin, want := range map[string]int{
		"http://" + own:                     101,
		"https://" + own:                    101, // behind TLS that we do not know of
		"https://console.example.cn":        101,
		"":                                  101, // no browser
		"null":                              403,
		"http://evil.example":               403,
		"http://" + host:                    403,
		"http://" + host + ":1":             403,
		"http://" + own + ".evil.example":   403,
		"http://" + own + "@evil.example":   403,
		"http://evil.example/" + own:        403,
		"http://console.example.cn":         403,
		"https://console.example.cn:8443":   403,
		"https://a.console.example.cn":      403,
		"file://":                           403,
		"chrome-extension://" + own:         403,
		"data:text/html," + own:             403,
		"http://" + strings.ToUpper("evil"): 403,
	} {
		header := []string{"Origin", origin}
		if origin == "" {
			header = nil
		}
		conn, res, _ := l.dial(header...)
		if res == nil || res.StatusCode != want {
			t.Errorf("%q: %v, want %d", origin, res, want)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
	if _, res, err := l.dial("Origin", "http://"+own, "Origin", "http://evil.example"); err == nil || res.StatusCode != 403 {
		t.Error("two origins are one too many")
	}
}

// TestCrowd: sockets at a time are bounded by account and by address.
func TestCrowd(t *testing.T) {
	c := crowd{open: map[string]int{}}
	var leave []func()
	for k := range socketsPerAccount {
		l, ok := c.enter(5, "10.0.0."+string(rune('a'+k%20)))
		if !ok {
			t.Fatalf("socket %d is refused", k)
		}
		leave = append(leave, l)
	}
	if _, ok := c.enter(5, "10.0.1.1"); ok {
		t.Error("an account's sockets have no end")
	}
	leave[0]()
	if l, ok := c.enter(5, "10.0.1.1"); !ok {
		t.Error("a place was not given back")
	} else {
		l()
	}
	for k := range socketsPerAddress {
		l, ok := c.enter(int64(100+k), "10.0.2.1")
		if !ok {
			t.Fatalf("socket %d is refused", k)
		}
		leave = append(leave, l)
	}
	if _, ok := c.enter(9999, "10.0.2.1"); ok {
		t.Error("an address's sockets have no end")
	}
	for _, l := range leave[1:] {
		l()
	}
	if len(c.open) != 0 {
		t.Errorf("remembered: %v", c.open)
	}
}

// TestSocketsOfOneAccount: one too many is told to come back later.
func TestSocketsOfOneAccount(t *testing.T) {
	l := newLiveUnder(t)
	l.api.sockets.open["5"] = socketsPerAccount // the tests' account
	_, res, err := l.dial()
	if err == nil || res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") == "" {
		t.Errorf("%v, %v", res, err)
	}
}
