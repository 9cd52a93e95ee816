package dispatch

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// seenTree is grantTree; the incident of the tests lies in community 4.
const (
	seenArea  = 4
	joinArea  = 3  // takes part
	sightedID = 11 // the responder of the tests
)

var seenAt = orb.Point{121.4711, 31.2311}

// known is an incident with everything that belongs to it, each field of the
// table told by a text of its own.
func known(t *testing.T) (IncidentDetail, Responder, map[Field]string) {
	t.Helper()
	cell, err := geo.CellOf(seenAt, geo.ResolutionPeople)
	if err != nil {
		t.Fatal(err)
	}
	account, opener, who := int64(777001), int64(888002), int64(12)
	d := IncidentDetail{
		Incident: Incident{ID: 7, AreaID: seenArea, State: IncidentHandling, Priority: PriorityUrgent, Cell: cell.String(), Lon: seenAt[0], Lat: seenAt[1],
			Summary: "incident-words", Place: "incident-words", OpenedBy: &opener, Parties: []Party{{AreaID: joinArea, Why: PartyBorder}}},
		Reports:     []Report{{ID: 1, Words: "report-words", Phone: "13811112222"}},
		Offers:      []Offer{{ID: 31337, AreaID: seenArea, ResponderID: who, ResponderName: "欧阳", Reason: "offer-words"}},
		Assignments: []Assignment{{ID: 41337, AreaID: seenArea, ResponderID: who, ResponderName: "司徒", Reason: "assignment-words"}},
		Timeline:    []TimelineEntry{{Words: "timeline-words"}}, Photos: []Photo{{URL: "photo-picture"}},
		Events: []Event{{Kind: "event-state", AccountID: &account}},
	}
	lon, lat := seenAt[0], seenAt[1]
	r := Responder{ID: who, AreaID: seenArea, Name: "诸葛", Phone: "13933334444", Duty: DutyOn, Lon: &lon, Lat: &lat, Cell: cell.String()}
	return d, r, map[Field]string{FieldIncident: `"urgent"`, FieldIncidentWords: "incident-words", FieldIncidentPoint: "121.4711", FieldReportWords: "report-words",
		FieldOffer: "31337", FieldOfferName: "欧阳", FieldOfferWords: "offer-words", FieldAssignment: "41337", FieldAssignmentName: "司徒",
		FieldAssignmentWords: "assignment-words", FieldTimelineWords: "timeline-words", FieldPhotoPicture: "photo-picture",
		FieldEvent: "event-state", FieldEventAccount: "777001", FieldResponder: `"on_duty"`, FieldResponderName: "诸葛", FieldResponderPoint: "121.4711"}
}

// masks is what stands for a masked text.
var masks = map[Field]string{FieldOfferName: "欧*", FieldAssignmentName: "司*", FieldResponderName: "诸*"}

// TestWhatIsShownIsWhatTheTableSays: for every role and reason, each field of an
// incident and of a person is told whole, masked or not at all, as its line says.
func TestWhatIsShownIsWhatTheTableSays(t *testing.T) {
	tree := grantTree()
	for _, role := range Roles {
		for _, part := range []Part{PartArea, PartParty, PartTask, ""} {
			t.Run(string(role)+" by "+string(part), func(t *testing.T) {
				area, asked := map[Part]int64{PartArea: seenArea, PartParty: joinArea, PartTask: 5, "": 5}[part], part == PartTask
				s := Actor{AccountID: 1, ResponderID: sightedID, Grants: []Grant{{Role: role, AreaID: area}}}.Sight(tree)
				d, r, texts := known(t)
				v := s.Incident(d.Incident, asked)
				detail, ok := s.Detail(v, d)
				if want := rights.views[role][part].Sees(FieldIncident); ok != want {
					t.Fatalf("exists %v, want %v", ok, want)
				}
				if part == PartParty { // of people: who works there
					r.AreaID, r.Task = 5, &Task{IncidentID: 7, AreaID: joinArea}
				}
				person, _ := s.Responder(r).Responder(r)
				checkShown(t, rights.views[role][part], texts, detail, "incident", "report", "offer", "assignment", "timeline", "photo", "event")
				if part == PartArea || part == PartParty {
					checkShown(t, rights.views[role][part], texts, person, "responder")
				}
			})
		}
	}
}

