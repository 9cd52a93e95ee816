package dispatch

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// careAnswers gives every answer that the API allows of how people are spread:
// each area and all of them, each resolution, each category and all of them.
func careAnswers(t *testing.T, spots []CareSpot, areas [][]int64, k int, publish func([]CareSpot, int) ([]CareNumber, error)) string {
	t.Helper()
	numbers, err := publish(spots, k)
	if err != nil {
		t.Fatal(err)
	}
	p := CarePublication{Day: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), K: k, Numbers: numbers}
	var all []CareCounts
	for _, area := range areas {
		for resolution := careResolutionUp; resolution <= careResolution; resolution++ {
			for _, category := range append([]string{""}, CareCategories...) {
				counts, err := CountCare(p, area, resolution, category)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, counts)
			}
		}
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// careTown spreads people over some cells of three areas that share a border.
func careTown(r *rand.Rand) (spots []CareSpot, areas [][]int64) {
	areas = make([][]int64, 4)
	for n := range 60 {
		cell, err := geo.CellOf(orb.Point{121 + float64(n%10)*0.004, 38 + float64(n/10)*0.004}, geo.ResolutionPeople)
		if err != nil {
			panic(err)
		}
		home := n % 10 / 4
		areas[home] = append(areas[home], cell.Int64())
		areas[3] = append(areas[3], cell.Int64())
		for range r.IntN(5) {
			s := CareSpot{Cell: cell.Int64(), Categories: []string{CareCategories[r.IntN(3)]}}
			if other := CareCategories[r.IntN(len(CareCategories))]; r.IntN(3) == 0 && other != s.Categories[0] {
				s.Categories = append(s.Categories, other)
			}
			spots = append(spots, s)
		}
	}
	return spots, areas
}

// withCount gives the same people, but so many of a category in a cell of the
// published resolution.
func withCount(spots []CareSpot, base geo.Cell, category string, n int) []CareSpot {
	var out []CareSpot
	var fine int64
	for _, s := range spots {
		up, _ := geo.CellFromInt64(s.Cell).Parent(careResolution)
		if up == base {
			fine = s.Cell
			s.Categories = slices.DeleteFunc(slices.Clone(s.Categories), func(c string) bool { return c == category })
		}
		out = append(out, s)
	}
	for range n {
		out = append(out, CareSpot{Cell: fine, Categories: []string{category}})
	}
	return out
}

// distinguished says whether any answer tells one possible count below k from
// another.
func distinguished(t *testing.T, spots []CareSpot, areas [][]int64, k int, publish func([]CareSpot, int) ([]CareNumber, error)) bool {
	t.Helper()
	counts := map[CareNumber]int{}
	cells, err := parents(areas[3], careResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spots {
		up, _ := geo.CellFromInt64(s.Cell).Parent(careResolution)
		for _, c := range s.Categories {
			counts[CareNumber{Cell: up.Int64(), Category: c}]++
		}
	}
	before := careAnswers(t, spots, areas, k, publish)
	for _, cell := range cells {
		for _, category := range CareCategories[:4] {
			if counts[CareNumber{Cell: cell.Int64(), Category: category}] >= k || !slices.ContainsFunc(spots, func(s CareSpot) bool {
				up, _ := geo.CellFromInt64(s.Cell).Parent(careResolution)
				return up == cell
			}) {
				continue
			}
			for n := range k {
				if careAnswers(t, withCount(spots, cell, category, n), areas, k, publish) != before {
					return true
				}
			}
		}
	}
	return false
}

// TestNobodyIsFoundOut: whatever is asked, all counts below k stay possible, so
// that no difference of answers tells one of them.
func TestNobodyIsFoundOut(t *testing.T) {
	for seed := range uint64(4) {
		spots, areas := careTown(rand.New(rand.NewPCG(seed, 1)))
		if distinguished(t, spots, areas, 5, PublishedCare) {
			t.Errorf("seed %d: a count below k is told", seed)
		}
	}
	// The test would notice: exact sums beside suppressed parts tell.
	spots, areas := careTown(rand.New(rand.NewPCG(1, 1)))
	leaky := func(spots []CareSpot, _ int) ([]CareNumber, error) { return PublishedCare(spots, 1) }
	if !distinguished(t, spots, areas, 5, leaky) {
		t.Error("exact counts went unnoticed")
	}
}

// TestCareCountsAreTrue: what is told holds of how people are spread, every cell
// is there whether anybody lives in it or not, and bad questions are refused.
func TestCareCountsAreTrue(t *testing.T) {
	spots, areas := careTown(rand.New(rand.NewPCG(9, 1)))
	numbers, err := PublishedCare(spots, 5)
	if err != nil {
		t.Fatal(err)
	}
	p := CarePublication{Day: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), K: 5, Numbers: numbers}
	for resolution := careResolutionUp; resolution <= careResolution; resolution++ {
		for _, category := range append([]string{""}, CareCategories...) {
			got, err := CountCare(p, areas[3], resolution, category)
			if err != nil {
				t.Fatal(err)
			}
			truth := map[string]int{}
			for _, s := range spots {
				up, _ := geo.CellFromInt64(s.Cell).Parent(resolution)
				for _, c := range s.Categories {
					if category == "" || c == category {
						truth[up.String()]++
					}
				}
			}
			cells, _ := parents(areas[3], resolution)
			if len(got.Cells) != len(cells) {
				t.Fatalf("%d cells, want %d", len(got.Cells), len(cells))
			}
			for _, c := range got.Cells {
				if n := truth[c.Cell]; n < c.AtLeast || n >= c.Below {
					t.Errorf("resolution %d, %q: %d is not in [%d, %d)", resolution, category, n, c.AtLeast, c.Below)
				}
			}
		}
	}
	for _, bad := range []struct {
		resolution int
		category   string
	}{{9, ""}, {5, ""}, {8, "rich"}} {
		if _, err := CountCare(p, areas[0], bad.resolution, bad.category); CodeOf(err) != CodeInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
