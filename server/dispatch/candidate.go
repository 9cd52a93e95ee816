package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Candidate is a responder who could be sent, with why.
type Candidate struct {
	Responder          Responder  `json:"responder"`
	DistanceMeters     float64    `json:"distance_meters"`
	TravelSeconds      int        `json:"travel_seconds"`
	SkillsMatched      []string   `json:"skills_matched" nullable:"false"`
	OwnCommunity       bool       `json:"own_community"`
	Volunteered        bool       `json:"volunteered" doc:"They said that they can go (我能去)."`
	PositionAgeSeconds *int       `json:"position_age_seconds,omitempty" doc:"Missing where no position is known."`
	Place              Place      `json:"place" enum:"position,post" doc:"Where they are taken to be: at their last position, or at the post they signed on at."`
	Confidence         Confidence `json:"confidence" enum:"high,medium,low" doc:"How sure that place is."`
	Reasons            []Reason   `json:"reasons" nullable:"false"`
	Score              int        `json:"score" doc:"The seconds of all reasons together; the ranking's order among those on duty, and among those on call."`
	Rank               int        `json:"rank"`
	Recommended        bool       `json:"recommended" doc:"In the wave the plan would send."`
}

// Place says by what somebody's place is known.
type Place string

// The places.
const (
	PlacePosition Place = "position"
	PlacePost     Place = "post"
)

// Confidence is how sure it is that somebody is where they are taken to be.
type Confidence string

// The degrees of confidence.
const (
	ConfidenceHigh   Confidence = "high"
	ConfidenceMedium Confidence = "medium"
	ConfidenceLow    Confidence = "low"
)

// Reason is one thing that the place in the ranking comes from: a code, the
// number it speaks of, and how many seconds it adds to the travel time (less than
// none: takes off). It ranks for one incident, and no person in general.
type Reason struct {
	Code    ReasonCode `json:"code" enum:"travel,skills,own_community,position_old,position_lost,no_position,rested,tasks_lately,volunteered"`
	Number  int        `json:"number"`
	Seconds int        `json:"seconds"`
}

// ReasonCode names a reason.
type ReasonCode string

// The reasons, with what their numbers are.
const (
	ReasonTravel       ReasonCode = "travel"        // metres in a straight line
	ReasonSkills       ReasonCode = "skills"        // how many of those asked for they have
	ReasonOwnCommunity ReasonCode = "own_community" // 1
	ReasonPositionOld  ReasonCode = "position_old"  // its age in seconds
	ReasonPositionLost ReasonCode = "position_lost" // its age in seconds: they are taken to be at their post
	ReasonNoPosition   ReasonCode = "no_position"   // 0: none is known, their post stands in
	ReasonRested       ReasonCode = "rested"        // seconds since their last task ended
	ReasonTasksLately  ReasonCode = "tasks_lately"  // how many in a day
	ReasonVolunteered  ReasonCode = "volunteered"   // 1
)

// What the reasons weigh, and when they hold.
const (
	positionOld  = 5 * time.Minute  // from then on a position counts for less
	positionLost = 30 * time.Minute // from then on it counts for nothing

	oldSeconds  = 60
	lostSeconds = 180
	postSeconds = 30

	ownSeconds   = 60 // what knowing the place is worth
	skillSeconds = 30 // for each skill more than the one that is needed, to two

	volunteerSeconds = 120 // an answer that need not be waited for

	restWanted  = 2 * time.Hour // after a task
	restSeconds = 300           // right after one, less from then on
	workWindow  = 24 * time.Hour
	taskSeconds = 60 // for each task of the window, to five
)

// Work is what somebody did lately: for the ranking of one incident, to spread
// the load. It is never kept or shown by itself.
type Work struct {
	LastEnded *time.Time // of tasks within the window; nil for none
	Tasks     int        // begun within the window
}

// stand says where a person is taken to be at a time, by what, and how sure that
// is. Beyond an age a position counts for nothing and the post stands in.
func (r Responder) stand(now time.Time) (p orb.Point, by Place, sure Confidence, ok bool) {
	post := r.PostLon != nil && r.PostLat != nil
	switch {
	case r.PositionAt != nil && r.Lon != nil && r.Lat != nil:
		age := now.Sub(*r.PositionAt)
		if age > positionLost && post {
			return orb.Point{*r.PostLon, *r.PostLat}, PlacePost, ConfidenceLow, true
		}
		sure = ConfidenceHigh
		if age > positionLost {
			sure = ConfidenceLow
		} else if age > positionOld {
			sure = ConfidenceMedium
		}
		return orb.Point{*r.Lon, *r.Lat}, PlacePosition, sure, true
	case r.Lon != nil && r.Lat != nil:
		return orb.Point{*r.Lon, *r.Lat}, PlacePost, ConfidenceMedium, true
	}
	return orb.Point{}, "", "", false
}

