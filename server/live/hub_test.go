package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"yiping/geo"
	"yiping/server/dispatch"
)

var start = time.Date(2026, 5, 1, 4, 0, 0, 0, time.UTC)

// district 1 holds streets 2 and 3; street 2 the communities 4 and 5, street 3
// the community 6.
func district() *dispatch.AreaTree {
	parent := func(id int64) *int64 { return &id }
	return dispatch.NewAreaTree([]dispatch.Area{
		{ID: 1, Level: dispatch.LevelDistrict}, {ID: 2, ParentID: parent(1), Level: dispatch.LevelStreet}, {ID: 3, ParentID: parent(1), Level: dispatch.LevelStreet},
		{ID: 4, ParentID: parent(2), Level: dispatch.LevelCommunity}, {ID: 5, ParentID: parent(2), Level: dispatch.LevelCommunity},
		{ID: 6, ParentID: parent(3), Level: dispatch.LevelCommunity}})
}

// source is a log in memory.
type source struct {
	mu     sync.Mutex
	log    []dispatch.Change
	people []dispatch.Responder
	parts  dispatch.Parts
	during func() // runs before and after the next read
}

// interrupted runs what happens while somebody reads, and gives what happens
// right after.
func (s *source) interrupted() func() {
	s.mu.Lock()
	run := s.during
	s.during = nil
	s.mu.Unlock()
	if run == nil {
		return func() {}
	}
	run()
	return run
}

func (s *source) Head(context.Context) (string, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "epoch", int64(len(s.log)), nil
}

func (s *source) Snapshot(context.Context, dispatch.Reach) (dispatch.Snapshot, error) {
	defer s.interrupted()()
	s.mu.Lock()
	defer s.mu.Unlock()
	return dispatch.Snapshot{Epoch: "epoch", Offset: int64(len(s.log)), Incidents: []dispatch.Incident{}}, nil
}

func (s *source) Parts(context.Context) (dispatch.Parts, error) {
	defer s.interrupted()()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parts, nil
}

func (s *source) Changes(_ context.Context, after int64, limit int) ([]dispatch.Change, error) {
	defer s.interrupted()()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log[after:min(int64(len(s.log)), after+int64(limit))]), nil
}

// add appends an event of an incident in an area, and gives it.
func (s *source) add(areaID, responderID int64) dispatch.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	incidentID := areaID * 100
	c := dispatch.Change{Event: dispatch.Event{Offset: int64(len(s.log) + 1), Kind: "incident.edited", At: start, Noun: dispatch.NounIncident,
		NounID: incidentID, AreaID: areaID, IncidentID: &incidentID},
		Incident: &dispatch.Incident{ID: incidentID, AreaID: areaID, State: dispatch.IncidentDispatching, Summary: "三楼冒烟", Cell: "8931aa42853ffff"}}
	if responderID != 0 {
		c.Event.Noun, c.Event.Kind, c.Event.ResponderID = dispatch.NounOffer, "offer.offered", &responderID
		c.Offer = &dispatch.Offer{ID: c.Event.Offset, IncidentID: incidentID, ResponderID: responderID, ResponderName: "王小明", State: dispatch.OfferOffered, AreaID: areaID}
	}
	s.log = append(s.log, c)
	return c
}

func newHub(s *source) *Hub {
	tree := district()
	forces := dispatch.NewForces(time.Now)
	forces.Replace(s.people)
	return New(Config{Source: s, Tree: func() *dispatch.AreaTree { return tree }, Look: forces.Look, Now: func() time.Time { return start }, Log: zerolog.Nop()}, 0)
}

func actor(role dispatch.Role, areaID int64) dispatch.Actor {
	return dispatch.Actor{AccountID: areaID, Grants: []dispatch.Grant{{Role: role, AreaID: areaID}}}
}

func responder(id int64) dispatch.Actor {
	return dispatch.Actor{AccountID: 1000 + id, ResponderID: id, Grants: []dispatch.Grant{{Role: dispatch.RoleResponder, AreaID: 4}}}
}

type gotFrame struct {
	Type      string
	Offset    int64
	Reason    string
	Incident  *dispatch.Incident
	Offer     *dispatch.Offer
	UnitOrder *dispatch.UnitOrder `json:"unit_order"`
	P         [][]float64

	Total      int
	Responders []dispatch.Responder
	Crowd      [][3]float64
	Accounts   []Onlooker
	Slow       bool
}

