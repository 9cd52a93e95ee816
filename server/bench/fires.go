package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/server/dispatch"
)

// The fires of a part of a city, with each unit that a fire brigade sent, and when
// it was sent, set out and arrived. Their order is that of sending, then of setting
// out: the number that the data calls the sequence in the dispatch is the order of
// arrival.
//
// Where units stand is not in the data: it is learnt from the first part of the
// fires, as the place from which the ways of our travel times fit best what each
// unit took, and the plan's quota of each kind of unit is what was usually sent.
// The rest is replayed. Whether a unit was free is known only by the fires of the
// data itself: ours sends some that were at work elsewhere.
const (
	learnt    = 0.6 // of the fires, the first
	leastSeen = 5   // arrivals, to know where a unit stands
	stepDeg   = 0.002
	reachDeg  = 0.06
)

// sending is one unit sent to one fire.
type sending struct {
	unit, kind                        string
	dispatched, setOut, arrived, free time.Time
}

// way is how long it drove; none where that is not known or cannot be.
func (s sending) way() (time.Duration, bool) {
	d := s.arrived.Sub(s.setOut)
	return d, !s.setOut.IsZero() && !s.arrived.IsZero() && d >= 20*time.Second && d <= 30*time.Minute
}

type fire struct {
	number, kind string
	at           time.Time // when the first unit was sent
	place        orb.Point
	sent         []sending
}

// fires replays them; ours is how often the unit that ours puts first was the
// first to arrive, other how often theirs was, both in percent of the fires to
// which the one who arrived first is a unit that ours knows.
func fires(ctx context.Context, _ string) (result, error) {
	all, err := readFires(filepath.Join(os.Getenv("FIRES_DATA"), "sf_fires_2009_2019.csv"))
	if err != nil {
		return result{}, err
	}
	cut := int(float64(len(all)) * learnt)
	r := newReplay(all[:cut])
	if err := r.play(ctx, all[cut:]); err != nil {
		return result{}, err
	}
	fmt.Fprint(os.Stderr, r.said(len(all), cut))
	ours, theirs := percent(r.firstOurs, r.firsts), percent(r.firstTheirs, r.firsts)
	ratio := ours / theirs
	return result{"fires at which the unit put first was the first to arrive, against the unit that the brigade sent first, %", ours, theirs, ratio, ">= 0.9", ratio >= 0.9}, nil
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }

// replay is the brigade as ours knows it, and what came of the fires.
type replay struct {
	dispatch.Store // what a recommendation does not ask for
	now            time.Time
	units          []dispatch.Responder
	ids            map[string]int64
	quotas         map[string]map[string]int // by kind of fire, of each kind of unit
	turnOut        time.Duration             // from being sent to setting out
	past           []sending
	current        fire
	skills         []string
	tally
}

// tally is what is counted.
type tally struct {
	fires, fewer, same, more                  int
	ourUnits, theirUnits, both                int
	firsts, firstOurs, firstTheirs, firstNear int
	pairs, pairsOurs, pairsTheirs             int
	errors, errorsAbs                         []float64 // seconds, of units that went
	oursFirst, theirsFirst                    []float64 // seconds after sending
	oursMetres, theirsMetres                  []float64
	unknown, below, untold                    int
}

// newReplay learns where units stand and how many are sent.
func newReplay(past []fire) *replay {
	r := &replay{ids: map[string]int64{}, quotas: map[string]map[string]int{}}
	r.learnPlaces(past)
	counts, turnOut := map[string]map[string][]float64{}, []float64(nil)
	kinds := map[string]bool{}
	for _, f := range past {
		for _, s := range f.sent {
			kinds[s.kind] = true
			if !s.setOut.IsZero() {
				turnOut = append(turnOut, s.setOut.Sub(s.dispatched).Seconds())
			}
		}
	}
	for _, f := range past {
		of := counts[f.kind]
		if of == nil {
			of = map[string][]float64{}
			counts[f.kind] = of
		}
		for kind := range kinds {
			n := 0
			for _, s := range f.sent {
				if s.kind == kind {
					n++
				}
			}
			of[kind] = append(of[kind], float64(n))
		}
	}
	for kind, of := range counts {
		r.quotas[kind] = map[string]int{}
		for unit, n := range of {
			r.quotas[kind][unit] = int(quantile(n, 50))
		}
	}
	r.turnOut = time.Duration(quantile(turnOut, 50)) * time.Second
	r.skills = slices.Sorted(maps.Keys(kinds))
	return r
}

