package postgres

import (
	"context"
	"maps"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// movedPositions are the newest positions that this node knows of, and those that
// were committed here and are not handed over yet.
type movedPositions struct {
	mu     sync.Mutex
	last   map[int64]dispatch.Position // of the last minutes, by responder
	handed []dispatch.Position
	more   chan struct{}
}

const (
	positionPoll = 500 * time.Millisecond
	positionKept = 10 * time.Minute // in memory: who has moved later is told apart by the clock alone
)

// hand takes positions that were committed on this node.
func (f *Feed) hand(moved []dispatch.Position) {
	m := &f.positions
	m.mu.Lock()
	m.handed = append(m.handed, m.fresh(moved)...)
	m.mu.Unlock()
	signal(m.more)
}

// fresh takes in what is newer than what is known, and gives it.
func (m *movedPositions) fresh(moved []dispatch.Position) []dispatch.Position {
	out := make([]dispatch.Position, 0, len(moved))
	for _, p := range moved {
		if known, ok := m.last[p.ResponderID]; !ok || p.At.After(known.At) {
			m.last[p.ResponderID] = p
			out = append(out, p)
		}
	}
	return out
}

// lastKnown gives a responder's last position that this node knows of, nil for none.
func (f *Feed) lastKnown(responderID int64) *dispatch.Position {
	m := &f.positions
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.last[responderID]; ok {
		return &p
	}
	return nil
}

// runPositions hands over positions: those committed here at once, those of other
// nodes by looking.
func (f *Feed) runPositions(ctx context.Context, r Reader) error {
	looks := time.NewTicker(positionPoll)
	defer looks.Stop()
	m := &f.positions
	mark := "0"
	for {
		moved, next, err := f.store.positionsAfter(ctx, mark)
		if err != nil {
			return err
		}
		mark = next
		m.mu.Lock()
		m.handed = append(m.handed, m.fresh(moved)...)
		maps.DeleteFunc(m.last, func(_ int64, p dispatch.Position) bool { return f.store.now().Sub(p.At) > positionKept })
		m.mu.Unlock()
		for looking := false; !looking; {
			m.mu.Lock()
			handed := m.handed
			m.handed = nil
			m.mu.Unlock()
			if len(handed) > 0 {
				r.Positions(handed)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-m.more:
			case <-looks.C:
				looking = true
			}
		}
	}
}
