package postgres

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"yiping/server/dispatch"
)

// walk drives the engine on its database at random: two fires at a time, seven
// people, a desk and the clock.
type walk struct {
	*fixture
	clock  *hand
	people []dispatch.Actor
	fires  []int64
	said   int // what was done and not refused
}

// TestEngineWalk: whatever people, the desk and the clock do in whichever order, no
// quota is exceeded, nobody is on two tasks or asked twice, clocks run where they
// should and nowhere else, whoever stands by is called when a place is free, and the
// log has each change once.
func TestEngineWalk(t *testing.T) { engineWalk(t, 4) }

func engineWalk(t *testing.T, walks int) {
	clock := &hand{}
	w := &walk{fixture: newFixtureAt(t, clock.now), clock: clock}
	w.exec(`update plan set quota = 2, over_offer = 1.5, offer_seconds = 60, welfare_seconds = 300, waves = '[{"rings": 1, "seconds": 90}, {"rings": 12, "seconds": 90}]',
		ladder = '[{"level": "street", "seconds": 300}, {"level": "district", "seconds": 900}]' where type_code = 'fire'`)
	w.people = append(w.crew(4, 121.0505), w.crew(3, 121.07)...)
	w.exec(`update duty set period = tstzrange(now() - interval '1 hour', now() + interval '90 days')`)
	setFlag(t, "rapid.checks", fmt.Sprint(walks))
	setFlag(t, "rapid.steps", "80")
	rapid.Check(t, func(r *rapid.T) {
		w.fires = []int64{w.verified().ID, w.verified().ID}
		for _, id := range w.fires {
			w.must(w.svc.BeginWaves(everywhere(t), w.as(w.desk, "waves"), id, w.incident(id).Version))
		}
		r.Repeat(map[string]func(*rapid.T){
			"begin": w.begin, "answer": w.someAnswer, "answer again": w.someAnswer, "advance": w.someAdvance, "advance more": w.someAdvance,
			"withdraw": w.someWithdraw, "edit": w.someEdit, "check": w.someCheck, "time": w.time, "more time": w.time, "": w.holds,
		})
		for _, id := range w.fires {
			if i := w.incident(id); !i.State.Terminal() {
				w.must(w.svc.Cancel(everywhere(t), w.as(w.chief, "cancel"), id, i.Version, "演练结束"))
			}
		}
		w.holds(r)
	})
	if t.Logf("%d commands were not refused", w.said); w.said < 3*walks {
		t.Error("hardly anything was done")
	}
}

// setFlag sets a flag for the time of a test.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	was := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, was) })
}

// taken takes a refusal that a person may be given; any other error is one.
func (w *walk) taken(r *rapid.T, err error) {
	switch dispatch.CodeOf(err) {
	case "":
		w.said++
	case dispatch.CodeIllegalTransition, dispatch.CodeAlreadyAssigned, dispatch.CodeNoWaves:
	default:
		r.Fatal(err)
	}
}

func (w *walk) fire(r *rapid.T) dispatch.Incident {
	return w.incident(rapid.SampledFrom(w.fires).Draw(r, "fire"))
}

func (w *walk) begin(r *rapid.T) {
	i := w.fire(r)
	_, err := w.svc.BeginWaves(everywhere(w.t), w.as(w.desk, "waves"), i.ID, i.Version)
	w.taken(r, err)
}

// someOffer gives an offer with whom it asks, most times one that waits for an answer.
func (w *walk) someOffer(r *rapid.T) (dispatch.Actor, dispatch.Offer) {
	var list, open []dispatch.Offer
	for _, o := range w.offersOf(w.fire(r).ID) {
		list = append(list, o)
		if o.State.Open() {
			open = append(open, o)
		}
	}
	if len(open) > 0 && rapid.IntRange(0, 3).Draw(r, "any") > 0 {
		list = open
	}
	if len(list) == 0 {
		r.Skip("nobody was asked")
	}
	slices.SortFunc(list, func(a, b dispatch.Offer) int { return int(a.ID - b.ID) })
	o := rapid.SampledFrom(list).Draw(r, "offer")
	return w.people[slices.IndexFunc(w.people, func(p dispatch.Actor) bool { return p.ResponderID == o.ResponderID })], o
}

