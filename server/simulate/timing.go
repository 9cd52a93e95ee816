package simulate

import (
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"yiping/server/dispatch"
)

// Operation is how the server did at one kind of request.
type Operation struct {
	Name     string  `json:"name"`
	Count    int     `json:"count"`
	Refused  int     `json:"refused"`  // answered with a 4xx
	Repeated int     `json:"repeated"` // sent again: no answer, a 5xx or too many
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
}

// timings keeps how long requests took, by operation, in buckets that each are
// 4% wide: a day of it takes no more memory than a minute. Safe for use by
// several goroutines.
type timings struct {
	mu     sync.Mutex
	series map[string]*series
	codes  map[string]int // refusals
}

type series struct {
	Operation
	buckets [512]int
}

const (
	bucketGrowth = 1.04
	bucketFirst  = 0.01 // ms
)

func newTimings() *timings { return &timings{series: map[string]*series{}, codes: map[string]int{}} }

func (t *timings) of(name string) *series {
	s, ok := t.series[name]
	if !ok {
		s = &series{Operation: Operation{Name: name}}
		t.series[name] = s
	}
	return s
}

func (t *timings) took(name string, d time.Duration, refused dispatch.Code) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.of(name)
	ms := float64(d) / float64(time.Millisecond)
	s.Count++
	if refused != "" {
		s.Refused++
		t.codes[string(refused)]++
	}
	s.Max = max(s.Max, ms)
	at := int(math.Ceil(math.Log(max(ms, bucketFirst)/bucketFirst) / math.Log(bucketGrowth)))
	s.buckets[min(at, len(s.buckets)-1)]++
}

func (t *timings) repeated(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(name).Repeated++
}

// refused gives how often requests were refused, by code.
func (t *timings) refused() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.codes)
}

// list gives the operations by name.
func (t *timings) list() []Operation {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]Operation, 0, len(t.series))
	for _, s := range t.series {
		o := s.Operation
		o.P50, o.P99, o.Max = round(s.quantile(0.5)), round(s.quantile(0.99)), round(o.Max)
		out = append(out, o)
	}
	slices.SortFunc(out, func(x, y Operation) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// quantile gives the upper bound of the bucket that holds it.
func (s *series) quantile(q float64) float64 {
	target, seen := int(math.Ceil(q*float64(s.Count))), 0
	for k, n := range s.buckets {
		if seen += n; n > 0 && seen >= target {
			return min(bucketFirst*math.Pow(bucketGrowth, float64(k)), s.Max)
		}
	}
	return 0
}

func round(ms float64) float64 { return math.Round(ms*100) / 100 }