// take drains a subscriber.
func take(t interface{ Fatalf(string, ...any) }, s *Subscriber) []gotFrame {
	messages, _ := s.Next(nil)
	var frames []gotFrame
	for _, m := range messages {
		var some []gotFrame
		if err := json.Unmarshal(m.Text(), &some); err != nil {
			t.Fatalf("%s: %v", m.Text(), err)
		}
		frames = append(frames, some...)
	}
	return frames
}

func offsets(frames []gotFrame) []int64 {
	list := []int64{}
	for _, f := range frames {
		if f.Type == "event" {
			list = append(list, f.Offset)
		}
	}
	return list
}

// TestEverybodyGetsExactlyTheirs: at random, pages come, go, come back with
// their offset, while the log grows. Each has in the end exactly the events its
// areas allow, in order, none twice.
func TestEverybodyGetsExactlyTheirs(t *testing.T) {
	tree := district()
	rapid.Check(t, func(t *rapid.T) {
		src := &source{}
		hub := newHub(src)
		type page struct {
			actor dispatch.Actor
			sub   *Subscriber
			since Since
			from  int64
			got   []int64
		}
		pages := []*page{}
		for k, areaID := range []int64{1, 2, 3, 4, 6} {
			role := []dispatch.Role{dispatch.RoleDispatcher, dispatch.RoleWall}[k%2]
			pages = append(pages, &page{actor: actor(role, areaID)})
		}
		collect := func(p *page) {
			for _, f := range take(t, p.sub) {
				if f.Type == "snapshot" {
					p.from, p.got = f.Offset, nil
				}
				if f.Type == "event" {
					p.got = append(p.got, f.Offset)
					p.since.Offset = f.Offset
				}
			}
		}
		for range rapid.IntRange(5, 60).Draw(t, "steps") {
			p := pages[rapid.IntRange(0, len(pages)-1).Draw(t, "page")]
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				if p.sub != nil {
					collect(p)
					hub.Leave(p.sub)
					p.sub = nil
				}
			case 1:
				if p.sub == nil {
					if rapid.Bool().Draw(t, "while it grows") {
						areaID := rapid.Int64Range(1, 6).Draw(t, "meanwhile")
						src.during = func() { hub.Publish([]dispatch.Change{src.add(areaID, 0), src.add(1+areaID%6, 0)}) }
					}
					sub, err := hub.Subscribe(context.Background(), p.actor, 0, p.since, Wish{}, func() {})
					if err != nil {
						t.Fatalf("%v", err)
					}
					p.sub, src.during = sub, nil
					if p.since.Epoch == "" {
						collect(p)
						p.since = Since{Epoch: "epoch", Offset: max(p.from, p.since.Offset)}
					}
				}
			default:
				hub.Publish([]dispatch.Change{src.add(rapid.Int64Range(1, 6).Draw(t, "area"), 0)})
			}
		}
		for _, p := range pages {
			if p.sub == nil {
				continue
			}
			collect(p)
			want := []int64(nil)
			for _, c := range src.log {
				if c.Event.Offset > p.from && tree.Within(c.Event.AreaID, p.actor.Grants[0].AreaID) {
					want = append(want, c.Event.Offset)
				}
			}
			if !slices.Equal(p.got, want) {
				t.Fatalf("%s of %d got %v, want %v after %d", p.actor.Grants[0].Role, p.actor.Grants[0].AreaID, p.got, want, p.from)
			}
		}
		if want := len(pages); hub.Len() > want {
			t.Fatalf("%d subscribers are left", hub.Len())
		}
	})
}

func subscribe(t *testing.T, hub *Hub, a dispatch.Actor, home int64, since Since) *Subscriber {
	t.Helper()
	s, err := hub.Subscribe(t.Context(), a, home, since, Wish{}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Leave(s) })
	return s
}

func TestAWallSeesNoWordsAndNoNames(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	wall, desk := subscribe(t, hub, actor(dispatch.RoleWall, 1), 0, Since{}), subscribe(t, hub, actor(dispatch.RoleDispatcher, 2), 0, Since{})
	hub.Publish([]dispatch.Change{src.add(4, 77)})
	seen, whole := take(t, wall)[1], take(t, desk)[1]
	if seen.Incident.Summary != "" || !seen.Incident.Masked || seen.Offer.ResponderName != "王*" {
		t.Fatalf("the wall is told %+v %+v", seen.Incident, seen.Offer)
	}
	if whole.Incident.Summary == "" || whole.Offer.ResponderName != "王小明" {
		t.Fatalf("the desk is told %+v %+v", whole.Incident, whole.Offer)
	}
}

