package postgres

import (
	"context"

	"yiping/server/dispatch"
)

// Overview gives the wall's figures of areas (nil for everywhere), but for the
// forces, which are counted in memory. Midnight is the district's: +08:00.
func (s *Store) Overview(ctx context.Context, areaID int64, areaIDs []int64) (dispatch.Overview, error) {
	now := s.now()
	out := dispatch.Overview{AreaID: areaID, AsOf: now}
	var err error
	if out.Incidents, err = many[dispatch.IncidentCount](ctx, s.read(ctx), `select i.priority, i.state, count(*) as count from incident i
		where `+open+` and ($1::bigint[] is null or i.area_id = any($1)) group by 1, 2 order by 1, 2`, areaIDs); err != nil {
		return out, err
	}
	err = s.read(ctx).QueryRow(ctx, `select
		(select count(*) from incident i where i.reported_at >= d.midnight and ($1::bigint[] is null or i.area_id = any($1))),
		(select count(*) from incident i where i.state = 'closed' and i.closed_at >= d.midnight and ($1::bigint[] is null or i.area_id = any($1)))
		from (select date_trunc('day', $2::timestamptz, 'Asia/Shanghai') as midnight) d`, areaIDs, now).Scan(&out.Today.Reported, &out.Today.Closed)
	if err != nil {
		return out, translate(err)
	}
	if out.Times, err = many[dispatch.ResponseTime](ctx, s.read(ctx), selectTimes, areaIDs, now); err != nil {
		return out, err
	}
	out.Cameras, err = s.cameraRates(ctx, areaIDs)
	return out, err
}

// selectTimes gives the median seconds of each step, of today and of 30 days:
// each column is sorted by itself, which is several times less than one sort by
// step of them all.
const selectTimes = `
with spans as (
	select i.reported_at >= date_trunc('day', $2::timestamptz, 'Asia/Shanghai') as today,
		date_part('epoch', i.verified_at - i.reported_at) as verify,
		date_part('epoch', i.first_offer_at - i.reported_at) as first_offer,
		date_part('epoch', i.first_acceptance_at - i.reported_at) as first_acceptance,
		date_part('epoch', i.first_arrival_at - i.reported_at) as first_arrival,
		date_part('epoch', i.resolved_at - i.reported_at) as resolve
	from incident i
	where i.reported_at >= $2::timestamptz - interval '30 days' and ($1::bigint[] is null or i.area_id = any($1))),
medians as (select
	array[percentile_cont(0.5) within group (order by verify) filter (where today),
		percentile_cont(0.5) within group (order by first_offer) filter (where today),
		percentile_cont(0.5) within group (order by first_acceptance) filter (where today),
		percentile_cont(0.5) within group (order by first_arrival) filter (where today),
		percentile_cont(0.5) within group (order by resolve) filter (where today)] as today_medians,
	array[count(verify) filter (where today), count(first_offer) filter (where today), count(first_acceptance) filter (where today), count(first_arrival) filter (where today), count(resolve) filter (where today)] as today_counts,
	array[percentile_cont(0.5) within group (order by verify),
		percentile_cont(0.5) within group (order by first_offer),
		percentile_cont(0.5) within group (order by first_acceptance),
		percentile_cont(0.5) within group (order by first_arrival),
		percentile_cont(0.5) within group (order by resolve)] as month_medians,
	array[count(verify), count(first_offer), count(first_acceptance), count(first_arrival), count(resolve)] as month_counts
	from spans)
select t.* from medians m cross join lateral unnest(array['verify', 'first_offer', 'first_acceptance', 'first_arrival', 'resolve'], m.today_medians, m.today_counts, m.month_medians, m.month_counts)
	as t(name, today_median_seconds, today_count, month_median_seconds, month_count)`

// cameraRates computes the four rates: sites that have a camera of all sites;
// of the cameras those whose channel is up, whose device and channel are up,
// and that give a picture.
func (s *Store) cameraRates(ctx context.Context, areaIDs []int64) (dispatch.CameraRates, error) {
	var r dispatch.CameraRates
	err := s.read(ctx).QueryRow(ctx, `select count(s.camera_id), count(*) from site s
		where s.retired_at is null and ($1::bigint[] is null or s.area_id = any($1))`, areaIDs).Scan(&r.Coverage.Numerator, &r.Coverage.Denominator)
	if err != nil {
		return r, translate(err)
	}
	var all int
	err = s.read(ctx).QueryRow(ctx, `select count(*), count(*) filter (where channel_health = 'up'),
		count(*) filter (where device_health = 'up' and channel_health = 'up'), count(*) filter (where stream_health = 'up')
		from camera c where c.retired_at is null and ($1::bigint[] is null or c.area_id = any($1))`, areaIDs).
		Scan(&all, &r.Networked.Numerator, &r.Intact.Numerator, &r.Picture.Numerator)
	r.Networked.Denominator, r.Intact.Denominator, r.Picture.Denominator = all, all, all
	return r, translate(err)
}
