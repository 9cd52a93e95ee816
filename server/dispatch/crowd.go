package dispatch

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Crowd is people who are too many to be named one by one: how many stand
// together, and where their middle is.
type Crowd struct {
	Lon, Lat float64
	Count    int
}

// crowdColumns is how many squares wide a view is in which people are counted.
const crowdColumns = 24

// spot is the people without a task in one cell: who they are, and the sums that
// give their middle.
type spot struct {
	center   orb.Point
	lon, lat float64
	ids      map[int64]orb.Point
}

// cellReach is more than any point of a cell of people is from its centre, metres.
const cellReach = 400

// stand puts a person without a task where they stand, or takes them away (-1).
func (t *tally) stand(r Responder, n int) {
	if r.Task != nil || r.Lon == nil || r.Lat == nil {
		return
	}
	p := orb.Point{*r.Lon, *r.Lat}
	cell, err := geo.CellOf(p, geo.ResolutionPeople)
	if err != nil {
		return
	}
	at := t.spots[cell]
	if at == nil {
		center, err := cell.Center()
		if err != nil {
			return
		}
		at = &spot{center: center, ids: map[int64]orb.Point{}}
		t.spots[cell] = at
	}
	at.lon, at.lat = at.lon+float64(n)*p[0], at.lat+float64(n)*p[1]
	if n > 0 {
		at.ids[r.ID] = p
		return
	}
	if delete(at.ids, r.ID); len(at.ids) == 0 {
		delete(t.spots, cell)
	}
}

// part gives how many of a spot's people are in a view with the sums of their
// places, without looking at each where the whole cell is.
func (s *spot) part(inner, outer, view orb.Bound) (c Crowd) {
	switch {
	case inner.Contains(s.center):
		return Crowd{s.lon, s.lat, len(s.ids)}
	case outer.Contains(s.center):
		for _, p := range s.ids {
			if view.Contains(p) {
				c = Crowd{c.Lon + p[0], c.Lat + p[1], c.Count + 1}
			}
		}
	}
	return c
}

// Look gives the people without a task in a view, of the areas that are
// accepted; where they are more than most, their numbers by squares of the view
// instead. It costs as much as there are cells with people, not people.
func (f *Forces) Look(view orb.Bound, most int, accept func(areaID int64) bool) (people []Responder, crowd []Crowd, total int) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	lat := cellReach / 111_000.0
	lon := lat / math.Max(0.01, math.Cos(view.Center()[1]*math.Pi/180))
	inner := orb.Bound{Min: orb.Point{view.Min[0] + lon, view.Min[1] + lat}, Max: orb.Point{view.Max[0] - lon, view.Max[1] - lat}}
	outer := orb.Bound{Min: orb.Point{view.Min[0] - lon, view.Min[1] - lat}, Max: orb.Point{view.Max[0] + lon, view.Max[1] + lat}}
	side := max((view.Max[0]-view.Min[0])/crowdColumns, 1e-9)
	squares := map[[2]int]Crowd{}
	var near []*spot
	for area, own := range f.tallies {
		if len(own.spots) == 0 || !accept(area) {
			continue
		}
		for _, at := range own.spots {
			c := at.part(inner, outer, view)
			if c.Count == 0 {
				continue
			}
			total += c.Count
			near = append(near, at)
			n := float64(c.Count)
			key := [2]int{int((c.Lon/n - view.Min[0]) / side), int((c.Lat/n - view.Min[1]) / side)}
			square := squares[key]
			squares[key] = Crowd{square.Lon + c.Lon, square.Lat + c.Lat, square.Count + c.Count}
		}
	}
	if total <= most {
		return f.named(near, view), nil, total
	}
	for _, c := range squares {
		crowd = append(crowd, Crowd{c.Lon / float64(c.Count), c.Lat / float64(c.Count), c.Count})
	}
	slices.SortFunc(crowd, func(a, b Crowd) int { return cmp.Or(cmp.Compare(a.Lat, b.Lat), cmp.Compare(a.Lon, b.Lon)) })
	return nil, crowd, total
}

// named gives the people of spots who stand in a view, by id.
func (f *Forces) named(near []*spot, view orb.Bound) []Responder {
	var people []Responder
	for _, at := range near {
		for id, p := range at.ids {
			if view.Contains(p) {
				people = append(people, *f.people[id])
			}
		}
	}
	slices.SortFunc(people, func(a, b Responder) int { return cmp.Compare(a.ID, b.ID) })
	return people
}
