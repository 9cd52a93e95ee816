package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// question is what a client asked of the service, and heard is what it learnt.
type question struct {
	what     string // send, accept, look
	incident int64
}

type heard string

const (
	saidSent     heard = "sent"
	saidAssigned heard = "assigned"
	saidStandby  heard = "standby"
	saidRefused  heard = "refused"
	saidNothing  heard = "nothing" // cut, and not asked again
)

// history is what clients asked and learnt, with the times at which they did.
type history struct {
	mu    sync.Mutex
	began time.Time
	list  []porcupine.Operation
}

func newHistory() *history { return &history{began: time.Now()} }

// record notes an operation.
func (h *history) record(client int, in question, do func() heard) heard {
	call := time.Since(h.began)
	out := do()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(time.Since(h.began))})
	return out
}

// learn lets those who heard nothing look, after all others were answered: what
// they asked for happened at some time until now, or never.
func (h *history) learn(look func(client int, q question) heard) {
	for k := range h.list {
		if op := &h.list[k]; op.Output == saidNothing {
			op.Output, op.Return = look(op.ClientId, op.Input.(question)), int64(time.Since(h.began))
		}
	}
}

// check refuses a history that no order of its operations explains.
func (h *history) check(t *testing.T, m porcupine.Model) {
	t.Helper()
	if r := porcupine.CheckOperationsTimeout(m, h.list, 20*time.Second); r != porcupine.Ok {
		t.Errorf("of %d operations: %s", len(h.list), r)
	}
}

// responderModel is one person: free, or assigned to an incident for good. They
// can be asked while they are free, and only then be assigned.
var responderModel = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		to, in := state.(int64), input.(question)
		switch output.(heard) {
		case saidNothing:
			return true, to
		case saidSent:
			return to == 0, to
		case saidAssigned:
			return to == 0, in.incident
		case saidRefused:
			return to != 0, to
		}
		return in.what == "look" && to == in.incident, to
	},
}

// quotaModel is one incident of a quota: the first are assigned, all others stand by.
func quotaModel(quota int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return 0 },
		Step: func(state, input, output any) (bool, any) {
			taken := state.(int)
			switch output.(heard) {
			case saidNothing:
				return true, taken
			case saidAssigned:
				return taken < quota, taken + 1
			case saidStandby:
				return taken == quota, taken
			}
			return input.(question).what == "look" && taken == quota, taken
		},
	}
}

// TestWrongHistoriesAreRefused: what the checker passes is not just anything.
func TestWrongHistoriesAreRefused(t *testing.T) {
	type op struct {
		what       string
		incident   int64
		out        heard
		call, back int64
	}
	send := func(out heard, call, back int64) op { return op{"send", 0, out, call, back} }
	accept := func(incident int64, out heard, call, back int64) op { return op{"accept", incident, out, call, back} }
	look := func(incident, at int64) op { return op{"look", incident, "", at, at + 1} }
	tests := []struct {
		name  string
		model porcupine.Model
		ops   []op
		right bool
	}{
		{"one of two", responderModel, []op{send(saidSent, 0, 5), accept(1, saidAssigned, 6, 9), accept(2, saidRefused, 6, 8), look(1, 20)}, true},
		{"assigned twice", responderModel, []op{accept(1, saidAssigned, 0, 9), accept(2, saidAssigned, 0, 9)}, false},
		{"refused, and nobody has them", responderModel, []op{accept(1, saidRefused, 0, 9)}, false},
		{"asked when they were taken", responderModel, []op{accept(1, saidAssigned, 0, 4), send(saidSent, 5, 9)}, false},
		{"refused before the other began", responderModel, []op{accept(2, saidRefused, 0, 3), accept(1, saidAssigned, 4, 9)}, false},
		{"whoever heard nothing has them", responderModel, []op{accept(1, saidAssigned, 0, 30), accept(2, saidRefused, 2, 9), look(1, 40)}, true},
		{"whoever heard nothing has nobody", responderModel, []op{accept(1, saidNothing, 0, 30), accept(2, saidAssigned, 2, 9), look(2, 40)}, true},
		{"whoever heard nothing has them, too", responderModel, []op{accept(1, saidAssigned, 0, 30), accept(2, saidAssigned, 2, 9), look(1, 40)}, false},
		{"an acknowledged one is lost", responderModel, []op{accept(1, saidAssigned, 0, 9), look(0, 20)}, false},
		{"two of three", quotaModel(2), []op{accept(1, saidAssigned, 0, 9), accept(1, saidStandby, 0, 9), accept(1, saidAssigned, 0, 9), look(1, 20)}, true},
		{"three of three", quotaModel(2), []op{accept(1, saidAssigned, 0, 9), accept(1, saidAssigned, 0, 9), accept(1, saidAssigned, 0, 9)}, false},
		{"standing by with a place free", quotaModel(2), []op{accept(1, saidStandby, 0, 3), accept(1, saidAssigned, 4, 9), accept(1, saidAssigned, 4, 9)}, false},
		{"a place is filled by nobody", quotaModel(2), []op{accept(1, saidAssigned, 0, 9), look(1, 20)}, false},
		{"filled by whoever heard nothing", quotaModel(2), []op{accept(1, saidAssigned, 0, 9), accept(1, saidAssigned, 0, 30), accept(1, saidStandby, 4, 9), look(1, 40)}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var list []porcupine.Operation
			for k, o := range tt.ops {
				list = append(list, porcupine.Operation{ClientId: k, Input: question{o.what, o.incident}, Call: o.call, Output: o.out, Return: o.back})
			}
			if got := porcupine.CheckOperations(tt.model, list); got != tt.right {
				t.Fatalf("the checker says %v", got)
			}
		})
	}
}
