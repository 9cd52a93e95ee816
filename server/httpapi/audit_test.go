package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"yiping/server/dispatch"
)

// fakeTrail is a reader with a trail of three entries.
type fakeTrail struct {
	*fakeReader
	filter dispatch.AuditFilter
	person int64
}

func (f *fakeTrail) AuditRecords(_ context.Context, filter dispatch.AuditFilter) ([]dispatch.AuditRecord, error) {
	f.filter = filter
	list := []dispatch.AuditRecord{
		{Seq: 3, At: testNow, Kind: dispatch.AuditUnmask, Action: "responder.unmask", Result: "done", Actor: dispatch.AuditByAccount, Username: "commander", SubjectID: ownID, Reason: "=核对伤员", Count: 1},
		{Seq: 2, At: testNow, Kind: dispatch.AuditRefused, Action: "incident.close", Result: "forbidden", Actor: dispatch.AuditByAccount, Count: 7},
		{Seq: 1, At: testNow.Add(-time.Hour), Kind: dispatch.AuditCommand, Action: "incident.create", Result: "done", Actor: dispatch.AuditByResident, Count: 1},
	}
	return list[:min(len(list), filter.Limit)], nil
}

func (f *fakeTrail) EachAuditRecord(ctx context.Context, filter dispatch.AuditFilter, each func(dispatch.AuditRecord) error) error {
	list, _ := f.AuditRecords(ctx, filter)
	for _, r := range list {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeTrail) AuditState(context.Context) (dispatch.AuditState, error) {
	return dispatch.AuditState{Seq: 3, First: 1}, nil
}

func (f *fakeTrail) Disclosures(_ context.Context, responderID int64, _ dispatch.AuditCursor, _ int) ([]dispatch.Disclosure, error) {
	f.person = responderID
	return []dispatch.Disclosure{{Seq: 3, At: testNow, Kind: dispatch.AuditUnmask, AccountName: "王芳", Reason: "核对伤员"}}, nil
}

func newTrailUnder(t *testing.T) (*under, *fakeTrail) {
	trail := &fakeTrail{fakeReader: &fakeReader{}}
	return newUnder(t, func(d *Deps) { d.Reader = trail }), trail
}

// TestTheTrailIsRead by the audit administrator; the search is in it, its later
// pages are not, and without its entry nothing is shown.
func TestTheTrailIsRead(t *testing.T) {
	u, trail := newTrailUnder(t)
	first := decoded[auditView](t, u.do("GET", "/api/v1/audit?limit=2&kind=unmask&subject_id=11&from=2026-05-01T00:00:00Z&result=refused", "auditor", ""), 200)
	if len(first.Entries) != 2 || first.NextCursor == "" {
		t.Fatalf("%+v", first)
	}
	if f := trail.filter; f.AreaIDs != nil || f.Kind != "unmask" || f.SubjectID != 11 || f.From.IsZero() || f.Result != "refused" || f.Limit != 2 {
		t.Errorf("filter %+v", f)
	}
	if e := u.store.entries; len(e) != 1 || e[0].Kind != dispatch.AuditView || e[0].Action != "audit.search" || e[0].AccountID != 5 || e[0].SubjectID != 11 ||
		e[0].Reason != "from=2026-05-01T00:00:00Z subject_id=11 kind=unmask result=refused" || e[0].RequestID == "" || e[0].Network == "" {
		t.Errorf("entries %+v", e)
	}
	decoded[auditView](t, u.do("GET", "/api/v1/audit?limit=2&cursor="+first.NextCursor, "auditor", ""), 200)
	if b := trail.filter.Before; b.Seq != 2 || !b.At.Equal(testNow) || len(u.store.entries) != 1 {
		t.Errorf("the second page: before %+v, %d entries", b, len(u.store.entries))
	}
	for _, cursor := range []string{"x", "MQ", "MS4w", "LjE"} {
		u.problem(u.do("GET", "/api/v1/audit?cursor="+cursor, "auditor", ""), 422, "invalid")
	}
	u.store.noAudit = &dispatch.Error{Code: dispatch.CodeUnavailable, Err: errors.New("down")}
	u.problem(u.do("GET", "/api/v1/audit", "auditor", ""), 503, "unavailable")
	u.problem(u.do("GET", "/api/v1/audit/export", "auditor", ""), 503, "unavailable")
	if got := decoded[dispatch.AuditState](t, u.do("GET", "/api/v1/audit/state", "auditor", ""), 200); got.Seq != 3 {
		t.Errorf("state %+v", got)
	}
}

func TestTheTrailIsExported(t *testing.T) {
	u, _ := newTrailUnder(t)
	w := u.do("GET", "/api/v1/audit/export?format=csv&noun=incident", "auditor", "")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Content-Disposition"), "audit.csv") {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "\ufeff序号,发生时间,类别") || !strings.Contains(lines[1], "查看明文,responder.unmask,成功") ||
		!strings.Contains(lines[1], "'=核对伤员") || !strings.Contains(lines[2], "被拒操作,incident.close,forbidden") {
		t.Errorf("got %q", lines)
	}
	if e := u.store.entries; len(e) != 1 || e[0].Kind != dispatch.AuditExport || e[0].Action != "audit.export" || e[0].Reason != "noun=incident" {
		t.Errorf("entries %+v", e)
	}
	u.problem(u.do("GET", "/api/v1/audit/export?from=yesterday", "auditor", ""), 422, "invalid")
	u.problem(u.do("GET", "/api/v1/audit/export?account_id=x", "auditor", ""), 422, "invalid")
}

// TestDisclosures are one's own; one who is no responder has none.
func TestDisclosures(t *testing.T) {
	u, trail := newTrailUnder(t)
	got := decoded[disclosuresView](t, u.do("GET", "/api/v1/me/disclosures", "responder", ""), 200)
	if len(got.Disclosures) != 1 || got.Disclosures[0].AccountName != "王芳" || trail.person != ownID {
		t.Errorf("of %d: %+v", trail.person, got)
	}
	trail.person = 0
	if got := decoded[disclosuresView](t, u.do("GET", "/api/v1/me/disclosures", "commander", ""), 200); len(got.Disclosures) != 0 || trail.person != 0 {
		t.Errorf("of nobody: %+v, of %d", got, trail.person)
	}
}

// TestRefusedRequestsAreAudited where their command does not do so: with who,
// which route, why, and from where.
func TestRefusedRequestsAreAudited(t *testing.T) {
	tests := []struct {
		name, method, path, token, body string
		result                          string // "" for none
		account, noun                   int64
	}{
		{"somebody else's list", "GET", "/api/v1/accounts", "dispatcher@2", "", "forbidden", 5, 0},
		{"somebody else's command", "POST", "/api/v1/incidents/9/verify", "wall", `{"version":1}`, "forbidden", 5, 9},
		{"what is not there", "GET", "/api/v1/incidents/9", "dispatcher@3", "", "not_found", 5, 9},
		{"a forged session", "GET", "/api/v1/incidents", "forged", "", "signed_out", 0, 0},
		{"a command without a session", "POST", "/api/v1/incidents/9/verify", "", `{"version":1}`, "signed_out", 0, 0},
		{"a command that makes no sense", "POST", "/api/v1/incidents/9/verify", "dispatcher@2", `{"version":"x"}`, "invalid", 5, 9},
		{"a command without a key", "POST", "/api/v1/incidents/9/verify", "dispatcher@2", `{"version":1}`, "idempotency_key_required", 5, 9},
		{"a page that is not signed in yet", "GET", "/api/v1/session", "", "", "", 0, 0},
		{"a question that makes no sense", "GET", "/api/v1/incidents?limit=x", "commander", "", "", 0, 0},
		{"a route that is none", "POST", "/api/v1/nothing", "commander", "{}", "", 0, 0},
		{"what was answered", "GET", "/api/v1/config", "", "", "", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := newUnder(t)
			u.reader.incident = dispatch.Incident{ID: 9, AreaID: 2}
			u.do(tt.method, tt.path, tt.token, tt.body)
			if tt.result == "" {
				if len(u.store.entries) > 0 {
					t.Errorf("entries %+v", u.store.entries)
				}
				return
			}
			if len(u.store.entries) != 1 {
				t.Fatalf("entries %+v", u.store.entries)
			}
			e := u.store.entries[0]
			if e.Kind != dispatch.AuditRefused || e.Result != tt.result || e.AccountID != tt.account || e.NounID != tt.noun || !strings.HasPrefix(e.Action, tt.method+" /api/v1/") ||
				strings.Contains(e.Action, "9") || e.Network != "192.0.2.0/24" || e.RequestID == "" {
				t.Errorf("entry %+v", e)
			}
		})
	}
}

