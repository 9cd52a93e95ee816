package postgres

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// TestConsent: positions are taken from the moment somebody agrees, and from
// the moment they withdraw none is kept, and every node is told.
func TestConsent(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	f.exec(`delete from consent`)
	here := func() []dispatch.Position {
		return []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: f.store.now()}}
	}
	state := func() dispatch.ConsentState {
		t.Helper()
		s, err := f.store.ConsentState(self(t, one), one.ResponderID, dispatch.PurposePosition)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(); s.Holds || !s.Asks || s.Text.Version != 1 || s.Given != nil {
		t.Fatalf("before: %+v", s)
	}
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, here()); dispatch.CodeOf(err) != dispatch.CodeConsentRequired {
		t.Fatalf("without a consent: %v", err)
	}
	// Without it somebody on duty stands at their post.
	if r, err := f.store.Responder(ctx, one.ResponderID); err != nil || r.PositionSource != "post" || r.Lon == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := f.svc.GiveConsent(ctx, f.as(one, "consent.give"), dispatch.PurposePosition, 2); dispatch.CodeOf(err) != dispatch.CodeInvalid {
		t.Fatalf("a version nobody has read: %v", err)
	}
	f.must(f.svc.GiveConsent(ctx, f.as(one, "consent.give"), dispatch.PurposePosition, 1))
	f.must(f.svc.GiveConsent(ctx, f.as(one, "consent.give"), dispatch.PurposePosition, 1))
	if s := state(); !s.Holds || s.Asks || s.Given == nil || len(s.Past) != 0 {
		t.Fatalf("agreed: %+v", s)
	}
	if kept, err := f.store.SavePositions(self(t, one), one.ResponderID, here()); err != nil || kept.Accepted != 1 {
		t.Fatalf("saved %+v, %v", kept, err)
	}
	f.must(f.svc.WithdrawConsent(ctx, f.as(one, "consent.withdraw"), dispatch.PurposePosition))
	f.noPosition()
	read := f.until("the mark to go", func(read []dispatch.Change) bool { return len(of(read, "position.dropped")) > 0 })
	if gone := of(read, "position.dropped")[0]; gone.Responder == nil || gone.Responder.PositionSource != "post" || gone.Event.AreaID != f.west.ID {
		t.Fatalf("told %+v", gone)
	}
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, here()); dispatch.CodeOf(err) != dispatch.CodeConsentRequired {
		t.Fatalf("after the withdrawal: %v", err)
	}
	f.must(f.svc.WithdrawConsent(ctx, f.as(one, "consent.withdraw"), dispatch.PurposePosition)) // once more changes nothing
	if s := state(); s.Holds || !s.Asks || len(s.Past) != 1 || *s.Past[0].Ending != "withdrawn" {
		t.Fatalf("withdrawn: %+v", s)
	}
	if _, err := f.svc.GiveConsent(ctx, f.as(f.desk, "consent.give"), dispatch.PurposePosition, 1); dispatch.CodeOf(err) != dispatch.CodeForbidden {
		t.Fatalf("a dispatcher agreed: %v", err)
	}
}

func (f *fixture) noPosition() {
	f.t.Helper()
	var kept int
	if err := f.owner.QueryRow(f.t.Context(), `select count(*) from position`).Scan(&kept); err != nil || kept != 0 {
		f.t.Fatalf("%d positions kept, %v", kept, err)
	}
}

// TestNewConsentText: a new version is asked for at once, and what was agreed to
// holds until the day on which the new one binds; then the position goes by the
// clock.
func TestNewConsentText(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	guard := f.account("guard", dispatch.RoleSecurityAdministrator, f.district.ID, 0)
	now := f.store.now()
	add := func(binding time.Time) {
		t.Helper()
		f.must(f.svc.AddConsentText(ctx, f.as(guard, "consent_text.add"), dispatch.ConsentText{Purpose: dispatch.PurposePosition, Zh: "新", En: "new", Since: now, BindingFrom: binding}))
	}
	add(now.Add(24 * time.Hour))
	s, err := f.store.ConsentState(self(t, one), one.ResponderID, dispatch.PurposePosition)
	if err != nil || !s.Holds || !s.Asks || s.Text.Version != 2 || s.Given.Version != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	here := []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: f.store.now()}}
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, here); err != nil {
		t.Fatal(err)
	}
	f.exec(`update consent_text set binding_from = now() where version = 2`) // the day has come
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, here); dispatch.CodeOf(err) != dispatch.CodeConsentRequired {
		t.Fatalf("the old version still holds: %v", err)
	}
	if err := f.store.DropStalePositions(ctx); err != nil {
		t.Fatal(err)
	}
	f.noPosition()
	f.until("the mark to go", func(read []dispatch.Change) bool { return len(of(read, "position.dropped")) == 1 })
	f.must(f.svc.GiveConsent(ctx, f.as(one, "consent.give"), dispatch.PurposePosition, 2))
	if s, err = f.store.ConsentState(self(t, one), one.ResponderID, dispatch.PurposePosition); err != nil || !s.Holds || s.Asks || *s.Past[0].Ending != "replaced" {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := f.svc.AddConsentText(ctx, f.as(f.chief, "consent_text.add"), dispatch.ConsentText{Purpose: dispatch.PurposePosition, Zh: "新", En: "new"}); dispatch.CodeOf(err) != dispatch.CodeForbidden {
		t.Fatalf("a commander wrote a text: %v", err)
	}
}

// TestPositionsAtTheEndOfADuty: whatever phones send while duties end, no
// position is left of somebody off duty, not for a moment.
func TestPositionsAtTheEndOfADuty(t *testing.T) {
	f := newFixture(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
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
		m, err := f.store.Mine(self(t, one), one.ResponderID)
		if err != nil {
			t.Fatal(err)
		}
		f.must(f.svc.EndDuty(t.Context(), f.as(one, "end"), m.Duty.ID))
		f.noPosition()
		f.must(f.svc.StartDuty(t.Context(), f.as(one, "start"), nil))
	}
}

// TestPositionsOfBefore: what a phone recorded before the duty began, or before
// its owner agreed, is not kept when it is sent afterwards.
func TestPositionsOfBefore(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	early := func(d time.Duration) []dispatch.Position {
		return []dispatch.Position{{Lon: 121.06, Lat: 38.06, At: f.store.now().Add(-d)}}
	}
	save := func(positions []dispatch.Position) {
		t.Helper()
		if _, err := f.store.SavePositions(self(t, one), one.ResponderID, positions); err != nil {
			t.Fatal(err)
		}
	}
	save(early(2 * time.Hour)) // on duty for an hour
	f.noPosition()
	f.exec(`update consent set given_at = now() - interval '10 minutes'`)
	save(early(30 * time.Minute))
	f.noPosition()
	save(early(5 * time.Minute))
	if r, err := f.store.Responder(ctx, one.ResponderID); err != nil || r.PositionSource != "position" {
		t.Fatalf("%+v, %v", r, err)
	}
	// On call no position is taken at all.
	f.exec(`update duty set kind = 'on_call'`)
	f.exec(`delete from position`)
	if _, err := f.store.SavePositions(self(t, one), one.ResponderID, early(0)); dispatch.CodeOf(err) != dispatch.CodeNotOnDuty {
		t.Fatalf("on call: %v", err)
	}
}
