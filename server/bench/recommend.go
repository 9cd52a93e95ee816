package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/rs/zerolog"

	"yiping/geo"
	"yiping/seed"
	"yiping/server/dispatch"
	"yiping/server/importer"
	"yiping/server/postgres"
)

const (
	fewPeople       = 1500
	recommendations = 300 // of each round, to each side
)

// crowded is the store of a demonstration in which others can be dispatched: so
// many people, made up, all over the district.
type crowded struct {
	*postgres.Store
	people []dispatch.Responder
}

// Dispatchable gives the people made up.
func (c crowded) Dispatchable(context.Context, time.Time, ...int64) ([]dispatch.Responder, error) {
	return c.people, nil
}

// recommend compares the 99th percentile of a whole recommendation (the incident,
// the search, what people did lately, the ranking) among 100,000 dispatchable with
// the same among 1,500, over the same database and the same incidents.
func recommend(ctx context.Context, address string) (result, error) {
	l, err := listsAt(ctx, address, "bench_recommend", 1)
	if err != nil {
		return result{}, err
	}
	defer l.Close()
	incidents, actor, err := l.verified(ctx)
	if err != nil {
		return result{}, err
	}
	var sides [2]func() (float64, error)
	for k, n := range []int{people, fewPeople} {
		svc, err := l.among(ctx, n)
		if err != nil {
			return result{}, err
		}
		sides[k] = func() (float64, error) { return worstOf(ctx, svc, actor, incidents) }
	}
	ours, other, err := compare(sides[0], sides[1])
	if err != nil {
		return result{}, err
	}
	ratio := ours / other
	return result{"milliseconds of a whole recommendation (p99) among 100,000 dispatchable, against 1,500", ours, other, ratio, "< 3", ratio < 3}, nil
}

// verified gives incidents that can be sent to, and a commander of the district.
func (l *lists) verified(ctx context.Context) ([]int64, dispatch.Actor, error) {
	areas, err := l.Areas(ctx)
	if err != nil {
		return nil, dispatch.Actor{}, err
	}
	actor := dispatch.Actor{AccountID: 1, Grants: []dispatch.Grant{{Role: dispatch.RoleCommander, AreaID: dispatch.NewAreaTree(areas).Root()}}}
	list, _, err := l.Incidents(dispatch.WithViewer(ctx, dispatch.Viewer{Everywhere: true}), dispatch.IncidentFilter{Queue: "all", Limit: 200})
	ids := make([]int64, 0, len(list))
	for _, i := range list {
		ids = append(ids, i.ID)
	}
	return ids, actor, err
}

// among makes a service in which so many people can be dispatched.
func (l *lists) among(ctx context.Context, n int) (*dispatch.Service, error) {
	areas, err := l.Areas(ctx)
	if err != nil {
		return nil, err
	}
	communities := slices.DeleteFunc(areas, func(a dispatch.Area) bool { return a.Level != dispatch.LevelCommunity || a.Lon == nil })
	rng, now, until := rand.New(rand.NewPCG(2, 2)), time.Now(), time.Now().AddDate(0, 1, 0)
	skills := importer.ChoiceValues("skill")
	store := crowded{Store: l.Store}
	for k := range n {
		home := communities[k%len(communities)]
		at := geo.Destination(orb.Point{*home.Lon, *home.Lat}, rng.Float64()*360, rng.Float64()*1500)
		r := dispatch.Responder{ID: int64(k + 1), AreaID: home.ID, Affiliations: []string{"grid_member"}, Vehicle: []string{"foot", "bicycle", "ebike", "car"}[rng.IntN(4)],
			Duty: []dispatch.DutyState{dispatch.DutyOn, dispatch.DutyOnCall}[rng.IntN(2)], Lon: &at[0], Lat: &at[1], PostLon: &at[0], PostLat: &at[1],
			PositionAt: &now, Adult: rng.IntN(10) > 0, InsuredUntil: &until}
		for _, s := range rng.Perm(len(skills))[:1+rng.IntN(3)] {
			r.Skills = append(r.Skills, skills[s])
		}
		store.people = append(store.people, r)
	}
	svc := dispatch.NewService(store, time.Now, zerolog.Nop())
	return svc, svc.Load(ctx)
}

// worstOf asks for recommendations and gives the 99th percentile in milliseconds.
func worstOf(ctx context.Context, svc *dispatch.Service, actor dispatch.Actor, incidents []int64) (float64, error) {
	took := make([]float64, 0, recommendations)
	for k := range recommendations {
		began := time.Now()
		ranked, err := svc.Recommend(ctx, actor, incidents[k%len(incidents)], dispatch.Wanted{})
		if err != nil {
			return 0, err
		}
		took = append(took, float64(time.Since(began).Microseconds())/1000)
		if len(ranked.Candidates) == 0 {
			return 0, fmt.Errorf("nobody is recommended for incident %d", incidents[k%len(incidents)])
		}
	}
	slices.Sort(took)
	fmt.Fprintf(os.Stderr, "a recommendation: median %.2f ms, p99 %.2f ms\n", took[len(took)/2], took[len(took)*99/100])
	return took[len(took)*99/100], nil
}

// listsAt makes a district of a scale in a database of its own.
func listsAt(ctx context.Context, address, name string, scale float64) (*lists, error) {
	l, owner, err := openLists(ctx, address, name)
	if err != nil {
		return nil, err
	}
	if err := l.LoadSeed(ctx, seed.Generate(seed.Options{Seed: 1, Scale: scale, Now: time.Now()})); err != nil {
		l.Close()
		return nil, err
	}
	conn, err := connect(ctx, owner)
	if err != nil {
		l.Close()
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, `vacuum (analyze)`)
	return l, err
}
