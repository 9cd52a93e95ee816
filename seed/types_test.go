package seed

import (
	"slices"
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
		p := y.Plan
		for _, s := range p.Skills {
			if !slices.Contains(skills, s) {
				t.Errorf("%s asks for %s", y.Code, s)
			}
		}
		if len(p.Checklist) < 3 || p.Quota < 1 || p.Offer < 10 || p.Verify <= 0 || p.Dispatch <= 0 || p.Arrive <= 0 || p.Resolve <= 0 || p.Check <= 0 {
			t.Errorf("%s: %+v", y.Code, p)
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
	if leaves < 45 {
		t.Errorf("%d types", leaves)
	}
}
