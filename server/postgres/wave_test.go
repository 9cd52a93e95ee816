package postgres

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// hand is a clock that a test turns by hand.
type hand struct{ ahead atomic.Int64 }

func (h *hand) now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond).Add(time.Duration(h.ahead.Load()))
}

func (h *hand) turn(by time.Duration) { h.ahead.Add(int64(by)) }

// crew puts people in a row east of the fixture's fire, some 90 m apart.
func (f *fixture) crew(n int, from float64) []dispatch.Actor {
	f.t.Helper()
	people := make([]dispatch.Actor, n)
	for k := range people {
		people[k] = f.responder(fmt.Sprintf("员%v-%d", from, k), orb.Point{from + float64(k)*0.001, 38.05}, "fire_rescue")
	}
	return people
}

// answer lets somebody answer what they were offered of an incident.
func (f *fixture) answer(who dispatch.Actor, id int64, a dispatch.Answer) dispatch.Offer {
	f.t.Helper()
	o, was := f.offersOf(id)[who.ResponderID]
	if !was {
		f.t.Fatalf("%s was not asked", who.Name)
	}
	f.must(f.svc.AnswerOffer(self(f.t, who), f.as(who, a.Step), o.ID, a))
	return f.offersOf(id)[who.ResponderID]
}

// states gives the states of an incident's offers to some people, - for none.
func (f *fixture) states(id int64, people []dispatch.Actor) (out []string) {
	f.t.Helper()
	offers := f.offersOf(id)
	for _, p := range people {
		if o, was := offers[p.ResponderID]; was {
			out = append(out, string(o.State))
		} else {
			out = append(out, "-")
		}
	}
	return out
}

// TestWaves: a wave asks as many as the plan says within its rings; a refusal is
// made up for when too few are left to wait for; silence costs the wave's time and
// no more; the next wave reaches farther; at quota the rest are thanked.
func TestWaves(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	ctx := everywhere(t)
	f.exec(`update plan set quota = 2, over_offer = 1.5, offer_seconds = 60, waves = '[{"rings": 1, "seconds": 90}, {"rings": 12, "seconds": 90}]',
		ladder = '[{"level": "street", "seconds": 900}]' where type_code = 'fire'`)
	near, far := f.crew(4, 121.0505), f.crew(3, 121.07)
	i := f.verified()
	f.must(f.svc.BeginWaves(ctx, f.as(f.desk, "waves"), i.ID, i.Version))
	if got := fmt.Sprint(f.states(i.ID, near), f.states(i.ID, far)); got != "[offered offered offered -] [- - -]" {
		t.Fatalf("the first wave: %s", got)
	}
	began := f.incident(i.ID)
	if began.State != dispatch.IncidentDispatching || began.WaveRound != 1 || began.WaveAt == nil {
		t.Fatalf("after the first wave %+v", began)
	}

	// One refuses: two are still waited for. Another refuses: the next wave need not wait.
	f.answer(near[0], i.ID, dispatch.Answer{Step: "decline"})
	f.send()
	if now := f.incident(i.ID); now.WaveRound != 1 {
		t.Fatalf("one refusal of three sent wave %d", now.WaveRound)
	}
	f.answer(near[1], i.ID, dispatch.Answer{Step: "decline"})
	f.send()
	if got := fmt.Sprint(f.states(i.ID, near), f.states(i.ID, far)); got != "[declined declined offered offered] [offered - -]" {
		t.Fatalf("the second wave: %s", got)
	}

	// One takes it, the others stay silent: their time is up before the wave's.
	f.answer(near[3], i.ID, dispatch.Answer{Step: "accept"})
	clock.turn(61 * time.Second)
	f.expire()
	if got := fmt.Sprint(f.states(i.ID, near), f.states(i.ID, far)); got != "[declined declined expired accepted] [expired - -]" {
		t.Fatalf("after the silence: %s", got)
	}
	// Behind the last wave of the plan the next level is told, once.
	f.send()
	f.send()
	d, err := f.store.IncidentDetail(ctx, i.ID)
	if err != nil || len(d.Escalations) != 1 || d.Escalations[0].Why != dispatch.EscalationShort || d.Incident.WaveAt != nil {
		t.Fatalf("nobody left to ask: %+v, %v", d.Escalations, err)
	}
}

