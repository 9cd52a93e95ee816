package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"yiping/server/dispatch"
	"yiping/server/httpapi"
	"yiping/server/postgres/pgtest"
)

// held is a route of the matrix: how it is held against which rights.
type held struct {
	method, path, kind string
	rights             []string          // any of them; none for open and person
	places             map[string]string // of the path
	query, body, names string
}

// readMatrix reads matrixRoutes, with the things of a street filled in.
func readMatrix(t *testing.T, things map[string]string) map[string]held {
	t.Helper()
	list := map[string]held{}
	for line := range strings.Lines(matrixRoutes) {
		var with []string
		for name, is := range things {
			with = append(with, "<"+name+">", is)
		}
		words := strings.Fields(strings.NewReplacer(with...).Replace(line))
		if len(words) == 0 {
			continue
		}
		h := held{method: words[0], path: words[1], kind: words[2], places: map[string]string{"id": "1"}}
		if len(words) > 3 && words[3] != "-" {
			h.rights = strings.Split(words[3], "|")
		}
		for _, word := range words[min(4, len(words)):] {
			name, is, _ := strings.Cut(word, "=")
			switch {
			case name == "names":
				h.names = is
			case word[0] == '?':
				h.query = word
			case word[0] == '{' || word == "file":
				h.body = word
			default:
				h.places[name] = is
			}
		}
		if _, twice := list[words[0]+" "+words[1]]; twice {
			t.Errorf("%s %s is there twice", words[0], words[1])
		}
		list[words[0]+" "+words[1]] = h
	}
	return list
}

// allows says whether a line of the tables gives a role one of the rights with
// what lies in the area of the role, or elsewhere; anywhere asks for either, and
// for what is one's own.
func (h held) allows(role dispatch.Role, inside, anywhere bool) bool {
	return slices.ContainsFunc(dispatch.RightsRows(), func(row dispatch.RightsRow) bool {
		right := string(row.Action)
		if row.Field != "" {
			right = "see:" + string(row.Field)
		}
		by := row.Part == dispatch.PartAny || row.Part == dispatch.PartArea && (inside || anywhere) || row.Part == dispatch.PartSelf && row.Action != "" && anywhere
		return by && slices.Contains(h.rights, right) && row.Levels[role] != string(dispatch.None)
	})
}

// TestMatrix walks every route of the registry with every role, once from the
// street in which the things lie and once from another, and holds what comes back
// against the tables.
func TestMatrix(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	s := r.street()
	matrix := readMatrix(t, s.things)
	var order []string // as the matrix has it: what ends a session comes last
	for line := range strings.Lines(matrixRoutes) {
		if words := strings.Fields(line); len(words) > 0 {
			order = append(order, words[0]+" "+words[1])
		}
	}
	known := map[string]bool{}
	for _, route := range httpapi.Routes(httpapi.Deps{Metrics: prometheus.NewRegistry()}) {
		name := route.Method + " " + route.Path
		known[name] = true
		h, there := matrix[name]
		if !there {
			t.Errorf("%s is not in the matrix", name)
		} else if (h.kind == "open") != (route.Access == httpapi.Public) {
			t.Errorf("%s is %s, and lets in %s", name, h.kind, route.Access)
		}
	}
	cells := 0
	try := func(who *person, role dispatch.Role, inside bool) {
		for _, name := range order {
			if h := matrix[name]; !known[name] {
				t.Errorf("%s is in no registry", name)
			} else if h.kind != "open" || role == "" {
				cells++
				h.hold(t, who, role, inside, s)
			}
		}
	}
	type seat struct {
		role   dispatch.Role
		inside bool
		who    *person
	}
	var seats []seat // all of them sign in before anybody tries a wrong code
	for _, role := range dispatch.Roles {
		seats = append(seats, seat{role, true, s.member(role, true)})
		if !role.Administrator() { // theirs is the whole district
			seats = append(seats, seat{role, false, s.member(role, false)})
		}
	}
	try(r.nobody(), "", false)
	for _, at := range seats {
		try(at.who, at.role, at.inside)
	}
	t.Logf("%d routes, %d cells", len(matrix), cells)
}

