-- +goose Up
-- Whose session is at the provider to be unlocked: the new one takes its place,
-- and the sign-in has to be a new one, too.
alter table oidc_flow add column begun_at timestamptz not null default now();
alter table oidc_flow alter column begun_at drop default;
alter table oidc_flow add column session_id bigint constraint oidc_flow_session references session (id) on delete cascade;
create index oidc_flow_session on oidc_flow (session_id) where session_id is not null;

-- +goose Down
select 'a landed migration is not taken back';
