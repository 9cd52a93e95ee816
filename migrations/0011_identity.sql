-- +goose Up
-- Identity: who may sign in, by what, from where, for how long. Whatever proves
-- somebody is kept as a hash (passwords, recovery codes: argon2id; random tokens
-- of 256 bits: SHA-256) or sealed (the secrets of second factors).

alter table account drop column failed_count, drop column locked_until;
alter table account add column password_set_at timestamptz not null default now();
alter table account add column password_given boolean not null default true;
comment on column account.password_hash is 'argon2id; empty where another provider vouches for the account.';
comment on column account.password_given is 'Generated and told by somebody: the profile may ask that it is changed first.';

-- Earlier passwords, which a profile may refuse to see again.
create table password_past (
    account_id    bigint not null constraint password_past_account references account (id) on delete cascade,
    password_hash text not null,
    replaced_at   timestamptz not null,
    primary key (account_id, replaced_at)
);

-- Tries to prove something, counted before they are judged: a subject is the
-- hash of a name with the browser it came from, or of an address. More than five
-- that fail until a time are not judged.
create table sign_in_try (
    subject  bytea primary key,
    tries    integer not null,
    until    timestamptz not null,
    constraint sign_in_try_tries check (tries between 0 and 5)
);
create index sign_in_try_until on sign_in_try (until);

-- Browsers in which somebody once signed in: a stranger's tries are not theirs.
create table known_device (
    account_id  bigint not null constraint known_device_account references account (id) on delete cascade,
    token_hash  bytea not null,
    created_at  timestamptz not null,
    seen_at     timestamptz not null,
    primary key (account_id, token_hash)
);
create index known_device_token_hash on known_device (token_hash);

create table account_factor (
    account_id   bigint primary key constraint account_factor_account references account (id) on delete cascade,
    secret       bytea not null,
    used_step    bigint not null default 0,
    created_at   timestamptz not null,
    confirmed_at timestamptz
);
comment on table account_factor is 'A second factor (TOTP, RFC 6238); before it is confirmed it proves nothing.';
comment on column account_factor.secret is 'Sealed.';
comment on column account_factor.used_step is 'The last time step whose code was taken: a code works once.';

create table recovery_code (
    id          bigint generated always as identity primary key,
    account_id  bigint not null constraint recovery_code_account references account (id) on delete cascade,
    code_hash   text not null,
    used_at     timestamptz
);
create index recovery_code_account_id on recovery_code (account_id);

alter table session add column method text not null default 'password';
alter table session add column device text not null default '';
alter table session add column network text not null default '';
alter table session add column must_change boolean not null default false;
alter table session add column factor_at timestamptz;
alter table session add column locked_at timestamptz;
alter table session add column end_reason text not null default '';
alter table session add constraint session_method check (method in ('password', 'provider', 'phone'));
alter table session add constraint session_end_reason check (end_reason in
    ('', 'signed_out', 'replaced', 'owner', 'administrator', 'password', 'factor', 'disabled', 'grants'));
comment on column session.device is 'A few coarse words: the kind of browser and system, or the name of an enrolled phone.';
comment on column session.network is 'The network that it was opened from (/24, /48), not the address.';
comment on column session.must_change is 'The password had run out when it was opened: first it is changed.';
comment on column session.factor_at is 'When the second factor was proved in it.';
comment on column session.locked_at is 'Left alone: locked until the password is given again.';

-- Access for other systems.
create table api_token (
    id           bigint generated always as identity primary key,
    account_id   bigint not null constraint api_token_account references account (id) on delete cascade,
    name         text not null,
    prefix       text not null,
    token_hash   bytea not null,
    actions      text[] not null,
    area_id      bigint constraint api_token_area references area (id),
    made_by      bigint constraint api_token_made_by references account (id) on delete set null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    used_at      timestamptz,
    revoked_at   timestamptz,
    constraint api_token_hash unique (token_hash),
    constraint api_token_life check (expires_at > created_at and expires_at <= created_at + interval '366 days'),
    constraint api_token_actions check (cardinality(actions) > 0)
);
create index api_token_account_id on api_token (account_id);

-- Phones that are let in by a code shown once.
create table enrolment (
    id           bigint generated always as identity primary key,
    account_id   bigint not null constraint enrolment_account references account (id) on delete cascade,
    device       text not null,
    secret_hash  bytea not null,
    made_by      bigint constraint enrolment_made_by references account (id) on delete set null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    used_at      timestamptz,
    withdrawn_at timestamptz,
    refused_at   timestamptz,
    session_id   bigint,
    constraint enrolment_secret unique (secret_hash)
);
create index enrolment_account_id on enrolment (account_id);
comment on column enrolment.refused_at is 'When somebody tried to use it after it was used, withdrawn or over.';

-- Accounts that another provider vouches for (OpenID Connect).
create table account_identity (
    issuer      text not null,
    subject     text not null,
    account_id  bigint not null constraint account_identity_account references account (id) on delete cascade,
    created_at  timestamptz not null,
    seen_at     timestamptz not null,
    primary key (issuer, subject),
    constraint account_identity_once unique (account_id)
);

-- A sign-in that is away at the provider; taken once.
create table oidc_flow (
    state_hash   bytea primary key,
    browser_hash bytea not null,
    nonce        text not null,
    verifier     text not null,
    page         text not null,
    expires_at   timestamptz not null
);

alter table installation add column factor_roles text[] not null
    default '{system_administrator,security_administrator,audit_administrator,commander,dispatcher}';
update installation set factor_roles = '{}' where demonstration;
comment on column installation.factor_roles is 'Roles that need a second factor; none in the demonstration, whose main job is to be looked at.';

-- +goose Down
select 'a landed migration is not taken back';
