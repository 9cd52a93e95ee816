package httpapi

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/dispatch"
)

// secret is an incident in community 4 whose words and point are private.
func secret(t *testing.T) dispatch.Incident {
	t.Helper()
	cell, err := geo.CellOf(orb.Point{121.47, 31.23}, geo.ResolutionPeople)
	if err != nil {
		t.Fatal(err)
	}
	return dispatch.Incident{ID: 7, AreaID: 4, Version: 2, State: dispatch.IncidentHandling, Lon: 121.47, Lat: 31.23, Cell: cell.String(),
		Place: "东一路9号402", Summary: "独居老人摔倒", Reason: "家属不在"}
}

func softened(t *testing.T, i dispatch.Incident) bool {
	t.Helper()
	cell, err := geo.ParseCell(i.Cell)
	if err != nil {
		t.Fatal(err)
	}
	center, err := cell.Center()
	if err != nil {
		t.Fatal(err)
	}
	return math.Abs(i.Lon-center.Lon()) < 1e-12 && math.Abs(i.Lat-center.Lat()) < 1e-12
}

// TestWhoSeesAnIncident: how much each role is told, by area and by taking part.
func TestWhoSeesAnIncident(t *testing.T) {
	tests := []struct {
		token     string
		takesPart bool
		status    int
		masked    bool
	}{
		{"commander", false, 200, false},
		{"dispatcher@2", false, 200, false},
		{"dispatcher@3", false, 404, false}, // outside their areas it does not exist
		{"administrator", false, 200, true}, // keeps registers, needs no words
		{"wall", false, 200, true},
		{"responder", false, 404, false},
		{"responder", true, 200, false},
	}
	for _, tt := range tests {
		t.Run(tt.token, func(t *testing.T) {
			u := newUnder(t)
			u.reader.incident, u.reader.takesPart, u.reader.photo = secret(t), tt.takesPart, []byte("jpeg")
			u.reader.detail = dispatch.IncidentDetail{Incident: secret(t)}
			w := u.do("GET", "/api/v1/incidents/7", tt.token, "")
			photo := u.do("GET", "/api/v1/photos/3", tt.token, "")
			if tt.status != 200 {
				u.problem(w, tt.status, "not_found")
				u.problem(photo, 404, "not_found")
				return
			}
			i := decoded[dispatch.IncidentDetail](t, w, 200).Incident
			hidden := i.Summary == "" && i.Place == "" && i.Reason == "" && softened(t, i)
			if i.Masked != tt.masked || hidden != tt.masked {
				t.Errorf("told %+v", i)
			}
			if want := map[bool]int{false: 200, true: 404}[tt.masked]; photo.Code != want {
				t.Errorf("the photo: %d, want %d", photo.Code, want)
			}
			if strings.Contains(photo.Header().Get("Cache-Control"), "public") || !strings.Contains(photo.Header().Get("Cache-Control"), "no-store") {
				t.Errorf("the photo may be kept: %s", photo.Header().Get("Cache-Control"))
			}
		})
	}
}

// TestDetailIsNarrowed: of the people on an incident a wall learns no names,
// phones or reasons, and a responder only their own offers and reasons.
func TestDetailIsNarrowed(t *testing.T) {
	full := dispatch.IncidentDetail{Incident: secret(t),
		Reports:     []dispatch.Report{{ID: 1, Words: "老人摔倒", Phone: "13800001234"}},
		Offers:      []dispatch.Offer{{ID: 1, ResponderID: ownID, ResponderName: "李雷"}, {ID: 2, ResponderID: 12, ResponderName: "韩梅梅"}},
		Assignments: []dispatch.Assignment{{ID: 1, ResponderID: ownID, ResponderName: "李雷", Reason: "己"}, {ID: 2, ResponderID: 12, ResponderName: "韩梅梅", Reason: "家中有事"}},
		Timeline:    []dispatch.TimelineEntry{{ID: 1, Words: "已通知家属"}}, Photos: []dispatch.Photo{{ID: 1}}}
	tests := []struct {
		token           string
		holds, holdsNot []string
	}{
		{"dispatcher@2", []string{"138****1234", "韩梅梅", "家中有事", "已通知家属", "老人摔倒"}, []string{"13800001234"}},
		{"responder", []string{"李雷", "韩*", "已通知家属", `"己"`}, []string{"韩梅梅", "家中有事", "**1234", "老人摔倒\""}},
		{"wall", []string{"李*", "韩*"}, []string{"李雷", "韩梅梅", "家中有事", "已通知家属", "**1234", "老人", "号402"}},
	}
	for _, tt := range tests {
		t.Run(tt.token, func(t *testing.T) {
			u := newUnder(t)
			raw, _ := json.Marshal(full) // a copy: handlers change what they are given
			_ = json.Unmarshal(raw, &u.reader.detail)
			u.reader.takesPart = true
			text := u.do("GET", "/api/v1/incidents/7", tt.token, "").Body.String()
			if tt.token == "responder" { // the summary is theirs to know
				text = strings.Replace(text, full.Incident.Summary, "", 1)
			}
			for _, want := range tt.holds {
				if !strings.Contains(text, want) {
					t.Errorf("lacks %s: %s", want, text)
				}
			}
			for _, bad := range tt.holdsNot {
				if strings.Contains(text, bad) {
					t.Errorf("tells %s: %s", bad, text)
				}
			}
		})
	}
}

