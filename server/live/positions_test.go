package live

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"yiping/geo"
	"yiping/server/dispatch"
)

// places folds what a subscriber is told of where people are.
func places(t interface{ Fatalf(string, ...any) }, s *Subscriber, into map[int64]float64) (slow []bool) {
	for _, f := range take(t, s) {
		for _, p := range f.P {
			into[int64(p[0])] = p[1]
		}
		if f.Type == "slow" {
			slow = append(slow, f.Slow)
		}
	}
	return slow
}

// TestPositionsGoExactlyWhereTheyAreSeen: whoever looks, pans, takes what there is
// or leaves it lying, in the end each has the last place of everybody who moved in
// their view, of their area, or on a task that they may see, and of nobody else.
func TestPositionsGoExactlyWhereTheyAreSeen(t *testing.T) {
	tree := district()
	rapid.Check(t, func(t *rapid.T) {
		hub := newHub(&source{})
		type page struct {
			sub       *Subscriber
			area      int64
			wish      int64
			view      geo.View
			got, want map[int64]float64
		}
		var pages []*page
		for range rapid.IntRange(1, 6).Draw(t, "pages") {
			p := &page{area: rapid.Int64Range(1, 6).Draw(t, "area"), wish: rapid.SampledFrom([]int64{0, 0, 2, 4}).Draw(t, "wish"), got: map[int64]float64{}, want: map[int64]float64{}}
			sub, err := hub.Subscribe(t.Context(), actor(dispatch.RoleDispatcher, p.area), 0, Since{}, Wish{AreaID: p.wish}, func() {})
			if err != nil {
				t.Fatal(err)
			}
			p.sub, p.view = sub, geo.CoverView(everywhere)
			pages = append(pages, p)
		}
		works := map[int64]int64{}
		for k := range rapid.IntRange(1, 80).Draw(t, "steps") {
			p := rapid.SampledFrom(pages).Draw(t, "page")
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				b := someBound(t)
				hub.tick() // what moved before was seen from there
				hub.Look(p.sub, &b)
				p.view = geo.CoverView(b)
			case 1:
				places(t, p.sub, p.got)
			case 2:
				hub.tick()
			case 3:
				id := rapid.Int64Range(1, 5).Draw(t, "who works")
				hub.tick()
				works[id] = rapid.Int64Range(4, 6).Draw(t, "works in")
				hub.Working([]dispatch.Assignment{{ResponderID: id, AreaID: works[id]}})
			default:
				b := someBound(t)
				at := dispatch.Position{ResponderID: rapid.Int64Range(1, 5).Draw(t, "who"), AreaID: rapid.Int64Range(4, 6).Draw(t, "of"), Lon: min(max(b.Min.Lon(), -180), 180), Lat: min(max(b.Min.Lat(), -90), 90), At: start}
				at.Lon = min(at.Lon+float64(k)*2e-5, 180)
				hub.Move([]dispatch.Position{at})
				for _, p := range pages {
					work := works[at.ResponderID]
					mine := tree.Within(at.AreaID, p.area) || work != 0 && tree.Within(work, p.area)
					wanted := p.wish == 0 || tree.Within(at.AreaID, p.wish) || work != 0 && tree.Within(work, p.wish)
					if mine && wanted && (work != 0 || p.view.Holds(orb.Point{at.Lon, at.Lat})) {
						p.want[at.ResponderID] = at.Lon
					}
				}
				hub.tick()
			}
		}
		hub.tick()
		for k, p := range pages {
			places(t, p.sub, p.got)
			if !maps.EqualFunc(p.got, p.want, func(a, b float64) bool { return a-b < 6e-6 && b-a < 6e-6 }) {
				t.Fatalf("page %d of %d has %v, want %v", k, p.area, p.got, p.want)
			}
			hub.Leave(p.sub)
		}
		if n := fmt.Sprint(len(hub.channels), len(hub.audiences), len(hub.byRoot), hub.views.Len()); n != "0 0 0 0" {
			t.Fatalf("left: %s", n)
		}
	})
}

// TestThoseWhoSeeAlikeShareOneMessage: the same view and rights, one message; who
// sees other things has another.
func TestThoseWhoSeeAlikeShareOneMessage(t *testing.T) {
	hub := newHub(&source{})
	a, b := subscribe(t, hub, named(5, "张三"), 0, Since{}), subscribe(t, hub, named(6, "李四"), 0, Since{})
	wall := subscribe(t, hub, actor(dispatch.RoleWall, 1), 0, Since{})
	near, alike := orb.Bound{Min: orb.Point{122.5, 38.1}, Max: orb.Point{122.7, 38.3}}, orb.Bound{Min: orb.Point{122.5001, 38.1001}, Max: orb.Point{122.6999, 38.2999}}
	hub.Look(a, &near)
	hub.Look(b, &alike)
	for _, s := range []*Subscriber{a, b, wall} {
		take(t, s)
	}
	var moved []dispatch.Position
	for id := range int64(100) {
		moved = append(moved, dispatch.Position{ResponderID: id + 1, AreaID: 4, Lon: 122.6, Lat: 38.2, At: start})
	}
	hub.Move(moved)
	hub.tick()
	first, _ := a.Next(nil)
	second, _ := b.Next(nil)
	other, _ := wall.Next(nil)
	if len(first) != 1 || len(second) != 1 || first[0] != second[0] {
		t.Errorf("two that see alike got %v and %v", first, second)
	}
	if len(other) != 1 || other[0] == first[0] {
		t.Errorf("the wall got %v", other)
	}
	if n := len(first[0].Wire(true)); n > first[0].Len()/3 {
		t.Errorf("for two it is not deflated: %d bytes of %d", n, first[0].Len())
	}
	if n := len(other[0].Wire(true)); n != other[0].Len() {
		t.Errorf("for one it is deflated: %d bytes of %d", n, other[0].Len())
	}
}

