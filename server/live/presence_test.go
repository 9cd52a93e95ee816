package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// named is an account at the desk of street 2.
func named(id int64, name string) dispatch.Actor {
	a := actor(dispatch.RoleDispatcher, 2)
	a.AccountID, a.Name = id, name
	return a
}

// told takes what waits and gives the newest word on who has the same incident open.
func told(t *testing.T, s *Subscriber) string {
	t.Helper()
	last := ""
	for _, f := range take(t, s) {
		if f.Type == "presence" {
			last = fmt.Sprint(f.Accounts)
		}
	}
	return last
}

// TestWhoElseHasItOpen: those that have an incident open know of one another, an
// account once, and nobody else is told.
func TestWhoElseHasItOpen(t *testing.T) {
	hub, p := newHub(&source{}), NewPresence(func(string) {}, func() time.Time { return start })
	zhang, li, again := subscribe(t, hub, named(5, "张三"), 0, Since{}), subscribe(t, hub, named(6, "李四"), 0, Since{}), subscribe(t, hub, named(5, "张三"), 0, Since{})
	expect := func(step string, want ...string) {
		t.Helper()
		for k, s := range []*Subscriber{zhang, li, again} {
			if got := told(t, s); got != want[k] {
				t.Errorf("%s: %d is told %q, want %q", step, k, got, want[k])
			}
		}
	}
	expect("at first", "", "", "")
	p.Open(zhang, 812)
	expect("one", "[{5 张三}]", "", "")
	p.Open(li, 812)
	expect("two", "[{5 张三} {6 李四}]", "[{5 张三} {6 李四}]", "")
	p.Open(li, 812)
	expect("the same", "", "", "")
	p.Open(again, 812)
	expect("a second window", "[{5 张三} {6 李四}]", "[{5 张三} {6 李四}]", "[{5 张三} {6 李四}]")
	p.Open(zhang, 813)
	expect("another", "[{5 张三}]", "[{6 李四} {5 张三}]", "[{6 李四} {5 张三}]")
	p.Open(again, 0)
	expect("left", "", "[{6 李四}]", "")
	p.Open(zhang, 0)
	p.Open(li, 0)
	p.Open(li, 0)
	if n := p.Len(); n != 0 || len(p.open) != 0 {
		t.Errorf("%d incidents are remembered", n)
	}
}

// TestPresenceUnderRace: pages open and leave at the same time; whoever stays is
// told of exactly who stays, and nothing is left of them afterwards.
func TestPresenceUnderRace(t *testing.T) {
	hub, p := newHub(&source{}), NewPresence(func(string) {}, func() time.Time { return start })
	var stay []*Subscriber
	var all sync.WaitGroup
	for k := range 8 {
		s, err := hub.Subscribe(context.Background(), named(int64(k+1), "x"), 0, Since{}, Wish{}, func() {})
		if err != nil {
			t.Fatal(err)
		}
		stay = append(stay, s)
		all.Go(func() {
			for range 200 {
				p.Open(s, rand.Int64N(3))
			}
			p.Open(s, 1+int64(k%2))
		})
	}
	all.Wait()
	for k, s := range stay {
		var got []int64
		for _, f := range take(t, s) {
			if f.Type == "presence" {
				got = got[:0]
				for _, a := range f.Accounts {
					got = append(got, a.ID)
				}
			}
		}
		want := []int64{1, 3, 5, 7}
		if k%2 == 1 {
			want = []int64{2, 4, 6, 8}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%d is told of %v, want %v", k+1, got, want)
		}
	}
	for _, s := range stay {
		p.Open(s, 0)
		hub.Leave(s)
	}
	if p.Len() != 0 {
		t.Error("somebody is remembered")
	}
}

// TestPresenceOverNodes: those who have it open on one node know of those on another,
// whatever of what they say is lost; a node that falls silent is forgotten.
func TestPresenceOverNodes(t *testing.T) {
	now := start
	var said []string
	say := func(note string) { said = append(said, note) }
	clock := func() time.Time { return now }
	one, two := NewPresence(say, clock), NewPresence(say, clock)
	deliver := func() {
		notes := said
		said = nil
		for _, note := range notes { // each node hears its own words, too
			one.Hear(note)
			two.Hear(note)
		}
	}
	hubOne, hubTwo := newHub(&source{}), newHub(&source{})
	zhang, li := subscribe(t, hubOne, named(5, "张三"), 0, Since{}), subscribe(t, hubTwo, named(6, "李四"), 0, Since{})
	expect := func(step, first, second string) {
		t.Helper()
		deliver()
		if a, b := told(t, zhang), told(t, li); a != first || b != second {
			t.Errorf("%s: told %q and %q, want %q and %q", step, a, b, first, second)
		}
	}
	one.Open(zhang, 812)
	expect("one alone", "[{5 张三}]", "")
	two.Open(li, 812)
	expect("another elsewhere", "[{5 张三} {6 李四}]", "[{6 李四} {5 张三}]")
	one.Repeat()
	two.Repeat()
	expect("said again", "", "")
	two.Open(li, 813)
	expect("another incident", "[{5 张三}]", "[{6 李四}]")
	two.Open(li, 812)
	said = nil // lost
	expect("not heard", "", "[{6 李四} {5 张三}]")
	two.Repeat()
	expect("heard when said again", "[{5 张三} {6 李四}]", "")
	for range 4 { // the second node is gone
		now = now.Add(repeatPresence)
		one.Repeat()
		said = nil
	}
	expect("it fell silent", "[{5 张三}]", "")
	for _, rubbish := range []string{"", "{}", "[1]", `{"node":7}`, `{"incident_id":812,"accounts":[{"id":1,"name":"x"}]}`} {
		one.Hear(rubbish)
	}
	expect("rubbish", "", "")
	one.Open(zhang, 0)
	two.Open(li, 0)
	deliver()
	if one.Len() != 0 || two.Len() != 0 {
		t.Errorf("remembered: %d and %d", one.Len(), two.Len())
	}
}
