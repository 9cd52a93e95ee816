package dispatch

import "testing"

// TestOnlyNarrows: scopes take rights away and never add any.
func TestOnlyNarrows(t *testing.T) {
	tree := NewAreaTree([]Area{{ID: 1, Level: LevelDistrict}})
	desk := Actor{AccountID: 1, Grants: []Grant{{Role: RoleDispatcher, AreaID: 1}}}
	tests := []struct {
		name                  string
		only                  []Action
		see, send, administer bool
	}{
		{"not narrowed", nil, true, true, false},
		{"to nothing", []Action{}, false, false, false},
		{"to seeing", []Action{ActionSee}, true, false, false},
		{"to what the role does not have", []Action{ActionSee, ActionAdminister}, true, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := desk
			a.Only = tt.only
			for action, want := range map[Action]bool{ActionSee: tt.see, ActionDispatch: tt.send, ActionAdminister: tt.administer} {
				if a.May(action) != want || a.MayIn(tree, action, 1) != want || (len(a.Roots(action)) > 0) != want {
					t.Errorf("%s: may %v, in the district %v, roots %v; want %v", action, a.May(action), a.MayIn(tree, action, 1), a.Roots(action), want)
				}
			}
		})
	}
}