// hold sends the request of one cell and compares.
func (h held) hold(t *testing.T, who *person, role dispatch.Role, inside bool, s *street) {
	t.Helper()
	cell := fmt.Sprintf("%s %s as %s, inside %v", h.method, h.path, role, inside)
	inHere := role != "" && h.allows(role, inside, false)
	enters := h.kind == "open" || role != "" && (h.kind == "person" || h.allows(role, inside, true))
	if h.kind == "socket" && role != "" {
		frames, conn := who.feed(nil)
		first := who.r.await(frames, "the snapshot", func(f object) bool { return f["type"] == "snapshot" })
		raw, _ := json.Marshal(first)
		if told := strings.Contains(string(raw), h.names); told != inHere {
			t.Errorf("%s: told %v, want %v", cell, told, inHere)
		}
		_ = conn.Close()
		return
	}
	status, code, text := h.send(who)
	refused := status == 401 && code == "signed_out" || status == 403 && code == "forbidden"
	switch {
	case status >= 500:
		t.Errorf("%s: %d %.200s", cell, status, text)
	case role == "" && h.kind != "open":
		if status != 401 {
			t.Errorf("%s: %d %.200s", cell, status, text)
		}
	case h.kind == "thing":
		if got := !refused && status != 404; got != inHere {
			t.Errorf("%s: %d %.200s, want in %v", cell, status, text, inHere)
		}
	case refused == enters:
		t.Errorf("%s: %d %.200s, want in %v", cell, status, text, enters)
	}
	if told := strings.Contains(text, h.names); h.names != "" && told != inHere {
		t.Errorf("%s: %d, told of %s %v, want %v", cell, status, h.names, told, inHere)
	}
}

// send sends the request and gives status, code and text.
func (h held) send(who *person) (status int, code, text string) {
	t := who.r.t
	var parts []string
	for part := range strings.SplitSeq(h.path, "/") {
		if strings.HasPrefix(part, "{") {
			part = h.places[strings.TrimSuffix(strings.Trim(part, "{}"), "...")]
		}
		parts = append(parts, part)
	}
	path := strings.Join(parts, "/") + h.query
	if h.body == "file" {
		return who.upload(path, withExif(t)), "", ""
	}
	req, err := http.NewRequestWithContext(t.Context(), h.method, who.r.base+path, strings.NewReader(strings.ReplaceAll(h.body, "<fresh>", uuid.NewString()[:8])))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", uuid.NewString())
	res, err := who.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Code string }
	_ = json.Unmarshal(raw, &p)
	return res.StatusCode, p.Code, string(raw)
}

// street is the demonstration's street with one of each thing, and people of
// every role there and in another.
type street struct {
	r              *running
	security       *person
	here, there    int64
	people, beyond []object // who lives in each, for phones' accounts
	things         map[string]string
}

// member signs somebody of a role in, here or there.
func (s *street) member(role dispatch.Role, here bool) *person {
	s.r.t.Helper()
	area, people := s.there, s.beyond
	if here {
		area, people = s.here, s.people
	}
	if role.Administrator() {
		area = number(s.security.must(200, "GET", "/api/v1/session", nil)["roles"].([]any)[0].(object)["area_id"])
	}
	name := fmt.Sprintf("m-%.12s-%d", strings.ReplaceAll(string(role), "_", ""), area)
	asked := object{"username": name, "display_name": name, "role": role, "area_id": area}
	for k := 0; ; k++ {
		if role == dispatch.RoleResponder {
			asked["responder_id"], asked["area_id"] = people[k]["id"], people[k]["area_id"]
		}
		status, out, _ := s.security.do("POST", "/api/v1/accounts", asked)
		if status == 201 {
			p := s.r.nobody()
			p.must(200, "POST", "/api/v1/session", object{"username": name, "password": out["password"]})
			return p
		}
		if role != dispatch.RoleResponder || k+1 == len(people) { // they have a phone already
			s.r.t.Fatalf("make %s: %d %v", name, status, out)
		}
	}
}

