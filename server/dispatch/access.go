package dispatch

import "slices"

// Role is what an account may do within an area.
type Role string

// The roles.
const (
	RoleCommander   Role = "commander"   // 指挥员
	RoleDispatcher  Role = "dispatcher"  // 调度员
	RoleCommunity   Role = "community"   // 社区值守: the community office
	RolePartner     Role = "partner"     // 协同单位: police station, property company
	RoleResponder   Role = "responder"   // 处置人员, with a phone
	RoleWall        Role = "wall"        // 大屏
	RoleIntegration Role = "integration" // 系统对接: another system
	// The three administrators (三员). No account holds two of them, nor one of
	// them beside other work; the database holds it.
	RoleSystemAdministrator   Role = "system_administrator"   // 系统管理员: areas, registers, configuration
	RoleSecurityAdministrator Role = "security_administrator" // 安全管理员: accounts and rights
	RoleAuditAdministrator    Role = "audit_administrator"    // 审计管理员: the audit trail alone
)

// Roles lists all of them.
var Roles = []Role{RoleCommander, RoleDispatcher, RoleCommunity, RolePartner, RoleResponder, RoleWall, RoleIntegration,
	RoleSystemAdministrator, RoleSecurityAdministrator, RoleAuditAdministrator}

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

// Action is something that a role allows.
type Action string

// The actions.
const (
	ActionSee          Action = "see"        // incidents, forces and places, with their words
	ActionSeeMasked    Action = "see_masked" // the same without words, names and exact points
	ActionSeePhones    Action = "see_phones"
	ActionDispatch     Action = "dispatch" // take in, verify, send, follow through
	ActionCheck        Action = "check"
	ActionNote         Action = "note"          // add words and pictures to what one sees
	ActionAdminister   Action = "administer"    // areas, registers, imports, configuration
	ActionGrant        Action = "grant"         // accounts and their rights
	ActionAudit        Action = "audit"         // read the audit trail
	ActionRespond      Action = "respond"       // be sent: duty, offers, tasks, positions
	ActionReportHealth Action = "report_health" // say how cameras are
	ActionRoster       Action = "roster"        // say who is on duty when, by hand
	ActionPrivacy      Action = "privacy"       // a person's data out and away, purposes, shares
	ActionRecords      Action = "records"       // read what is kept why and how long, what was destroyed, what was shared
	ActionRetain       Action = "retain"        // say how long things are kept
	ActionHold         Action = "hold"          // keep an incident's words longer
	ActionCare         Action = "care"          // see the own community's people who need care, during an incident
	ActionCareCounts   Action = "care_counts"   // see how many need care where
	ActionCareRegister Action = "care_register" // bring in who needs care
)

// permissions is the one table of what each role allows.
var permissions = map[Action][]Role{
	ActionSee:          {RoleCommander, RoleDispatcher, RoleCommunity, RolePartner, RoleSystemAdministrator},
	ActionSeeMasked:    {RoleCommander, RoleDispatcher, RoleCommunity, RolePartner, RoleSystemAdministrator, RoleWall},
	ActionSeePhones:    {RoleCommander, RoleDispatcher},
	ActionDispatch:     {RoleCommander, RoleDispatcher},
	ActionCheck:        {RoleCommander, RoleDispatcher},
	ActionNote:         {RoleCommander, RoleDispatcher, RoleCommunity, RolePartner},
	ActionAdminister:   {RoleSystemAdministrator},
	ActionGrant:        {RoleSecurityAdministrator},
	ActionAudit:        {RoleAuditAdministrator},
	ActionRespond:      {RoleResponder},
	ActionReportHealth: {RoleIntegration, RoleSystemAdministrator},
	ActionRoster:       {RoleCommander, RoleDispatcher, RoleSystemAdministrator},
	ActionPrivacy:      {RoleSecurityAdministrator},
	ActionRecords:      {RoleCommander, RoleSystemAdministrator, RoleSecurityAdministrator, RoleAuditAdministrator},
	ActionRetain:       {RoleSystemAdministrator},
	ActionHold:         {RoleCommander},
	ActionCare:         {RoleCommunity},
	ActionCareCounts:   {RoleCommander, RoleDispatcher, RoleCommunity},
	ActionCareRegister: {RoleCommunity, RoleSystemAdministrator},
}

// Actions lists all of them.
func Actions() []Action {
	list := make([]Action, 0, len(permissions))
	for action := range permissions {
		list = append(list, action)
	}
	slices.Sort(list)
	return list
}

// May says whether the actor has a role, anywhere, that allows the action.
func (a Actor) May(action Action) bool {
	return a.System || len(a.Roots(action)) > 0
}

// Roots gives the areas at whose roots the actor's roles allow the action.
func (a Actor) Roots(action Action) []int64 {
	if a.Only != nil && !slices.Contains(a.Only, action) {
		return nil
	}
	var roots []int64
	for _, g := range a.Grants {
		if slices.Contains(permissions[action], g.Role) && !slices.Contains(roots, g.AreaID) {
			roots = append(roots, g.AreaID)
		}
	}
	return roots
}

// MayIn says whether the actor's roles allow the action in an area of the tree.
func (a Actor) MayIn(tree *AreaTree, action Action, areaID int64) bool {
	if a.System {
		return true
	}
	for _, root := range a.Roots(action) {
		if tree.Within(areaID, root) {
			return true
		}
	}
	return false
}