// TestAResponderSeesTheirOwn: what is offered to them and what follows, nothing
// of others, and of their community only that somebody is needed.
func TestAResponderSeesTheirOwn(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	s := subscribe(t, hub, responder(77), 4, Since{})
	hub.Publish([]dispatch.Change{src.add(6, 0), src.add(6, 88), src.add(6, 77), src.add(6, 0), src.add(4, 0), src.add(4, 88)})
	frames := take(t, s)
	if got := offsets(frames); !slices.Equal(got, []int64{3, 4, 5}) {
		t.Fatalf("got %v, want the offer, its incident, and the community's", got)
	}
	if frames[2].Incident.Summary == "" || frames[3].Incident.Summary != "" {
		t.Fatalf("own incident %+v, the community's %+v", frames[2].Incident, frames[3].Incident)
	}
	gone := src.add(6, 77)
	gone.Offer.State = dispatch.OfferWithdrawn
	hub.Publish([]dispatch.Change{gone, src.add(6, 0)})
	if got := offsets(take(t, s)); !slices.Equal(got, []int64{7}) {
		t.Fatalf("after the withdrawal got %v, want that alone", got)
	}
}

// TestAUnitSeesItsOwn: its orders and what follows of their incidents, nothing of
// other units', nor by the area its role stands in.
func TestAUnitSeesItsOwn(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	s := subscribe(t, hub, dispatch.Actor{AccountID: 9, UnitID: 7, Grants: []dispatch.Grant{{Role: dispatch.RolePartner, AreaID: 1}}}, 0, Since{})
	order := func(unitID int64, state dispatch.UnitOrderState) dispatch.Change {
		c := src.add(6, 0)
		c.Event.Noun, c.Event.Kind = dispatch.NounUnitOrder, "unit_order."+string(state)
		c.UnitOrder = &dispatch.UnitOrder{ID: unitID, IncidentID: 600, UnitID: unitID, State: state, AreaID: 6, Words: "请到场处置"}
		return c
	}
	hub.Publish([]dispatch.Change{src.add(6, 0), order(8, dispatch.OrderSent), order(7, dispatch.OrderSent), src.add(6, 0), src.add(6, 88), order(8, dispatch.OrderSigned), src.add(4, 0)})
	frames := take(t, s)
	if got := offsets(frames); !slices.Equal(got, []int64{3, 4}) {
		t.Fatalf("got %v, want the order and its incident", got)
	}
	if frames[1].UnitOrder == nil || frames[1].UnitOrder.Words == "" || frames[2].Incident.Summary == "" {
		t.Fatalf("got %+v and %+v", frames[1].UnitOrder, frames[2].Incident)
	}
	hub.Publish([]dispatch.Change{order(7, dispatch.OrderReturned), src.add(6, 0)})
	if got := offsets(take(t, s)); !slices.Equal(got, []int64{8}) {
		t.Fatalf("after it was returned got %v, want that alone", got)
	}
}

// TestAReturningPhoneIsToldOfItsOwn: who comes back with an offset is told of what they
// take part in, though nothing of it happened meanwhile, and of nothing else.
func TestAReturningPhoneIsToldOfItsOwn(t *testing.T) {
	src := &source{parts: dispatch.Parts{Responders: map[int64][]int64{77: {600}}, Units: map[int64][]int64{7: {500}}}}
	hub := newHub(src)
	first := src.add(6, 0)
	phone, other := subscribe(t, hub, responder(77), 4, Since{"epoch", first.Event.Offset}), subscribe(t, hub, responder(78), 4, Since{"epoch", first.Event.Offset})
	unit := subscribe(t, hub, dispatch.Actor{AccountID: 9, UnitID: 7, Grants: []dispatch.Grant{{Role: dispatch.RolePartner, AreaID: 1}}}, 0, Since{"epoch", first.Event.Offset})
	hub.Publish([]dispatch.Change{src.add(6, 0), src.add(5, 0)}) // incidents 600 and 500
	for _, c := range []struct {
		who  string
		sub  *Subscriber
		want []int64
	}{{"the one who goes", phone, []int64{2}}, {"another", other, []int64{}}, {"the unit", unit, []int64{3}}} {
		if got := offsets(take(t, c.sub)); !slices.Equal(got, c.want) {
			t.Errorf("%s is told of %v, want %v", c.who, got, c.want)
		}
	}
}

