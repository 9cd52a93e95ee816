package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

// The tree of the tests: district 1, streets 2 and 3, community 4 in street 2.
func testAreas() []dispatch.Area {
	id := func(n int64) *int64 { return &n }
	return []dispatch.Area{
		{ID: 1, Level: dispatch.LevelDistrict, Name: "测试区", Version: 1},
		{ID: 2, ParentID: id(1), Level: dispatch.LevelStreet, Name: "东街道", Version: 1},
		{ID: 3, ParentID: id(1), Level: dispatch.LevelStreet, Name: "西街道", Version: 1},
		{ID: 4, ParentID: id(2), Level: dispatch.LevelCommunity, Name: "东一社区", Version: 1},
	}
}

// fakeStore remembers the commands and carries none out.
type fakeStore struct {
	dispatch.Store
	commands []dispatch.Command
	outcome  dispatch.Outcome
	entries  []dispatch.AuditEntry
	noAudit  error                       // what writing an entry ends in
	refuse   func(context.Context) error // called by Run
	people   []dispatch.Responder
	err      error
}

func (s *fakeStore) Audit(_ context.Context, e dispatch.AuditEntry) error {
	if s.noAudit != nil {
		return s.noAudit
	}
	s.entries = append(s.entries, e)
	return nil
}

func (s *fakeStore) Areas(context.Context) ([]dispatch.Area, error) { return testAreas(), nil }

func (s *fakeStore) Dispatchable(context.Context, time.Time, ...int64) ([]dispatch.Responder, error) {
	return s.people, nil
}

func (s *fakeStore) Run(ctx context.Context, c dispatch.Command, _ func(context.Context, dispatch.Tx) (dispatch.Outcome, error)) (dispatch.Outcome, error) {
	if c.Key == "" {
		return dispatch.Outcome{}, dispatch.Refuse(dispatch.CodeKeyRequired, "Idempotency-Key")
	}
	if s.refuse != nil {
		return dispatch.Outcome{}, s.refuse(ctx)
	}
	s.commands = append(s.commands, c)
	return s.outcome, s.err
}

// fakeReader answers from its fields; what a test does not expect to be read
// ends in a panic, which is a failed request.
type fakeReader struct {
	Reader
	incident  dispatch.Incident
	detail    dispatch.IncidentDetail
	responder dispatch.Responder
	takesPart bool
	tile      []byte
	tiles     int // how often a tile was made
	months    int
	rates     int
	around    dispatch.Incident
	filter    dispatch.IncidentFilter
	figures   dispatch.FigureFilter
	photo     []byte
	err       error
	wait      func(ctx context.Context) // called by Installation
	listed    func(f dispatch.ResponderFilter)
	saved     func(ctx context.Context, responderID int64, list []dispatch.Position) (dispatch.KeptPositions, error)
}

func (f *fakeReader) SavePositions(ctx context.Context, responderID int64, list []dispatch.Position) (dispatch.KeptPositions, error) {
	return f.saved(ctx, responderID, list)
}

func (f *fakeReader) Responders(_ context.Context, filter dispatch.ResponderFilter) ([]dispatch.Responder, int, error) {
	f.listed(filter)
	return nil, 0, f.err
}

func (f *fakeReader) Installation(ctx context.Context) (dispatch.Installation, error) {
	if f.wait != nil {
		f.wait(ctx)
	}
	return dispatch.Installation{CentreName: "测试中心"}, f.err
}

func (f *fakeReader) IncidentTypes(context.Context) ([]dispatch.IncidentType, error) {
	return []dispatch.IncidentType{}, f.err
}

func (f *fakeReader) Areas(context.Context) ([]dispatch.Area, error) { return testAreas(), f.err }

func (f *fakeReader) Incident(context.Context, int64) (dispatch.Incident, error) {
	return f.incident, f.err
}

func (f *fakeReader) Incidents(_ context.Context, filter dispatch.IncidentFilter) ([]dispatch.Incident, int, error) {
	f.filter = filter
	return []dispatch.Incident{f.incident}, 1, f.err
}

func (f *fakeReader) IncidentDetail(context.Context, int64) (dispatch.IncidentDetail, error) {
	return f.detail, f.err
}

func (f *fakeReader) Surroundings(_ context.Context, i dispatch.Incident) (dispatch.Surroundings, error) {
	f.around = i
	return dispatch.Surroundings{Cameras: []dispatch.Camera{{ID: 1, Name: "东门"}}}, f.err
}

func (f *fakeReader) TakesPart(context.Context, int64, int64) (bool, error) {
	return f.takesPart, f.err
}

func (f *fakeReader) HomeArea(context.Context, int64) (int64, error) {
	return f.responder.AreaID, f.err
}

func (f *fakeReader) Responder(context.Context, int64) (dispatch.Responder, error) {
	return f.responder, f.err
}

func (f *fakeReader) Photo(context.Context, int64) (int64, []byte, error) { return 7, f.photo, f.err }

func (f *fakeReader) BaseTile(context.Context, int, int, int) ([]byte, error) {
	f.tiles++
	return f.tile, f.err
}

func (f *fakeReader) Tracking(context.Context, []byte) (dispatch.Incident, int64, time.Time, error) {
	return f.incident, 3, testNow, f.err
}

// fakeAccounts knows one session a token: the role's name, with "@" and the
// area where it is not the district, e.g. "dispatcher@2".
type fakeAccounts struct {
	Accounts
	list   []dispatch.Account
	filter dispatch.AccountFilter
	from   dispatch.Caller
	change func(s *dispatch.Session) // of every session that is looked up
}

