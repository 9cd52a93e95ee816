package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"yiping/server/dispatch"
)

// phoneAccounts has one phone, of responder 77.
type phoneAccounts struct{ fakeAccounts }

func (*phoneAccounts) SessionByToken(context.Context, string) (dispatch.Session, error) {
	id := int64(77)
	return dispatch.Session{ID: 1, Account: dispatch.Account{ID: 5, ResponderID: &id, Roles: []dispatch.Grant{{Role: dispatch.RoleResponder, AreaID: 2}}}, Method: dispatch.ByPhone}, nil
}

func (*phoneAccounts) Watch(context.Context, []int64) (map[int64][]dispatch.Grant, error) {
	return map[int64][]dispatch.Grant{1: {{Role: dispatch.RoleResponder, AreaID: 2}}}, nil
}

// answered says something and reads the answer to it, passing over other frames.
func answered(t *testing.T, conn *websocket.Conn, say string) keptFrame {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(say)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		var frames []keptFrame
		if err := json.Unmarshal(message, &frames); err != nil {
			t.Fatalf("%s: %v", message, err)
		}
		if frames[0].Type == "kept" {
			return frames[0]
		}
	}
}

// TestSocketPositions: a phone's positions are answered once they are kept; what is
// wrong with them, or with keeping them, is answered too and ends nothing.
func TestSocketPositions(t *testing.T) {
	l := newLiveUnder(t, func(d *Deps) { d.Accounts = &phoneAccounts{} })
	var whose int64
	var places []dispatch.Position
	outcome, failure := dispatch.KeptPositions{}, error(nil)
	l.reader.saved = func(_ context.Context, id int64, list []dispatch.Position) (dispatch.KeptPositions, error) {
		whose, places = id, list
		return outcome, failure
	}
	l.reader.responder = dispatch.Responder{ID: 77, AreaID: 2}
	conn := l.subscribed()
	outcome = dispatch.KeptPositions{Accepted: 1, Refused: []dispatch.RefusedPosition{{Index: 1, Reason: dispatch.Refuse(dispatch.CodeInvalid, "lon")}}}
	batch := `{"type":"positions","id":17,"positions":[{"lon":122.6,"lat":38.2,"at":"2026-05-01T04:00:00Z"},{"lon":999,"lat":38.2,"at":"2026-05-01T04:00:00Z"}]}`
	got := answered(t, conn, batch)
	if whose != 77 || len(places) != 2 || places[0].Lon != 122.6 {
		t.Errorf("kept %v of %d", places, whose)
	}
	if got.ID != 17 || got.Accepted != 1 || got.Code != "" || len(got.Refused) != 1 || got.Refused[0].Index != 1 || got.Refused[0].Field != "positions[1].lon" || got.Refused[0].Detail == "" {
		t.Errorf("answered %+v", got)
	}
	outcome = dispatch.KeptPositions{}
	for _, c := range []struct {
		name, say string
		failure   error
		code      dispatch.Code
	}{
		{"off duty", batch, dispatch.Refuse(dispatch.CodeNotOnDuty, ""), dispatch.CodeNotOnDuty},
		{"the database is away", batch, dispatch.Refuse(dispatch.CodeUnavailable, ""), dispatch.CodeUnavailable},
		{"what must not be", batch, errors.New("of the database, with a name in it"), dispatch.CodeInternal},
		{"none", `{"type":"positions","id":17,"positions":[]}`, nil, dispatch.CodeInvalid},
		{"words", `{"type":"positions","id":17,"positions":"here"}`, nil, dispatch.CodeInvalid},
		{"too many", `{"type":"positions","id":17,"positions":[` + strings.Repeat(`{"lon":1,"lat":2},`, mostPlaces) + `{"lon":1,"lat":2}]}`, nil, dispatch.CodeInvalid},
	} {
		failure = c.failure
		if got := answered(t, conn, c.say); got.ID != 17 || got.Code != string(c.code) || got.Detail == "" || strings.Contains(got.Detail, "database, with") || got.Accepted != 0 {
			t.Errorf("%s: answered %+v", c.name, got)
		}
	}
	l.left(1)
}

// TestSocketPositionsOfNobody: who is no responder has none.
func TestSocketPositionsOfNobody(t *testing.T) {
	l := newLiveUnder(t)
	l.reader.saved = func(context.Context, int64, []dispatch.Position) (dispatch.KeptPositions, error) {
		t.Error("they were kept")
		return dispatch.KeptPositions{}, nil
	}
	got := answered(t, l.subscribed(), `{"type":"positions","id":1,"positions":[{"lon":122.6,"lat":38.2,"at":"2026-05-01T04:00:00Z"}]}`)
	if got.Code != string(dispatch.CodeForbidden) {
		t.Errorf("answered %+v", got)
	}
}
