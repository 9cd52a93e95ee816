package postgres

import (
	"testing"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

// entry is a row of the trail as the tests read it, sealed or not.
type entry struct {
	Kind, Action, Result, Actor string
	AccountID, NounID, AreaID   int64
	Noun, RequestID, Network    string
	Count                       int64
	ReasonHash                  []byte
}

// entries gives the entries of some actions, oldest first.
func (f *fixture) entries(actions ...string) []entry {
	f.t.Helper()
	list, err := many[entry](f.t.Context(), f.owner, `select kind, action, result, actor, account_id, noun_id, area_id, noun, request_id, network, count, reason_hash
		from (select id, kind, action, result, actor, account_id, noun_id, area_id, noun, request_id, network, count, reason_hash from audit_pending
			union all select seq - 1000000, kind, action, result, actor, account_id, noun_id, area_id, noun, request_id, network, count, reason_hash from audit) e
		where action = any($1) order by id`, actions)
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// TestACommandLeavesAnEntry: one that was carried out, with who, what and where;
// its repeat none; a refused one with its code and what the request named.
func TestACommandLeavesAnEntry(t *testing.T) {
	f := newFixture(t)
	ctx := dispatch.WithRequest(t.Context(), &dispatch.Request{ID: "r1", Network: "10.1.2.0/24", NounID: 7})
	c := f.as(f.desk, "incident.create")
	in := dispatch.Intake{TypeCode: "fire", Point: orb.Point{121.05, 38.05}, Channel: dispatch.ChannelDispatcher}
	out := f.must(f.svc.TakeIn(ctx, c, in))
	f.must(f.svc.TakeIn(ctx, c, in))
	list := f.entries("incident.create")
	if len(list) != 1 {
		t.Fatalf("%d entries of a command and its repeat: %+v", len(list), list)
	}
	want := entry{Kind: "command", Action: "incident.create", Result: "done", Actor: "account", AccountID: f.desk.AccountID,
		Noun: "incident", NounID: out.ID, AreaID: f.west.ID, RequestID: "r1", Network: "10.1.2.0/24", Count: 1}
	if got := list[0]; got.Kind != want.Kind || got.Result != want.Result || got.Actor != want.Actor || got.AccountID != want.AccountID ||
		got.Noun != want.Noun || got.NounID != want.NounID || got.AreaID != want.AreaID || got.RequestID != want.RequestID || got.Network != want.Network || got.Count != 1 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := f.svc.Close(ctx, f.as(f.desk, "incident.close"), out.ID, 1); err == nil {
		t.Fatal("an incident that was just taken in was closed")
	}
	if list = f.entries("incident.close"); len(list) != 1 || list[0].Kind != "refused" || list[0].Result != "illegal_transition" || list[0].NounID != 7 || list[0].Noun != "incident" {
		t.Errorf("refused: %+v", list)
	}
}
