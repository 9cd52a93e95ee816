package seed

import (
	"slices"
	"strconv"
	"time"
)

// logEvents makes the log of all that happened, in the order of time.
func (h *historian) logEvents() {
	for i, n := range h.Incidents {
		h.log(i, None, "report.received", "report", n.Reported, 1, map[string]string{"channel": n.Channel})
		h.log(i, None, "incident.reported", "incident", n.Reported, 1, map[string]string{"priority": n.Priority, "type": n.Type})
		for k := range n.Offers {
			h.logOffer(i, k)
		}
	}
	before := map[int]string{}
	for _, t := range h.transitions {
		from := before[t.incident]
		if from == "" {
			from = "reported"
		}
		before[t.incident] = t.to
		n := h.Incidents[t.incident]
		h.log(t.incident, None, "incident."+t.to, "incident", t.at, t.version,
			map[string]string{"from": from, "to": t.to, "priority": n.Priority, "type": n.Type})
	}
	slices.SortStableFunc(h.Events, func(a, c Event) int { return a.At.Compare(c.At) })
}

func (h *historian) log(incident, offer int, kind, noun string, at time.Time, version int, data map[string]string) {
	h.Events = append(h.Events, Event{Kind: kind, At: at, Noun: noun, Incident: incident, Offer: offer, Version: version, Data: data})
}

// logOffer logs an offer's life and its task's.
func (h *historian) logOffer(incident, k int) {
	o := h.Incidents[incident].Offers[k]
	step := func(noun, kind string, at time.Time, version int, from, to string) {
		if at.IsZero() {
			return
		}
		data := map[string]string{}
		if noun == "offer" {
			data["wave"] = strconv.Itoa(o.Wave)
		}
		if from != "" {
			data["from"], data["to"] = from, to
		}
		h.log(incident, k, noun+"."+kind, noun, at, version, data)
	}
	step("offer", "offered", o.Offered, 1, "", "")
	step("offer", "seen", o.Seen, 2, "offered", "seen")
	from := "offered"
	if !o.Seen.IsZero() {
		from = "seen"
	}
	step("offer", o.State, o.Settled, o.Version, from, o.State)
	if t := o.Task; t != nil {
		step("assignment", "accepted", t.Accepted, 1, "", "")
		step("assignment", "en_route", t.EnRoute, 2, "accepted", "en_route")
		step("assignment", "on_scene", t.OnScene, 3, "en_route", "on_scene")
		step("assignment", "done", t.Done, 4, "on_scene", "done")
	}
}
