-- +goose Up
-- The audit trail. A command writes its entry into audit_pending in its own
-- transaction; the sequencer moves committed entries into audit, each under a
-- gapless number and chained to the one before by its hash (server/audit says
-- how). Numbers that mean nothing are 0, texts ''. No reference leaves the
-- trail: it outlives what it speaks of.

create table audit_pending (
    id           bigint generated always as identity primary key,
    at           timestamptz not null,
    kind         text not null,
    action       text not null,
    result       text not null,
    actor        text not null,
    account_id   bigint not null default 0,
    session_id   bigint not null default 0,
    responder_id bigint not null default 0,
    noun         text not null default '',
    noun_id      bigint not null default 0,
    area_id      bigint not null default 0,
    subject_id   bigint not null default 0,
    reason_hash  bytea not null default '',
    request_id   text not null default '',
    network      text not null default '',
    count        bigint not null default 1
);
comment on column audit_pending.responder_id is 'Whose phone it was.';
comment on column audit_pending.subject_id is 'The responder whose personal data it is about.';
comment on column audit_pending.reason_hash is 'SHA-256 of the salt and words in audit_text; empty for none.';
comment on column audit_pending.network is 'The caller''s address, to 24 bits of IPv4 or 48 of IPv6.';
comment on column audit_pending.count is 'How many attempts or rows it stands for.';

create table audit (
    seq          bigint not null,
    at           timestamptz not null,
    kind         text not null,
    action       text not null,
    result       text not null,
    actor        text not null,
    account_id   bigint not null,
    session_id   bigint not null,
    responder_id bigint not null,
    noun         text not null,
    noun_id      bigint not null,
    area_id      bigint not null,
    subject_id   bigint not null,
    reason_hash  bytea not null,
    request_id   text not null,
    network      text not null,
    count        bigint not null,
    sealed_at    timestamptz not null,
    prev         bytea not null,
    hash         bytea not null,
    constraint audit_pkey primary key (seq)
) partition by range (seq);
-- Whatever is looked for is wanted newest first, or of a time.
create index audit_at on audit (at);
create index audit_account on audit (account_id, at) where account_id <> 0;
create index audit_subject on audit (subject_id, at) where subject_id <> 0;
create index audit_noun on audit (noun, noun_id, at);
create index audit_action on audit (action, at);
create index audit_kind on audit (kind, at) where kind <> 'command';
create index audit_result on audit (result, at) where result <> 'done';

-- The end of the chain: what the next entry is chained to. Its row's lock keeps
-- two sequencers apart.
create table audit_head (
    only_row     boolean primary key default true,
    last_seq     bigint not null default 0,
    last_hash    bytea not null default decode(repeat('00', 32), 'hex'),
    sealed_at    timestamptz not null default '1970-01-01Z',
    constraint audit_head_only_row check (only_row)
);
insert into audit_head default values;

-- What people wrote, apart from the trail so that it can be destroyed: the trail
-- keeps the hash of salt and words, which proves them while they are here and
-- tells nothing once they are gone.
create table audit_text (
    hash         bytea not null,
    salt         bytea,
    words        bytea,
    account_id   bigint not null default 0,
    subject_id   bigint not null default 0,
    created_at   timestamptz not null,
    destroyed_at timestamptz,
    constraint audit_text_pkey primary key (hash),
    constraint audit_text_destroyed check ((words is null) = (destroyed_at is not null) and (words is null) = (salt is null))
);
comment on column audit_text.words is 'Sealed.';
create index audit_text_account on audit_text (account_id) where destroyed_at is null and account_id <> 0;
create index audit_text_subject on audit_text (subject_id) where destroyed_at is null and subject_id <> 0;
create index audit_text_created_at on audit_text (created_at);

-- What is left of a partition after its time: its range and last hash, signed
-- like a checkpoint.
create table audit_dropped (
    first_seq      bigint not null,
    last_seq       bigint not null,
    last_hash      bytea not null,
    last_sealed_at timestamptz not null,
    dropped_at     timestamptz not null,
    epoch          text not null,
    key_id         text not null,
    signature      bytea not null,
    constraint audit_dropped_pkey primary key (last_seq),
    constraint audit_dropped_first_seq unique (first_seq),
    constraint audit_dropped_range check (first_seq <= last_seq)
);

-- +goose StatementBegin
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
-- +goose StatementEnd
create trigger audit_append_only before update or delete on audit
    for each row execute function audit_is_append_only();
create trigger audit_not_truncated before truncate on audit
    for each statement execute function audit_is_append_only();
create trigger audit_dropped_append_only before update or delete on audit_dropped
    for each row execute function audit_is_append_only();
create trigger audit_dropped_not_truncated before truncate on audit_dropped
    for each statement execute function audit_is_append_only();

-- Partitions go by number. The next one is made before it is needed, and
-- attached, which locks out nobody who reads. A trigger on truncate is not
-- inherited, so each partition is given its own.
-- +goose StatementBegin
create function make_audit_partition(first bigint, following bigint) returns void language plpgsql as $$
begin
    if to_regclass('audit_' || first) is null then
        execute format('create table audit_%1$s (like audit including defaults, constraint audit_%1$s_range check (seq >= %1$s and seq < %2$s))', first, following);
        execute format('create trigger audit_%1$s_not_truncated before truncate on audit_%1$s for each statement execute function audit_is_append_only()', first);
        execute format('alter table audit attach partition audit_%1$s for values from (%1$s) to (%2$s)', first, following);
    end if;
end $$;
-- +goose StatementEnd
select make_audit_partition(0, 1000000);

-- +goose Down
select 'a landed migration is not taken back';
