package dispatch

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

// Roles lists all of them, in the order of the tables' columns.
var Roles = []Role{RoleCommander, RoleDispatcher, RoleCommunity, RolePartner, RoleResponder, RoleWall, RoleIntegration,
	RoleSystemAdministrator, RoleSecurityAdministrator, RoleAuditAdministrator}

// Extent is how much of a field is shown.
type Extent string

// The extents, each with what it replaces.
const (
	None    Extent = "-"       // it does not exist
	Counted Extent = "counted" // how many there are
	Masked  Extent = "masked"  // 王*, 138****1234, the middle of the cell
	Whole   Extent = "whole"
)

// Part is why somebody sees a thing, or may do something with it.
type Part string

// The parts. All but area and any end when the incident is over.
const (
	PartAny   Part = "any"   // wherever it is
	PartArea  Part = "area"  // it lies in the area of the role, or below
	PartParty Part = "party" // an area of the role takes part: across the border, or one's people were sent; of a person: works there
	PartTask  Part = "task"  // one was asked to go, or goes; of a unit's people: it has an order
	PartHome  Part = "home"  // it is in the community where one is registered
	PartSelf  Part = "self"  // it is about oneself
)

// Field is a class of fields of a noun that are shown alike.
type Field string

// The fields.
const (
	FieldArea            Field = "area.state"      // the tree, with names and boundaries
	FieldPlace           Field = "place.state"     // compounds and buildings
	FieldFacility        Field = "facility.state"  // halls, shelters, hydrants, AEDs
	FieldCamera          Field = "camera.state"    // where it stands and looks, how it is
	FieldCameraRecord    Field = "camera.record"   // its entry in the inventory, with filing number
	FieldSite            Field = "site.state"      // where a camera should be
	FieldDevice          Field = "device.state"    // sensors
	FieldUnit            Field = "unit.state"      // organisations with their duty phones
	FieldRoster          Field = "roster.state"    // shifts, teams, rotations, who is on duty when
	FieldResponder       Field = "responder.state" // what they can do, whether they are on duty or on a task
	FieldResponderName   Field = "responder.name"  // and their Party organisation
	FieldResponderPhone  Field = "responder.phone"
	FieldResponderCall   Field = "responder.call"   // the whole number, when it is asked for with a reason
	FieldResponderPoint  Field = "responder.point"  // where they are taken to be
	FieldResponderPost   Field = "responder.post"   // their entry in the register, with the place they stand at
	FieldPlan            Field = "plan.state"       // types with the versions of their plans, working hours
	FieldFigure          Field = "figure.state"     // counts by area and by cell
	FieldIncident        Field = "incident.state"   // type, priority, state, clocks, how many are on it
	FieldIncidentWords   Field = "incident.words"   // summary, place, reasons, who opened it
	FieldIncidentPoint   Field = "incident.point"   // where exactly
	FieldReportWords     Field = "report.words"     // what was said, and where
	FieldReportPhone     Field = "report.phone"     // who said it
	FieldOffer           Field = "offer.state"      // asked, seen, accepted, declined
	FieldOfferName       Field = "offer.name"       // whom
	FieldOfferWords      Field = "offer.words"      // why, and why not
	FieldAssignment      Field = "assignment.state" // on the way, there, done
	FieldAssignmentName  Field = "assignment.name"  // who
	FieldAssignmentWords Field = "assignment.words" // why they left
	FieldUnitOrder       Field = "unit_order.state" // to which unit work was given, and how far it is
	FieldUnitOrderWords  Field = "unit_order.words" // what was asked of it, and why it was returned or put off
	FieldTimelineWords   Field = "timeline.words"   // what was noted
	FieldPhotoPicture    Field = "photo.picture"    // what was photographed
	FieldEvent           Field = "event.state"      // the log: ids and states
	FieldEventAccount    Field = "event.account"    // whose doing it was
)

