package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"yiping/server/notify"
	"yiping/server/postgres/pgtest"
)

const gatewayKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// gatewayOfTests is a process that sends texts and makes calls, with the phones
// behind it. What it is sent first it loses, the second attempt arrives and is not
// answered, the third arrives again; it is slow, and calls the server three times.
type gatewayOfTests struct {
	t       *testing.T
	url     string
	arrived chan text
}

// text is a message as it arrives at somebody's phone.
type text struct{ Channel, ID, To, Text, Unsigned string }

func startGateway(t *testing.T) *gatewayOfTests {
	t.Helper()
	url, lines := otherSide(t, "e2e/gateway.mjs", gatewayKey)
	g := &gatewayOfTests{t: t, url: url, arrived: make(chan text, 100)}
	go func() {
		defer close(g.arrived)
		for lines.Scan() {
			var m text
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil || m.Unsigned != "" {
				t.Errorf("the gateway says %s", lines.Text())
			}
			g.arrived <- m
		}
	}()
	return g
}

func (g *gatewayOfTests) ask(method, path string, body object) []byte {
	g.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(g.t.Context(), method, g.url+path, bytes.NewReader(raw))
	if err != nil {
		g.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return said
}

// say lets the gateway call the server, which has to take it each time.
func (g *gatewayOfTests) say(r *running, path, id string, body object) {
	g.t.Helper()
	if got := string(g.ask("POST", "/test/say", object{"to": r.base, "path": path, "id": id, "body": body})); got != "[200,200,200]" {
		g.t.Fatalf("the gateway is answered %s to %v", got, body)
	}
}

// await gives the next message that is like that.
func (g *gatewayOfTests) await(what string, like func(m text) bool) text {
	g.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case m := <-g.arrived:
			if like(m) {
				return m
			}
		case <-timeout:
			g.t.Fatalf("%s does not arrive", what)
		}
	}
}

// reachable starts a server with the gateway, whose rule sends a text, or where it
// is urgent calls, at once.
func reachable(t *testing.T, g *gatewayOfTests) *running {
	t.Helper()
	database := pgtest.Database(t)
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `update channel_rule set steps = jsonb_build_array(jsonb_build_object(
		'channel', case priority when 'urgent' then 'voice' else 'sms' end, 'after_seconds', 0, 'unless', 'seen'))`); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	write(t, file, gatewayKey+"\n")
	return serveWith(t, database, serveCmd{JSON: true, NoSimulate: true}, func(a *app) {
		a.GatewayURL, a.GatewaySecret, a.GatewayName = g.url, file, "test"
		a.OutboundAllow = []string{g.url}
	})
}

// asked makes an incident and asks people of the street to it.
func (r *running) asked(desk *person, n int, typeCode string) (incident int64) {
	r.t.Helper()
	area := number(desk.must(200, "GET", "/api/v1/session", nil)["roles"].([]any)[0].(object)["area_id"])
	var ids []any
	var at object
	for _, p := range desk.list(fmt.Sprintf("/api/v1/responders?limit=200&duty=on_duty&area_id=%d", area), "responders") {
		if p["task"] == nil && len(ids) < n {
			ids, at = append(ids, p["id"]), p
		}
	}
	i := desk.must(201, "POST", "/api/v1/incidents", object{"type_code": typeCode, "lon": at["lon"], "lat": at["lat"], "verified": true})
	incident = number(i["id"])
	desk.must(201, "POST", fmt.Sprintf("/api/v1/incidents/%d/offers", incident), object{"version": i["version"], "responder_ids": ids, "reason": "就近派员"})
	return incident
}

// TestPeopleAreReached: everybody gets it at least once, each time under the same
// id; what they answer by text, or press in a call, counts once, however often it
// is handed over; who is needed no more is told.
func TestPeopleAreReached(t *testing.T) {
	g := startGateway(t)
	r := reachable(t, g)
	desk := r.signIn("dispatcher")
	const n = 3
	incident := r.asked(desk, n, "urban.street_light")
	var ids, phones []string // by message
	for len(ids) < n {
		m := g.await("a text", func(m text) bool { return !slices.Contains(ids, m.ID) })
		ids, phones = append(ids, m.ID), append(phones, m.To)
		if m.Channel != "sms" || !strings.Contains(m.Text, "回复1接单") || m.To == "" {
			t.Errorf("they read %+v", m)
		}
	}
	// One declines; one has it, of which the gateway then says otherwise; one accepts.
	g.say(r, "answers", "a1", object{"channel": "sms", "id": ids[1], "text": "2。"})
	g.say(r, "receipts", "r1", object{"id": ids[2], "state": "delivered"})
	g.say(r, "receipts", "r2", object{"id": ids[2], "state": "failed"})
	g.say(r, "answers", "a2", object{"channel": "sms", "from": phones[0], "text": "1"})

	g.holds(desk, incident, map[string]int{"accepted": 1, "declined": 1, "withdrawn": 1},
		map[string]int{"sms read accept": 1, "sms read decline": 1, "sms delivered ": 1})
	told := []string{g.await("what became of it", notAsked).To, g.await("what became of it", notAsked).To}
	slices.Sort(told)
	want := []string{phones[0], phones[2]}
	slices.Sort(want)
	if !slices.Equal(slices.Compact(told), slices.Compact(want)) {
		t.Errorf("%v are told what became of it, want %v", told, want)
	}

	// Somebody else is called, and presses a key.
	incident = r.asked(desk, 1, "urban.manhole")
	call := g.await("a call", func(m text) bool { return m.Channel == "voice" })
	if !strings.Contains(call.Text, "接单请按1") {
		t.Errorf("they hear %q", call.Text)
	}
	g.say(r, "answers", "a3", object{"channel": "voice", "id": call.ID, "text": "1"})
	g.holds(desk, incident, map[string]int{"accepted": 1}, map[string]int{"voice read accept": 1})
	g.await("where to go", func(m text) bool { return m.To == call.To && strings.HasPrefix(m.Text, "您已接单") })
}

