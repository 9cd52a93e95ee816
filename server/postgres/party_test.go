package postgres

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// south adds a second street, south of the first, with one community.
func (f *fixture) south() (street, community dispatch.Area) {
	f.t.Helper()
	street = f.area(dispatch.AreaInput{Level: dispatch.LevelStreet, ParentID: f.district.ID, Code: "990001002", Name: "南门街道", Boundary: square(121, 37.9, 0.2, 0.1)})
	community = f.area(dispatch.AreaInput{Level: dispatch.LevelCommunity, ParentID: street.ID, Code: "990001002001", Name: "南一社区", Boundary: square(121, 37.9, 0.1, 0.1)})
	if err := f.svc.Load(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	return street, community
}

// takenInAt takes a fire in at a place by the district, who may everywhere.
func (f *fixture) takenInAt(p orb.Point) dispatch.Incident {
	f.t.Helper()
	out := f.must(f.svc.TakeIn(f.t.Context(), f.as(f.chief, "incident.create"), dispatch.Intake{
		TypeCode: "fire", Point: p, Words: "冒烟", Verified: true, Channel: dispatch.ChannelDispatcher}))
	return f.incident(out.ID)
}

// parties gives the areas that take part now, by reason.
func parties(i dispatch.Incident, why dispatch.PartyReason) []int64 {
	ids := []int64{}
	for _, p := range i.Parties {
		if p.Why == why && p.Until == nil {
			ids = append(ids, p.AreaID)
		}
	}
	slices.Sort(ids)
	return ids
}

// TestBorder: an incident is its neighbours' too within the buffer of their
// border, never of an area it lies in.
func TestBorder(t *testing.T) {
	f := newFixture(t)
	street, community := f.south()
	tests := []struct {
		name   string
		border int
		at     orb.Point
		want   []int64
	}{
		{"in the middle of a community", 1, orb.Point{121.05, 38.05}, []int64{}},
		{"beside another community", 1, orb.Point{121.0999, 38.05}, []int64{f.east.ID}},
		{"beside another street", 1, orb.Point{121.05, 38.0001}, []int64{street.ID, community.ID}},
		{"in a corner of three", 1, orb.Point{121.0999, 38.0001}, []int64{f.east.ID, street.ID, community.ID}},
		{"some cells away", 1, orb.Point{121.09, 38.05}, []int64{}},
		{"some cells away, in a wide buffer", 3, orb.Point{121.09, 38.05}, []int64{f.east.ID}},
		{"with no buffer at all", -1, orb.Point{121.0999, 38.05}, []int64{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.svc.WithBorder(tt.border)
			slices.Sort(tt.want)
			if got := parties(f.takenInAt(tt.at), dispatch.PartyBorder); !slices.Equal(got, tt.want) {
				t.Errorf("areas %v take part, want %v", got, tt.want)
			}
		})
	}
}

// TestPartiesUntilItIsOver: a place that moves adds neighbours, an acceptance
// the area of who goes; the end ends them all and keeps when that was, and a
// reopening asks anew.
func TestPartiesUntilItIsOver(t *testing.T) {
	f := newFixture(t)
	_, community := f.south()
	helper := f.responder("邻", orb.Point{121.05, 37.95}, "fire_rescue")
	f.exec(`update responder set area_id = $2 where id = $1`, helper.ResponderID, community.ID)
	own := f.responder("近", orb.Point{121.051, 38.051}, "fire_rescue")
	if err := f.svc.RefreshForces(t.Context()); err != nil {
		t.Fatal(err)
	}
	i := f.takenInAt(orb.Point{121.05, 38.05})
	out := f.must(f.svc.Change(t.Context(), f.as(f.desk, "edit"), i.ID, i.Version, dispatch.Edit{Point: &orb.Point{121.0999, 38.05}}))
	out = f.must(f.svc.Send(t.Context(), f.as(f.chief, "send"), i.ID, out.Version, []int64{helper.ResponderID, own.ResponderID}, "就近"))
	for _, who := range []dispatch.Actor{helper, own} {
		f.must(f.svc.AnswerOffer(t.Context(), f.as(who, "accept"), f.offersOf(i.ID)[who.ResponderID].ID, dispatch.Answer{Step: "accept"}))
	}
	i = f.incident(i.ID)
	if border, support := parties(i, dispatch.PartyBorder), parties(i, dispatch.PartySupporting); !slices.Equal(border, []int64{f.east.ID}) || !slices.Equal(support, []int64{community.ID}) {
		t.Fatalf("at the border %v, supporting %v", border, support)
	}
	f.must(f.svc.Advance(t.Context(), f.as(helper, "done"), f.assignmentOf(i.ID, helper), dispatch.Progress{Step: "done"}))
	f.must(f.svc.Advance(t.Context(), f.as(own, "done"), f.assignmentOf(i.ID, own), dispatch.Progress{Step: "done"}))
	i = f.incident(i.ID)
	if support := parties(i, dispatch.PartySupporting); i.State != dispatch.IncidentResolved || len(support) != 1 {
		t.Fatalf("%s, supporting %v", i.State, support)
	}
	out = f.must(f.svc.Check(t.Context(), f.as(f.chief, "check"), i.ID, i.Version, true, ""))
	out = f.must(f.svc.Close(t.Context(), f.as(f.desk, "close"), i.ID, out.Version))
	i = f.incident(i.ID)
	if len(i.Parties) != 2 || i.Parties[0].Until == nil || i.Parties[1].Until == nil || !i.Parties[0].Until.Equal(*i.ClosedAt) {
		t.Fatalf("after the end %+v", i.Parties)
	}
	f.must(f.svc.Reopen(t.Context(), f.as(f.desk, "reopen"), i.ID, out.Version, "又冒烟"))
	i = f.incident(i.ID)
	if border, support := parties(i, dispatch.PartyBorder), parties(i, dispatch.PartySupporting); !slices.Equal(border, []int64{f.east.ID}) || len(support) != 0 || len(i.Parties) != 3 {
		t.Fatalf("reopened: at the border %v, supporting %v, in all %+v", border, support, i.Parties)
	}
}

// assignmentOf gives the assignment of a responder on an incident.
func (f *fixture) assignmentOf(incidentID int64, who dispatch.Actor) int64 {
	f.t.Helper()
	var id int64
	if err := f.owner.QueryRow(f.t.Context(), `select id from assignment where incident_id = $1 and responder_id = $2`, incidentID, who.ResponderID).Scan(&id); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// TestReach: lists and snapshots hold what an area takes part in beside what
// lies in it, until that ends.
func TestReach(t *testing.T) {
	f := newFixture(t)
	i := f.takenInAt(orb.Point{121.0999, 38.05}) // in the west, at the border of the east
	ids := func(list []dispatch.Incident) (ids []int64) {
		for _, i := range list {
			ids = append(ids, i.ID)
		}
		return ids
	}
	look := func(reach dispatch.Reach) (listed, total, open int) {
		t.Helper()
		list, total, err := f.store.Incidents(everywhere(t), dispatch.IncidentFilter{Reach: reach, Queue: "open", Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		snap, err := f.store.Snapshot(t.Context(), reach)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ids(list), ids(snap.Incidents)) {
			t.Errorf("listed %v, in the snapshot %v", ids(list), ids(snap.Incidents))
		}
		return len(list), total, len(snap.Incidents)
	}
	east := []int64{f.east.ID}
	for _, tt := range []struct {
		name  string
		reach dispatch.Reach
		want  int
	}{
		{"its own area", dispatch.Reach{AreaIDs: []int64{f.west.ID}}, 1},
		{"the neighbour's areas alone", dispatch.Reach{AreaIDs: east}, 0},
		{"the neighbour with what it takes part in", dispatch.Reach{AreaIDs: east, PartyAreaIDs: east}, 1},
		{"both", dispatch.Reach{PartyAreaIDs: east}, 1},
		{"nothing", dispatch.Reach{AreaIDs: []int64{}}, 0},
	} {
		if listed, total, open := look(tt.reach); listed != tt.want || total != tt.want || open != tt.want {
			t.Errorf("%s: listed %d of %d, in the snapshot %d; want %d", tt.name, listed, total, open, tt.want)
		}
	}
	f.must(f.svc.Cancel(t.Context(), f.as(f.desk, "cancel"), i.ID, i.Version, "误报"))
	list, _, err := f.store.Incidents(everywhere(t), dispatch.IncidentFilter{Reach: dispatch.Reach{AreaIDs: east, PartyAreaIDs: east}, Queue: "all", Limit: 10})
	if err != nil || len(list) != 0 {
		t.Errorf("when it is over: %v, %v", ids(list), err)
	}
}

// TestNotesOfWhoTakesPart: a neighbour's dispatcher adds words, may change
// nothing, and is told of nothing once it is over.
func TestNotesOfWhoTakesPart(t *testing.T) {
	f := newFixture(t)
	i := f.takenInAt(orb.Point{121.0999, 38.05})
	far := f.takenInAt(orb.Point{121.05, 38.05})
	for _, tt := range []struct {
		name          string
		who           dispatch.Actor
		note, verify  dispatch.Code
		another, over dispatch.Code
	}{
		{"the neighbour's dispatcher", f.account("east", dispatch.RoleDispatcher, f.east.ID, 0), "", dispatch.CodeForbidden, dispatch.CodeNotFound, dispatch.CodeNotFound},
		{"the neighbour's office", f.account("office", dispatch.RoleCommunity, f.east.ID, 0), dispatch.CodeForbidden, dispatch.CodeForbidden, dispatch.CodeNotFound, dispatch.CodeNotFound},
		{"the own office", f.account("own", dispatch.RoleCommunity, f.west.ID, 0), "", dispatch.CodeForbidden, "", ""},
		{"the own partner", f.account("police", dispatch.RolePartner, f.west.ID, 0), "", dispatch.CodeForbidden, "", ""},
		{"the keeper of registers", f.account("admin", dispatch.RoleSystemAdministrator, f.district.ID, 0), dispatch.CodeForbidden, dispatch.CodeForbidden, dispatch.CodeForbidden, dispatch.CodeForbidden},
		{"a wall", f.account("wall", dispatch.RoleWall, f.west.ID, 0), dispatch.CodeForbidden, dispatch.CodeForbidden, dispatch.CodeForbidden, dispatch.CodeForbidden},
	} {
		note := func(id int64) dispatch.Code {
			_, err := f.svc.Note(t.Context(), f.as(tt.who, "note"), id, "note", "路口已封", f.store.now())
			return dispatch.CodeOf(err)
		}
		if got := note(i.ID); got != tt.note {
			t.Errorf("%s notes: %q, want %q", tt.name, got, tt.note)
		}
		if got := note(far.ID); got != tt.another {
			t.Errorf("%s notes elsewhere: %q, want %q", tt.name, got, tt.another)
		}
		_, err := f.svc.Cancel(t.Context(), f.as(tt.who, "cancel"), i.ID, i.Version, "误报")
		if got := dispatch.CodeOf(err); got != tt.verify {
			t.Errorf("%s cancels: %q, want %q", tt.name, got, tt.verify)
		}
		f.exec(`update incident_party set until = since where incident_id = $1`, i.ID)
		if got := note(i.ID); got != tt.over {
			t.Errorf("%s notes when the part is over: %q, want %q", tt.name, got, tt.over)
		}
		f.exec(`update incident_party set until = null where incident_id = $1`, i.ID)
	}
}
