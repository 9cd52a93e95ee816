package fanout

import (
	"bytes"
	"errors"
	"time"

	"yiping/server/dispatch"
	"yiping/server/frame"
)

// layout is how a message's time is written, always as long.
const layout = "2006-01-02T15:04:05.000000000Z"

// timeMark comes before it.
var timeMark = []byte(`"at":"`)

// fixed gives a time that is written in full.
func fixed(at time.Time) time.Time { return at.UTC().Truncate(10).Add(1) }

// change is a small event, as somebody's words on an incident make it.
func change(offset int64, at time.Time) dispatch.Change {
	incident := int64(812)
	return dispatch.Change{Event: dispatch.Event{Offset: offset, Kind: "timeline" + string(mark), At: fixed(at), Noun: dispatch.NounTimeline,
		NounID: 7, NounVersion: 1, AreaID: district, IncidentID: &incident, Data: map[string]string{}}}
}

// sample gives the text that ours sends of a change, for the others to send the same.
func sample() (*text, error) {
	o, err := newOurs(time.Hour)
	if err != nil {
		return nil, err
	}
	s, err := o.hub.Subscribe(o.ctx, desk(1), 0, noSince, everything, func() {})
	if err != nil {
		return nil, err
	}
	first, _ := s.Next(nil)
	o.offset = firstOffset
	if err := o.publish(time.Now()); err != nil {
		return nil, err
	}
	list, _ := s.Next(first[:0])
	if len(list) != 1 || bytes.Count(list[0].Text(), []byte{mark}) != 1 {
		return nil, errors.New("a change is not one message that is counted once")
	}
	words := bytes.Clone(list[0].Text())
	at := bytes.Index(words, timeMark)
	if at < 0 {
		return nil, errors.New("a message does not say its time")
	}
	return &text{words, at + len(timeMark)}, nil
}

// text is a message whose time can be set.
type text struct {
	words []byte
	at    int
}

// of gives the text of a time.
func (t *text) of(at time.Time) []byte {
	words := bytes.Clone(t.words)
	fixed(at).AppendFormat(words[t.at:t.at], layout)
	return words
}

// framed gives it as a WebSocket frame.
func (t *text) framed(at time.Time) []byte { return frame.New(t.of(at)).Wire(false) }
