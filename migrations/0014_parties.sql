-- +goose Up
-- Areas that take part in an incident beyond its own: those just across the
-- border from its beginning, and those whose people were sent. They see it until
-- it is over; what was, is kept: it says who could see what, and when.

create table incident_party (
    id           bigint generated always as identity primary key,
    incident_id  bigint not null constraint incident_party_incident references incident (id),
    area_id      bigint not null constraint incident_party_area references area (id),
    why          text not null,
    since        timestamptz not null,
    until        timestamptz,
    constraint incident_party_why check (why in ('border', 'supporting')),
    constraint incident_party_period check (until >= since)
);
create unique index incident_party_once on incident_party (incident_id, area_id, why) where until is null;
create index incident_party_incident_id on incident_party (incident_id);
create index incident_party_now on incident_party (area_id, incident_id) where until is null;
comment on table incident_party is 'An area that takes part in an incident; ended with it.';
comment on column incident_party.why is 'border: the incident is within the buffer of the area''s border; supporting: a responder of the area was assigned.';

-- Which areas a cell touches is asked at each intake.
create index area_cells on area using gin (cells);

-- +goose Down
select 'a landed migration is not taken back';
