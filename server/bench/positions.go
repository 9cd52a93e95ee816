package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	movers       = 20_000 // on duty, agreed
	moverBatch   = 1000
	batchesRound = 60
	singlesRound = 1500
)

// positionRate compares positions a second that one connection writes, a
// thousand a transaction with all that decides whether each may be kept, with
// one UPDATE of the same row each that decides nothing.
func positionRate(ctx context.Context, address string) (result, error) {
	ours, other, err := positionRates(ctx, address, "bench_positions")
	ratio := ours / other
	return result{"positions a second on one connection, checked and 1,000 a transaction, against an unchecked UPDATE each", ours, other, ratio, ">= 10", ratio >= 10}, err
}

// positionRateFlushed compares the same with a flush of two milliseconds.
func positionRateFlushed(ctx context.Context, address string) (result, error) {
	ours, other, err := positionRates(ctx, address, "bench_positions_flush", flush, siblings)
	ratio := ours / other
	return result{"the same, 2 ms flush", ours, other, ratio, ">= 100", ratio >= 100}, err
}

func positionRates(ctx context.Context, address, name string, settings ...string) (ours, other float64, err error) {
	l, owner, err := openLists(ctx, address, name)
	if err != nil {
		return 0, 0, err
	}
	defer l.Close()
	conn, err := connect(ctx, owner, append(settings, `set synchronous_commit = on`)...)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	ids, err := makeMovers(ctx, conn)
	if err != nil {
		return 0, 0, err
	}
	return compare(
		func() (float64, error) { return movedTogether(ctx, conn, ids) },
		func() (float64, error) { return movedSingly(ctx, conn, ids) })
}

func makeMovers(ctx context.Context, conn *pgx.Conn) ([]int64, error) {
	for _, sql := range []string{
		`insert into area (level, name, external_id) values ('district', 'bench', 'bench')`,
		fmt.Sprintf(`insert into responder (area_id, name, post, post_cell, external_id)
			select (select id from area limit 1), 'bench', st_setsrid(st_makepoint(121, 38), 4326), 1, k::text from generate_series(1, %d) k`, movers),
		`insert into duty (responder_id, kind, origin, period, start_told) select id, 'on_duty', 'roster', tstzrange(now() - interval '1 hour', now() + interval '8 hours'), true from responder`,
		`insert into consent (responder_id, purpose, version, way, given_at) select id, 'position', 1, 'demonstration', now() - interval '1 day' from responder`,
		`vacuum (analyze)`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	rows, err := conn.Query(ctx, `select id from responder order by hashint8(id)`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

func movedTogether(ctx context.Context, conn *pgx.Conn, ids []int64) (float64, error) {
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
		var n int
		if err := conn.QueryRow(ctx, `select count(*) filter (where moved) from keep_positions($1, $2, $3, $4, $5::real[], $5::real[], $5::real[], $6, $7, false)`,
			ids[from:from+moverBatch], lon, lat, cells, none, at, now).Scan(&n); err != nil {
			return 0, err
		}
		if n != moverBatch {
			return 0, fmt.Errorf("%d of %d were kept", n, moverBatch)
		}
	}
	return perSecond(batchesRound*moverBatch, time.Since(began)), nil
}

func movedSingly(ctx context.Context, conn *pgx.Conn, ids []int64) (float64, error) {
	began := time.Now()
	for k := range singlesRound {
		now := time.Now()
		tag, err := conn.Exec(ctx, `update position set lon = $2, lat = $3, cell = $4, at = $5, received_at = $5 where responder_id = $1`, ids[k%len(ids)], 121.0, 38.0, int64(k), now)
		if err != nil {
			return 0, err
		}
		if tag.RowsAffected() != 1 {
			return 0, fmt.Errorf("nobody at %d", k)
		}
	}
	return perSecond(singlesRound, time.Since(began)), nil
}
