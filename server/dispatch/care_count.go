package dispatch

import (
	"cmp"
	"context"
	"slices"
	"time"

	"yiping/geo"
)

// How many need care where, so that nobody can reckon out who.
//
// The danger is not one number but two: the count of a large cell less those of
// its small ones, of the district less those of the streets seen, of all
// categories less some, gives the few that were to be kept back (differencing
// between linked tables; see Hundepool et al., Statistical Disclosure Control,
// 2012, and Dwork and Roth, The Algorithmic Foundations of Differential Privacy,
// 2014, proposition 2.1, on what is made of a publication afterwards). So there is
// one publication a day, the same for everybody, and every answer is reckoned
// from it and from nothing else:
//
//   - One partition of the ground: cells of resolution 8 (about 0.7 square
//     kilometres), whoever's area they touch. A cell on a border has one number,
//     not one a side.
//   - One number a cell and category: the count rounded down to a multiple of k.
//     A count below k is 0 of them, and so is nobody at all: the two look alike.
//   - Larger cells, areas and categories together are sums of these numbers. A
//     sum tells nothing that its parts did not.
//
// What remains possible of a count that is 0 is everything from 0 to k-1,
// whatever is asked: a property test changes each such count to every other of
// these and finds all answers of the API the same. Somebody of two categories is
// counted in each, so that "all" is no count of its own.
//
// The limit: who knows that exactly one person came or went between two days and
// sees a number step learns that it stands at a multiple of k. That is why a day
// has one publication and a new record does not show at once.

// Resolutions of the counts, from one partition at the finest.
const (
	careResolution   = 8
	careResolutionUp = 6
)

// CareSpot is one person as counted: cell of resolution 9 and categories.
type CareSpot struct {
	Cell       int64
	Categories []string
}

// CareNumber is one published number.
type CareNumber struct {
	Cell     int64 // of resolution 8
	Category string
	AtLeast  int // a multiple of k, never 0
}

// CarePublication is all that is published on a day.
type CarePublication struct {
	Day     time.Time
	K       int
	Numbers []CareNumber
}

// CareCell says how many need care in a cell: at least so many and fewer than
// so many. Where at_least is 0 that is all that is known: perhaps nobody.
type CareCell struct {
	Cell    string `json:"cell"`
	AtLeast int    `json:"at_least"`
	Below   int    `json:"below" doc:"Fewer than this; k where at_least is 0 in a cell of the finest resolution and one category."`
}

// CareCounts are the counts of an area by cell.
type CareCounts struct {
	Day        string     `json:"day" doc:"Of which day they are; empty where nothing was published yet."`
	K          int        `json:"k"`
	Resolution int        `json:"resolution"`
	Category   string     `json:"category" doc:"Empty for all: somebody of two categories counts in each."`
	Cells      []CareCell `json:"cells" nullable:"false" doc:"Every cell that the areas touch, also those with nobody."`
}

// PublishedCare reckons what is published of how people are spread.
func PublishedCare(spots []CareSpot, k int) ([]CareNumber, error) {
	type place struct {
		cell     int64
		category string
	}
	counts := map[place]int{}
	for _, s := range spots {
		cell, err := geo.CellFromInt64(s.Cell).Parent(careResolution)
		if err != nil {
			return nil, &Error{Code: CodeInternal, Err: err}
		}
		for _, category := range s.Categories {
			counts[place{cell.Int64(), category}]++
		}
	}
	var numbers []CareNumber
	for p, n := range counts {
		if n >= k {
			numbers = append(numbers, CareNumber{p.cell, p.category, n - n%k})
		}
	}
	slices.SortFunc(numbers, func(a, b CareNumber) int {
		return cmp.Or(cmp.Compare(a.Cell, b.Cell), cmp.Compare(a.Category, b.Category))
	})
	return numbers, nil
}

// CountCare reckons an answer from a publication: of the cells that areas touch
// (resolution 9), at a resolution, of a category ("" for all).
func CountCare(p CarePublication, cells []int64, resolution int, category string) (CareCounts, error) {
	out := CareCounts{K: p.K, Resolution: resolution, Category: category, Cells: []CareCell{}}
	if p.K == 0 {
		return out, nil
	}
	out.Day = p.Day.Format(time.DateOnly)
	if resolution < careResolutionUp || resolution > careResolution {
		return out, Refuse(CodeInvalid, "resolution")
	}
	if category != "" && !slices.Contains(CareCategories, category) {
		return out, Refuse(CodeInvalid, "category")
	}
	parts := len(CareCategories)
	if category != "" {
		parts = 1
	}
	known := map[int64]int{}
	for _, n := range p.Numbers {
		if category == "" || n.Category == category {
			known[n.Cell] += n.AtLeast
		}
	}
	base, err := parents(cells, careResolution)
	if err != nil {
		return out, err
	}
	sums := map[geo.Cell]*CareCell{}
	for _, cell := range base {
		up, err := cell.Parent(resolution)
		if err != nil {
			return out, &Error{Code: CodeInternal, Err: err}
		}
		sum := sums[up]
		if sum == nil {
			sum = &CareCell{Cell: up.String(), Below: 1}
			sums[up] = sum
		}
		sum.AtLeast += known[cell.Int64()]
		sum.Below += known[cell.Int64()] + parts*(p.K-1)
	}
	for _, sum := range sums {
		out.Cells = append(out.Cells, *sum)
	}
	slices.SortFunc(out.Cells, func(a, b CareCell) int { return cmp.Compare(a.Cell, b.Cell) })
	return out, nil
}

// parents gives the cells of a coarser resolution that cells lie in, each once.
func parents(cells []int64, resolution int) ([]geo.Cell, error) {
	seen := map[geo.Cell]bool{}
	var out []geo.Cell
	for _, n := range cells {
		up, err := geo.CellFromInt64(n).Parent(resolution)
		if err != nil {
			return nil, &Error{Code: CodeInternal, Err: err}
		}
		if !seen[up] {
			seen[up] = true
			out = append(out, up)
		}
	}
	return out, nil
}

// CareCounts gives how many need care in areas (nil for everywhere) by cell.
func (s *Service) CareCounts(ctx context.Context, areaIDs []int64, resolution int, category string) (CareCounts, error) {
	p, err := s.store.CareCounts(ctx)
	if err != nil {
		return CareCounts{}, err
	}
	cells, err := s.store.AreaCells(ctx, areaIDs)
	if err != nil {
		return CareCounts{}, err
	}
	return CountCare(p, cells, resolution, category)
}

// PublishCare publishes the counts of the day where they are not yet. A day
// ends at midnight in China.
func (s *Service) PublishCare(ctx context.Context) error {
	day := s.now().In(rosterZone).Format(time.DateOnly)
	known, err := s.store.CareCounts(ctx)
	if err != nil || known.K != 0 && known.Day.Format(time.DateOnly) == day {
		return err
	}
	return s.store.Transact(ctx, func(ctx context.Context, tx Tx) error { return tx.PublishCare(ctx, day, s.care.K) })
}
