package simulate

import (
	"slices"
)

// Who is asked by or works on which incident: nobody is asked twice at a time.

// claim takes a person for an incident, and says whether they are on it then.
func (w *world) claim(incident, responder int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	by, taken := w.busy[responder]
	if !taken {
		w.busy[responder] = incident
	}
	return !taken || by == incident
}

// reserve takes up to n of the people, in their order, whom nobody else asks.
func (w *world) reserve(incident int64, people []int64, n int) []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	var got []int64
	for _, id := range people {
		if _, taken := w.busy[id]; !taken && len(got) < n {
			w.busy[id] = incident
			got = append(got, id)
		}
	}
	return got
}

// release frees people whom an incident does not need any more.
func (w *world) release(incident int64, people ...int64) {
	w.mu.Lock()
	for _, id := range people {
		if w.busy[id] == incident {
			delete(w.busy, id)
		}
	}
	w.mu.Unlock()
	w.tellFreed()
}

// settle frees those whom an incident does not ask or need any more. The caller
// holds the model's lock.
func (w *world) settle(m *model) {
	needed := map[int64]bool{}
	for _, a := range m.asks {
		needed[a.responder] = needed[a.responder] || a.state.Open()
	}
	for _, k := range m.work {
		needed[k.responder] = needed[k.responder] || k.state.Active()
	}
	var free []int64
	for id, need := range needed {
		if !need {
			free = append(free, id)
		}
	}
	w.release(m.id, free...)
}

// busyWith gives the incident that asks or has a person, 0 for none.
func (w *world) busyWith(responder int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.busy[responder]
}

// idle gives the phones that nobody asks, always in the same order.
func (w *world) idle() []*phone {
	w.mu.Lock()
	defer w.mu.Unlock()
	var free []*phone
	for id, p := range w.phones {
		if _, taken := w.busy[id]; !taken {
			free = append(free, p)
		}
	}
	slices.SortFunc(free, func(a, b *phone) int { return int(a.me.ID - b.me.ID) })
	return free
}

func (w *world) tellFreed() {
	select {
	case w.freed <- struct{}{}:
	default:
	}
}
