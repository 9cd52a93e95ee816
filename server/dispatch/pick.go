package dispatch

import (
	"slices"
	"strings"
)

// Choice is how a sent offer stood to the ranking at that moment.
type Choice struct {
	HandPicked         bool // not among those recommended
	Rank               *int // nil for somebody the ranking did not hold
	TravelSeconds      *int
	FirstTravelSeconds *int // of the first of the ranking; nil where it was empty
}

// choice gives how a person stands to a ranking.
func (ranked Recommendation) choice(responderID int64) (c Choice, distance *float64) {
	c.HandPicked = true
	if len(ranked.Candidates) > 0 {
		c.FirstTravelSeconds = &ranked.Candidates[0].TravelSeconds
	}
	at := slices.IndexFunc(ranked.Candidates, func(k Candidate) bool { return k.Responder.ID == responderID })
	if at < 0 {
		return c, nil
	}
	k := &ranked.Candidates[at]
	c.HandPicked, c.Rank, c.TravelSeconds = !k.Recommended, &k.Rank, &k.TravelSeconds
	return c, &k.DistanceMeters
}

// needReason asks why where somebody outside the recommended is picked.
func needReason(ranked Recommendation, ids []int64, reason string) error {
	if strings.TrimSpace(reason) != "" {
		return nil
	}
	for _, id := range ids {
		if c, _ := ranked.choice(id); c.HandPicked {
			return Refuse(CodeReasonRequired, "reason")
		}
	}
	return nil
}
