package main

import (
	"fmt"
	"testing"
	"time"
)

// cameraTile is asked for by whoever is attacked with.
const cameraTile = "/api/v1/tiles/cameras/14/13774/6310"

// attackTiles: tiles remember whose session it is for a moment; who has signed out,
// whose sessions were ended or whose rights were taken gets none from that node at
// once, and none from another a second later.
func attackTiles(t *testing.T, r *running) {
	other := serveForTest(t, r.database)
	guard := r.signIn("security")
	account := func(p *person) string {
		return fmt.Sprintf("/api/v1/accounts/%d", number(p.must(200, "GET", "/api/v1/session", nil)["account_id"]))
	}
	for _, c := range []struct {
		name, who string
		take      func(p *person)
		status    int
	}{
		{"signed out", "dispatcher", func(p *person) { p.must(204, "DELETE", "/api/v1/session", nil) }, 401},
		{"ended", "dispatcher", func(p *person) { guard.must(200, "POST", account(p)+"/end-sessions", object{}) }, 401},
		{"without rights", "wall", func(p *person) {
			version := guard.must(200, "GET", account(p), nil)["version"]
			guard.must(200, "POST", account(p)+"/grants", object{"version": version, "grants": []object{}})
		}, 403},
	} {
		here := r.signIn(c.who)
		copied := r.nobody() // the cookie as somebody has copied it
		u := mustURL(t, r.base)
		copied.client.Jar.SetCookies(u, here.client.Jar.Cookies(u))
		there := &person{other, copied.client}
		asked := func(p *person) int {
			status, _, _ := p.do("GET", cameraTile, nil)
			return status
		}
		if a, b := asked(copied), asked(there); a != 200 || b != 200 {
			t.Fatalf("%s: before it %d and %d", c.name, a, b)
		}
		c.take(here)
		taken := time.Now()
		if status := asked(copied); status != c.status {
			t.Errorf("%s: %d at once, want %d", c.name, status, c.status)
		}
		status, began := 200, taken
		for again := time.NewTicker(100 * time.Millisecond); status == 200 && began.Sub(taken) < 5*time.Second; <-again.C {
			began = time.Now()
			status = asked(there)
			if status == 200 && began.Sub(taken) > time.Second {
				t.Errorf("%s: another node still gives it after %v", c.name, began.Sub(taken))
			}
		}
		if status != c.status {
			t.Errorf("%s: %d on another node, want %d", c.name, status, c.status)
		}
	}
}
