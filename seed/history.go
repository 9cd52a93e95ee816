package seed

import (
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Incident is something that happened, with who was asked and who went. Events
// are kept apart, in District.Events.
type Incident struct {
	Type     string
	Area     int // its community
	Compound int // or None
	Priority string
	State    string
	Since    time.Time // entry into the state
	Due      time.Time // zero: no clock runs
	Version  int
	Point    orb.Point
	Place    string
	Summary  string
	Quota    int
	Reason   string
	Channel  string // of its report

	Reported, Verified, FirstOffer, FirstAcceptance, FirstArrival, Resolved, Checked, Closed time.Time // zero: not yet

	Offers []Offer
}

// Offer asked one responder.
type Offer struct {
	Responder int
	Wave      int
	State     string
	Version   int
	Distance  float64 // metres
	Offered   time.Time
	Expires   time.Time
	Seen      time.Time // zero: never
	Answered  time.Time // zero: never
	Settled   time.Time // when the answer, the expiry or the withdrawal came; zero: open
	Reason    string    // of the answer
	Task      *Task     // where it was accepted
}

// Task is the assignment that came of an offer.
type Task struct {
	State                            string
	Version                          int
	Accepted, EnRoute, OnScene, Done time.Time // zero: not yet
}

// Event is one entry of the log.
type Event struct {
	Kind     string
	At       time.Time
	Noun     string // incident, offer, assignment or report
	Incident int    // index into Incidents
	Offer    int    // index into its Offers; None for an incident or report
	Version  int    // of the noun
	Data     map[string]string
}

// historyDays is how far back the past incidents reach: a little more than the
// month that figures look at.
const historyDays = 31

// perDay is the mean number of incidents a day at scale 1. A larger district has
// more of them by the square root: ten times as many among a hundred times the
// people are as many as one centre hears of.
const perDay = 34

// hourWeight is how many residents' reports come in at each hour of the day.
var hourWeight = []float64{1.2, 0.8, 0.6, 0.5, 0.5, 0.9, 1.8, 3, 4.6, 5.2, 5, 4.6, 3.8, 3.6, 4.2, 4.6, 4.8, 5, 5.2, 4.8, 4, 3.2, 2.4, 1.7}

// historian makes the past.
type historian struct {
	*builder
	*random
	types       []IncidentType
	weights     []float64
	staff       map[int][]int     // responders by community
	busy        map[int]time.Time // until when each responder is at work
	beside      [][]int           // the neighbours of each community
	crowd       []float64         // how much happens in each
	transitions []transition
}

// transition is an incident's entry into a state.
type transition struct {
	incident int
	to       string
	at       time.Time
	version  int
}

func (b *builder) addIncidents() {
	h := &historian{builder: b, random: b.random("incidents"), staff: map[int][]int{}, busy: map[int]time.Time{}}
	for _, t := range b.Types {
		if t.Plan != nil {
			h.types = append(h.types, t)
			h.weights = append(h.weights, frequency(t))
		}
	}
	for i, p := range b.Responders {
		h.staff[p.Area] = append(h.staff[p.Area], i)
	}
	for _, p := range b.places {
		h.crowd = append(h.crowd, map[placeKind]float64{urban: 14, seat: 8, suburb: 2.4, village: 1}[p.kind])
	}
	h.beside = b.mesh.neighbours()
	for _, at := range h.times() {
		b.Incidents = append(b.Incidents, h.incident(at))
	}
	h.logEvents()
}

// frequency says how often a type occurs, relative to others.
func frequency(t IncidentType) float64 {
	weight := map[string]float64{"natural": 0.15, "accident": 0.5, "health": 0.7, "security": 1.4, "urban": 3.2, "service": 3}[t.Family]
	if rare, ok := map[string]float64{
		"natural.earthquake": 0, "natural.wildfire": 0.02, "natural.landslide": 0.02, "natural.river_danger": 0.03,
		"accident.chemical_leak": 0.04, "accident.drowning": 0.03, "accident.work_accident": 0.06, "accident.building_fire": 0.25,
		"accident.lift_trapped": 1.6, "accident.traffic_accident": 1.4, "health.infection_cluster": 0.05, "health.food_poisoning": 0.06,
		"health.sudden_illness": 2, "security.self_harm_risk": 0.12, "security.dispute": 3, "security.missing_person": 0.8,
		"urban.garbage": 5, "urban.fire_lane_blocked": 4.5, "service.repair": 5, "service.elderly_help": 4,
	}[t.Code]; ok {
		weight = rare
	}
	return weight
}

// times gives when the incidents were reported, ascending: mornings and
// evenings are busy, nights are not; a few within the last minutes.
func (h *historian) times() []time.Time {
	now := h.options.Now
	local := now.In(beijing)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, beijing)
	var out []time.Time
	for d := -historyDays; d <= 0; d++ {
		for range h.round(perDay * math.Min(h.options.Scale, math.Sqrt(h.options.Scale)) * h.between(0.75, 1.25)) {
			at := midnight.AddDate(0, 0, d).Add(time.Duration(h.weighted(hourWeight)*hour+h.IntN(hour)) * time.Second)
			if at.Before(now) {
				out = append(out, at.UTC())
			}
		}
	}
	for _, minutes := range []float64{0.7, 1.5, 2.4, 4, 7, 11} {
		out = append(out, now.Add(-time.Duration(minutes*60)*time.Second))
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// incident makes one, from its report to as far as it has come by now.
func (h *historian) incident(at time.Time) Incident {
	t := h.types[h.weighted(h.weights)]
	i := h.weighted(h.crowd)
	where, compound := h.spotIn(&h.places[i], h.blocksAt[i], []spot{inside, gateside, roadside}[h.weighted([]float64{4, 3, 3})], h.random)
	if found := h.index.at(where); found != i {
		where, compound = h.places[i].seed.vec, None
	}
	n := Incident{
		Type: t.Code, Area: h.places[i].area, Compound: compound, Priority: t.Plan.Priority, Version: 1,
		State: "reported", Since: at, Due: at.Add(seconds(t.Plan.Verify)), Point: where.point(),
		Place: h.placeWords(i, compound), Summary: h.summary(t), Quota: t.Plan.Quota,
		Channel:  []string{"resident", "dispatcher", "responder", "device"}[h.weighted([]float64{52, 26, 17, 5})],
		Reported: at,
	}
	h.advance(&n, i, t.Plan)
	return n
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// wait gives a duration around a median, in seconds.
func (h *historian) wait(median, spread float64) time.Duration {
	return time.Duration(h.longTail(median, spread)) * time.Second
}

// reach moves an incident into a state, unless that lies in the future; a clock
// of 0 seconds does not run.
func (h *historian) reach(n *Incident, to string, at time.Time, clock int) bool {
	if at.After(h.options.Now) {
		return false
	}
	n.State, n.Since, n.Due = to, at, time.Time{}
	n.Version++
	if clock > 0 {
		n.Due = at.Add(seconds(clock))
	}
	h.transitions = append(h.transitions, transition{len(h.Incidents), to, at, n.Version})
	return true
}

// advance takes an incident through its states, urgent ones faster.
func (h *historian) advance(n *Incident, place int, plan *Plan) {
	pace := map[string]float64{"critical": 0.35, "urgent": 0.6, "normal": 1, "low": 1.6}[n.Priority]
	if h.chance(0.05) {
		if h.reach(n, "rejected", n.Reported.Add(h.wait(600*pace, 0.6)), 0) {
			n.Reason = pick(h.random, []string{"重复上报，已并入前一事件处理", "现场核实未发现所述情况", "不属于本区管辖，已告知转接方式", "反映人撤回"})
		}
		return
	}
	verified := n.Reported.Add(h.wait(260*pace, 0.7))
	if !h.reach(n, "verified", verified, plan.Dispatch) {
		return
	}
	n.Verified = verified
	offered := verified.Add(h.wait(75*pace, 0.6))
	if !h.reach(n, "dispatching", offered, plan.Dispatch) {
		return
	}
	n.FirstOffer = offered
	done := h.send(n, place, plan, offered)
	if !h.reach(n, "resolved", done.Add(h.wait(120, 0.5)), plan.Check) {
		return
	}
	n.Resolved = n.Since
	if !h.reach(n, "checked", n.Since.Add(h.wait(5400*pace, 0.8)), plan.Check) {
		return
	}
	n.Checked = n.Since
	if h.reach(n, "closed", n.Since.Add(h.wait(1500, 0.7)), 0) {
		n.Closed = n.Since
	}
}
