package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// crowd registers n people of the western community who are on duty, every third
// of them a Party member, and gives their ids.
func (f *fixture) crowd(n int) []int64 {
	f.t.Helper()
	f.exec(`insert into responder (area_id, name, post, post_cell, external_id)
		select $1, '群众' || k, st_setsrid(st_makepoint(121.05 + k * 0.000001, 38.05), 4326), 1, 'crowd-' || k from generate_series(1, $2::int) k`, f.west.ID, n)
	f.exec(`insert into responder_affiliation (responder_id, affiliation) select id, case when id % 3 = 0 then 'party_member' else 'volunteer' end from responder where external_id like 'crowd-%'`)
	f.exec(`insert into duty (responder_id, kind, origin, period, start_told) select id, 'on_duty', 'roster', tstzrange(now() - interval '1 hour', now() + interval '8 hours'), true
		from responder where external_id like 'crowd-%'`)
	type row struct{ ID int64 }
	rows, err := many[row](f.t.Context(), f.owner, `select id from responder where external_id like 'crowd-%' order by id`)
	if err != nil {
		f.t.Fatal(err)
	}
	ids := make([]int64, len(rows))
	for k, r := range rows {
		ids[k] = r.ID
	}
	return ids
}

func (f *fixture) calling(quota int) dispatch.CallUpInput {
	in := dispatch.CallUpInput{AreaIDs: []int64{f.west.ID}, Duties: []string{"on_duty"}, Reason: "防汛", Place: "西苑广场", Point: orb.Point{121.05, 38.05}}
	if quota > 0 {
		in.Quota = &quota
	}
	return in
}

