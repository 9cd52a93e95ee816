package dispatch

import "slices"

// duty is which of the separated duties a role is: account_role.duty.
func (r Role) duty() string {
	switch r {
	case RoleSystemAdministrator, RoleSecurityAdministrator, RoleAuditAdministrator:
		return string(r)
	}
	return "work"
}

// Administrator says whether the role is one of the three administrators.
func (r Role) Administrator() bool { return r.duty() != "work" }

// MayGrant says whether somebody may give an account (or a new one, of id 0) a
// role in an area, or take it away: nil, or why not.
//
// Nobody grants what lies outside their own areas, nor anything to themselves.
// The three administrators are made by a security administrator of the whole
// district, for the whole district, and an account is one of them or works.
func MayGrant(granter Actor, tree *AreaTree, role Role, areaID int64, target Account) error {
	if !slices.Contains(Roles, role) {
		return Refuse(CodeInvalid, "role")
	}
	if _, known := tree.Area(areaID); !known || !granter.MayIn(tree, ActionGrant, areaID) {
		return Refuse(CodeNotFound, "area_id")
	}
	if granter.owns(target) {
		return Refuse(CodeOwnRights, "")
	}
	if role.Administrator() && areaID != tree.Root() {
		return Refuse(CodeNotAtRoot, "area_id")
	}
	for _, g := range target.Roles {
		if g.Role.duty() != role.duty() {
			return &Error{Code: CodeDutiesApart, Field: "role", Values: map[string]string{"role": string(g.Role)}}
		}
	}
	return nil
}

// MayManage says whether somebody may take an account over: give it another
// password, disable it, end its sessions. Whoever holds it is that account in
// all of its areas, so all of them must be the manager's.
func MayManage(manager Actor, tree *AreaTree, target Account) error {
	for _, g := range target.Roles {
		if !manager.MayIn(tree, ActionGrant, g.AreaID) {
			return Refuse(CodeNotFound, "")
		}
	}
	if !manager.System && !manager.May(ActionGrant) {
		return Refuse(CodeForbidden, "")
	}
	if manager.owns(target) {
		return Refuse(CodeOwnRights, "")
	}
	return nil
}

func (a Actor) owns(target Account) bool {
	return !a.System && target.ID != 0 && target.ID == a.AccountID
}