// learnPlaces finds where each unit stands that arrived often enough.
func (r *replay) learnPlaces(past []fire) {
	type seen struct {
		place   orb.Point
		seconds float64
	}
	ways, kinds, middle := map[string][]seen{}, map[string]string{}, orb.Point{}
	for _, f := range past {
		middle[0], middle[1] = middle[0]+f.place[0]/float64(len(past)), middle[1]+f.place[1]/float64(len(past))
		for _, s := range f.sent {
			if d, ok := s.way(); ok {
				ways[s.unit], kinds[s.unit] = append(ways[s.unit], seen{f.place, d.Seconds()}), s.kind
			}
		}
	}
	for _, unit := range slices.Sorted(maps.Keys(ways)) {
		if len(ways[unit]) < leastSeen {
			continue
		}
		best, least := orb.Point{}, -1.0
		for x := middle[0] - reachDeg; x <= middle[0]+reachDeg; x += stepDeg {
			for y := middle[1] - reachDeg; y <= middle[1]+reachDeg; y += stepDeg {
				sum := 0.0
				for _, w := range ways[unit] {
					sum += max(w.seconds, float64(travel(orb.Point{x, y}, w.place))) - min(w.seconds, float64(travel(orb.Point{x, y}, w.place)))
				}
				if least < 0 || sum < least {
					best, least = orb.Point{x, y}, sum
				}
			}
		}
		id := int64(len(r.units) + 1)
		r.ids[unit] = id
		r.units = append(r.units, dispatch.Responder{ID: id, Name: unit, AreaID: 1, Vehicle: "car", Duty: dispatch.DutyOn, Skills: []string{kinds[unit]},
			Lon: &best[0], Lat: &best[1], PostLon: &best[0], PostLat: &best[1], Adult: true})
	}
}

func travel(from, to orb.Point) int { return dispatch.StraightLine{}.Travel(from, to, "car") }

// play lets ours decide at each fire, beside what was done.
func (r *replay) play(ctx context.Context, list []fire) error {
	svc := dispatch.NewService(r, func() time.Time { return r.now }, zerolog.Nop())
	desk := dispatch.Actor{AccountID: 1, Grants: []dispatch.Grant{{Role: dispatch.RoleCommander, AreaID: 1}}}
	for _, f := range list {
		r.now, r.current = f.at, f
		if err := svc.Load(ctx); err != nil { // who is out now
			return err
		}
		var ours []dispatch.Candidate
		for _, kind := range r.skills {
			n := r.quotas[f.kind][kind]
			if n == 0 {
				continue
			}
			found, err := svc.Recommend(ctx, desk, 1, dispatch.Wanted{Skill: kind, Limit: n})
			if err != nil {
				return err
			}
			ours = append(ours, found.Candidates...)
		}
		slices.SortStableFunc(ours, func(a, b dispatch.Candidate) int { return cmp.Compare(a.Score, b.Score) })
		r.compare(f, ours)
		r.past = append(r.past, f.sent...)
	}
	return nil
}

// compare counts what ours would have done beside what was done.
func (r *replay) compare(f fire, ours []dispatch.Candidate) {
	r.fires++
	switch n := len(f.sent); {
	case len(ours) < n:
		r.fewer++
	case len(ours) == n:
		r.same++
	default:
		r.more++
	}
	r.ourUnits, r.theirUnits = r.ourUnits+len(ours), r.theirUnits+len(f.sent)
	for _, c := range ours {
		r.oursMetres = append(r.oursMetres, c.DistanceMeters)
		if slices.ContainsFunc(f.sent, func(s sending) bool { return s.unit == c.Responder.Name }) {
			r.both++
		}
	}
	r.compareOrder(f, ours)
	var arrived []sending // of units that ours knows
	for _, s := range f.sent {
		if r.ids[s.unit] == 0 {
			continue
		}
		way := r.way(s, f)
		r.theirsMetres = append(r.theirsMetres, geo.Distance(r.stand(s), f.place))
		if d, ok := s.way(); ok {
			r.errors = append(r.errors, float64(way)-d.Seconds())
			r.errorsAbs = append(r.errorsAbs, max(float64(way), d.Seconds())-min(float64(way), d.Seconds()))
			arrived = append(arrived, s)
		}
	}
	for k, a := range arrived {
		for _, b := range arrived[k+1:] {
			if a.arrived.Equal(b.arrived) {
				continue
			}
			r.pairs++
			before := a.arrived.Before(b.arrived)
			if before == (r.way(a, f) < r.way(b, f)) {
				r.pairsOurs++
			}
			if before == (sentFirst(a, b) < 0) {
				r.pairsTheirs++
			}
		}
	}
}

