package postgres

import (
	"context"
	"fmt"
	"time"

	"yiping/geo"
	"yiping/seed"
	"yiping/server/dispatch"
)

// The people of a demonstration district and what they did.

func (l *loader) organisations(ctx context.Context) {
	l.copy(ctx, "party_organisation", []string{"id", "parent_id", "area_id", "name", "source", "external_id"}, len(l.d.Organisations), func(i int) ([]any, error) {
		o := l.d.Organisations[i]
		return []any{l.id("party_organisation", i), l.id("party_organisation", o.Parent), l.id("area", o.Area), o.Name, seed.Source, external("organisation", i)}, nil
	})
}

func (l *loader) responders(ctx context.Context) {
	var affiliations, skills [][]any
	l.copy(ctx, "responder", []string{"id", "area_id", "home_area_id", "party_organisation_id", "name", "phone", "phone_digest", "vehicle", "post", "post_cell", "adult", "insured_until", "source", "external_id"}, len(l.d.Responders), func(i int) ([]any, error) {
		p := l.d.Responders[i]
		id := l.id("responder", i)
		for _, a := range p.Affiliations {
			affiliations = append(affiliations, []any{id, a.Kind, l.id("unit", a.Unit), instant(a.Since)})
		}
		for _, s := range p.Skills {
			skills = append(skills, []any{id, s.Name, instant(s.ValidUntil)})
		}
		sealed, digest, err := l.store.sealPhone(sealedResponderPhone, p.Phone)
		if err != nil {
			return nil, err
		}
		post, cell, err := spot(p.Post, geo.ResolutionPeople)
		return []any{id, l.id("area", p.Area), l.id("area", p.Home), l.id("party_organisation", p.Organisation), p.Name, sealed, digest, p.Vehicle, post, cell, p.Adult, instant(p.InsuredUntil), seed.Source, external("responder", i)}, err
	})
	rows := func(table string, columns []string, values [][]any) {
		l.copy(ctx, table, columns, len(values), func(i int) ([]any, error) { return values[i], nil })
	}
	rows("responder_affiliation", []string{"responder_id", "affiliation", "unit_id", "since"}, affiliations)
	rows("responder_skill", []string{"responder_id", "skill", "valid_until"}, skills)
	// Nobody is behind a demonstration's people: they are said to have agreed.
	purposes := len(dispatch.Purposes)
	l.copy(ctx, "consent", []string{"responder_id", "purpose", "version", "way", "given_at"}, len(l.d.Responders)*purposes, func(i int) ([]any, error) {
		return []any{l.id("responder", i/purposes), dispatch.Purposes[i%purposes], 1, "demonstration", l.now}, nil
	})
}

func (l *loader) care(ctx context.Context) {
	l.copy(ctx, "care_record", []string{"id", "area_id", "cell", "categories", "details", "digest", "source", "external_id"}, len(l.d.CareRecords), func(i int) ([]any, error) {
		c := l.d.CareRecords[i]
		lon, lat := c.Point.Lon(), c.Point.Lat()
		sealed, err := l.store.sealCare(dispatch.CareDetails{Name: c.Name, Phone: c.Phone, Address: c.Address, Needs: c.Needs, Lon: &lon, Lat: &lat})
		if err != nil {
			return nil, err
		}
		_, cell, err := spot(c.Point, geo.ResolutionPeople)
		return []any{l.id("care_record", i), l.id("area", c.Area), cell, c.Categories, sealed.details, sealed.digest, seed.Source, external("care", i)}, err
	})
}

func (l *loader) incidents(ctx context.Context) {
	if l.err = loadTypes(ctx, l.Tx, l.d.Types); l.err != nil {
		return
	}
	if l.plans, l.err = l.planIDs(ctx); l.err != nil {
		return
	}
	if l.err = l.typeCodes(ctx); l.err != nil {
		return
	}
	due, err := l.due(ctx)
	if err != nil {
		l.err = err
		return
	}
	l.copy(ctx, "incident", []string{"id", "type_code", "plan_id", "area_id", "compound_id", "priority", "state", "state_since", "due_at", "version",
		"point", "cell", "place", "summary", "quota", "reason", "reported_at", "verified_at", "first_offer_at", "first_acceptance_at", "first_arrival_at",
		"resolved_at", "checked_at", "closed_at", "updated_at"}, len(l.d.Incidents), func(i int) ([]any, error) {
		n := l.d.Incidents[i]
		point, cell, err := spot(n.Point, geo.ResolutionPeople)
		return []any{l.id("incident", i), n.Type, l.plans[n.Type], l.id("area", n.Area), l.id("compound", n.Compound), n.Priority, n.State, n.Since, due(n), n.Version,
			point, cell, n.Place, n.Summary, int16(n.Quota), n.Reason, n.Reported, instant(n.Verified), instant(n.FirstOffer), instant(n.FirstAcceptance), instant(n.FirstArrival),
			instant(n.Resolved), instant(n.Checked), instant(n.Closed), n.Since}, err
	})
	l.copy(ctx, "report", []string{"id", "incident_id", "channel", "type_code", "area_id", "point", "cell", "place", "words", "received_at"}, len(l.d.Incidents), func(i int) ([]any, error) {
		n := l.d.Incidents[i]
		point, cell, err := spot(n.Point, geo.ResolutionPeople)
		return []any{l.id("report", i), l.id("incident", i), n.Channel, n.Type, l.id("area", n.Area), point, cell, n.Place, n.Summary, n.Reported}, err
	})
}

