package dispatch

import (
	"cmp"
	"context"
	"math"
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
	people  map[int64]Responder
	index   *geo.Index[int64]
	tallies tallies
}

// NewForces makes an empty one.
func NewForces() *Forces {
	return &Forces{people: map[int64]Responder{}, index: geo.NewIndex[int64](geo.ResolutionPeople), tallies: tallies{}}
}

// Replace takes the people given and forgets all others.
func (f *Forces) Replace(people []Responder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.people = make(map[int64]Responder, len(people))
	f.index = geo.NewIndex[int64](geo.ResolutionPeople)
	f.tallies = tallies{}
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
	if was, held := f.people[r.ID]; held {
		f.tallies.add(was, -1)
	}
	if r.Duty == DutyOff && r.Task == nil {
		delete(f.people, r.ID)
		f.index.Remove(r.ID)
		return
	}
	f.people[r.ID] = r
	f.tallies.add(r, 1)
	// Whose place is unknown counts and is not found by place.
	if r.Lon == nil || r.Lat == nil || f.index.Set(r.ID, orb.Point{*r.Lon, *r.Lat}) != nil {
		f.index.Remove(r.ID)
	}
}

// Move sets the positions of people who are held.
func (f *Forces) Move(positions []Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range positions {
		r, ok := f.people[p.ResponderID]
		if !ok {
			continue
		}
		at := p.At
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
func (s *Service) ForcesByCell(resolution int, areaIDs []int64) (map[string]int, error) {
	return s.forces.ByCell(resolution, areaIDs)
}

// Look gives the dispatchable people without a task in a view, of the areas that
// are accepted; where they are more than most, how many stand where instead.
func (s *Service) Look(view orb.Bound, most int, accept func(areaID int64) bool) (people []Responder, crowd []Crowd, total int) {
	return s.forces.Look(view, most, accept)
}

// nearest gives up to n people around a point that are accepted, nearest first.
func (f *Forces) nearest(p orb.Point, n int, maxMeters float64, accept func(Responder) bool) []Candidate {
	f.mu.RLock()
	defer f.mu.RUnlock()
	found := f.index.Nearest(p, n, maxMeters, func(id int64) bool { return accept(f.people[id]) })
	candidates := make([]Candidate, 0, len(found))
	for _, k := range found {
		candidates = append(candidates, Candidate{Responder: f.people[k.Key], DistanceMeters: k.Meters})
	}
	return candidates
}

const (
	searchMeters = 15000 // beyond it nobody is recommended
	detour       = 1.3   // how much longer a way in a town is than the straight line
)

// speeds in metres a second, by how a person gets about.
var speeds = map[string]float64{"foot": 1.3, "bicycle": 3.5, "ebike": 5, "car": 8}

// Recommend ranks who could be sent to an incident: on duty before on call,
// then by travel time, the own community first where it is equal. skill narrows
// to one skill; limit 0 means 20.
func (s *Service) Recommend(ctx context.Context, a Actor, incidentID int64, skill string, limit int) (Recommendation, error) {
	ctx = WithViewer(ctx, a.Viewer(s.Tree())) // also for a command that asks
	i, plan, err := s.store.IncidentPlan(ctx, incidentID)
	if err != nil {
		return Recommendation{}, err
	}
	if err := s.allowIncident(a, ActionDispatch, i); err != nil {
		return Recommendation{}, err
	}
	asked, err := s.store.Asked(ctx, incidentID)
	if err != nil {
		return Recommendation{}, err
	}
	if limit <= 0 {
		limit = 20
	}
	skills := plan.Skills
	if skill != "" {
		skills = []string{skill}
	}
	tree, now := s.Tree(), s.now()
	sight := a.Sight(tree)
	available := 0
	accept := func(r Responder) bool {
		if r.Task != nil || r.Duty == DutyOff || !a.MayIn(tree, ActionDispatch, r.AreaID) {
			return false
		}
		if _, was := asked[r.ID]; was {
			return false
		}
		available++
		return qualified(r, skills, plan.Hazard)
	}
	// More than asked for: travel time and duty order them anew.
	candidates := s.forces.nearest(orb.Point{i.Lon, i.Lat}, limit*4, searchMeters, accept)
	rank(candidates, i, skills, now)
	if len(candidates) > limit {
		candidates = candidates[:limit]
	}
	missing := max(0, i.Quota-i.Active)
	for k := range candidates {
		candidates[k].Rank, candidates[k].Recommended = k+1, k < missing*2
		candidates[k].Responder, _ = sight.Person(candidates[k].Responder)
	}
	out := Recommendation{Candidates: candidates, AsOf: now}
	if len(candidates) < missing {
		reason := "skill"
		if available == 0 {
			reason = "nobody_dispatchable"
		}
		out.Shortfall = &Shortfall{Wanted: missing, Found: len(candidates), Skills: skills, RadiusMeters: searchMeters, Reason: reason}
	}
	return out, nil
}

// qualified says whether a person may go: with one of the skills where any is
// asked for; into a hazard never a volunteer alone, and never without the skill.
func qualified(r Responder, skills []string, hazard bool) bool {
	if hazard && !slices.ContainsFunc(r.Affiliations, func(a string) bool { return a != "volunteer" && a != "party_member" }) {
		return false
	}
	return len(skills) == 0 || slices.ContainsFunc(r.Skills, func(k string) bool { return slices.Contains(skills, k) })
}

func rank(candidates []Candidate, i Incident, skills []string, now time.Time) {
	for k := range candidates {
		c := &candidates[k]
		c.SkillsMatched = []string{}
		for _, have := range c.Responder.Skills {
			if slices.Contains(skills, have) {
				c.SkillsMatched = append(c.SkillsMatched, have)
			}
		}
		c.OwnCommunity = c.Responder.AreaID == i.AreaID
		c.TravelSeconds = travelSeconds(c.DistanceMeters, c.Responder.Vehicle)
		if c.Responder.PositionAt != nil {
			age := max(0, int(now.Sub(*c.Responder.PositionAt).Seconds()))
			c.PositionAgeSeconds = &age
		}
	}
	slices.SortStableFunc(candidates, func(x, y Candidate) int {
		return cmp.Or(
			cmp.Compare(dutyOrder(x), dutyOrder(y)),
			cmp.Compare(x.TravelSeconds, y.TravelSeconds),
			cmp.Compare(ownOrder(x), ownOrder(y)),
			cmp.Compare(x.Responder.ID, y.Responder.ID))
	})
}

func travelSeconds(meters float64, vehicle string) int {
	speed, ok := speeds[vehicle]
	if !ok {
		speed = speeds["foot"]
	}
	return int(math.Ceil(meters * detour / speed))
}

func dutyOrder(c Candidate) int {
	if c.Responder.Duty == DutyOn {
		return 0
	}
	return 1
}

func ownOrder(c Candidate) int {
	if c.OwnCommunity {
		return 0
	}
	return 1
}
