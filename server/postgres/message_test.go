package postgres

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// withGateway lets the fixture's installation have text messages and calls.
func (f *fixture) withGateway() {
	f.store.channels = []dispatch.Way{dispatch.WaySMS, dispatch.WayVoice}
}

// offered asks somebody to a fire, on a clock of the test's own.
func (f *fixture) offered(who dispatch.Actor) (dispatch.Incident, dispatch.Offer) {
	f.t.Helper()
	i := f.verified()
	f.must(f.svc.Send(f.t.Context(), f.as(f.desk, "send"), i.ID, i.Version, []int64{who.ResponderID}, "就近"))
	return i, f.offersOf(i.ID)[who.ResponderID]
}

func (f *fixture) messages(incidentID int64) map[dispatch.Way]dispatch.Message {
	f.t.Helper()
	list, err := f.store.Messages(everywhere(f.t), incidentID)
	if err != nil {
		f.t.Fatal(err)
	}
	by := map[dispatch.Way]dispatch.Message{}
	for _, m := range list {
		if m.Purpose == dispatch.PurposeOffer {
			by[m.Channel] = m
		}
	}
	return by
}

func (f *fixture) claim(channel dispatch.Way, at time.Time) []dispatch.Outgoing {
	f.t.Helper()
	list, err := f.store.ClaimMessages(f.t.Context(), channel, 0, at, 20*time.Second, 100)
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// TestTellStandsWithTheDecision: what is to be sent, and the durable job beneath
// it, are there with the offer and not there without it.
func TestTellStandsWithTheDecision(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	who := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i, o := f.offered(who)
	told := f.messages(i.ID)
	if m := told[dispatch.WayInApp]; m.State != dispatch.MessageSent {
		t.Errorf("in the app: %+v", m)
	}
	for channel, after := range map[dispatch.Way]time.Duration{dispatch.WaySMS: 20 * time.Second, dispatch.WayVoice: 40 * time.Second} {
		if m := told[channel]; m.State != dispatch.MessageQueued || m.NextAt == nil || !m.NextAt.Equal(o.OfferedAt.Add(after)) {
			t.Errorf("%s: %+v, want it after %s", channel, m, after)
		}
	}
	jobs := func() (n int) {
		if err := f.owner.QueryRow(t.Context(), `select count(*) from river.river_job where (args->>'incident_id')::bigint = $1`, i.ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if jobs() != 1 {
		t.Errorf("%d durable jobs, want 1", jobs())
	}
	// Refused as a whole, nothing is told: the person is asked already.
	now := f.incident(i.ID)
	if _, err := f.svc.Send(t.Context(), f.as(f.desk, "send"), i.ID, now.Version, []int64{who.ResponderID}, "再次"); err == nil {
		t.Fatal("asked twice")
	}
	if list, err := f.store.Messages(everywhere(t), i.ID); err != nil || len(list) != 3 || jobs() != 1 {
		t.Errorf("%d messages and %d jobs after a refusal, %v", len(list), jobs(), err)
	}
}

// TestUnseenGoesOn: seen in the app, no text message follows; answered, nothing.
func TestUnseenGoesOn(t *testing.T) {
	tests := []struct {
		name       string
		step       string
		task       dispatch.TaskKind
		sms, voice bool // still go out
		inApp      dispatch.MessageState
	}{
		{"unseen", "", dispatch.TaskPerimeter, true, true, dispatch.MessageSent},
		{"seen", "seen", dispatch.TaskDirect, false, true, dispatch.MessageRead},
		{"declined", "decline", dispatch.TaskDirect, false, false, dispatch.MessageSent},
		{"accepted", "accept", dispatch.TaskDirect, false, false, dispatch.MessageSent},
	}
	f := newFixture(t)
	f.withGateway()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who := f.responder(tt.name, orb.Point{121.051, 38.051}, "fire_rescue")
			i, o := f.offered(who)
			f.exec(`update offer set task = $2 where id = $1`, o.ID, tt.task)
			if tt.step != "" {
				f.must(f.svc.AnswerOffer(t.Context(), f.as(who, tt.step), o.ID, dispatch.Answer{Step: tt.step}))
			}
			if m := f.messages(i.ID)[dispatch.WayInApp]; m.State != tt.inApp {
				t.Errorf("in the app: %s, want %s", m.State, tt.inApp)
			}
			for channel, goes := range map[dispatch.Way]bool{dispatch.WaySMS: tt.sms, dispatch.WayVoice: tt.voice} {
				claimed := f.claim(channel, o.OfferedAt.Add(41*time.Second))
				if (len(claimed) == 1) != goes {
					t.Errorf("%s: %d go out, want %v", channel, len(claimed), goes)
				}
				if goes && (claimed[0].Phone != "00013800001111" || claimed[0].AreaName != "西苑社区" || claimed[0].TypeName != "火情" || claimed[0].Task != tt.task) {
					t.Errorf("%s is sent with %q, %q, %q", channel, claimed[0].AreaName, claimed[0].TypeName, claimed[0].Task)
				}
				if m := f.messages(i.ID)[channel]; !goes && m.State != dispatch.MessageGivenUp {
					t.Errorf("%s is %s", channel, m.State)
				}
			}
		})
	}
}