// typeCodes writes what codes of another system stand for.
func (l *loader) typeCodes(ctx context.Context) error {
	for _, c := range seed.TypeCodes() {
		if _, err := l.Exec(ctx, `insert into type_code_map (source, external_id, name, parent_code, type_code, area_id) values ($1, $2, $3, $4, $5, $6)`,
			seed.TypeCodeTable, c.Code, c.Name, c.Parent, c.Type, l.id("area", 0)); err != nil {
			return err
		}
	}
	return nil
}

// due gives when an incident's clock runs out, by working hours where its plan
// says so: a district reckons by the wall alone.
func (l *loader) due(ctx context.Context) (func(seed.Incident) *time.Time, error) {
	hours, err := calendar(ctx, l.Tx)
	if err != nil {
		return nil, err
	}
	slow := map[string]bool{}
	for _, y := range l.d.Types {
		slow[y.Code] = y.Plan != nil && y.Plan.WorkingHours
	}
	return func(n seed.Incident) *time.Time {
		if n.Due.IsZero() || !slow[n.Type] {
			return instant(n.Due)
		}
		return instant(dispatch.Due(n.Since, int(n.Due.Sub(n.Since)/time.Second), hours))
	}, nil
}

func (l *loader) planIDs(ctx context.Context) (map[string]int64, error) {
	type row struct {
		TypeCode string
		ID       int64
	}
	rows, err := many[row](ctx, l.Tx, `select distinct on (type_code) type_code, id from plan order by type_code, version desc`)
	ids := make(map[string]int64, len(rows))
	for _, r := range rows {
		ids[r.TypeCode] = r.ID
	}
	return ids, err
}

// asked is an offer with the incident it belongs to.
type asked struct {
	seed.Offer
	incident int
	task     int // index among the tasks, or seed.None
}

// flat gives all offers in one list, and the index of each incident's first.
func (l *loader) flat() (all []asked, first []int) {
	tasks := 0
	for i, n := range l.d.Incidents {
		first = append(first, len(all))
		for _, o := range n.Offers {
			a := asked{o, i, seed.None}
			if o.Task != nil {
				a.task = tasks
				tasks++
			}
			all = append(all, a)
		}
	}
	return all, first
}

func (l *loader) offers(ctx context.Context) {
	all, _ := l.flat()
	l.copy(ctx, "offer", []string{"id", "incident_id", "responder_id", "wave", "state", "version", "distance_meters", "offered_at", "expires_at", "seen_at", "answered_at", "answer_reason"}, len(all), func(i int) ([]any, error) {
		o := all[i]
		return []any{l.id("offer", i), l.id("incident", o.incident), l.id("responder", o.Responder), int16(o.Wave), o.State, o.Version, o.Distance, o.Offered, o.Expires, instant(o.Seen), instant(o.Answered), o.Reason}, nil
	})
}

func (l *loader) assignments(ctx context.Context) {
	all, _ := l.flat()
	var rows [][]any
	for i, o := range all {
		if t := o.Task; t != nil {
			rows = append(rows, []any{nil, l.id("incident", o.incident), l.id("responder", o.Responder), l.id("offer", i), t.State, t.Version,
				t.Accepted, instant(t.EnRoute), instant(t.OnScene), instant(t.Done)})
		}
	}
	l.copy(ctx, "assignment", []string{"id", "incident_id", "responder_id", "offer_id", "state", "version", "accepted_at", "en_route_at", "on_scene_at", "done_at"}, len(rows), func(i int) ([]any, error) {
		rows[i][0] = l.id("assignment", i)
		return rows[i], nil
	})
}

// events appends to the log, as the sequencer would have.
func (l *loader) events(ctx context.Context) {
	all, first := l.flat()
	var last int64
	if l.err = l.QueryRow(ctx, `select last_offset from feed for update`).Scan(&last); l.err != nil {
		return
	}
	l.copy(ctx, "event", []string{"offset", "kind", "at", "noun", "noun_id", "noun_version", "area_id", "cell", "incident_id", "responder_id", "data", "sequenced_at"}, len(l.d.Events), func(i int) ([]any, error) {
		e := l.d.Events[i]
		n := l.d.Incidents[e.Incident]
		var nounID, responderID *int64
		switch e.Noun {
		case "incident", "report":
			nounID = l.id(e.Noun, e.Incident)
		default:
			at := first[e.Incident] + e.Offer
			nounID, responderID = l.id("offer", at), l.id("responder", all[at].Responder)
			if e.Noun == "assignment" {
				nounID = l.id("assignment", all[at].task)
			}
		}
		if nounID == nil {
			return nil, fmt.Errorf("event %d names nothing", i)
		}
		_, cell, err := spot(n.Point, geo.ResolutionPeople)
		return []any{last + int64(i) + 1, e.Kind, e.At, e.Noun, nounID, e.Version, l.id("area", n.Area), cell, l.id("incident", e.Incident), responderID, e.Data, e.At}, err
	})
	if l.err == nil {
		_, l.err = l.Exec(ctx, `update feed set last_offset = $1`, last+int64(len(l.d.Events)))
	}
}
