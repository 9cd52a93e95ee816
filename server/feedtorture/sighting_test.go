package feedtorture

import (
	"slices"
	"sync"
	"time"

	"yiping/server/screen"
)

// sampled is of how many phones one is looked at.
const sampled = 16

// sightings keeps how long positions take from their acknowledgement to screens.
type sightings struct {
	views   [][4]float64 // of the screens, one after another
	screens int

	mu    sync.Mutex
	known map[sighting]*passage
	took  []time.Duration // to each screen
	acks  []time.Duration // from sending to the acknowledgement
}

type sighting struct{ who, at int64 }

// passage is what became of one position.
type passage struct {
	lon, lat float64
	acked    time.Time
	heard    int // screens that were told of it
}

func newSightings(views [][4]float64, screens int) *sightings {
	return &sightings{views: views, screens: screens, known: map[sighting]*passage{}}
}

func (s *sightings) passage(who, at int64) *passage {
	p := s.known[sighting{who, at}]
	if p == nil {
		p = &passage{}
		s.known[sighting{who, at}] = p
	}
	return p
}

func (s *sightings) acknowledged(ph *phone, at time.Time, took time.Duration) {
	if ph.who%sampled != 0 {
		return
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.passage(ph.who, at.UnixMilli())
	p.lon, p.lat, p.acked = ph.lon, ph.lat, now
	s.acks = append(s.acks, took)
	for range p.heard { // told before the answer was read: no delay
		s.took = append(s.took, 0)
	}
}

func (s *sightings) hear(f *screen.Frame) {
	if f.Type != "positions" {
		return
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, place := range f.Places {
		if int64(place[0])%sampled != 0 {
			continue
		}
		p := s.passage(int64(place[0]), int64(place[4]))
		if p.heard++; !p.acked.IsZero() {
			s.took = append(s.took, now.Sub(p.acked))
		}
	}
}

// take gives what was measured, in order: to screens, and to the acknowledgement. Of
// what was acknowledged until then, missed were not told to each screen whose view
// holds their place.
func (s *sightings) take(until time.Time) (took, acks []time.Duration, missed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.took)
	slices.Sort(s.acks)
	for _, p := range s.known {
		if !p.acked.IsZero() && p.acked.Before(until) && p.heard < s.looking(p.lon, p.lat) {
			missed++
		}
	}
	return s.took, s.acks, missed
}

// looking says how many screens look at a place.
func (s *sightings) looking(lon, lat float64) (n int) {
	for k := range s.screens {
		if v := s.views[k%len(s.views)]; lon >= v[0] && lon <= v[2] && lat >= v[1] && lat <= v[3] {
			n++
		}
	}
	return n
}
