package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"yiping/server/dispatch"
	"yiping/server/outbound"
)

// Signatures of the examples below, computed with Python's hmac.
const (
	dingTalkGolden = "mnTbnuOwxykxJ1Va7t%2F%2F6NW%2B3Gb6sdN7f4oiiF06qmk%3D"
	feishuGolden   = "OrBzY1Y01Gq+HgJsl+7OfWcMVwc7YocohQm5iiZwjhU="
)

func TestReadEntries(t *testing.T) {
	hook := `{"name":"a","kind":"webhook","url":"https://a.example/h","secret":"` + golden + `"`
	tests := []struct {
		name, file, want string
	}{
		{"one of each", `[` + hook + `},{"name":"b","kind":"wecom","url":"https://b.example/h?key=1"},{"name":"c","kind":"dingtalk","url":"https://c.example","secret":"s"},{"name":"d","kind":"feishu","url":"https://d.example","secret":"s","events":["incident.reported"]}]`, ""},
		{"no list", `{"secret":"geheim"}`, "no JSON list"},
		{"twice", `[` + hook + `},` + hook + `}]`, "no name of its own"},
		{"no address", `[{"name":"a","kind":"wecom","url":"x"}]`, "no address"},
		{"unsigned group", `[{"name":"a","kind":"dingtalk","url":"https://a.example"}]`, "no secret"},
		{"short key", `[{"name":"a","kind":"webhook","url":"https://a.example","secret":"geheim"}]`, "no secret for webhooks"},
		{"unknown kind", `[{"name":"a","kind":"fax","url":"https://a.example"}]`, "no kind"},
		{"answers to a system", `[` + hook + `,"events":["offer.declined"]}]`, "does not"},
		{"everything to a system", `[` + hook + `,"events":["*"]}]`, "does not"},
		{"incidents to a system", `[` + hook + `,"events":["incident.*","assignment.*"]}]`, ""},
		{"edits to a group", `[{"name":"a","kind":"wecom","url":"https://a.example","events":["incident.edited"]}]`, "a group is told of"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadEntries([]byte(tt.file))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "geheim") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// told is an incident's event as it goes to groups and systems, with all that
// must not.
func told(target string) dispatch.Outgoing {
	incident, responder, account := int64(42), int64(777001), int64(888002)
	return dispatch.Outgoing{Key: "k", Purpose: dispatch.PurposeEvent, Target: target, Phone: "13900001111", Place: "幸福路3号楼", TypeName: "火情", AreaName: "西苑社区",
		Priority: dispatch.PriorityCritical, Event: &dispatch.Event{Offset: 9, Kind: "incident.verified", At: noon, Noun: dispatch.NounIncident, NounID: 42, NounVersion: 2,
			AreaID: 4, IncidentID: &incident, ResponderID: &responder, AccountID: &account, Data: map[string]string{"to": "verified"}}}
}

// TestSignedGroups holds each platform's signature to one computed elsewhere.
func TestSignedGroups(t *testing.T) {
	at := time.UnixMilli(1700000000123)
	address, _ := platforms[kindDingTalk].dress("https://oapi.example/robot/send?access_token=t", "SECf00d", "x", at)
	if want := "https://oapi.example/robot/send?access_token=t&sign=" + dingTalkGolden + "&timestamp=1700000000123"; address != want {
		t.Errorf("DingTalk is called at %s, want %s", address, want)
	}
	_, message := platforms[kindFeishu].dress("https://open.example/hook", "feishu-secret", "x", at)
	if m := message.(feishuMessage); m.Timestamp != "1700000000" || m.Sign != feishuGolden {
		t.Errorf("Feishu is sent %+v", m)
	}
}

// TestAGroupReadsNobody: no name, number or place of anybody, within the size
// that the platform takes.
func TestAGroupReadsNobody(t *testing.T) {
	for kind, p := range platforms {
		var body []byte
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ = io.ReadAll(r.Body)
			_, _ = io.WriteString(w, `{"errcode":0,"code":0}`)
		}))
		g := Groups{"g": {platform: p, url: srv.URL, secret: "s", client: Plain(http.DefaultClient), now: func() time.Time { return noon }}}
		_, err := g.Send(t.Context(), told("g"))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if !strings.Contains(string(body), "【特急】西苑社区 火情：已核实（编号 42）") {
			t.Errorf("%s reads %s", kind, body)
		}
		for _, secret := range []string{"139", "幸福路", "777001", "888002"} {
			if strings.Contains(string(body), secret) {
				t.Errorf("%s reads %s", kind, secret)
			}
		}
		long := told("g")
		long.TypeName = strings.Repeat("火", 40_000)
		if _, err := g.Send(t.Context(), long); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if !json.Valid(body) || len(body) > p.most+1000 {
			t.Errorf("%s is sent %d bytes", kind, len(body))
		}
		srv.Close()
	}
}