// TestStandby: who accepts when there are enough stands by, a moment too late as
// well, and is called when somebody leaves.
func TestStandby(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	ctx := everywhere(t)
	f.exec(`update plan set quota = 1, over_offer = 3, offer_seconds = 60 where type_code = 'fire'`)
	people := f.crew(3, 121.0505)
	i := f.verified()
	f.must(f.svc.BeginWaves(ctx, f.as(f.desk, "waves"), i.ID, i.Version))
	f.answer(people[0], i.ID, dispatch.Answer{Step: "accept"})
	offers := f.offersOf(i.ID)
	for _, p := range people[1:] {
		if o := offers[p.ResponderID]; o.State != dispatch.OfferWithdrawn || o.EndedFor != dispatch.EndedQuota {
			t.Fatalf("at quota: %s for %q", o.State, o.EndedFor)
		}
	}
	if now := f.incident(i.ID); now.WaveAt != nil {
		t.Fatal("waves go on at quota")
	}
	if m := f.mine(people[2]); len(m.Offers) != 0 || len(m.Thanked) != 1 || m.Thanked[0].IncidentID != i.ID || !m.Thanked[0].Open {
		t.Fatalf("whom there is no need of is told %+v", m.Thanked)
	}
	if o := f.answer(people[2], i.ID, dispatch.Answer{Step: "accept"}); o.State != dispatch.OfferStandby {
		t.Fatalf("willing a moment late: %s", o.State)
	}
	if m := f.mine(people[2]); len(m.Offers) != 1 || len(m.Thanked) != 0 {
		t.Fatalf("who stands by is told %+v and %+v", m.Offers, m.Thanked)
	}
	a, err := f.store.AssignmentOfOffer(ctx, offers[people[0].ResponderID].ID)
	if err != nil {
		t.Fatal(err)
	}
	f.must(f.svc.Advance(ctx, f.as(f.desk, "release"), a.ID, dispatch.Progress{Step: "release", Reason: "车坏了"}))
	if got := fmt.Sprint(f.states(i.ID, people)); got != "[accepted withdrawn offered]" {
		t.Fatalf("after somebody left: %s", got)
	}
	if o := f.answer(people[2], i.ID, dispatch.Answer{Step: "accept"}); o.State != dispatch.OfferAccepted {
		t.Fatalf("called, and %s", o.State)
	}
}

// TestLaterCountsFromThen: they are asked again at the time they named, and have
// the whole time to answer from there.
func TestLaterCountsFromThen(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	ctx := everywhere(t)
	f.exec(`update plan set offer_seconds = 60`)
	one := f.crew(1, 121.0505)[0]
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""))
	o := f.answer(one, i.ID, dispatch.Answer{Step: "later", Minutes: 10})
	clock.turn(9 * time.Minute)
	f.expire()
	if now := f.offersOf(i.ID)[one.ResponderID]; now.State != dispatch.OfferLater {
		t.Fatalf("before the time: %s", now.State)
	}
	clock.turn(time.Minute)
	f.expire()
	again := f.offersOf(i.ID)[one.ResponderID]
	if again.State != dispatch.OfferOffered || again.ID != o.ID || again.ExpiresAt.Sub(f.store.now()) < 50*time.Second {
		t.Fatalf("at the time: %+v", again)
	}
	clock.turn(61 * time.Second)
	f.expire()
	if now := f.offersOf(i.ID)[one.ResponderID]; now.State != dispatch.OfferExpired {
		t.Fatalf("silent again: %s", now.State)
	}
}

// TestSentFirst: where the plan says so people are sent to what is not verified
// yet; verifying it later leaves them where they are. Elsewhere it is refused.
func TestSentFirst(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.crew(1, 121.0505)[0]
	take := func() dispatch.Incident {
		return f.incident(f.must(f.svc.TakeIn(ctx, f.as(f.desk, "create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})).ID)
	}
	i := take()
	if _, err := f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Fatalf("sent before it was verified: %v", err)
	}
	f.exec(`update plan set send_first = true`)
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""))
	f.answer(one, i.ID, dispatch.Answer{Step: "accept"})
	sent := f.incident(i.ID)
	if sent.State != dispatch.IncidentHandling || sent.VerifiedAt != nil {
		t.Fatalf("sent first: %+v", sent)
	}
	f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), i.ID, sent.Version, ""))
	now := f.incident(i.ID)
	if now.State != dispatch.IncidentHandling || now.VerifiedAt == nil || !now.StateSince.Equal(sent.StateSince) {
		t.Fatalf("verified afterwards: %+v", now)
	}
	if _, err := f.svc.Verify(ctx, f.as(f.desk, "verify"), i.ID, now.Version, ""); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Fatalf("verified twice: %v", err)
	}
}

// send and expire let two nodes do what is due at once.
func (f *fixture) send() { f.t.Helper(); f.twice(f.svc.SendWaves) }

func (f *fixture) expire() { f.t.Helper(); f.twice(f.svc.ExpireOffers) }
