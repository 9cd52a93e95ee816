package httpapi

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"yiping/server/dispatch"
)

// document is the part of the OpenAPI document that the tests read.
type document struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Parameters  []struct{ Name, In string }
		RequestBody map[string]any
	}
}

func readDocument(t *testing.T) document {
	t.Helper()
	raw, err := OpenAPI("test")
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRegistryAndDocument: every operation is in both, and nothing else is.
func TestRegistryAndDocument(t *testing.T) {
	d := readDocument(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1") {
		t.Errorf("OpenAPI %s", d.OpenAPI)
	}
	known := map[string]bool{}
	for _, route := range Routes(Deps{}) {
		name := route.Method + " " + route.Path
		if known[name] {
			t.Errorf("%s is there twice", name)
		}
		known[name] = true
		if _, documented := d.Paths[route.Path][strings.ToLower(route.Method)]; documented != route.Operation {
			t.Errorf("%s: documented %v, an operation %v", name, documented, route.Operation)
		}
	}
	for path, methods := range d.Paths {
		for method := range methods {
			if !known[strings.ToUpper(method)+" "+path] {
				t.Errorf("%s %s is not in the registry", method, path)
			}
		}
	}
}

// TestWhoMayCall goes through every route as every role: nobody is told to
// sign in, and who has no role that allows it is refused, before anything is read.
func TestWhoMayCall(t *testing.T) {
	public := []string{"POST /api/v1/session", "POST /api/v1/session/enrolment", "GET /api/v1/session/provider", "GET /api/v1/session/provider/callback", "POST /api/v1/gateway/receipts", "POST /api/v1/gateway/answers", "GET /api/v1/config", "POST /api/v1/reports", "GET /api/v1/reports/{tracking}",
		"POST /api/v1/reports/{tracking}/photos", "POST /api/v1/reports/{tracking}/satisfaction", "GET /api/v1/tiles/base/{z}/{x}/{y}", "GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json"}
	for _, route := range Routes(Deps{}) {
		name := route.Method + " " + route.Path
		path := strings.NewReplacer("{id}", "7", "{session_id}", "8", "{noun}", "facilities", "{z}", "1", "{x}", "0", "{y}", "0", "{tracking}", "AAAA-BBBB-CCCC", "{day}", "2026-10-01", "{what}", "sessions", "{purpose}", "position").Replace(route.Path)
		switch {
		case route.Access == Public:
			page := strings.HasPrefix(name, "GET /") && !strings.HasPrefix(name, "GET /api/")
			if !page && !slices.Contains(public, name) {
				t.Errorf("%s is public", name)
			}
			continue
		case !slices.Contains([]Access{SignedIn, InPerson, Entering}, route.Access) && !slices.Contains(dispatch.Actions(), dispatch.Action(route.Access)):
			t.Errorf("%s has an access nobody knows: %q", name, route.Access)
		}
		t.Run(name, func(t *testing.T) {
			u := newUnder(t)
			u.problem(u.do(route.Method, path, "", ""), 401, "signed_out")
			u.problem(u.do(route.Method, path, "stolen", ""), 401, "signed_out")
			for token, grant := range testTokens {
				actor := dispatch.Actor{Grants: []dispatch.Grant{grant}}
				if !slices.Contains([]Access{SignedIn, InPerson, Entering}, route.Access) && !actor.May(dispatch.Action(route.Access)) {
					u.problem(u.do(route.Method, path, token, ""), 403, "forbidden")
				}
			}
		})
	}
}

// TestCommandsTakeAKey: every change but those that repeat themselves harmlessly
// (positions), or that show who somebody is, which is judged each time anew.
func TestCommandsTakeAKey(t *testing.T) {
	without := []string{"/api/v1/incidents/{id}/care", "/api/v1/responders/{id}/personal-data", "/api/v1/personal-data/find", "/api/v1/responders/{id}/unmask", "/api/v1/reports/{id}/unmask", "/api/v1/incidents/{id}/tracks", // each answer is on record anew
		"/api/v1/positions", "/api/v1/gateway/receipts", "/api/v1/gateway/answers", // those by what they are about and by the id that is signed
		"/api/v1/call-ups/preview", // a question that is longer than an address
		"/api/v1/incidents/likely", // asks, in a body that no log holds
		"/api/v1/session", "/api/v1/session/factor", "/api/v1/session/lock", "/api/v1/session/unlock", "/api/v1/session/enrolment",
		"/api/v1/account/password", "/api/v1/account/factor", "/api/v1/account/factor/confirm", "/api/v1/account/factor/recovery-codes", "/api/v1/account/factor/remove",
		"/api/v1/account/sessions/end-others"}
	for path, methods := range readDocument(t).Paths {
		post, ok := methods["post"]
		if !ok {
			continue
		}
		takes := false
		for _, p := range post.Parameters {
			takes = takes || p.Name == "Idempotency-Key" && p.In == "header"
		}
		if takes == slices.Contains(without, path) {
			t.Errorf("POST %s takes a key: %v", path, takes)
		}
	}
}

// TestCommand: a command reaches the domain with who asks, the key and what
// tells a repeat from another request; without a key it does not.
func TestCommand(t *testing.T) {
	u := newUnder(t)
	u.reader.incident = dispatch.Incident{ID: 7, AreaID: 4, Version: 2, State: dispatch.IncidentVerified}
	send := func(body, key string) int {
		return u.do("POST", "/api/v1/incidents/7/verify", "dispatcher@2", body, "Idempotency-Key", key).Code
	}
	got := decoded[dispatch.Incident](t, u.do("POST", "/api/v1/incidents/7/verify", "dispatcher@2", `{"version":1}`, "Idempotency-Key", "k1"), 200)
	if got.ID != 7 || got.State != dispatch.IncidentVerified {
		t.Errorf("answered with %+v", got)
	}
	send(`{ "version" : 1 }`, "k1")
	send(`{"version":2}`, "k1")
	p := u.problem(u.do("POST", "/api/v1/incidents/7/verify", "dispatcher@2", `{"version":1}`), 400, "idempotency_key_required")
	if len(p.Errors) != 1 || p.Errors[0].Location != "Idempotency-Key" {
		t.Errorf("blamed %+v", p.Errors)
	}
	c := u.store.commands
	if len(c) != 3 || c[0].Name != "incident.verify" || c[0].Key != "k1" || c[0].Actor.AccountID != 5 {
		t.Fatalf("commands %+v", c)
	}
	if string(c[0].Payload) != string(c[1].Payload) || string(c[0].Payload) == string(c[2].Payload) {
		t.Errorf("payloads %s, %s, %s", c[0].Payload, c[1].Payload, c[2].Payload)
	}
}

// TestConflict: a refusal for an old version carries the thing as it is now.
func TestConflict(t *testing.T) {
	u := newUnder(t)
	u.store.err = &dispatch.Error{Code: dispatch.CodeVersionConflict, Field: "version", Current: dispatch.Incident{ID: 7, Version: 9},
		Values: map[string]string{"by": "王芳", "state": "verified"}}
	p := u.problem(u.do("POST", "/api/v1/incidents/7/close", "commander", `{"version":1}`, "Idempotency-Key", "k"), 409, "version_conflict")
	current, _ := p.Current.(map[string]any)
	if current["version"] != 9.0 || !strings.Contains(p.Detail, "王芳") {
		t.Errorf("got %+v", p)
	}
}

// TestReportsKey: a resident's key is a UUID, from which the number follows.
func TestReportsKey(t *testing.T) {
	u := newUnder(t)
	body := `{"type_code":"urban.street_light","lon":121,"lat":31}`
	for _, key := range []string{"", "1", "12345678-1234-1234-1234-1234567890", "zzzzzzzz-zzzz-4zzz-8zzz-zzzzzzzzzzzz"} {
		u.problem(u.do("POST", "/api/v1/reports", "", body, "Idempotency-Key", key), 400, "idempotency_key_required")
	}
	key := "0b0e6f3c-9a5e-4c83-9a55-2f4d7a4f9d10"
	got := decoded[reportedView](t, u.do("POST", "/api/v1/reports", "", body, "Idempotency-Key", key), 201)
	if got.Tracking != dispatch.TrackingNumber(key) || !got.ReceivedAt.Equal(testNow) {
		t.Errorf("got %+v", got)
	}
}

// TestInputsAreRead: what an input embeds without an exported name would be
// missing in the document and zero in the handler.
func TestInputsAreRead(t *testing.T) {
	type hidden struct{ Limit int }
	type outer struct{ hidden }
	type inBody struct{ Body struct{ hidden } }
	for _, typ := range []reflect.Type{reflect.TypeFor[outer](), reflect.TypeFor[inBody]()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", typ)
				}
			}()
			mustBeRead("GET /", typ)
		}()
	}
}
