package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"yiping/seed"
	"yiping/server/postgres"
	"yiping/server/postgres/pgtest"
	"yiping/server/seal"
	"yiping/server/simulate"
)

// simulated runs the command against a server and gives its result.
func (r *running) simulated(ctx context.Context, c simulateCmd) (simulate.Result, error) {
	r.t.Helper()
	c.Accounts, c.JSON, c.Prefix = filepath.Join(r.t.TempDir(), "said.json"), true, "load"
	raw, err := json.Marshal(announcement{Addresses: map[string]string{"base": r.base}, Accounts: r.first.Accounts})
	if err != nil {
		r.t.Error(err)
	}
	if err := os.WriteFile(c.Accounts, raw, 0o600); err != nil {
		r.t.Error(err)
	}
	var out bytes.Buffer
	err = c.Run(&app{ctx: ctx, log: zerolog.Nop(), out: &out})
	var result simulate.Result
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &result); err != nil {
			r.t.Error(err)
		}
	}
	return result, err
}

// TestSimulate lives incidents through from the report to the end, finds no
// difference, and leaves nothing open; a second run takes up the accounts of the
// first.
func TestSimulate(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	for run, count := range []int{10, 2} {
		got, err := r.simulated(t.Context(), simulateCmd{Rate: 1200, Count: count, Phones: 10, Seed: uint64(run), Speed: 100})
		if err != nil || len(got.Differences) > 0 {
			t.Fatalf("%v: %q", err, got.Differences)
		}
		ended := 0
		for _, n := range got.Ended {
			ended += n
		}
		if got.Count != count || ended != count || got.Phones != 10 || got.Ended["closed"] == 0 || got.Ended["failed"] > 0 {
			t.Fatalf("got %+v", got)
		}
		if got.Ways["along roads"] == 0 {
			t.Errorf("nobody went along roads: %v", got.Ways)
		}
	}
	admin := r.signIn("admin")
	phones := 0
	for _, a := range r.signIn("security").must(200, "GET", "/api/v1/accounts", nil)["accounts"].([]any) {
		if strings.HasPrefix(a.(object)["username"].(string), "load-phone-") {
			phones++
		}
	}
	if phones != 10 {
		t.Errorf("%d phones were given accounts for 10", phones)
	}
	for _, i := range admin.must(200, "GET", "/api/v1/incidents?queue=open&limit=200", nil)["incidents"].([]any) {
		if strings.HasPrefix(i.(object)["summary"].(string), "【模拟】") {
			t.Errorf("left open: %v", i)
		}
	}
}

// TestSimulateFindsALie puts something between that lies: each lie is told.
func TestSimulateFindsALie(t *testing.T) {
	replace := func(from, to string) func(*http.Response) error {
		return func(res *http.Response) error {
			raw, err := io.ReadAll(res.Body)
			if err != nil {
				return err
			}
			raw = bytes.ReplaceAll(raw, []byte(from), []byte(to))
			res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
			res.Header.Set("Content-Length", strconv.Itoa(len(raw)))
			return nil
		}
	}
	tests := []struct {
		name, method, path string // of the requests that are lied to
		lie                func(*http.Response) error
		lost               bool // answered with success, never handed on
		want               string
	}{
		{"another state", "GET", "/api/v1/incidents/", replace(`"state":"closed"`, `"state":"checked"`), false, "its state is closed, the server says checked"},
		{"a person who is not counted", "GET", "/api/v1/incidents/", replace(`"active":1`, `"active":0`), false, "the number working on it is 1, the server says 0"},
		{"another word to the resident", "GET", "/api/v1/reports/", replace(`"state":"verified"`, `"state":"received"`), false, `it is verified, the one who reported is told "received"`},
		{"a command that is acknowledged and lost", "POST", "/verify", nil, true, "its state is verified, the server says reported"},
	}
	r := serveForTest(t, pgtest.Database(t))
	server, err := url.Parse(r.base)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			proxy := httputil.NewSingleHostReverseProxy(server)
			proxy.ErrorLog = nil
			lied := func(q *http.Request) bool { return q.Method == tt.method && strings.Contains(q.URL.Path, tt.path) }
			proxy.ModifyResponse = func(res *http.Response) error {
				if tt.lie == nil || !lied(res.Request) {
					return nil
				}
				return tt.lie(res)
			}
			liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if tt.lost && lied(q) {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, "{}")
					return
				}
				if tt.lie != nil {
					q.Header.Del("Accept-Encoding") // so that it can be read
				}
				proxy.ServeHTTP(w, q)
			}))
			defer liar.Close()
			behind := &running{t: t, base: liar.URL, first: r.first}
			got, err := behind.simulated(t.Context(), simulateCmd{Rate: 1200, Count: 2, Phones: 4, Seed: 3, Speed: 100})
			if !errors.Is(err, exitError(3)) {
				t.Fatalf("ended with %v: %+v", err, got)
			}
			if !strings.Contains(strings.Join(got.Differences, "\n"), tt.want) {
				t.Errorf("found %q, want %q", got.Differences, tt.want)
			}
		})
	}
}