// way is how long ours thinks that a unit that it knows drives.
func (r *replay) way(s sending, f fire) int { return travel(r.stand(s), f.place) }

func (r *replay) stand(s sending) orb.Point {
	u := r.units[r.ids[s.unit]-1]
	return orb.Point{*u.Lon, *u.Lat}
}

// compareOrder looks who was there first, whom ours puts first, and whom they did.
func (r *replay) compareOrder(f fire, ours []dispatch.Candidate) {
	there := slices.DeleteFunc(slices.Clone(f.sent), func(s sending) bool { return s.arrived.IsZero() || s.arrived.Before(s.dispatched) })
	if len(there) == 0 || len(ours) == 0 {
		r.untold++
		return
	}
	first := slices.MinFunc(there, func(a, b sending) int { return a.arrived.Compare(b.arrived) })
	if r.ids[first.unit] == 0 {
		r.unknown++
		return
	}
	r.firsts++
	r.theirsFirst = append(r.theirsFirst, first.arrived.Sub(f.at).Seconds())
	r.oursFirst = append(r.oursFirst, float64(ours[0].TravelSeconds)+r.turnOut.Seconds())
	switch {
	case ours[0].Responder.Name == first.unit:
		r.firstOurs++
	case !slices.ContainsFunc(f.sent, func(s sending) bool { return s.unit == ours[0].Responder.Name }):
		r.below++
	}
	if slices.MinFunc(f.sent, sentFirst).unit == first.unit {
		r.firstTheirs++
	}
	if r.nearest(f) == first.unit {
		r.firstNear++
	}
}

// sentFirst orders by when units were sent, and then by when they set out; who
// never did is last.
func sentFirst(a, b sending) int {
	if a.setOut.IsZero() != b.setOut.IsZero() && a.dispatched.Equal(b.dispatched) {
		if a.setOut.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.dispatched.Compare(b.dispatched), a.setOut.Compare(b.setOut))
}

// nearest gives the free unit of a kind that is wanted whose way is the shortest,
// whatever else the ranking weighs.
func (r *replay) nearest(f fire) string {
	free, _ := r.Dispatchable(context.Background(), f.at)
	name, least := "", 0
	for _, u := range free {
		if way := travel(orb.Point{*u.Lon, *u.Lat}, f.place); r.quotas[f.kind][u.Skills[0]] > 0 && (name == "" || way < least) {
			name, least = u.Name, way
		}
	}
	return name
}

// said is the report.
func (r *replay) said(all, cut int) string {
	q := quantile
	return fmt.Sprintf(`fires: %d, of which %d taught where %d units stand and how many are sent (%v); %d replayed
  number: theirs %.1f units a fire, ours %.1f; ours fewer at %d, as many at %d, more at %d
  who: %.0f %% of those ours sends were sent by them too
  first: of %d fires, ours puts first who was first there at %.0f %% (by the way alone, without rest and fairness, at %.0f %%), they sent them first at %.0f %%;
    at %.0f %% ours puts first one that they did not send
    (not counted: %d where a unit that ours does not know was first, %d where nobody's arrival is known)
  order of arrival, of %d pairs: ours right for %.0f %%, their own order for %.0f %%
  first arrival after sending: theirs median %.0f s, p90 %.0f s; ours predicted median %.0f s, p90 %.0f s
  predicted way beside the real one, of %d: median %+.0f s, half within %.0f s, 90 %% within %.0f s
  distance by the places learnt: ours median %.0f m, theirs %.0f m
`, all, cut, len(r.units), r.quotas, r.fires,
		float64(r.theirUnits)/float64(r.fires), float64(r.ourUnits)/float64(r.fires), r.fewer, r.same, r.more,
		percent(r.both, r.ourUnits), r.firsts, percent(r.firstOurs, r.firsts), percent(r.firstNear, r.firsts), percent(r.firstTheirs, r.firsts), percent(r.below, r.firsts), r.unknown, r.untold,
		r.pairs, percent(r.pairsOurs, r.pairs), percent(r.pairsTheirs, r.pairs),
		q(r.theirsFirst, 50), q(r.theirsFirst, 90), q(r.oursFirst, 50), q(r.oursFirst, 90),
		len(r.errors), q(r.errors, 50), q(r.errorsAbs, 50), q(r.errorsAbs, 90), q(r.oursMetres, 50), q(r.theirsMetres, 50))
}

