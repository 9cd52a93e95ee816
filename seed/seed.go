// Package seed makes the demonstration district: a place that does not exist,
// put into the open Yellow Sea so that nobody can lay it over a real one, with
// invented names, codes and people. The same options give the same bytes.
//
// The package is pure: it returns Go values and knows no database. Package
// postgres loads them. Coordinates are WGS-84, longitude first, rounded to
// seven decimals (about a centimetre).
package seed

import (
	"time"

	"github.com/paulmach/orb"
)

// Source is written to the source column of everything made here.
const Source = "demonstration"

// None stands for no reference where a field holds an index.
const None = -1

// Options say how much is made, and as of when.
type Options struct {
	Seed  uint64    // any number; the same one gives the same district
	Scale float64   // multiplies people, facilities and devices, by half what is beyond 1 cameras, by its root incidents; 0 means 1
	Now   time.Time // what the past month and the rosters are counted from
}

// District is everything there is. References between its parts are indices
// into its slices; None where there is nothing to refer to.
type District struct {
	Name          string
	Code          string
	CentreName    string
	Bounds        orb.Bound
	Areas         []Area // parents before their children; the first is the district
	Units         []Unit
	Compounds     []Compound
	Buildings     []Building // of one compound behind each other
	Facilities    []Facility
	Cameras       []Camera
	Sites         []Site
	Devices       []Device
	Ground        []Feature
	Organisations []Organisation // parents before their children
	Responders    []Responder
	CareRecords   []CareRecord
	Shifts        []Shift
	Teams         []Team
	Rotations     []Rotation
	Holidays      []Holiday
	Duties        []Duty         // of one responder behind each other, by their start
	Types         []IncidentType // parents before their children
	Incidents     []Incident     // by the time they were reported
	Events        []Event        // in the order they happened
	Logins        []Login
}

// Area is a node of the tree. Areas of one level share the vertices of their
// common borders, and children tile their parent.
type Area struct {
	Parent   int // index into Areas
	Level    string
	Code     string
	Name     string
	Aliases  []string
	Boundary orb.MultiPolygon
	Center   orb.Point
	Minimum  int // how many on duty it keeps back; 0 for no such number
}

// Unit is an organisation that work is given to.
type Unit struct {
	Area      int
	Name      string
	Kind      string
	DutyPhone string // begins with 000, which no exchange connects
	Point     orb.Point
}

// Compound is a residential compound (小区).
type Compound struct {
	Area     int // its community
	Name     string
	Aliases  []string
	Address  string
	Property int // index into Units, or None
	Boundary orb.MultiPolygon
	Point    orb.Point
}

// Facility is a fixed place of one of the kinds in facilities.go.
type Facility struct {
	Area       int
	Compound   int // or None
	Kind       string
	Name       string
	Address    string
	Point      orb.Point
	Attributes map[string]string
}

// Camera is an entry of the camera inventory.
type Camera struct {
	Area     int
	Compound int // or None
	Owner    int // index into Units
	Name     string
	Category string
	Filing   string
	Point    orb.Point
	Bearing  float64 // degrees clockwise from north, below 360
	View     float64 // degrees of opening
	Range    float64 // metres
	Device   string  // up, down or unknown, as the two below
	Channel  string
	Stream   string
	HealthAt time.Time
}

// Site is a point that should have a camera.
type Site struct {
	Area     int
	Compound int // or None
	Camera   int // or None: the gap that the rates show
	Name     string
	Category string
	Point    orb.Point
}

// Feature is a piece of the ground: what the base map draws.
type Feature struct {
	Kind    string // road, rail, water, green, building or land
	Class   string
	Name    string
	MinZoom int
	Shape   orb.Geometry
}

// Organisation is a Party organisation of an area.
type Organisation struct {
	Parent int // index into Organisations, or None
	Area   int
	Name   string
}

// Responder is a person who can be dispatched. Everybody's given name begins
// with 示, so that no name here is a real person's.
type Responder struct {
	Area         int // registered community
	Home         int // community they live in
	Organisation int // or None
	Name         string
	Phone        string // begins with 000
	Vehicle      string
	Post         orb.Point
	Affiliations []Affiliation
	Skills       []Skill
	Adult        bool
	InsuredUntil time.Time // last day of accident insurance; zero: none
}

// Affiliation says what a responder belongs to.
type Affiliation struct {
	Kind  string
	Unit  int // index into Units, or None
	Since time.Time
}

// Skill is something a responder is trained in.
type Skill struct {
	Name       string
	ValidUntil time.Time // zero: does not lapse
}

// Duty is a period of duty of a responder.
type Duty struct {
	Responder int
	Rotation  int       // that it follows from, or None
	Day       time.Time // midnight UTC of the day in Beijing on which it starts
	Kind      string    // on_duty or on_call
	Origin    string    // roster or self
	Start     time.Time
	End       time.Time
	Post      orb.Point // zero: none stated
}

// Login is an account that the first run may make for a demonstration.
type Login struct {
	Role      string
	Username  string
	Display   string
	Area      int
	Responder int // or None
}

// Generate makes the district.
func Generate(o Options) *District {
	if o.Scale <= 0 {
		o.Scale = 1
	}
	o.Now = o.Now.UTC().Truncate(time.Second)
	b := &builder{options: o, District: &District{Name: districtName, Code: districtCode, CentreName: "示范区指挥中心"}}
	b.drawAreas()
	b.drawWater()
	b.drawHighways()
	b.settle(true)
	b.drawMains()
	b.drawJunctions()
	b.settle(false)
	b.drawTown()
	b.drawVillages()
	b.drawStreets()
	b.drawCountryRoads()
	b.drawGreen()
	b.sortGround()
	b.blocksAt = b.blocksByPlace()
	b.houses = b.housesByCompound()
	b.addUnits()
	b.addFacilities()
	b.addCameras()
	b.addDevices()
	b.addOrganisations()
	b.addResponders()
	b.addDuties()
	b.addCare()
	b.Types = Types()
	b.addIncidents()
	b.addLogins()
	return b.District
}

// builder holds the district in the making with the plane figures that the
// later steps need from the earlier ones.
type builder struct {
	*District
	options  Options
	town     town
	mesh     *mesh
	places   []place         // communities, in the order of the mesh's faces
	index    *locator        // finds the community of a point
	river    []vec           // centre line of the main river, downstream
	closed   [][]vec         // ground, besides lakes, that no country road crosses
	streams  [][]vec         // centre lines of the tributaries
	waters   [][]vec         // lakes and reservoir, outer rings
	blocks   []block         // of the town and the towns' seats
	through  [2][]float64    // where the second streets cut the lattice's columns and rows
	blocksAt map[int][]block // blocks of each place
	branch   []int           // Party organisation of each area
	gates    []gate          // of compounds
	homes    *random         // what the houses of compounds are like
	houses   [][]Building    // of each compound
	highways []road
	lines    []road         // every road, in metres
	names    map[string]int // names used, with how often
}

// random gives the stream of one subject, so that a change in one subject
// leaves the others as they were.
func (b *builder) random(subject string) *random { return newRandom(b.options.Seed, subject) }
