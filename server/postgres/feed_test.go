package postgres

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// TestOrderOfEvents: eight writers on one incident while another transaction is
// held open. Nothing is skipped, stalled or turned round.
func TestOrderOfEvents(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	i := f.verified()

	held, err := f.owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(context.Background()) }()
	if err := (&tx{Tx: held, store: f.store}).Emit(ctx, dispatch.Event{Kind: "held.open", At: time.Now(), Noun: dispatch.NounIncident, NounID: 0, AreaID: f.west.ID}); err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 25
	errs := atOnce(writers, func(w int) error {
		for k := range each {
			text := fmt.Sprintf("%d-%d", w, k)
			// Each looks at the newest version; who comes second tries again.
			for {
				now, err := f.store.Incident(everywhere(t), i.ID)
				if err != nil {
					return err
				}
				_, err = f.svc.Change(ctx, f.as(f.desk, "edit"), i.ID, now.Version, dispatch.Edit{Summary: &text})
				if dispatch.CodeOf(err) == dispatch.CodeVersionConflict {
					continue
				}
				if err != nil {
					return err
				}
				break
			}
		}
		return nil
	})
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	edited := func(read []dispatch.Change) (versions []int) {
		for _, c := range read {
			if c.Event.Kind == "incident.edited" {
				versions = append(versions, c.Event.NounVersion)
			}
		}
		return versions
	}
	read := f.until("all edits while a transaction is open", func(read []dispatch.Change) bool { return len(edited(read)) == writers*each })
	for k, version := range edited(read) {
		if version != i.Version+1+k {
			t.Fatalf("edit %d has version %d, want %d", k, version, i.Version+1+k)
		}
	}
	if err := held.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	f.store.Feed().Poke()
	read = f.until("the late one", func(read []dispatch.Change) bool { return read[len(read)-1].Event.Kind == "held.open" })
	for k := 1; k < len(read); k++ {
		if read[k].Event.Offset != read[k-1].Event.Offset+1 {
			t.Fatalf("offset %d follows %d", read[k].Event.Offset, read[k-1].Event.Offset)
		}
	}
}

