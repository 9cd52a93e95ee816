package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

var nopLog = zerolog.Nop()

func gatewayAt(t *testing.T, url string) *Gateway {
	t.Helper()
	templates, err := NewTemplates(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Gateway{URL: url, Name: "g", Signer: signerOf(t, golden), Templates: templates, Client: Plain(http.DefaultClient), Now: func() time.Time { return noon }}
}

// TestWords: what people read, from which the place is missing until they accept.
func TestWords(t *testing.T) {
	far := 1234.0
	base := dispatch.Outgoing{Key: "k", Purpose: dispatch.PurposeAnswered, Phone: "1", TypeName: "火情", AreaName: "西苑社区", Priority: dispatch.PriorityCritical,
		Place: "3号楼", Distance: &far, ExpiresAt: noon.Add(80 * time.Second)}
	tests := []struct {
		name string
		m    func(m *dispatch.Outgoing)
		send func(g *Gateway) Channel
		path string
		want string
	}{
		{"offer", func(m *dispatch.Outgoing) { m.Purpose = dispatch.PurposeOffer }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"西苑社区有特急事件（火情），请您前往（约1.2公里）。回复1接单，回复2谢绝，2分钟内有效。"},
		{"offer without distance", func(m *dispatch.Outgoing) { m.Purpose, m.Distance = dispatch.PurposeOffer, nil }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"西苑社区有特急事件（火情），请您前往。回复1接单，回复2谢绝，2分钟内有效。"},
		{"call", func(m *dispatch.Outgoing) { m.Purpose = dispatch.PurposeOffer }, func(g *Gateway) Channel { return Voice{g} }, "/v1/voice",
			"西苑社区发生特急事件，火情，请您前往。接单请按1，谢绝请按2。"},
		{"perimeter", func(m *dispatch.Outgoing) { m.Purpose, m.Task = dispatch.PurposeOffer, dispatch.TaskPerimeter }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"西苑社区有特急事件（火情），请您前往外围协助疏散引导、物资、登记（约1.2公里），不进入危险区域。回复1接单，回复2谢绝，2分钟内有效。"},
		{"perimeter call", func(m *dispatch.Outgoing) { m.Purpose, m.Task = dispatch.PurposeOffer, dispatch.TaskPerimeter }, func(g *Gateway) Channel { return Voice{g} }, "/v1/voice",
			"西苑社区发生特急事件，火情，请您前往外围协助，不进入危险区域。接单请按1，谢绝请按2。"},
		{"perimeter accepted", func(m *dispatch.Outgoing) { m.OfferState, m.Task = dispatch.OfferAccepted, dispatch.TaskPerimeter }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"您已接单（外围任务）：西苑社区火情，地点：3号楼。请在外围协助，不进入危险区域，听从现场指挥。"},
		{"accepted", func(m *dispatch.Outgoing) { m.OfferState = dispatch.OfferAccepted }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"您已接单：西苑社区火情，地点：3号楼。请尽快出发，注意安全。"},
		{"standby", func(m *dispatch.Outgoing) { m.OfferState = dispatch.OfferStandby }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"感谢响应！西苑社区火情人手已满，您已列为替补，需要时再联系您。"},
		{"over", func(m *dispatch.Outgoing) { m.OfferState = dispatch.OfferExpired }, func(g *Gateway) Channel { return SMS{g} }, "/v1/sms",
			"西苑社区火情的派单已结束，您无需前往，感谢响应。"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got outgoing
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				_ = json.Unmarshal(body, &got)
				if r.URL.Path != tt.path {
					t.Errorf("asked %s, want %s", r.URL.Path, tt.path)
				}
				if err := signerOf(t, golden).Verify(r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), r.Header.Get("Webhook-Signature"), body, noon); err != nil {
					t.Error(err)
				}
				_, _ = io.WriteString(w, `{"id":"theirs"}`)
			}))
			defer srv.Close()
			m := base
			tt.m(&m)
			id, err := tt.send(gatewayAt(t, srv.URL+"/v1/")).Send(t.Context(), m)
			if err != nil || id != "theirs" {
				t.Fatalf("sent as %q, %v", id, err)
			}
			if got.Text != tt.want || got.ID != "k" || got.To != "1" {
				t.Errorf("sent %+v", got)
			}
			if _, ok := got.Params["place"]; ok != (m.OfferState == dispatch.OfferAccepted) {
				t.Errorf("the place goes out: %v", got.Params)
			}
		})
	}
}