func TestResumeOrWhyNot(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	for range 10 {
		hub.Publish([]dispatch.Change{src.add(4, 0)})
	}
	tests := []struct {
		name  string
		since Since
		first string
		why   string
		want  int
	}{
		{"new", Since{}, "snapshot", "first", 0},
		{"back after a gap", Since{"epoch", 7}, "resumed", "", 3},
		{"nothing missed", Since{"epoch", 10}, "resumed", "", 0},
		{"after a restore", Since{"older", 7}, "snapshot", "epoch", 0},
		{"from the future", Since{"epoch", 99}, "snapshot", "gap", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames := take(t, subscribe(t, hub, actor(dispatch.RoleDispatcher, 1), 0, tt.since))
			if frames[0].Type != tt.first || frames[0].Reason != tt.why || len(frames)-1 != tt.want {
				t.Fatalf("got %+v", frames)
			}
		})
	}
}

func TestAGapTooLongIsASnapshot(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	for range resumeMost + 1 {
		src.add(4, 0)
	}
	frames := take(t, subscribe(t, hub, actor(dispatch.RoleDispatcher, 1), 0, Since{"epoch", 0}))
	if frames[0].Type != "snapshot" || frames[0].Reason != "gap" {
		t.Fatalf("got %+v", frames[0])
	}
}

// TestASlowClientIsToldAndHarmsNobody: who takes nothing is closed; the others
// have everything.
func TestASlowClientIsToldAndHarmsNobody(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	slow, quick := subscribe(t, hub, actor(dispatch.RoleDispatcher, 1), 0, Since{}), subscribe(t, hub, actor(dispatch.RoleDispatcher, 1), 0, Since{})
	got := 0
	for range mostFrames + 10 {
		hub.Publish([]dispatch.Change{src.add(4, 0)})
		got += len(offsets(take(t, quick)))
	}
	if messages, why := slow.Next(nil); len(messages) > 0 || why != ReasonTooSlow {
		t.Fatalf("the slow one got %d messages and %q", len(messages), why)
	}
	if got != mostFrames+10 {
		t.Fatalf("the quick one got %d", got)
	}
}

func TestPositionsLastOneWinsWhereAllowed(t *testing.T) {
	hub := newHub(&source{})
	street, other, wall := subscribe(t, hub, actor(dispatch.RoleDispatcher, 2), 0, Since{}), subscribe(t, hub, actor(dispatch.RoleDispatcher, 3), 0, Since{}),
		subscribe(t, hub, actor(dispatch.RoleWall, 1), 0, Since{})
	for _, s := range []*Subscriber{street, other, wall} {
		take(t, s)
	}
	move := func(lon float64) {
		hub.Move([]dispatch.Position{{ResponderID: 7, AreaID: 4, Lon: lon, Lat: 38.25, At: start}})
	}
	move(122.6)
	move(122.61)
	hub.tick()
	frames := take(t, street)
	if len(frames) != 1 || len(frames[0].P) != 1 || frames[0].P[0][1] != 122.61 {
		t.Fatalf("the street got %+v", frames)
	}
	if frames := take(t, other); len(frames) != 0 {
		t.Fatalf("another street got %+v", frames)
	}
	if frames := take(t, wall); len(frames) != 1 || frames[0].P[0][1] == 122.61 {
		t.Fatalf("the wall got the exact point: %+v", frames)
	}
	// Somebody of street 2 works in street 3: its desk sees them too.
	hub.Working([]dispatch.Assignment{{ResponderID: 7, AreaID: 6}})
	move(122.62)
	hub.tick()
	if frames := take(t, other); len(frames) != 1 || frames[0].P[0][1] != 122.62 {
		t.Fatalf("where they work: %+v", frames)
	}
}

// standing gives people on duty in an area, in a row to the east.
func standing(n int, areaID int64) []dispatch.Responder {
	list := make([]dispatch.Responder, n)
	for k := range list {
		lon, lat := 122.6+float64(k)*1e-5, 38.2
		cell, _ := geo.CellOf(orb.Point{lon, lat}, geo.ResolutionPeople) // on the earth
		list[k] = dispatch.Responder{ID: areaID*10_000 + int64(k), AreaID: areaID, Name: "王小明", Phone: "13800001234", Duty: dispatch.DutyOn, Lon: &lon, Lat: &lat, Cell: cell.String()}
	}
	return list
}

