package live

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/server/dispatch"
)

// Source is where snapshots and missed events are read.
type Source interface {
	Head(ctx context.Context) (epoch string, offset int64, err error)
	Snapshot(ctx context.Context, reach dispatch.Reach) (dispatch.Snapshot, error)
	Changes(ctx context.Context, after int64, limit int) ([]dispatch.Change, error)
	Parts(ctx context.Context) (dispatch.Parts, error)
}

// Config is what a hub is made of.
type Config struct {
	Source Source
	Tree   func() *dispatch.AreaTree
	// Look gives the people without a task in a view, or where they are more than most, how many
	// stand where; see dispatch.Service.
	Look func(view orb.Bound, most int, accept func(areaID int64) bool) ([]dispatch.Responder, []dispatch.Crowd, int)
	Now  func() time.Time
	Log  zerolog.Logger
	// Tick is how often what has moved is handed on, 0 for five times a second.
	Tick time.Duration
}

// Since is where a subscriber wants to continue; the zero value asks for a snapshot.
type Since struct {
	Epoch  string `json:"epoch"`
	Offset int64  `json:"offset"`
}

// Hub hands changes and positions to those who may see them. Nothing in it
// waits for a subscriber.
type Hub struct {
	cfg    Config
	source *shared

	mu          sync.Mutex
	offset      int64
	subscribers map[*Subscriber]struct{}
	audiences   map[string]*audience
	byRoot      map[int64]map[*audience]struct{} // area of a grant
	byResponder map[int64]map[*audience]struct{} // responders' own
	byUnit      map[int64]map[*audience]struct{} // units' own people
	byHome      map[int64]map[*audience]struct{} // responders' registered area
	byPart      map[int64]map[*audience]struct{} // incident that a responder or unit takes part in
	arriving    map[*audience]struct{}           // whose part is not known yet
	channels    map[channelKey]*channel
	views       *geo.ViewIndex[*channel]
	workArea    map[int64]int64             // responder on a task -> area of its incident
	moved       map[int64]dispatch.Position // since the last tick
	movedAt     time.Time
	changedAt   time.Time
	stopped     bool
}

const (
	tickEvery  = 200 * time.Millisecond
	heartbeat  = 2 * time.Second
	resumeMost = 5000 // events that are caught up on; beyond it a snapshot is less
	resumePage = 500
)

// New makes a hub that has seen the log up to offset.
func New(cfg Config, offset int64) *Hub {
	index := func() map[int64]map[*audience]struct{} { return map[int64]map[*audience]struct{}{} }
	return &Hub{cfg: cfg, source: newShared(cfg.Source), offset: offset, subscribers: map[*Subscriber]struct{}{}, audiences: map[string]*audience{},
		byRoot: index(), byResponder: index(), byUnit: index(), byHome: index(), byPart: index(), arriving: map[*audience]struct{}{},
		channels: map[channelKey]*channel{}, views: geo.NewViewIndex[*channel](), workArea: map[int64]int64{}, moved: map[int64]dispatch.Position{},
		movedAt: cfg.Now(), changedAt: cfg.Now()}
}

// Run ticks positions and heartbeats until ctx ends, then closes everybody.
func (h *Hub) Run(ctx context.Context) {
	ticks, beats := time.NewTicker(cmp.Or(h.cfg.Tick, tickEvery)), time.NewTicker(heartbeat)
	defer ticks.Stop()
	defer beats.Stop()
	for {
		select {
		case <-ctx.Done():
			h.stop()
			return
		case <-ticks.C:
			h.tick()
		case <-beats.C:
			h.beat()
		}
	}
}

func (h *Hub) stop() {
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	for _, s := range h.all() {
		s.close(ReasonStopping)
	}
}

func (h *Hub) all() []*Subscriber {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Subscriber, 0, len(h.subscribers))
	for s := range h.subscribers {
		list = append(list, s)
	}
	return list
}

// beat sends the server's time and each layer's age to everybody who is live.
func (h *Hub) beat() {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.cfg.Now()
	beat := message(encode(heartbeatFrame{Type: "heartbeat", Offset: h.offset, ServerTime: now, Layers: map[string]int64{
		"incidents": now.Sub(h.changedAt).Milliseconds(), "responders": now.Sub(h.movedAt).Milliseconds()}}))
	for s := range h.subscribers {
		if !s.joining {
			s.push(beat)
		}
	}
}

// Len says how many are subscribed.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subscribers)
}
