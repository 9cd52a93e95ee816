package postgres

import (
	"context"
	"fmt"

	"yiping/geo"
	"yiping/server/dispatch"
)

// The tile sets. $1 $2 $3 are z, x, y; each layer is one st_asmvt, extent 4096
// with a margin for strokes. Lines and areas are simplified to the tile's own
// resolution, so that a view from afar is small.
var tiles = map[string]string{
	"base": `
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
	|| coalesce((select st_asmvt(q, 'area_label', 4096, 'geom') from (select id, level, name, geom from labels where geom is not null) q), '')`,

	"facilities": `
with box as (select st_tileenvelope($1, $2, $3) as mercator, st_transform(st_tileenvelope($1, $2, $3), 4326) as wgs),
points as (select f.id, f.kind, f.name, f.cell, f.point from facility f, box where f.point && box.wgs and f.retired_at is null)
select coalesce((select st_asmvt(q, 'facility', 4096, 'geom') from (
		select p.id, p.kind, p.name, st_asmvtgeom(st_transform(p.point, 3857), box.mercator, 4096, 64) as geom from points p, box where $1 >= 14) q), '')
	|| coalesce((select st_asmvt(q, 'facility_cluster', 4096, 'geom') from (
		select p.kind, count(*) as count, st_asmvtgeom(st_transform(st_centroid(st_collect(p.point)), 3857), box.mercator, 4096, 64) as geom
		from points p, box where $1 < 14
		group by box.mercator, p.kind, floor((st_x(p.point) + 180) * (1 << $1) / 90), floor((st_y(p.point) + 90) * (1 << $1) / 90)) q), '')`,

	"cameras": `
with box as (select st_tileenvelope($1, $2, $3) as mercator, st_transform(st_tileenvelope($1, $2, $3), 4326) as wgs),
points as (select c.* from camera c, box where c.point && box.wgs and c.retired_at is null and ($4::bigint[] is null or c.area_id = any($4)))
select coalesce((select st_asmvt(q, 'camera', 4096, 'geom') from (
		select p.id, p.name, p.place_category, p.bearing_degrees as bearing, p.view_degrees as view, p.range_meters as range,
			p.device_health as device, p.channel_health as channel, p.stream_health as stream,
			st_asmvtgeom(st_transform(p.point, 3857), box.mercator, 4096, 64) as geom from points p, box where $1 >= 14) q), '')
	|| coalesce((select st_asmvt(q, 'camera_cluster', 4096, 'geom') from (
		select count(*) as count, count(*) filter (where p.stream_health = 'up') as up,
			st_asmvtgeom(st_transform(st_centroid(st_collect(p.point)), 3857), box.mercator, 4096, 64) as geom
		from points p, box where $1 < 14
		group by box.mercator, floor((st_x(p.point) + 180) * (1 << $1) / 90), floor((st_y(p.point) + 90) * (1 << $1) / 90)) q), '')`,
}

// Tile gives a vector tile, not compressed; areaIDs narrows the cameras.
func (s *Store) Tile(ctx context.Context, set string, z, x, y int, areaIDs []int64) ([]byte, error) {
	sql, ok := tiles[set]
	if !ok {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	args := []any{z, x, y}
	if set == "cameras" {
		args = append(args, areaIDs)
	}
	var tile []byte
	if err := s.read(ctx).QueryRow(ctx, sql, args...).Scan(&tile); err != nil {
		return nil, fmt.Errorf("tile %s: %w", set, translate(err))
	}
	return tile, nil
}

// measures says what is counted by cell: the column of cells and where it is.
var measures = map[string]string{
	"incidents":  `select i.cell, count(*) as n from incident i where ` + open + ` and ($1::bigint[] is null or i.area_id = any($1)) group by 1`,
	"cameras":    `select c.cell, count(*) as n from camera c where c.retired_at is null and ($1::bigint[] is null or c.area_id = any($1)) group by 1`,
	"facilities": `select f.cell, count(*) as n from facility f where f.retired_at is null and ($1::bigint[] is null or f.area_id = any($1)) group by 1`,
}

// Cells counts a measure by cell of a resolution.
func (s *Store) Cells(ctx context.Context, measure string, resolution int, areaIDs []int64) (map[string]int, error) {
	type row struct {
		Cell int64
		N    int
	}
	sql, ok := measures[measure]
	if !ok {
		return nil, &dispatch.Error{Code: dispatch.CodeInvalid, Field: "measure"}
	}
	rows, err := many[row](ctx, s.read(ctx), sql, areaIDs)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int, len(rows))
	for _, r := range rows {
		parent, err := geo.CellFromInt64(r.Cell).Parent(resolution)
		if err != nil {
			return nil, &dispatch.Error{Code: dispatch.CodeInvalid, Field: "resolution", Err: err}
		}
		counts[parent.String()] += r.N
	}
	return counts, nil
}