// TestASlowClientGetsFewerNotOlder: what it does not take merges, it is told once
// that it is slow and once that it no longer is, and nobody else waits.
func TestASlowClientGetsFewerNotOlder(t *testing.T) {
	hub := newHub(&source{})
	woken := 0
	slow, err := hub.Subscribe(t.Context(), actor(dispatch.RoleDispatcher, 2), 0, Since{}, Wish{}, func() { woken++ })
	if err != nil {
		t.Fatal(err)
	}
	quick := subscribe(t, hub, actor(dispatch.RoleDispatcher, 2), 0, Since{})
	take(t, slow)
	take(t, quick)
	woken = 0
	var last float64
	for k := range 50 {
		last = 122.6 + float64(k)*1e-4
		hub.Move([]dispatch.Position{{ResponderID: 7, AreaID: 4, Lon: last, Lat: 38.25, At: start}, {ResponderID: int64(100 + k), AreaID: 4, Lon: last, Lat: 38.25, At: start}})
		hub.tick()
		got := map[int64]float64{}
		if slow := places(t, quick, got); len(slow) > 0 || len(got) != 2 {
			t.Fatalf("the quick one got %v, %v", got, slow)
		}
	}
	if woken != 1 {
		t.Errorf("woken %d times for one thing to take", woken)
	}
	messages, _ := slow.Next(nil)
	if len(messages) != 3 { // the first positions, that it is slow, all others merged
		t.Errorf("%d messages waited", len(messages))
	}
	got := map[int64]float64{}
	hub.Move([]dispatch.Position{{ResponderID: 8, AreaID: 4, Lon: last, Lat: 38.25, At: start}})
	hub.tick()
	if told := places(t, slow, got); len(told) != 1 || told[0] {
		t.Errorf("once it takes what there is it is told %v", told)
	}
	hub.Move([]dispatch.Position{{ResponderID: 8, AreaID: 4, Lon: last, Lat: 38.25, At: start}})
	hub.tick()
	if told := places(t, slow, got); len(told) != 0 {
		t.Errorf("then it is told %v", told)
	}
	hub.Leave(slow)
}

// someBound is a part of the map of any size, most often of a street's, at times
// beyond the earth.
func someBound(t *rapid.T) orb.Bound {
	size := rapid.SampledFrom([]float64{0, 0.001, 0.02, 0.3, 40, 400}).Draw(t, "size")
	lon, lat := 122.6+rapid.Float64Range(-0.5, 0.5).Draw(t, "lon"), 38.2+rapid.Float64Range(-0.5, 0.5).Draw(t, "lat")
	return orb.Bound{Min: orb.Point{lon - size, lat - size}, Max: orb.Point{lon + size*rapid.Float64Range(0, 2).Draw(t, "wide"), lat + size}}
}

// TestPlacesTravelAsExactlyAsTheyAreKnown: a metre, ten degrees, a tenth of a second,
// by the number of whoever moved.
func TestPlacesTravelAsExactlyAsTheyAreKnown(t *testing.T) {
	hub := newHub(&source{})
	sub, err := hub.Subscribe(t.Context(), actor(dispatch.RoleDispatcher, 1), 0, Since{}, Wish{}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	take(t, sub)
	at := time.UnixMilli(1_800_000_000_987)
	for id, heading := range map[int64]float64{3: 0, 1: 94.9, 2: 355} {
		hub.Move([]dispatch.Position{{ResponderID: id, AreaID: 4, Lon: 122.6011249, Lat: 38.2, HeadingDegrees: &heading, At: at}})
	}
	hub.Move([]dispatch.Position{{ResponderID: 4, AreaID: 4, Lon: 122.6011249, Lat: 38.2, At: at}})
	hub.tick()
	var got [][]float64
	for _, f := range take(t, sub) {
		got = append(got, f.P...)
	}
	want := [][]float64{}
	for k, heading := range []float64{90, 0, 0, -1} {
		want = append(want, []float64{float64(k + 1), 122.60112, 38.2, heading, 1_800_000_000_900})
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("told %v, want %v", got, want)
	}
}