func (w *walk) someAnswer(r *rapid.T) {
	who, o := w.someOffer(r)
	step := rapid.SampledFrom([]string{"seen", "accept", "accept", "decline", "later"}).Draw(r, "step")
	_, err := w.svc.AnswerOffer(self(w.t, who), w.as(who, step), o.ID, dispatch.Answer{Step: step, Minutes: rapid.IntRange(1, 10).Draw(r, "minutes")})
	w.taken(r, err)
}

func (w *walk) someWithdraw(r *rapid.T) {
	_, o := w.someOffer(r)
	_, err := w.svc.AnswerOffer(everywhere(w.t), w.as(w.desk, "withdraw"), o.ID, dispatch.Answer{Step: "withdraw", Reason: "不需要了"})
	w.taken(r, err)
}

func (w *walk) someAdvance(r *rapid.T) {
	d, err := w.store.IncidentDetail(everywhere(w.t), w.fire(r).ID)
	if err != nil {
		r.Fatal(err)
	}
	if len(d.Assignments) == 0 {
		r.Skip("nobody is on it")
	}
	slices.SortFunc(d.Assignments, func(a, b dispatch.Assignment) int { return int(a.ID - b.ID) })
	a := rapid.SampledFrom(d.Assignments).Draw(r, "assignment")
	who := w.people[slices.IndexFunc(w.people, func(p dispatch.Actor) bool { return p.ResponderID == a.ResponderID })]
	step := rapid.SampledFrom([]string{"en_route", "on_scene", "on_scene", "done", "release"}).Draw(r, "step")
	_, err = w.svc.Advance(self(w.t, who), w.as(who, step), a.ID, dispatch.Progress{Step: step})
	w.taken(r, err)
}

func (w *walk) someEdit(r *rapid.T) {
	i, words := w.fire(r), fmt.Sprint("说明", w.keys)
	_, err := w.svc.Change(everywhere(w.t), w.as(w.desk, "edit"), i.ID, i.Version, dispatch.Edit{Summary: &words})
	w.taken(r, err)
	if now := w.incident(i.ID); !now.StateSince.Equal(i.StateSince) || (i.LadderAt == nil) != (now.LadderAt == nil) || i.LadderAt != nil && !now.LadderAt.Equal(*i.LadderAt) {
		r.Fatalf("an edit moved the ladder from %v to %v", i.LadderAt, now.LadderAt)
	}
}

func (w *walk) someCheck(r *rapid.T) {
	i := w.fire(r)
	var err error
	if rapid.Bool().Draw(r, "reopen") {
		_, err = w.svc.Reopen(everywhere(w.t), w.as(w.chief, "reopen"), i.ID, i.Version, "又起火了")
	} else {
		passed := rapid.Bool().Draw(r, "passed")
		_, err = w.svc.Check(everywhere(w.t), w.as(w.chief, "check"), i.ID, i.Version, passed, "看过了")
	}
	w.taken(r, err)
}

// time passes, and the clock's jobs do what is due, each on two nodes.
func (w *walk) time(r *rapid.T) {
	w.clock.turn(time.Duration(rapid.IntRange(1, 400).Draw(r, "seconds")) * time.Second)
	for range 4 { // what one does may make another due at once
		w.expire()
		w.send()
		w.twice(w.svc.ClimbLadders)
		w.twice(w.svc.CheckWelfare)
	}
	now := w.store.now()
	for what, sql := range map[string]string{
		"an offer":        `select count(*) from offer where state in ('offered', 'seen', 'later') and expires_at <= $1`,
		"a wave":          `select count(*) from incident where wave_at <= $1`,
		"a level":         `select count(*) from incident where ladder_at <= $1`,
		"a welfare check": `select count(*) from assignment where welfare_at <= $1`,
	} {
		if n := w.number(sql, now); n > 0 {
			r.Fatalf("%s is still due", what)
		}
	}
}

