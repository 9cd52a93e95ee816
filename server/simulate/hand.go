package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yiping/server/dispatch"
)

// What is in hand: the models of the incidents, and every act held against the
// server's word.

// errForeign says that somebody else has a hand in the incident: it is theirs.
var errForeign = errors.New("somebody else goes on with it")

// keep takes an incident in hand.
func (w *world) keep(m *model) {
	w.mu.Lock()
	w.models[m.id] = m
	w.mu.Unlock()
}

func (w *world) model(id int64) *model {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.models[id]
}

// forget lets an incident go, and those it kept busy.
func (w *world) forget(id int64) {
	w.mu.Lock()
	delete(w.models, id)
	for responder, by := range w.busy {
		if by == id {
			delete(w.busy, responder)
		}
	}
	w.mu.Unlock()
	w.tellFreed()
}

// drop lets everything go.
func (w *world) drop() {
	w.mu.Lock()
	clear(w.models)
	w.mu.Unlock()
}

// act does something to an incident and looks what the server says of it after.
func (w *world) act(ctx context.Context, m *model, do func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.foreign {
		return errForeign
	}
	did := do()
	if did != nil && codeOf(did) == "" {
		return did
	}
	if err := w.look(ctx, m); err != nil {
		return err
	}
	if did == nil {
		m.nudge()
	}
	return did
}

// lookAgainAfter is how long a difference may be nothing but somebody else's
// hand of which the log does not tell yet.
const lookAgainAfter = time.Second

// look compares an incident's model with the server's word. The caller holds
// the model's lock.
func (w *world) look(ctx context.Context, m *model) error {
	for again := false; ; again = true {
		var d dispatch.IncidentDetail
		if err := w.desk.get(ctx, "incident", fmt.Sprintf("/api/v1/incidents/%d", m.id), &d); err != nil {
			return err
		}
		m.expire(d, time.Now())
		m.version = d.Incident.Version
		found := m.differences(d)
		if m.foreign = w.foreignHand(d); m.foreign {
			return errForeign
		}
		if len(found) == 0 {
			break
		}
		if again {
			w.ledger.differ(found...)
			break
		}
		if !sleep(ctx, lookAgainAfter) {
			return ctx.Err()
		}
	}
	w.settle(m)
	return nil
}

// foreignHand says whether somebody who is not of the simulation had a hand in
// an incident.
func (w *world) foreignHand(d dispatch.IncidentDetail) bool {
	foreign := func(account *int64) bool { return account != nil && !w.ours[*account] }
	for _, e := range d.Events {
		if foreign(e.AccountID) {
			return true
		}
	}
	return foreign(d.Incident.VerifiedBy) || foreign(d.Incident.ResolvedBy) || foreign(d.Incident.CheckedBy)
}

// failed notes what cannot be explained by the end of the simulation.
func (w *world) failed(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && err != nil {
		w.ledger.differf("%s: %v", what, err)
	}
}