func quantile(list []float64, p int) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	return list[(len(list)-1)*p/100]
}

// Areas gives the one area that the fires are in.
func (r *replay) Areas(context.Context) ([]dispatch.Area, error) {
	return []dispatch.Area{{ID: 1, Level: dispatch.LevelDistrict}}, nil
}

// Dispatchable gives the units that are at no other fire of the data.
func (r *replay) Dispatchable(context.Context, time.Time, ...int64) ([]dispatch.Responder, error) {
	return slices.DeleteFunc(slices.Clone(r.units), func(u dispatch.Responder) bool {
		return slices.ContainsFunc(r.past, func(s sending) bool { return s.unit == u.Name && s.free.After(r.now) })
	}), nil
}

// IncidentPlan gives the fire that is on.
func (r *replay) IncidentPlan(context.Context, int64) (dispatch.Incident, dispatch.Plan, error) {
	return dispatch.Incident{ID: 1, AreaID: 1, State: dispatch.IncidentVerified, Lon: r.current.place[0], Lat: r.current.place[1], Quota: 1}, dispatch.Plan{Quota: 1}, nil
}

// Asked gives nobody: each is asked once.
func (r *replay) Asked(context.Context, int64) (map[int64]dispatch.OfferState, error) {
	return nil, nil
}

// Volunteers gives nobody.
func (r *replay) Volunteers(context.Context, int64) ([]int64, error) { return nil, nil }

// Taken gives none.
func (r *replay) Taken(context.Context, int64, dispatch.TaskKind) (int, error) { return 0, nil }

// Work gives what the units did at the fires of the data.
func (r *replay) Work(_ context.Context, _ []int64, since time.Time) (map[int64]dispatch.Work, error) {
	work := map[int64]dispatch.Work{}
	for _, s := range r.past {
		if id := r.ids[s.unit]; id != 0 && s.free.After(since) {
			w, ended := work[id], s.free
			w.Tasks++
			if w.LastEnded == nil || ended.After(*w.LastEnded) {
				w.LastEnded = &ended
			}
			work[id] = w
		}
	}
	return work, nil
}

// readFires reads one line a unit into fires, the oldest first.
func readFires(path string) ([]fire, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	column := map[string]int{}
	for k, name := range rows[0] {
		column[name] = k
	}
	by := map[string]*fire{}
	for _, row := range rows[1:] {
		get := func(name string) string { return row[column[name]] }
		when := func(name string) time.Time {
			at, _ := time.Parse("01/02/2006 03:04:05 PM", get(name)) // some are missing
			return at
		}
		known := by[get("Call Number")]
		if known == nil {
			known = &fire{number: get("Call Number"), kind: get("Call Type")}
			by[get("Call Number")] = known
			if _, err := fmt.Sscanf(get("Location"), "(%f, %f)", &known.place[1], &known.place[0]); err != nil {
				return nil, fmt.Errorf("%s: %w", get("Location"), err)
			}
		}
		s := sending{unit: get("Unit ID"), kind: get("Unit Type"),
			dispatched: when("Dispatch DtTm"), setOut: when("Response DtTm"), arrived: when("On Scene DtTm"), free: when("Available DtTm")}
		known.sent = append(known.sent, s)
		if known.at.IsZero() || s.dispatched.Before(known.at) {
			known.at = s.dispatched
		}
	}
	list := []fire{}
	for _, f := range by {
		if len(f.sent) > 0 {
			list = append(list, *f)
		}
	}
	slices.SortFunc(list, func(a, b fire) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.number, b.number)) })
	return list, nil
}
