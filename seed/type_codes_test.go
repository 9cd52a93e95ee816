package seed

import "testing"

// TestCodesStandForTypes: each code is there once, and stands for a type that has
// a plan.
func TestCodesStandForTypes(t *testing.T) {
	planned, seen := map[string]bool{}, map[string]bool{}
	for _, y := range Types() {
		planned[y.Code] = y.Plan != nil
	}
	for _, c := range TypeCodes() {
		if !planned[c.Type] || seen[c.Code] || c.Name == "" {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
	}
}
