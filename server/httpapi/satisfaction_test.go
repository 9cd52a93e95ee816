package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"yiping/server/dispatch"
)

func (f *fakeReader) ReportAnswer(context.Context, int64, time.Time) (*dispatch.ReportAnswer, error) {
	return &dispatch.ReportAnswer{Answer: dispatch.Dissatisfied, Words: "没有清理"}, f.err
}

func (f *fakeReader) Answers(_ context.Context, filter dispatch.FigureFilter, answer dispatch.Satisfaction, limit int) ([]dispatch.AnswerRow, int, error) {
	f.figures = filter
	return []dispatch.AnswerRow{{IncidentID: 7, ReportID: 3, Answer: answer}}, limit, f.err
}

// TestAnswerReport: anybody with a tracking number answers, with a key and without
// other words than a reason; the answer is told, its words are not.
func TestAnswerReport(t *testing.T) {
	u := newUnder(t)
	closed := testNow.Add(-time.Hour)
	u.reader.incident = dispatch.Incident{ID: 7, State: dispatch.IncidentClosed, ClosedAt: &closed}
	const path = "/api/v1/reports/AAAA-BBBB-CCCC/satisfaction"
	w := u.do("POST", path, "", `{"answer":"dissatisfied","words":"没有清理"}`, "Idempotency-Key", "k1")
	var got dispatch.Tracking
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Satisfaction == nil || got.Satisfaction.Answer != dispatch.Dissatisfied || !got.Satisfaction.Open {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if bytes.Contains(w.Body.Bytes(), []byte("没有清理")) {
		t.Error("whoever has the number is told the words")
	}
	c := u.store.commands
	if len(c) != 1 || c[0].Key != "k1" || c[0].Name != "report.answer" || bytes.Contains(c[0].Payload, []byte("AAAA-BBBB")) {
		t.Fatalf("commands %+v", c)
	}
	for _, x := range []struct{ body, key, code string }{
		{`{"answer":"satisfied"}`, "", "idempotency_key_required"},
		{`{"answer":"so so"}`, "k2", "invalid"},
		{`{}`, "k3", "invalid"},
		{`{"answer":"dissatisfied","words":"` + string(bytes.Repeat([]byte("字"), 201)) + `"}`, "k4", "invalid"},
	} {
		header := []string{}
		if x.key != "" {
			header = []string{"Idempotency-Key", x.key}
		}
		if w := u.do("POST", path, "", x.body, header...); w.Code == 200 || !bytes.Contains(w.Body.Bytes(), []byte(`"code":"`+x.code)) {
			t.Errorf("%s: %d %s", x.body, w.Code, w.Body)
		}
	}
	u.store.err = dispatch.Refuse(dispatch.CodeSatisfactionOver, "")
	u.problem(u.do("POST", path, "", `{"answer":"satisfied"}`, "Idempotency-Key", "k5"), 409, "satisfaction_over")
	if l := limitOf("POST", "/api/v1/reports/{tracking}/satisfaction"); l.Kind != "report" || l.Body != 4<<10 || l.Address != stranger {
		t.Errorf("limits %+v", l)
	}
}

// TestTrackBeforeClosing: nobody is asked of what is not closed.
func TestTrackBeforeClosing(t *testing.T) {
	u := newUnder(t)
	u.reader.incident = dispatch.Incident{ID: 7, State: dispatch.IncidentHandling}
	if w := u.do("GET", "/api/v1/reports/AAAA-BBBB-CCCC", "", ""); w.Code != 200 || bytes.Contains(w.Body.Bytes(), []byte("satisfaction")) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestFigureAnswers: the list behind the satisfied rate is of the areas where one
// reads reports.
func TestFigureAnswers(t *testing.T) {
	u := newUnder(t)
	const path = "/api/v1/figures/answers?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&answer=dissatisfied"
	w := u.do("GET", path, "dispatcher@2", "")
	if w.Code != 200 || !bytes.Contains(w.Body.Bytes(), []byte(`"answer":"dissatisfied"`)) || len(u.reader.figures.AreaIDs) != 2 {
		t.Errorf("%d %s %v", w.Code, w.Body, u.reader.figures)
	}
	if w := u.do("GET", path, "wall", ""); w.Code != 403 {
		t.Errorf("the wall: %d", w.Code)
	}
}