var testTokens = map[string]dispatch.Grant{
	"administrator":   {Role: dispatch.RoleSystemAdministrator, AreaID: 1},
	"administrator@2": {Role: dispatch.RoleSystemAdministrator, AreaID: 2},
	"security":        {Role: dispatch.RoleSecurityAdministrator, AreaID: 1},
	"security@2":      {Role: dispatch.RoleSecurityAdministrator, AreaID: 2},
	"auditor":         {Role: dispatch.RoleAuditAdministrator, AreaID: 1},
	"community":       {Role: dispatch.RoleCommunity, AreaID: 4},
	"partner@2":       {Role: dispatch.RolePartner, AreaID: 2},
	"integration":     {Role: dispatch.RoleIntegration, AreaID: 1},
	"commander":       {Role: dispatch.RoleCommander, AreaID: 1},
	"dispatcher@2":    {Role: dispatch.RoleDispatcher, AreaID: 2},
	"dispatcher@3":    {Role: dispatch.RoleDispatcher, AreaID: 3},
	"responder":       {Role: dispatch.RoleResponder, AreaID: 4},
	"wall":            {Role: dispatch.RoleWall, AreaID: 1},
}

// ownID is the responder of the token "responder".
const ownID = 11

func (f *fakeAccounts) SessionByToken(_ context.Context, token string) (dispatch.Session, error) {
	grant, ok := testTokens[token]
	if !ok {
		return dispatch.Session{}, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	s := dispatch.Session{ID: 1, Account: dispatch.Account{ID: 5, Username: token, Roles: []dispatch.Grant{grant}}, Method: dispatch.ByPassword, ExpiresAt: testNow.Add(time.Hour)}
	if grant.Role == dispatch.RoleResponder {
		own := int64(ownID)
		s.Account.ResponderID = &own
	}
	if f.change != nil {
		f.change(&s)
	}
	return s, nil
}

func (f *fakeAccounts) SignIn(ctx context.Context, from dispatch.Caller, username, password string) (dispatch.Opened, error) {
	f.from = from
	if password != "right" {
		return dispatch.Opened{}, dispatch.Refuse(dispatch.CodeBadCredentials, "")
	}
	s, err := f.SessionByToken(ctx, username)
	return dispatch.Opened{Session: s, Token: username, Device: "browser"}, err
}

func (f *fakeAccounts) SignOut(context.Context, dispatch.Session) error { return nil }

// Watch knows of no session: each socket looks for itself.
func (f *fakeAccounts) Watch(context.Context, []int64) (map[int64][]dispatch.Grant, error) {
	return nil, nil
}

func (f *fakeAccounts) Seen(context.Context, dispatch.Session) error { return nil }

func (f *fakeAccounts) Profile() dispatch.PasswordProfile { return dispatch.PasswordProfiles["asvs"] }

func (f *fakeAccounts) List(_ context.Context, filter dispatch.AccountFilter) ([]dispatch.Account, error) {
	f.filter = filter
	return f.list, nil
}

func (f *fakeAccounts) Account(_ context.Context, id int64) (dispatch.Account, error) {
	for _, a := range f.list {
		if a.ID == id {
			return a, nil
		}
	}
	return dispatch.Account{}, dispatch.Refuse(dispatch.CodeNotFound, "")
}

func (f *fakeAccounts) NewPassword(context.Context) (password, hash string, err error) {
	return "once", "hash", nil
}

var testNow = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// under is the API on fakes.
type under struct {
	t        *testing.T
	handler  http.Handler
	deps     Deps
	store    *fakeStore
	reader   *fakeReader
	accounts *fakeAccounts
	log      *strings.Builder
}

func newUnder(t *testing.T, change ...func(*Deps)) *under {
	t.Helper()
	u := &under{t: t, store: &fakeStore{outcome: dispatch.Outcome{ID: 7, Version: 2}}, reader: &fakeReader{}, accounts: &fakeAccounts{}, log: &strings.Builder{}}
	service := dispatch.NewService(u.store, func() time.Time { return testNow }, zerolog.Nop())
	if err := service.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.deps = Deps{Service: service, Reader: u.reader, Accounts: u.accounts, Log: zerolog.New(zerolog.SyncWriter(u.log)), Version: "test",
		Ready: func(context.Context) error { return nil }}
	for _, c := range change {
		c(&u.deps)
	}
	u.handler = New(u.deps)
	return u
}

// do sends a request as a token ("" for nobody) with further headers in pairs.
func (u *under) do(method, path, token, body string, header ...string) *httptest.ResponseRecorder {
	u.t.Helper()
	r := httptest.NewRequestWithContext(u.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.AddCookie(&http.Cookie{Name: CookieName, Value: token})
	}
	for k := 0; k+1 < len(header); k += 2 {
		r.Header.Set(header[k], header[k+1])
	}
	w := httptest.NewRecorder()
	u.handler.ServeHTTP(w, r)
	return w
}

// problem checks that an answer is a problem of a status and code, and gives it.
func (u *under) problem(w *httptest.ResponseRecorder, status int, code string) Problem {
	u.t.Helper()
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		u.t.Fatalf("no problem: %d %v %q", w.Code, err, w.Body)
	}
	if w.Code != status || p.Status != status || p.Code != code || w.Header().Get("Content-Type") != "application/problem+json" {
		u.t.Fatalf("got %d %s %+v, want %d %s", w.Code, w.Header().Get("Content-Type"), p, status, code)
	}
	return p
}

func decoded[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("got %d %s, want %d", w.Code, w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