// TestAnswersOfAGateway: what is tried again and what is not. Nobody is followed
// elsewhere with what was signed for one address.
func TestAnswersOfAGateway(t *testing.T) {
	tests := []struct {
		status int
		word   string
		final  bool
	}{
		{200, "", false}, {202, "", false}, {409, "", false},
		{302, dispatch.FailureRefused, true}, {307, dispatch.FailureRefused, true}, {400, dispatch.FailureRefused, true}, {410, dispatch.FailureRefused, true},
		{429, dispatch.FailureUnreachable, false}, {408, dispatch.FailureUnreachable, false}, {500, dispatch.FailureUnreachable, false}, {503, dispatch.FailureUnreachable, false},
	}
	for _, tt := range tests {
		asked := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(tt.status)
		}))
		_, err := SMS{gatewayAt(t, srv.URL)}.Send(t.Context(), dispatch.Outgoing{Key: "k", Phone: "1"})
		srv.Close()
		var failure *Failure
		if tt.word == "" && err != nil || tt.word != "" && (!errors.As(err, &failure) || failure.Word != tt.word || failure.Final != tt.final) {
			t.Errorf("%d: %v", tt.status, err)
		}
		if asked != 1 {
			t.Errorf("%d: asked %d times", tt.status, asked)
		}
	}
	_, err := SMS{gatewayAt(t, "http://127.0.0.1:1/secret-path")}.Send(t.Context(), dispatch.Outgoing{Key: "k", Phone: "13900001111"})
	var failure *Failure
	if !errors.As(err, &failure) || failure.Final || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "139") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestTemplates(t *testing.T) {
	if _, err := NewTemplates(Templates{"sms.offre": {Text: "x"}}); err == nil {
		t.Error("took a template that is none")
	}
	if _, err := NewTemplates(Templates{"sms.offer": {}}); err == nil {
		t.Error("took an empty template")
	}
	all, err := NewTemplates(Templates{"sms.offer": {Code: "SMS_1"}})
	if err != nil || all["sms.offer"].Code != "SMS_1" || all["voice.offer"].Text == "" {
		t.Errorf("%v, %v", all, err)
	}
}

// fakeQueue hands out messages of a channel once.
type fakeQueue struct {
	waiting map[dispatch.Way][]dispatch.Outgoing
	noted   chan string
	refuse  error
}

func (q *fakeQueue) ClaimMessages(_ context.Context, way dispatch.Way, _ int64, _ time.Time, _ time.Duration, limit int) ([]dispatch.Outgoing, error) {
	list := q.waiting[way]
	n := min(limit, len(list))
	q.waiting[way] = list[n:]
	return list[:n], nil
}

func (q *fakeQueue) NextMessage(context.Context, dispatch.Way, int64) (time.Time, error) {
	return time.Time{}, nil
}

func (q *fakeQueue) MessageSent(_ context.Context, m dispatch.Outgoing, _ string, _ time.Time) error {
	q.noted <- m.Key + " sent"
	return nil
}

func (q *fakeQueue) MessageFailed(_ context.Context, m dispatch.Outgoing, failure string, again, _ time.Time) error {
	if again.IsZero() {
		failure += " for good"
	}
	q.noted <- m.Key + " " + failure
	return nil
}

