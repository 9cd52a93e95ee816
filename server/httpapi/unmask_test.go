package httpapi

import (
	"context"
	"strings"
	"testing"

	"yiping/server/dispatch"
)

func (s *fakeStore) Unmask(_ context.Context, noun dispatch.Noun, id int64, _ int, e dispatch.AuditEntry) (string, error) {
	if s.err != nil {
		return "", s.err
	}
	s.entries = append(s.entries, e)
	return "13800001234", nil
}

func (s *fakeStore) Disclose(_ context.Context, _ dispatch.Reveal, _ int, e dispatch.AuditEntry) error {
	if s.err == nil {
		s.entries = append(s.entries, e)
	}
	return s.err
}

func (s *fakeStore) ReportIncident(context.Context, int64) (int64, error) { return 7, nil }

func (s *fakeStore) IncidentPlan(context.Context, int64) (dispatch.Incident, dispatch.Plan, error) {
	return dispatch.Incident{ID: 7, AreaID: 4}, dispatch.Plan{}, nil
}

func TestUnmaskOverHTTP(t *testing.T) {
	u := newUnder(t)
	u.store.people = []dispatch.Responder{{ID: 9, AreaID: 4}}
	const reason = `{"field":"phone","reason":"联系处置人员"}`
	for _, c := range []struct {
		name, path, token, body string
		status                  int
		code                    string
	}{
		{"a responder", "/api/v1/responders/9/unmask", "dispatcher@2", reason, 200, ""},
		{"a report", "/api/v1/reports/3/unmask", "commander", `{"reason":"核实事件情况"}`, 200, ""},
		{"without a reason", "/api/v1/responders/9/unmask", "dispatcher@2", `{"reason":""}`, 422, "reason_required"},
		{"nothing said", "/api/v1/responders/9/unmask", "dispatcher@2", `{}`, 422, "invalid"},
		{"another field", "/api/v1/responders/9/unmask", "dispatcher@2", `{"field":"name","reason":"联系处置人员"}`, 422, "invalid"},
		{"of another street", "/api/v1/responders/9/unmask", "dispatcher@3", reason, 404, "not_found"},
		{"by a wall", "/api/v1/responders/9/unmask", "wall", reason, 403, "forbidden"},
		{"by who keeps the registers", "/api/v1/responders/9/unmask", "administrator", reason, 403, "forbidden"},
		{"by a responder", "/api/v1/reports/3/unmask", "responder", reason, 403, "forbidden"},
		{"by nobody", "/api/v1/reports/3/unmask", "", reason, 401, "signed_out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u.store.entries = nil
			w := u.do("POST", c.path, c.token, c.body)
			if c.code != "" {
				u.problem(w, c.status, c.code)
				if strings.Contains(w.Body.String(), "1380000") {
					t.Error("a refusal tells the number")
				}
				return
			}
			got := decoded[unmaskedView](t, w, 200)
			if got.Value != "13800001234" || got.Field != "phone" {
				t.Errorf("%+v", got)
			}
			if e := u.store.entries; len(e) != 1 || e[0].Kind != dispatch.AuditUnmask || e[0].Reason == "" || e[0].AccountID == 0 {
				t.Errorf("on record: %+v", e)
			}
		})
	}
	u.store.err = &dispatch.Error{Code: dispatch.CodeTooMany, Values: map[string]string{"seconds": "77"}}
	w := u.do("POST", "/api/v1/responders/9/unmask", "dispatcher@2", reason)
	u.problem(w, 429, "too_many")
	if w.Header().Get("Retry-After") != "77" {
		t.Errorf("to come back after %q", w.Header().Get("Retry-After"))
	}
	if strings.Contains(u.log.String(), "1380000") || strings.Contains(u.log.String(), "联系") {
		t.Errorf("the log tells: %s", u.log)
	}
}

func TestUnmaskReasons(t *testing.T) {
	u := newUnder(t)
	got := decoded[unmaskReasonsView](t, u.do("GET", "/api/v1/unmask-reasons", "dispatcher@2", "", "Accept-Language", "zh"), 200)
	if len(got.Reasons) != len(dispatch.UnmaskReasons) || got.Reasons[0] != "联系处置人员" {
		t.Errorf("%+v", got)
	}
	for _, r := range got.Reasons {
		if len([]rune(r)) < got.LeastLength {
			t.Errorf("%s is no reason", r)
		}
	}
}

// TestSearchByNumber: only who may call, and each search is on record.
func TestSearchByNumber(t *testing.T) {
	for _, c := range []struct {
		token, query string
		byNumber     bool
	}{
		{"dispatcher@2", "13800001234", true},
		{"dispatcher@2", "张三", false},
		{"administrator", "13800001234", false},
	} {
		u := newUnder(t)
		var filter dispatch.ResponderFilter
		u.reader.listed = func(f dispatch.ResponderFilter) { filter = f }
		if w := u.do("GET", "/api/v1/responders?q="+c.query, c.token, ""); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if filter.ByNumber != c.byNumber || c.byNumber != (len(u.store.entries) == 1) {
			t.Errorf("%s looks for %s: by number %t, on record %+v", c.token, c.query, filter.ByNumber, u.store.entries)
		}
	}
}
