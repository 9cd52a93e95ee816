package postgres

import (
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// unit adds a unit and somebody who belongs to it.
func (f *fixture) unit(name, kind string, areaID int64) (int64, dispatch.Actor) {
	f.t.Helper()
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `insert into unit (area_id, name, kind, duty_phone, external_id) values ($1, $2, $3, '0533-0000000', $2) returning id`,
		areaID, name, kind).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	a := f.account(name, dispatch.RolePartner, areaID, 0)
	a.UnitID = id
	f.exec(`update account set unit_id = $2 where id = $1`, a.AccountID, id)
	return id, a
}

// order sends an order for an incident as it is now.
func (f *fixture) order(i, unit int64, role dispatch.UnitRole) (int64, error) {
	f.t.Helper()
	out, err := f.svc.SendOrder(f.t.Context(), f.as(f.desk, "unit_order.send"), i, f.incident(i).Version, dispatch.NewUnitOrder{UnitID: unit, Role: role, Words: "请到场处置"})
	return out.ID, err
}

func (f *fixture) orderNow(id int64) dispatch.UnitOrder {
	f.t.Helper()
	o, err := f.store.UnitOrder(everywhere(f.t), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// move takes a step of an order as it is now.
func (f *fixture) move(a dispatch.Actor, id int64, in dispatch.OrderStep) error {
	f.t.Helper()
	in.Seen = f.orderNow(id).Version
	_, err := f.svc.MoveOrder(f.t.Context(), f.as(a, "unit_order."+in.Step), id, in)
	return err
}

func (f *fixture) want(what string, err error, code dispatch.Code) {
	f.t.Helper()
	if dispatch.CodeOf(err) != code {
		f.t.Fatalf("%s: %v, want %q", what, err, code)
	}
}

func (f *fixture) wantState(id int64, want dispatch.IncidentState) {
	f.t.Helper()
	if i := f.incident(id); i.State != want {
		f.t.Fatalf("the incident is %s, want %s", i.State, want)
	}
}

// TestUnitOrderMovesItsIncident: an incident without responders goes its way by
// its orders, and is not resolved while one is open.
func TestUnitOrderMovesItsIncident(t *testing.T) {
	f := newFixture(t)
	gas, crew := f.unit("燃气", "gas", f.district.ID)
	roads, _ := f.unit("市政", "roads", f.street.ID)
	office, _ := f.unit("街道办", "street_office", f.street.ID)
	east, _ := f.unit("东苑物业", "property", f.east.ID)
	i := f.verified()
	_, err := f.order(i.ID, gas, dispatch.UnitChecks)
	f.want("a check before the work", err, dispatch.CodeIllegalTransition)
	id, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("sent", err, "")
	f.wantState(i.ID, dispatch.IncidentDispatching)
	_, err = f.order(i.ID, gas, dispatch.UnitSupports)
	f.want("a second order to one unit", err, dispatch.CodeAlreadyOrdered)
	f.want("done before it is signed for", f.move(crew, id, dispatch.OrderStep{Step: "done"}), dispatch.CodeIllegalTransition)
	f.want("signed for", f.move(crew, id, dispatch.OrderStep{Step: "sign"}), "")
	f.wantState(i.ID, dispatch.IncidentHandling)
	f.want("returned without a reason", f.move(crew, id, dispatch.OrderStep{Step: "return"}), dispatch.CodeReasonRequired)
	f.want("returned", f.move(crew, id, dispatch.OrderStep{Step: "return", Reason: "非燃气井盖"}), "")
	f.wantState(i.ID, dispatch.IncidentDispatching)
	f.want("reassigned to whom it does not concern", f.move(f.desk, id, dispatch.OrderStep{Step: "reassign", UnitID: 99999, Reason: "改由市政办理"}), dispatch.CodeNotFound)
	f.want("reassigned", f.move(f.desk, id, dispatch.OrderStep{Step: "reassign", UnitID: roads, Reason: "改由市政办理"}), "")
	d, err := f.store.IncidentDetail(everywhere(t), i.ID)
	if err != nil || len(d.UnitOrders) != 2 || d.UnitOrders[1].PreviousID == nil || *d.UnitOrders[1].PreviousID != id || d.UnitOrders[1].UnitID != roads {
		t.Fatalf("got %+v, %v", d.UnitOrders, err)
	}
	if said := d.UnitOrders[0].Said; len(said) != 2 || said[0].Step != "returned" || said[0].Words != "非燃气井盖" || *said[0].By != crew.AccountID || said[1].Step != "reassigned" {
		t.Fatalf("of why it was returned and given to another is kept %+v", said)
	}
	second := d.UnitOrders[1].ID
	f.want("the unit signs as itself", f.move(f.desk, second, dispatch.OrderStep{Step: "sign"}), dispatch.CodeForbidden)
	f.want("the desk records it", f.move(f.desk, second, dispatch.OrderStep{Step: "sign", OnBehalf: true}), "")
	if o := f.orderNow(second); !o.OnBehalf || o.DoneBy == nil || !o.DoneBy.Equal(o.SignedAt.Add(7200*time.Second)) {
		t.Fatalf("got %+v", o)
	}
	_, err = f.svc.Resolve(t.Context(), f.as(f.desk, "incident.resolve"), i.ID, f.incident(i.ID).Version, "")
	f.want("resolved by hand while a unit works", err, dispatch.CodeHasOpenOrders)
	third, err := f.order(i.ID, office, dispatch.UnitSupports)
	f.want("a second unit", err, "")
	f.want("done", f.move(f.desk, second, dispatch.OrderStep{Step: "done", OnBehalf: true}), "")
	f.wantState(i.ID, dispatch.IncidentHandling)
	f.want("the last is withdrawn", f.move(f.desk, third, dispatch.OrderStep{Step: "withdraw"}), "")
	f.wantState(i.ID, dispatch.IncidentResolved)
	_, err = f.order(i.ID, roads, dispatch.UnitChecks)
	f.want("a check by who handled", err, dispatch.CodeSameHandler)
	check, err := f.order(i.ID, east, dispatch.UnitChecks)
	f.want("a check by another", err, "")
	_, err = f.svc.Check(t.Context(), f.as(f.chief, "incident.check"), i.ID, f.incident(i.ID).Version, true, "")
	f.want("checked", err, "")
	if o := f.orderNow(check); o.State != dispatch.OrderWithdrawn || o.DueAt != nil {
		t.Fatalf("the check was not asked for any more, and is %+v", o)
	}
}

// TestOrderBeforeVerifying: where the plan sends first, a unit is sent before it is
// verified, and what it does counts when it is verified after.
func TestOrderBeforeVerifying(t *testing.T) {
	f := newFixture(t)
	gas, crew := f.unit("燃气", "gas", f.district.ID)
	i := f.incident(f.must(f.svc.TakeIn(everywhere(t), f.as(f.desk, "incident.create"), dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher})).ID)
	_, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("before it is verified", err, dispatch.CodeIllegalTransition)
	f.exec(`update plan set send_first = true`)
	id, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("sent first", err, "")
	f.want("signed for", f.move(crew, id, dispatch.OrderStep{Step: "sign"}), "")
	f.must(f.svc.Verify(t.Context(), f.as(f.desk, "incident.verify"), i.ID, f.incident(i.ID).Version, ""))
	f.wantState(i.ID, dispatch.IncidentHandling)
	f.want("done", f.move(crew, id, dispatch.OrderStep{Step: "done"}), "")
	f.wantState(i.ID, dispatch.IncidentResolved)
}

// TestOrderAndAssignment: neither a person's nor a unit's work alone resolves what
// the other is still at, and cancelling ends both.
func TestOrderAndAssignment(t *testing.T) {
	f := newFixture(t)
	gas, crew := f.unit("燃气", "gas", f.district.ID)
	helper := f.responder("一", orb.Point{121.051, 38.051}, "fire_rescue")
	i := f.verified()
	id, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("sent", err, "")
	f.want("signed for", f.move(crew, id, dispatch.OrderStep{Step: "sign"}), "")
	f.must(f.svc.Send(t.Context(), f.as(f.desk, "incident.send"), i.ID, f.incident(i.ID).Version, []int64{helper.ResponderID}, "就近"))
	f.must(f.svc.AnswerOffer(t.Context(), f.as(helper, "offer.accept"), f.offersOf(i.ID)[helper.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	d, err := f.store.IncidentDetail(everywhere(t), i.ID)
	f.want("read", err, "")
	f.must(f.svc.Advance(t.Context(), f.as(helper, "assignment.done"), d.Assignments[0].ID, dispatch.Progress{Step: "done"}))
	f.wantState(i.ID, dispatch.IncidentHandling)
	f.must(f.svc.Cancel(t.Context(), f.as(f.desk, "incident.cancel"), i.ID, f.incident(i.ID).Version, "误报"))
	if o := f.orderNow(id); o.State != dispatch.OrderWithdrawn {
		t.Fatalf("the order of what was cancelled is %s", o.State)
	}
}

// TestTwoApproversAtOnce: of all who decide at once on one request exactly one
// does, the others are told of it; who asked is not among them.
func TestTwoApproversAtOnce(t *testing.T) {
	f := newFixture(t)
	gas, crew := f.unit("燃气", "gas", f.district.ID)
	i := f.verified()
	id, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("sent", err, "")
	f.want("signed for", f.move(crew, id, dispatch.OrderStep{Step: "sign"}), "")
	until := *f.orderNow(id).DoneBy
	until = until.Add(time.Hour)
	f.want("asked for less time", f.move(crew, id, dispatch.OrderStep{Step: "ask_extension", Reason: "等待配件", Until: until.Add(-2 * time.Hour)}), dispatch.CodeInvalid)
	f.want("the desk asks for it", f.move(f.desk, id, dispatch.OrderStep{Step: "ask_extension", Reason: "等待配件", Until: until, OnBehalf: true}), "")
	f.want("the desk approves itself", f.move(f.desk, id, dispatch.OrderStep{Step: "approve"}), dispatch.CodeOwnRequest)
	f.want("the unit approves itself", f.move(crew, id, dispatch.OrderStep{Step: "approve"}), dispatch.CodeForbidden)
	seen := f.orderNow(id).Version
	other := f.account("desk2", dispatch.RoleDispatcher, f.street.ID, 0)
	var group sync.WaitGroup
	results := make([]error, 8)
	for k := range results {
		a, step := f.chief, "approve"
		if k%2 == 1 {
			a, step = other, "refuse"
		}
		c := f.as(a, "unit_order."+step)
		group.Go(func() {
			_, results[k] = f.svc.MoveOrder(t.Context(), c, id, dispatch.OrderStep{Step: step, Seen: seen, Reason: "已核实"})
		})
	}
	group.Wait()
	decided := 0
	for _, err := range results {
		if err == nil {
			decided++
		} else {
			f.want("the others", err, dispatch.CodeVersionConflict)
		}
	}
	o := f.orderNow(id)
	if decided != 1 || o.State != dispatch.OrderSigned || o.DecidedBy == nil || o.Version != seen+1 {
		t.Fatalf("%d decided, and it is %+v", decided, o)
	}
	if extended := o.DueAt.Equal(until); extended != (*o.DecidedBy == f.chief.AccountID) {
		t.Fatalf("decided by %d, due %s", *o.DecidedBy, o.DueAt)
	}
}

// TestOverdueIsToldOnce: when a clock runs out it is said once, however many nodes
// look; while an order is put off no clock runs, and what was left is given back.
func TestOverdueIsToldOnce(t *testing.T) {
	var mu sync.Mutex
	now := time.Now().UTC().Truncate(time.Microsecond)
	f := newFixtureAt(t, func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
	pass := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	tell := func() time.Time {
		t.Helper()
		var group sync.WaitGroup
		var next time.Time
		for k := range 3 {
			group.Go(func() {
				at, err := f.svc.TellOverdue(t.Context())
				if err != nil {
					t.Error(err)
				}
				if k == 0 {
					next = at
				}
			})
		}
		group.Wait()
		return next
	}
	told := func() int {
		return countRows(t, f.owner, `select (select count(*) from event where kind = 'unit_order.overdue') + (select count(*) from event_pending where kind = 'unit_order.overdue')`)
	}
	gas, crew := f.unit("燃气", "gas", f.district.ID)
	i := f.verified()
	id, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("sent", err, "")
	if next := tell(); told() != 0 || !next.Equal(f.orderNow(id).SignBy) {
		t.Fatalf("told %d, next at %s", told(), next)
	}
	pass(301 * time.Second)
	tell()
	if o := f.orderNow(id); told() != 1 || o.OverdueAt == nil || o.State != dispatch.OrderSent {
		t.Fatalf("told %d, %+v", told(), o)
	}
	f.want("signed for late", f.move(crew, id, dispatch.OrderStep{Step: "sign"}), "")
	pass(time.Hour)
	f.want("asked to be put off", f.move(crew, id, dispatch.OrderStep{Step: "ask_suspension", Reason: "等待产权单位"}), "")
	f.want("put off", f.move(f.chief, id, dispatch.OrderStep{Step: "approve"}), "")
	pass(48 * time.Hour)
	if next := tell(); told() != 1 || !next.IsZero() {
		t.Fatalf("a clock runs while it is put off: told %d, next %s", told(), next)
	}
	f.want("taken up", f.move(crew, id, dispatch.OrderStep{Step: "resume"}), "")
	if left := f.orderNow(id).DueAt.Sub(now); left != time.Hour {
		t.Fatalf("%s left of the hour", left)
	}
	pass(time.Hour)
	tell()
	if told() != 2 {
		t.Fatalf("told %d", told())
	}
}

// TestUnitsAreApart: who belongs to a unit reads its orders and their incidents
// and no other, whatever is asked, until it is over or given back.
func TestUnitsAreApart(t *testing.T) {
	f := newFixture(t)
	gas, crew := f.unit("燃气", "gas", f.district.ID)
	roads, _ := f.unit("市政", "roads", f.street.ID)
	i, elsewhere := f.verified(), f.verified()
	id, err := f.order(i.ID, gas, dispatch.UnitLeads)
	f.want("sent", err, "")
	other, err := f.order(i.ID, roads, dispatch.UnitSupports)
	f.want("sent to another", err, "")
	_, err = f.order(elsewhere.ID, roads, dispatch.UnitLeads)
	f.want("sent elsewhere", err, "")
	q := viewed{f.store.app, f.store.say(scopeRead, crew.Viewer(f.svc.Tree())), planAuto}
	see := func(when string, orders, said, incidents int) {
		t.Helper()
		for _, w := range []struct {
			table string
			want  int
		}{{"unit_order", orders}, {"unit_order_said", said}, {"incident", incidents}, {"unit", 1}, {"responder", 0}, {"offer", 0}} {
			if n := countRows(t, q, `select count(*) from `+w.table); n != w.want {
				t.Errorf("%s: sees %d of %s, want %d", when, n, w.table, w.want)
			}
		}
	}
	see("with an order", 1, 0, 1)
	f.want("another unit's order", f.move(crew, other, dispatch.OrderStep{Step: "sign"}), dispatch.CodeNotFound)
	list, total, err := f.store.UnitOrders(dispatch.WithViewer(t.Context(), crew.Viewer(f.svc.Tree())), dispatch.UnitOrderFilter{UnitID: gas, Queue: "sign", Limit: 10})
	if err != nil || total != 1 || len(list) != 1 || list[0].ID != id || list[0].TypeCode != "fire" {
		t.Fatalf("got %+v %d %v", list, total, err)
	}
	desk := dispatch.WithViewer(t.Context(), f.desk.Viewer(f.svc.Tree()))
	list, total, err = f.store.UnitOrders(desk, dispatch.UnitOrderFilter{Reach: dispatch.Reach{AreaIDs: f.svc.Tree().Below(f.street.ID)}, Queue: "open", Limit: 10})
	if err != nil || total != 3 || len(list) != 3 || list[2].UnitName != "燃气" {
		t.Fatalf("a street's desk sees the district's unit by its order: %+v %d %v", list, total, err)
	}
	_, err = f.svc.Note(t.Context(), f.as(crew, "incident.note"), i.ID, "note", "已到场", time.Time{})
	f.want("a note on its own work", err, "")
	_, err = f.svc.Note(t.Context(), f.as(crew, "incident.note"), elsewhere.ID, "note", "已到场", time.Time{})
	f.want("a note elsewhere", err, dispatch.CodeNotFound)
	f.want("another's withdrawn", f.move(f.desk, other, dispatch.OrderStep{Step: "withdraw", Reason: "无需协办"}), "")
	f.want("returned", f.move(crew, id, dispatch.OrderStep{Step: "return", Reason: "不属本单位职责"}), "")
	see("after it was returned", 1, 1, 0)
}

// TestProposedUnits: a compound's own company, and not that of another; else the
// nearest unit of the kind.
func TestProposedUnits(t *testing.T) {
	f := newFixture(t)
	own, _ := f.unit("清和物业", "property", f.district.ID)
	f.unit("安和物业", "property", f.district.ID)
	f.unit("区燃气", "gas", f.district.ID)
	near, _ := f.unit("街道燃气站", "gas", f.street.ID)
	f.unit("东苑物业", "property", f.east.ID)
	f.exec(`insert into compound (area_id, name, boundary, point, cell, property_unit_id, external_id)
		select $1, '小区', st_multi(st_makeenvelope(121.04, 38.04, 121.06, 38.06, 4326)), st_setsrid(st_makepoint(121.05, 38.05), 4326), 617733150000000000, $2, 'c1'`, f.west.ID, own)
	f.exec(`insert into plan_unit (plan_id, role, unit_kind) select id, 'lead', 'property' from plan where type_code = 'fire' union all
		select id, 'support', 'gas' from plan where type_code = 'fire' union all select id, 'check', 'street_office' from plan where type_code = 'fire'`)
	i := f.verified()
	p, err := f.svc.ProposeUnits(dispatch.WithViewer(t.Context(), f.desk.Viewer(f.svc.Tree())), f.desk, i.ID)
	if err != nil || len(p.Proposed) != 3 || len(p.Units) != 3 {
		t.Fatalf("got %+v, %v", p, err)
	}
	if *p.Proposed[0].UnitID != own || *p.Proposed[1].UnitID != near || p.Proposed[2].UnitID != nil || p.Units[0].Why != dispatch.ForCompound {
		t.Fatalf("got %+v of %+v", p.Proposed, p.Units)
	}
	if _, err := f.order(i.ID, own, dispatch.UnitLeads); err != nil {
		t.Fatal(err)
	}
}
