package importer

import (
	"bytes"
	"context"
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"yiping/geo"
	"yiping/server/sheet"
)

// store is a store in memory: what it was given stays where the import was
// written.
type store struct {
	mu        sync.Mutex
	around    *Surroundings
	project   func(srid int, p Point) Point
	broken    error // of Project
	projected int
	staged    []Record
	plan      *Plan
	merged    []RowProblem // what Merge finds
	committed bool
}

func (s *store) Surroundings(_ context.Context, p *Plan) (*Surroundings, error) {
	s.plan = p
	return s.around, nil
}

func (s *store) Project(_ context.Context, srid int, points []Point) ([]Point, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.projected++; s.broken != nil {
		return nil, s.broken
	}
	out := make([]Point, len(points))
	for i, p := range points {
		out[i] = s.project(srid, p)
	}
	return out, nil
}

func (s *store) Write(_ context.Context, _ *Plan, fn func(Sink) (bool, error)) error {
	commit, err := fn(s)
	s.committed = commit && err == nil
	return err
}

func (s *store) Stage(_ context.Context, _ *Plan, records []Record) error {
	s.staged = append(s.staged, records...)
	return nil
}

func (s *store) Merge(context.Context, *Plan) (Counts, []RowProblem, error) {
	return Counts{Created: len(s.staged)}, s.merged, nil
}

// square is a boundary around a middle.
func square(lon, lat, half float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{lon - half, lat - half}, {lon + half, lat - half}, {lon + half, lat + half}, {lon - half, lat + half}, {lon - half, lat - half}}}}
}

// district is an invented one: a street with two communities, a road through
// its middle, a lake in its north-east, and what rows refer to.
func district() *store {
	s := NewSurroundings([]Area{
		{ID: 1, Level: "district", Code: "990001", Name: "示范区", Boundary: square(117.85, 36.8, 0.2)},
		{ID: 2, ParentID: 1, Level: "street", Code: "990001001", Name: "东街道", Boundary: square(117.85, 36.8, 0.15)},
		{ID: 3, ParentID: 2, Level: "community", Code: "990001001001", Name: "一社区", Aliases: []string{"老一村"}, Boundary: square(117.80, 36.8, 0.05)},
		{ID: 4, ParentID: 2, Level: "community", Code: "990001001002", Name: "二社区", Boundary: square(117.90, 36.8, 0.05)},
		{ID: 5, ParentID: 1, Level: "street", Code: "990001002", Name: "西镇"},
		{ID: 6, ParentID: 5, Level: "community", Code: "990001002001", Name: "一社区"},
	})
	s.AddRoad(orb.LineString{{117.65, 36.8}, {118.05, 36.8}})
	s.AddWater("示范湖", "lake", square(117.9, 36.802, 0.001))
	s.AddKnown("unit", Known{ID: 11, AreaID: 1, ExternalID: "u1", Names: []string{"示范物业"}})
	s.AddKnown("compound", Known{ID: 21, AreaID: 3, ExternalID: "c1", Names: []string{"示范小区"}})
	s.AddKnown("compound", Known{ID: 22, AreaID: 4, ExternalID: "c2", Names: []string{"示范小区"}})
	s.AddKnown("responder", Known{ID: 31, AreaID: 3, ExternalID: "p1", Names: []string{"张示范", "13800000001"}})
	s.AddKnown("responder", Known{ID: 32, AreaID: 4, ExternalID: "p2", Names: []string{"张示范", "13800000002"}})
	return &store{around: s, project: gauss}
}

// gauss stands for a projection: easting 500000 and northing 4000000 are
// 117, 36; the zone's number may stand before the easting.
func gauss(srid int, p Point) Point {
	x := p[0]
	if srid == 4527 {
		x -= 39_000_000
	}
	if math.Abs(x) > 2_000_000 || math.Abs(p[1]) > 9_000_000 {
		return Point{math.NaN(), math.NaN()}
	}
	return Point{117 + (x-500_000)/90_000, 36 + (p[1]-4_000_000)/111_000}
}

// imported runs an import of a text.
func imported(t *testing.T, s *store, noun, text string, o Options) (Result, error) {
	t.Helper()
	table, err := sheet.Open(bytes.NewReader([]byte(text)), int64(len(text)), sheet.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, ok := ByName(noun)
	if !ok {
		t.Fatalf("no noun %s", noun)
	}
	return Run(context.Background(), s, n, table, o, nil, nil)
}

// taken runs an import that must go through, with options left as they are.
func taken(t *testing.T, s *store, noun, text string, o Options) Result {
	t.Helper()
	result, err := imported(t, s, noun, text, o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return result
}

// codes gives what was found by line: "field code", with ! where it refuses.
func codes(problems []RowProblem) map[int][]string {
	out := map[int][]string{}
	for _, p := range problems {
		mark := "!"
		if p.Warning {
			mark = ""
		}
		out[p.Line] = append(out[p.Line], mark+p.Field+" "+p.Code)
	}
	return out
}

func fileCode(err error) string {
	var own *FileError
	if errors.As(err, &own) {
		return own.Code
	}
	return ""
}

// shifted gives a point of WGS-84 as it is in another datum.
func shifted(t *testing.T, datum string, p Point) Point {
	t.Helper()
	d, err := geo.ParseDatum(datum)
	if err != nil {
		t.Fatal(err)
	}
	out, err := geo.FromWGS84(d, p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
