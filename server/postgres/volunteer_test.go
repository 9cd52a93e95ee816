package postgres

import (
	"fmt"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// mine gives what somebody's phone is told.
func (f *fixture) mine(who dispatch.Actor) dispatch.Mine {
	f.t.Helper()
	m, err := f.store.Mine(self(f.t, who), who.ResponderID)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// candidates gives whom a recommendation names, in order, those marked who said
// that they can go.
func (f *fixture) candidates(id int64) (out []string) {
	f.t.Helper()
	ranked, err := f.svc.Recommend(everywhere(f.t), f.desk, id, dispatch.Wanted{})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, c := range ranked.Candidates {
		mark := ""
		if c.Volunteered {
			mark = "*"
		}
		out = append(out, c.Responder.Name+mark)
	}
	return out
}

// TestWhoCanGoIsAskedFirst: who says that they can go joins the ranking ahead of
// who would be as near, the next wave asks them first, and they are not asked
// twice; until then they can take it back.
func TestWhoCanGoIsAskedFirst(t *testing.T) {
	f := newFixture(t)
	f.exec(`update plan set quota = 1, over_offer = 1, offer_seconds = 60, waves = '[{"rings": 12, "seconds": 90}]' where type_code = 'fire'`)
	near, willing := f.responder("近", orb.Point{121.0505, 38.05}, "fire_rescue"), f.responder("愿", orb.Point{121.0515, 38.05}, "fire_rescue")
	i := f.verified()
	if got := fmt.Sprint(f.candidates(i.ID)); got != "[近 愿]" {
		t.Fatalf("before anybody said anything: %s", got)
	}
	for range 2 { // a phone without signal may say it twice
		f.must(f.svc.VolunteerFor(self(t, willing), f.as(willing, "volunteer"), i.ID))
	}
	if got := fmt.Sprint(f.candidates(i.ID)); got != "[愿* 近]" {
		t.Fatalf("the ranking: %s", got)
	}
	if m := f.mine(willing); !slices.Equal(m.Volunteered, []int64{i.ID}) || len(f.mine(near).Volunteered) != 0 {
		t.Fatalf("the phones are told %v and %v", m.Volunteered, f.mine(near).Volunteered)
	}

	f.must(f.svc.UnvolunteerFor(self(t, willing), f.as(willing, "withdraw"), i.ID))
	if got := fmt.Sprint(f.candidates(i.ID)); got != "[近 愿]" {
		t.Fatalf("taken back: %s", got)
	}
	f.must(f.svc.VolunteerFor(self(t, willing), f.as(willing, "volunteer"), i.ID))
	now := f.incident(i.ID)
	f.must(f.svc.BeginWaves(everywhere(t), f.as(f.desk, "waves"), i.ID, now.Version))
	if got := fmt.Sprint(f.states(i.ID, []dispatch.Actor{near, willing})); got != "[- offered]" {
		t.Fatalf("the wave asked %s", got)
	}
	if n := f.number(`select count(*) from volunteer where state = 'taken'`); n != 1 {
		t.Errorf("%d are noted as asked", n)
	}
	_, err := f.svc.UnvolunteerFor(self(t, willing), f.as(willing, "withdraw"), i.ID)
	f.want("taken back after the offer", err, dispatch.CodeIllegalTransition)
	f.answer(willing, i.ID, dispatch.Answer{Step: "accept"})
	_, err = f.svc.VolunteerFor(self(t, near), f.as(near, "volunteer"), i.ID)
	if code := dispatch.CodeOf(err); code != dispatch.CodeIllegalTransition && code != dispatch.CodeEnough {
		t.Errorf("at quota: %v", err)
	}
}

// TestWhoCannotBeAskedCannotVolunteer: who was asked and declined, is off duty,
// belongs elsewhere, or is kept away by the hazard.
func TestWhoCannotBeAskedCannotVolunteer(t *testing.T) {
	f := newFixture(t)
	who := f.responder("员", orb.Point{121.051, 38.05}, "fire_rescue")
	other := f.responder("西", orb.Point{121.151, 38.05}, "fire_rescue")
	i := f.verified()
	try := func(a dispatch.Actor) error {
		_, err := f.svc.VolunteerFor(self(t, a), f.as(a, "volunteer"), i.ID)
		return err
	}
	elsewhere := f.west.ID
	if i.AreaID == elsewhere {
		elsewhere = f.east.ID
	}
	f.exec(`update responder set area_id = $2 where id = $1`, other.ResponderID, elsewhere)
	f.want("of another community", try(other), dispatch.CodeNotFound)
	f.want("no responder", try(f.desk), dispatch.CodeForbidden)
	f.exec(`update plan set hazard = true, hazard_training = '{fire_rescue}'`)
	f.want("kept away by the hazard", try(who), dispatch.CodeHazardBars)
	f.exec(`update plan set hazard = false`)
	f.must(f.svc.Send(everywhere(t), f.as(f.desk, "send"), i.ID, i.Version, []int64{who.ResponderID}, "就近"))
	f.answer(who, i.ID, dispatch.Answer{Step: "decline"})
	f.want("asked and declined", try(who), dispatch.CodeAlreadyAsked)
	f.exec(`delete from offer`)
	f.exec(`update duty set period = tstzrange(lower(period), now()) where responder_id = $1`, who.ResponderID)
	f.want("off duty", try(who), dispatch.CodeNotDispatchable)
	if n := f.number(`select count(*) from volunteer`); n != 0 {
		t.Errorf("%d are kept of what was refused", n)
	}
}

// TestHandlingShortOfPeopleIsNear: an incident that is being handled and still
// lacks people is shown near by, and who can go joins its ranking.
func TestHandlingShortOfPeopleIsNear(t *testing.T) {
	f := newFixture(t)
	f.exec(`update plan set quota = 2 where type_code = 'fire'`)
	first, next := f.responder("先", orb.Point{121.0505, 38.05}, "fire_rescue"), f.responder("后", orb.Point{121.0515, 38.05}, "fire_rescue")
	i := f.verified()
	f.must(f.svc.Send(everywhere(t), f.as(f.desk, "send"), i.ID, i.Version, []int64{first.ResponderID}, "就近"))
	f.answer(first, i.ID, dispatch.Answer{Step: "accept"})
	near := func() (ids []int64) {
		for _, n := range f.mine(next).Nearby {
			ids = append(ids, n.ID)
		}
		return ids
	}
	if now := f.incident(i.ID); now.State != dispatch.IncidentHandling || !slices.Equal(near(), []int64{i.ID}) {
		t.Fatalf("%s, near by are %v", now.State, near())
	}
	f.must(f.svc.VolunteerFor(self(t, next), f.as(next, "volunteer"), i.ID))
	if got := fmt.Sprint(f.candidates(i.ID)); got != "[后*]" {
		t.Fatalf("the ranking: %s", got)
	}
	if m := f.mine(next); !slices.Equal(m.Volunteered, []int64{i.ID}) {
		t.Fatalf("the phone is told %v", m.Volunteered)
	}
	f.exec(`update assignment set task = 'perimeter'`) // fills no place of the incident itself
	f.exec(`update incident set quota = 1`)
	if !slices.Equal(near(), []int64{i.ID}) {
		t.Fatal("somebody at the perimeter fills a place inside")
	}
	f.exec(`update assignment set task = 'direct'`)
	if len(near()) != 0 {
		t.Fatal("near by is one that has enough")
	}
}
