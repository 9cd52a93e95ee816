package postgres

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// TestLoop plays report -> verify -> recommend -> offer -> accept -> en route ->
// on scene -> done -> check -> close, and reads it back from the log.
func TestLoop(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	near := f.responder("近", orb.Point{121.051, 38.051}, "fire_rescue")
	far := f.responder("远", orb.Point{121.09, 38.09}, "fire_rescue")
	f.responder("不会", orb.Point{121.05, 38.05}, "first_aid")

	key := "7c4c1f7e-6b0a-4f7e-9d7f-1e5a1f0b2c3d"
	number := dispatch.TrackingNumber(key)
	out := f.must(f.svc.TakeIn(ctx, dispatch.Command{Key: key, Name: "report"}, dispatch.Intake{TypeCode: "fire",
		Point: orb.Point{121.05, 38.05}, Words: "楼道冒烟", Phone: "00013900002222", Channel: dispatch.ChannelResident, Tracking: number}))
	i := f.incident(out.ID)
	if i.AreaID != f.west.ID || i.StreetID == nil || *i.StreetID != f.street.ID || i.State != dispatch.IncidentReported || i.DueAt == nil {
		t.Fatalf("taken in as %+v", i)
	}
	out = f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), i.ID, i.Version, ""))

	ranked, err := f.svc.Recommend(ctx, f.desk, i.ID, dispatch.Wanted{})
	if err != nil {
		t.Fatal(err)
	}
	if len(ranked.Candidates) != 2 || ranked.Candidates[0].Responder.ID != near.ResponderID || ranked.Shortfall != nil {
		t.Fatalf("recommended %+v", ranked)
	}
	out = f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, out.Version, []int64{near.ResponderID, far.ResponderID}, ""))
	offers := f.offersOf(i.ID)
	o := offers[near.ResponderID]
	f.must(f.svc.AnswerOffer(ctx, f.as(near, "seen"), o.ID, dispatch.Answer{Step: "seen"}))
	f.must(f.svc.AnswerOffer(ctx, f.as(near, "accept"), o.ID, dispatch.Answer{Step: "accept"}))
	f.must(f.svc.AnswerOffer(ctx, f.as(far, "decline"), offers[far.ResponderID].ID, dispatch.Answer{Step: "decline", Reason: "在外地"}))

	a, err := f.store.AssignmentOfOffer(ctx, o.ID)
	if err != nil || a == nil {
		t.Fatalf("assignment %v, %v", a, err)
	}
	for _, step := range []string{"en_route", "on_scene", "done"} {
		f.must(f.svc.Advance(ctx, f.as(near, step), a.ID, dispatch.Progress{Step: step}))
	}
	i = f.incident(i.ID)
	if i.State != dispatch.IncidentResolved || i.FirstArrivalAt == nil || i.Active != 0 {
		t.Fatalf("after the last is done: %+v", i)
	}
	out = f.must(f.svc.Check(ctx, f.as(f.chief, "check"), i.ID, i.Version, true, ""))
	f.must(f.svc.Close(ctx, f.as(f.desk, "close"), i.ID, out.Version))

	read := f.until("the closing", func(read []dispatch.Change) bool {
		return slices.ContainsFunc(read, func(c dispatch.Change) bool { return c.Event.Kind == "incident.closed" })
	})
	var kinds []string
	for k, c := range read {
		kinds = append(kinds, c.Event.Kind)
		if k > 0 && c.Event.Offset != read[k-1].Event.Offset+1 {
			t.Fatalf("offset %d follows %d", c.Event.Offset, read[k-1].Event.Offset)
		}
	}
	want := []string{"incident.reported", "incident.verified", "incident.dispatching", "offer.offered", "offer.offered", "offer.seen",
		"offer.accepted", "assignment.accepted", "incident.handling", "offer.declined", "assignment.en_route", "assignment.on_scene",
		"incident.arrived", "assignment.done", "incident.resolved", "incident.checked", "incident.closed"}
	for _, kind := range want {
		if !slices.Contains(kinds, kind) {
			t.Errorf("the log lacks %s: %v", kind, kinds)
		}
	}
	tracked, _, at, err := f.store.Tracking(t.Context(), dispatch.TrackingHash(number))
	if err != nil || dispatch.Track(tracked, number, at).State != "closed" {
		t.Fatalf("the resident is told %+v, %v", tracked, err)
	}
}