// list gives a list of an answer.
func (p *person) list(path, name string) []object {
	p.r.t.Helper()
	var out []object
	for _, v := range p.must(200, "GET", path, nil)[name].([]any) {
		out = append(out, v.(object))
	}
	return out
}

// street makes the things.
func (r *running) street() *street {
	r.t.Helper()
	chief, admin, security := r.signIn("commander"), r.signIn("admin"), r.signIn("security")
	s := &street{r: r, security: security, things: map[string]string{}}
	set := func(name string, v any) {
		if f, ok := v.(float64); ok && f == math.Trunc(f) {
			v = int64(f)
		}
		s.things[name] = fmt.Sprint(v)
	}
	s.here = number(r.signIn("dispatcher").must(200, "GET", "/api/v1/session", nil)["roles"].([]any)[0].(object)["area_id"])
	set("street", s.here)
	set("day", time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly))
	all := chief.list(fmt.Sprintf("/api/v1/responders?limit=200&duty=on_duty&area_id=%d", s.here), "responders")
	idle := slices.DeleteFunc(all, func(p object) bool { return p["task"] != nil })
	neighbour := idle[len(idle)-1]
	set("neighbour", neighbour["id"])
	set("community", neighbour["area_id"])
	s.incident(chief, idle, set)
	s.callUp(chief, neighbour, set)
	for _, area := range chief.list("/api/v1/areas", "areas") {
		if area["level"] == "street" && number(area["id"]) != s.here && s.there == 0 {
			s.there = number(area["id"])
		}
	}
	for _, p := range all {
		if p["area_id"] != neighbour["area_id"] { // of nobody whose community it happens in
			s.people = append(s.people, p)
		}
	}
	s.beyond = chief.list(fmt.Sprintf("/api/v1/responders?limit=200&area_id=%d", s.there), "responders")
	camera := chief.list(fmt.Sprintf("/api/v1/registers/cameras?limit=1&area_id=%d", s.here), "rows")[0]
	set("camera", camera["id"])
	set("camera_external", camera["values"].(object)["external_id"])
	point := chief.must(200, "GET", "/api/v1/registers/cameras/points?ids="+s.things["camera"], nil)["points"].([]any)[0].([]any)
	lon, lat := point[1].(float64), point[2].(float64)
	const zoom = 17
	set("z", zoom)
	set("x", math.Floor((lon+180)/360*(1<<zoom)))
	set("y", math.Floor((1-math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi)/2*(1<<zoom)))
	set("box", fmt.Sprintf("%f,%f,%f,%f", lon-0.001, lat-0.001, lon+0.001, lat+0.001))
	duty := chief.list(fmt.Sprintf("/api/v1/roster?limit=1&area_id=%d", s.here), "duties")[0]
	set("duty", duty["id"])
	set("worker", duty["responder_id"])
	shift := admin.must(201, "POST", "/api/v1/shifts", object{"area_id": s.here, "name": "矩阵班", "kind": "on_duty", "starts_at": "08:00", "minutes": 60})
	set("shift", shift["id"])
	team := admin.must(201, "POST", "/api/v1/teams", object{"area_id": s.here, "name": "矩阵组", "member_ids": []any{}})
	set("team", team["id"])
	set("rotation", admin.must(201, "POST", "/api/v1/rotations", object{"team_id": team["id"], "shifts": []any{shift["id"]}, "starts_on": s.things["day"]})["id"])
	set("target_name", "m-target")
	target := security.must(201, "POST", "/api/v1/accounts", object{"username": "m-target", "display_name": "被管账户", "role": "dispatcher", "area_id": s.here})["account"].(object)
	set("target", target["id"])
	set("token", security.must(201, "POST", fmt.Sprintf("/api/v1/accounts/%v/tokens", s.things["target"]), object{"name": "对接", "actions": []string{"see"}, "expires_at": time.Now().Add(time.Hour)})["token"].(object)["id"])
	set("enrolment", security.must(201, "POST", "/api/v1/enrolments", object{"responder_id": neighbour["id"]})["enrolment"].(object)["id"])
	return s
}

