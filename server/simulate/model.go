package simulate

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// model is what an incident must be after what was done to it. Its lock is held
// over every act and the look that follows, so that each look has one answer.
type model struct {
	mu      sync.Mutex
	id      int64
	state   dispatch.IncidentState
	version int // the last one told, for the next command
	quota   int
	round   int
	asks    map[int64]*ask  // by offer
	work    map[int64]*work // by assignment
	foreign bool            // somebody else has a hand in it

	poke chan struct{} // something of it changed

	streaming sync.Mutex
	streamed  dispatch.IncidentState // the last state the live socket told
}

// ask is what became of asking one person.
type ask struct {
	responder int64
	state     dispatch.OfferState
	expires   time.Time
}

// work is one person's work.
type work struct {
	responder int64
	state     dispatch.AssignmentState
	round     int
}

func newModel(i dispatch.Incident) *model {
	return &model{id: i.ID, state: i.State, version: i.Version, quota: i.Quota,
		asks: map[int64]*ask{}, work: map[int64]*work{}, poke: make(chan struct{}, 1)}
}

func (m *model) nudge() {
	select {
	case m.poke <- struct{}{}:
	default:
	}
}

// stream notes the state that the live socket told.
func (m *model) stream(state dispatch.IncidentState) {
	m.streaming.Lock()
	m.streamed = state
	m.streaming.Unlock()
	m.nudge()
}

func (m *model) lastStreamed() dispatch.IncidentState {
	m.streaming.Lock()
	defer m.streaming.Unlock()
	return m.streamed
}

func (m *model) taken() (n int) {
	for _, w := range m.work {
		if w.state.Active() || w.state == dispatch.AssignmentDone && w.round == m.round {
			n++
		}
	}
	return n
}

func (m *model) active() (n, onScene int) {
	for _, w := range m.work {
		if w.state.Active() {
			n++
		}
		if w.state == dispatch.AssignmentOnScene {
			onScene++
		}
	}
	return n, onScene
}

func (m *model) waiting() (n int) {
	for _, a := range m.asks {
		if a.state.Open() {
			n++
		}
	}
	return n
}

// silent gives the offers that nobody answers. It takes the model's lock.
func (m *model) silent() (ids []int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.asks {
		if a.state == dispatch.OfferOffered || a.state == dispatch.OfferSeen {
			ids = append(ids, id)
		}
	}
	return ids
}

// sent takes over the offers of a wave.
func (m *model) sent(offers []dispatch.Offer) {
	if m.state == dispatch.IncidentVerified {
		m.state = dispatch.IncidentDispatching
	}
	for _, o := range offers {
		m.asks[o.ID] = &ask{o.ResponderID, dispatch.OfferOffered, o.ExpiresAt}
	}
}

// withdrawOpen is what the server does when nobody more is wanted.
func (m *model) withdrawOpen() {
	for _, a := range m.asks {
		if a.state.Open() {
			a.state = dispatch.OfferWithdrawn
		}
	}
}

// answered takes over an answer to an offer, and says what it must have become.
func (m *model) answered(o dispatch.Offer, how string, assignment *dispatch.Assignment) dispatch.OfferState {
	a := m.asks[o.ID]
	a.expires = o.ExpiresAt
	switch how {
	case "accept":
		return m.accepted(a, assignment)
	case "decline":
		a.state = dispatch.OfferDeclined
	case "later":
		a.state = dispatch.OfferLater
	case "seen":
		a.state = dispatch.OfferSeen
	}
	return a.state
}

// accepted takes over an acceptance, and says what the offer must have become:
// a standby where the quota was full.
func (m *model) accepted(a *ask, assignment *dispatch.Assignment) dispatch.OfferState {
	if m.taken() >= m.quota {
		a.state = dispatch.OfferStandby
		return a.state
	}
	a.state = dispatch.OfferAccepted
	if assignment != nil {
		m.work[assignment.ID] = &work{a.responder, dispatch.AssignmentAccepted, m.round}
	}
	if m.taken() >= m.quota {
		m.withdrawOpen()
	}
	if m.state == dispatch.IncidentVerified || m.state == dispatch.IncidentDispatching {
		m.state = dispatch.IncidentHandling
	}
	return a.state
}

