package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/postgres/pgtest"
	"yiping/server/screen"
)

// recording is what a console was told, message by message, over one connection after
// another, and what one that came last was told at the end.
type recording struct {
	Note        string     `json:"note"`
	Connections [][]string `json:"connections"`
	End         string     `json:"end"`
}

// recordedAt is where the pages' tests read it.
const recordedAt = "../web/src/state/recorded/loop.json"

// listener is a console that keeps every message.
type listener struct {
	conn     *websocket.Conn
	picture  *screen.Picture
	messages []string
}

func (p *person) listen(picture *screen.Picture) *listener {
	p.r.t.Helper()
	dialer := websocket.Dialer{Jar: p.client.Jar}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(p.r.base, "http")+"/api/v1/live", nil)
	if err != nil {
		p.r.t.Fatal(err)
	}
	p.r.t.Cleanup(func() { _ = conn.Close() })
	hello := object{"type": "subscribe", "protocol": 1}
	if picture.Epoch != "" {
		hello["since"] = object{"epoch": picture.Epoch, "offset": picture.Offset}
	}
	if err := conn.WriteJSON(hello); err != nil {
		p.r.t.Fatal(err)
	}
	return &listener{conn: conn, picture: picture}
}

// until takes messages until one frame fits.
func (l *listener) until(t *testing.T, what string, fits func(*screen.Frame) bool) {
	t.Helper()
	_ = l.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, raw, err := l.conn.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		frames, err := screen.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range frames {
			if !l.picture.Fold(f) {
				t.Errorf("offset %d came twice", f.Offset)
			}
			found = found || fits(f)
		}
		if l.messages = append(l.messages, string(raw)); found {
			return
		}
	}
}

func kind(k string) func(*screen.Frame) bool {
	return func(f *screen.Frame) bool { return f.Event.Kind == k }
}

func frameType(name string) func(*screen.Frame) bool {
	return func(f *screen.Frame) bool { return f.Type == name }
}

// TestARecordedStream: a console hears a loop, is cut off in the middle and goes on,
// and has in the end what one that comes then is told. With YIPING_RECORD it is kept
// for the tests of the pages.
func TestARecordedStream(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	desk, chief, phone, resident := r.signIn("dispatcher"), r.signIn("commander"), r.signIn("responder1"), r.nobody()
	picture := &screen.Picture{}
	first := desk.listen(picture)
	first.until(t, "the people of the view", frameType("people"))
	lon, lat := r.place()
	report := func() int64 {
		resident.must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": lon, "lat": lat})
		return number(desk.must(200, "GET", "/api/v1/incidents?limit=1", nil)["incidents"].([]any)[0].(object)["id"])
	}
	at := func(id int64, rest string) string { return fmt.Sprintf("/api/v1/incidents/%d/%s", id, rest) }
	one := report()
	i := desk.must(200, "POST", at(one, "verify"), object{"version": 1})
	mine := phone.must(200, "GET", "/api/v1/mine", nil)["responder"].(object)
	sent := desk.must(201, "POST", at(one, "offers"), object{"version": i["version"], "responder_ids": []any{mine["id"]}, "reason": "就在附近"})
	got := phone.must(200, "POST", fmt.Sprintf("/api/v1/offers/%d/accept", number(sent["offers"].([]any)[0].(object)["id"])), object{"at": time.Now()})
	task := fmt.Sprintf("/api/v1/assignments/%d/", number(got["assignment"].(object)["id"]))
	phone.must(200, "POST", task+"en-route", object{})
	first.until(t, "the way there", kind("assignment.en_route"))
	phone.must(200, "POST", "/api/v1/positions", object{"positions": []object{{"lon": lon, "lat": lat, "at": time.Now()}}})
	first.until(t, "a position", frameType("positions"))
	_ = first.conn.Close()

	two := report() // while nobody listens
	phone.must(200, "POST", task+"on-scene", object{})
	second := desk.listen(picture)
	second.until(t, "to go on", frameType("resumed"))
	phone.must(200, "POST", task+"done", object{})
	i = desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", one), nil)["incident"].(object)
	i = chief.must(200, "POST", at(one, "check"), object{"version": i["version"], "passed": true})
	desk.must(200, "POST", at(one, "close"), object{"version": i["version"]})
	second.until(t, "the close", kind("incident.closed"))
	desk.must(200, "POST", at(two, "verify"), object{"version": 1})
	second.until(t, "that the second one is true", kind("incident.verified"))

	last := &screen.Picture{}
	end := desk.listen(last)
	end.until(t, "the picture at the end", frameType("snapshot"))
	if last.Offset != picture.Offset || !reflect.DeepEqual(last.Incidents, picture.Incidents) || !reflect.DeepEqual(last.Assignments, picture.Assignments) || !reflect.DeepEqual(last.Offers, picture.Offers) {
		t.Errorf("folded to %d %v, at the end it is %d %v", picture.Offset, picture.Incidents, last.Offset, last.Incidents)
	}
	if os.Getenv("YIPING_RECORD") == "" {
		return
	}
	raw, err := json.MarshalIndent(recording{"Recorded from the demonstration district by TestARecordedStream with YIPING_RECORD=1; its people are invented.",
		[][]string{first.messages, second.messages}, end.messages[0]}, "", "  ")
	if err == nil {
		err = os.WriteFile(recordedAt, append(raw, '\n'), 0o644) //nolint:gosec // a file of the repository
	}
	if err != nil {
		t.Fatal(err)
	}
}
