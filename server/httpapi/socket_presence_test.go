package httpapi

import (
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/dispatch"
)

// opens waits until the feed was told of as many incidents, and gives them.
func (l *liveUnder) opens(n int) []int64 {
	l.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		_, moved := l.feed.next()
		l.feed.mu.Lock()
		opened := slices.Clone(l.feed.opened)
		l.feed.mu.Unlock()
		if len(opened) >= n {
			return opened
		}
		select {
		case <-moved:
		case <-deadline:
			l.t.Fatalf("opened %v", opened)
		}
	}
}

// TestSocketWatching: an incident is opened where its reader may dispatch, and
// asked for again when their rights are others.
func TestSocketWatching(t *testing.T) {
	l, accounts, _, conn := newWatchUnder(t)
	say := func(m string) {
		t.Helper()
		if err := conn.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	l.reader.incident = dispatch.Incident{ID: 812, AreaID: 2}
	say(`{"type":"watching","incident":812}`)
	say(`{"type":"watching","incident":null}`)
	say(`{"type":"watching","incident":812}`)
	if got := l.opens(3); !slices.Equal(got, []int64{812, 0, 812}) {
		t.Fatalf("opened %v", got)
	}
	accounts.now([]dispatch.Grant{west}, false, false) // no longer in street 2
	l.api.watch.poke()
	if got := l.opens(4); !slices.Equal(got[3:], []int64{0}) {
		t.Fatalf("after the rights were taken opened %v", got)
	}
	say(`{"type":"watching","incident":812}`)
	if got := l.opens(5); !slices.Equal(got[4:], []int64{0}) {
		t.Fatalf("without the rights opened %v", got)
	}
	accounts.now([]dispatch.Grant{west, east}, false, false)
	l.api.watch.poke()
	if got := l.opens(6); !slices.Equal(got[5:], []int64{812}) {
		t.Fatalf("with the rights again opened %v", got)
	}
}
