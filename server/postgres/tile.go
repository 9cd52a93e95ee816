package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yiping/geo"
	"yiping/server/dispatch"
)

// baseTile is the tile of the ground. $1 $2 $3 are z, x, y; each layer is one
// st_asmvt, extent 4096 with a margin for strokes. Lines and areas are simplified
// to the tile's own resolution, so that a view from afar is small.
const baseTile = `
with box as (select st_tileenvelope($1, $2, $3) as mercator, st_transform(st_tileenvelope($1, $2, $3, margin => 0.03125), 4326) as wgs,
		40075016.7 / (1 << $1) / 4096 as pixel),
ground_shapes as (
	select g.id, g.kind, g.class, g.name, g.min_zoom, st_asmvtgeom(st_simplify(st_transform(g.shape, 3857), box.pixel * 4), box.mercator, 4096, 128) as geom
	from ground g, box where g.shape && box.wgs and g.min_zoom <= $1),
area_shapes as (
	select a.id, a.level, a.name, st_asmvtgeom(st_simplifypreservetopology(st_transform(a.boundary, 3857), box.pixel * 4), box.mercator, 4096, 128) as geom
	from area a, box where a.boundary && box.wgs and a.retired_at is null
		and (a.level in ('district', 'street') or a.level = 'community' and $1 >= 11 or a.level = 'grid' and $1 >= 15)),
labels as (
	select a.id, a.level, a.name, st_asmvtgeom(st_transform(a.center, 3857), box.mercator, 4096, 64) as geom
	from area a, box where a.center && box.wgs and a.retired_at is null
		and (a.level = 'street' and $1 < 15 or a.level = 'community' and $1 >= 13 or a.level = 'district' and $1 < 10))
select coalesce((select st_asmvt(q, 'land', 4096, 'geom') from (select class, name, geom from ground_shapes where kind = 'land' and geom is not null order by id) q), '')
	|| coalesce((select st_asmvt(q, 'green', 4096, 'geom') from (select class, name, geom from ground_shapes where kind = 'green' and geom is not null order by id) q), '')
	|| coalesce((select st_asmvt(q, 'water', 4096, 'geom') from (select class, name, geom from ground_shapes where kind = 'water' and geom is not null order by id) q), '')
	|| coalesce((select st_asmvt(q, 'building', 4096, 'geom') from (select class, geom from ground_shapes where kind = 'building' and geom is not null) q), '')
	|| coalesce((select st_asmvt(q, 'road', 4096, 'geom') from (select class, name, geom from ground_shapes where kind = 'road' and geom is not null
		order by array_position(array['service', 'residential', 'tertiary', 'secondary', 'primary', 'trunk', 'motorway'], class)) q), '')
	|| coalesce((select st_asmvt(q, 'rail', 4096, 'geom') from (select class, name, geom from ground_shapes where kind = 'rail' and geom is not null) q), '')
	|| coalesce((select st_asmvt(q, 'area', 4096, 'geom') from (select id, level, name, geom from area_shapes where geom is not null) q), '')
	|| coalesce((select st_asmvt(q, 'area_label', 4096, 'geom') from (select id, level, name, geom from labels where geom is not null) q), '')`

// BaseTile gives a vector tile of the ground, not compressed.
func (s *Store) BaseTile(ctx context.Context, z, x, y int) ([]byte, error) {
	var tile []byte
	if err := s.read(ctx).QueryRow(ctx, baseTile, z, x, y).Scan(&tile); err != nil {
		return nil, fmt.Errorf("base tile: %w", translate(err))
	}
	return tile, nil
}

// EachCamera gives the cameras in use, of some ids or (nil) all of them, for
// what the service keeps in memory; see package tile.
func (s *Store) EachCamera(ctx context.Context, ids []int64, each func(dispatch.Camera)) error {
	return eachRow(ctx, s.system(), each, selectCamera+` from camera c where c.retired_at is null and ($1::bigint[] is null or c.id = any($1))`, ids)
}

// EachFacility gives the facilities in use, as EachCamera does.
func (s *Store) EachFacility(ctx context.Context, each func(dispatch.Facility)) error {
	return eachRow(ctx, s.system(), each, selectFacility+` from facility f where f.retired_at is null`)
}

// eachRow hands over row by row what is too much to be held at once.
func eachRow[T any](ctx context.Context, q querier, each func(T), sql string, args ...any) error {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		v, err := pgx.RowToStructByNameLax[T](rows)
		if err != nil {
			return translate(err)
		}
		each(v)
	}
	return translate(rows.Err())
}

// IncidentCells counts incidents of areas (nil for everywhere) by cell of a
// resolution: those open, or those that were open at a time and were not in vain.
func (s *Store) IncidentCells(ctx context.Context, resolution int, areaIDs []int64, at *time.Time) (map[geo.Cell]int, error) {
	type row struct {
		Cell int64
		N    int
	}
	rows, err := many[row](ctx, s.read(ctx), `select i.cell, count(*) as n from incident i
		where (`+open+` or i.state = 'closed' and i.closed_at > $2) and ($2::timestamptz is null or i.reported_at <= $2)
			and ($1::bigint[] is null or i.area_id = any($1)) group by 1`, areaIDs, at)
	if err != nil {
		return nil, err
	}
	counts := make(map[geo.Cell]int, len(rows))
	for _, r := range rows {
		parent, err := geo.CellFromInt64(r.Cell).Parent(resolution)
		if err != nil {
			return nil, &dispatch.Error{Code: dispatch.CodeInvalid, Field: "resolution", Err: err}
		}
		counts[parent] += r.N
	}
	return counts, nil
}
