-- +goose Up
-- Types and plans are edited in the console: a change of a plan is another
-- version, and says by whom and why; a type is renamed, moved and retired, and
-- never deleted.

alter table incident_type
    add column id bigint generated always as identity constraint incident_type_id unique,
    add column version integer not null default 1,
    add column updated_at timestamptz not null default now();
comment on column incident_type.id is 'What the log calls the type by; everything else by its code, which never changes.';

alter table plan
    add column grade text,
    add column tell text[] not null default '{}',
    add column note text not null default '',
    add column created_by bigint constraint plan_created_by references account (id),
    add constraint plan_grade check (grade in ('special', 'major', 'large', 'general')),
    add constraint plan_tell check (tell <@ array['119', '110', '120']);
comment on column plan.grade is 'The grade with which an incident begins, in a family that has grades.';
comment on column plan.tell is 'Whom to tell besides: the incident reminds until it is noted.';
comment on column plan.note is 'Why this version was made.';
create index plan_created_by on plan (created_by) where created_by is not null;

-- When an office works: the clocks of plans that go by working hours count
-- nothing else. Holidays and weekend days that are worked are in holiday.
create table working_day (
    weekday     smallint not null,
    from_minute smallint not null,
    to_minute   smallint not null,
    constraint working_day_pk primary key (weekday, from_minute),
    constraint working_day_weekday check (weekday between 0 and 6),
    constraint working_day_minutes check (from_minute >= 0 and from_minute < to_minute and to_minute <= 1440)
);
comment on table working_day is 'Stretches of the week that are worked; minutes from midnight, 0 is Sunday.';
insert into working_day (weekday, from_minute, to_minute)
    select day, hours.from_minute, hours.to_minute
    from generate_series(1, 5) as day, (values (510, 720), (810, 1050)) as hours (from_minute, to_minute);

-- Codes of a standard, or of another system, that stand for our types.
create table type_code_map (
    id          bigint generated always as identity primary key,
    standard    text not null,
    code        text not null,
    name        text not null default '',
    parent_code text not null default '',
    type_code   text not null constraint type_code_map_type references incident_type (code),
    made_type   boolean not null default false,
    version     integer not null default 1,
    retired_at  timestamptz,
    updated_at  timestamptz not null default now(),
    constraint type_code_map_code unique (standard, code)
);
create index type_code_map_type on type_code_map (type_code);
comment on table type_code_map is 'What codes of other tables, such as GB/T 35561 or a city''s 12345, mean here.';
comment on column type_code_map.parent_code is 'The code above it in its own table.';
comment on column type_code_map.made_type is 'The type was made for this code, so it is retired where the code is taken back.';

call guard_table('working_day');
call guard_table('type_code_map');
call let_see('working_day', '(select viewer_is_somebody())');
call let_see('type_code_map', '(select viewer_is_somebody())');
call let_write('working_day', 'insert', 'delete');
call let_write('incident_type', 'insert', 'update');
call let_write('plan', 'insert');
call let_write('plan_unit', 'insert');

-- +goose Down
select 'a landed migration is not taken back';