// weigh gives a candidate's reasons for an incident and what they come to.
func weigh(c *Candidate, i Incident, skills []string, w Work, ways Ways, now time.Time) {
	r := c.Responder
	at, by, sure, ok := r.stand(now)
	if !ok {
		return
	}
	place := orb.Point{i.Lon, i.Lat}
	c.Place, c.Confidence, c.DistanceMeters, c.TravelSeconds = by, sure, geo.Distance(at, place), ways.Travel(at, place, r.Vehicle)
	c.OwnCommunity = r.AreaID == i.AreaID
	c.SkillsMatched, c.Reasons, c.Score = []string{}, []Reason{}, 0
	for _, have := range r.Skills {
		if slices.Contains(skills, have) {
			c.SkillsMatched = append(c.SkillsMatched, have)
		}
	}
	c.because(ReasonTravel, int(c.DistanceMeters), c.TravelSeconds)
	if n := len(c.SkillsMatched); n > 0 {
		c.because(ReasonSkills, n, -skillSeconds*min(n-1, 2))
	}
	if c.OwnCommunity {
		c.because(ReasonOwnCommunity, 1, -ownSeconds)
	}
	if c.Volunteered {
		c.because(ReasonVolunteered, 1, -volunteerSeconds)
	}
	c.weighPlace(now)
	if w.LastEnded != nil {
		if since := max(0, now.Sub(*w.LastEnded)); since < restWanted {
			c.because(ReasonRested, int(since.Seconds()), int(restSeconds*(1-since.Seconds()/restWanted.Seconds())))
		}
	}
	if w.Tasks > 0 {
		c.because(ReasonTasksLately, w.Tasks, taskSeconds*min(w.Tasks, 5))
	}
}

// weighPlace says how old the position is, and that none counts.
func (c *Candidate) weighPlace(now time.Time) {
	if c.Responder.PositionAt == nil {
		c.because(ReasonNoPosition, 0, postSeconds)
		return
	}
	age := max(0, int(now.Sub(*c.Responder.PositionAt).Seconds()))
	c.PositionAgeSeconds = &age
	switch {
	case c.Place == PlacePost:
		c.because(ReasonPositionLost, age, lostSeconds)
	case c.Confidence == ConfidenceLow:
		c.because(ReasonPositionOld, age, lostSeconds)
	case c.Confidence == ConfidenceMedium:
		c.because(ReasonPositionOld, age, oldSeconds)
	}
}

func (c *Candidate) because(code ReasonCode, number, seconds int) {
	c.Reasons = append(c.Reasons, Reason{code, number, seconds})
	c.Score += seconds
}

// rank orders candidates that have been weighed: on duty before on call, then by
// what their reasons come to.
func rank(candidates []Candidate) {
	slices.SortStableFunc(candidates, func(x, y Candidate) int {
		return cmp.Or(
			cmp.Compare(dutyOrder(x), dutyOrder(y)),
			cmp.Compare(x.Score, y.Score),
			cmp.Compare(x.TravelSeconds, y.TravelSeconds),
			cmp.Compare(x.Responder.ID, y.Responder.ID))
	})
}

func dutyOrder(c Candidate) int {
	if c.Responder.Duty == DutyOn {
		return 0
	}
	return 1
}

// Shortfall says what is missing for the plan's quota.
type Shortfall struct {
	Wanted        int      `json:"wanted"`
	Found         int      `json:"found"`
	Skills        []string `json:"skills" nullable:"false" doc:"One of them is needed; none: anybody."`
	RadiusMeters  float64  `json:"radius_meters"`
	Reason        string   `json:"reason" enum:"nobody_dispatchable,hazard,asked,radius,skill" doc:"What most of it comes from."`
	Dispatchable  int      `json:"dispatchable" doc:"Everybody on duty or on call where the asker may dispatch."`
	Barred        int      `json:"barred" doc:"Within the radius and with the skill, kept away by the hazard."`
	Asked         int      `json:"asked" doc:"Within the radius and with the skill, asked for this one already."`
	Unsure        int      `json:"unsure" doc:"Found, but with a position too old to go by."`
	NearestMeters *float64 `json:"nearest_meters,omitempty" doc:"How far the nearest with the skill is beyond the radius."`
}

// Recommendation is the ranked candidates for an incident.
type Recommendation struct {
	Task       TaskKind    `json:"task" enum:"direct,perimeter"`
	Candidates []Candidate `json:"candidates" nullable:"false"`
	Shortfall  *Shortfall  `json:"shortfall,omitempty"`
	Strengths  []Strength  `json:"strengths" nullable:"false" doc:"Communities of the candidates that keep a minimum on duty."`
	AsOf       time.Time   `json:"as_of"`
}

// Strength is how many a community has on duty, and keeps when the recommended go.
type Strength struct {
	AreaID   int64  `json:"area_id"`
	AreaName string `json:"area_name"`
	OnDuty   int    `json:"on_duty"`
	After    int    `json:"after" doc:"When the recommended go."`
	Minimum  int    `json:"minimum"`
}

// strengths gives the communities of candidates that keep a minimum; onDuty says
// how many an area has.
func strengths(candidates []Candidate, tree *AreaTree, onDuty func(areaID int64) int) []Strength {
	list := []Strength{}
	for _, c := range candidates {
		area, ok := tree.Area(c.Responder.AreaID)
		if !ok || area.MinimumStrength == nil || c.Responder.Duty != DutyOn {
			continue
		}
		at := slices.IndexFunc(list, func(s Strength) bool { return s.AreaID == area.ID })
		if at < 0 {
			n := onDuty(area.ID)
			at, list = len(list), append(list, Strength{AreaID: area.ID, AreaName: area.Name, OnDuty: n, After: n, Minimum: *area.MinimumStrength})
		}
		if c.Recommended {
			list[at].After--
		}
	}
	return list
}
