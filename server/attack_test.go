package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"

	"yiping/server/postgres/pgtest"
)

// The attack suite: what somebody would try who should not, against the whole
// server as it is served. This file is about who somebody is and where they
// belong; attack_fuzz_test.go about what is sent.

// TestAttack tries everything on one server; the ten thousand sign-ins come last, for
// nobody signs in after them.
func TestAttack(t *testing.T) {
	attacked(t, []attack{{"other area", attackOtherArea}, {"off duty", attackOffDuty}, {"session", attackSession}, {"revoked", attackRevoked}, {"tiles", attackTiles},
		{"origin", attackOrigin}, {"sign-in", attackSignIn}})
}

type attack struct {
	name string
	try  func(t *testing.T, r *running)
}

func attacked(t *testing.T, list []attack) {
	t.Helper()
	r := serveForTest(t, pgtest.Database(t))
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) { a.try(t, &running{t, r.base, r.first, r.database}) })
	}
}

// abroad makes an incident with a photo in another street than the
// demonstration's dispatcher's, and gives its id and the photo's.
func (r *running) abroad(chief *person) (incident, photo int64) {
	r.t.Helper()
	own := number(r.signIn("dispatcher").must(200, "GET", "/api/v1/session", nil)["roles"].([]any)[0].(object)["area_id"])
	for _, a := range chief.must(200, "GET", "/api/v1/areas", nil)["areas"].([]any) {
		area := a.(object)
		if area["level"] != "street" || number(area["id"]) == own || area["lon"] == nil {
			continue
		}
		made := chief.must(201, "POST", "/api/v1/incidents", object{"type_code": "urban.street_light", "lon": area["lon"], "lat": area["lat"], "summary": "机密情况"})
		incident = number(made["id"])
		break
	}
	if incident == 0 {
		r.t.Fatal("no other street")
	}
	if status := chief.upload(fmt.Sprintf("/api/v1/incidents/%d/photos", incident), withExif(r.t)); status != 201 {
		r.t.Fatalf("a photo: %d", status)
	}
	for _, p := range chief.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", incident), nil)["photos"].([]any) {
		return incident, number(p.(object)["id"])
	}
	r.t.Fatal("the incident has no photo")
	return 0, 0
}

// attackOtherArea: an incident of another street does not exist for a
// dispatcher, whichever way it is asked for.
func attackOtherArea(t *testing.T, r *running) {
	chief, desk, phone := r.signIn("commander"), r.signIn("dispatcher"), r.signIn("responder2")
	id, photo := r.abroad(chief)
	chief.must(200, "GET", fmt.Sprintf("/api/v1/photos/%d", photo), nil)
	at := fmt.Sprintf("/api/v1/incidents/%d", id)
	for _, who := range []*person{desk, phone} {
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{"GET", at, nil}, {"GET", at + "/candidates", nil}, {"GET", at + "/surroundings", nil}, {"GET", at + "/retention", nil},
			{"GET", fmt.Sprintf("/api/v1/photos/%d", photo), nil},
			{"POST", at + "/verify", object{"version": 1}}, {"POST", at + "/cancel", object{"version": 1, "reason": "试一试看看"}},
			{"POST", at + "/close", object{"version": 1}}, {"POST", at + "/timeline", object{"kind": "note", "words": "x"}},
			{"POST", at + "/offers", object{"version": 1, "responder_ids": []any{1}, "reason": "就近"}}, {"POST", at + "/care", object{"reason": "想看一看"}},
			{"POST", at + "/hold", object{"reason": "想看一看"}}, {"POST", at + "/edit", object{"version": 1, "fields": object{"summary": "x"}}},
		} {
			if status, out, _ := who.do(c.method, c.path, c.body); status != 404 && status != 403 {
				t.Errorf("%s %s: %d %v", c.method, c.path, status, out)
			}
		}
	}
	for _, path := range []string{"/api/v1/incidents?limit=200", "/api/v1/events?limit=200"} {
		out := desk.must(200, "GET", path, nil)
		if text := fmt.Sprint(out); strings.Contains(text, "机密情况") || strings.Contains(text, fmt.Sprintf("incident_id:%d ", id)) {
			t.Errorf("%s tells of it", path)
		}
	}
	frames, _ := desk.feed(nil)
	snapshot := r.await(frames, "the snapshot", func(f object) bool { return f["type"] == "snapshot" })
	if strings.Contains(fmt.Sprint(snapshot), "机密情况") {
		t.Error("the socket tells of it")
	}
	chief.must(201, "POST", at+"/timeline", object{"kind": "note", "words": "机密续报"})
	own := desk.must(201, "POST", "/api/v1/incidents", func() object {
		lon, lat := r.place()
		return object{"type_code": "urban.street_light", "lon": lon, "lat": lat, "summary": "本街道"}
	}())
	r.await(frames, "what comes after it", func(f object) bool {
		if strings.Contains(fmt.Sprint(f), "机密") {
			t.Errorf("the socket tells of it: %v", f)
		}
		e, ok := f["event"].(object)
		return ok && number(e["incident_id"]) == number(own["id"])
	})
}

