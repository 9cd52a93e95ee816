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
	if out.Incidents, err = many[dispatch.IncidentCount](ctx, s.pool, `select i.priority, i.state, count(*) as count from incident i
		where `+open+` and ($1::bigint[] is null or i.area_id = any($1)) group by 1, 2 order by 1, 2`, areaIDs); err != nil {
		return out, err
	}
	err = s.pool.QueryRow(ctx, `select
		(select count(*) from incident i where i.reported_at >= d.midnight and ($1::bigint[] is null or i.area_id = any($1))),
		(select count(*) from incident i where i.state = 'closed' and i.closed_at >= d.midnight and ($1::bigint[] is null or i.area_id = any($1)))
		from (select date_trunc('day', $2::timestamptz, 'Asia/Shanghai') as midnight) d`, areaIDs, now).Scan(&out.Today.Reported, &out.Today.Closed)
	if err != nil {
		return out, translate(err)
	}
	if out.Times, err = many[dispatch.ResponseTime](ctx, s.pool, selectTimes, areaIDs, now); err != nil {
		return out, err
	}
	out.Cameras, err = s.cameraRates(ctx, areaIDs)
	return out, err
}

// selectTimes gives the median seconds of each step, of today and of 30 days.
const selectTimes = `
with spans as (
	select v.name, v.seconds, i.reported_at >= date_trunc('day', $2::timestamptz, 'Asia/Shanghai') as today
	from incident i cross join lateral (values
		('verify', extract(epoch from i.verified_at - i.reported_at)),
		('first_offer', extract(epoch from i.first_offer_at - i.reported_at)),
		('first_acceptance', extract(epoch from i.first_acceptance_at - i.reported_at)),
		('first_arrival', extract(epoch from i.first_arrival_at - i.reported_at)),
		('resolve', extract(epoch from i.resolved_at - i.reported_at))) v(name, seconds)
	where i.reported_at >= $2::timestamptz - interval '30 days' and ($1::bigint[] is null or i.area_id = any($1)))
select n.name,
	percentile_cont(0.5) within group (order by s.seconds::float8) filter (where s.today) as today_median_seconds,
	count(s.seconds) filter (where s.today) as today_count,
	percentile_cont(0.5) within group (order by s.seconds::float8) as month_median_seconds,
	count(s.seconds) as month_count
from unnest(array['verify', 'first_offer', 'first_acceptance', 'first_arrival', 'resolve']) with ordinality n(name, place)
left join spans s on s.name = n.name
group by n.name, n.place order by n.place`

// cameraRates computes the four rates: sites that have a camera of all sites;
// of the cameras those whose channel is up, whose device and channel are up,
// and that give a picture.
func (s *Store) cameraRates(ctx context.Context, areaIDs []int64) (dispatch.CameraRates, error) {
	var r dispatch.CameraRates
	err := s.pool.QueryRow(ctx, `select count(s.camera_id), count(*) from site s
		where s.retired_at is null and ($1::bigint[] is null or s.area_id = any($1))`, areaIDs).Scan(&r.Coverage.Numerator, &r.Coverage.Denominator)
	if err != nil {
		return r, translate(err)
	}
	var all int
	err = s.pool.QueryRow(ctx, `select count(*), count(*) filter (where channel_health = 'up'),
		count(*) filter (where device_health = 'up' and channel_health = 'up'), count(*) filter (where stream_health = 'up')
		from camera c where c.retired_at is null and ($1::bigint[] is null or c.area_id = any($1))`, areaIDs).
		Scan(&all, &r.Networked.Numerator, &r.Intact.Numerator, &r.Picture.Numerator)
	r.Networked.Denominator, r.Intact.Denominator, r.Picture.Denominator = all, all, all
	return r, translate(err)
}
