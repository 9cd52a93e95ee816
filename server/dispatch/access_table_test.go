package dispatch

import (
	"slices"
	"strings"
	"testing"
)

// TestTablesNameTheRoles: the headings are the roles in their order, so that a
// column is read for the role it stands under.
func TestTablesNameTheRoles(t *testing.T) {
	for name, table := range map[string]string{"sights": sights, "verbs": verbs} {
		heading, _, _ := strings.Cut(strings.TrimSpace(table), "\n")
		words := strings.Fields(heading)
		if name == "verbs" {
			words = words[:len(words)-1] // with
		}
		if len(words) != 2+len(Roles) {
			t.Fatalf("%s: %v", name, words)
		}
		for k, r := range Roles {
			if !strings.HasPrefix(string(r), words[2+k]) {
				t.Errorf("%s: column %d is headed %s and read as %s", name, k, words[2+k], r)
			}
		}
	}
}

// TestTablesHaveNoLineTwice: a second line of a field and part would hide what
// the first says.
func TestTablesHaveNoLineTwice(t *testing.T) {
	known := map[string]bool{}
	parts := []Part{PartAny, PartArea, PartParty, PartTask, PartHome, PartSelf}
	for _, r := range RightsRows() {
		key := string(r.Field) + " " + string(r.Action) + " " + string(r.Part)
		if known[key] || !slices.Contains(parts, r.Part) || (r.Field == "") == (r.Action == "") {
			t.Errorf("a line of %q", key)
		}
		known[key] = true
	}
	if len(rights.fields) > 64 {
		t.Errorf("%d fields do not fit", len(rights.fields))
	}
}

// TestTablesAgreeWithThePrinciples: what holds whatever is added to the tables.
func TestTablesAgreeWithThePrinciples(t *testing.T) {
	for _, r := range RightsRows() {
		for _, role := range []Role{RoleSecurityAdministrator, RoleAuditAdministrator} {
			noun, _, _ := strings.Cut(string(r.Field), ".")
			if slices.Contains([]string{"incident", "report", "offer", "assignment", "timeline", "photo", "responder", "event"}, noun) && r.Levels[role] != "-" {
				t.Errorf("%s sees %s", role, r.Field)
			}
		}
		if r.Field == FieldIncidentWords && (r.Levels[RoleSystemAdministrator] != "-" || r.Levels[RoleWall] != "-" || r.Levels[RoleIntegration] != "-") {
			t.Errorf("words are for people who work incidents: %v", r.Levels)
		}
		if (r.Field == FieldReportPhone || r.Field == FieldResponderPhone) && r.Part != PartSelf {
			for role, e := range r.Levels {
				if e == "whole" {
					t.Errorf("%s is told whole numbers by %s", role, r.Part)
				}
			}
		}
		if r.Action == ActionGrant || r.Action == ActionAudit || r.Action == ActionAdminister {
			for role, may := range r.Levels {
				if may == "yes" && !role.Administrator() {
					t.Errorf("%s may %s", role, r.Action)
				}
			}
		}
	}
}

func TestViews(t *testing.T) {
	point, words := rights.bits[FieldIncidentPoint], rights.bits[FieldIncidentWords]
	half, all := View{masked: point | words}, View{whole: words}
	tests := []struct {
		name         string
		v            View
		point, words Extent
	}{
		{"nothing", View{}, None, None},
		{"added", half.plus(all), Masked, Whole},
		{"in common", half.within(all), None, Masked},
		{"with itself", half.within(half), Masked, Masked},
		{"with everything", half.within(everything), Masked, Masked},
		{"everything", everything, Whole, Whole},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p, w := tt.v.Of(FieldIncidentPoint), tt.v.Of(FieldIncidentWords); p != tt.point || w != tt.words {
				t.Errorf("point %s, words %s; want %s, %s", p, w, tt.point, tt.words)
			}
		})
	}
	if everything.Of("incident.nothing") != None {
		t.Error("a field that is in no table is seen")
	}
}