// attackSession: a session that has ended, is over, forged or altered is none.
func attackSession(t *testing.T, r *running) {
	desk := r.signIn("dispatcher")
	u := mustURL(t, r.base)
	cookies := desk.client.Jar.Cookies(u)
	if len(cookies) == 0 {
		t.Fatal("no cookie")
	}
	try := func(change func(c *http.Cookie)) int {
		p := r.nobody()
		var list []*http.Cookie
		for _, c := range cookies {
			again := *c
			change(&again)
			list = append(list, &again)
		}
		p.client.Jar.SetCookies(u, list)
		status, _, _ := p.do("GET", "/api/v1/incidents", nil)
		return status
	}
	if status := try(func(*http.Cookie) {}); status != 200 {
		t.Fatalf("the copied cookie: %d", status)
	}
	for name, change := range map[string]func(c *http.Cookie){
		"one letter other":   func(c *http.Cookie) { c.Value = flipped(c.Value) },
		"shorter":            func(c *http.Cookie) { c.Value = c.Value[:len(c.Value)/2] },
		"a role added":       func(c *http.Cookie) { c.Value += ".role=commander" },
		"another's number":   func(c *http.Cookie) { c.Value = "1" },
		"SQL":                func(c *http.Cookie) { c.Value = "' or 1=1 --" },
		"a token of no kind": func(c *http.Cookie) { c.Value = "eyJhbGciOiJub25lIn0.eyJyb2xlIjoiY29tbWFuZGVyIn0." },
	} {
		if status := try(change); status != 401 {
			t.Errorf("%s: %d", name, status)
		}
	}
	for _, bearer := range []string{"x", "eyJhbGciOiJub25lIn0.eyJyb2xlIjoiY29tbWFuZGVyIn0.", cookies[0].Value} {
		if status, _, _ := r.nobody().do("GET", "/api/v1/incidents", nil, "Authorization", "Bearer "+bearer); status != 401 {
			t.Errorf("bearer %.8s…: %d", bearer, status)
		}
	}
	desk.must(204, "DELETE", "/api/v1/session", nil)
	if status := try(func(*http.Cookie) {}); status != 401 {
		t.Errorf("replayed after sign-out: %d", status)
	}
	late := r.signIn("dispatcher")
	conn, err := pgx.Connect(t.Context(), r.database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `update session set expires_at = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := late.do("GET", "/api/v1/incidents", nil); status != 401 {
		t.Errorf("its time is over: %d", status)
	}
}

// flipped changes the middle letter.
func flipped(s string) string {
	b := []byte(s)
	k := len(b) / 2
	if b[k]++; b[k] > 'y' {
		b[k] = 'A'
	}
	return string(b)
}

// attackRevoked: a session that the security administrator ends closes its
// socket within five seconds.
func attackRevoked(t *testing.T, r *running) {
	desk, guard := r.signIn("dispatcher"), r.signIn("security")
	frames, _ := desk.feed(nil)
	r.await(frames, "the snapshot", func(f object) bool { return f["type"] == "snapshot" })
	me := number(desk.must(200, "GET", "/api/v1/session", nil)["account_id"])
	guard.must(200, "POST", fmt.Sprintf("/api/v1/accounts/%d/end-sessions", me), object{})
	ended := time.After(5 * time.Second)
	for {
		select {
		case _, open := <-frames:
			if !open {
				return
			}
		case <-ended:
			t.Fatal("five seconds later the socket is open")
		}
	}
}

// attackOrigin: another page's commands and sockets are refused, whatever
// cookie the browser sends along.
func attackOrigin(t *testing.T, r *running) {
	desk := r.signIn("dispatcher")
	for _, header := range [][2]string{{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}} {
		if status, _, _ := desk.do("POST", "/api/v1/incidents", object{"type_code": "urban.street_light", "lon": 122.6, "lat": 38.25}, header[0], header[1]); status != 403 {
			t.Errorf("a command with %v: %d", header, status)
		}
	}
	dialer := websocket.Dialer{Jar: desk.client.Jar}
	if _, res, err := dialer.Dial("ws"+strings.TrimPrefix(r.base, "http")+"/api/v1/live", http.Header{"Origin": {"https://evil.example"}}); err == nil || res == nil || res.StatusCode != 403 {
		t.Errorf("a socket: %v, %v", res, err)
	}
}

// attackSignIn: passwords are not tried out by the thousand, and whoever
// tries shuts nobody out who is in.
func attackSignIn(t *testing.T, r *running) {
	chief := r.signIn("commander")
	const tries, addresses = 10_000, 10
	var taken, refused, broken atomic.Int64
	var g sync.WaitGroup
	for w := range addresses {
		g.Go(func() {
			p := r.from(net.IPv4(127, 0, 2, byte(w+1)))
			for k := range tries / addresses {
				switch status, _, _ := p.do("POST", "/api/v1/session", object{"username": "commander", "password": fmt.Sprintf("guess-%d-%d", w, k)}); {
				case status == 429:
					refused.Add(1)
				case status == 401 || status == 403 || status == 422:
					taken.Add(1)
				default:
					broken.Add(1)
				}
			}
		})
	}
	g.Wait()
	t.Logf("%d were looked at, %d refused", taken.Load(), refused.Load())
	if broken.Load() != 0 || taken.Load() > 60*addresses || refused.Load() < tries-60*addresses {
		t.Errorf("%d were looked at, %d refused, %d went otherwise", taken.Load(), refused.Load(), broken.Load())
	}
	// The commander works on, and signs in anew where they have been before.
	chief.must(200, "GET", "/api/v1/incidents", nil)
	chief.must(204, "DELETE", "/api/v1/session", nil)
	chief.must(200, "POST", "/api/v1/session", object{"username": "commander", "password": r.passwordOf("commander")})
}

// from gives nobody's browser at an address of this machine.
func (r *running) from(address net.IP) *person {
	p := r.nobody()
	p.client.Transport = &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}).DialContext}
	return p
}

// attackOffDuty: a phone whose person is off duty and has no task leaves no
// position.
func attackOffDuty(t *testing.T, r *running) {
	phone, chief := r.signIn("responder1"), r.signIn("commander")
	mine := phone.must(200, "GET", "/api/v1/mine", nil)
	who := number(mine["responder"].(object)["id"])
	duty, ok := mine["duty"].(object)
	if !ok {
		duty = phone.must(200, "POST", "/api/v1/duty/start", object{})
	}
	at := func(lon float64) object {
		return object{"positions": []any{object{"lon": lon, "lat": 38.26, "accuracy_meters": 5, "at": time.Now()}}}
	}
	if n := number(phone.must(200, "POST", "/api/v1/positions", at(122.62))["accepted"]); n != 1 {
		t.Fatalf("on duty %d positions were taken: the test would see nothing", n)
	}
	phone.must(204, "POST", fmt.Sprintf("/api/v1/duty/%d/end", number(duty["id"])), object{})
	if out := phone.must(409, "POST", "/api/v1/positions", at(122.61)); out["code"] != "not_on_duty" {
		t.Errorf("off duty: %v", out)
	}
	seen := chief.must(200, "GET", fmt.Sprintf("/api/v1/responders/%d", who), nil)
	if text := fmt.Sprint(seen); strings.Contains(text, "122.6") || strings.Contains(text, "source:position") {
		t.Errorf("a position was kept: %v", seen)
	}
}

func mustURL(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
