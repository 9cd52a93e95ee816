package simulate

import (
	"math/rand/v2"
	"sync"
	"time"
)

// luck decides where people do now this, now that. Everybody has their own, so
// that one's choices do not depend on how fast the others are. Safe for use by
// several goroutines.
type luck struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// newLuck gives somebody's luck. Neighbouring numbers are spread: the generator
// begins alike from seeds that are.
func newLuck(seed, who uint64) *luck {
	spread := func(n uint64) uint64 {
		n += 0x9e3779b97f4a7c15
		n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
		n = (n ^ n>>27) * 0x94d049bb133111eb
		return n ^ n>>31
	}
	return &luck{rng: rand.New(rand.NewPCG(spread(seed), spread(seed^spread(who))))}
}

// chance says yes with a probability.
func (l *luck) chance(p float64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.Float64() < p
}

// between gives a time from one to another.
func (l *luck) between(from, to time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return from + time.Duration(l.rng.Int64N(int64(to-from)+1))
}

// pick gives a number below n.
func (l *luck) pick(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.IntN(n)
}
