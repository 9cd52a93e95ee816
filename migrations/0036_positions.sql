-- +goose Up
-- Positions of many phones are written in one statement. The transaction that
-- wrote a row says exactly what a node has not read yet: a row that its last look
-- could not see was written by a transaction not older than the oldest that ran then.
alter table position add column tx xid8 not null default pg_current_xact_id();
comment on column position.tx is 'The transaction that wrote it: nodes read those not older than the oldest that ran at their last look.';

drop function keep_position;
-- keep_positions, the only one that inserts, gives the area itself.
drop trigger position_area on position;

-- Keeps positions where they may be kept: on duty or on a task, agreed to, and
-- taken since both; gives whose were, with their
-- areas. At most one a person. Whoever deletes one
-- holds the other side of the lock (server/postgres/position.go), and it is a
-- function so that its second statement sees what was committed before the first
-- had the locks. It waits for nobody but where that is asked for: one person who is
-- being deleted does not hold up the others.
-- +goose StatementBegin
create function keep_positions(who bigint[], its_lon double precision[], its_lat double precision[], its_cell bigint[], accuracy real[], heading real[], speed real[],
    taken timestamptz[], now_is timestamptz, patient boolean) returns table (id bigint, area bigint) language plpgsql as $$
declare
    held bigint[];
begin
    if patient then
        perform pg_advisory_xact_lock_shared(2037411692, (w % 2147483647)::int) from (select w from unnest(who) w order by w) x;
        held := who;
    else
        held := array(select w from unnest(who) w where pg_try_advisory_xact_lock_shared(2037411692, (w % 2147483647)::int));
    end if;
    return query
    insert into position as p (responder_id, area_id, lon, lat, cell, accuracy_meters, heading_degrees, speed_mps, at, received_at)
    select g.id, r.area_id, g.lon, g.lat, g.cell, g.accuracy, g.heading, g.speed, g.at, clock_timestamp()
    from unnest(who, its_lon, its_lat, its_cell, accuracy, heading, speed, taken) as g (id, lon, lat, cell, accuracy, heading, speed, at)
    join responder r on r.id = g.id
    cross join lateral (select g.at + interval '2 minutes' as earliest) e -- a phone's clock may be behind
    where g.id = any (held)
    -- end_told: the duty may have ended since the caller looked at the clock.
    and (exists (select 1 from duty d where d.responder_id = g.id and d.kind = 'on_duty' and d.period @> now_is and not d.end_told and lower(d.period) <= e.earliest)
        or exists (select 1 from assignment s where s.responder_id = g.id and s.state in ('accepted', 'en_route', 'on_scene') and s.accepted_at <= e.earliest))
    and exists (select 1 from consent c where c.responder_id = g.id and c.purpose = 'position' and c.ended_at is null and c.given_at <= e.earliest
        and c.version >= (select coalesce(max(x.version), 0) from consent_text x where x.purpose = 'position' and x.binding_from <= now_is))
    order by g.id
    on conflict on constraint position_pkey do update set lon = excluded.lon, lat = excluded.lat, cell = excluded.cell,
        accuracy_meters = excluded.accuracy_meters, heading_degrees = excluded.heading_degrees, speed_mps = excluded.speed_mps,
        at = excluded.at, received_at = excluded.received_at, tx = excluded.tx
    where p.at <= excluded.at
    returning p.responder_id, p.area_id;
end $$;
-- +goose StatementEnd
