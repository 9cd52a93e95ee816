package dispatch

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestUnitOrderSteps(t *testing.T) {
	later := noon.Add(48 * time.Hour)
	tests := []struct {
		name, step string
		from, want UnitOrderState // want "" means refused
	}{
		{"signed for", "sign", OrderSent, OrderSigned},
		{"signed for once", "sign", OrderSigned, ""},
		{"returned before signing", "return", OrderSent, OrderReturned},
		{"returned after", "return", OrderSigned, OrderReturned},
		{"not done before it is signed for", "done", OrderSent, ""},
		{"done while more time is asked for", "done", OrderExtensionAsked, OrderDone},
		{"what is put off is taken up before it is done", "done", OrderSuspended, ""},
		{"one thing is asked for at a time", "ask_suspension", OrderExtensionAsked, ""},
		{"more time for what was asked alone", "approve_extension", OrderSuspensionAsked, ""},
		{"put off by approval alone", "approve_suspension", OrderSigned, ""},
		{"a refusal leaves it with the unit", "refuse_suspension", OrderSuspensionAsked, OrderSigned},
		{"what was returned goes to another", "reassign", OrderReturned, OrderReassigned},
		{"what is done goes to nobody", "reassign", OrderDone, ""},
		{"what is done is not withdrawn", "withdraw", OrderDone, ""},
		{"what is put off is not overdue", "overdue", OrderSuspended, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := UnitOrder{State: tt.from, Version: 3, DueAt: &later, DoneBy: &later, AskedUntil: &later, SuspendedAt: &noon}
			next, kind, err := o.Step(tt.step, &later, noon)
			if tt.want == "" {
				if CodeOf(err) != CodeIllegalTransition || !reflect.DeepEqual(next, o) {
					t.Fatalf("got %v and %v, want it refused", next.State, err)
				}
				return
			}
			if err != nil || next.State != tt.want || next.Version != 4 || kind == "" {
				t.Fatalf("got %+v kind %q error %v, want %s", next, kind, err, tt.want)
			}
		})
	}
}

// orderModel is what is expected of an order: how much time is left, counted by
// itself, and whether it was said that it ran out.
type orderModel struct {
	left time.Duration // of the clock that runs, or stands still
	told bool
}

// TestUnitOrderClocks walks the machine at random beside a model that counts the
// time left second by second: a clock runs while the unit is to act, stands still
// while the order is put off, and nothing but signing and more time resets it.
func TestUnitOrderClocks(t *testing.T) {
	steps := slices.Sorted(maps.Keys(unitOrderSteps))
	rapid.Check(t, func(t *rapid.T) {
		sign := time.Duration(rapid.IntRange(60, 600).Draw(t, "sign")) * time.Second
		now, by := noon, noon.Add(sign)
		o := UnitOrder{State: OrderSent, Version: 1, SentAt: noon, SignBy: by, DueAt: &by, DoneSeconds: rapid.IntRange(600, 7200).Draw(t, "done")}
		m := orderModel{left: sign}
		for range rapid.IntRange(1, 40).Draw(t, "length") {
			passed := time.Duration(rapid.IntRange(1, 900).Draw(t, "seconds")) * time.Second
			now = now.Add(passed)
			if o.State != OrderSuspended {
				m.left -= passed
			}
			step := rapid.SampledFrom(steps).Draw(t, "step")
			until := now.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "until")) * time.Second)
			asked := o.AskedUntil
			legal := o.CanStep(step)
			next, _, err := o.Step(step, &until, now)
			if legal != (err == nil) || err != nil && !reflect.DeepEqual(next, o) {
				t.Fatalf("%s from %s: legal %v, error %v, now %+v", step, o.State, legal, err, next)
			}
			if err != nil {
				continue
			}
			m.follow(t, step, o, asked, now)
			m.holds(t, o, next, now)
			o = next
		}
	})
}

