package dispatch

import (
	"maps"
	"slices"
)

// ChoiceCount is what became of offers, by whether they went to somebody whom the
// ranking recommended.
type ChoiceCount struct {
	Offers   int `json:"offers"`
	First    int `json:"first" doc:"To the first of the ranking."`
	Outside  int `json:"outside" doc:"To somebody whom the ranking did not hold."`
	Accepted int `json:"accepted"`
	Arrived  int `json:"arrived" doc:"Those accepted who were on scene."`
}

func (c *ChoiceCount) add(o ChoiceCount) {
	c.Offers += o.Offers
	c.First += o.First
	c.Outside += o.Outside
	c.Accepted += o.Accepted
	c.Arrived += o.Arrived
}

// ChoiceFigure compares the offers to people picked by hand with those that
// followed the ranking.
type ChoiceFigure struct {
	HandPicked ChoiceCount `json:"hand_picked"`
	Ranked     ChoiceCount `json:"ranked"`
	// Predicted for the person picked, less that for the first of the ranking.
	MoreTravelSeconds *float64 `json:"more_travel_seconds,omitempty" doc:"The median of how much farther the picked were than the ranking's first, as predicted then; missing where neither is known."`
}

// ChoiceGroup is the comparison of an area and all below it, or of a type.
type ChoiceGroup struct {
	AreaID   int64  `json:"area_id,omitempty"`
	TypeCode string `json:"type_code,omitempty"`
	NameZh   string `json:"name_zh"`
	NameEn   string `json:"name_en"`
	ChoiceFigure
}

// ChoiceReason is a reason that was given for picking by hand, and how often. Whom
// it was given for, and by whom, is not told.
type ChoiceReason struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// ChoiceFigures is the report of hand-picked choices. It is made of the offers of
// the incidents that count in Figures, for as long as offers are kept.
type ChoiceFigures struct {
	By      string         `json:"by" enum:"area,type"`
	AreaID  int64          `json:"area_id"`
	Total   ChoiceFigure   `json:"total"`
	Groups  []ChoiceGroup  `json:"groups" nullable:"false" doc:"As in figures, those alone that had offers."`
	Reasons []ChoiceReason `json:"reasons" nullable:"false" doc:"The most frequent first; empty for who may not read what people write about offers."`
}

// ChoiceRow counts the offers of an area and a type, as they are stored.
type ChoiceRow struct {
	AreaID     int64
	TypeCode   string
	HandPicked bool
	ChoiceCount
	MoreTravel []int32 // seconds, of those picked by hand for whom both are known
}

// ChoiceTable adds up rows, in all and by group, in order of the groups' keys and
// without names.
func ChoiceTable(rows []ChoiceRow, by Grouping) (total ChoiceFigure, groups []ChoiceGroup) {
	type sum struct {
		ChoiceFigure
		more []int32
	}
	all, sums := &sum{}, map[FigureKey]*sum{}
	for _, r := range rows {
		key := by(r.AreaID, r.TypeCode)
		if sums[key] == nil {
			sums[key] = &sum{}
		}
		for _, s := range []*sum{all, sums[key]} {
			if r.HandPicked {
				s.HandPicked.add(r.ChoiceCount)
				s.more = append(s.more, r.MoreTravel...)
			} else {
				s.Ranked.add(r.ChoiceCount)
			}
		}
	}
	made := func(s *sum) ChoiceFigure {
		slices.Sort(s.more)
		s.MoreTravelSeconds = percentile(s.more, 0.5)
		return s.ChoiceFigure
	}
	groups = make([]ChoiceGroup, 0, len(sums))
	for _, key := range slices.SortedFunc(maps.Keys(sums), FigureKey.Compare) {
		groups = append(groups, ChoiceGroup{AreaID: key.AreaID, TypeCode: key.TypeCode, ChoiceFigure: made(sums[key])})
	}
	return made(all), groups
}