func TestAViewNamesItsPeopleOrCountsThem(t *testing.T) {
	working := standing(1, 4)[0]
	working.ID, working.Task = 1, &dispatch.Task{}
	src := &source{people: append(append(standing(peopleMost, 4), standing(5, 6)...), working)}
	hub := newHub(src)
	look := func(role dispatch.Role, areaID int64, view *orb.Bound) (*Subscriber, gotFrame) {
		sub, err := hub.Subscribe(t.Context(), actor(role, areaID), 0, Since{}, Wish{Layers: []string{LayerResponders}}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		take(t, sub)
		hub.Look(sub, view)
		frames := take(t, sub)
		if len(frames) != 1 || frames[0].Type != "people" {
			t.Fatalf("frames %+v", frames)
		}
		return sub, frames[0]
	}
	_, all := look(dispatch.RoleDispatcher, 1, nil)
	count := 0.0
	for _, c := range all.Crowd {
		count += c[2]
	}
	if all.Total != peopleMost+5 || len(all.Responders) != 0 || int(count) != all.Total {
		t.Errorf("of everywhere %d people, %d named, %v counted", all.Total, len(all.Responders), count)
	}
	view := &orb.Bound{Min: orb.Point{122.6, 38.1999}, Max: orb.Point{122.600095, 38.2001}}
	within := 0
	for _, r := range src.people {
		if r.AreaID == 4 && r.Task == nil && geo.CoverView(*view).Bound().Contains(orb.Point{*r.Lon, *r.Lat}) {
			within++
		}
	}
	sub, some := look(dispatch.RoleDispatcher, 4, view)
	if within < 10 || within > 300 || some.Total != within || len(some.Responders) != within || len(some.Crowd) != 0 || some.Responders[0].Phone != "138****1234" || some.Responders[0].Name != "王小明" {
		t.Errorf("in view %d people of %d, the first %+v", some.Total, within, some.Responders[0])
	}
	for _, p := range []struct {
		id   int64
		lon  float64
		seen bool
	}{{40_001, 122.60002, true}, {40_700, 122.607, false}} {
		hub.Move([]dispatch.Position{{ResponderID: p.id, AreaID: 4, Lon: p.lon, Lat: 38.2, At: start}})
		hub.tick()
		if got := take(t, sub); (len(got) == 1) != p.seen {
			t.Errorf("position of %d: %+v", p.id, got)
		}
	}
	if _, wall := look(dispatch.RoleWall, 4, view); len(wall.Responders) != within || wall.Responders[0].Name == "王小明" || *wall.Responders[0].Lon == 122.6 {
		t.Errorf("a wall is told %+v", wall.Responders[0])
	}
	phone, err := hub.Subscribe(t.Context(), responder(7), 4, Since{}, Wish{Layers: []string{LayerResponders}}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	take(t, phone)
	hub.Look(phone, nil)
	if got := take(t, phone); got != nil {
		t.Errorf("a phone is told of people: %+v", got)
	}
}

// TestHubUnderRace: pages come and go while the log grows; run with -race.
func TestHubUnderRace(t *testing.T) {
	src := &source{}
	hub := newHub(src)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { hub.Run(ctx); close(ended) }()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for k := range 50 {
				s, err := hub.Subscribe(ctx, actor(dispatch.RoleDispatcher, int64(1+w%6)), 0, Since{}, Wish{}, func() {})
				if err != nil {
					t.Error(fmt.Errorf("page %d.%d: %w", w, k, err))
					return
				}
				hub.Move([]dispatch.Position{{ResponderID: int64(k), AreaID: 4, Lon: 122.6, Lat: 38.2, At: start}})
				s.Next(nil)
				hub.Leave(s)
			}
		})
	}
	for range 200 {
		hub.Publish([]dispatch.Change{src.add(4, 0)})
	}
	wg.Wait()
	last := subscribe(t, hub, actor(dispatch.RoleDispatcher, 1), 0, Since{})
	stop()
	<-ended
	if _, why := last.Next(nil); why != ReasonStopping {
		t.Fatalf("closed with %q", why)
	}
	if _, err := hub.Subscribe(context.Background(), actor(dispatch.RoleDispatcher, 1), 0, Since{}, Wish{}, func() {}); err == nil {
		t.Fatal("a stopped hub took a subscriber")
	}
}
