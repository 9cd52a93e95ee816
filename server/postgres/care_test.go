package postgres

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

func (f *fixture) cell(at orb.Point) int64 {
	f.t.Helper()
	c, err := geo.CellOf(at, geo.ResolutionPeople)
	if err != nil {
		f.t.Fatal(err)
	}
	return c.Int64()
}

// TestOpenCare: who needs care is shown to those who go and to the community's
// own worker, near an open incident, with a reason, on record, and to nobody
// once it is over.
func TestOpenCare(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	one := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	two := f.responder("二", orb.Point{121.052, 38.051}, "fire_rescue")
	worker := f.account("worker", dispatch.RoleCommunity, f.west.ID, 0)
	elsewhere := f.account("elsewhere", dispatch.RoleCommunity, f.east.ID, 0)
	near := f.care("钱婆婆", ownPhone, orb.Point{121.0505, 38.0505}, f.west.ID)
	f.care("远处", ownPhone, orb.Point{121.07, 38.07}, f.west.ID)
	i := f.verified()
	f.must(f.svc.Send(ctx, f.as(f.desk, "send"), i.ID, i.Version, []int64{one.ResponderID, two.ResponderID}, ""))
	open := func(a dispatch.Actor, reason string, want dispatch.Code, ids ...int64) {
		t.Helper()
		people, err := f.svc.OpenCare(ctx, a, i.ID, reason)
		if dispatch.CodeOf(err) != want {
			t.Fatalf("got %v, want %q", err, want)
		}
		if len(people) != len(ids) {
			t.Fatalf("%d people, want %d", len(people), len(ids))
		}
		for k, p := range people {
			if p.ID != ids[k] || p.Name == "" || p.Phone != ownPhone || p.Needs != "轮椅" || p.DistanceMeters > 300 {
				t.Errorf("%+v, want %d", p, ids[k])
			}
		}
	}
	open(one, "上门查看", dispatch.CodeNotFound) // asked, not gone
	f.must(f.svc.AnswerOffer(ctx, f.as(one, "accept"), f.offersOf(i.ID)[one.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	open(elsewhere, "上门查看", dispatch.CodeNotFound) // nobody of theirs is near, and the incident is not theirs to know
	across := f.care("孙爷爷", ownPhone, orb.Point{121.0502, 38.0502}, f.east.ID)
	open(one, "上门查看", "", across, near)
	open(one, " ", dispatch.CodeReasonRequired)
	open(worker, "上门查看", "", near)
	open(elsewhere, "上门查看", "", across)
	for _, nobody := range []dispatch.Actor{two, f.desk, f.chief} {
		open(nobody, "上门查看", dispatch.CodeNotFound)
	}
	var asked, shown int
	if err := f.owner.QueryRow(ctx, `select count(*) filter (where action = 'care.open' and reason_hash <> ''), count(*) filter (where action = 'care.show')
		from (select action, reason_hash from audit union all select action, reason_hash from audit_pending) a`).Scan(&asked, &shown); err != nil || asked != 3 || shown != 4 {
		t.Errorf("on record: %d and %d, %v", asked, shown, err)
	}
	f.must(f.svc.Cancel(ctx, f.as(f.desk, "cancel"), i.ID, f.incident(i.ID).Version, "误报"))
	open(one, "上门查看", dispatch.CodeNotFound)
	open(worker, "上门查看", dispatch.CodeForbidden)
	open(elsewhere, "上门查看", dispatch.CodeNotFound)
	dump := f.dump()
	holds(t, dump, "钱婆婆", "孙爷爷", "轮椅", ownPhone)
	if !strings.Contains(dump, "elderly_alone") {
		t.Error("the dump says nothing")
	}
}

// TestPublishCare: counts are published once a day and read from there alone.
func TestPublishCare(t *testing.T) {
	f := newFixture(t)
	ctx := everywhere(t)
	if c, err := f.svc.CareCounts(ctx, nil, 8, ""); err != nil || c.Day != "" || len(c.Cells) != 0 {
		t.Fatalf("before: %+v, %v", c, err)
	}
	for range 6 {
		f.care("某", ownPhone, orb.Point{121.05, 38.05}, f.west.ID)
	}
	if err := f.svc.PublishCare(ctx); err != nil {
		t.Fatal(err)
	}
	most := func() (most, cells int) {
		t.Helper()
		c, err := f.svc.CareCounts(ctx, []int64{f.west.ID}, 8, "elderly_alone")
		if err != nil || c.K != 5 || c.Day == "" {
			t.Fatalf("%+v, %v", c, err)
		}
		for _, cell := range c.Cells {
			most = max(most, cell.AtLeast)
		}
		return most, len(c.Cells)
	}
	if m, n := most(); m != 5 || n < 50 {
		t.Errorf("at least %d in %d cells", m, n)
	}
	for range 9 {
		f.care("某", ownPhone, orb.Point{121.05, 38.05}, f.west.ID)
	}
	if err := f.svc.PublishCare(ctx); err != nil { // the same day
		t.Fatal(err)
	}
	if m, _ := most(); m != 5 {
		t.Errorf("the day's number changed to %d", m)
	}
}
