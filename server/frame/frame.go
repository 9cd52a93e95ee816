// Package frame makes WebSocket messages (RFC 6455) that many connections are
// sent: framed once, and deflated once (RFC 7692, without context takeover) where
// the server alone wrote them.
//
// What residents or operators wrote is never deflated beside what others must not
// know: the length of what comes out would tell of what went in.
package frame

import (
	"bytes"
	"encoding/binary"
	"sync"

	"github.com/klauspost/compress/flate"
)

// deflateFrom is below how many bytes deflating costs more than it saves.
const deflateFrom = 512

// manyReaders is from how many on the writes cost so much more than deflating that ten
// times as long for an eighth less is hardly seen in the whole.
const manyReaders = 100

const (
	final    = 0x80
	deflated = 0x40 // RSV1, RFC 7692 section 7.2.3.1
	text     = 0x01
)

// Message is a text message from the server, ready to be written. Safe for use by
// several goroutines.
type Message struct {
	plain []byte // head and text
	head  int
	own   *sync.Pool // of those that deflate it, nil where none does

	once   sync.Once
	packed []byte // head and deflated text, nil where that is not less
}

// New makes a message of a text that goes as it is.
func New(text []byte) *Message { return build(text, nil) }

// Own makes a message of a text in which no word is anybody's but the server's: it
// goes deflated to those who take that, where that is less. The more are to read it,
// the more time may deflating take: it is done once, and each is written what it left.
func Own(text []byte, readers int) *Message {
	switch {
	case len(text) < deflateFrom:
		return New(text)
	case readers < manyReaders:
		return build(text, quick)
	}
	return build(text, thorough)
}

func build(words []byte, own *sync.Pool) *Message {
	plain := appendHead(make([]byte, 0, len(words)+10), final|text, len(words))
	head := len(plain)
	return &Message{plain: append(plain, words...), head: head, own: own}
}

// appendHead appends the head of a frame; a server does not mask.
func appendHead(to []byte, first byte, n int) []byte {
	switch {
	case n > 0xffff:
		return binary.BigEndian.AppendUint64(append(to, first, 127), uint64(n))
	case n > 125:
		return binary.BigEndian.AppendUint16(append(to, first, 126), uint16(n)) //nolint:gosec // at most 0xffff
	}
	return append(to, first, byte(n)) //nolint:gosec // at most 125
}

// Text gives what the message says.
func (m *Message) Text() []byte { return m.plain[m.head:] }

// Len gives the bytes of the message as it goes where nobody deflates.
func (m *Message) Len() int { return len(m.plain) }

// Wire gives the frame for a connection that takes deflated messages, or does not.
// It must not be changed.
func (m *Message) Wire(deflates bool) []byte {
	if !deflates || m.own == nil {
		return m.plain
	}
	m.once.Do(m.pack)
	if m.packed == nil {
		return m.plain
	}
	return m.packed
}

// packer is a deflater and what it writes to.
type packer struct {
	to bytes.Buffer
	w  *flate.Writer
}

var quick, thorough = packers(flate.BestSpeed), packers(flate.BestCompression)

// packers deflate at a level that there is.
func packers(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		p := &packer{}
		p.w, _ = flate.NewWriter(&p.to, level)
		return p
	}}
}

// tail is what a flush ends with and RFC 7692 leaves out.
var tail = []byte{0, 0, 0xff, 0xff}

func (m *Message) pack() {
	p := m.own.Get().(*packer) //nolint:forcetypeassert // nothing else is put there
	defer m.own.Put(p)
	p.to.Reset()
	p.w.Reset(&p.to)
	_, _ = p.w.Write(m.Text()) // into memory: it cannot fail
	_ = p.w.Flush()
	out := bytes.TrimSuffix(p.to.Bytes(), tail)
	if len(out) >= len(m.Text()) {
		return
	}
	m.packed = append(appendHead(make([]byte, 0, len(out)+10), final|deflated|text, len(out)), out...)
}
