package seed

import (
	"slices"
	"strings"
	"testing"
)

func TestTypes(t *testing.T) {
	skills := []string{"first_aid", "fire_rescue", "evacuation", "flood", "electrical", "gas", "plumbing", "mediation", "psychology", "elderly_care", "driving", "drone", "translation", "patrol"}
	families := []string{"natural", "accident", "health", "security", "urban", "service"}
	known := map[string]bool{}
	leaves := 0
	for _, y := range Types() {
		if known[y.Code] {
			t.Errorf("%s comes twice", y.Code)
		}
		if y.Parent != "" && !known[y.Parent] {
			t.Errorf("%s comes before its parent", y.Code)
		}
		known[y.Code] = true
		if !slices.Contains(families, y.Family) || y.NameZh == "" || y.NameEn == "" {
			t.Errorf("%+v", y)
		}
		if (y.Plan == nil) != (y.Parent == "") {
			t.Errorf("%s: only leaves have a plan", y.Code)
		}
		if y.Plan == nil {
			continue
		}
		leaves++
		if (y.Plan.Grade != "") != (y.Family != "urban" && y.Family != "service") {
			t.Errorf("%s begins with grade %q", y.Code, y.Plan.Grade)
		}
		p := y.Plan
		for _, s := range p.Skills {
			if !slices.Contains(skills, s) {
				t.Errorf("%s asks for %s", y.Code, s)
			}
		}
		if p.Hazard != (len(p.Training) > 0) || slices.ContainsFunc(p.Training, func(s string) bool { return !slices.Contains(p.Skills, s) }) {
			t.Errorf("%s: hazard %v, trained in %v of %v", y.Code, p.Hazard, p.Training, p.Skills)
		}
		if len(p.Checklist) < 3 || p.Quota < 1 || p.Offer < 10 || p.Verify <= 0 || p.Dispatch <= 0 || p.Arrive <= 0 || p.Resolve <= 0 || p.Check <= 0 {
			t.Errorf("%s: %+v", y.Code, p)
		}
		for _, kind := range slices.Concat(p.Lead, p.Support, p.Checks) {
			if kind != "property" && !slices.ContainsFunc(shared().Units, func(u Unit) bool { return u.Kind == kind }) {
				t.Errorf("%s wants a unit of %s, and the district has none", y.Code, kind)
			}
		}
		if len(p.Lead) == 0 || slices.ContainsFunc(p.Checks, func(k string) bool { return slices.Contains(p.Lead, k) || slices.Contains(p.Support, k) }) {
			t.Errorf("%s: led by %v, supported by %v, checked by %v", y.Code, p.Lead, p.Support, p.Checks)
		}
		for _, s := range p.Checklist {
			if s.Zh == "" || s.En == "" {
				t.Errorf("%s: %+v", y.Code, s)
			}
		}
		if len(summaries[y.Code]) == 0 {
			t.Errorf("nobody has words for %s", y.Code)
		}
	}
	leaf := map[string]bool{}
	for code := range known {
		_, word, _ := strings.Cut(code, ".")
		leaf[word] = true
	}
	for code := range told {
		if !leaf[code] {
			t.Errorf("whom to tell of %s, which is no type", code)
		}
	}
	if leaves < 45 {
		t.Errorf("%d types", leaves)
	}
}
