package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// twice runs a clock job on two nodes at once.
func (f *fixture) twice(job func(context.Context) (time.Time, error)) {
	f.t.Helper()
	for _, err := range atOnce(2, func(int) error { _, err := job(f.t.Context()); return err }) {
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// TestLadder: each level is told once when its time from the state's entry is up,
// though two nodes look and the incident is edited meanwhile; another state starts
// from the foot. Who was told is on record.
func TestLadder(t *testing.T) {
	clock := &hand{}
	f := newFixtureAt(t, clock.now)
	ctx := everywhere(t)
	f.exec(`update plan set ladder = '[{"level": "street", "seconds": 120}, {"level": "district", "seconds": 300}]'`)
	i := f.incident(f.must(f.svc.TakeIn(ctx, f.as(f.desk, "create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})).ID)
	told := func() []dispatch.Escalation {
		f.twice(f.svc.ClimbLadders)
		d, err := f.store.IncidentDetail(ctx, i.ID)
		if err != nil {
			t.Fatal(err)
		}
		return d.Escalations
	}
	clock.turn(100 * time.Second)
	place := "东门"
	f.must(f.svc.Change(ctx, f.as(f.desk, "edit"), i.ID, i.Version, dispatch.Edit{Place: &place}))
	if got := told(); len(got) != 0 {
		t.Fatalf("told too early: %+v", got)
	}
	clock.turn(21 * time.Second)
	got := told()
	if len(got) != 1 || got[0].AreaID != f.street.ID || got[0].Accounts != 1 || got[0].State != dispatch.IncidentReported || got[0].Why != dispatch.EscalationLasts {
		t.Fatalf("the street: %+v", got)
	}
	if now := f.incident(i.ID); now.ToldLevel != dispatch.LevelStreet {
		t.Fatalf("the incident says %q", now.ToldLevel)
	}
	clock.turn(180 * time.Second)
	if got = told(); len(got) != 2 || got[1].AreaID != f.district.ID {
		t.Fatalf("the district: %+v", got)
	}
	clock.turn(time.Hour)
	if got = told(); len(got) != 2 {
		t.Fatalf("beyond the ladder: %+v", got)
	}

	now := f.incident(i.ID)
	f.must(f.svc.Verify(ctx, f.as(f.desk, "verify"), i.ID, now.Version, ""))
	if now = f.incident(i.ID); now.ToldLevel != "" {
		t.Fatalf("another state, still told %q", now.ToldLevel)
	}
	if got = told(); len(got) != 2 {
		t.Fatalf("told at once of another state: %+v", got)
	}
	clock.turn(121 * time.Second)
	if got = told(); len(got) != 3 || got[2].State != dispatch.IncidentVerified {
		t.Fatalf("the next state: %+v", got)
	}
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), i.ID, f.incident(i.ID).Version, "误报"))
	clock.turn(time.Hour)
	if got = told(); len(got) != 3 {
		t.Fatalf("told of what is over: %+v", got)
	}
}
