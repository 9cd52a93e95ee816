package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/rs/zerolog"

	"yiping/server/config"
	"yiping/server/httpapi"
	"yiping/server/postgres/pgtest"
)

// running is a real server on a database of its own, with the demonstration.
type running struct {
	t        *testing.T
	base     string
	first    announcement
	database string // its address
}

// serveForTest starts a server where nobody acts but the test, and stops it with
// the test.
func serveForTest(t *testing.T, database string) *running {
	t.Helper()
	return serveWith(t, database, serveCmd{JSON: true, NoSimulate: true})
}

// dataFolders are the data folders by database, until the tests end: servers of
// one database share its keys.
var dataFolders sync.Map

func dataOf(t *testing.T, database string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "yiping-data-*")
	if err != nil {
		t.Fatal(err)
	}
	known, loaded := dataFolders.LoadOrStore(database, folder)
	if loaded {
		_ = os.Remove(folder)
	}
	return known.(string)
}

// shiftsChange is how often the demonstration's shifts do, at eight in the morning and
// in the evening by the time of Beijing.
const shiftsChange = 12 * time.Hour

// awayFromShifts waits where they are about to change: whom a test finds on duty would
// go home in the middle of it.
func awayFromShifts(t *testing.T) {
	now := time.Now()
	if left := now.Truncate(shiftsChange).Add(shiftsChange).Sub(now); left < 90*time.Second {
		t.Logf("waiting %s for the change of shifts", left.Round(time.Second))
		time.Sleep(left + time.Second)
	}
}

func serveWith(t *testing.T, database string, c serveCmd, change ...func(*app)) *running {
	t.Helper()
	awayFromShifts(t)
	ctx, stop := context.WithCancel(context.Background())
	say, out := io.Pipe()
	a := &app{Config: config.Config{Listen: "127.0.0.1:0", Data: dataOf(t, database), DatabaseURL: database}, ctx: ctx, log: zerolog.Nop(), out: out}
	for _, c := range change {
		c(a)
	}
	ended := make(chan error, 1)
	go func() {
		err := c.Run(a)
		_ = out.CloseWithError(io.EOF)
		ended <- err
	}()
	r := &running{t: t, database: database}
	if err := json.NewDecoder(say).Decode(&r.first); err != nil {
		t.Fatalf("the server did not start: %v, %v", err, <-ended)
	}
	r.base = r.first.Addresses["base"]
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return r
}

// person is somebody signed in (or nobody), with a browser's cookies.
type person struct {
	r      *running
	client *http.Client
}

