package dispatch

import "time"

// Overview is the wall's figures for an area and everything below it.
type Overview struct {
	AreaID      int64              `json:"area_id"`
	AsOf        time.Time          `json:"as_of"`
	Incidents   []IncidentCount    `json:"incidents" nullable:"false"`
	Today       TodayCount         `json:"today"`
	Forces      []AffiliationForce `json:"forces" nullable:"false"`
	ForcesTotal Force              `json:"forces_total" doc:"Persons, not the sum of the affiliations: a person may have several."`
	Times       []ResponseTime     `json:"times" nullable:"false"`
	Cameras     CameraRates        `json:"cameras"`
}

// IncidentCount is how many open incidents have a priority and a state.
type IncidentCount struct {
	Priority Priority      `json:"priority" enum:"critical,urgent,normal,low"`
	State    IncidentState `json:"state" enum:"reported,verified,dispatching,handling,resolved,checked,closed,rejected,merged,cancelled"`
	Count    int           `json:"count"`
}

// TodayCount is what came in and what was closed since midnight.
type TodayCount struct {
	Reported int `json:"reported"`
	Closed   int `json:"closed"`
}

// Force counts people by what they do now.
type Force struct {
	OnDuty  int `json:"on_duty"`
	OnCall  int `json:"on_call"`
	EnRoute int `json:"en_route"`
	OnScene int `json:"on_scene"`
}

// AffiliationForce is the force of one affiliation.
type AffiliationForce struct {
	Affiliation string `json:"affiliation" enum:"party_member,community_worker,grid_member,volunteer,property_staff,unit_staff"`
	Force
}

// ResponseTime compares a step's median of today with that of 30 days. A
// median is missing where its count is 0.
type ResponseTime struct {
	Name               string   `json:"name" enum:"verify,first_offer,first_acceptance,first_arrival,resolve"`
	TodayMedianSeconds *float64 `json:"today_median_seconds,omitempty"`
	TodayCount         int      `json:"today_count"`
	MonthMedianSeconds *float64 `json:"month_median_seconds,omitempty"`
	MonthCount         int      `json:"month_count"`
}

// CameraRates are the four rates, each with its numerator and denominator
// (覆盖率, 联网率, 完好率, 出图率).
type CameraRates struct {
	Coverage  Rate `json:"coverage"`
	Networked Rate `json:"networked"`
	Intact    Rate `json:"intact"`
	Picture   Rate `json:"picture"`
}

// Rate is a share, kept as its two counts.
type Rate struct {
	Numerator   int `json:"numerator"`
	Denominator int `json:"denominator"`
}

// MedianTime is the median of a step, missing where the count is 0.
type MedianTime struct {
	Name          string
	MedianSeconds *float64
	Count         int
}