// TestRefusals holds the loop's rules, each with the code that says why.
func TestRefusals(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	elsewhere := f.account("elsewhere", dispatch.RoleDispatcher, f.east.ID, 0)
	i := f.verified()
	tests := []struct {
		name string
		do   func() error
		want dispatch.Code
	}{
		{"outside the district", func() error {
			_, err := f.svc.TakeIn(ctx, f.as(f.desk, "x"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{100, 20}, Channel: dispatch.ChannelDispatcher})
			return err
		}, dispatch.CodeOutsideDistrict},
		{"an unknown type", func() error {
			_, err := f.svc.TakeIn(ctx, f.as(f.desk, "x"), dispatch.Intake{TypeCode: "ufo", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})
			return err
		}, dispatch.CodeUnknownType},
		{"latitude 100", func() error {
			_, err := f.svc.TakeIn(ctx, f.as(f.desk, "x"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121, 100}, Channel: dispatch.ChannelDispatcher})
			return err
		}, dispatch.CodeBadCoordinates},
		{"no key", func() error {
			_, err := f.svc.Verify(ctx, dispatch.Command{Actor: f.desk}, i.ID, i.Version, "")
			return err
		}, dispatch.CodeKeyRequired},
		{"an old version", func() error { _, err := f.svc.Close(ctx, f.as(f.desk, "x"), i.ID, i.Version-1); return err }, dispatch.CodeVersionConflict},
		{"verified twice", func() error { _, err := f.svc.Verify(ctx, f.as(f.desk, "x"), i.ID, i.Version, ""); return err }, dispatch.CodeIllegalTransition},
		{"another community's dispatcher", func() error {
			_, err := f.svc.Cancel(ctx, f.as(elsewhere, "x"), i.ID, i.Version, "无权")
			return err
		}, dispatch.CodeNotFound},
		{"cancelled without a reason", func() error { _, err := f.svc.Cancel(ctx, f.as(f.desk, "x"), i.ID, i.Version, " "); return err }, dispatch.CodeReasonRequired},
		{"nobody to send", func() error { _, err := f.svc.Send(ctx, f.as(f.desk, "x"), i.ID, i.Version, nil, ""); return err }, dispatch.CodeRequired},
		{"somebody unknown", func() error {
			_, err := f.svc.Send(ctx, f.as(f.desk, "x"), i.ID, i.Version, []int64{99999}, "都试试")
			return err
		}, dispatch.CodeNotFound},
		{"a responder dispatches", func() error { _, err := f.svc.Close(ctx, f.as(one, "x"), i.ID, i.Version); return err }, dispatch.CodeNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.do(); dispatch.CodeOf(err) != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
		})
	}
	if now := f.incident(i.ID); now.Version != i.Version || now.State != i.State {
		t.Fatalf("a refused command changed the incident: %+v", now)
	}
}

func TestCheckerIsNotTheHandler(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i := f.verified()
	out := f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""))
	out = f.must(f.svc.Resolve(ctx, f.as(f.desk, "resolve"), i.ID, out.Version, "误报"))
	if _, err := f.svc.Check(ctx, f.as(f.desk, "check"), i.ID, out.Version, true, ""); dispatch.CodeOf(err) != dispatch.CodeSameHandler {
		t.Fatalf("got %v", err)
	}
	if o := f.offersOf(i.ID)[one.ResponderID]; o.State != dispatch.OfferWithdrawn {
		t.Fatalf("the open offer is %s", o.State)
	}
	f.must(f.svc.Check(ctx, f.as(f.chief, "check"), i.ID, out.Version, false, "仍在冒烟"))
	if now := f.incident(i.ID); now.State != dispatch.IncidentDispatching || now.ResolvedAt != nil {
		t.Fatalf("after a refused check: %+v", now)
	}
}

