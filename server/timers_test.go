package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yiping/server/postgres/local"
)

// clockType is the type whose plan the tests of the clock shorten.
const clockType = "urban.manhole"

// owed makes incidents of which the clock owes something: levels to be told, waves
// that nobody answers, people who want to be asked later, people on scene who do
// not answer. Afterwards it counts: all that was due was done, each once.
type owed struct {
	p                             *person
	db                            *pgxpool.Pool
	repeats                       *atomic.Int64
	lon, lat                      any
	crew                          []any
	next, incidents               int
	alone, waved, later, assigned []int64 // incidents, and of later the offers, of assigned the assignments
	down                          [][2]time.Time
}

func newOwed(t *testing.T, k *killable, p *person, repeats *atomic.Int64, lon, lat any) *owed {
	t.Helper()
	db, err := pgxpool.New(t.Context(), local.Attach(k.data).Owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	o := &owed{p: p, db: db, repeats: repeats, lon: lon, lat: lat}
	for _, r := range p.list("/api/v1/responders?limit=200&duty=on_duty", "responders") {
		if r["task"] == nil {
			o.crew = append(o.crew, r["id"])
		}
	}
	o.exec(`update plan set quota = 2, over_offer = 1, skills = '{}', hazard = false, pair = false, offer_seconds = 10, welfare_seconds = 60,
		waves = '[{"rings": 30, "seconds": 10}, {"rings": 60, "seconds": 10}]', ladder = '[{"level": "street", "seconds": 3}, {"level": "district", "seconds": 6}]'
		where type_code = $1`, clockType)
	return o
}

// exec changes the database directly, as often as it takes.
func (o *owed) exec(sql string, args ...any) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		_, err := o.db.Exec(ctx, sql, args...)
		cancel()
		if err == nil || !isDown(err) {
			if err != nil {
				o.p.r.t.Errorf("%s: %v", sql, err)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func isDown(err error) bool {
	text := err.Error()
	return slices.ContainsFunc([]string{"connect", "EOF", "reset", "57P", "closed", "broken pipe", "deadline"}, func(s string) bool { return strings.Contains(text, s) })
}

// work makes a set every two seconds until it is stopped.
func (o *owed) work(stop <-chan struct{}) {
	for pace := time.NewTicker(2 * time.Second); ; {
		o.set()
		select {
		case <-stop:
			pace.Stop()
			return
		case <-pace.C:
		}
	}
}

func (o *owed) set() {
	o.alone = append(o.alone, number(o.incident()["id"]))
	i := o.incident()
	if status := o.seen(i, "waves", object{}); status != 200 {
		panic(fmt.Sprintf("begin waves: %d", status))
	}
	o.waved = append(o.waved, number(i["id"]))
	offer, _ := o.answered("later", object{"minutes": 1, "on_behalf": true})
	o.exec(`update offer set expires_at = now() + interval '3 seconds' where id = $1 and state = 'later' and expires_at > now() + interval '10 seconds'`, offer)
	o.later = append(o.later, offer)
	if len(o.alone)%3 > 0 {
		return
	}
	_, accepted := o.answered("accept", object{"on_behalf": true})
	as := accepted["assignment"].(object)
	o.insist("POST", fmt.Sprintf("/api/v1/assignments/%d/on-scene", number(as["id"])), object{"on_behalf": true})
	o.hurryWelfare(3 * time.Second)
	o.assigned = append(o.assigned, number(as["id"]))
}

func (o *owed) hurryWelfare(in time.Duration) {
	o.exec(`update assignment a set welfare_at = now() + $2::interval from incident i where i.id = a.incident_id and i.type_code = $1 and a.welfare_at > now() + interval '10 seconds'`,
		clockType, in)
}

func (o *owed) incident() object {
	o.incidents++
	return o.insist("POST", "/api/v1/incidents", object{"type_code": clockType, "lon": o.lon, "lat": o.lat, "verified": true})
}

func (o *owed) at(i object, rest string) string {
	return fmt.Sprintf("/api/v1/incidents/%d/%s", number(i["id"]), rest)
}

// sent offers a new incident to the next of the crew who can go, and gives the offer.
func (o *owed) sent() int64 {
	i := o.incident()
	for range o.crew {
		who := o.crew[o.next%len(o.crew)]
		o.next++
		if o.seen(i, "offers", object{"responder_ids": []any{who}, "reason": "就近"}) == 201 {
			return number(o.detail(i)["offers"].([]any)[0].(object)["id"])
		}
	}
	panic("nobody can be sent")
}

// answered answers an offer; where kills and load were slower than the offer's time,
// another.
func (o *owed) answered(step string, body object) (offer int64, out object) {
	for {
		offer = o.sent()
		status, out := o.ask("POST", fmt.Sprintf("/api/v1/offers/%d/%s", offer, step), body)
		switch {
		case status < 300:
			return offer, out
		case out["code"] != "illegal_transition":
			panic(fmt.Sprintf("%s an offer: %d %v", step, status, out))
		}
	}
}

// seen sends a command on an incident at the version it has now: the clock may have
// moved it.
func (o *owed) seen(i object, what string, body object) (status int) {
	for {
		body["version"] = i["version"]
		status, out := o.ask("POST", o.at(i, what), body)
		if out["code"] != "version_conflict" {
			return status
		}
		i = o.detail(i)["incident"].(object)
	}
}

func (o *owed) detail(i object) object {
	return o.insist("GET", strings.TrimSuffix(o.at(i, ""), "/"), nil)
}

// insist asks until it is done.
func (o *owed) insist(method, path string, body object) object {
	status, out := o.ask(method, path, body)
	if status >= 300 {
		panic(fmt.Sprintf("%s %s: %d %v", method, path, status, out))
	}
	return out
}

// ask sends one command under one key until it has an answer.
func (o *owed) ask(method, path string, body object) (int, object) {
	key := uuid.NewString()
	raw, _ := json.Marshal(body)
	for {
		req, err := http.NewRequest(method, o.p.r.base+path, strings.NewReader(string(raw)))
		if err != nil {
			panic(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
		if res, err := o.p.client.Do(req); err == nil {
			out := object{}
			err = json.NewDecoder(res.Body).Decode(&out)
			_ = res.Body.Close()
			if err == nil && res.StatusCode < 500 && res.StatusCode != 429 && out["code"] != "in_flight" {
				return res.StatusCode, out
			}
		}
		o.repeats.Add(1)
		time.Sleep(50 * time.Millisecond)
	}
}

// settled waits until the clock has done all that is due; what would be due much
// later is brought forward.
func (o *owed) settled(t *testing.T) {
	t.Helper()
	const open = `select (select count(*) from offer o join incident i on i.id = o.incident_id where i.type_code = $1 and o.state in ('offered', 'seen', 'later'))
		+ (select count(*) from incident where type_code = $1 and (wave_at is not null or ladder_at is not null and ladder_at < now() + interval '30 seconds'))
		+ (select count(*) from assignment a join incident i on i.id = a.incident_id where i.type_code = $1 and a.welfare_at is not null)
		+ (select count(*) from event_pending)`
	for deadline := time.Now().Add(90 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		o.exec(`update offer o set expires_at = now() + interval '1 second' from incident i where i.id = o.incident_id and i.type_code = $1
			and o.state in ('offered', 'seen', 'later') and o.expires_at > now() + interval '2 seconds'`, clockType)
		o.hurryWelfare(0)
		left := o.count(t, open, clockType)
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the clock still owes %d", left)
		}
	}
}

func (o *owed) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	if err := o.db.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// once holds the log against what the clock owed: each exactly once.
func (o *owed) once(t *testing.T) {
	t.Helper()
	for _, want := range []struct {
		what string
		ids  []int64
		sql  string // the ids of those of which something was not done exactly as often as it should
	}{
		{"left alone, both levels told once", o.alone, `select i.id from incident i where i.id = any($1) and (
			(select array_agg(e.level order by e.id) from escalation e where e.incident_id = i.id and e.why = 'lasts') is distinct from '{street,district}'::text[]
			or (select count(*) from event e where e.incident_id = i.id and e.kind = 'incident.escalated') <> 2)`},
		{"each wave sent once, and said once that nobody is left", o.waved, `select i.id from incident i where i.id = any($1) and (
			(select array_agg(e.data->>'round' order by e."offset") from event e where e.incident_id = i.id and e.kind = 'incident.wave' and e.data->>'wanted' <> '0') is distinct from '{1,2}'::text[]
			or (select count(*) from event e where e.incident_id = i.id and e.kind = 'incident.short') <> 1
			or (select array_agg(e.level order by e.id) from escalation e where e.incident_id = i.id and e.state = 'dispatching') is distinct from '{street,district}'::text[])`},
		{"silent people's offers ended once", o.waved, `select o.id from offer o where o.incident_id = any($1) and (o.state not in ('expired', 'withdrawn')
			or (select count(*) from event e where e.incident_id = o.incident_id and e.noun = 'offer' and e.noun_id = o.id and e.kind in ('offer.expired', 'offer.withdrawn')) <> 1)`},
		{"asked again once, and expired once", o.later, `select o.id from offer o where o.id = any($1) and
			(select array_agg(e.kind order by e."offset") from event e where e.incident_id = o.incident_id and e.noun = 'offer' and e.noun_id = o.id)
			is distinct from '{offer.offered,offer.later,offer.reminded,offer.expired}'::text[]`},
		{"asked twice whether they are all right, and one alarm", o.assigned, `select a.id from assignment a where a.id = any($1) and
			((select array_agg(coalesce(e.data->>'try', '')||e.kind order by e."offset") from event e where e.incident_id = a.incident_id and e.noun = 'assignment' and e.noun_id = a.id and e.kind ~ 'welfare|silent')
			is distinct from '{1assignment.welfare_asked,2assignment.welfare_asked,2assignment.silent}'::text[]
			or (select count(*) from event e where e.incident_id = a.incident_id and e.kind = 'alarm.raised') <> 1)`},
	} {
		rows, err := o.db.Query(t.Context(), want.sql, want.ids)
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(want.ids) == 0 || len(wrong) > 0 {
			t.Errorf("%s: not so for %v of %d, %v; the log: %v", want.what, wrong, len(want.ids), err, o.log(t, wrong))
		}
	}
	if twice := o.count(t, `select count(*) from (select from event group by noun, noun_id, noun_version, kind, data having count(*) > 1 and noun in ('offer', 'assignment', 'alarm')) x`); twice > 0 {
		t.Errorf("%d steps are in the log twice", twice)
	}
}

// log gives what the log says of the first of some things.
func (o *owed) log(t *testing.T, ids []int64) (list []string) {
	t.Helper()
	if len(ids) == 0 {
		return nil
	}
	rows, err := o.db.Query(t.Context(), `select concat_ws(' ', at, kind, noun_id, data) from event where $1 in (incident_id, noun_id) and noun in ('incident', 'offer', 'assignment', 'alarm') order by "offset"`, ids[0])
	if err == nil {
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		t.Error(err)
	}
	return list
}

// late says how late deadlines were met, of offers and of levels to be told: those
// in the way of which something was killed apart. None is met later than 20 s.
func (o *owed) late(t *testing.T) {
	t.Helper()
	rows, err := o.db.Query(t.Context(), `select o.expires_at, e.at from offer o join incident i on i.id = o.incident_id and i.type_code = $1
			join event e on e.incident_id = i.id and e.noun = 'offer' and e.noun_id = o.id and e.kind = 'offer.expired'
		union all select i.reported_at + interval '3 seconds' * row_number() over (partition by i.id order by x.id), x.told_at
			from escalation x join incident i on i.id = x.incident_id where i.id = any($2)`, clockType, o.alone)
	if err != nil {
		t.Fatal(err)
	}
	var up, down []time.Duration
	var due, done time.Time
	if _, err := pgx.ForEachRow(rows, []any{&due, &done}, func() error {
		if slices.ContainsFunc(o.down, func(d [2]time.Time) bool { return done.After(d[0]) && due.Before(d[1].Add(time.Second)) }) {
			down = append(down, done.Sub(due))
		} else {
			up = append(up, done.Sub(due))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, l := range []struct {
		what string
		late []time.Duration
	}{{"nothing was killed", up}, {"something was killed", down}} {
		if len(l.late) == 0 {
			continue
		}
		slices.Sort(l.late)
		p := func(q int) time.Duration { return l.late[(len(l.late)-1)*q/100].Round(time.Millisecond) }
		t.Logf("%d deadlines while %s: median %s late, p99 %s, at most %s", len(l.late), l.what, p(50), p(99), p(100))
		if p(100) > 20*time.Second {
			t.Errorf("a deadline while %s was met %s late", l.what, p(100))
		}
	}
}