// incident makes one that is reported, verified and offered, with somebody on it.
func (s *street) incident(chief *person, idle []object, set func(name string, v any)) {
	neighbour := idle[len(idle)-1]
	set("lon", fmt.Sprint(neighbour["lon"]))
	set("lat", fmt.Sprint(neighbour["lat"]))
	resident := s.r.nobody()
	resident.must(201, "POST", "/api/v1/reports", object{"type_code": "urban.street_light", "lon": neighbour["lon"], "lat": neighbour["lat"], "words": "灯坏了", "phone": "13900001111"})
	id := chief.list("/api/v1/incidents?queue=open&limit=1", "incidents")[0]["id"]
	set("incident", id)
	at := "/api/v1/incidents/" + s.things["incident"]
	if status := chief.upload(at+"/photos", withExif(s.r.t)); status != 201 {
		s.r.t.Fatalf("a photo: %d", status)
	}
	detail := chief.must(200, "GET", at, nil)
	set("photo", detail["photos"].([]any)[0].(object)["id"])
	set("report", detail["reports"].([]any)[0].(object)["id"])
	chief.must(200, "POST", at+"/hold", object{"reason": "复盘还需要用到这些资料", "until": time.Now().AddDate(0, 1, 0)})
	i := chief.must(200, "POST", at+"/verify", object{"version": detail["incident"].(object)["version"]})
	sent := chief.must(201, "POST", at+"/offers", object{"version": i["version"], "reason": "就近派员", "responder_ids": []any{neighbour["id"], idle[0]["id"], idle[1]["id"]}})["offers"].([]any)
	for k, name := range []string{"offer", "taken", "gone"} {
		set(name, sent[k].(object)["id"])
	}
	chief.must(200, "POST", "/api/v1/offers/"+s.things["gone"]+"/withdraw", object{})
	got := chief.must(200, "POST", "/api/v1/offers/"+s.things["taken"]+"/accept", object{"on_behalf": true})
	set("assignment", got["assignment"].(object)["id"])
	set("alarm", chief.must(201, "POST", "/api/v1/assignments/"+s.things["assignment"]+"/alarm", object{"on_behalf": true})["id"])
	unit := chief.list(at+"/units", "units")[0]["id"]
	set("unit", unit)
	version := chief.must(200, "GET", at, nil)["incident"].(object)["version"]
	set("order", chief.must(201, "POST", at+"/unit-orders", object{"version": version, "unit_id": unit, "role": "lead"})["id"])
}

// callUp makes one that has ended, of which somebody was asked.
func (s *street) callUp(chief *person, near object, set func(name string, v any)) {
	frames, conn := chief.feed(nil)
	defer func() { _ = conn.Close() }()
	made := chief.must(201, "POST", "/api/v1/call-ups", object{"area_ids": []any{s.here}, "duties": []string{"on_duty"}, "quota": 1,
		"reason": "演练", "place": "街道广场", "lon": near["lon"], "lat": near["lat"]})
	set("call_up", made["id"])
	s.r.await(frames, "the asking", func(f object) bool {
		e, _ := f["event"].(object)
		return e != nil && e["kind"] == "call_up.asked" && e["noun_id"] == made["id"]
	})
	set("called", chief.list("/api/v1/call-ups/"+s.things["call_up"]+"/members?state=asked", "members")[0]["id"])
	chief.must(200, "POST", "/api/v1/call-ups/"+s.things["call_up"]+"/stand-down", object{})
}