// TestARefusalIsAuditedOnce: what its command has written is not written again.
func TestARefusalIsAuditedOnce(t *testing.T) {
	u := newUnder(t)
	u.store.refuse = func(ctx context.Context) error {
		dispatch.RequestOf(ctx).RefusalAudited() // as the store does with its entry
		return dispatch.Refuse(dispatch.CodeIllegalTransition, "")
	}
	u.problem(u.do("POST", "/api/v1/incidents/9/verify", "dispatcher@2", `{"version":1}`, "Idempotency-Key", "k"), 409, "illegal_transition")
	if len(u.store.entries) > 0 {
		t.Errorf("entries %+v", u.store.entries)
	}
}

// fakeRegisters has three rows in every register.
type fakeRegisters struct{ Registers }

func (fakeRegisters) Register(context.Context, string, dispatch.RegisterFilter) ([]dispatch.RegisterRow, int, error) {
	return nil, 3, nil
}

func (fakeRegisters) AttributeKeys(context.Context, string) ([]string, error) { return nil, nil }

func (fakeRegisters) EachRow(_ context.Context, _ string, _ dispatch.RegisterFilter, each func(dispatch.RegisterRow) error) error {
	return each(dispatch.RegisterRow{Values: map[string]string{"name": "东门"}})
}

