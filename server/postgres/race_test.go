package postgres

import (
	"fmt"
	"sync"
	"testing"

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

// TestOneActiveAssignment: one responder is offered forty incidents and accepts
// all at once; exactly one becomes an assignment, the other offers are withdrawn.
func TestOneActiveAssignment(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	const n = 40
	offers := make([]dispatch.Offer, n)
	for k := range offers {
		i := f.verified()
		f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, "竞争"))
		offers[k] = f.offersOf(i.ID)[one.ResponderID]
	}
	errs := atOnce(n, func(k int) error {
		_, err := f.svc.AnswerOffer(ctx, f.as(one, "accept"), offers[k].ID, dispatch.Answer{Step: "accept"})
		return err
	})
	won := 0
	for _, err := range errs {
		switch dispatch.CodeOf(err) {
		case "":
			won++
		case dispatch.CodeIllegalTransition, dispatch.CodeAlreadyAssigned:
		default:
			t.Errorf("refused with %v", err)
		}
	}
	var active, open int
	if err := f.owner.QueryRow(ctx, `select (select count(*) from assignment where state = 'accepted'),
		(select count(*) from offer where state in ('offered', 'seen', 'later'))`).Scan(&active, &open); err != nil {
		t.Fatal(err)
	}
	if won != 1 || active != 1 || open != 0 {
		t.Fatalf("%d acceptances, %d assignments, %d offers open; want 1, 1, 0", won, active, open)
	}
}

// TestQuotaHolds: thirty people accept an incident that needs two, at once.
func TestQuotaHolds(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	const n = 30
	people := make([]dispatch.Actor, n)
	ids := make([]int64, n)
	for k := range people {
		people[k] = f.responder(fmt.Sprintf("人%d", k), orb.Point{121.051, 38.051}, "fire_rescue")
		ids[k] = people[k].ResponderID
	}
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, ids, "全部"))
	offers := f.offersOf(i.ID)
	atOnce(n, func(k int) error {
		_, err := f.svc.AnswerOffer(ctx, f.as(people[k], "accept"), offers[ids[k]].ID, dispatch.Answer{Step: "accept"})
		return err
	})
	if now := f.incident(i.ID); now.Active != 2 || now.Offered != 0 || now.State != dispatch.IncidentHandling {
		t.Fatalf("quota 2: %d active, %d still open, state %s", now.Active, now.Offered, now.State)
	}
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