// TestAnExpiredOfferIsNotTold, whatever was planned.
func TestAnExpiredOfferIsNotTold(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	i, o := f.offered(f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"))
	if got := f.claim(dispatch.WaySMS, o.ExpiresAt); len(got) != 0 {
		t.Errorf("%d go out for an offer whose time is up", len(got))
	}
	if m := f.messages(i.ID)[dispatch.WaySMS]; m.State != dispatch.MessageGivenUp {
		t.Errorf("it is %s", m.State)
	}
}

// TestAMessageIsOneNodesAtATime: of two that look at once one gets it; who was
// killed in the middle leaves it to the next once the lease has passed.
func TestAMessageIsOneNodesAtATime(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	_, o := f.offered(f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"))
	due := o.OfferedAt.Add(20 * time.Second)
	const many = 300 // beside it, of somebody else's
	f.exec(`insert into message (channel, purpose, incident_id, offer_id, responder_id, state, next_at, created_at)
		select 'sms', 'answered', incident_id, id, responder_id, 'queued', $1, $1 from offer, generate_series(1, $2)`, due, many)
	got := make([]int, 8)
	for _, err := range atOnce(len(got), func(k int) error {
		list, err := f.store.ClaimMessages(t.Context(), dispatch.WaySMS, 0, due, 20*time.Second, 2*many)
		got[k] = len(list)
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	total := 0
	for _, n := range got {
		total += n
	}
	if total != many+1 {
		t.Fatalf("%d messages were claimed %d times", many+1, total)
	}
	f.exec(`delete from message where purpose = 'answered'`)
	if again := f.claim(dispatch.WaySMS, due.Add(19*time.Second)); len(again) != 0 {
		t.Error("claimed again within the lease")
	}
	again := f.claim(dispatch.WaySMS, due.Add(21*time.Second))
	if len(again) != 1 || again[0].Attempts != 2 {
		t.Fatalf("after the lease: %+v", again)
	}
	// What the killed one still had to say changes nothing.
	first := again[0]
	first.Attempts = 1
	if err := f.store.MessageFailed(t.Context(), first, dispatch.FailureUnreachable, time.Time{}, due); err != nil {
		t.Fatal(err)
	}
	if err := f.store.MessageSent(t.Context(), again[0], "p1", due); err != nil {
		t.Fatal(err)
	}
	if m := f.messages(o.IncidentID)[dispatch.WaySMS]; m.State != dispatch.MessageSent || m.Failure != "" {
		t.Errorf("it is %+v", m)
	}
}

// TestReceiptsInAnyOrder: late, twice or unknown, they never turn a message back.
func TestReceiptsInAnyOrder(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	_, o := f.offered(f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"))
	at := o.OfferedAt.Add(20 * time.Second)
	m := f.claim(dispatch.WaySMS, at)[0]
	say := func(r dispatch.Receipt) dispatch.MessageState {
		t.Helper()
		r.At = at
		if err := f.svc.TakeReceipt(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return f.messages(o.IncidentID)[dispatch.WaySMS].State
	}
	if s := say(dispatch.Receipt{Key: m.Key, State: dispatch.MessageDelivered}); s != dispatch.MessageDelivered {
		t.Fatalf("a receipt faster than the answer: %s", s)
	}
	if err := f.store.MessageSent(t.Context(), m, "p1", at); err != nil {
		t.Fatal(err)
	}
	for _, r := range []dispatch.Receipt{{ProviderID: "p1", State: dispatch.MessageSent}, {Key: m.Key, State: dispatch.MessageFailed},
		{Key: m.Key, State: dispatch.MessageDelivered}, {Key: "nobody", State: dispatch.MessageRead}, {ProviderID: "p2", State: dispatch.MessageRead}} {
		if s := say(r); s != dispatch.MessageDelivered {
			t.Errorf("%+v made it %s", r, s)
		}
	}
}

// TestADeadTextBringsTheCallForward, and only that.
func TestADeadTextBringsTheCallForward(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	_, o := f.offered(f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"))
	at := o.OfferedAt.Add(20 * time.Second)
	m := f.claim(dispatch.WaySMS, at)[0]
	if err := f.store.MessageFailed(t.Context(), m, dispatch.FailureUnreachable, at.Add(2*time.Second), at); err != nil {
		t.Fatal(err)
	}
	if got := f.claim(dispatch.WayVoice, at); len(got) != 0 {
		t.Fatal("called while the text is tried again")
	}
	m = f.claim(dispatch.WaySMS, at.Add(2*time.Second))[0]
	if err := f.store.MessageFailed(t.Context(), m, dispatch.FailureRefused, time.Time{}, at); err != nil {
		t.Fatal(err)
	}
	if got := f.claim(dispatch.WayVoice, at); len(got) != 1 {
		t.Fatal("the call does not come forward")
	}
}

// TestAReplyHasOneEffect: "1" handed over again and again makes one assignment,
// and one text that says so; one that comes too late makes none and says that.
func TestAReplyHasOneEffect(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	who := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i, o := f.offered(who)
	at := o.OfferedAt.Add(20 * time.Second)
	m := f.claim(dispatch.WaySMS, at)[0]
	if err := f.store.MessageSent(t.Context(), m, "p1", at); err != nil {
		t.Fatal(err)
	}
	reply := dispatch.MessageReply{ID: "r1", Phone: "+86 00013800001111", Step: "accept", At: at.Add(time.Second), By: dispatch.WaySMS}
	for _, err := range atOnce(5, func(int) error { _, err := f.svc.TakeReply(t.Context(), reply); return err }) {
		if err != nil && dispatch.CodeOf(err) != dispatch.CodeInFlight {
			t.Errorf("refused with %v", err)
		}
	}
	if now := f.offersOf(i.ID)[who.ResponderID]; now.State != dispatch.OfferAccepted {
		t.Fatalf("the offer is %s", now.State)
	}
	back := func() []dispatch.Outgoing { return f.claim(dispatch.WaySMS, at.Add(time.Hour)) }
	if list := back(); len(list) != 1 || list[0].Purpose != dispatch.PurposeAnswered || list[0].OfferState != dispatch.OfferAccepted {
		t.Errorf("told %+v", list)
	}
	if m := f.messages(i.ID)[dispatch.WaySMS]; m.State != dispatch.MessageRead || m.Reply != "accept" {
		t.Errorf("on record: %+v", m)
	}
	// Another's reply under another id, after the answer.
	reply.ID = "r2"
	for range 2 {
		if _, err := f.svc.TakeReply(t.Context(), reply); err != nil {
			t.Fatal(err)
		}
	}
	var n int
	if err := f.owner.QueryRow(t.Context(), `select count(*) from message where purpose = 'answered'`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d texts back, want 2, %v", n, err)
	}
	if _, err := f.svc.TakeReply(t.Context(), dispatch.MessageReply{ID: "r3", Phone: "13999999999", Step: "accept", At: at, By: dispatch.WaySMS}); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("of a number nobody has: %v", err)
	}
}

// TestAReplyIsFasterThanTheGateway: the text is at the phone and answered before
// the gateway says that it took it, and an earlier one was answered long ago.
func TestAReplyIsFasterThanTheGateway(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	who := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	first, o := f.offered(who)
	at := o.OfferedAt.Add(20 * time.Second)
	if err := f.store.MessageSent(t.Context(), f.claim(dispatch.WaySMS, at)[0], "p1", at); err != nil {
		t.Fatal(err)
	}
	says := func(id, step string) {
		t.Helper()
		reply := dispatch.MessageReply{ID: id, Phone: "+86 00013800001111", Step: step, At: at.Add(time.Minute), By: dispatch.WaySMS}
		if _, err := f.svc.TakeReply(t.Context(), reply); err != nil {
			t.Fatal(err)
		}
	}
	says("r1", "decline")
	second, o := f.offered(who)
	if list := f.claim(dispatch.WaySMS, o.OfferedAt.Add(20*time.Second)); len(list) == 0 {
		t.Fatal("nothing goes out")
	}
	says("r2", "accept")
	for id, want := range map[int64]dispatch.OfferState{first.ID: dispatch.OfferDeclined, second.ID: dispatch.OfferAccepted} {
		if now := f.offersOf(id)[who.ResponderID]; now.State != want {
			t.Errorf("the offer is %s, want %s", now.State, want)
		}
	}
}

// TestTheNetHolds: with no node firing by itself, the durable job does.
func TestTheNetHolds(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	i, _ := f.offered(f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"))
	f.exec(`update river.river_job set scheduled_at = now(), state = 'available'`)
	ctx, stop := context.WithCancel(t.Context())
	looked, done := make(chan int64, 1), make(chan error, 1)
	go func() {
		done <- f.store.WorkQueue(ctx, func(_ context.Context, incidentID int64) (time.Time, error) {
			looked <- incidentID
			return time.Time{}, nil
		})
	}()
	select {
	case id := <-looked:
		if id != i.ID {
			t.Errorf("looked after %d, want %d", id, i.ID)
		}
	case <-time.After(20 * time.Second):
		t.Error("the job was not worked")
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestAPlanHasItsOwnOrder: where it names one, the rule of the priority does not count.
func TestAPlanHasItsOwnOrder(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	f.exec(`update plan set reach = '[{"channel": "voice", "after_seconds": 7, "unless": "answered"}, {"channel": "pigeon", "after_seconds": 1, "unless": "seen"}]'`)
	i, o := f.offered(f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"))
	told := f.messages(i.ID)
	if _, sms := told[dispatch.WaySMS]; sms || len(told) != 2 || told[dispatch.WayInApp].State != dispatch.MessageSent {
		t.Errorf("told over %v", told)
	}
	if m := told[dispatch.WayVoice]; m.NextAt == nil || !m.NextAt.Equal(o.OfferedAt.Add(7*time.Second)) {
		t.Errorf("called at %v", m.NextAt)
	}
}

// TestWhoIsNeededNoMoreIsTold, by text, where a text or a call has asked: also
// where it was on its way when the offer was withdrawn.
func TestWhoIsNeededNoMoreIsTold(t *testing.T) {
	tests := []struct {
		name  string
		over  dispatch.Way // that has asked
		noted bool         // before the offer was withdrawn
		want  int
	}{
		{"app alone", "", false, 0},
		{"text", dispatch.WaySMS, true, 1},
		{"text on its way", dispatch.WaySMS, false, 1},
		{"call", dispatch.WayVoice, true, 1},
	}
	f := newFixture(t)
	f.withGateway()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i, o := f.offered(f.responder(tt.name, orb.Point{121.051, 38.051}, "fire_rescue"))
			at := o.OfferedAt.Add(41 * time.Second)
			sent := func() {}
			if tt.over != "" {
				m := f.claim(tt.over, at)[0]
				sent = func() {
					t.Helper()
					if err := f.store.MessageSent(t.Context(), m, "p"+m.Key, at); err != nil {
						t.Fatal(err)
					}
				}
			}
			if tt.noted {
				sent()
			}
			f.must(f.svc.AnswerOffer(t.Context(), f.as(f.desk, "withdraw"), o.ID, dispatch.Answer{Step: "withdraw"}))
			if !tt.noted {
				sent()
			}
			if tt.over != "" && f.messages(i.ID)[tt.over].State != dispatch.MessageSent {
				t.Errorf("what went out is %s", f.messages(i.ID)[tt.over].State)
			}
			list := f.claim(dispatch.WaySMS, time.Now().Add(time.Hour))
			if len(list) != tt.want || tt.want == 1 && (list[0].Purpose != dispatch.PurposeOver || list[0].OfferState != dispatch.OfferWithdrawn) {
				t.Errorf("told %+v, want %d", list, tt.want)
			}
			for _, m := range list {
				if err := f.store.MessageSent(t.Context(), m, "", at); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestRecordedForSomebody: what a dispatcher phoned for is marked so, at each
// step, in the row and in the event.
func TestRecordedForSomebody(t *testing.T) {
	f := newFixture(t)
	who := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i, o := f.offered(who)
	f.must(f.svc.AnswerOffer(t.Context(), f.as(f.desk, "accept"), o.ID, dispatch.Answer{Step: "accept", OnBehalf: true}))
	if o := f.offersOf(i.ID)[who.ResponderID]; o.State != dispatch.OfferAccepted || !o.OnBehalf {
		t.Errorf("the offer is %s, marked: %v", o.State, o.OnBehalf)
	}
	as, err := f.store.AssignmentOfOffer(everywhere(t), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.must(f.svc.Advance(t.Context(), f.as(who, "route"), as.ID, dispatch.Progress{Step: "en_route"}))
	f.must(f.svc.Advance(t.Context(), f.as(f.desk, "scene"), as.ID, dispatch.Progress{Step: "on_scene", OnBehalf: true}))
	f.must(f.svc.Advance(t.Context(), f.as(who, "done"), as.ID, dispatch.Progress{Step: "done"}))
	now, err := f.store.Assignment(everywhere(t), as.ID)
	if err != nil || !slices.Equal(now.OnBehalf, []dispatch.AssignmentState{dispatch.AssignmentOnScene}) {
		t.Errorf("recorded for them: %v, %v", now.OnBehalf, err)
	}
	f.until("the steps", func(read []dispatch.Change) bool {
		marked := map[string]bool{}
		for _, c := range read {
			marked[c.Event.Kind] = c.Event.Data["on_behalf"] == "true"
		}
		return marked["offer.accepted"] && marked["assignment.on_scene"] && !marked["assignment.en_route"]
	})
}

// TestWhoIsAskedAgainIsReachedAgain, when the time they asked for has come.
func TestWhoIsAskedAgainIsReachedAgain(t *testing.T) {
	f := newFixture(t)
	f.withGateway()
	who := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i, o := f.offered(who)
	f.must(f.svc.AnswerOffer(t.Context(), f.as(who, "later"), o.ID, dispatch.Answer{Step: "later", Minutes: 10}))
	if m := f.messages(i.ID)[dispatch.WaySMS]; m.State != dispatch.MessageGivenUp {
		t.Fatalf("the first text is %s", m.State)
	}
	f.exec(`update offer set expires_at = now() - interval '1 second' where id = $1`, o.ID)
	if _, err := f.svc.ExpireOffers(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := f.offersOf(i.ID)[who.ResponderID]; now.State != dispatch.OfferOffered {
		t.Fatalf("the offer is %s", now.State)
	}
	if m := f.messages(i.ID)[dispatch.WaySMS]; m.State != dispatch.MessageQueued { // the last one
		t.Errorf("the second text is %s", m.State)
	}
}
