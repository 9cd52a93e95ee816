package dispatch

import (
	"slices"
	"testing"
)

// TestViewers: whose eyes an account reads with follows from its grants alone.
func TestViewers(t *testing.T) {
	id := func(n int64) *int64 { return &n }
	tree := NewAreaTree([]Area{{ID: 1}, {ID: 2, ParentID: id(1)}, {ID: 3, ParentID: id(1)}, {ID: 4, ParentID: id(2)}, {ID: 5, ParentID: id(3)}})
	tests := []struct {
		name       string
		actor      Actor
		everywhere bool
		areas      []int64
	}{
		{"the district", Actor{Grants: []Grant{{Role: RoleCommander, AreaID: 1}}}, true, nil},
		{"a street and what is below it", Actor{Grants: []Grant{{Role: RoleDispatcher, AreaID: 2}}}, false, []int64{2, 4}},
		{"two communities", Actor{Grants: []Grant{{Role: RoleCommunity, AreaID: 4}, {Role: RolePartner, AreaID: 5}}}, false, []int64{4, 5}},
		{"one area twice", Actor{Grants: []Grant{{Role: RoleCommunity, AreaID: 4}, {Role: RoleDispatcher, AreaID: 2}}}, false, []int64{2, 4}},
		{"cameras of another system", Actor{Grants: []Grant{{Role: RoleIntegration, AreaID: 3}}}, false, []int64{3, 5}},
		{"a responder sees what they take part in", Actor{ResponderID: 9, Grants: []Grant{{Role: RoleResponder, AreaID: 1}}}, false, nil},
		{"who grants rights sees none of the work", Actor{Grants: []Grant{{Role: RoleSecurityAdministrator, AreaID: 1}}}, false, nil},
		{"who audits sees none of the work", Actor{Grants: []Grant{{Role: RoleAuditAdministrator, AreaID: 1}}}, false, nil},
		{"an area that is gone", Actor{Grants: []Grant{{Role: RoleDispatcher, AreaID: 77}}}, false, nil},
		{"nobody", Actor{}, false, nil},
		{"the system", Actor{System: true}, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := tt.actor.Viewer(tree)
			slices.Sort(v.AreaIDs)
			if v.Everywhere != tt.everywhere || !slices.Equal(v.AreaIDs, tt.areas) || v.ResponderID != tt.actor.ResponderID {
				t.Errorf("sees %+v", v)
			}
		})
	}
	if v := (Actor{Grants: []Grant{{Role: RoleCommander, AreaID: 0}}}).Viewer(NewAreaTree(nil)); v.Everywhere || len(v.AreaIDs) != 0 {
		t.Errorf("without areas a grant of none sees %+v", v)
	}
}
