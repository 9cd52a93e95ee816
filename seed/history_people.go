package seed

import (
	"slices"
	"time"
)

// send offers an incident in waves until the quota has accepted, and lets those
// who did go there and work. It gives when the last of them is done; where
// nobody came, when the responsible unit has seen to it.
func (h *historian) send(n *Incident, place int, plan *Plan, offered time.Time) time.Time {
	last := offered.Add(h.wait(2*hour, 0.5))
	asked := map[int]bool{}
	var accepted []time.Time
	for wave := 1; wave <= 3 && len(accepted) < n.Quota && !offered.After(h.options.Now); wave++ {
		people := h.ask(place, wave, n.Quota-len(accepted)+1, asked, offered)
		first := len(n.Offers)
		for k, who := range people {
			o := Offer{Responder: who, Wave: wave, Version: 1, Offered: offered, Expires: offered.Add(seconds(plan.Offer)), Distance: h.distance(who, n)}
			h.answer(&o, len(accepted) >= n.Quota, wave == 3 && k == 0 && len(accepted) == 0)
			if o.State == "accepted" {
				accepted = append(accepted, o.Answered)
				h.busy[who] = h.work(&o, plan, n)
				if len(accepted) == 1 || h.busy[who].After(last) {
					last = h.busy[who]
				}
			}
			n.Offers = append(n.Offers, o)
		}
		// Who was asked in vain is let off when the last place is taken.
		for k := first; k < len(n.Offers); k++ {
			if o := &n.Offers[k]; o.State == "withdrawn" {
				o.Settled = slices.MaxFunc(accepted, time.Time.Compare)
			}
		}
		offered = offered.Add(seconds(plan.Offer))
	}
	if len(accepted) > 0 {
		n.FirstAcceptance = slices.MinFunc(accepted, time.Time.Compare)
		h.reach(n, "handling", n.FirstAcceptance, plan.Resolve)
	} else if last.Before(h.options.Now) {
		n.Reason = "由责任单位处置完毕"
	}
	return last
}

// ask picks people for a wave: of the community first, then of its neighbours;
// nobody twice, nobody who is at work elsewhere.
func (h *historian) ask(place, wave, count int, asked map[int]bool, at time.Time) []int {
	pool := h.staff[h.places[place].area]
	if wave > 1 || len(pool) < count {
		for _, j := range h.beside[place] {
			pool = append(pool[:len(pool):len(pool)], h.staff[h.places[j].area]...)
		}
	}
	var out []int
	for range 6 * count {
		if len(out) == count || len(pool) == 0 {
			break
		}
		if who := pick(h.random, pool); !asked[who] && !h.busy[who].After(at) {
			asked[who] = true
			out = append(out, who)
		}
	}
	return out
}

func (h *historian) distance(who int, n *Incident) float64 {
	return float64(int(plane(h.Responders[who].Post).dist(plane(n.Point))))
}

// answer decides what a person did with an offer, as far as it has come by now.
// Where the quota is full it is withdrawn; the last hope of the last wave
// accepts.
func (h *historian) answer(o *Offer, full, hope bool) {
	span := o.Expires.Sub(o.Offered).Seconds()
	seen := o.Offered.Add(seconds(int(h.between(0.05, 0.35) * span)))
	answered := seen.Add(seconds(int(h.between(0.08, 0.55) * span)))
	now := h.options.Now
	o.State = "offered"
	see := func() bool {
		if seen.After(now) {
			return false
		}
		o.State, o.Seen, o.Version = "seen", seen, 2
		return true
	}
	settle := func(state string, at time.Time) bool {
		if at.After(now) {
			return false
		}
		o.State, o.Settled = state, at
		o.Version++
		return true
	}
	switch x := h.Float64(); {
	case full:
		settle("withdrawn", o.Offered)
	case hope || x < 0.68:
		if see() && settle("accepted", answered) {
			o.Answered = answered
		}
	case x < 0.82:
		if see() && settle("declined", answered) {
			o.Answered = answered
			o.Reason = pick(h.random, []string{"正在外地", "身体不适", "手头有其他任务", "距离较远赶不及", ""})
		}
	case x < 0.9:
		if see() {
			settle("expired", o.Expires)
		}
	default:
		settle("expired", o.Expires)
	}
}

// work makes the task of an accepted offer, as far as it has come by now, and
// gives its end.
func (h *historian) work(o *Offer, plan *Plan, n *Incident) time.Time {
	speed := map[string]float64{"foot": 1.2, "bicycle": 3.2, "ebike": 4.6, "car": 6.5}[h.Responders[o.Responder].Vehicle]
	leaves := o.Answered.Add(h.wait(55, 0.5))
	arrives := leaves.Add(seconds(int(60 + o.Distance*1.35/speed*h.between(0.85, 1.4))))
	ends := arrives.Add(h.wait(float64(plan.Resolve)*0.1, 0.7))
	t := &Task{State: "accepted", Version: 1, Accepted: o.Answered}
	o.Task = t
	for _, step := range []struct {
		state string
		at    time.Time
		into  *time.Time
	}{{"en_route", leaves, &t.EnRoute}, {"on_scene", arrives, &t.OnScene}, {"done", ends, &t.Done}} {
		if step.at.After(h.options.Now) {
			break
		}
		t.State, *step.into = step.state, step.at
		t.Version++
	}
	if !t.OnScene.IsZero() && (n.FirstArrival.IsZero() || t.OnScene.Before(n.FirstArrival)) {
		n.FirstArrival = t.OnScene
	}
	return ends
}