// TestARefusedCheckBeginsAnotherRound: who was done before fills no place of it.
func TestARefusedCheckBeginsAnotherRound(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	people := []dispatch.Actor{f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"), f.responder("二", orb.Point{121.052, 38.051}, "fire_rescue"),
		f.responder("三", orb.Point{121.053, 38.051}, "fire_rescue")}
	i := f.verified() // its quota is two
	work := func(who dispatch.Actor) {
		t.Helper()
		i = f.incident(i.ID)
		f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{who.ResponderID}, "轮次"))
		f.must(f.svc.AnswerOffer(ctx, f.as(who, "accept"), f.offersOf(i.ID)[who.ResponderID].ID, dispatch.Answer{Step: "accept"}))
		a, err := f.store.AssignmentOfOffer(ctx, f.offersOf(i.ID)[who.ResponderID].ID)
		if err != nil || a == nil {
			t.Fatalf("%s got no assignment: %v", who.Name, err)
		}
		f.must(f.svc.Advance(ctx, f.as(who, "done"), a.ID, dispatch.Progress{Step: "done"}))
		if i = f.incident(i.ID); i.State != dispatch.IncidentResolved {
			t.Fatalf("after %s is done it is %s", who.Name, i.State)
		}
	}
	for _, who := range people {
		work(who)
		f.must(f.svc.Check(ctx, f.as(f.chief, "check"), i.ID, i.Version, false, "没有处置好"))
	}
}

// TestEditsMerge: edits of different fields merge, of the same the second is
// told who was first.
func TestEditsMerge(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	i := f.verified()
	due := i.DueAt
	summary, place, other := "三楼冒烟", "西苑12号楼", "四楼冒烟"
	f.must(f.svc.Change(ctx, f.as(f.desk, "edit"), i.ID, i.Version, dispatch.Edit{Summary: &summary}))
	f.must(f.svc.Change(ctx, f.as(f.chief, "edit"), i.ID, i.Version, dispatch.Edit{Place: &place}))
	now := f.incident(i.ID)
	if now.Summary != summary || now.Place != place || now.Version != i.Version+2 || !now.DueAt.Equal(*due) {
		t.Fatalf("merged into %+v", now)
	}
	_, err := f.svc.Change(ctx, f.as(f.chief, "edit"), i.ID, i.Version, dispatch.Edit{Summary: &other})
	var refused *dispatch.Error
	if dispatch.CodeOf(err) != dispatch.CodeVersionConflict {
		t.Fatalf("got %v", err)
	}
	if !errors.As(err, &refused) || refused.Field != "summary" || refused.Values["by"] != "chief" {
		t.Fatalf("refused with %+v", refused)
	}
}

func TestOffersExpire(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""))
	next, err := f.svc.ExpireOffers(ctx)
	if err != nil || next.IsZero() {
		t.Fatalf("next deadline %v, %v", next, err)
	}
	f.exec(`update offer set expires_at = now() - interval '1 second' where incident_id = $1`, i.ID)
	if _, err := f.svc.ExpireOffers(ctx); err != nil {
		t.Fatal(err)
	}
	o := f.offersOf(i.ID)[one.ResponderID]
	if o.State != dispatch.OfferExpired {
		t.Fatalf("the offer is %s", o.State)
	}
	if _, err := f.svc.AnswerOffer(ctx, f.as(one, "accept"), o.ID, dispatch.Answer{Step: "accept"}); dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
		t.Fatalf("an expired offer was answered: %v", err)
	}
}

