package dispatch

import (
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Forces is everybody who can be dispatched, in memory by cell: rebuilt from
// the database at start, kept by events and positions. Safe for use by several
// goroutines.
type Forces struct {
	mu      sync.RWMutex
	now     func() time.Time
	people  map[int64]*Responder // each is replaced, never changed
	pools   map[pool]*geo.Index[int64]
	tallies tallies
}

// pool is the people without a task of one duty who get about alike, in an index
// with a bucket a skill: by one vehicle, who is nearest is there first.
type pool struct {
	duty    DutyState
	vehicle string
}

// NewForces makes an empty one on a clock.
func NewForces(now func() time.Time) *Forces {
	f := &Forces{now: now}
	f.clear(0)
	return f
}

func (f *Forces) clear(people int) {
	f.people, f.pools, f.tallies = make(map[int64]*Responder, people), map[pool]*geo.Index[int64]{}, tallies{}
}

// Replace takes the people given and forgets all others.
func (f *Forces) Replace(people []Responder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clear(len(people))
	for _, r := range people {
		f.put(r)
	}
}

// Put takes over one person as they are now; somebody off duty leaves.
func (f *Forces) Put(r Responder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.put(r)
}

func (f *Forces) put(r Responder) {
	to := pool{r.Duty, r.Vehicle}
	if was, held := f.people[r.ID]; held {
		f.tallies.add(*was, -1)
		if from := (pool{was.Duty, was.Vehicle}); from != to {
			f.leave(from, r.ID)
		}
	}
	if r.Duty == DutyOff && r.Task == nil {
		delete(f.people, r.ID)
		f.leave(to, r.ID)
		return
	}
	f.people[r.ID] = &r
	f.tallies.add(r, 1)
	// Who has a task counts and is not looked for; whose place is unknown neither.
	at, _, _, ok := r.stand(f.now())
	if r.Task != nil || r.Duty == DutyOff || !ok || f.pool(to).Set(r.ID, at, r.Skills...) != nil {
		f.leave(to, r.ID)
	}
}

func (f *Forces) pool(p pool) *geo.Index[int64] {
	index := f.pools[p]
	if index == nil {
		index = geo.NewIndex[int64](geo.ResolutionSearch)
		f.pools[p] = index
	}
	return index
}

func (f *Forces) leave(p pool, id int64) {
	if index := f.pools[p]; index != nil {
		index.Remove(id)
	}
}

// Move sets the positions of people who are held.
func (f *Forces) Move(positions []Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range positions {
		was, ok := f.people[p.ResponderID]
		if !ok {
			continue
		}
		r, at := *was, p.At
		r.Lon, r.Lat, r.PositionAt, r.PositionSource = &p.Lon, &p.Lat, &at, "position"
		if c, err := geo.CellOf(orb.Point{p.Lon, p.Lat}, geo.ResolutionPeople); err == nil {
			r.Cell = c.String() // what somebody who sees it masked is told
		}
		f.put(r)
	}
}

// CountForces counts everybody dispatchable by affiliation and in all.
func (s *Service) CountForces(areaIDs []int64) (by []AffiliationForce, total Force) {
	return s.forces.Count(areaIDs)
}

// ForcesByCell counts everybody dispatchable by cell.
func (s *Service) ForcesByCell(resolution int, areaIDs []int64) (map[geo.Cell]int, error) {
	return s.forces.ByCell(resolution, areaIDs)
}

// Look gives the dispatchable people without a task in a view, of the areas that
// are accepted; where they are more than most, how many stand where instead.
func (s *Service) Look(view orb.Bound, most int, accept func(areaID int64) bool) (people []Responder, crowd []Crowd, total int) {
	return s.forces.Look(view, most, accept)
}

// nearest gives up to n people of each vehicle around a point who have one of the
// skills (none: anybody) and are accepted.
func (f *Forces) nearest(p orb.Point, duty DutyState, n int, maxMeters float64, accept func(*Responder) bool, skills ...string) []Candidate {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var candidates []Candidate
	for _, vehicle := range vehicles {
		index := f.pools[pool{duty, vehicle}]
		if index == nil {
			continue
		}
		for _, found := range index.Nearest(p, n, maxMeters, func(id int64) bool { return accept(f.people[id]) }, skills...) {
			candidates = append(candidates, Candidate{Responder: *f.people[found.Key], DistanceMeters: found.Meters})
		}
	}
	return candidates
}

// these gives those of some people whom nearest would have found farther away.
func (f *Forces) these(p orb.Point, ids []int64, maxMeters float64, accept func(*Responder) bool, skills ...string) []Candidate {
	f.mu.RLock()
	defer f.mu.RUnlock()
	var candidates []Candidate
	for _, id := range ids {
		r := f.people[id]
		if r == nil || r.Task != nil || r.Duty == DutyOff {
			continue
		}
		at, _, _, ok := r.stand(f.now())
		fits := len(skills) == 0 || slices.ContainsFunc(r.Skills, func(k string) bool { return slices.Contains(skills, k) })
		if meters := geo.Distance(at, p); ok && fits && meters <= maxMeters && accept(r) {
			candidates = append(candidates, Candidate{Responder: *r, DistanceMeters: meters})
		}
	}
	return candidates
}

// dispatchable counts the people on duty and on call of the areas that are
// accepted.
func (f *Forces) dispatchable(accept func(areaID int64) bool) int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	n := 0
	for areaID, own := range f.tallies {
		if accept(areaID) {
			n += own.total.OnDuty + own.total.OnCall
		}
	}
	return n
}
