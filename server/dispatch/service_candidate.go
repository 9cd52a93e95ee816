package dispatch

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

const searchMeters = 15000 // beyond it nobody is recommended

// Wanted narrows a recommendation: to a task (direct where none is said), to one
// skill, to so many (0 means 20).
type Wanted struct {
	Task  TaskKind
	Skill string
	Limit int
}

// Recommend ranks who could be sent to an incident, on duty before on call: never
// who has a task, was asked for this one, is kept away by its hazard, or is where
// the asker may not dispatch.
func (s *Service) Recommend(ctx context.Context, a Actor, incidentID int64, w Wanted) (Recommendation, error) {
	ctx = WithViewer(ctx, a.Viewer(s.Tree())) // also for a command that asks
	i, plan, err := s.store.IncidentPlan(ctx, incidentID)
	if err != nil {
		return Recommendation{}, err
	}
	if err := s.allowIncident(a, ActionDispatch, i); err != nil {
		return Recommendation{}, err
	}
	if w.Task == "" {
		w.Task = TaskDirect
	}
	if w.Limit <= 0 {
		w.Limit = 20
	}
	look, err := s.lookFor(ctx, a, i, plan, w)
	if err != nil {
		return Recommendation{}, err
	}
	candidates, err := look.candidates(ctx)
	if err != nil {
		return Recommendation{}, err
	}
	taken, err := s.store.Taken(ctx, incidentID, w.Task)
	if err != nil {
		return Recommendation{}, err
	}
	missing, sight := max(0, i.Quota-taken), a.Sight(s.Tree())
	out := Recommendation{Task: w.Task, Candidates: candidates, AsOf: look.now}
	for k := range candidates {
		candidates[k].Rank, candidates[k].Recommended = k+1, k < missing*2
	}
	if len(candidates) < missing {
		out.Shortfall = look.shortfall(missing, candidates)
	}
	out.Strengths = strengths(candidates, s.Tree(), func(areaID int64) int {
		_, total := s.forces.Count([]int64{areaID})
		return total.OnDuty
	})
	for k := range candidates {
		candidates[k].Responder, _ = sight.Person(candidates[k].Responder)
	}
	return out, nil
}

// look is one search for candidates, with what it came upon.
type look struct {
	*Service
	actor    Actor
	incident Incident
	plan     Plan
	wanted   Wanted
	skills   []string // of which one is needed; none: whoever will
	asked    map[int64]OfferState
	willing  []int64 // who said that they can go
	now      time.Time
	within   []int64        // areas of whom alone, where not nil
	rings    int            // of cells round the incident, 0 for no bound
	may      map[int64]bool // by area, where the asker may dispatch

	barred, refused map[int64]struct{} // whom the hazard keeps away; who was asked already
}