// advanced takes over a step of somebody's work.
func (m *model) advanced(assignmentID int64, state dispatch.AssignmentState) {
	m.work[assignmentID].state = state
	if active, _ := m.active(); state.Active() || active > 0 || m.state != dispatch.IncidentHandling {
		return
	}
	if m.taken() > 0 {
		m.state = dispatch.IncidentResolved
		m.withdrawOpen()
	} else {
		m.state = dispatch.IncidentDispatching
	}
}

// checked takes over a check; a refused one begins another round.
func (m *model) checked(passed bool) {
	if passed {
		m.state = dispatch.IncidentChecked
		return
	}
	m.state = dispatch.IncidentDispatching
	m.round++
}

func (m *model) cancelled() {
	m.state = dispatch.IncidentCancelled
	m.withdrawOpen()
	for _, w := range m.work {
		if w.state.Active() {
			w.state = dispatch.AssignmentReleased
		}
	}
}

// expire takes over that an offer's time was up, where it was.
func (m *model) expire(d dispatch.IncidentDetail, now time.Time) {
	for _, o := range d.Offers {
		a, known := m.asks[o.ID]
		if known && a.state.Open() && a.state != dispatch.OfferStandby && o.State == dispatch.OfferExpired && !o.ExpiresAt.After(now.Add(clockSlack)) {
			a.state = dispatch.OfferExpired
		}
	}
}

// clockSlack is how far two machines' clocks may be apart.
const clockSlack = 2 * time.Second

// differences says everything in which the server's word differs from what was
// done.
func (m *model) differences(d dispatch.IncidentDetail) []string {
	var out []string
	differs := func(what string, did, says any) {
		if did != says {
			out = append(out, fmt.Sprintf("incident %d: %s is %v, the server says %v", m.id, what, did, says))
		}
	}
	active, onScene := m.active()
	differs("its state", m.state, d.Incident.State)
	differs("the number of its reports", 1, len(d.Reports))
	differs("the number waiting for an answer", m.waiting(), d.Incident.Offered)
	differs("the number working on it", active, d.Incident.Active)
	differs("the number on scene", onScene, d.Incident.OnScene)
	differs("the number of its offers", len(m.asks), len(d.Offers))
	differs("the number of its assignments", len(m.work), len(d.Assignments))
	for _, o := range d.Offers {
		if a, known := m.asks[o.ID]; known {
			differs(fmt.Sprintf("offer %d to %d", o.ID, a.responder), a.state, o.State)
			differs(fmt.Sprintf("the one asked by offer %d", o.ID), a.responder, o.ResponderID)
		} else {
			out = append(out, fmt.Sprintf("incident %d: offer %d to %d was never made, the server says %s", m.id, o.ID, o.ResponderID, o.State))
		}
	}
	for _, as := range d.Assignments {
		if w, known := m.work[as.ID]; known {
			differs(fmt.Sprintf("assignment %d of %d", as.ID, w.responder), w.state, as.State)
			differs(fmt.Sprintf("the one on assignment %d", as.ID), w.responder, as.ResponderID)
		} else {
			out = append(out, fmt.Sprintf("incident %d: assignment %d of %d was never made, the server says %s", m.id, as.ID, as.ResponderID, as.State))
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

// tracking is what the one who reported must be told.
func (m *model) tracking() []string {
	switch m.state {
	case dispatch.IncidentReported:
		return []string{"received"}
	case dispatch.IncidentVerified:
		return []string{"verified"}
	case dispatch.IncidentDispatching, dispatch.IncidentHandling: // told by what was reached before, too
		return []string{"verified", "handling"}
	case dispatch.IncidentResolved, dispatch.IncidentChecked:
		return []string{"resolved"}
	case dispatch.IncidentRejected, dispatch.IncidentCancelled:
		return []string{"rejected"}
	}
	return []string{string(m.state)}
}