// holds looks for what must never be.
func (w *walk) holds(r *rapid.T) {
	const (
		taken = `(select count(*) from assignment a where a.incident_id = i.id and a.task = 'direct'
			and (a.state in ('accepted', 'en_route', 'on_scene') or a.state = 'done' and a.accepted_at >= i.round_at))`
		asked = `(select count(*) from offer o where o.incident_id = i.id and o.task = 'direct' and o.state in ('offered', 'seen'))`
	)
	for what, sql := range map[string]string{
		"more than the quota":            `select id from incident i where i.id = any($1) and ` + taken + ` > i.quota`,
		"on two tasks":                   `select responder_id from assignment where $1::bigint[] is not null and state in ('accepted', 'en_route', 'on_scene') group by 1 having count(*) > 1`,
		"asked twice":                    `select responder_id from offer where incident_id = any($1) group by incident_id, responder_id having count(*) > 1`,
		"asked while at work":            `select o.id from offer o join assignment a using (responder_id) where o.incident_id = any($1) and o.state in ('offered', 'seen', 'later', 'standby') and a.state in ('accepted', 'en_route', 'on_scene')`,
		"asked for what is over":         `select o.id from offer o join incident i on i.id = o.incident_id where i.id = any($1) and i.state not in ('dispatching', 'handling') and o.state in ('offered', 'seen', 'later', 'standby')`,
		"waves of what needs nobody":     `select i.id from incident i where i.id = any($1) and i.wave_at is not null and (i.state not in ('dispatching', 'handling') or ` + taken + ` >= i.quota)`,
		"standing by at a free place":    `select i.id from incident i where i.id = any($1) and i.state in ('dispatching', 'handling') and i.quota - ` + taken + ` > ` + asked + ` and exists (select from offer o where o.incident_id = i.id and o.state = 'standby')`,
		"handled by nobody":              `select i.id from incident i where i.id = any($1) and i.state = 'handling' and not exists (select from assignment a where a.incident_id = i.id and a.state in ('accepted', 'en_route', 'on_scene'))`,
		"at work on what is not handled": `select a.id from assignment a join incident i on i.id = a.incident_id where i.id = any($1) and a.state in ('accepted', 'en_route', 'on_scene') and i.state <> 'handling'`,
		"asked off the scene":            `select a.id from assignment a where a.incident_id = any($1) and a.welfare_at is not null and a.state <> 'on_scene'`,
		"an answer without a clock":      `select o.id from offer o where o.incident_id = any($1) and o.state in ('accepted', 'declined', 'later', 'standby') and o.answered_at is null`,
		"the ladder stands elsewhere": `select i.id from incident i join plan p on p.id = i.plan_id where i.id = any($1) and i.ladder_at is distinct from case
			when i.state in ('closed', 'cancelled', 'rejected', 'merged') then null else i.state_since + interval '1 second' * (p.ladder->i.ladder_rung->>'seconds')::int end`,
		"a change the log does not have": `select o.id from offer o where o.incident_id = any($1) and o.version <>
			(select count(*) from event_pending e where e.noun = 'offer' and e.noun_id = o.id) + (select count(*) from event e where e.incident_id = o.incident_id and e.noun = 'offer' and e.noun_id = o.id)`,
	} {
		rows, err := w.owner.Query(w.t.Context(), sql, w.fires)
		if err != nil {
			r.Fatal(err)
		}
		var ids []int64
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				r.Fatal(err)
			}
			ids = append(ids, id)
		}
		if rows.Err() != nil || len(ids) > 0 {
			r.Fatalf("%s: %v, %v", what, slices.Compact(ids), rows.Err())
		}
	}
}
