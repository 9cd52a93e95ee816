package live

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"
)

// Onlooker is an account that has an incident open.
type Onlooker struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// presenceFrame says who has an incident open, the reader among them.
type presenceFrame struct {
	Type       string     `json:"type"`
	IncidentID int64      `json:"incident_id"`
	Accounts   []Onlooker `json:"accounts" nullable:"false"`
}

// Presence keeps who has which incident open, and tells those that have it open
// of one another; nobody else is told, and nothing of it is stored. Who may be among
// them is decided before Open. Nodes tell one another of theirs.
type Presence struct {
	node string // of this start of this node
	say  func(note string)
	now  func() time.Time

	mu    sync.Mutex
	open  map[*Subscriber]int64
	there map[int64][]*Subscriber         // in the order in which they came
	away  map[int64]map[string]awayOnNode // by incident and node
}

// awayOnNode is who has an incident open on another node, as it last said.
type awayOnNode struct {
	accounts []Onlooker
	until    time.Time
}

// note is what nodes say to one another.
type note struct {
	Node       string     `json:"node"`
	IncidentID int64      `json:"incident_id"`
	Accounts   []Onlooker `json:"accounts"`
}

const (
	repeatPresence = 5 * time.Second // what was not heard is said again
	presenceKept   = 3 * repeatPresence
	mostOnlookers  = 40 // of a node: a note is short
)

// NewPresence makes one in which nobody has anything open. say, which must not wait,
// says a note to the other nodes; it may be lost.
func NewPresence(say func(note string), now func() time.Time) *Presence {
	return &Presence{node: rand.Text(), say: say, now: now, open: map[*Subscriber]int64{}, there: map[int64][]*Subscriber{}, away: map[int64]map[string]awayOnNode{}}
}

// Run says again what is open here, and forgets nodes that no longer do, until ctx ends.
func (p *Presence) Run(ctx context.Context) {
	ticks := time.NewTicker(repeatPresence)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			p.Repeat()
		}
	}
}

// Repeat says what is open here, and forgets what was not said again.
func (p *Presence) Repeat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for incidentID := range p.there {
		p.announce(incidentID)
	}
	now := p.now()
	for incidentID, nodes := range p.away {
		gone := 0
		for name, n := range nodes {
			if now.After(n.until) {
				delete(nodes, name)
				gone++
			}
		}
		if len(nodes) == 0 {
			delete(p.away, incidentID)
		}
		if gone > 0 {
			p.tell(incidentID)
		}
	}
}

// Hear takes in what another node said; its own words and what is none are nothing.
func (p *Presence) Hear(text string) {
	var n note
	if json.Unmarshal([]byte(text), &n) != nil || n.Node == p.node || n.Node == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.away[n.IncidentID][n.Node]
	switch {
	case len(n.Accounts) > 0:
		if p.away[n.IncidentID] == nil {
			p.away[n.IncidentID] = map[string]awayOnNode{}
		}
		p.away[n.IncidentID][n.Node] = awayOnNode{n.Accounts, p.now().Add(presenceKept)}
	case before.accounts != nil:
		if delete(p.away[n.IncidentID], n.Node); len(p.away[n.IncidentID]) == 0 {
			delete(p.away, n.IncidentID)
		}
	}
	if !slices.Equal(before.accounts, n.Accounts) {
		p.tell(n.IncidentID)
	}
}

// Open says which incident a subscriber has open, 0 for none: at the latest when it
// leaves.
func (p *Presence) Open(s *Subscriber, incidentID int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.open[s]
	if before == incidentID {
		return
	}
	if before != 0 {
		rest := slices.DeleteFunc(p.there[before], func(other *Subscriber) bool { return other == s })
		if p.there[before] = rest; len(rest) == 0 {
			delete(p.there, before)
		}
		delete(p.open, s)
		p.tell(before)
		p.announce(before)
	}
	if incidentID != 0 {
		p.open[s] = incidentID
		p.there[incidentID] = append(p.there[incidentID], s)
		p.tell(incidentID)
		p.announce(incidentID)
	}
}

// here gives whose accounts have an incident open on this node, each once.
func (p *Presence) here(incidentID int64) []Onlooker {
	accounts := []Onlooker{}
	for _, s := range p.there[incidentID] {
		if one := (Onlooker{s.actor.AccountID, s.actor.Name}); !slices.Contains(accounts, one) {
			accounts = append(accounts, one)
		}
	}
	return accounts
}

// tell sends who is there, on whichever node, to all who are here.
func (p *Presence) tell(incidentID int64) {
	accounts := p.here(incidentID)
	for _, name := range slices.Sorted(maps.Keys(p.away[incidentID])) {
		for _, one := range p.away[incidentID][name].accounts {
			if !slices.Contains(accounts, one) {
				accounts = append(accounts, one)
			}
		}
	}
	m := message(encode(presenceFrame{Type: "presence", IncidentID: incidentID, Accounts: accounts}))
	for _, s := range p.there[incidentID] {
		s.push(m)
	}
}

// announce says to the other nodes who is here.
func (p *Presence) announce(incidentID int64) {
	accounts := p.here(incidentID)
	p.say(string(encode(note{p.node, incidentID, accounts[:min(len(accounts), mostOnlookers)]})))
}

// Len says how many incidents are open with somebody, here or elsewhere.
func (p *Presence) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.there) + len(p.away)
}
