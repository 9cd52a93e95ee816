-- +goose Up
-- A plan says whether its clocks count working hours alone. What types had from
-- the program before plans said so, or had a grade, or whom to tell, gets it as
-- another version: incidents keep the one they began with, and what somebody has
-- edited stays as it is.

alter table plan add column working_hours boolean not null default false;
comment on column plan.working_hours is 'The clocks of states, of the ladder and of unit orders count working_day and holiday; else they go by the wall.';

insert into plan (type_code, version, priority, skills, quota, hazard, hazard_affiliations, hazard_training,
        offer_seconds, verify_seconds, dispatch_seconds, arrive_seconds, resolve_seconds, check_seconds,
        send_first, over_offer, waves, ladder, pair, welfare_seconds, checklist, reach, grade, tell, working_hours)
    select p.type_code, 2, p.priority, p.skills, p.quota, p.hazard, p.hazard_affiliations, p.hazard_training,
        p.offer_seconds, p.verify_seconds, p.dispatch_seconds, p.arrive_seconds, p.resolve_seconds, p.check_seconds,
        p.send_first, p.over_offer, p.waves, p.ladder, p.pair, p.welfare_seconds, p.checklist, p.reach, n.grade, n.tell, n.working_hours
    from plan p
    join incident_type t on t.code = p.type_code
    left join (values
        ('natural.wildfire', array['119']), ('natural.landslide', array['119', '120']), ('natural.earthquake', array['119', '120']),
        ('accident.building_fire', array['119', '120']), ('accident.ebike_fire', array['119']), ('accident.gas_leak', array['119']),
        ('accident.chemical_leak', array['119', '120']), ('accident.lift_trapped', array['119']), ('accident.unsafe_building', array['119']),
        ('accident.drowning', array['119', '120']), ('accident.work_accident', array['119', '120']), ('accident.traffic_accident', array['110', '120']),
        ('health.cardiac_arrest', array['120']), ('health.sudden_illness', array['120']), ('health.food_poisoning', array['120']),
        ('health.infection_cluster', array['120']), ('health.animal_injury', array['120']),
        ('security.missing_person', array['110']), ('security.self_harm_risk', array['110', '120']), ('security.fight', array['110']),
        ('security.gathering', array['110']), ('security.theft', array['110']), ('security.fraud', array['110']),
        ('service.elderly_no_contact', array['110'])) as told (code, numbers) on told.code = p.type_code
    cross join lateral (select
        case when p.grade is null and t.family in ('natural', 'accident', 'health', 'security') then 'general' else p.grade end as grade,
        case when p.tell = '{}' then coalesce(told.numbers, '{}') else p.tell end as tell,
        t.family in ('urban', 'service') and p.priority in ('normal', 'low') as working_hours) n
    where p.version = 1 and p.created_by is null and t.retired_at is null
        and not exists (select 1 from plan later where later.type_code = p.type_code and later.version > 1)
        and (n.grade is distinct from p.grade or n.tell <> p.tell or n.working_hours);
insert into plan_unit (plan_id, role, unit_kind)
    select p.id, u.role, u.unit_kind
    from plan p
    join plan first on first.type_code = p.type_code and first.version = 1
    join plan_unit u on u.plan_id = first.id
    where p.version = 2 and p.created_by is null;

-- +goose Down
select 'a landed migration is not taken back';
