-- +goose Up
-- A plan may have an order of channels of its own. The app always comes first, so
-- that no order names it. What a dispatcher records for somebody is marked so at
-- each step. Who was asked by text or call is told there, too, when they are
-- needed no more.

alter table plan add column reach jsonb;
alter table plan add constraint plan_reach check (jsonb_typeof(reach) = 'array');
comment on column plan.reach is 'As channel_rule.steps, which holds where this is null.';

update channel_rule r set steps = (select jsonb_agg(s) from jsonb_array_elements(r.steps) s where s ->> 'channel' <> 'in_app');
comment on column channel_rule.steps is 'After the app, in order: {"channel": "sms" or "voice", "after_seconds", "unless": "seen" or "answered"}.';

alter table assignment add column on_behalf text[] not null default '{}';
alter table assignment add constraint assignment_on_behalf check (on_behalf <@ array['en_route', 'on_scene', 'done', 'released']);
comment on column assignment.on_behalf is 'States that a dispatcher recorded for the responder.';

alter table message drop constraint message_purpose;
alter table message add constraint message_purpose check (purpose in ('offer', 'answered', 'over', 'event'));
create index message_told on message (created_at) where target_id is not null and state <> 'queued';

-- +goose Down
select 'a landed migration is not taken back';