// TestDistancesTellNoPlace: what is around an incident is measured from the
// point that the asker is shown.
func TestDistancesTellNoPlace(t *testing.T) {
	u := newUnder(t)
	u.reader.incident = secret(t)
	got := decoded[dispatch.Surroundings](t, u.do("GET", "/api/v1/incidents/7/surroundings", "wall", ""), 200)
	if !softened(t, u.reader.around) || u.reader.around.Lon == 121.47 || len(got.Cameras) > 0 {
		t.Errorf("around %+v: %+v", u.reader.around, got)
	}
	decoded[dispatch.Surroundings](t, u.do("GET", "/api/v1/incidents/7/surroundings", "dispatcher@2", ""), 200)
	if u.reader.around.Lon != 121.47 {
		t.Errorf("a dispatcher's are around %+v", u.reader.around)
	}
}

// TestListsAreOfOnesAreas: the list is asked for the actor's areas alone.
func TestListsAreOfOnesAreas(t *testing.T) {
	for token, want := range map[string][]int64{"commander": nil, "wall": nil, "dispatcher@2": {2, 4}, "dispatcher@3": {3}} {
		u := newUnder(t)
		u.reader.incident = secret(t)
		w := u.do("GET", "/api/v1/incidents", token, "")
		if w.Code != 200 || !slices.Equal(u.reader.filter.AreaIDs, want) || (want == nil) != (u.reader.filter.AreaIDs == nil) {
			t.Errorf("%s: %d for %v, want %v", token, w.Code, u.reader.filter.AreaIDs, want)
		}
		if tells := bytes.Contains(w.Body.Bytes(), []byte("独居老人")); tells != (token == "commander" || token == "dispatcher@2") {
			t.Errorf("%s is told the words: %v", token, tells)
		}
	}
	u := newUnder(t)
	u.reader.incident = secret(t)
	if w := u.do("GET", "/api/v1/incidents?area_id=4", "dispatcher@2", ""); w.Code != 200 || !slices.Equal(u.reader.filter.AreaIDs, []int64{4}) {
		t.Errorf("narrowed: %d, %v", w.Code, u.reader.filter.AreaIDs)
	}
	u.problem(u.do("GET", "/api/v1/incidents?area_id=2", "dispatcher@3", ""), 404, "not_found")
}

func TestWhoSeesAResponder(t *testing.T) {
	lon, lat := 121.47, 31.23
	person := dispatch.Responder{ID: ownID, Name: "李雷", AreaID: 4, Phone: "13800001234", Lon: &lon, Lat: &lat, Cell: secret(t).Cell}
	busy := person
	busy.Task = &dispatch.Task{IncidentID: 7}
	other := person
	other.ID = 12
	tests := []struct {
		name, token string
		who         dispatch.Responder
		status      int
		person      string // name and phone as they are told
	}{
		{"a dispatcher sees the number masked", "dispatcher@2", person, 200, "李雷 138****1234"},
		{"on a task too: to call is another request", "dispatcher@2", busy, 200, "李雷 138****1234"},
		{"an administrator calls nobody", "administrator", busy, 200, "李雷 138****1234"},
		{"a wall is told a surname", "wall", busy, 200, "李* "},
		{"a partner is told a surname", "partner@2", busy, 200, "李* "},
		{"not of another street", "dispatcher@3", busy, 404, ""},
		{"oneself", "responder", person, 200, "李雷 13800001234"},
		{"not a colleague", "responder", other, 404, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := newUnder(t)
			u.reader.responder = tt.who
			w := u.do("GET", "/api/v1/responders/11", tt.token, "")
			if tt.status != 200 {
				u.problem(w, tt.status, "not_found")
				return
			}
			r := decoded[dispatch.Responder](t, w, 200)
			if got := r.Name + " " + r.Phone; got != tt.person {
				t.Errorf("told %q, want %q", got, tt.person)
			}
			if soft := *r.Lon != lon; soft != (tt.token == "wall" || tt.token == "partner@2" || tt.token == "administrator") {
				t.Errorf("told the place %v, %v", *r.Lon, *r.Lat)
			}
		})
	}
}