// fakeTimes is a log of two incidents.
type fakeTimes struct{ *fakeReader }

func (fakeTimes) EachIncidentTimes(_ context.Context, _ dispatch.FigureFilter, each func(dispatch.IncidentTimes)) error {
	for id := range int64(2) {
		each(dispatch.IncidentTimes{IncidentID: id, AreaID: 2})
	}
	return nil
}

// TestAnExportOfFiguresIsAudited, too.
func TestAnExportOfFiguresIsAudited(t *testing.T) {
	u := newUnder(t, func(d *Deps) { d.Reader = fakeTimes{&fakeReader{}} })
	const asked = "format=csv&area_id=2&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z"
	w := u.do("GET", "/api/v1/figures/export?"+asked, "commander", "")
	if w.Code != 200 || len(u.store.entries) != 1 {
		t.Fatalf("%d %q, entries %+v", w.Code, w.Body, u.store.entries)
	}
	if e := u.store.entries[0]; e.Kind != dispatch.AuditExport || e.Action != "figure.export" || e.AreaID != 2 || e.Count != 2 || e.Reason != asked {
		t.Errorf("entry %+v", e)
	}
	u.store.noAudit = &dispatch.Error{Code: dispatch.CodeUnavailable, Err: errors.New("down")}
	u.problem(u.do("GET", "/api/v1/figures/export?"+asked, "commander", ""), 503, "unavailable")
}

// TestAnExportIsAudited before its first row leaves; without its entry none does.
func TestAnExportIsAudited(t *testing.T) {
	u := newUnder(t, func(d *Deps) { d.Registers = fakeRegisters{} })
	w := u.do("GET", "/api/v1/registers/facilities/export?format=csv&area_id=2&q=%E4%B8%9C", "commander", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "东门") || len(u.store.entries) != 1 {
		t.Fatalf("%d %q, entries %+v", w.Code, w.Body, u.store.entries)
	}
	if e := u.store.entries[0]; e.Kind != dispatch.AuditExport || e.Action != "register.export" || e.Noun != "facility" || e.AreaID != 2 || e.Count != 3 || e.Reason != "format=csv&area_id=2&q=东" {
		t.Errorf("entry %+v", e)
	}
	u.store.noAudit = &dispatch.Error{Code: dispatch.CodeUnavailable, Err: errors.New("down")}
	u.problem(u.do("GET", "/api/v1/registers/facilities/export?format=csv", "commander", ""), 503, "unavailable")
}
