package seed

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// random is a stream of numbers fixed by the seed and its subject.
type random struct{ *rand.Rand }

func newRandom(seed uint64, subject string) *random {
	h := fnv.New64a()
	h.Write([]byte(subject))
	return &random{rand.New(rand.NewPCG(seed, h.Sum64()))}
}

// between gives a number in [a, b).
func (r *random) between(a, b float64) float64 { return a + (b-a)*r.Float64() }

// within gives a whole number from a to b, both included.
func (r *random) within(a, b int) int { return a + r.IntN(b-a+1) }

func (r *random) chance(p float64) bool { return r.Float64() < p }

// round gives n or n+1 so that the mean is x: counts keep their sum when scaled.
func (r *random) round(x float64) int {
	n := math.Floor(x)
	if r.chance(x - n) {
		n++
	}
	return int(n)
}

// near gives a normally distributed number, at most three deviations off.
func (r *random) near(mean, deviation float64) float64 {
	return mean + deviation*math.Max(-3, math.Min(3, r.NormFloat64()))
}

// longTail gives a log-normal number with the median given; spread is the
// deviation of its logarithm. Waiting times are like that.
func (r *random) longTail(median, spread float64) float64 {
	return median * math.Exp(spread*math.Max(-2.5, math.Min(2.5, r.NormFloat64())))
}

func pick[T any](r *random, of []T) T { return of[r.IntN(len(of))] }

// weighted gives an index with a chance proportional to its weight.
func (r *random) weighted(weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	x := r.Float64() * sum
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return len(weights) - 1
}
