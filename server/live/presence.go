package live

import (
	"slices"
	"sync"
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
// of one another; nobody else is told, and nothing of it is kept. Who may be among
// them is decided before Open.
type Presence struct {
	mu    sync.Mutex
	open  map[*Subscriber]int64
	there map[int64][]*Subscriber // in the order in which they came
}

// NewPresence makes one in which nobody has anything open.
func NewPresence() *Presence {
	return &Presence{open: map[*Subscriber]int64{}, there: map[int64][]*Subscriber{}}
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
	}
	if incidentID != 0 {
		p.open[s] = incidentID
		p.there[incidentID] = append(p.there[incidentID], s)
		p.tell(incidentID)
	}
}

// tell sends who is there to all who are.
func (p *Presence) tell(incidentID int64) {
	accounts := []Onlooker{}
	for _, s := range p.there[incidentID] {
		if one := (Onlooker{s.actor.AccountID, s.actor.Name}); !slices.Contains(accounts, one) {
			accounts = append(accounts, one)
		}
	}
	m := message(encode(presenceFrame{Type: "presence", IncidentID: incidentID, Accounts: accounts}))
	for _, s := range p.there[incidentID] {
		s.push(m)
	}
}

// Len says how many incidents are open with somebody.
func (p *Presence) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.there)
}