func (s *Service) lookFor(ctx context.Context, a Actor, i Incident, plan Plan, w Wanted) (*look, error) {
	asked, err := s.store.Asked(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	willing, err := s.store.Volunteers(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	l := &look{Service: s, actor: a, incident: i, plan: plan, wanted: w, skills: plan.wanted(w.Task), asked: asked, willing: willing, now: s.now(),
		may: map[int64]bool{}, barred: map[int64]struct{}{}, refused: map[int64]struct{}{}}
	if w.Skill != "" {
		l.skills = []string{w.Skill}
	}
	return l, nil
}

// candidates gives the first of those who fit, weighed and in order: people on
// call where those on duty are too few.
func (l *look) candidates(ctx context.Context) ([]Candidate, error) {
	var found []Candidate
	for _, duty := range []DutyState{DutyOn, DutyOnCall} {
		if len(found) < l.wanted.Limit {
			// Twice as many of each vehicle as are asked for: the reasons order them anew.
			found = append(found, l.forces.nearest(l.point(), duty, 2*l.wanted.Limit, searchMeters, l.accept, l.skills...)...)
		}
	}
	found = l.withWilling(found)
	ids := make([]int64, 0, len(found))
	for _, c := range found {
		ids = append(ids, c.Responder.ID)
	}
	work, err := l.store.Work(ctx, ids, l.now.Add(-workWindow))
	if err != nil {
		return nil, err
	}
	for k := range found {
		weigh(&found[k], l.incident, l.skills, work[found[k].Responder.ID], l.ways, l.now)
	}
	rank(found)
	return found[:min(len(found), l.wanted.Limit)], nil
}

// withWilling marks who said that they can go, and adds those who are not among
// the nearest.
func (l *look) withWilling(found []Candidate) []Candidate {
	if len(l.willing) == 0 {
		return found
	}
	more := slices.DeleteFunc(slices.Clone(l.willing), func(id int64) bool {
		return slices.ContainsFunc(found, func(c Candidate) bool { return c.Responder.ID == id })
	})
	found = append(found, l.forces.these(l.point(), more, searchMeters, l.accept, l.skills...)...)
	for k := range found {
		found[k].Volunteered = slices.Contains(l.willing, found[k].Responder.ID)
	}
	return found
}

func (l *look) point() orb.Point { return orb.Point{l.incident.Lon, l.incident.Lat} }

// dispatches says whether the asker may dispatch people of an area.
func (l *look) dispatches(areaID int64) bool {
	may, known := l.may[areaID]
	if !known {
		may = l.actor.MayIn(l.Tree(), ActionDispatch, areaID)
		if l.within != nil {
			may = may && slices.ContainsFunc(l.within, func(root int64) bool { return l.Tree().Within(areaID, root) })
		}
		l.may[areaID] = may
	}
	return may
}

func (l *look) accept(r *Responder) bool {
	if !l.dispatches(r.AreaID) || l.rings > 0 && !l.inRings(r) {
		return false
	}
	if _, was := l.asked[r.ID]; was {
		l.refused[r.ID] = struct{}{}
		return false
	}
	if l.plan.Bars(*r, l.wanted.Task, l.now) != BarNone {
		l.barred[r.ID] = struct{}{}
		return false
	}
	return true
}

// inRings says whether a person stands within the rings of cells round the incident.
func (l *look) inRings(r *Responder) bool {
	at, _, _, ok := r.stand(l.now)
	if !ok {
		return false
	}
	here, err := geo.ParseCell(l.incident.Cell)
	if err != nil {
		return false
	}
	there, err := geo.CellOf(at, here.Resolution())
	if err != nil {
		return false
	}
	steps, err := here.Steps(there)
	return err == nil && steps <= l.rings // far apart there is no number, and they are beyond
}

// shortfall says what is missing. A search that found too few has looked at
// everybody within the radius who has the skill.
func (l *look) shortfall(missing int, found []Candidate) *Shortfall {
	out := &Shortfall{Wanted: missing, Found: len(found), Skills: append([]string{}, l.skills...), RadiusMeters: searchMeters,
		Dispatchable: l.forces.dispatchable(l.dispatches), Barred: len(l.barred), Asked: len(l.refused)}
	for _, c := range found {
		if c.Confidence == ConfidenceLow {
			out.Unsure++
		}
	}
	beyond := func(r *Responder) bool {
		_, near := l.asked[r.ID]
		at, _, _, _ := r.stand(l.now)
		return !near && l.dispatches(r.AreaID) && geo.Distance(at, l.point()) > searchMeters && l.plan.Bars(*r, l.wanted.Task, l.now) == BarNone
	}
	for _, duty := range []DutyState{DutyOn, DutyOnCall} {
		for _, c := range l.forces.nearest(l.point(), duty, 1, math.Inf(1), beyond, l.skills...) {
			if out.NearestMeters == nil || c.DistanceMeters < *out.NearestMeters {
				out.NearestMeters = &c.DistanceMeters
			}
		}
	}
	switch {
	case out.Dispatchable == 0:
		out.Reason = "nobody_dispatchable"
	case out.Barred > 0 && out.Barred >= out.Asked:
		out.Reason = "hazard"
	case out.Asked > 0:
		out.Reason = "asked"
	case out.NearestMeters != nil || len(l.skills) == 0:
		out.Reason = "radius"
	default:
		out.Reason = "skill"
	}
	return out
}