func (r *running) nobody() *person {
	jar, _ := cookiejar.New(nil)
	return &person{r, &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

func (r *running) signIn(username string) *person {
	r.t.Helper()
	k := slices.IndexFunc(r.first.Accounts, func(c credential) bool { return c.Username == username })
	if k < 0 {
		r.t.Fatalf("no account %s among the first", username)
	}
	p := r.nobody()
	p.must(200, "POST", "/api/v1/session", map[string]any{"username": username, "password": r.first.Accounts[k].Password})
	return p
}

type object = map[string]any

// do sends a request under a fresh key; header values may be added in pairs.
func (p *person) do(method, path string, body any, header ...string) (int, object, http.Header) {
	p.r.t.Helper()
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			p.r.t.Fatal(err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(p.r.t.Context(), method, p.r.base+path, payload)
	if err != nil {
		p.r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", uuid.NewString())
	for k := 0; k+1 < len(header); k += 2 {
		req.Header.Set(header[k], header[k+1])
	}
	res, err := p.client.Do(req)
	if err != nil {
		p.r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.r.t.Fatal(err)
	}
	out := object{}
	_ = json.Unmarshal(raw, &out)
	return res.StatusCode, out, res.Header
}

func (p *person) must(want int, method, path string, body any, header ...string) object {
	p.r.t.Helper()
	status, out, _ := p.do(method, path, body, header...)
	if status != want {
		p.r.t.Fatalf("%s %s: %d %v, want %d", method, path, status, out, want)
	}
	return out
}

func number(v any) int64 { f, _ := v.(float64); return int64(f) }

// feed opens the live socket and gives its frames.
func (p *person) feed(since object) (<-chan object, *websocket.Conn) {
	p.r.t.Helper()
	dialer := websocket.Dialer{Jar: p.client.Jar, EnableCompression: true}
	conn, res, err := dialer.Dial("ws"+strings.TrimPrefix(p.r.base, "http")+"/api/v1/live", nil)
	if err != nil {
		p.r.t.Fatalf("open the socket: %v %v", err, res)
	}
	if err := conn.WriteJSON(object{"type": "subscribe", "protocol": 1, "since": since}); err != nil {
		p.r.t.Fatal(err)
	}
	frames := make(chan object, 10_000)
	go func() {
		defer close(frames)
		for {
			var list []object
			if err := conn.ReadJSON(&list); err != nil {
				return
			}
			for _, f := range list {
				frames <- f
			}
		}
	}()
	p.r.t.Cleanup(func() { _ = conn.Close() })
	return frames, conn
}

// await takes frames until one fits.
func (r *running) await(frames <-chan object, what string, fits func(object) bool) object {
	r.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case f, open := <-frames:
			if !open {
				r.t.Fatalf("the socket ended while waiting for %s", what)
			}
			r.conforms(f)
			if fits(f) {
				return f
			}
		case <-deadline:
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func event(kind string) func(object) bool {
	return func(f object) bool {
		e, ok := f["event"].(object)
		return ok && e["kind"] == kind
	}
}

// place gives a point in the street of the demonstration's dispatcher, near its
// first responder.
func (r *running) place() (lon, lat any) {
	m := r.signIn("responder1").must(200, "GET", "/api/v1/mine", nil)
	who := m["responder"].(object)
	return who["lon"], who["lat"]
}

// TestTheLoopOverHTTP plays the whole loop through the API and watches it on the
// wall's socket; then the server is started again and the wall continues.
func TestTheLoopOverHTTP(t *testing.T) {
	database := pgtest.Database(t)
	r := serveForTest(t, database)
	desk, chief, wall, phone, resident := r.signIn("dispatcher"), r.signIn("commander"), r.signIn("wall"), r.signIn("responder1"), r.nobody()
	frames, _ := wall.feed(nil)
	snapshot := r.await(frames, "the snapshot", func(f object) bool { return f["type"] == "snapshot" })
	lon, lat := r.place()

	report := resident.must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": lon, "lat": lat, "words": "门口灯坏了", "phone": "00013900001111"})
	f := r.await(frames, "the report", event("incident.reported"))
	seen := f["incident"].(object)
	id := number(seen["id"])
	if seen["summary"] != "" || seen["masked"] != true {
		t.Fatalf("the wall reads a resident's words: %v", seen)
	}
	at := func(rest string) string { return fmt.Sprintf("/api/v1/incidents/%d/%s", id, rest) }
	i := desk.must(200, "POST", at("verify"), object{"version": 1})
	mine := phone.must(200, "GET", "/api/v1/mine", nil)["responder"].(object)
	sent := desk.must(201, "POST", at("offers"), object{"version": i["version"], "responder_ids": []any{mine["id"]}, "reason": "就在附近"})
	offerID := number(sent["offers"].([]any)[0].(object)["id"])
	got := phone.must(200, "POST", fmt.Sprintf("/api/v1/offers/%d/accept", offerID), object{"at": time.Now()})
	task := number(got["assignment"].(object)["id"])
	for _, step := range []string{"en-route", "on-scene", "done"} {
		phone.must(200, "POST", fmt.Sprintf("/api/v1/assignments/%d/%s", task, step), object{})
	}
	r.await(frames, "resolved", event("incident.resolved"))
	i = desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", id), nil)["incident"].(object)
	i = chief.must(200, "POST", at("check"), object{"version": i["version"], "passed": true})
	desk.must(200, "POST", at("close"), object{"version": i["version"]})
	closed := r.await(frames, "closed", event("incident.closed"))
	tracked := resident.must(200, "GET", "/api/v1/reports/"+report["tracking"].(string), nil)
	if tracked["state"] != "closed" {
		t.Fatalf("the resident is told %v", tracked)
	}

	again := serveForTest(t, database) // a second node on the same database
	if len(again.first.Accounts) != 0 {
		t.Fatal("the first accounts were made again")
	}
	again.first.Accounts = r.first.Accounts
	frames, _ = again.signIn("wall").feed(object{"epoch": snapshot["epoch"], "offset": number(closed["offset"]) - 2})
	again.await(frames, "to continue", func(f object) bool { return f["type"] == "resumed" })
	last := again.await(frames, "what was missed", event("incident.closed"))
	if number(last["offset"]) != number(closed["offset"]) {
		t.Fatalf("continued at %v, want %v", last["offset"], closed["offset"])
	}
	// What happens on one node is seen on the other.
	resident.must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": lon, "lat": lat})
	again.await(frames, "a report to the other node", event("incident.reported"))
}

// TestWhatIsRefused holds the edge: who may not, what is wrong, in both languages.
func TestWhatIsRefused(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	desk, wall, phone, nobody := r.signIn("dispatcher"), r.signIn("wall"), r.signIn("responder1"), r.nobody()
	lon, lat := r.place()
	sound := object{"type_code": "urban.street_light", "lon": lon, "lat": lat}
	made := desk.must(201, "POST", "/api/v1/incidents", sound)
	id := number(made["id"])
	tests := []struct {
		name         string
		who          *person
		method, path string
		body         any
		header       []string
		status       int
		code, says   string
	}{
		{"nobody reads incidents", nobody, "GET", "/api/v1/incidents", nil, nil, 401, "signed_out", "登录"},
		{"a wall dispatches nothing", wall, "POST", "/api/v1/incidents", sound, nil, 403, "forbidden", "权限"},
		{"a phone reads no lists", phone, "GET", "/api/v1/responders", nil, nil, 403, "forbidden", ""},
		{"a phone reads no foreign incident", phone, "GET", fmt.Sprintf("/api/v1/incidents/%d", id), nil, nil, 404, "not_found", ""},
		{"a desk makes no accounts", desk, "GET", "/api/v1/accounts", nil, nil, 403, "forbidden", ""},
		{"a wrong password", nobody, "POST", "/api/v1/session", object{"username": "admin", "password": "x"}, nil, 401, "bad_credentials", "密码"},
		{"no key", desk, "POST", "/api/v1/incidents", sound, []string{"Idempotency-Key", ""}, 400, "idempotency_key_required", "Idempotency-Key"},
		{"a report's key must be random", nobody, "POST", "/api/v1/reports", sound, []string{"Idempotency-Key", "1"}, 400, "idempotency_key_required", ""},
		{"a text for a number, in Chinese", desk, "POST", "/api/v1/incidents", object{"type_code": "x", "lon": "a", "lat": 1}, nil, 422, "invalid", "有误"},
		{"latitude 100", desk, "POST", "/api/v1/incidents", object{"type_code": "urban.street_light", "lon": 121, "lat": 100}, nil, 422, "bad_coordinates", "纬度须在"},
		{"swapped order", desk, "POST", "/api/v1/incidents", object{"type_code": "urban.street_light", "lon": lat, "lat": lon}, nil, 422, "bad_coordinates", "填反"},
		{"nothing filled in", desk, "POST", "/api/v1/incidents", object{"type_code": "urban.street_light", "lon": 0, "lat": 0}, nil, 422, "bad_coordinates", "未填写"},
		{"outside, in English", desk, "POST", "/api/v1/incidents", object{"type_code": "urban.street_light", "lon": 10, "lat": 20}, []string{"Accept-Language", "en"}, 422, "outside_district", "outside the district"},
		{"an unknown type", desk, "POST", "/api/v1/incidents", object{"type_code": "ufo", "lon": lon, "lat": lat}, nil, 422, "unknown_type", ""},
		{"an old version", desk, "POST", fmt.Sprintf("/api/v1/incidents/%d/verify", id), object{"version": 99}, nil, 409, "version_conflict", ""},
		{"an unknown member", desk, "POST", fmt.Sprintf("/api/v1/incidents/%d/verify", id), object{"version": 1, "x": 1}, nil, 422, "invalid", ""},
		{"from another site", desk, "POST", "/api/v1/incidents", sound, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403, "cross_origin", "其他网站"},
		{"a cursor of one's own", desk, "GET", "/api/v1/incidents?cursor=xyz", nil, nil, 422, "invalid", ""},
		{"a box inside out", desk, "GET", "/api/v1/cameras?bbox=3,3,1,1", nil, nil, 422, "invalid", ""},
		{"no such report", nobody, "GET", "/api/v1/reports/AAAA-BBBB-CCCC", nil, nil, 404, "not_found", ""},
		{"a path that climbs", nobody, "GET", "/assets/..%2f..%2fgo.mod", nil, nil, 404, "not_found", ""},
		{"a tile beyond the world", nobody, "GET", "/api/v1/tiles/base/3/9/1", nil, nil, 404, "not_found", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out, header := tt.who.do(tt.method, tt.path, tt.body, tt.header...)
			if status != tt.status || out["code"] != tt.code || !strings.Contains(fmt.Sprint(out["detail"]), tt.says) {
				t.Fatalf("got %d %v, want %d %s %q", status, out, tt.status, tt.code, tt.says)
			}
			if kind := header.Get("Content-Type"); kind != "application/problem+json" {
				t.Fatalf("content type %s", kind)
			}
		})
	}
}

// TestARepeatedRequestAnswersTheSame: a phone that sends ten times takes in once.
func TestARepeatedRequestAnswersTheSame(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	resident := r.nobody()
	lon, lat := r.place()
	key := uuid.NewString()
	body := object{"type_code": "urban.street_light", "lon": lon, "lat": lat}
	first := resident.must(201, "POST", "/api/v1/reports", body, "Idempotency-Key", key)
	for range 9 {
		if again := resident.must(201, "POST", "/api/v1/reports", body, "Idempotency-Key", key); again["tracking"] != first["tracking"] {
			t.Fatalf("another number: %v, %v", first, again)
		}
	}
	body["words"] = "另一件事"
	if status, out, _ := resident.do("POST", "/api/v1/reports", body, "Idempotency-Key", key); status != 422 || out["code"] != "idempotency_key_reused" {
		t.Fatalf("the same key for another report: %d %v", status, out)
	}
}

// TestPhotosLoseWhereTheyWereTaken: what is kept is another file, without Exif;
// what is no picture is refused.
func TestPhotosLoseWhereTheyWereTaken(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	resident, desk, wall := r.nobody(), r.signIn("dispatcher"), r.signIn("wall")
	lon, lat := r.place()
	report := resident.must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": lon, "lat": lat})
	path := "/api/v1/reports/" + report["tracking"].(string) + "/photos"
	if status := resident.upload(path, []byte("GIF89a not a picture")); status != 422 {
		t.Fatalf("rubbish was answered with %d", status)
	}
	if status := resident.upload(path, withExif(t)); status != 201 {
		t.Fatalf("a photo was answered with %d", status)
	}
	list := desk.must(200, "GET", "/api/v1/incidents?queue=open&limit=1", nil)["incidents"].([]any)
	detail := desk.must(200, "GET", fmt.Sprintf("/api/v1/incidents/%d", number(list[0].(object)["id"])), nil)
	photo := detail["photos"].([]any)[0].(object)
	res, err := desk.client.Get(r.base + photo["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	kept, err := io.ReadAll(res.Body)
	if err != nil || bytes.Contains(kept, []byte("Exif")) || bytes.Contains(kept, []byte("SECRETPLACE")) {
		t.Fatalf("%d bytes still tell where it was taken (%v)", len(kept), err)
	}
	if head, _, err := image.DecodeConfig(bytes.NewReader(kept)); err != nil || head.Width != 20 || head.Height != 40 {
		t.Fatalf("kept %dx%d, %v; want it upright, 20x40", head.Width, head.Height, err)
	}
	if status, _, _ := wall.do("GET", photo["url"].(string), nil); status != 404 {
		t.Fatalf("a wall got the photo: %d", status)
	}
}

func (p *person) upload(path string, file []byte) int {
	p.r.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "../../etc/passwd.jpg")
	if err != nil {
		p.r.t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = form.Close()
	req, err := http.NewRequestWithContext(p.r.t.Context(), "POST", p.r.base+path, &b)
	if err != nil {
		p.r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Idempotency-Key", uuid.NewString())
	res, err := p.client.Do(req)
	if err != nil {
		p.r.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// withExif makes a 40x20 JPEG whose Exif block says "turn me" (orientation 6)
// and carries a place.
func withExif(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 20)), nil); err != nil {
		t.Fatal(err)
	}
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00SECRETPLACE")
	block := append([]byte("Exif\x00\x00"), tiff...)
	raw := b.Bytes()
	out := append([]byte{}, raw[:2]...)
	out = append(out, 0xFF, 0xE1, byte((len(block)+2)>>8), byte(len(block)+2))
	return append(append(out, block...), raw[2:]...)
}

func TestSocketManners(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	desk := r.signIn("dispatcher")
	address := "ws" + strings.TrimPrefix(r.base, "http") + "/api/v1/live"
	t.Run("people are told of where one looks", func(t *testing.T) {
		frames, conn := desk.feed(nil)
		people := func(f object) bool { return f["type"] == "people" }
		all := r.await(frames, "the people", people)
		if number(all["total"]) == 0 {
			t.Fatal("nobody is on duty")
		}
		if err := conn.WriteJSON(object{"type": "view", "view": []float64{0, 0, 1, 1}}); err != nil {
			t.Fatal(err)
		}
		if sea := r.await(frames, "the people there", people); number(sea["total"]) != 0 {
			t.Errorf("in the Gulf of Guinea stand %v", sea["total"])
		}
	})
	t.Run("nobody is let in", func(t *testing.T) {
		if _, res, err := websocket.DefaultDialer.Dial(address, nil); err == nil || res.StatusCode != 401 {
			t.Fatalf("got %v, %v", res, err)
		}
	})
	t.Run("a foreign page is not", func(t *testing.T) {
		dialer := websocket.Dialer{Jar: desk.client.Jar}
		if _, res, err := dialer.Dial(address, http.Header{"Origin": {"https://evil.example"}}); err == nil || res.StatusCode != 403 {
			t.Fatalf("got %v, %v", res, err)
		}
	})
	closes := func(name string, code int, say func(*websocket.Conn) error) {
		t.Run(name, func(t *testing.T) {
			dialer := websocket.Dialer{Jar: desk.client.Jar, EnableCompression: true}
			conn, _, err := dialer.Dial(address, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := say(conn); err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			for err == nil {
				_, _, err = conn.ReadMessage()
			}
			if !websocket.IsCloseError(err, code) && !(code == 4000 && strings.Contains(err.Error(), "reset")) {
				t.Fatalf("ended with %v, want %d", err, code)
			}
		})
	}
	closes("rubbish", 4000, func(c *websocket.Conn) error { return c.WriteMessage(websocket.TextMessage, []byte("{{{")) })
	closes("another protocol", 4005, func(c *websocket.Conn) error { return c.WriteJSON(object{"type": "subscribe", "protocol": 99}) })
	closes("a bomb: small deflated, 8 MiB inflated", 1009, func(c *websocket.Conn) error {
		c.EnableWriteCompression(true)
		// The server may cut it off before it is written out; the close tells.
		_ = c.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte(" "), 8<<20))
		return nil
	})
	closes("signed out elsewhere", 4001, func(c *websocket.Conn) error {
		if err := c.WriteJSON(object{"type": "subscribe", "protocol": 1}); err != nil {
			return err
		}
		desk.must(204, "DELETE", "/api/v1/session", nil)
		return nil
	})
}

// TestTheDocumentIsUpToDate: the pages' types are made from it.
func TestTheDocumentIsUpToDate(t *testing.T) {
	document, err := httpapi.OpenAPI(version)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../web/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(kept), bytes.TrimSpace(document)) {
		t.Fatal("web/openapi.json is old: yiping openapi > web/openapi.json, then npm run types")
	}
}