// sights is the one table of what each role sees. Who holds several roles sees
// what any of them does; what is in no line is not seen.
const sights = `
field             by     commander  dispatcher  community  partner  responder  wall     integration  system   security  audit
area.state        any    whole      whole       whole      whole    whole      whole    whole        whole    whole     whole
facility.state    any    whole      whole       whole      whole    whole      whole    whole        whole    -         -
plan.state        any    whole      whole       -          -        -          -        -            whole    -         -
place.state       area   whole      whole       whole      whole    -          -        -            whole    -         -
camera.state      area   whole      whole       whole      whole    -          whole    whole        whole    -         -
camera.record     area   whole      whole       whole      whole    -          -        -            whole    -         -
site.state        area   whole      whole       whole      whole    -          -        -            whole    -         -
device.state      area   whole      whole       whole      whole    -          -        -            whole    -         -
unit.state        area   whole      whole       whole      whole    -          -        -            whole    -         -
roster.state      area   whole      whole       whole      -        -          -        -            whole    -         -
figure.state      area   counted    counted     counted    counted  -          counted  counted      counted  -         -

responder.state   area   whole      whole       whole      whole    -          whole    -            whole    -         -
responder.name    area   whole      whole       whole      masked   -          masked   -            whole    -         -
responder.phone   area   masked     masked      masked     -        -          -        -            masked   -         -
responder.call    area   whole      whole       -          -        -          -        -            -        -         -
responder.point   area   whole      whole       whole      masked   -          masked   -            masked   -         -
responder.post    area   whole      whole       whole      -        -          -        -            whole    -         -
responder.state   party  whole      whole       whole      whole    -          whole    -            whole    -         -
responder.name    party  whole      whole       whole      masked   -          masked   -            masked   -         -
responder.phone   party  masked     masked      -          -        -          -        -            -        -         -
responder.call    party  whole      whole       -          -        -          -        -            -        -         -
responder.point   party  whole      whole       whole      masked   -          masked   -            masked   -         -
responder.state   self   -          -           -          -        whole      -        -            -        -         -
responder.name    self   -          -           -          -        whole      -        -            -        -         -
responder.phone   self   -          -           -          -        whole      -        -            -        -         -
responder.point   self   -          -           -          -        whole      -        -            -        -         -

incident.state    area   whole      whole       whole      whole    -          whole    whole        whole    -         -
incident.words    area   whole      whole       whole      whole    -          -        -            -        -         -
incident.point    area   whole      whole       whole      whole    -          masked   masked       masked   -         -
report.words      area   whole      whole       whole      -        -          -        -            -        -         -
report.phone      area   masked     masked      masked     -        -          -        -            -        -         -
offer.state       area   whole      whole       whole      -        -          whole    -            -        -         -
offer.name        area   whole      whole       masked     -        -          masked   -            -        -         -
offer.words       area   whole      whole       -          -        -          -        -            -        -         -
assignment.state  area   whole      whole       whole      whole    -          whole    -            -        -         -
assignment.name   area   whole      whole       whole      masked   -          masked   -            -        -         -
assignment.words  area   whole      whole       -          -        -          -        -            -        -         -
unit_order.state  area   whole      whole       whole      -        -          -        -            -        -         -
unit_order.words  area   whole      whole       -          -        -          -        -            -        -         -
timeline.words    area   whole      whole       whole      whole    -          -        -            -        -         -
photo.picture     area   whole      whole       whole      whole    -          -        -            -        -         -
event.state       area   whole      whole       whole      whole    -          whole    whole        whole    -         -
event.account     area   whole      whole       whole      -        -          -        -            -        -         -

incident.state    party  whole      whole       whole      whole    -          whole    -            -        -         -
incident.words    party  whole      whole       -          -        -          -        -            -        -         -
incident.point    party  whole      whole       masked     masked   -          masked   -            -        -         -
report.words      party  whole      whole       -          -        -          -        -            -        -         -
report.phone      party  masked     masked      -          -        -          -        -            -        -         -
offer.state       party  whole      whole       -          -        -          -        -            -        -         -
offer.name        party  masked     masked      -          -        -          -        -            -        -         -
assignment.state  party  whole      whole       -          -        -          -        -            -        -         -
assignment.name   party  whole      whole       -          -        -          -        -            -        -         -
unit_order.state  party  whole      whole       -          -        -          -        -            -        -         -
unit_order.words  party  whole      whole       -          -        -          -        -            -        -         -
timeline.words    party  whole      whole       -          -        -          -        -            -        -         -
photo.picture     party  whole      whole       -          -        -          -        -            -        -         -
event.state       party  whole      whole       whole      whole    -          whole    -            -        -         -
event.account     party  whole      whole       -          -        -          -        -            -        -         -

incident.state    task   -          -           -          whole    whole      -        -            -        -         -
incident.words    task   -          -           -          whole    whole      -        -            -        -         -
incident.point    task   -          -           -          whole    whole      -        -            -        -         -
assignment.state  task   -          -           -          -        whole      -        -            -        -         -
assignment.name   task   -          -           -          -        masked     -        -            -        -         -
timeline.words    task   -          -           -          whole    whole      -        -            -        -         -
photo.picture     task   -          -           -          whole    whole      -        -            -        -         -
event.state       task   -          -           -          whole    whole      -        -            -        -         -
unit_order.state  self   -          -           -          whole    -          -        -            -        -         -
unit_order.words  self   -          -           -          whole    -          -        -            -        -         -
offer.state       self   -          -           -          -        whole      -        -            -        -         -
offer.name        self   -          -           -          -        whole      -        -            -        -         -
offer.words       self   -          -           -          -        whole      -        -            -        -         -
assignment.state  self   -          -           -          -        whole      -        -            -        -         -
assignment.name   self   -          -           -          -        whole      -        -            -        -         -
assignment.words  self   -          -           -          -        whole      -        -            -        -         -
event.state       self   -          -           -          -        whole      -        -            -        -         -
event.account     self   -          -           -          -        whole      -        -            -        -         -
incident.state    home   -          -           -          -        whole      -        -            -        -         -
incident.point    home   -          -           -          -        masked     -        -            -        -         -
event.state       home   -          -           -          -        whole      -        -            -        -         -
`

