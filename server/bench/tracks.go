package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// trackRate compares positions a second of people whose track is kept, upserted and
// copied in one transaction, with those of people on duty: what keeping a track costs.
func trackRate(ctx context.Context, address string) (result, error) {
	l, owner, err := openLists(ctx, address, "bench_tracks")
	if err != nil {
		return result{}, err
	}
	defer l.Close()
	conn, err := connect(ctx, owner, `set synchronous_commit = on`)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = conn.Close(ctx) }()
	ids, err := makeMovers(ctx, conn)
	if err != nil {
		return result{}, err
	}
	half := len(ids) / 2
	if err := sendMovers(ctx, conn, ids[:half]); err != nil {
		return result{}, err
	}
	ours, other, err := compare(
		func() (float64, error) { return movedOnTasks(ctx, conn, ids[:half]) },
		func() (float64, error) { return movedTogether(ctx, conn, ids[half:]) })
	ratio := ours / other
	return result{"positions a second with the tracks of all kept, against people on duty whose are not", ours, other, ratio, "", true}, err
}

// sendMovers lets people be on a task and have agreed to the keeping of their track.
func sendMovers(ctx context.Context, conn *pgx.Conn, ids []int64) error {
	for _, sql := range []string{
		`insert into incident_type (code, family, name_zh, name_en) values ('bench', 'accident', 'bench', 'bench')`,
		`insert into plan (type_code, version, priority, skills, quota, hazard) values ('bench', 1, 'critical', '{}', 1, false)`,
		`insert into incident (type_code, plan_id, area_id, priority, state, state_since, point, cell, quota, reported_at)
			select 'bench', (select id from plan limit 1), (select id from area limit 1), 'critical', 'handling', now(), st_setsrid(st_makepoint(121, 38), 4326), 1, 1, now()`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	for _, sql := range []string{
		`insert into assignment (incident_id, responder_id, state, accepted_at) select (select id from incident limit 1), id, 'en_route', now() - interval '1 hour' from unnest($1::bigint[]) id`,
		`insert into consent (responder_id, purpose, version, way, given_at) select id, 'track', 1, 'demonstration', now() - interval '1 day' from unnest($1::bigint[]) id`,
	} {
		if _, err := conn.Exec(ctx, sql, ids); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, `vacuum (analyze)`)
	return err
}

func movedOnTasks(ctx context.Context, conn *pgx.Conn, ids []int64) (float64, error) {
	lon, lat, cells := make([]float64, moverBatch), make([]float64, moverBatch), make([]int64, moverBatch)
	none, at := make([]*float64, moverBatch), make([]time.Time, moverBatch)
	for k := range moverBatch {
		lon[k], lat[k], cells[k] = 121+float64(k)/1e4, 38, int64(k)
	}
	began := time.Now()
	for b := range batchesRound {
		from := b * moverBatch % len(ids)
		now := time.Now()
		for k := range at {
			at[k] = now
		}
		err := pgx.BeginFunc(ctx, conn, func(t pgx.Tx) error {
			var n int
			if err := t.QueryRow(ctx, `select least(count(*) filter (where moved), count(*) filter (where tracked_from <= $7)) from keep_positions($1, $2, $3, $4, $5::real[], $5::real[], $5::real[], $6, $7, false)`,
				ids[from:from+moverBatch], lon, lat, cells, none, at, now).Scan(&n); err != nil {
				return err
			}
			if n != moverBatch {
				return fmt.Errorf("%d of %d were kept", n, moverBatch)
			}
			_, err := t.CopyFrom(ctx, pgx.Identifier{"track_" + now.UTC().Format("20060102")}, []string{"responder_id", "lon", "lat", "accuracy_meters", "at", "received_at"},
				pgx.CopyFromSlice(moverBatch, func(k int) ([]any, error) { return []any{ids[from+k], lon[k], lat[k], nil, at[k], now}, nil }))
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return perSecond(batchesRound*moverBatch, time.Since(began)), nil
}
