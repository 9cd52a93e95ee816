package frame

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

// TestClientsReadFrames: a client of another's making reads what was framed here,
// deflated where it takes that, of every length of head.
func TestClientsReadFrames(t *testing.T) {
	texts := []string{"", "a", strings.Repeat("b", 125), strings.Repeat("c", 126), strings.Repeat("位置", 300), strings.Repeat("d", 0xffff), strings.Repeat("e", 0x10000)}
	for _, deflates := range []bool{false, true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, err := (&websocket.Upgrader{EnableCompression: deflates}).Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			var all []byte // in one write
			for k, words := range texts {
				readers := 2 + k%2*manyReaders
				all = append(append(all, New([]byte(words)).Wire(deflates)...), Own([]byte(words), readers).Wire(deflates)...)
			}
			if _, err := conn.NetConn().Write(all); err != nil {
				t.Error(err)
			}
			_, _, _ = conn.ReadMessage() // until the client has left
		}))
		conn, _, err := (&websocket.Dialer{EnableCompression: deflates}).Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range texts {
			for range 2 {
				kind, got, err := conn.ReadMessage()
				if err != nil || kind != websocket.TextMessage || string(got) != words {
					t.Fatalf("deflated %t: %d bytes of kind %d (%v), want %d", deflates, len(got), kind, err, len(words))
				}
			}
		}
		_ = conn.Close()
		server.Close()
	}
}

// TestOnlyOwnWordsAreDeflated: what others wrote goes as it is, and so does what
// would not be less.
func TestOnlyOwnWordsAreDeflated(t *testing.T) {
	long := bytes.Repeat([]byte("[1,122.6,38.2,-1,1]"), 100)
	if n := len(New(long).Wire(true)); n < len(long) {
		t.Errorf("others' words went in %d bytes of %d", n, len(long))
	}
	own := Own(long, 2)
	if n := len(own.Wire(true)); n > len(long)/4 {
		t.Errorf("own words took %d bytes of %d", n, len(long))
	}
	if n := len(own.Wire(false)); n < len(long) || !bytes.Equal(own.Text(), long) {
		t.Errorf("to who does not deflate they took %d bytes of %d", n, len(long))
	}
	noise := make([]byte, 600)
	for k := range noise {
		noise[k] = byte(k*k*31+k*7) ^ byte(k>>3*197) // of no pattern that a deflater finds
	}
	if m := Own(noise, 2); len(m.Wire(true)) > m.Len() {
		t.Errorf("noise grew to %d bytes of %d", len(m.Wire(true)), m.Len())
	}
}

// TestMoreReadersGetLess: what many are to read is deflated with more patience.
func TestMoreReadersGetLess(t *testing.T) {
	var words []byte
	for k := range 300 {
		words = fmt.Appendf(words, "[%d,122.%05d,38.%05d,-1,17900000%02d000],", k*7, k*k*7919%99991, k*k*104729%99989, k*k%97)
	}
	few, many := Own(words, manyReaders-1).Wire(true), Own(words, manyReaders).Wire(true)
	if len(many) >= len(few) || len(few) >= len(words)/2 {
		t.Errorf("%d bytes are %d to few and %d to many", len(words), len(few), len(many))
	}
}

// TestDeflatedOnce: whoever asks is given the same bytes, which are made once.
func TestDeflatedOnce(t *testing.T) {
	m := Own(bytes.Repeat([]byte("x"), 4096), 2)
	first := m.Wire(true)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := m.Wire(true); &got[0] != &first[0] {
				t.Error("it was made again")
			}
		})
	}
	all.Wait()
}
