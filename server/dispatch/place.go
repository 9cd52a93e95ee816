package dispatch

import "time"

// Facility is a fixed place: service hall, shelter, clinic, hydrant, AED ...
type Facility struct {
	ID             int64    `json:"id"`
	AreaID         int64    `json:"area_id"`
	CompoundID     *int64   `json:"compound_id,omitempty"`
	Kind           string   `json:"kind"`
	Name           string   `json:"name"`
	Address        string   `json:"address"`
	Lon            float64  `json:"lon"`
	Lat            float64  `json:"lat"`
	DistanceMeters *float64 `json:"distance_meters,omitempty"`
	Version        int      `json:"version"`
}

// Health is whether one part of a camera works.
type Health string

// The healths.
const (
	HealthUp      Health = "up"
	HealthDown    Health = "down"
	HealthUnknown Health = "unknown"
)

// Camera is an entry of the inventory: where it is, what it overlooks, and
// whether device, channel and picture (出图) work, each on its own.
type Camera struct {
	ID             int64      `json:"id"`
	AreaID         int64      `json:"area_id"`
	CompoundID     *int64     `json:"compound_id,omitempty"`
	Name           string     `json:"name"`
	PlaceCategory  string     `json:"place_category" enum:"compound_gate,parking_gate,main_road,fire_lane,other"`
	FilingNumber   string     `json:"filing_number"`
	Lon            float64    `json:"lon"`
	Lat            float64    `json:"lat"`
	BearingDegrees float64    `json:"bearing_degrees"`
	ViewDegrees    float64    `json:"view_degrees"`
	RangeMeters    float64    `json:"range_meters"`
	DeviceHealth   Health     `json:"device_health" enum:"up,down,unknown"`
	ChannelHealth  Health     `json:"channel_health" enum:"up,down,unknown"`
	StreamHealth   Health     `json:"stream_health" enum:"up,down,unknown"`
	HealthAt       *time.Time `json:"health_at,omitempty"`
	DistanceMeters *float64   `json:"distance_meters,omitempty"`
	InView         bool       `json:"in_view,omitempty" doc:"Its view sector holds the place asked about."`
	Version        int        `json:"version"`
}

// Unit is an organisation that work is given to.
type Unit struct {
	ID        int64    `json:"id"`
	AreaID    int64    `json:"area_id"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind"`
	DutyPhone string   `json:"duty_phone"`
	Lon       *float64 `json:"lon,omitempty"`
	Lat       *float64 `json:"lat,omitempty"`
	Version   int      `json:"version"`
}

// Surroundings is what is near an incident.
type Surroundings struct {
	Cameras  []Camera   `json:"cameras" nullable:"false"`
	AEDs     []Facility `json:"aeds" nullable:"false"`
	Hydrants []Facility `json:"hydrants" nullable:"false"`
	Shelters []Facility `json:"shelters" nullable:"false"`
}

// FoundPlace is one hit of a search by name.
type FoundPlace struct {
	Noun     string   `json:"noun" enum:"area,compound,facility,camera,unit,road"`
	ID       int64    `json:"id"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	AreaID   int64    `json:"area_id"`
	AreaName string   `json:"area_name"`
	Lon      *float64 `json:"lon,omitempty"`
	Lat      *float64 `json:"lat,omitempty"`
}

// Installation says whose installation this is.
type Installation struct {
	District      AreaRef    `json:"district"`
	CentreName    string     `json:"centre_name"`
	Demonstration bool       `json:"demonstration"`
	MapApproval   string     `json:"map_approval"`
	Bounds        [4]float64 `json:"bounds" nullable:"false" doc:"West, south, east, north of the district."`
	State         string     `json:"state" enum:"normal,warning,response"`
	StateLevel    string     `json:"state_level"`
	StateReason   string     `json:"state_reason"`
}

// AreaRef names an area.
type AreaRef struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}
