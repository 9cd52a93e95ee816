package fanout

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yiping/server/httpapi"
)

// perAddress is how many connections come from one address of this machine: the
// server bounds them.
const perAddress = 900

// sampled is one of how many connections reads the times.
const sampled = 50

// Crowd is a server of a kind in a process of its own, and its clients in this one.
type Crowd struct {
	kind string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	mu   sync.Mutex // of in

	conns     []net.Conn
	readers   sync.WaitGroup
	delivered atomic.Int64
	bytes     atomic.Int64

	late sync.Mutex
	took []time.Duration
}

// Gather starts a server of a kind and connects so many clients to it; deflates says
// whether they take deflated messages. Leave must be called.
func Gather(kind string, clients int, deflates bool) (*Crowd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Crowd{kind: kind, cmd: exec.Command(self, "fanout", kind)} //nolint:gosec,noctx // this program
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	address, err := c.line()
	if err != nil {
		return nil, errors.Join(err, c.Leave())
	}
	for k := range clients {
		if err := c.connect(address, k, deflates); err != nil {
			return nil, errors.Join(fmt.Errorf("client %d of %s: %w", k, kind, err), c.Leave())
		}
	}
	for k, conn := range c.conns {
		c.readers.Go(func() { c.read(conn, k%sampled == 0) })
	}
	return c, nil
}

// Leave ends all of it.
func (c *Crowd) Leave() error {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.readers.Wait()
	_ = c.in.Close()
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait() // it was killed
	return nil
}

func (c *Crowd) line() (string, error) {
	if !c.out.Scan() {
		return "", errors.Join(errors.New("the server says nothing"), c.out.Err())
	}
	return c.out.Text(), nil
}

func (c *Crowd) say(words ...any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := fmt.Fprintln(c.in, words...)
	return err
}

// paths and first messages of the kinds that speak WebSocket.
var paths = map[string]string{Ours: "/api/v1/live", OursEach: "/api/v1/live", Gorilla: "/", GorillaOld: "/", Centrifuge: "/"}

var hellos = map[string]string{Ours: `{"type":"subscribe","protocol":1}`, OursEach: `{"type":"subscribe","protocol":1}`, Centrifuge: `{"id":1,"connect":{}}`}

func (c *Crowd) connect(address string, k int, deflates bool) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+k/perAddress))}, Timeout: 10 * time.Second}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		return err
	}
	c.conns = append(c.conns, conn)
	path, speaks := paths[c.kind]
	if !speaks {
		return nil
	}
	extension := ""
	if deflates {
		extension = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n"
	}
	ask := "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: " + httpapi.CookieName + "=" + strconv.Itoa(k+1) + "\r\n" + extension + "\r\n"
	if _, err := conn.Write([]byte(ask)); err != nil {
		return err
	}
	answer := bufio.NewReaderSize(conn, 4096)
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("answered with %s", res.Status)
	}
	hello := hellos[c.kind]
	if hello == "" {
		return nil
	}
	if _, err := conn.Write(append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...)); err != nil { //nolint:gosec // short
		return err
	}
	_, err = conn.Read(make([]byte, 16<<10)) // the first picture
	return err
}

// read counts what comes; times says whether it looks at when it was sent.
func (c *Crowd) read(conn net.Conn, times bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		c.bytes.Add(int64(n))
		c.delivered.Add(int64(bytes.Count(buffer[:n], []byte{mark})))
		if times {
			c.time(buffer[:n])
		}
	}
}

// time notes how old the messages in a piece of the stream are.
func (c *Crowd) time(piece []byte) {
	now := time.Now()
	var took []time.Duration
	for {
		at := bytes.Index(piece, timeMark)
		if at < 0 || len(piece) < at+len(timeMark)+len(layout) {
			break
		}
		sent, err := time.Parse(layout, string(piece[at+len(timeMark):][:len(layout)]))
		if err == nil {
			took = append(took, now.Sub(sent))
		}
		piece = piece[at+len(timeMark):]
	}
	c.late.Lock()
	defer c.late.Unlock()
	c.took = append(c.took, took...)
}

// Run is what a run of publishing came to.
type Run struct {
	Published, Delivered int
	InTime               int           // delivered while it was published
	Bytes                int64         // that the clients were sent
	CPU                  time.Duration // of the server
	Took                 time.Duration
	P99                  time.Duration // from published to read
}

// PerDelivery gives the server's time for a message that a client was sent.
func (r Run) PerDelivery() float64 { return float64(r.CPU.Nanoseconds()) / 1e3 / float64(r.Delivered) }

// Rate publishes so many a second for a while.
func (c *Crowd) Rate(perSecond int, while time.Duration) (Run, error) {
	return c.run("rate", perSecond, while.Milliseconds())
}

// Flood publishes as fast as it is taken.
func (c *Crowd) Flood(while time.Duration) (Run, error) { return c.run("flood", while.Milliseconds()) }

// Move has people move in turn, so many moves a second, for a while.
func (c *Crowd) Move(people, moves int, while time.Duration) (Run, error) {
	return c.run("move", people, moves, while.Milliseconds())
}

// Resident gives the server's memory in bytes.
func (c *Crowd) Resident() (int, error) {
	if err := c.say("rss"); err != nil {
		return 0, err
	}
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(line)
}

func (c *Crowd) run(words ...any) (Run, error) {
	c.late.Lock()
	c.took = c.took[:0]
	c.late.Unlock()
	before, err := c.cpu()
	if err != nil {
		return Run{}, err
	}
	delivered, sent, began := c.delivered.Load(), c.bytes.Load(), time.Now()
	if err := c.say(words...); err != nil {
		return Run{}, err
	}
	ended := make(chan struct{})
	go c.pay(words[0] == "flood", delivered, ended)
	line, err := c.line()
	close(ended)
	if err != nil {
		return Run{}, err
	}
	published, err := strconv.Atoi(line)
	if err != nil || published < 0 {
		return Run{}, fmt.Errorf("the server could not publish: %s", line)
	}
	took, inTime := time.Since(began), int(c.delivered.Load()-delivered)
	c.settle()
	after, err := c.cpu()
	return Run{Published: published, Delivered: int(c.delivered.Load() - delivered), Bytes: c.bytes.Load() - sent, CPU: after - before, InTime: inTime, Took: took, P99: c.p99()}, err
}

// pay tells the server what was taken, so that no queue overflows.
func (c *Crowd) pay(flood bool, before int64, ended <-chan struct{}) {
	for flood {
		select {
		case <-ended:
			return
		case <-time.After(2 * time.Millisecond):
			_ = c.say("credit", (c.delivered.Load()-before)/int64(len(c.conns))+window)
		}
	}
}

// settle waits until nothing more comes.
func (c *Crowd) settle() {
	for last := int64(-1); last != c.bytes.Load(); {
		last = c.bytes.Load()
		time.Sleep(150 * time.Millisecond)
	}
}

func (c *Crowd) p99() time.Duration {
	c.late.Lock()
	defer c.late.Unlock()
	if len(c.took) == 0 {
		return 0
	}
	slices.Sort(c.took)
	return c.took[len(c.took)*99/100]
}

// cpu gives what the server has used, by the kernel's count of it.
func (c *Crowd) cpu() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(c.cmd.Process.Pid) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // from the state on
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2) // ticks of a hundredth
}
