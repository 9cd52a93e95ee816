// Package fanout is what the live feed is measured with: a process that sends the
// same text to all its connections, in one of several ways, and clients that count
// what comes. Ours is the hub behind the whole of the API; the others are what it
// is held against.
package fanout

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Kinds of servers.
const (
	Ours       = "ours"
	OursEach   = "ours-each"  // what moves goes out with each update, not by the tick
	Raw        = "raw"        // one write() for each message and connection
	Raw16      = "raw16"      // one write() for sixteen
	Gorilla    = "gorilla"    // a prepared message through a channel to each connection
	GorillaOld = "gorilla-rl" // a handler that reads in a loop, as the library's examples do
	Centrifuge = "centrifuge"
)

// caster sends to all connections.
type caster interface {
	// serve takes connections until the process ends.
	serve(net.Listener) error
	// publish sends what a message of a time says. It may wait.
	publish(at time.Time) error
	// move hands on where the next of so many people is now.
	move(n int) error
}

// mark is a byte that each message holds once, by which clients count.
const mark = '~'

// Serve is the process that sends: it says where it listens, and does what it is
// told line by line, until its input ends.
func Serve(kind string, in io.Reader, out io.Writer) error {
	c, err := newCaster(kind)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- c.serve(l) }()
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	s := server{caster: c, out: out}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		select {
		case err := <-failed:
			return err
		default:
		}
		if err := s.obey(strings.Fields(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

func newCaster(kind string) (caster, error) {
	text, err := sample()
	if err != nil {
		return nil, err
	}
	switch kind {
	case Ours:
		return newOurs(coalesced)
	case OursEach:
		return newOurs(time.Hour)
	case Raw:
		return &raw{text: text, each: 1}, nil
	case Raw16:
		return &raw{text: text, each: 16}, nil
	case Gorilla:
		return &gorilla{text: text, casts: true}, nil
	case GorillaOld:
		return &gorilla{text: text}, nil
	case Centrifuge:
		return newCentrifuge(text)
	}
	return nil, fmt.Errorf("no kind of server: %s", kind)
}

type server struct {
	caster
	out    io.Writer
	credit atomic.Int64 // how many may be published, as the clients have taken
}

// obey does one thing: "rate PER_SECOND MS", "flood MS", "credit N", "move PEOPLE
// MOVES_A_SECOND MS", "rss". What takes time answers with how much was published.
func (s *server) obey(words []string) error {
	n := make([]int, 3)
	for k := range min(3, len(words)-1) {
		v, err := strconv.Atoi(words[k+1])
		if err != nil {
			return err
		}
		n[k] = v
	}
	millis := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	switch words[0] {
	case "credit":
		s.credit.Store(int64(n[0]))
		return nil
	case "rate":
		go s.report(func() (int, error) { return s.paced(n[0], millis(n[1]), func() error { return s.publish(time.Now()) }) })
	case "flood":
		s.credit.Store(window)
		go s.report(func() (int, error) { return s.flood(millis(n[0])) })
	case "move":
		go s.report(func() (int, error) { return s.paced(n[1], millis(n[2]), func() error { return s.move(n[0]) }) })
	case "rss":
		debug.FreeOSMemory()
		return s.resident()
	}
	return nil
}

func (s *server) report(do func() (int, error)) {
	n, err := do()
	if err != nil {
		n = -1
	}
	_, _ = fmt.Fprintln(s.out, n)
}

// paced does something so many times a second for a while.
func (s *server) paced(perSecond int, while time.Duration, do func() error) (int, error) {
	began, n := time.Now(), 0
	for {
		elapsed := time.Since(began)
		if elapsed >= while {
			return n, nil
		}
		for due := int(elapsed.Seconds() * float64(perSecond)); n < due; n++ {
			if err := do(); err != nil {
				return n, err
			}
		}
		time.Sleep(time.Millisecond)
	}
}

// window is how many messages may be under way in a flood.
const window = 1024

// flood publishes as fast as what was published is taken.
func (s *server) flood(while time.Duration) (int, error) {
	began, n := time.Now(), 0
	for time.Since(began) < while {
		if int64(n) >= s.credit.Load() {
			time.Sleep(100 * time.Microsecond)
			continue
		}
		if err := s.publish(time.Now()); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// resident says how much memory the process holds, in bytes.
func (s *server) resident() error {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	fields := bytes.Fields(raw)
	pages, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.out, pages*os.Getpagesize())
	return err
}
