-- +goose Up
-- The event log. A command locks its noun's row, then inserts into
-- event_pending; one sequencer moves committed rows, by id, into event under a
-- gapless offset. Readers go by offset. An event carries ids and states, never
-- a person's name, phone, address, free text or coordinates.

create table event_pending (
    id           bigint generated always as identity primary key,
    kind         text not null,
    at           timestamptz not null,
    noun         text not null,
    noun_id      bigint not null,
    noun_version integer not null,
    area_id      bigint not null,
    cell         bigint,
    incident_id  bigint,
    responder_id bigint,
    account_id   bigint,
    data         jsonb not null default '{}'
);

create table event (
    "offset"     bigint not null,
    kind         text not null,
    at           timestamptz not null,
    noun         text not null,
    noun_id      bigint not null,
    noun_version integer not null,
    area_id      bigint not null,
    cell         bigint,
    incident_id  bigint,
    responder_id bigint,
    account_id   bigint,
    data         jsonb not null,
    sequenced_at timestamptz not null default now(),
    constraint event_pkey primary key ("offset")
) partition by range ("offset");
-- Ten million offsets a partition; the next one is made before it is needed.
create table event_0 partition of event for values from (0) to (10000000);
create index event_incident on event (incident_id, "offset") where incident_id is not null;
create index event_area on event (area_id, "offset");
create index event_at on event using brin (at);

-- The head of the log: its epoch (a new one follows a restore) and last offset.
create table feed (
    only_row     boolean primary key default true,
    epoch        uuid not null default gen_random_uuid(),
    last_offset  bigint not null default 0,
    constraint feed_only_row check (only_row)
);
insert into feed default values;

-- +goose StatementBegin
create function event_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'event is append-only' using errcode = 'restrict_violation';
end $$;
-- +goose StatementEnd
create trigger event_append_only before update or delete on event
    for each row execute function event_is_append_only();

-- The answer to a command, kept so that a repeat of it gets the same one: what
-- it made, never a body.
create table idempotency_key (
    principal    text not null,
    key          text not null,
    command      text not null,
    request_hash bytea not null,
    noun         text not null,
    noun_id      bigint not null,
    noun_version integer not null,
    created_at   timestamptz not null default now(),
    primary key (principal, key)
);
create index idempotency_key_created_at on idempotency_key (created_at);

-- +goose Down
select 'a landed migration is not taken back';
