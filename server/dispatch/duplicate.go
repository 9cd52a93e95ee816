package dispatch

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Sighting is where, when and as what something was reported: what tells whether
// two reports are of one incident.
type Sighting struct {
	IncidentID int64
	Point      orb.Point
	TypeCode   string
	Family     string
	At         time.Time
	Lasts      time.Duration // what the type's plan gives for resolving it
	SamePhone  bool          // the number of the one that is compared with has said so
}

// Duplicate is an incident that a report may be of, with what speaks for it.
type Duplicate struct {
	Incident  Incident `json:"incident"`
	Score     float64  `json:"score" doc:"From 0 to 1; what is below the threshold is left out."`
	Meters    float64  `json:"meters" doc:"From the nearest report of it."`
	Seconds   int      `json:"seconds" doc:"Between the two."`
	SameType  bool     `json:"same_type"`
	SamePhone bool     `json:"same_phone" doc:"The same number has reported it."`
}

// What a report is weighed by. The three factors multiply: what is far away, or
// long ago, or of another kind, is no duplicate however well the rest fits. They
// are set by 99,489 real calls; see Duplicates in the README.
const (
	// DuplicateThreshold is the score from which a dispatcher is told. A hint too
	// many costs a glance, a missing one a second crew: at it, five of six hints
	// are right, and one duplicate in fifteen goes unnoticed.
	DuplicateThreshold = 0.35
	// A place halves the score each 150 metres beyond the 30 that a pin or a
	// geocoder is off by anyway.
	duplicateSlack = 30.0
	duplicateHalf  = 150.0
	// Time halves it each twelfth of what the plan gives for resolving: ten
	// minutes for a fire, six hours for a street lamp.
	duplicateShare = 12
	// One incident is often told as two kinds: a crash to one desk as hurt
	// people, to another as a blocked road.
	duplicateFamily = 0.7
	duplicateOther  = 0.5
	// The same number within the time is a witness of its own, wherever they now
	// stand: people call again, from further off.
	duplicatePhone = 0.8
)

// duplicateDisk is how many rings of cells (of resolution 9) around a report's own
// hold all that can reach the threshold by its place: 257 metres.
const duplicateDisk = 1

// DuplicateWindow gives how far back and on reports may still be of one incident:
// beyond three halvings not even place and number together reach the threshold.
func DuplicateWindow(lasts time.Duration) time.Duration { return 3 * lasts / duplicateShare }

// Likeness gives how likely two sightings are of one incident, from 0 to 1:
//
//	place x time x kind, and beside it, where the number is the same, time x 0.8
//
// each as the constants above say. It is the same whichever was first, and does
// not know whether they are right: only a person merges.
func Likeness(a, b Sighting) float64 {
	meters := geo.Distance(a.Point, b.Point)
	near := math.Exp2(-max(0, meters-duplicateSlack) / duplicateHalf)
	half := min(a.Lasts, b.Lasts) / duplicateShare
	recent := 0.0
	if half > 0 {
		recent = math.Exp2(-float64(a.At.Sub(b.At).Abs()) / float64(half))
	}
	kind := duplicateOther
	switch {
	case a.TypeCode == b.TypeCode:
		kind = 1
	case a.Family == b.Family:
		kind = duplicateFamily
	}
	score := near * recent * kind
	if a.SamePhone || b.SamePhone {
		score = 1 - (1-score)*(1-duplicatePhone*recent)
	}
	return score
}

// LikelyDuplicates gives the incidents that a report may be of, by the sighting
// of each that fits best, the likeliest first, at most so many. Their Incident
// holds the id alone.
func LikelyDuplicates(of Sighting, among []Sighting, most int) []Duplicate {
	best := map[int64]Duplicate{}
	for _, s := range among {
		score := Likeness(of, s)
		if score < DuplicateThreshold || score <= best[s.IncidentID].Score {
			continue
		}
		best[s.IncidentID] = Duplicate{Incident: Incident{ID: s.IncidentID}, Score: score, Meters: geo.Distance(of.Point, s.Point),
			Seconds: int(of.At.Sub(s.At).Abs().Seconds()), SameType: s.TypeCode == of.TypeCode, SamePhone: s.SamePhone}
	}
	list := make([]Duplicate, 0, len(best))
	for _, d := range best {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Incident.ID, b.Incident.ID))
	})
	return list[:min(most, len(list))]
}
