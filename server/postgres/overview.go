package postgres

import (
	"context"

	"yiping/server/dispatch"
)

// Overview gives the wall's figures of areas (nil for everywhere) that are of
// this moment, but for the forces, which are counted in memory. Midnight is the
// district's: +08:00.
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
	times, err := s.medians(ctx, areaIDs, `date_trunc('day', $2::timestamptz, 'Asia/Shanghai')`)
	if err != nil {
		return out, err
	}
	out.Times = make([]dispatch.ResponseTime, 0, len(times))
	for _, t := range times {
		out.Times = append(out.Times, dispatch.ResponseTime{Name: t.Name, TodayMedianSeconds: t.MedianSeconds, TodayCount: t.Count})
	}
	return out, nil
}

// MonthTimes gives the median of each step of 30 days.
func (s *Store) MonthTimes(ctx context.Context, areaIDs []int64) ([]dispatch.MedianTime, error) {
	return s.medians(ctx, areaIDs, `$2::timestamptz - interval '30 days'`)
}

// medians gives the median seconds of each step of what was reported since a
// time, said in SQL. Each column is sorted by itself, which is several times
// less than one sort by step of them all.
func (s *Store) medians(ctx context.Context, areaIDs []int64, since string) ([]dispatch.MedianTime, error) {
	return many[dispatch.MedianTime](ctx, s.read(ctx), `
		with spans as (
			select date_part('epoch', i.verified_at - i.reported_at) as verify,
				date_part('epoch', i.first_offer_at - i.reported_at) as first_offer,
				date_part('epoch', i.first_acceptance_at - i.reported_at) as first_acceptance,
				date_part('epoch', i.first_arrival_at - i.reported_at) as first_arrival,
				date_part('epoch', i.resolved_at - i.reported_at) as resolve
			from incident i
			where i.reported_at >= `+since+` and ($1::bigint[] is null or i.area_id = any($1))),
		medians as (select
			array[percentile_cont(0.5) within group (order by verify), percentile_cont(0.5) within group (order by first_offer),
				percentile_cont(0.5) within group (order by first_acceptance), percentile_cont(0.5) within group (order by first_arrival),
				percentile_cont(0.5) within group (order by resolve)] as seconds,
			array[count(verify), count(first_offer), count(first_acceptance), count(first_arrival), count(resolve)] as counts
			from spans)
		select t.* from medians m cross join lateral unnest(array['verify', 'first_offer', 'first_acceptance', 'first_arrival', 'resolve'], m.seconds, m.counts)
			as t(name, median_seconds, count)`, areaIDs, s.now())
}

// CameraRates computes the four rates: sites that have a camera of all sites;
// of the cameras those whose channel is up, whose device and channel are up,
// and that give a picture.
func (s *Store) CameraRates(ctx context.Context, areaIDs []int64) (dispatch.CameraRates, error) {
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