func (q *fakeQueue) MessagePostponed(_ context.Context, m dispatch.Outgoing, _ time.Time) error {
	q.noted <- m.Key + " postponed"
	return nil
}

func (q *fakeQueue) DisableTarget(_ context.Context, name string, _ time.Time) error {
	q.noted <- name + " disabled"
	return nil
}

func (q *fakeQueue) RecordCall(context.Context, dispatch.Outgoing, string) error { return q.refuse }

type channelFunc func(ctx context.Context, m dispatch.Outgoing) (string, error)

func (f channelFunc) Send(ctx context.Context, m dispatch.Outgoing) (string, error) { return f(ctx, m) }

// TestAHangingChannelHangsAlone: with all its places taken, the others go on.
func TestAHangingChannelHangsAlone(t *testing.T) {
	q := &fakeQueue{waiting: map[dispatch.Way][]dispatch.Outgoing{}, noted: make(chan string, 100)}
	for range atOnce {
		q.waiting[dispatch.WaySMS] = append(q.waiting[dispatch.WaySMS], dispatch.Outgoing{Key: "hangs", Channel: dispatch.WaySMS, Attempts: 1})
	}
	q.waiting[dispatch.WayWebhook] = []dispatch.Outgoing{{Key: "goes", Channel: dispatch.WayWebhook, Attempts: 1}}
	release := make(chan struct{})
	s := NewSender(q, time.Now, nopLog)
	s.Add(dispatch.WaySMS, channelFunc(func(context.Context, dispatch.Outgoing) (string, error) { <-release; return "", nil }))
	s.Add(dispatch.WayWebhook, channelFunc(func(context.Context, dispatch.Outgoing) (string, error) { return "", nil }))
	full, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Fire(full, dispatch.WaySMS); !errors.Is(err, context.DeadlineExceeded) { // it waits for a place
		t.Errorf("a full channel gave %v", err)
	}
	if _, err := s.Fire(t.Context(), dispatch.WayWebhook); err != nil {
		t.Fatal(err)
	}
	if got := <-q.noted; got != "goes sent" {
		t.Errorf("first was %s", got)
	}
	close(release)
	s.Wait()
}

// TestAttempts: what is noted of each.
func TestAttempts(t *testing.T) {
	g := &Gateway{Name: "g"}
	refused := &Failure{Word: dispatch.FailureRefused, Final: true, Err: errors.New("x")}
	tests := []struct {
		name     string
		phone    string
		attempts int
		err      error
		record   error
		want     string
	}{
		{"well", "1", 1, nil, nil, "k sent"},
		{"no number", "", 1, nil, nil, "k no_number for good"},
		{"refused", "1", 1, refused, nil, "k refused for good"},
		{"unreachable", "1", 1, errors.New("x"), nil, "k unreachable"},
		{"unreachable for the last time", "1", 6, errors.New("x"), nil, "k unreachable for good"},
		{"not on record", "1", 1, nil, errors.New("x"), "k unreachable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := &fakeQueue{waiting: map[dispatch.Way][]dispatch.Outgoing{}, noted: make(chan string, 1), refuse: tt.record}
			q.waiting[dispatch.WaySMS] = []dispatch.Outgoing{{Key: "k", Channel: dispatch.WaySMS, Attempts: tt.attempts, Phone: tt.phone}}
			asked := false
			s := NewSender(q, time.Now, nopLog)
			s.Add(dispatch.WaySMS, struct {
				channelFunc
				*Gateway
			}{func(context.Context, dispatch.Outgoing) (string, error) { asked = true; return "", tt.err }, g})
			if _, err := s.Fire(t.Context(), dispatch.WaySMS); err != nil {
				t.Fatal(err)
			}
			s.Wait()
			if got := <-q.noted; got != tt.want {
				t.Errorf("noted %q, want %q", got, tt.want)
			}
			if asked != (tt.phone != "" && tt.record == nil) {
				t.Errorf("asked: %v", asked)
			}
		})
	}
}