// calledUp calls people up and asks everybody.
func (f *fixture) calledUp(in dispatch.CallUpInput) int64 {
	f.t.Helper()
	out := f.must(f.svc.CallUp(f.t.Context(), f.as(f.desk, "call_up.create"), in))
	if err := f.svc.AskCallUps(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return out.ID
}

func (f *fixture) roll(id int64) dispatch.CallUpRoll {
	f.t.Helper()
	r, err := f.store.CallUpRoll(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// member gives the membership of somebody.
func (f *fixture) member(callUpID, responderID int64) dispatch.CallUpMember {
	f.t.Helper()
	m, err := one[dispatch.CallUpMember](f.t.Context(), f.owner, selectCallUpMember+` where m.call_up_id = $1 and m.responder_id = $2`, callUpID, responderID)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func (f *fixture) number(sql string, args ...any) int {
	f.t.Helper()
	var n int
	if err := f.owner.QueryRow(f.t.Context(), sql, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// dying is a store whose work is cut off in the middle of one of its transactions.
type dying struct {
	*Store
	after atomic.Int64 // transactions until then
	kill  context.CancelFunc
}

// Run carries a command out; the one in which the node dies does all it would and
// never commits.
func (d *dying) Run(ctx context.Context, c dispatch.Command, fn func(context.Context, dispatch.Tx) (dispatch.Outcome, error)) (dispatch.Outcome, error) {
	return d.Store.Run(ctx, c, func(ctx context.Context, tx dispatch.Tx) (dispatch.Outcome, error) {
		out, err := fn(ctx, tx)
		if d.after.Add(-1) == 0 {
			d.kill()
		}
		return out, err
	})
}

// TestFiveThousandAreAskedOnce: one act asks 5,000 people. The node dies in the
// middle of a batch, three times; two others go on at once, while people answer.
// Everybody is asked exactly once, each batch is told once, and all are counted.
func TestFiveThousandAreAskedOnce(t *testing.T) {
	f := newFixture(t)
	const n = 5000
	ids := f.crowd(n)
	began := time.Now()
	out := f.must(f.svc.CallUp(t.Context(), f.as(f.desk, "call_up.create"), f.calling(0)))
	acknowledged := time.Since(began)
	if asked := f.number(`select count(*) from call_up_member`); asked != 0 {
		t.Fatalf("%d were asked before the command was acknowledged", asked)
	}
	// Who comes on duty from now on was not called.
	late := f.responder("后来", orb.Point{121.05, 38.05}, "first_aid")
	for _, after := range []int64{1, 2, 3} {
		ctx, kill := context.WithCancel(t.Context())
		d := &dying{Store: f.store, kill: kill}
		d.after.Store(after)
		node := dispatch.NewService(d, f.store.now, f.store.log)
		if err := node.AskCallUps(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("the node did not die: %v", err)
		}
		kill()
	}
	if roll := f.roll(out.ID); roll.AskedTo != 1500 || roll.Members[dispatch.MemberAsked] != 1500 || roll.State != dispatch.CallUpAsking {
		t.Fatalf("after three deaths: %d asked, cursor %d, %s", roll.Members[dispatch.MemberAsked], roll.AskedTo, roll.State)
	}
	early, err := many[dispatch.CallUpMember](t.Context(), f.owner, selectCallUpMember+` where m.call_up_id = $1 order by m.id limit 40`, out.ID)
	if err != nil {
		t.Fatal(err)
	}
	for k, err := range atOnce(2+len(early), func(k int) error {
		if k < 2 {
			return f.svc.AskCallUps(t.Context())
		}
		_, err := f.svc.AnswerCallUp(t.Context(), f.as(f.desk, "come"), early[k-2].ID, dispatch.MemberAnswer{Step: "come", OnBehalf: true})
		return err
	}) {
		if err != nil {
			t.Errorf("%d: %v", k, err)
		}
	}
	asked := time.Since(began)
	roll := f.roll(out.ID)
	if roll.State != dispatch.CallUpAsked || roll.Total != n || roll.AskedTo != n || roll.Members[dispatch.MemberAsked] != n-40 || roll.Members[dispatch.MemberComing] != 40 || roll.AskedAt == nil {
		t.Fatalf("%+v", roll)
	}
	once := f.number(`select count(*) from (select m.responder_id from call_up_member m where m.responder_id = any($1) group by 1 having count(*) = 1) x`, ids)
	if once != n || f.number(`select count(*) from call_up_member where responder_id = $1`, late.ResponderID) != 0 {
		t.Fatalf("%d were asked exactly once", once)
	}
	read := f.until("the end of the asking", func(read []dispatch.Change) bool { return len(of(read, "call_up.asked")) > 0 })
	told := map[int64]int{}
	for _, c := range append(of(read, "call_up.asking"), of(read, "call_up.asked")...) {
		for _, id := range c.Called {
			told[id]++
		}
	}
	if batches := len(of(read, "call_up.asking")); batches != 9 || len(of(read, "call_up.asked")) != 1 || len(told) != n {
		t.Fatalf("%d batches told %d people", batches, len(told))
	}
	for id, times := range told {
		if times != 1 {
			t.Fatalf("%d was told %d times", id, times)
		}
	}
	t.Logf("acknowledged in %s, all asked after %s with three deaths", acknowledged.Round(time.Millisecond), asked.Round(time.Millisecond))
}

// TestSubstitutesAreAsked: a quota of ten is kept filled while people decline at
// once and while substitutes are still being written, and nobody is asked in vain.
func TestSubstitutesAreAsked(t *testing.T) {
	f := newFixture(t)
	f.crowd(60)
	id := f.calledUp(f.calling(10))
	if roll := f.roll(id); roll.Members[dispatch.MemberAsked] != 10 || roll.Members[dispatch.MemberSubstitute] != 50 {
		t.Fatalf("%v", roll.Members)
	}
	asked, err := many[dispatch.CallUpMember](t.Context(), f.owner, selectCallUpMember+` where m.call_up_id = $1 and m.state = 'asked'`, id)
	if err != nil {
		t.Fatal(err)
	}
	errs := atOnce(20, func(k int) error { // each declines twice
		_, err := f.svc.AnswerCallUp(t.Context(), f.as(f.desk, "decline"), asked[k%10].ID, dispatch.MemberAnswer{Step: "decline", OnBehalf: true})
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
			t.Errorf("refused with %v", err)
		}
	}
	roll := f.roll(id)
	if won != 10 || roll.Places != 20 || roll.Members[dispatch.MemberDeclined] != 10 || roll.Members[dispatch.MemberAsked] != 10 || roll.Members[dispatch.MemberSubstitute] != 40 {
		t.Fatalf("%d declined, %d places, %v", won, roll.Places, roll.Members)
	}
	f.must(f.svc.CallSubstitutes(t.Context(), f.as(f.desk, "more"), id, 5))
	f.must(f.svc.CallSubstitutes(t.Context(), f.as(f.desk, "more"), id, 200))
	if roll := f.roll(id); roll.Members[dispatch.MemberAsked] != 50 || roll.Members[dispatch.MemberSubstitute] != 0 {
		t.Fatalf("%v", roll.Members)
	}
	if _, err := f.svc.CallSubstitutes(t.Context(), f.as(f.desk, "more"), id, 1); dispatch.CodeOf(err) != dispatch.CodeInvalid {
		t.Errorf("more than there are: %v", err)
	}
}

// TestAnswersRace: forty taps of one person at once, and the call-up ends in the
// middle: every acknowledged step is there, each once, and nobody stays open.
func TestAnswersRace(t *testing.T) {
	f := newFixture(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "first_aid")
	other := f.responder("二", orb.Point{121.051, 38.051}, "first_aid")
	id := f.calledUp(f.calling(0))
	m := f.member(id, one.ResponderID)
	if _, err := f.svc.AnswerCallUp(t.Context(), f.as(other, "come"), m.ID, dispatch.MemberAnswer{Step: "come"}); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Fatalf("somebody else answered: %v", err)
	}
	steps := []string{"seen", "come", "decline", "arrive", "leave"}
	errs := atOnce(41, func(k int) error {
		if k == 20 {
			_, err := f.svc.EndCallUp(t.Context(), f.as(f.desk, "stand_down"), id, "stand_down", "")
			return err
		}
		_, err := f.svc.AnswerCallUp(t.Context(), f.as(one, "answer"), m.ID, dispatch.MemberAnswer{Step: steps[k%5]})
		return err
	})
	for k, err := range errs {
		if err != nil && dispatch.CodeOf(err) != dispatch.CodeIllegalTransition {
			t.Errorf("%d: %v", k, err)
		}
	}
	if errs[20] != nil {
		t.Fatal(errs[20])
	}
	read := f.until("the end", func(read []dispatch.Change) bool { return len(of(read, "call_up.stood_down")) == 1 })
	now := f.member(id, one.ResponderID)
	steps = nil
	version := 1
	for _, c := range read {
		if c.Event.Noun == dispatch.NounCallUpMember && c.Event.NounID == m.ID {
			steps = append(steps, c.Event.Kind)
			if version++; c.Event.NounVersion != version {
				t.Errorf("version %d is told after %d", c.Event.NounVersion, version-1)
			}
		}
	}
	if open := f.number(`select count(*) from call_up_member where call_up_id = $1 and state in ('asked', 'seen', 'coming', 'arrived')`, id); open != 0 || now.Version < version {
		t.Fatalf("%d are open, version %d after %v", open, now.Version, steps)
	}
	if got := f.member(id, other.ResponderID); got.State != dispatch.MemberStoodDown {
		t.Errorf("who was silent is %s", got.State)
	}
}

// TestWhoMatches: areas, affiliations, skills and duties each narrow, whoever is
// on a task stays there, and the preview tells what the act then does.
func TestWhoMatches(t *testing.T) {
	f := newFixture(t)
	at := orb.Point{121.05, 38.05}
	on, rostered, willing := f.responder("值", at, "first_aid"), f.responder("备", at, "boat"), f.responder("愿", at, "first_aid")
	off, busy, beyond := f.responder("休", at, "first_aid"), f.responder("忙", at, "fire_rescue"), f.responder("东", at, "first_aid")
	f.exec(`update duty set kind = 'on_call' where responder_id = any($1)`, []int64{rostered.ResponderID, willing.ResponderID})
	f.exec(`update duty set origin = 'self' where responder_id = $1`, willing.ResponderID)
	f.exec(`update duty set period = tstzrange(now() - interval '3 hours', now() - interval '2 hours') where responder_id = $1`, off.ResponderID)
	f.exec(`update responder set area_id = $2 where id = $1`, beyond.ResponderID, f.east.ID)
	f.exec(`update responder_affiliation set affiliation = 'volunteer' where responder_id = $1`, willing.ResponderID)
	i := f.verified()
	f.must(f.svc.Send(t.Context(), f.as(f.desk, "send"), i.ID, i.Version, []int64{busy.ResponderID}, "就近"))
	f.must(f.svc.AnswerOffer(t.Context(), f.as(busy, "accept"), f.offersOf(i.ID)[busy.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	all := []string{"on_duty", "on_call", "willing"}
	tests := []struct {
		name   string
		change func(in *dispatch.CallUpInput)
		want   []dispatch.Actor
	}{
		{"all duties", func(*dispatch.CallUpInput) {}, []dispatch.Actor{on, rostered, willing}},
		{"both communities", func(in *dispatch.CallUpInput) { in.AreaIDs = []int64{f.west.ID, f.east.ID} }, []dispatch.Actor{on, rostered, willing, beyond}},
		{"the street, which is both", func(in *dispatch.CallUpInput) { in.AreaIDs = []int64{f.street.ID} }, []dispatch.Actor{on, rostered, willing, beyond}},
		{"on duty alone", func(in *dispatch.CallUpInput) { in.Duties = all[:1] }, []dispatch.Actor{on}},
		{"by their own word alone", func(in *dispatch.CallUpInput) { in.Duties = all[2:] }, []dispatch.Actor{willing}},
		{"a skill", func(in *dispatch.CallUpInput) { in.Skills = []string{"boat"} }, []dispatch.Actor{rostered}},
		{"either skill", func(in *dispatch.CallUpInput) { in.Skills = []string{"boat", "first_aid"} }, []dispatch.Actor{on, rostered, willing}},
		{"an affiliation", func(in *dispatch.CallUpInput) { in.Affiliations = []string{"volunteer"} }, []dispatch.Actor{willing}},
		{"when nobody is on", func(in *dispatch.CallUpInput) { in.GatherAt = f.store.now().Add(20 * time.Hour) }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := f.calling(0)
			in.Duties = all
			tt.change(&in)
			p, err := f.svc.PreviewCallUp(everywhere(t), f.desk, in)
			if err != nil || p.Total != len(tt.want) {
				t.Fatalf("%+v, %v, want %d", p, err, len(tt.want))
			}
			if tt.want == nil {
				if _, err := f.svc.CallUp(t.Context(), f.as(f.desk, "call_up.create"), in); dispatch.CodeOf(err) != dispatch.CodeNobody {
					t.Fatalf("called nobody: %v", err)
				}
				return
			}
			id := f.calledUp(in)
			for _, who := range tt.want {
				f.member(id, who.ResponderID)
			}
			if n := f.number(`select count(*) from call_up_member where call_up_id = $1`, id); n != len(tt.want) {
				t.Errorf("%d were asked, want %d", n, len(tt.want))
			}
		})
	}
	if p, err := f.svc.PreviewCallUp(everywhere(t), f.desk, f.calling(0)); err != nil || p.Busy != 1 || p.Areas[0].Name != fmt.Sprint(f.west.ID) {
		t.Errorf("%+v, %v", p, err)
	}
	// Who comes to an assembly that is due is not called away from it; who comes to a later one may be.
	first := f.calledUp(f.calling(0))
	f.must(f.svc.AnswerCallUp(t.Context(), f.as(on, "come"), f.member(first, on.ResponderID).ID, dispatch.MemberAnswer{Step: "come"}))
	for gather, want := range map[time.Duration]int{0: 0, -30 * time.Minute: 1} {
		in := f.calling(0)
		in.GatherAt = f.store.now().Add(gather)
		if p, err := f.svc.PreviewCallUp(everywhere(t), f.desk, in); err != nil || p.Total != want || p.Busy != 2-want {
			t.Errorf("beside another call-up, %s from now: %+v, %v, want %d", gather, p, err, want)
		}
	}
	elsewhere := f.account("elsewhere", dispatch.RoleDispatcher, f.east.ID, 0)
	if _, err := f.svc.CallUp(t.Context(), f.as(elsewhere, "call_up.create"), f.calling(0)); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("from another community: %v", err)
	}
}

// TestGroupsAndHours: groups by community with a leader, one of them sent home,
// then all; hours count from the arrival to the leaving, in one statement as in
// the machine; a phone shows its own and no one else's; answers are destroyed and
// the hours stay.
func TestGroupsAndHours(t *testing.T) {
	clock := time.Now().UTC().Truncate(time.Microsecond)
	var ahead atomic.Int64
	f := newFixtureAt(t, func() time.Time { return clock.Add(time.Duration(ahead.Load())) })
	at := orb.Point{121.05, 38.05}
	lead, left, still, silent := f.responder("长", at, "boat"), f.responder("走", at, "boat"), f.responder("留", at, "boat"), f.responder("默", at, "boat")
	id := f.calledUp(f.calling(0))
	answer := func(who dispatch.Actor, step string, minutes int) {
		t.Helper()
		ahead.Store(int64(time.Duration(minutes) * time.Minute))
		f.must(f.svc.AnswerCallUp(t.Context(), f.as(who, step), f.member(id, who.ResponderID).ID, dispatch.MemberAnswer{Step: step}))
	}
	for _, who := range []dispatch.Actor{lead, left, still} {
		answer(who, "come", 1)
	}
	f.must(f.svc.GroupCallUpByArea(t.Context(), f.as(f.desk, "group"), id))
	roll := f.roll(id)
	if len(roll.Groups) != 1 || roll.Groups[0].Name != "西苑社区" || roll.Groups[0].Members[dispatch.MemberComing] != 3 || roll.Ungrouped[dispatch.MemberAsked] != 1 {
		t.Fatalf("%+v", roll)
	}
	f.must(f.svc.SetCallUpGroup(t.Context(), f.as(f.desk, "group"), id, dispatch.GroupInput{Name: "冲锋舟组", LeaderID: &lead.ResponderID, ResponderIDs: []int64{left.ResponderID}}))
	if _, err := f.svc.SetCallUpGroup(t.Context(), f.as(f.desk, "group"), id, dispatch.GroupInput{Name: "冲锋舟组"}); dispatch.CodeOf(err) != dispatch.CodeTaken {
		t.Errorf("a second group of the name: %v", err)
	}
	stranger := f.responder("外", at, "boat")
	if _, err := f.svc.SetCallUpGroup(t.Context(), f.as(f.desk, "group"), id, dispatch.GroupInput{Name: "三组", LeaderID: &stranger.ResponderID}); dispatch.CodeOf(err) != dispatch.CodeNotFound {
		t.Errorf("led by somebody who was not called: %v", err)
	}
	for _, who := range []dispatch.Actor{lead, left, still} {
		answer(who, "arrive", 10)
	}
	answer(left, "leave", 55)
	boat := f.member(id, lead.ResponderID).GroupID
	mine, err := f.store.Mine(self(t, lead), lead.ResponderID)
	if err != nil || len(mine.CallUps) != 1 || mine.CallUps[0].Group != "冲锋舟组" || !mine.CallUps[0].Leads || mine.CallUps[0].Place != "西苑广场" {
		t.Fatalf("%+v, %v", mine.CallUps, err)
	}
	ahead.Store(int64(100 * time.Minute))
	f.must(f.svc.StandDownGroup(t.Context(), f.as(f.desk, "group"), id, *boat))
	if m := f.member(id, lead.ResponderID); m.State != dispatch.MemberStoodDown || *m.Minutes != 90 {
		t.Fatalf("%+v", m)
	}
	if m := f.member(id, still.ResponderID); m.State != dispatch.MemberArrived {
		t.Fatalf("another group: %+v", m)
	}
	again := f.roll(id).Groups[0]
	f.must(f.svc.SetCallUpGroup(t.Context(), f.as(f.desk, "group"), id, dispatch.GroupInput{ID: again.ID, Seen: again.Version, Name: again.Name, LeaderID: again.LeaderID, ResponderIDs: []int64{silent.ResponderID}}))
	if got := f.roll(id).Groups[0]; again.StoodDownAt == nil || got.StoodDownAt != nil || got.Version <= again.Version {
		t.Errorf("a group that was sent home and has people again: %+v after %+v", got.CallUpGroup, again.CallUpGroup)
	}
	ahead.Store(int64(130*time.Minute + 29*time.Second))
	f.must(f.svc.EndCallUp(t.Context(), f.as(f.desk, "stand_down"), id, "stand_down", ""))
	late := f.must(f.svc.AnswerCallUp(t.Context(), f.as(silent, "arrive"), f.member(id, silent.ResponderID).ID, dispatch.MemberAnswer{Step: "arrive", At: clock.Add(15 * time.Minute)}))
	for who, want := range map[int64]int{lead.ResponderID: 90, left.ResponderID: 45, still.ResponderID: 120, silent.ResponderID: 115} {
		if m := f.member(id, who); m.Minutes == nil || *m.Minutes != want {
			t.Errorf("%+v, want %d minutes", m, want)
		}
	}
	over := f.roll(id)
	came, listed, err := f.store.CallUpMembers(everywhere(t), dispatch.MemberFilter{CallUpID: id, State: dispatch.MemberCame, Limit: 10})
	if err != nil || over.Members[dispatch.MemberCame] != 4 || listed != 4 || len(came) != 4 || over.Members[dispatch.MemberStoodDown] != 3 || over.Members[dispatch.MemberLeft] != 1 || over.Minutes != 370 {
		t.Fatalf("%v, %d listed, %d minutes, %v", over.Members, listed, over.Minutes, err)
	}
	served, minutes, err := f.store.Served(self(t, left), left.ResponderID, 10)
	if err != nil || minutes != 45 || len(served) != 1 || served[0].Title != "防汛" {
		t.Fatalf("%+v, %d, %v", served, minutes, err)
	}
	only := dispatch.WithViewer(t.Context(), dispatch.Viewer{ResponderID: left.ResponderID, AccountID: left.AccountID})
	if others, _, err := f.store.Served(only, lead.ResponderID, 10); err != nil || len(others) != 0 {
		t.Fatalf("another's hours: %+v, %v", others, err)
	}
	f.until("the last arrival", func(read []dispatch.Change) bool { return len(of(read, "call_up_member.arrived")) == 4 })
	ahead.Store(int64(40 * 24 * time.Hour))
	if err := f.svc.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m := f.member(id, silent.ResponderID); late.ID != m.ID || m.AnsweredAt != nil || m.Minutes == nil {
		t.Errorf("after the answers went: %+v", m)
	}
	if n := f.number(`select count(*) from event where noun = 'call_up_member' and (responder_id is not null or account_id is not null)`); n != 0 {
		t.Errorf("the log remembers %d answers", n)
	}
	if n := f.number(`select count(*) from call_up where answers_destroyed_at is not null`); n != 1 {
		t.Errorf("%d call-ups have forgotten their answers", n)
	}
}