// checkShown looks for each noun's fields in what was shown. What hangs on a
// thing that is not shown is not shown either.
func checkShown(t *testing.T, v View, texts map[Field]string, shown any, nouns ...string) {
	t.Helper()
	raw, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	told := string(raw)
	for f, text := range texts {
		noun, _, _ := strings.Cut(string(f), ".")
		if !slices.Contains(nouns, noun) {
			continue
		}
		level := v.Of(f)
		if state := Field(noun + ".state"); texts[state] != "" && !v.Sees(state) || !v.Sees(FieldIncident) && noun != "responder" {
			level = None
		}
		if strings.Contains(told, text) != (level == Whole) {
			t.Errorf("%s is %s: %s", f, level, told)
		}
		if mask := masks[f]; mask != "" && strings.Contains(told, mask) != (level == Masked) {
			t.Errorf("%s is %s: %s", f, level, told)
		}
	}
	if strings.Contains(told, "13811112222") || strings.Contains(told, "13933334444") {
		t.Errorf("a whole number: %s", told)
	}
}

// TestTheEndOfTakingPart: when an incident is over, those beyond its area are
// told that, without words, and nothing after.
func TestTheEndOfTakingPart(t *testing.T) {
	d, _, _ := known(t)
	end := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	i := d.Incident
	i.State, i.Parties = IncidentClosed, []Party{{AreaID: joinArea, Why: PartyBorder, Until: &end}}
	s := Actor{AccountID: 1, Grants: []Grant{{Role: RoleDispatcher, AreaID: joinArea}}}.Sight(grantTree())
	if s.Incident(i, false).Sees(FieldIncident) {
		t.Error("it is still there to be read")
	}
	for _, tt := range []struct {
		name string
		at   time.Time
		seen bool
	}{{"its last event", end, true}, {"one that was missed", end.Add(-time.Hour), true}, {"a later one", end.Add(time.Second), false}} {
		c, seen := s.Change(Change{Event: Event{At: tt.at, Noun: NounIncident, AreaID: seenArea, IncidentID: &i.ID}, Incident: &i}, false, 0).Show(
			Change{Event: Event{At: tt.at}, Incident: &i})
		if seen != tt.seen || seen && (c.Incident.Summary != "" || c.Incident.State != IncidentClosed) {
			t.Errorf("%s: seen %v, %+v", tt.name, seen, c.Incident)
		}
	}
}

// TestScopesNarrowSight: a token sees what its scopes leave of its role.
func TestScopesNarrowSight(t *testing.T) {
	for _, tt := range []struct {
		name         string
		only         []Action
		state, words Extent
	}{
		{"no scopes", nil, Whole, Whole}, {"to see", []Action{ActionSee}, Whole, Whole}, {"to see masked", []Action{ActionSeeMasked}, Whole, None},
		{"one field", []Action{See(FieldIncident)}, Whole, None}, {"something else", []Action{ActionReportHealth}, None, None},
	} {
		a := Actor{AccountID: 1, Only: tt.only, Grants: []Grant{{Role: RoleDispatcher, AreaID: seenArea}}}
		v := a.Sight(grantTree()).In(seenArea)
		if v.Of(FieldIncident) != tt.state || v.Of(FieldIncidentWords) != tt.words || a.May(ActionSeeMasked) != (tt.state != None) && tt.name != "one field" {
			t.Errorf("%s: %s, %s, may see masked %v", tt.name, v.Of(FieldIncident), v.Of(FieldIncidentWords), a.May(ActionSeeMasked))
		}
	}
}
