package postgres

import (
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// atOnce runs n functions that start together and gives their errors.
func atOnce(n int, do func(k int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for k := range n {
		wg.Go(func() {
			<-start
			errs[k] = do(k)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// TestOneAssignmentOfTwoHundred: two hundred dispatchers ask one person for two
// hundred incidents at once, and then record the acceptance at once, all with
// connections cut at COMMIT. Exactly one has them, the others are told so, and
// some order of all that was asked explains what was heard.
func TestOneAssignmentOfTwoHundred(t *testing.T) {
	const n = 200
	f := newFixture(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	desks, incidents := make([]dispatch.Actor, n), make([]dispatch.Incident, n)
	for k := range n {
		desks[k], incidents[k] = f.account("席", dispatch.RoleDispatcher, f.street.ID, 0), f.verified()
	}
	cut, h := f.cutting(6), newHistory()
	atOnce(n, func(k int) error {
		i, send := incidents[k], f.as(desks[k], "send")
		h.record(k, question{"send", i.ID}, func() heard {
			return f.told(k, saidSent, func() (dispatch.Outcome, error) {
				return f.svc.Send(everywhere(t), send, i.ID, i.Version, []int64{one.ResponderID}, "竞争")
			})
		})
		return nil
	})
	cutBothWays(t, cut)
	got := make([]heard, n)
	atOnce(n, func(k int) error {
		got[k] = f.recordAcceptance(h, k, desks[k], incidents[k].ID)
		return nil
	})
	if open := f.number(`select count(*) from offer where state in ('offered', 'seen', 'later')`); open != 0 {
		t.Errorf("%d offers are open", open)
	}
	var has []int64
	if err := f.owner.QueryRow(t.Context(), `select array_agg(incident_id) from assignment where state = 'accepted'`).Scan(&has); err != nil || len(has) != 1 {
		t.Fatalf("assigned to %v, %v", has, err)
	}
	if told := f.toldOf("assignment.accepted"); told != 1 {
		t.Errorf("told %d times", told)
	}
	for k, s := range got {
		if s == saidAssigned && incidents[k].ID != has[0] {
			t.Errorf("acknowledged for incident %d, and %d has them", incidents[k].ID, has[0])
		}
	}
	h.learn(func(_ int, q question) heard {
		if q.what == "accept" && q.incident == has[0] {
			return saidAssigned
		}
		if q.what == "send" && f.number(`select count(*) from offer where incident_id = $1`, q.incident) == 1 {
			return saidSent
		}
		return saidNothing
	})
	h.record(n, question{"look", has[0]}, func() heard { return "" })
	h.check(t, responderModel)
}

// recordAcceptance says for somebody that they accept what was offered of an
// incident, and gives what came of it; nothing was offered where the one who
// asked gave up, and it had not happened.
func (f *fixture) recordAcceptance(h *history, k int, desk dispatch.Actor, incidentID int64) heard {
	var offerID int64
	err := f.owner.QueryRow(f.t.Context(), `select id from offer where incident_id = $1`, incidentID).Scan(&offerID)
	if errors.Is(err, pgx.ErrNoRows) && k%10 == 0 {
		return saidNothing
	}
	if err != nil {
		f.t.Errorf("the offer of incident %d was acknowledged: %v", incidentID, err)
	}
	accept := f.as(desk, "accept")
	return h.record(k, question{"accept", incidentID}, func() heard {
		return f.told(k, saidAssigned, func() (dispatch.Outcome, error) {
			return f.svc.AnswerOffer(everywhere(f.t), accept, offerID, dispatch.Answer{Step: "accept", OnBehalf: true})
		})
	})
}

// toldOf counts the events of a kind, whether they are in the log yet or not.
func (f *fixture) toldOf(kind string) int {
	f.t.Helper()
	return f.number(`select (select count(*) from event_pending where kind = $1) + (select count(*) from event where kind = $1)`, kind)
}

// told repeats a command until it has an answer; every tenth client gives up
// where it hears nothing, every third asks again although it has heard.
func (f *fixture) told(k int, yes heard, do func() (dispatch.Outcome, error)) heard {
	out, err := do()
	if dispatch.CodeOf(err) == dispatch.CodeUnavailable && k%10 == 0 {
		return saidNothing
	}
	if dispatch.CodeOf(err) == dispatch.CodeUnavailable {
		out, err = insist(do)
	}
	switch dispatch.CodeOf(err) {
	case "":
	case dispatch.CodeIllegalTransition, dispatch.CodeAlreadyAssigned:
		return saidRefused
	default:
		f.t.Errorf("client %d: %v", k, err)
		return saidRefused
	}
	if k%3 == 0 {
		if again, err := insist(do); err != nil || !again.Replayed || again.ID != out.ID {
			f.t.Errorf("client %d heard %+v, and again %+v, %v", k, out, again, err)
		}
	}
	return yes
}

func cutBothWays(t *testing.T, c *cuts) {
	t.Helper()
	t.Logf("%d connections cut before COMMIT, %d after", c.before.Load(), c.after.Load())
	if c.before.Load() == 0 || c.after.Load() == 0 {
		t.Error("nothing was cut")
	}
}

// TestFiveOfFifty: fifty people accept an incident that needs five, at once, with
// connections cut at COMMIT. Exactly five have it, whoever else was answered stands
// by.
func TestFiveOfFifty(t *testing.T) { fiveOf(t, 50) }

func fiveOf(t *testing.T, n int) {
	const quota = 5
	f := newFixture(t)
	f.exec(`update plan set quota = $1 where type_code = 'fire'`, quota)
	people, offers, incident := f.crowdAsked(n)
	cut, h := f.cutting(6), newHistory()
	got := make([]heard, n)
	atOnce(n, func(k int) error {
		ctx, accept := self(t, people[k]), f.as(people[k], "accept")
		got[k] = h.record(k, question{"accept", incident}, func() heard {
			s := f.told(k, saidAssigned, func() (dispatch.Outcome, error) {
				return f.svc.AnswerOffer(ctx, accept, offers[k], dispatch.Answer{Step: "accept"})
			})
			if s != saidAssigned {
				return s
			}
			return f.standsAs(offers[k])
		})
		return nil
	})
	cutBothWays(t, cut)
	h.learn(func(client int, _ question) heard {
		if s := f.standsAs(offers[client]); s != saidRefused {
			return s
		}
		return saidNothing
	})
	h.record(n, question{"look", incident}, func() heard { return "" })
	h.check(t, quotaModel(quota))
	counts := map[heard]int{}
	for k, s := range got {
		counts[s]++
		if s != saidNothing && s != f.standsAs(offers[k]) {
			t.Errorf("acknowledged as %s, and now %s", s, f.standsAs(offers[k]))
		}
	}
	taken, events := f.number(`select count(*) from assignment where state = 'accepted'`), f.toldOf("assignment.accepted")
	if taken != quota || events != quota || counts[saidRefused] > 0 {
		t.Fatalf("%d assigned, told %d times, heard %v", taken, events, counts)
	}
	t.Logf("heard %v", counts)
}

// standsAs gives what an offer has come to.
func (f *fixture) standsAs(offerID int64) heard {
	var state dispatch.OfferState
	var assigned bool
	if err := f.owner.QueryRow(f.t.Context(), `select o.state, exists (select from assignment a where a.offer_id = o.id and a.state = 'accepted') from offer o where o.id = $1`,
		offerID).Scan(&state, &assigned); err != nil {
		f.t.Error(err)
	}
	switch {
	case state == dispatch.OfferAccepted && assigned:
		return saidAssigned
	case state == dispatch.OfferStandby && !assigned:
		return saidStandby
	}
	return saidRefused
}

// crowdAsked asks a crowd for one fire and gives the people with their offers.
func (f *fixture) crowdAsked(n int) (people []dispatch.Actor, offers []int64, incident int64) {
	f.t.Helper()
	ids := f.crowd(n)
	f.exec(`insert into account (username, display_name, password_hash, responder_id) select 'crowd' || id, '群众', '', id from responder where id = any($1)`, ids)
	f.exec(`insert into account_role (account_id, role, area_id) select id, $1, $2 from account where responder_id = any($3)`, dispatch.RoleResponder, f.west.ID, ids)
	if err := f.svc.RefreshForces(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	i := f.verified()
	f.must(f.svc.Send(everywhere(f.t), f.as(f.desk, "send"), i.ID, i.Version, ids, "全部"))
	type row struct{ AccountID, ResponderID, OfferID int64 }
	rows, err := many[row](f.t.Context(), f.owner, `select a.id as account_id, o.responder_id, o.id as offer_id from offer o join account a on a.responder_id = o.responder_id order by o.id`)
	if err != nil || len(rows) != n {
		f.t.Fatalf("%d offers, %v", len(rows), err)
	}
	for _, r := range rows {
		people = append(people, dispatch.Actor{AccountID: r.AccountID, ResponderID: r.ResponderID, Name: "群众", Grants: []dispatch.Grant{{Role: dispatch.RoleResponder, AreaID: f.west.ID}}})
		offers = append(offers, r.OfferID)
	}
	return people, offers, i.ID
}

// TestARepeatedCommandHasOneEffect: the same key ten times at once and again
// afterwards makes one incident; the same key for something else is refused.
func TestARepeatedCommandHasOneEffect(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	command := dispatch.Command{Actor: f.desk, Key: "one-key", Name: "incident.create", Payload: []byte(`{"a":1}`)}
	take := func(c dispatch.Command) (dispatch.Outcome, error) {
		return f.svc.TakeIn(ctx, c, dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})
	}
	for _, err := range atOnce(10, func(int) error { _, err := take(command); return err }) {
		if err != nil && dispatch.CodeOf(err) != dispatch.CodeInFlight {
			t.Errorf("got %v", err)
		}
	}
	again, err := take(command)
	if err != nil || !again.Replayed {
		t.Fatalf("repeated: %+v, %v", again, err)
	}
	var made int
	if err := f.owner.QueryRow(ctx, `select count(*) from incident`).Scan(&made); err != nil || made != 1 {
		t.Fatalf("%d incidents, %v", made, err)
	}
	command.Payload = []byte(`{"a":2}`)
	if _, err := take(command); dispatch.CodeOf(err) != dispatch.CodeKeyReused {
		t.Fatalf("another payload: %v", err)
	}
}