// notAsked is a text that asks for nothing: who accepted is told so, and who is
// needed no more.
func notAsked(m text) bool {
	return strings.HasPrefix(m.Text, "您已接单") || strings.Contains(m.Text, "您无需前往")
}

// holds compares how the offers of an incident stand, and what is on record of
// the texts and calls that asked.
func (g *gatewayOfTests) holds(desk *person, incident int64, states, record map[string]int) {
	g.t.Helper()
	detail := desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", incident), nil)
	got := map[string]int{}
	for _, o := range detail["offers"].([]any) {
		got[o.(object)["state"].(string)]++
	}
	if !maps.Equal(got, states) || len(detail["assignments"].([]any)) != states["accepted"] {
		g.t.Errorf("offers are %v, with %d assignments, want %v", got, len(detail["assignments"].([]any)), states)
	}
	told := desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d/messages", incident), nil)
	got = map[string]int{}
	for _, m := range told["messages"].([]any) {
		m := m.(object)
		if m["purpose"] == "offer" && m["channel"] != "in_app" {
			got[fmt.Sprint(m["channel"], " ", m["state"], " ", m["reply"])]++
		}
	}
	if !maps.Equal(got, record) {
		g.t.Errorf("on record: %v, want %v", got, record)
	}
}

// TestTheGateway: nobody but it comes in by its door; and while it answers nobody,
// people are asked, accept in the app, and are released.
func TestTheGateway(t *testing.T) {
	g := startGateway(t)
	g.ask("PUT", "/test/rules", object{"dead": true})
	r := reachable(t, g)
	t.Run("door", func(t *testing.T) { knockAtTheGatewaysDoor(t, r) })
	desk := r.signIn("dispatcher")
	incident := r.asked(desk, 3, "urban.street_light")
	offers := desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", incident), nil)["offers"].([]any)
	accepted := desk.must(200, "POST", fmt.Sprintf("/api/v1/offers/%d/accept", number(offers[0].(object)["id"])), object{"on_behalf": true})
	desk.must(200, "POST", fmt.Sprintf("/api/v1/assignments/%d/release", number(accepted["assignment"].(object)["id"])), object{"on_behalf": true, "reason": "换人"})
	select {
	case m := <-g.arrived:
		t.Errorf("the gateway was not dead: %+v", m)
	default:
	}
}

// knockAtTheGatewaysDoor: it takes only what the gateway has signed, and just now.
func knockAtTheGatewaysDoor(t *testing.T, r *running) {
	signer, err := notify.NewSigner([]byte(gatewayKey))
	if err != nil {
		t.Fatal(err)
	}
	post := func(change func(h http.Header, body []byte)) int {
		raw := []byte(`{"channel":"sms","from":"13900000000","text":"1"}`)
		req, err := http.NewRequestWithContext(t.Context(), "POST", r.base+"/api/v1/gateway/answers", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		signer.Sign(req.Header, uuid.NewString(), time.Now(), raw)
		change(req.Header, raw)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if got := post(func(http.Header, []byte) {}); got != 200 {
		t.Errorf("of a number nobody has: %d", got)
	}
	if got := post(func(h http.Header, body []byte) { signer.Sign(h, "old", time.Now().Add(-6*time.Minute), body) }); got != 401 {
		t.Errorf("an old one: %d", got)
	}
	if got := post(func(h http.Header, _ []byte) { h.Set("Webhook-Id", "another") }); got != 401 {
		t.Errorf("under another id: %d", got)
	}
	if got := post(func(h http.Header, _ []byte) { h.Set("Webhook-Signature", "v1,AAAA") }); got != 401 {
		t.Errorf("signed by nobody: %d", got)
	}
}
