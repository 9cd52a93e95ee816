package dispatch

import "slices"

// Grant gives an account a role within an area and everything below it.
type Grant struct {
	Role     Role   `json:"role" enum:"commander,dispatcher,community,partner,responder,wall,integration,system_administrator,security_administrator,audit_administrator"`
	AreaID   int64  `json:"area_id"`
	AreaName string `json:"area_name"`
}

// Actor is who asks: an account with its grants, or the system itself.
type Actor struct {
	AccountID   int64 // 0 for the system and for residents
	SessionID   int64
	ResponderID int64 // 0 where the account is no responder
	UnitID      int64 // 0 where it is not bound to a unit
	Name        string
	Grants      []Grant
	Only        []Action // where it is not nil, nothing but this: the scopes of an API token
	System      bool
}

// Principal names the actor for idempotency keys.
func (a Actor) Principal() string {
	switch {
	case a.System:
		return "system"
	case a.AccountID == 0:
		return "resident"
	default:
		return "account:" + itoa(a.AccountID)
	}
}

// Actions lists all of them, those of seeing one field among them.
func Actions() []Action { return slices.Clone(rights.actions) }

// May says whether the actor has a role, anywhere, that allows the action, if
// only with what is their own. What is seen by taking part is not asked here.
func (a Actor) May(action Action) bool {
	if a.System || len(a.Roots(action)) > 0 {
		return true
	}
	_, seeing := rights.seen[action]
	return !seeing && len(a.rootsBy(action, PartSelf)) > 0
}

// Roots gives the areas at whose roots the actor's roles allow the action there
// and below, or wherever.
func (a Actor) Roots(action Action) []int64 { return a.rootsBy(action, PartArea, PartAny) }

// PartyRoots gives the areas at whose roots the actor's roles allow the action
// with what such an area takes part in.
func (a Actor) PartyRoots(action Action) []int64 { return a.rootsBy(action, PartParty) }

func (a Actor) rootsBy(action Action, parts ...Part) []int64 {
	if !a.scoped(action) {
		return nil
	}
	var roots []int64
	for _, part := range parts {
		if a.UnitID != 0 && (part == PartArea || part == PartParty) {
			continue // a unit's people have part in its orders, and in nothing by area
		}
		for _, g := range a.Grants {
			if slices.Contains(rights.may[action][part], g.Role) && !slices.Contains(roots, g.AreaID) {
				roots = append(roots, g.AreaID)
			}
		}
	}
	return roots
}

// OfUnit says whether the actor is one of a unit's people and acts for it.
func (a Actor) OfUnit(unitID int64) bool {
	return a.UnitID != 0 && a.UnitID == unitID && len(a.rootsBy(ActionRespond, PartTask)) > 0
}

// scoped says whether the actor's scopes hold the action. Those of seeing
// incidents stand for the seeing of all fields, as far as the roles go; without
// words, as far as a wall goes.
func (a Actor) scoped(action Action) bool {
	if a.Only == nil || slices.Contains(a.Only, action) {
		return true
	}
	f, seeing := rights.seen[action]
	if !seeing {
		return false
	}
	return slices.Contains(a.Only, ActionSee) ||
		slices.Contains(a.Only, ActionSeeMasked) && wallSees(f)
}

func wallSees(f Field) bool {
	for _, v := range rights.views[RoleWall] {
		if v.Sees(f) {
			return true
		}
	}
	return false
}

// MayIn says whether the actor's roles allow the action in an area of the tree.
func (a Actor) MayIn(tree *AreaTree, action Action, areaID int64) bool {
	if a.System {
		return true
	}
	return slices.ContainsFunc(a.Roots(action), func(root int64) bool { return tree.Within(areaID, root) })
}

// mayByParty says whether the actor's roles allow the action where one of the
// areas that take part is theirs.
func (a Actor) mayByParty(tree *AreaTree, action Action, parties []Party) bool {
	return slices.ContainsFunc(a.PartyRoots(action), func(root int64) bool {
		return slices.ContainsFunc(parties, func(p Party) bool { return p.Until == nil && tree.Within(p.AreaID, root) })
	})
}