// TestGroupsAreNotFlooded: no more than the platform takes within any minute, or
// second; what is too much comes later and is no failed attempt.
func TestGroupsAreNotFlooded(t *testing.T) {
	for kind, p := range platforms {
		now := noon
		var sent []time.Time
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			sent = append(sent, now)
			_, _ = io.WriteString(w, `{"errcode":0}`)
		}))
		g := Groups{"g": {platform: p, url: srv.URL, secret: "s", client: Plain(http.DefaultClient), now: func() time.Time { return now }}}
		for len(sent) < p.minute+5 {
			_, err := g.Send(t.Context(), told("g"))
			var failure *Failure
			if errors.As(err, &failure) {
				if !failure.Until.After(now) || failure.Until.After(now.Add(time.Minute)) {
					t.Fatalf("%s: put off from %s until %s", kind, now, failure.Until)
				}
				now = failure.Until
			}
		}
		srv.Close()
		within := func(d time.Duration) (most int) {
			for k := range sent {
				n := 0
				for _, other := range sent[k:] {
					if other.Sub(sent[k]) < d {
						n++
					}
				}
				most = max(most, n)
			}
			return most
		}
		if got := within(time.Minute); got != p.minute {
			t.Errorf("%s: %d within a minute, want %d", kind, got, p.minute)
		}
		if got := within(time.Second); p.second > 0 && got != p.second {
			t.Errorf("%s: %d within a second, want %d", kind, got, p.second)
		}
	}
}

// TestAnswersOfGroups: they say 200 whatever happened.
func TestAnswersOfGroups(t *testing.T) {
	for said, want := range map[string]struct{ final, later bool }{
		`{"errcode":45009}`: {false, true}, `{"errcode":93000}`: {true, false}, `<html>`: {false, false},
	} {
		var failure *Failure
		if err := platforms[kindWeCom].read([]byte(said), noon); !errors.As(err, &failure) || failure.Final != want.final || failure.Until.IsZero() == want.later {
			t.Errorf("%s: %v", said, err)
		}
	}
}

func webhooksAt(t *testing.T, address string, client *http.Client) Webhooks {
	t.Helper()
	targets, err := NewTargets([]Entry{{Name: "h", Kind: kindWebhook, URL: address, Secret: golden}}, client, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return targets.Webhooks
}

// TestASystemIsTold: signed, ids and states alone.
func TestASystemIsTold(t *testing.T) {
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		if err := signerOf(t, golden).Verify(r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), r.Header.Get("webhook-signature"), body, noon); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	if _, err := webhooksAt(t, srv.URL, Plain(http.DefaultClient)).Send(t.Context(), told("h")); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"incident.verified","timestamp":"2026-11-26T12:00:00Z","data":{"offset":9,"noun":"incident","noun_id":42,"noun_version":2,"area_id":4,"incident_id":42,"data":{"to":"verified"}}}`
	if string(body) != want {
		t.Errorf("it reads %s", body)
	}
}

// TestAnswersOfASystem: 410 asks for no more, a redirection is a failure and not
// followed, all else is tried again.
func TestAnswersOfASystem(t *testing.T) {
	for status, want := range map[int]string{200: "", 204: "", 301: dispatch.FailureUnreachable, 308: dispatch.FailureUnreachable, 404: dispatch.FailureUnreachable,
		410: dispatch.FailureGone, 500: dispatch.FailureUnreachable} {
		asked := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		_, err := webhooksAt(t, srv.URL, Plain(http.DefaultClient)).Send(t.Context(), told("h"))
		srv.Close()
		var failure *Failure
		switch errors.As(err, &failure) {
		case true:
			if failure.Word != want || failure.Final != (want == dispatch.FailureGone) {
				t.Errorf("%d: %v", status, err)
			}
		default:
			if err != nil || want != "" {
				t.Errorf("%d: %v, want %q", status, err, want)
			}
		}
		if asked != 1 {
			t.Errorf("%d: asked %d times", status, asked)
		}
	}
}

// TestNobodyIsCalledInside: the address of a system may not lead into the network,
// or come back in an error.
func TestNobodyIsCalledInside(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was called") }))
	defer srv.Close()
	client, err := outbound.New(outbound.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{srv.URL + "/secret-key", strings.Replace(srv.URL, "https", "http", 1), "https://169.254.169.254/secret-key"} {
		if _, err := url.Parse(address); err != nil {
			t.Fatal(err)
		}
		_, err := webhooksAt(t, address, Plain(client)).Send(t.Context(), told("h"))
		if !errors.Is(err, outbound.ErrRefused) && !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestWhoIsGoneIsCalledNoMore, and who is too busy is called later.
func TestWhoIsGoneIsCalledNoMore(t *testing.T) {
	for _, tt := range []struct {
		err  *Failure
		want []string
	}{
		{&Failure{Word: dispatch.FailureGone, Final: true, Err: errors.New("x")}, []string{"k gone for good", "h disabled"}},
		{&Failure{Word: dispatch.FailureUnreachable, Until: noon, Err: errors.New("x")}, []string{"k postponed"}},
	} {
		q := &fakeQueue{waiting: map[dispatch.Way][]dispatch.Outgoing{}, noted: make(chan string, 9)}
		m := told("h")
		m.Channel, m.Attempts = dispatch.WayWebhook, 1
		q.waiting[dispatch.WayWebhook] = []dispatch.Outgoing{m}
		s := NewSender(q, time.Now, nopLog)
		s.Add(dispatch.WayWebhook, channelFunc(func(context.Context, dispatch.Outgoing) (string, error) { return "", tt.err }))
		if _, err := s.Fire(t.Context(), dispatch.WayWebhook); err != nil {
			t.Fatal(err)
		}
		s.Wait()
		close(q.noted)
		var got []string
		for n := range q.noted {
			got = append(got, n)
		}
		if strings.Join(got, ",") != strings.Join(tt.want, ",") {
			t.Errorf("noted %v, want %v", got, tt.want)
		}
	}
}
