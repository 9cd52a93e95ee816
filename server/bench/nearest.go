package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"yiping/geo"
)

const (
	people  = 100_000
	asked   = 300
	wanted  = 50
	reach   = 20_000.0 // metres
	skilled = 5        // one in so many has the skill
)

// nearest compares the fifty nearest with a skill among 100,000 from memory with
// PostGIS geography KNN and the same filter. Every answer is compared: a miss
// fails the target whatever the speed.
func nearest(ctx context.Context, url string) (result, error) {
	rng := rand.New(rand.NewPCG(1, 1))
	points := make([]orb.Point, people)
	index := geo.NewIndex[int](geo.ResolutionSearch)
	rows := make([][]any, people)
	for k := range points {
		points[k] = orb.Point{122.4 + rng.Float64()*0.4, 38.1 + rng.Float64()*0.3}
		if err := index.Set(k, points[k], tagsOf(k)...); err != nil {
			return result{}, err
		}
		rows[k] = []any{k, points[k].Lon(), points[k].Lat(), k%skilled == 0}
	}
	conn, err := connect(ctx, url, `set max_parallel_workers_per_gather = 0`, `drop table if exists bench_person`,
		`create table bench_person (id int primary key, lon float8, lat float8, skilled bool, place geography(Point, 4326))`)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.CopyFrom(ctx, []string{"bench_person"}, []string{"id", "lon", "lat", "skilled"}, copyRows(rows)); err != nil {
		return result{}, err
	}
	for _, sql := range []string{`update bench_person set place = st_makepoint(lon, lat)::geography`, `create index on bench_person using gist (place)`, `analyze bench_person`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return result{}, err
		}
	}
	froms := make([]orb.Point, asked)
	for k := range froms {
		froms[k] = orb.Point{122.4 + rng.Float64()*0.4, 38.1 + rng.Float64()*0.3}
	}
	misses := 0
	memory := func() (float64, error) {
		began := time.Now()
		for _, from := range froms {
			if got := index.Nearest(from, wanted, reach, nil, skill); len(got) != wanted {
				misses++
			}
		}
		return float64(time.Since(began).Microseconds()) / asked, nil
	}
	database := func() (float64, error) {
		began := time.Now()
		for _, from := range froms {
			var n int
			if err := conn.QueryRow(ctx, `select count(*) from (select id from bench_person where skilled
				order by place <-> st_makepoint($1, $2)::geography limit $3) q`, from.Lon(), from.Lat(), wanted).Scan(&n); err != nil {
				return 0, err
			}
		}
		return float64(time.Since(began).Microseconds()) / asked, nil
	}
	ours, other, err := compare(memory, database)
	if err != nil {
		return result{}, err
	}
	misses += bruteForce(index, points, froms)
	ratio := other / ours
	return result{fmt.Sprintf("microseconds for the 50 nearest of 100,000 with a skill, against geography KNN; %d misses", misses), ours, other, ratio, ">= 30", ratio >= 30 && misses == 0}, nil
}

// skill is the tag of those who have it, one in so many.
const skill = "skill"

func tagsOf(k int) []string {
	if k%skilled == 0 {
		return []string{skill}
	}
	return nil
}

// bruteForce counts answers that differ from looking at everybody.
func bruteForce(index *geo.Index[int], points, froms []orb.Point) int {
	misses := 0
	for _, from := range froms {
		got := index.Nearest(from, wanted, reach, nil, skill)
		all := make([]float64, 0, people/skilled)
		for k := 0; k < people; k += skilled {
			all = append(all, geo.Distance(from, points[k]))
		}
		slices.Sort(all)
		for k, found := range got {
			if found.Meters != all[k] || found.Key%skilled != 0 {
				misses++
				break
			}
		}
	}
	return misses
}

// copyRows hands rows to COPY.
func copyRows(rows [][]any) pgx.CopyFromSource { return pgx.CopyFromRows(rows) }