// TestSimulateYields: where a person takes an incident up, the simulated
// dispatcher steps back and says nothing of it, the phones answer the person, and
// what is theirs is left to them at the end.
func TestSimulateYields(t *testing.T) {
	r := serveForTest(t, pgtest.Database(t))
	chief := r.signIn("commander")
	frames, _ := chief.feed(nil)
	r.await(frames, "the snapshot", func(f object) bool { return f["type"] == "snapshot" })
	ctx, stop := context.WithCancel(t.Context())
	type ending struct {
		result simulate.Result
		err    error
	}
	ended := make(chan ending, 1)
	go func() {
		result, err := r.simulated(ctx, simulateCmd{Rate: 1, Count: 0, Phones: 6, Seed: 1, Speed: 3})
		ended <- ending{result, err}
	}()
	report := r.await(frames, "a report", event("incident.reported"))
	id := strconv.FormatInt(number(report["incident"].(object)["id"]), 10)
	i := chief.must(200, "POST", "/api/v1/incidents/"+id+"/verify", object{"version": 1})
	var phones []any
	for _, a := range r.signIn("security").must(200, "GET", "/api/v1/accounts", nil)["accounts"].([]any) {
		if strings.HasPrefix(a.(object)["username"].(string), "load-phone-") {
			phones = append(phones, a.(object)["responder_id"])
		}
	}
	chief.must(201, "POST", "/api/v1/incidents/"+id+"/offers", object{"version": i["version"], "responder_ids": phones, "reason": "都在附近"})
	r.await(frames, "a phone to accept", event("assignment.accepted"))
	r.await(frames, "the phone to set out", event("assignment.en_route"))
	stop()
	end := <-ended
	if end.err != nil || len(end.result.Differences) > 0 || end.result.Ended["others went on"] != 1 {
		t.Errorf("ended with %v: %+v", end.err, end.result)
	}
	if state := chief.must(200, "GET", "/api/v1/incidents/"+id, nil)["incident"].(object)["state"]; state != "handling" {
		t.Errorf("the person's incident is %v", state)
	}
}

// TestTheDemonstrationIsAlive: things happen by themselves, after a second start
// too; when the server ends, nothing of it is left open.
func TestTheDemonstrationIsAlive(t *testing.T) {
	database := pgtest.Database(t)
	var accounts []credential
	for range 2 {
		t.Run("start", func(t *testing.T) {
			r := serveWith(t, database, serveCmd{JSON: true})
			if len(accounts) == 0 {
				accounts = r.first.Accounts
			}
			r.first.Accounts = accounts
			frames, _ := r.signIn("commander").feed(nil)
			f := r.await(frames, "a report", event("incident.reported"))
			if summary := f["incident"].(object)["summary"].(string); !strings.HasPrefix(summary, "【模拟】") {
				t.Errorf("reported: %s", summary)
			}
		})
	}
	r := serveForTest(t, database)
	r.first.Accounts = accounts
	for _, i := range r.signIn("commander").must(200, "GET", "/api/v1/incidents?queue=open&limit=200", nil)["incidents"].([]any) {
		if strings.HasPrefix(i.(object)["summary"].(string), "【模拟】") {
			t.Errorf("left open: %v", i)
		}
	}
}

// TestOnlyADemonstrationActs: an installation with a district of its own is
// never simulated, a demonstration not where it is told to be quiet.
func TestOnlyADemonstrationActs(t *testing.T) {
	open := func() *postgres.Store {
		a := &app{log: zerolog.Nop()}
		keys, err := seal.New(a.now)
		if err != nil {
			t.Fatal(err)
		}
		store, err := postgres.Open(t.Context(), postgres.Config{URL: pgtest.Database(t), Now: a.now, Log: a.log, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
		return store
	}
	real, demonstration := open(), open()
	areas, _ := seed.Starter("370306")
	if err := real.LoadStarter(t.Context(), areas); err != nil {
		t.Fatal(err)
	}
	if err := seedDistrict(t.Context(), &app{log: zerolog.Nop()}, demonstration, seed.Options{Seed: 1, Scale: 1}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		store *postgres.Store
		cmd   serveCmd
		want  bool
	}{
		"a district of its own":         {real, serveCmd{}, false},
		"the demonstration":             {demonstration, serveCmd{}, true},
		"told to be quiet":              {demonstration, serveCmd{NoSimulate: true}, false},
		"served as a real installation": {demonstration, serveCmd{NoDemo: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := tt.cmd.simulates(t.Context(), tt.store); err != nil || got != tt.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