// Action is something that a role allows. Seeing is an action too, one a field:
// see See.
type Action string

// The actions.
const (
	ActionSee          Action = "see"        // incidents with their words: the field incident.words
	ActionSeeMasked    Action = "see_masked" // incidents without: the field incident.state
	ActionSeePhones    Action = "see_phones" // in full, so as to call people: responder.call
	ActionDispatch     Action = "dispatch"   // take in, verify, send, follow through
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
	ActionTracks       Action = "tracks"        // look back at where those went who worked on an incident
	ActionCare         Action = "care"          // see the own community's people who need care, during an incident
	ActionCareCounts   Action = "care_counts"   // see how many need care where
	ActionCareRegister Action = "care_register" // bring in who needs care
)

// verbs is the one table of what each role may do, and with which nouns.
const verbs = `
action            by     commander  dispatcher  community  partner  responder  wall     integration  system   security  audit  with
dispatch          area   yes        yes         -          -        -          -        -            -        -         -      incident offer assignment unit_order
check             area   yes        yes         -          -        -          -        -            -        -         -      incident unit_order
note              area   yes        yes         yes        yes      -          -        -            -        -         -      timeline photo
note              party  yes        yes         -          -        -          -        -            -        -         -      timeline photo
note              task   -          -           -          yes      yes        -        -            -        -         -      timeline photo
respond           task   -          -           -          yes      -          -        -            -        -         -      unit_order
respond           self   -          -           -          -        yes        -        -            -        -         -      duty offer assignment position
roster            area   yes        yes         -          -        -          -        -            yes      -         -      duty
report_health     area   -          -           -          -        -          -        yes          yes      -         -      camera
administer        area   -          -           -          -        -          -        -            yes      -         -      area register import rotation responder configuration
grant             area   -          -           -          -        -          -        -            -        yes       -      account session token
audit             any    -          -           -          -        -          -        -            -        -         yes    trail
privacy           area   -          -           -          -        -          -        -            -        yes       -      person purpose share
records           any    yes        -           -          -        -          -        -            yes      yes       yes    purpose share retention
retain            any    -          -           -          -        -          -        -            yes      -         -      retention
hold              area   yes        -           -          -        -          -        -            -        -         -      incident
tracks            area   yes        -           -          -        -          -        -            -        -         -      incident
care              area   -          -           yes        -        -          -        -            -        -         -      care
care_counts       area   yes        yes         yes        -        -          -        -            -        -         -      care
care_register     area   -          -           yes        -        -          -        -            yes      -         -      care
`
