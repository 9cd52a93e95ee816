-- +goose Up
-- Where somebody went on a task, kept for some days for those who look back at an
-- incident: by a consent of its own, on a task alone, and never on duty without one.
alter table consent_text drop constraint consent_text_purpose;
alter table consent_text add constraint consent_text_purpose check (purpose in ('position', 'track'));

insert into consent_text (purpose, version, since, binding_from, zh, en) values ('track', 1, '2026-01-01', '2026-01-01',
'任务轨迹单独同意书（第 1 版）

突发事件处置结束后，为复盘力量到场的路线和时间、优化预案和力量布点，并在需要时还原处置经过、维护您的权益，本系统需要保存您执行任务期间的行动轨迹。行踪轨迹属于敏感个人信息，依法须取得您的单独同意。本同意书独立于《位置信息单独同意书》，您可以只同意其中一份。

一、处理的内容：仅限您接受任务之后、任务结束之前，手机上报的位置、时间和精度；您同意本同意书之前的不保存。
二、不做的事：没有任务时不保存，值守、备勤期间也不保存；不用于考勤、考核，不用于其他目的，不向外单位提供，不在大屏展示。
三、谁能看到：您本人；任务结束后，事件所在辖区的指挥员，每次查看须填写事由，并记入审计，您可以查到谁在何时因何事由看过。
四、保存多久：自收到之日起不超过 30 日，到期自动销毁。
五、您的权利：您可以不同意，不影响值守、接单和服务时长；同意后可随时撤回，撤回后立即停止保存并删除已有轨迹；您可以查阅、复制自己的轨迹。',
'Separate consent to the keeping of your track on tasks (version 1)

After an emergency the system needs the way you went on your task: to look back at how and when those who were sent arrived, to better plans and posts, and to show what you did should you need it shown. Where you go is sensitive personal information and needs your separate consent. This consent is apart from that to the use of your position: you may give one and not the other.

1. What: the positions your phone sends, with time and accuracy, after you accepted a task and before it ends, and only then; nothing from before this consent.
2. What not: nothing without a task, on duty or on call; never for attendance or assessment, for no other purpose, to no other organisation, on no wall.
3. Who sees it: you; and, once the task has ended, the commanders of the area of the incident, each time for a reason and on record, and you can see who looked, when and why.
4. How long: 30 days at most from when it was received, then it is destroyed by itself.
5. Your rights: you may refuse, and can be on duty, take tasks and earn hours all the same; you may withdraw at any time, which deletes the track at once; you may see and copy your track.');

insert into retention_rule (what, position, counts_from, days, least_days, most_days, basis_zh, basis_en) values
('tracks', 11, 'received', 30, 1, 30, '个人信息保护法第二十八条、第二十九条：行踪轨迹为敏感个人信息，经单独同意、仅供事件复盘', 'PIPL 28, 29: where somebody goes is sensitive; by a separate consent, to look back at incidents');

insert into processing_purpose (name, basis, categories, sensitive, handlers, retention) values
('任务轨迹复盘', '个人信息保护法第二十九条（单独同意）', '执行任务期间手机上报的位置、时间、精度', true, '本人；任务结束后事件所在辖区的指挥员，逐次说明事由', '自收到起按“任务轨迹”期限销毁，撤回同意即删');

alter table unmasking drop constraint unmasking_step;
alter table unmasking add constraint unmasking_step check (step in ('unmask', 'find', 'export', 'tracks'));

-- Many rows, copied in as they come and dropped by the day (UTC) on which they were
-- received. No foreign key: it would ask for each row; who erases a person deletes theirs.
create table track (
    responder_id    bigint not null,
    lon             double precision not null,
    lat             double precision not null,
    accuracy_meters real,
    at              timestamptz not null,
    received_at     timestamptz not null
) partition by range (received_at);
create index track_responder on track (responder_id, at);
comment on table track is 'Positions on tasks. A phone that repeats a batch leaves a row twice: who reads takes one of each time.';

-- The application's role has no part in it: commanders and the person read through
-- the system, which writes the record of it first.
call guard_table('track');
revoke update, delete on track from yiping_system;

-- PostgreSQL refuses to COPY into a table with row-level security, so that rows are
-- copied into the day's partition, which has none and no rights but the system's to
-- add: nobody reads it but through the guarded table. Attaching locks out nobody who
-- writes.
-- +goose StatementBegin
create function make_track_partition(day date) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    part   constant text := 'track_' || to_char(day, 'YYYYMMDD');
    opens  constant timestamptz := day::timestamp at time zone 'UTC';
    closes constant timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
    if day not between (now() at time zone 'UTC')::date - 1 and (now() at time zone 'UTC')::date + 2 then
        raise exception 'no track is received on %', day using errcode = 'restrict_violation';
    end if;
    if to_regclass(part) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(2037411700);
    execute format('create table %I (like track including defaults)', part);
    execute format('revoke all on %I from public, yiping_app, yiping_system', part);
    execute format('grant insert on %I to yiping_system', part);
    execute format('alter table track attach partition %I for values from (%L) to (%L)', part, opens, closes);
exception when duplicate_table then -- another node did, while this one waited for it
    null;
end $$;

-- Drops days that are over and began before a time, the oldest first and no further
-- than one that held something, and says how many rows that were. One node at a time.
create function drop_tracks(until timestamptz) returns bigint
language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '5s' as $$
declare
    part text;
    held bigint := 0;
begin
    if not pg_try_advisory_xact_lock(2037411701) then
        return 0;
    end if;
    for part in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        cross join lateral to_date(substr(c.relname, 7), 'YYYYMMDD') day
        where i.inhparent = 'track'::regclass and day < (now() at time zone 'UTC')::date and day::timestamp at time zone 'UTC' <= until
        order by day
    loop
        execute format('select count(*) from %I', part) into held;
        execute format('drop table %I', part);
        exit when held > 0;
    end loop;
    return held;
end $$;

-- Deletes somebody's track from a time on.
create function drop_track(who bigint, since timestamptz) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from track where responder_id = who and at > since;
$$;

-- Deletes the tracks of those whose consent is to a text that holds no more.
create function drop_lapsed_tracks(now_is timestamptz) returns void
language sql security definer set search_path = public, pg_temp as $$
    delete from track where responder_id = any (array(select c.responder_id from consent c where c.purpose = 'track' and c.ended_at is null
        and c.version < (select max(x.version) from consent_text x where x.purpose = 'track' and x.binding_from <= now_is)));
$$;
-- +goose StatementEnd
revoke all on function make_track_partition(date), drop_tracks(timestamptz), drop_track(bigint, timestamptz), drop_lapsed_tracks(timestamptz) from public;
grant execute on function make_track_partition(date), drop_tracks(timestamptz), drop_track(bigint, timestamptz), drop_lapsed_tracks(timestamptz) to yiping_system;
grant execute on function drop_track(bigint, timestamptz) to yiping_app; -- of commands, which say whose
select make_track_partition((now() at time zone 'UTC')::date), make_track_partition((now() at time zone 'UTC')::date + 1);

-- Whether somebody is on duty is asked for each position.
create index duty_on on duty (responder_id) include (period) where kind = 'on_duty' and not end_told;

-- As before, for tracks too. It gives whose position may be kept, with their area;
-- whose was newer than what was there; and of whom points within which times are of
-- their track: tasks of the last day, since they agreed. A phone that comes back from
-- where there was no network may have told of the task's end first.
-- The three are rows one after another: joined, they would be compared each with each,
-- since the planner takes an array for ten.
drop function keep_positions;
-- +goose StatementBegin
create function keep_positions(who bigint[], its_lon double precision[], its_lat double precision[], its_cell bigint[], accuracy real[], heading real[], speed real[],
    taken timestamptz[], now_is timestamptz, patient boolean)
    returns table (id bigint, area bigint, moved boolean, tracked_from timestamptz, tracked_until timestamptz) language plpgsql as $$
declare
    got  boolean[]; -- of each whether its lock was
    held bigint[];
begin
    if patient then
        perform pg_advisory_xact_lock_shared(2037411692, (w % 2147483647)::int) from (select w from unnest(who) w order by w) x;
        got := array_fill(true, array[cardinality(who)]);
        held := who;
    else
        got := array(select pg_try_advisory_xact_lock_shared(2037411692, (w % 2147483647)::int) from unnest(who) with ordinality x (w, k) order by k);
        held := array(select w from unnest(who, got) x (w, yes) where yes);
    end if;
    return query
    with able as materialized (
        select g.*, r.area_id
        from unnest(who, its_lon, its_lat, its_cell, accuracy, heading, speed, taken, got) as g (id, lon, lat, cell, accuracy, heading, speed, at, got)
        join responder r on r.id = g.id
        cross join lateral (select g.at + interval '2 minutes' as earliest) e -- a phone's clock may be behind
        where g.got
        -- end_told: the duty may have ended since the caller looked at the clock.
        and (exists (select 1 from duty d where d.responder_id = g.id and d.kind = 'on_duty' and d.period @> now_is and not d.end_told and lower(d.period) <= e.earliest)
            or exists (select 1 from assignment s where s.responder_id = g.id and s.state in ('accepted', 'en_route', 'on_scene') and s.accepted_at <= e.earliest))
        and exists (select 1 from consent c where c.responder_id = g.id and c.purpose = 'position' and c.ended_at is null and c.given_at <= e.earliest
            and c.version >= (select coalesce(max(x.version), 0) from consent_text x where x.purpose = 'position' and x.binding_from <= now_is))
    ), put as (
        insert into position as p (responder_id, area_id, lon, lat, cell, accuracy_meters, heading_degrees, speed_mps, at, received_at)
        select a.id, a.area_id, a.lon, a.lat, a.cell, a.accuracy, a.heading, a.speed, a.at, clock_timestamp() from able a order by a.id
        on conflict on constraint position_pkey do update set lon = excluded.lon, lat = excluded.lat, cell = excluded.cell,
            accuracy_meters = excluded.accuracy_meters, heading_degrees = excluded.heading_degrees, speed_mps = excluded.speed_mps,
            at = excluded.at, received_at = excluded.received_at, tx = excluded.tx
        where p.at <= excluded.at
        returning p.responder_id, p.area_id
    ), tasks as (
        select s.responder_id, greatest(s.accepted_at, c.given_at, p.given_at) as since, coalesce(s.done_at, s.released_at, now_is + interval '1 minute') as until
        from assignment s
        join consent c on c.responder_id = s.responder_id and c.purpose = 'track' and c.ended_at is null
            and c.version >= (select coalesce(max(x.version), 0) from consent_text x where x.purpose = 'track' and x.binding_from <= now_is)
        join consent p on p.responder_id = s.responder_id and p.purpose = 'position' and p.ended_at is null
            and p.version >= (select coalesce(max(x.version), 0) from consent_text x where x.purpose = 'position' and x.binding_from <= now_is)
        where s.responder_id = any (held) and s.state <> 'reserved'
            and (s.state in ('accepted', 'en_route', 'on_scene') or coalesce(s.done_at, s.released_at) > now_is - interval '1 day')
    )
    select a.id, a.area_id, false, null::timestamptz, null::timestamptz from able a
    union all select put.responder_id, put.area_id, true, null, null from put
    union all select tasks.responder_id, null, false, tasks.since, tasks.until from tasks;
end $$;
-- +goose StatementEnd

-- A demonstration's people have agreed, since nobody is behind them.
insert into consent (responder_id, purpose, version, way, given_at)
select r.id, 'track', 1, 'demonstration', now() from responder r where r.source = 'demonstration';

-- +goose Down
select 'a landed migration is not taken back';
