package dispatch

import (
	"cmp"
	"slices"

	"yiping/geo"
)

// tallies are the numbers of the forces by the area people are registered in,
// kept with every change: a figure costs as much as there are areas and cells,
// however many people.
type tallies map[int64]*tally

// tally is the numbers of one area.
type tally struct {
	total Force
	by    map[string]Force // by affiliation
	cells map[geo.Cell]int // of people whose place is known
	spots map[geo.Cell]*spot
}

// add counts a person in (1) or out (-1). Somebody on a task counts as en route
// or on scene and no longer as on duty.
func (t tallies) add(r Responder, n int) {
	own := t[r.AreaID]
	if own == nil {
		own = &tally{by: map[string]Force{}, cells: map[geo.Cell]int{}, spots: map[geo.Cell]*spot{}}
		t[r.AreaID] = own
	}
	own.total = own.total.with(r, n)
	for _, a := range r.Affiliations {
		own.by[a] = own.by[a].with(r, n)
	}
	own.stand(r, n)
	if r.Cell == "" {
		return
	}
	if c, err := geo.ParseCell(r.Cell); err == nil {
		if own.cells[c] += n; own.cells[c] == 0 {
			delete(own.cells, c)
		}
	}
}

// of gives the tallies of areas, nil for everywhere.
func (t tallies) of(areaIDs []int64) []*tally {
	var list []*tally
	if areaIDs == nil {
		for _, own := range t {
			list = append(list, own)
		}
		return list
	}
	for _, id := range areaIDs {
		if own := t[id]; own != nil {
			list = append(list, own)
		}
	}
	return list
}

func (f Force) with(r Responder, n int) Force {
	switch {
	case r.Task != nil && r.Task.State == AssignmentOnScene:
		f.OnScene += n
	case r.Task != nil:
		f.EnRoute += n
	case r.Duty == DutyOn:
		f.OnDuty += n
	case r.Duty == DutyOnCall:
		f.OnCall += n
	}
	return f
}

func (f Force) plus(g Force) Force {
	return Force{f.OnDuty + g.OnDuty, f.OnCall + g.OnCall, f.EnRoute + g.EnRoute, f.OnScene + g.OnScene}
}

// Count counts people by affiliation and in all, of areas (each named once),
// nil for everywhere.
func (f *Forces) Count(areaIDs []int64) (by []AffiliationForce, total Force) {
	counts := map[string]Force{}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, own := range f.tallies.of(areaIDs) {
		total = total.plus(own.total)
		for a, n := range own.by {
			counts[a] = counts[a].plus(n)
		}
	}
	by = []AffiliationForce{}
	for a, n := range counts {
		if n != (Force{}) {
			by = append(by, AffiliationForce{a, n})
		}
	}
	slices.SortFunc(by, func(a, b AffiliationForce) int { return cmp.Compare(a.Affiliation, b.Affiliation) })
	return by, total
}

// ByCell counts people of areas (each named once), nil for everywhere, by cell
// of a resolution.
func (f *Forces) ByCell(resolution int, areaIDs []int64) (map[geo.Cell]int, error) {
	sums := map[geo.Cell]int{}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, own := range f.tallies.of(areaIDs) {
		for cell, n := range own.cells {
			parent, err := cell.Parent(resolution)
			if err != nil {
				return nil, &Error{Code: CodeInvalid, Field: "resolution", Err: err}
			}
			sums[parent] += n
		}
	}
	return sums, nil
}
