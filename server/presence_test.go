package main

import (
	"testing"

	"yiping/server/postgres/pgtest"
)

// TestPresenceOverTwoNodes: a dispatcher on one node and a commander on another who
// have the same incident open are told of one another.
func TestPresenceOverTwoNodes(t *testing.T) {
	database := pgtest.Database(t)
	one := serveForTest(t, database)
	two := serveForTest(t, database)
	two.first.Accounts = one.first.Accounts
	desk, chief := one.signIn("dispatcher"), two.signIn("commander")
	lon, lat := one.place()
	one.nobody().must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": lon, "lat": lat})
	id := number(desk.must(200, "GET", "/api/v1/incidents?limit=1", nil)["incidents"].([]any)[0].(object)["id"])
	// with waits until somebody is told that so many accounts have it open.
	with := func(r *running, frames <-chan object, what string, want int) {
		r.await(frames, what, func(f object) bool {
			list, ok := f["accounts"].([]any)
			return ok && number(f["incident_id"]) == id && len(list) == want
		})
	}
	deskFrames, deskConn := desk.feed(nil)
	chiefFrames, chiefConn := chief.feed(nil)
	if err := deskConn.WriteJSON(object{"type": "watching", "incident": id}); err != nil {
		t.Fatal(err)
	}
	with(one, deskFrames, "the desk alone", 1)
	if err := chiefConn.WriteJSON(object{"type": "watching", "incident": id}); err != nil {
		t.Fatal(err)
	}
	with(one, deskFrames, "the commander beside the desk", 2)
	with(two, chiefFrames, "the desk beside the commander", 2)
	_ = chiefConn.Close()
	with(one, deskFrames, "the desk alone again", 1)
}
