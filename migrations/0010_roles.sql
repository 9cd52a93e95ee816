-- +goose Up
-- The three administrators (三员): system, security and audit. No account may
-- hold two of them, and none of them works incidents.

alter table account_role drop constraint account_role_role;
update account_role set role = 'system_administrator' where role = 'administrator';
alter table account_role add constraint account_role_role check (role in
    ('commander', 'dispatcher', 'community', 'partner', 'responder', 'wall', 'integration',
     'system_administrator', 'security_administrator', 'audit_administrator'));

-- Which duty of the separated ones a role is: an account has rows of one only,
-- however many areas they stand in. Work is a duty of its own beside the three.
alter table account_role add column duty text not null generated always as (
    case role when 'system_administrator' then 'system' when 'security_administrator' then 'security'
              when 'audit_administrator' then 'audit' else 'work' end) stored;
alter table account_role add constraint account_role_duties_apart exclude using gist (account_id with =, duty with <>);

-- +goose Down
select 'a landed migration is not taken back';