// TestFeedOutlivesItsConnections: every backend of the database is terminated;
// the feed comes back and nothing is missing.
func TestFeedOutlivesItsConnections(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	first := f.verified()
	f.until("the first incident", func(read []dispatch.Change) bool { return mentions(read, first.ID) })
	f.exec(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	var second dispatch.Incident
	for second.ID == 0 { // the pool's dead connections are found one by one
		out, err := f.svc.TakeIn(ctx, f.as(f.desk, "create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})
		if err == nil {
			second.ID = out.ID
		} else if dispatch.CodeOf(err) != dispatch.CodeUnavailable {
			t.Fatal(err)
		}
	}
	f.until("the second incident", func(read []dispatch.Change) bool { return mentions(read, second.ID) })
	err := f.store.Feed().CaughtUp(ctx)
	for dispatch.CodeOf(err) == dispatch.CodeUnavailable {
		err = f.store.Feed().CaughtUp(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mentions(read []dispatch.Change, incidentID int64) bool {
	for _, c := range read {
		if c.Event.IncidentID != nil && *c.Event.IncidentID == incidentID {
			return true
		}
	}
	return false
}

// TestTheLogIsAppendOnly: not even the owner changes or deletes an event by mistake.
func TestTheLogIsAppendOnly(t *testing.T) {
	f := newFixture(t)
	i := f.verified()
	f.until("an event", func(read []dispatch.Change) bool { return mentions(read, i.ID) })
	for _, sql := range []string{`update event set kind = 'x'`, `delete from event`} {
		if _, err := f.owner.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s went through", sql)
		}
	}
}

// TestSnapshot holds what its offset says and only what the asker's areas hold;
// of people those who are on a task.
func TestSnapshot(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID}, ""))
	f.until("the offer", func(read []dispatch.Change) bool {
		return len(read) > 0 && read[len(read)-1].Event.Kind == "offer.offered"
	})
	all, err := f.store.Snapshot(ctx, dispatch.Reach{})
	if err != nil || len(all.Incidents) != 1 || len(all.Offers) != 1 || len(all.Responders) != 0 || all.Offset != f.store.Feed().Offset() {
		t.Fatalf("everywhere: %+v, %v", all, err)
	}
	none, err := f.store.Snapshot(ctx, dispatch.Reach{AreaIDs: []int64{f.east.ID}})
	if err != nil || len(none.Incidents)+len(none.Offers)+len(none.Responders) != 0 {
		t.Fatalf("another community: %+v, %v", none, err)
	}
	mine, err := f.store.Snapshot(ctx, dispatch.Reach{AreaIDs: []int64{}, ResponderID: one.ResponderID})
	if err != nil || len(mine.Incidents) != 1 || len(mine.Offers) != 1 || len(mine.Responders) != 1 {
		t.Fatalf("the responder's own: %+v, %v", mine, err)
	}
	f.must(f.svc.AnswerOffer(ctx, f.as(one, "accept"), f.offersOf(i.ID)[one.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	for areas, want := range map[*int64]int{nil: 1, &f.west.ID: 1, &f.east.ID: 0} {
		var ids []int64
		if areas != nil {
			ids = []int64{*areas}
		}
		if who, err := f.store.Snapshot(ctx, dispatch.Reach{AreaIDs: ids}); err != nil || len(who.Responders) != want || len(who.Assignments) != want {
			t.Errorf("who works in %v: %+v, %v", ids, who.Responders, err)
		}
	}
}

// TestParts: who takes part in what, as their own snapshots say it, and nobody once it
// is over.
func TestParts(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	asked, goes := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue"), f.responder("二", orb.Point{121.052, 38.051}, "fire_rescue")
	gas, _ := f.unit("燃气", "gas", f.district.ID)
	i := f.verified()
	out, err := f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{asked.ResponderID, goes.ResponderID}, "")
	f.must(out, err)
	f.must(f.svc.AnswerOffer(ctx, f.as(goes, "accept"), f.offersOf(i.ID)[goes.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	id, err := f.order(i.ID, gas, dispatch.UnitSupports)
	f.want("the order", err, "")
	parts := func() dispatch.Parts {
		t.Helper()
		p, err := f.store.Parts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := parts()
	for _, who := range []int64{asked.ResponderID, goes.ResponderID} {
		own, err := f.store.Snapshot(ctx, dispatch.Reach{AreaIDs: []int64{}, ResponderID: who})
		if err != nil || len(own.Offers)+len(own.Assignments) != 1 || !slices.Equal(p.Responders[who], []int64{i.ID}) {
			t.Errorf("%d takes part in %v, and their own picture has %+v, %v", who, p.Responders[who], own, err)
		}
	}
	if !slices.Equal(p.Units[gas], []int64{i.ID}) || len(p.Responders) != 2 || len(p.Units) != 1 {
		t.Errorf("taking part: %+v", p)
	}
	f.must(f.svc.AnswerOffer(ctx, f.as(asked, "decline"), f.offersOf(i.ID)[asked.ResponderID].ID, dispatch.Answer{Step: "decline", Reason: "busy"}))
	f.want("withdrawn", f.move(f.desk, id, dispatch.OrderStep{Step: "withdraw", Reason: "不需要了"}), "")
	if p := parts(); len(p.Responders) != 1 || len(p.Units) != 0 {
		t.Errorf("once one has declined and the order is withdrawn: %+v", p)
	}
}

// TestTheLogGoesOnInTheNextPartition when the first is full.
func TestTheLogGoesOnInTheNextPartition(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	for range 2 { // made once, however often it is asked
		if err := f.store.MakePartition(ctx); err != nil {
			t.Fatal(err)
		}
	}
	f.verified()
	f.until("the log at rest", func(read []dispatch.Change) bool {
		return len(read) > 0 && read[len(read)-1].Event.Kind == "incident.verified"
	})
	f.exec(`update feed set last_offset = $1`, partitionSize-1)
	i := f.verified()
	read := f.until("events of both partitions", func(read []dispatch.Change) bool {
		last := read[len(read)-1]
		return mentions(read, i.ID) && last.Event.Kind == "incident.verified" && last.Event.Offset >= partitionSize
	})
	if first := read[len(read)-2].Event.Offset; first != partitionSize {
		t.Fatalf("the first offset beyond the partition is %d", first)
	}
	var held int
	if err := f.owner.QueryRow(ctx, `select count(*) from event_1`).Scan(&held); err != nil || held != 2 {
		t.Fatalf("%d events in the second partition, %v", held, err)
	}
}
