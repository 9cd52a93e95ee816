package dispatch

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// grantTree is district 1 with the streets 2 and 3, and communities 4 and 5 in
// street 2.
func grantTree() *AreaTree {
	id := func(n int64) *int64 { return &n }
	return NewAreaTree([]Area{{ID: 1, Level: LevelDistrict}, {ID: 2, ParentID: id(1), Level: LevelStreet}, {ID: 3, ParentID: id(1), Level: LevelStreet},
		{ID: 4, ParentID: id(2), Level: LevelCommunity}, {ID: 5, ParentID: id(2), Level: LevelCommunity}})
}

func TestMayGrant(t *testing.T) {
	tree := grantTree()
	security := func(area int64) Actor {
		return Actor{AccountID: 9, Grants: []Grant{{Role: RoleSecurityAdministrator, AreaID: area}}}
	}
	holds := func(role Role, area int64) Account {
		return Account{ID: 5, Roles: []Grant{{Role: role, AreaID: area}}}
	}
	tests := []struct {
		name    string
		granter Actor
		role    Role
		area    int64
		target  Account
		want    Code
	}{
		{"a new account of one's street", security(2), RoleDispatcher, 4, Account{}, ""},
		{"another role beside", security(2), RoleCommunity, 4, holds(RoleDispatcher, 4), ""},
		{"another street", security(2), RoleDispatcher, 3, Account{}, CodeNotFound},
		{"the district by a street", security(2), RoleCommander, 1, Account{}, CodeNotFound},
		{"an area nobody knows", security(1), RoleDispatcher, 77, Account{}, CodeNotFound},
		{"a role nobody knows", security(1), "god", 1, Account{}, CodeInvalid},
		{"no security administrator", Actor{AccountID: 9, Grants: []Grant{{Role: RoleSystemAdministrator, AreaID: 1}}}, RoleDispatcher, 4, Account{}, CodeNotFound},
		{"a commander", Actor{AccountID: 9, Grants: []Grant{{Role: RoleCommander, AreaID: 1}}}, RoleDispatcher, 4, Account{}, CodeNotFound},
		{"oneself", security(1), RoleSecurityAdministrator, 1, Account{ID: 9}, CodeOwnRights},
		{"an administrator by the district's", security(1), RoleAuditAdministrator, 1, Account{}, ""},
		{"an administrator of a street", security(1), RoleSystemAdministrator, 2, Account{}, CodeNotAtRoot},
		{"an administrator by a street's", security(2), RoleSystemAdministrator, 2, Account{}, CodeNotAtRoot},
		{"two administrators in one", security(1), RoleAuditAdministrator, 1, holds(RoleSystemAdministrator, 1), CodeDutiesApart},
		{"an administrator who works", security(1), RoleAuditAdministrator, 1, holds(RoleDispatcher, 1), CodeDutiesApart},
		{"work for an administrator", security(1), RoleDispatcher, 2, holds(RoleAuditAdministrator, 1), CodeDutiesApart},
		{"the system makes the first", Actor{System: true}, RoleSecurityAdministrator, 1, Account{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CodeOf(MayGrant(tt.granter, tree, tt.role, tt.area, tt.target)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestGrantingAddsUpToNothing: whatever accounts grant each other, in whatever
// order, nobody comes to hold what nobody before could have given, no duty is
// held beside another, and nobody's own hand changes their rights.
func TestGrantingAddsUpToNothing(t *testing.T) {
	tree := grantTree()
	rapid.Check(t, func(t *rapid.T) {
		first := Account{ID: 1, Roles: []Grant{{Role: rapid.SampledFrom(Roles).Draw(t, "first"), AreaID: rapid.Int64Range(1, 5).Draw(t, "at")}}}
		accounts := []Account{first, {ID: 2}, {ID: 3}, {ID: 4}}
		for range rapid.IntRange(1, 40).Draw(t, "tries") {
			by := rapid.IntRange(0, 3).Draw(t, "by")
			to := rapid.IntRange(0, 3).Draw(t, "to")
			g := Grant{Role: rapid.SampledFrom(Roles).Draw(t, "role"), AreaID: rapid.Int64Range(1, 6).Draw(t, "area")}
			granter := Session{Account: accounts[by]}.Actor()
			if MayGrant(granter, tree, g.Role, g.AreaID, accounts[to]) != nil {
				continue
			}
			if by == to {
				t.Fatalf("%d gave themselves %v", by, g)
			}
			if !slices.ContainsFunc(granter.Grants, func(own Grant) bool {
				return own.Role == RoleSecurityAdministrator && tree.Within(g.AreaID, own.AreaID)
			}) {
				t.Fatalf("%v gave %v", granter.Grants, g)
			}
			accounts[to].Roles = append(accounts[to].Roles, g)
		}
		for _, a := range accounts {
			for _, g := range a.Roles {
				if a.ID != 1 && !tree.Within(g.AreaID, first.Roles[0].AreaID) {
					t.Fatalf("%v came of %v", g, first.Roles)
				}
				if a.ID != 1 && g.Role.Administrator() && g.AreaID != tree.Root() {
					t.Fatalf("an administrator of %d", g.AreaID)
				}
				if g.Role.duty() != a.Roles[0].Role.duty() {
					t.Fatalf("duties together: %v", a.Roles)
				}
			}
		}
	})
}

func TestMayManage(t *testing.T) {
	tree := grantTree()
	street := Actor{AccountID: 9, Grants: []Grant{{Role: RoleSecurityAdministrator, AreaID: 2}}}
	at := func(areas ...int64) (roles []Grant) {
		for _, area := range areas {
			roles = append(roles, Grant{Role: RoleDispatcher, AreaID: area})
		}
		return roles
	}
	tests := []struct {
		name    string
		manager Actor
		target  Account
		want    Code
	}{
		{"of one's street", street, Account{ID: 5, Roles: at(4, 2)}, ""},
		{"with no role yet", street, Account{ID: 5}, ""},
		{"that may more elsewhere", street, Account{ID: 5, Roles: at(4, 3)}, CodeNotFound},
		{"that may more above", street, Account{ID: 5, Roles: at(1)}, CodeNotFound},
		{"one's own", street, Account{ID: 9, Roles: at(2)}, CodeOwnRights},
		{"without the right", Actor{AccountID: 9}, Account{ID: 5}, CodeForbidden},
		{"the command line", Actor{System: true}, Account{ID: 5, Roles: at(1)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := CodeOf(MayManage(tt.manager, tree, tt.target)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
