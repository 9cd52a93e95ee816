package postgres

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

const lookBack = "复盘到场路线"

// agreeTrack lets somebody have agreed to the keeping of their track, an hour ago.
func (f *fixture) agreeTrack(responderID int64) {
	f.t.Helper()
	f.exec(`insert into consent (responder_id, purpose, version, way, given_at) values ($1, 'track', 1, 'phone', now() - interval '1 hour')`, responderID)
}

// onTask sends people to an incident; they accepted it a while ago.
func (f *fixture) onTask(ago time.Duration, people ...dispatch.Actor) dispatch.Incident {
	f.t.Helper()
	i := f.verified()
	ids := make([]int64, len(people))
	for k, a := range people {
		ids[k] = a.ResponderID
	}
	f.must(f.svc.Send(f.t.Context(), f.as(f.desk, "send"), i.ID, i.Version, ids, "就近"))
	for _, a := range people {
		f.must(f.svc.AnswerOffer(f.t.Context(), f.as(a, "accept"), f.offersOf(i.ID)[a.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	}
	f.exec(`update assignment set accepted_at = $2 where incident_id = $1`, i.ID, f.store.now().Add(-ago))
	return f.incident(i.ID)
}

// walk sends a batch of positions, 130 m a minute, the last one now.
func (f *fixture) walk(a dispatch.Actor, minutes int) []dispatch.Position {
	f.t.Helper()
	var batch []dispatch.Position
	for k := range minutes {
		batch = append(batch, dispatch.Position{Lon: 121.05 + float64(k)*0.0015, Lat: 38.05, At: f.store.now().Add(time.Duration(k-minutes+1) * time.Minute)})
	}
	if kept, err := f.store.SavePositions(self(f.t, a), a.ResponderID, batch); err != nil || kept.Accepted != minutes {
		f.t.Fatalf("kept %+v, %v", kept, err)
	}
	return batch
}

func (f *fixture) countTracks(where string, args ...any) int {
	f.t.Helper()
	var n int
	if err := f.owner.QueryRow(f.t.Context(), `select count(*) from track where `+where, args...).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// TestTracks: where somebody went on a task is kept if they agreed to it, from when
// they took it on, and a commander of the place sees it for a reason, on record.
func TestTracks(t *testing.T) {
	f := newFixture(t)
	agrees := f.responder("周小满", orb.Point{121.051, 38.051}, "fire_rescue")
	does := f.responder("吴大海", orb.Point{121.052, 38.051}, "fire_rescue") // not agree
	idle := f.responder("郑山", orb.Point{121.053, 38.051}, "fire_rescue")  // on duty, agrees, no task
	elsewhere := f.account("elsewhere", dispatch.RoleCommander, f.east.ID, 0)
	f.agreeTrack(agrees.ResponderID)
	f.agreeTrack(idle.ResponderID)
	i := f.onTask(5*time.Minute+30*time.Second, agrees, does)
	end := func() {
		t.Helper()
		d, err := f.store.IncidentDetail(everywhere(t), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range d.Assignments {
			who := agrees
			if a.ResponderID == does.ResponderID {
				who = does
			}
			f.must(f.svc.Advance(t.Context(), f.as(who, "done"), a.ID, dispatch.Progress{Step: "done"}))
		}
	}
	sent := f.walk(agrees, 10)
	f.walk(does, 10)
	f.walk(idle, 10)
	if _, err := f.store.SavePositions(self(t, agrees), agrees.ResponderID, sent); err != nil { // the phone heard no answer
		t.Fatal(err)
	}
	if n := f.countTracks(`responder_id <> $1`, agrees.ResponderID); n != 0 {
		t.Errorf("%d rows of others are kept", n)
	}
	see := func(a dispatch.Actor, reason string) (dispatch.TaskTracks, dispatch.Code) {
		out, err := f.svc.Tracks(everywhere(t), a, i.ID, reason)
		return out, dispatch.CodeOf(err)
	}
	if out, code := see(f.chief, lookBack); code != "" || len(out.Tracks) != 0 || out.Without != 0 {
		t.Errorf("while they are on it: %+v, %q", out, code)
	}
	end()
	out, code := see(f.chief, lookBack)
	if code != "" || len(out.Tracks) != 1 || out.Without != 1 || out.Days != 30 {
		t.Fatalf("%+v, %q", out, code)
	}
	track := out.Tracks[0]
	if track.ResponderID != agrees.ResponderID || track.Name != "周小满" || len(track.Points) != 6 ||
		!track.Points[0].At.Equal(sent[4].At) || !track.Points[5].At.Equal(sent[9].At) || track.Points[5].Lon != sent[9].Lon {
		t.Errorf("the track is %+v", track)
	}
	for _, c := range []struct {
		name   string
		actor  dispatch.Actor
		reason string
		want   dispatch.Code
	}{
		{"without a reason", f.chief, " 看 ", dispatch.CodeReasonRequired},
		{"a dispatcher", f.desk, lookBack, dispatch.CodeForbidden},
		{"one of them", agrees, lookBack, dispatch.CodeNotFound},
		{"a commander of elsewhere", elsewhere, lookBack, dispatch.CodeNotFound},
	} {
		if out, code := see(c.actor, c.reason); code != c.want || len(out.Tracks) != 0 {
			t.Errorf("%s: %q, %d tracks, want %q", c.name, code, len(out.Tracks), c.want)
		}
	}
	mine, err := f.store.PersonalData(t.Context(), agrees.ResponderID)
	if own, failed := f.store.OwnTrack(t.Context(), agrees.ResponderID); err != nil || failed != nil || len(own) != 6 || mine.TrackPoints != 12 {
		t.Fatalf("the person's own copy has %d points, %d rows are kept; %v, %v", len(own), mine.TrackPoints, err, failed)
	}
	if !slices.ContainsFunc(mine.Disclosures, func(d dispatch.PersonalDisclosure) bool {
		return d.Action == "incident.tracks" && d.By == "chief" && d.Reason == lookBack
	}) {
		t.Errorf("the person is told of %+v", mine.Disclosures)
	}
	f.must(f.svc.WithdrawConsent(t.Context(), f.as(agrees, "consent.withdraw"), dispatch.PurposeTrack))
	if n := f.countTracks(`true`); n != 0 {
		t.Errorf("%d rows are left after the withdrawal", n)
	}
	f.walk(agrees, 10)
	if n := f.countTracks(`true`); n != 0 {
		t.Errorf("%d rows are kept after the withdrawal", n)
	}
	if out, _ := see(f.chief, lookBack); out.Without != 2 || len(out.Tracks) != 0 {
		t.Errorf("after the withdrawal: %+v", out)
	}
	if p, err := f.store.ConsentState(self(t, agrees), agrees.ResponderID, dispatch.PurposePosition); err != nil || !p.Holds {
		t.Errorf("the other consent: %+v, %v", p, err)
	}
}

// TestTheTrackOfWhoCameBack: what a phone could not send until the task was over is of
// its track all the same, also when its owner is off duty by then, and what it sent
// before it told of the end is not.
func TestTheTrackOfWhoCameBack(t *testing.T) {
	f := newFixture(t)
	one := f.responder("周小满", orb.Point{121.051, 38.051}, "fire_rescue")
	f.agreeTrack(one.ResponderID)
	i := f.onTask(8*time.Minute+30*time.Second, one)
	f.walk(one, 3) // the last two minutes
	d, err := f.store.IncidentDetail(everywhere(t), i.ID)
	if err != nil {
		t.Fatal(err)
	}
	ended := f.store.now().Add(-90 * time.Second)
	f.must(f.svc.Advance(t.Context(), f.as(one, "done"), d.Assignments[0].ID, dispatch.Progress{Step: "done", At: ended}))
	if n := f.countTracks(`true`); n != 1 {
		t.Errorf("%d rows are left, one is of before the end", n)
	}
	f.exec(`delete from duty`)
	f.exec(`delete from position`)
	queue := []dispatch.Position{}
	for k := range 10 {
		queue = append(queue, dispatch.Position{Lon: 121.06, Lat: 38.06, At: f.store.now().Add(time.Duration(k-10) * time.Minute)})
	}
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, queue); err != nil {
		t.Errorf("the queue is refused: %v", err)
	}
	if n := f.countTracks(`at <= $1`, ended); n != 1+7 || n != f.countTracks(`true`) {
		t.Errorf("%d rows are of the task, %d in all", n, f.countTracks(`true`))
	}
	f.noPosition()
	late := queue[9:] // nothing of it is of the task
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, late); dispatch.CodeOf(err) != dispatch.CodeNotOnDuty {
		t.Errorf("off duty and of no task: %v", err)
	}
}

// TestTracksOfABatch: calls of one person that are written together leave all their
// points, and each person's own.
func TestTracksOfABatch(t *testing.T) {
	f := newFixture(t)
	one, two := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"), f.responder("二", orb.Point{121.052, 38.051}, "fire_rescue")
	f.agreeTrack(one.ResponderID)
	f.agreeTrack(two.ResponderID)
	f.onTask(20*time.Minute, one, two)
	begin := f.store.now().Add(-time.Minute)
	var phones sync.WaitGroup
	for k := range 40 {
		who := []dispatch.Actor{one, two}[k%2]
		phones.Go(func() {
			at := begin.Add(time.Duration(k) * time.Second)
			if _, err := f.store.SavePositions(self(t, who), who.ResponderID, []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: at}}); err != nil {
				t.Error(err)
			}
		})
	}
	phones.Wait()
	for _, who := range []dispatch.Actor{one, two} {
		if n := f.countTracks(`responder_id = $1`, who.ResponderID); n != 20 {
			t.Errorf("%d of 20 points of %s are kept", n, who.Name)
		}
	}
}

// TestATrackNobodyAgreesToAnyMore: a new text binds, and what was kept by the old one goes.
func TestATrackNobodyAgreesToAnyMore(t *testing.T) {
	f := newFixture(t)
	one, two := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"), f.responder("二", orb.Point{121.052, 38.051}, "fire_rescue")
	f.agreeTrack(one.ResponderID)
	f.agreeTrack(two.ResponderID)
	f.onTask(20*time.Minute, one, two)
	f.walk(one, 3)
	f.walk(two, 3)
	f.exec(`insert into consent_text (purpose, version, zh, en, since, binding_from) values ('track', 2, '新', 'new', now() - interval '1 day', now() - interval '1 second')`)
	f.must(f.svc.GiveConsent(t.Context(), f.as(two, "consent.give"), dispatch.PurposeTrack, 2))
	f.walk(one, 3)
	if err := f.store.DropStalePositions(t.Context()); err != nil {
		t.Fatal(err)
	}
	if gone, kept := f.countTracks(`responder_id = $1`, one.ResponderID), f.countTracks(`responder_id = $1`, two.ResponderID); gone != 0 || kept != 3 {
		t.Errorf("%d rows of who did not agree, %d of who did", gone, kept)
	}
}

// TestTwoNodesOfTracks: two make the day's partition and destroy at the same time.
func TestTwoNodesOfTracks(t *testing.T) {
	f := newFixture(t)
	day := f.store.now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -40)
	f.exec(`drop table track_` + f.store.now().UTC().Format("20060102"))
	f.exec(`create table track_` + day.Format("20060102") + ` partition of track for values from ('` + day.Format(time.RFC3339) + `') to ('` + day.AddDate(0, 0, 1).Format(time.RFC3339) + `')`)
	f.exec(`insert into track select 1, 121, 38, null, $1::timestamptz, $1 from generate_series(1, 1000)`, day)
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			if err := f.store.MakeTrackPartitions(t.Context()); err != nil {
				t.Error(err)
			}
		})
		nodes.Go(func() {
			if err := f.svc.Destroy(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	if n := f.countTracks(`true`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	var told int
	if err := f.owner.QueryRow(t.Context(), `select sum(records) from destroyed where what = 'tracks'`).Scan(&told); err != nil || told != 1000 {
		t.Errorf("the register says %d, %v", told, err)
	}
}

// TestTracksAreDropped: a day is dropped before its first row is older than the rule
// allows, the register says how much it was, and what is younger stays.
func TestTracksAreDropped(t *testing.T) {
	f := newFixture(t)
	one := f.responder("周小满", orb.Point{121.051, 38.051}, "fire_rescue")
	f.agreeTrack(one.ResponderID)
	f.onTask(20*time.Minute, one)
	f.walk(one, 5)
	day := f.store.now().UTC().Truncate(24 * time.Hour)
	for _, ago := range []int{28, 30, 31} {
		d := day.AddDate(0, 0, -ago)
		part := "track_" + d.Format("20060102")
		f.exec(`create table ` + part + ` partition of track for values from ('` + d.Format(time.RFC3339) + `') to ('` + d.AddDate(0, 0, 1).Format(time.RFC3339) + `')`)
		f.exec(`insert into track select 1, 121, 38, null, $1::timestamptz, $1 from generate_series(1, 10)`, d.Add(time.Minute))
	}
	if err := f.svc.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if old, young, now := f.countTracks(`at < $1`, day.AddDate(0, 0, -29)), f.countTracks(`at < $1 and at >= $2`, day, day.AddDate(0, 0, -29)), f.countTracks(`responder_id = $1`, one.ResponderID); old != 0 || young != 10 || now < 5 {
		t.Errorf("left are %d old, %d young and %d of today", old, young, now)
	}
	list, err := f.store.DestroyedRecords(everywhere(t), 0, 10)
	if err != nil || len(list) != 1 || list[0].What != "tracks" || list[0].Records != 20 {
		t.Fatalf("the register says %+v, %v", list, err)
	}
	if _, err := f.store.system().Exec(t.Context(), `select drop_tracks(now() + interval '2 days')`); err != nil { // by a clock that is wrong
		t.Error(err)
	}
}

// TestTracksWithoutAPartition: what is acknowledged is kept, though the clock has
// not made the day's partition.
func TestTracksWithoutAPartition(t *testing.T) {
	f := newFixture(t)
	one := f.responder("周小满", orb.Point{121.051, 38.051}, "fire_rescue")
	f.agreeTrack(one.ResponderID)
	f.onTask(20*time.Minute, one)
	today := "track_" + f.store.now().UTC().Format("20060102")
	f.exec(`drop table ` + today)
	f.walk(one, 5)
	if n := f.countTracks(`true`); n != 5 {
		t.Errorf("%d rows are kept", n)
	}
	if err := f.store.MakeTrackPartitions(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestTracksAtAWithdrawal: whatever phones send while somebody withdraws, no row of
// theirs is left, not for a moment.
func TestTracksAtAWithdrawal(t *testing.T) {
	f := newFixture(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	f.agreeTrack(one.ResponderID)
	f.onTask(20*time.Minute, one)
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	defer sending.Wait()
	defer stop()
	for range 4 {
		sending.Go(func() {
			for ctx.Err() == nil {
				_, _ = f.store.SavePositions(self(t, one), one.ResponderID, []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: f.store.now()}})
			}
		})
	}
	for range 40 {
		for f.countTracks(`true`) == 0 { // they send all the time
			if t.Context().Err() != nil {
				t.Fatal("nothing is kept")
			}
		}
		f.must(f.svc.WithdrawConsent(t.Context(), f.as(one, "consent.withdraw"), dispatch.PurposeTrack))
		if n := f.countTracks(`true`); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
		f.must(f.svc.GiveConsent(t.Context(), f.as(one, "consent.give"), dispatch.PurposeTrack, 1))
	}
}