// TestDutyAndPosition: a position is kept only on duty or on a task, and is
// gone when neither holds.
func TestDutyAndPosition(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	here := []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: time.Now()}}
	if kept, err := f.store.SavePositions(ctx, one.ResponderID, here); err != nil || kept.Accepted != 1 {
		t.Fatalf("saved %+v, %v", kept, err)
	}
	r, err := f.store.Responder(everywhere(t), one.ResponderID)
	if err != nil || r.PositionSource != "position" || *r.Lon != 121.06 {
		t.Fatalf("%+v, %v", r, err)
	}
	m, err := f.store.Mine(self(t, one), one.ResponderID)
	if err != nil || m.Duty == nil {
		t.Fatalf("%+v, %v", m, err)
	}
	f.must(f.svc.EndDuty(ctx, f.as(one, "end"), m.Duty.ID))
	if r, err = f.store.Responder(everywhere(t), one.ResponderID); err != nil || r.Duty != dispatch.DutyOff || r.Lon != nil {
		t.Fatalf("off duty: %+v, %v", r, err)
	}
	if _, err := f.store.SavePositions(ctx, one.ResponderID, here); dispatch.CodeOf(err) != dispatch.CodeNotOnDuty {
		t.Fatalf("a position off duty: %v", err)
	}
	var kept int
	if err := f.owner.QueryRow(ctx, `select count(*) from position`).Scan(&kept); err != nil || kept != 0 {
		t.Fatalf("%d positions kept, %v", kept, err)
	}
	f.must(f.svc.StartDuty(ctx, f.as(one, "start"), nil))
	if r, err = f.store.Responder(everywhere(t), one.ResponderID); err != nil || r.Duty != dispatch.DutyOn {
		t.Fatalf("on duty again: %+v, %v", r, err)
	}
}

// TestMineWhileTheyAreLetGo: a phone that asks while it is let go is answered, whether
// or not it still hears of an incident that is theirs to see by that alone.
func TestMineWhileTheyAreLetGo(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	out := f.must(f.svc.TakeIn(ctx, f.as(f.desk, "incident.create"), dispatch.Intake{
		TypeCode: "fire", Point: orb.Point{121.15, 38.05}, Words: "冒烟", Verified: true, Channel: dispatch.ChannelDispatcher}))
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), out.ID, f.incident(out.ID).Version, []int64{one.ResponderID}, "近"))
	offer := f.offersOf(out.ID)[one.ResponderID]
	phone := dispatch.WithViewer(t.Context(), one.Viewer(f.svc.Tree()))
	f.askWhile(phone, one, `update offer set state = case state when 'offered' then 'withdrawn' else 'offered' end where responder_id = $1`,
		func(m dispatch.Mine) bool { return len(m.Offers) == 1 })

	f.exec(`update offer set state = 'offered' where responder_id = $1`, one.ResponderID)
	f.must(f.svc.AnswerOffer(phone, f.as(one, "accept"), offer.ID, dispatch.Answer{Step: "accept"}))
	f.askWhile(phone, one, `update assignment set state = case state when 'accepted' then 'released' else 'accepted' end where responder_id = $1`,
		func(m dispatch.Mine) bool { return m.Assignment != nil })
}

// askWhile has somebody's phone ask while a statement about them turns to and fro, until
// it has been told both often.
func (f *fixture) askWhile(phone context.Context, who dispatch.Actor, turn string, has func(dispatch.Mine) bool) {
	f.t.Helper()
	over, turned := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-over:
				turned <- nil
				return
			default:
			}
			if _, err := f.owner.Exec(phone, turn, who.ResponderID); err != nil {
				turned <- err
				return
			}
		}
	}()
	for with, without := 0, 0; with < 50 || without < 50; {
		m, err := f.store.Mine(phone, who.ResponderID)
		if err != nil {
			f.t.Errorf("after %d and %d answers: %v", with, without, err)
			break
		}
		if has(m) {
			with++
		} else {
			without++
		}
	}
	close(over)
	if err := <-turned; err != nil {
		f.t.Fatal(err)
	}
}

func TestDutiesTurnByTheClock(t *testing.T) {
	f := newFixture(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	f.exec(`update duty set period = tstzrange(now() - interval '2 hours', now() - interval '1 second') where responder_id = $1`, one.ResponderID)
	f.exec(`insert into duty (responder_id, kind, origin, period) values ($1, 'on_call', 'roster', tstzrange(now() - interval '1 second', now() + interval '1 hour'))`, one.ResponderID)
	for k, want := range []int{2, 0} {
		n, err := f.svc.TurnDuties(t.Context())
		if err != nil || n != want {
			t.Fatalf("turn %d: %d duties, %v, want %d", k, n, err, want)
		}
	}
	f.until("both events", func(read []dispatch.Change) bool {
		var kinds []string
		for _, c := range read {
			kinds = append(kinds, c.Event.Kind)
		}
		return slices.Contains(kinds, "duty.ended") && slices.Contains(kinds, "duty.on_call")
	})
}
