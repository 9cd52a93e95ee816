package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"yiping/geo"
)

const (
	views  = 5000
	routed = 20_000 // positions a round
)

// liveRouting compares finding the views that hold a position with a look at each of
// them. An R-tree is measured beside it, and every answer of both is compared.
func liveRouting(context.Context, string) (result, error) {
	rng := rand.New(rand.NewPCG(7, 7))
	all, bounds := make([]geo.View, views), make([]orb.Bound, views)
	index, tree := geo.NewViewIndex[int](), &rtree.RTreeG[int]{}
	for k := range all {
		// A street's part of the map, more or less.
		w, at := 0.005+rng.Float64()*0.03, orb.Point{122.3 + rng.Float64()*0.6, 38 + rng.Float64()*0.5}
		all[k] = geo.CoverView(orb.Bound{Min: at, Max: orb.Point{at.Lon() + w, at.Lat() + w*0.6}})
		index.Add(all[k], k)
		bounds[k] = all[k].Bound()
		tree.Insert(bounds[k].Min, bounds[k].Max, k)
	}
	points := make([]orb.Point, routed)
	for k := range points {
		points[k] = orb.Point{122.3 + rng.Float64()*0.6, 38 + rng.Float64()*0.5}
	}
	found := 0
	cells := perPoint(points, func(p orb.Point) { index.Find(p, func(int) { found++ }) })
	scan := perPoint(points[:routed/4], func(p orb.Point) {
		for k := range bounds {
			if bounds[k].Contains(p) {
				found++
			}
		}
	})
	boxes := perPoint(points, func(p orb.Point) {
		tree.Search(p, p, func(_, _ [2]float64, _ int) bool { found++; return true })
	})
	ours, other, err := compare(cells, scan)
	if err != nil {
		return result{}, err
	}
	again, byTree, err := compare(cells, boxes)
	if err != nil {
		return result{}, err
	}
	wrong := differ(index, bounds, points[:routed/20])
	ratio := other / ours
	return result{fmt.Sprintf("microseconds to the views of 5,000 that hold a position, against a look at each; R-tree %.2f beside %.2f; %d answers differ", byTree, again, wrong),
		ours, other, ratio, ">= 12", ratio >= 12 && again <= byTree && wrong == 0}, nil
}

// perPoint gives the microseconds that something takes for a point.
func perPoint(points []orb.Point, do func(orb.Point)) func() (float64, error) {
	return func() (float64, error) {
		began := time.Now()
		for _, p := range points {
			do(p)
		}
		return float64(time.Since(began).Nanoseconds()) / 1e3 / float64(len(points)), nil
	}
}

// differ counts points whose answer is another than that of looking at each view.
func differ(index *geo.ViewIndex[int], bounds []orb.Bound, points []orb.Point) (wrong int) {
	for _, p := range points {
		got := map[int]bool{}
		index.Find(p, func(k int) { got[k] = true })
		for k, b := range bounds {
			if b.Contains(p) != got[k] {
				wrong++
				break
			}
		}
	}
	return wrong
}
