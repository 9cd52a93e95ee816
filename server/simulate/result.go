package simulate

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Result is what was done, how the server did, and every difference found.
type Result struct {
	Count       int            `json:"count"` // incidents reported
	Ended       map[string]int `json:"ended"` // by state, and those that others went on with
	Done        map[string]int `json:"done"`  // acts by kind
	Ways        map[string]int `json:"ways"`  // how people went
	Phones      int            `json:"phones"`
	Seconds     float64        `json:"seconds"`
	Operations  []Operation    `json:"operations"`
	Refusals    map[string]int `json:"refusals"` // by code
	Differences []string       `json:"differences"`
	Unlisted    int            `json:"differences_unlisted,omitempty"` // beyond the most that are kept
}

// mostDifferences is how many differences are kept; all are counted.
const mostDifferences = 1000

// ledger keeps what was done. Safe for use by several goroutines.
type ledger struct {
	log     zerolog.Logger
	started time.Time

	mu          sync.Mutex
	incidents   int
	ended, done map[string]int
	differences []string
	unlisted    int
}

func newLedger(log zerolog.Logger) *ledger {
	return &ledger{log: log, started: time.Now(), ended: map[string]int{}, done: map[string]int{}, differences: []string{}}
}

func (l *ledger) did(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done[what]++
}

func (l *ledger) began() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.incidents++
}

func (l *ledger) over(how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended[how]++
}

// differ notes differences, each once.
func (l *ledger) differ(found ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range found {
		switch {
		case slices.Contains(l.differences, d):
		case len(l.differences) >= mostDifferences:
			l.unlisted++
		default:
			l.differences = append(l.differences, d)
			l.log.Warn().Str("difference", d).Msg("simulation")
		}
	}
}

func (l *ledger) differf(format string, args ...any) { l.differ(fmt.Sprintf(format, args...)) }

func (w *world) result() Result {
	l := w.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	r := Result{Count: l.incidents, Ended: maps.Clone(l.ended), Done: maps.Clone(l.done), Ways: map[string]int{}, Phones: len(w.phones),
		Seconds: round(time.Since(l.started).Seconds()), Operations: w.timings.list(), Refusals: w.timings.refused(), Differences: slices.Clone(l.differences), Unlisted: l.unlisted}
	if w.roads != nil {
		r.Ways = w.roads.found()
	}
	return r
}