// follow says what a step does to the time left.
func (m *orderModel) follow(t *rapid.T, step string, o UnitOrder, asked *time.Time, now time.Time) {
	switch step {
	case "sign":
		*m = orderModel{left: time.Duration(o.DoneSeconds) * time.Second}
	case "approve_extension":
		*m = orderModel{left: asked.Sub(now)}
	case "overdue":
		if m.told {
			t.Fatal("told twice that one clock ran out")
		}
		m.told = true
	}
}

// holds compares an order after a step with the model.
func (m *orderModel) holds(t *rapid.T, o, next UnitOrder, now time.Time) {
	if next.Version != o.Version+1 {
		t.Fatalf("version %d -> %d", o.Version, next.Version)
	}
	if !o.State.Open() && (o.State != OrderReturned || next.State != OrderReassigned) {
		t.Fatalf("left %s for %s", o.State, next.State)
	}
	running := next.State.Open() && next.State != OrderSuspended
	if running != (next.DueAt != nil) || next.State.Open() != (next.EndedAt == nil) {
		t.Fatalf("%s with the clock %v, ended %v", next.State, next.DueAt, next.EndedAt)
	}
	if running && next.DueAt.Sub(now) != m.left {
		t.Fatalf("%s: %s left, want %s", next.State, next.DueAt.Sub(now), m.left)
	}
	if next.State.Open() && m.told != (next.OverdueAt != nil) {
		t.Fatalf("told %v, overdue %v", m.told, next.OverdueAt)
	}
}

func TestPropose(t *testing.T) {
	p := Plan{Units: []PlanUnit{{UnitChecks, "street_office"}, {UnitLeads, "property"}, {UnitSupports, "heat"}}}
	units := []ResponsibleUnit{
		{Unit{ID: 1, Kind: "property"}, ForCompound}, {Unit{ID: 2, Kind: "property"}, ForCommunity}, {Unit{ID: 3, Kind: "street_office"}, ForStreet}}
	got := propose(p, units)
	want := []ProposedUnit{{PlanUnit{UnitLeads, "property"}, &units[0].ID}, {PlanUnit{UnitSupports, "heat"}, nil}, {PlanUnit{UnitChecks, "street_office"}, &units[2].ID}}
	if !reflect.DeepEqual(got.Proposed, want) {
		t.Fatalf("got %+v", got.Proposed)
	}
}

// TestUnitsPeopleSeeByTheirOrders: whoever belongs to a unit sees nothing by area,
// of what its orders are for what the work needs, and no other unit's orders.
func TestUnitsPeopleSeeByTheirOrders(t *testing.T) {
	tree := NewAreaTree([]Area{{ID: 1, Level: LevelDistrict}})
	a := Actor{AccountID: 5, UnitID: 7, Grants: []Grant{{Role: RolePartner, AreaID: 1}}}
	s := a.Sight(tree)
	i := Incident{ID: 3, AreaID: 1, State: IncidentDispatching, Summary: "井盖缺失"}
	if s.Incident(i, false).Sees(FieldIncident) || a.May(See(FieldIncident)) || a.MayIn(tree, ActionNote, 1) {
		t.Error("sees or notes by area")
	}
	if got, ok := s.Incident(i, true).Incident(i); !ok || got.Summary == "" {
		t.Errorf("does not see what its order is for: %+v", got)
	}
	d, _ := s.Detail(s.Incident(i, true), IncidentDetail{Incident: i, Offers: []Offer{{ID: 1}}, UnitOrders: []UnitOrder{{ID: 1, UnitID: 7, Words: "补装"}, {ID: 2, UnitID: 8}}})
	if len(d.Offers) != 0 || len(d.UnitOrders) != 1 || d.UnitOrders[0].ID != 1 || d.UnitOrders[0].Words == "" {
		t.Errorf("sees %+v %+v", d.Offers, d.UnitOrders)
	}
	if !a.OfUnit(7) || a.OfUnit(8) || (Actor{UnitID: 7}).OfUnit(7) {
		t.Error("acts for another unit, or without a role")
	}
}
