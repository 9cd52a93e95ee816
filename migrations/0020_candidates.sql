-- +goose Up
-- Who may be sent: what lets a person near a hazard, what they are asked to do
-- there, what a community keeps back, and how a choice stood to the ranking.

-- Of the law on volunteers no more is kept than decides: that somebody is of age
-- (never the day of birth), and until when they are insured.
alter table responder add column adult boolean not null default false;
alter table responder add column insured_until date;
comment on column responder.adult is 'Of age, as whoever registered them has seen; unknown is no.';
comment on column responder.insured_until is 'The last day of accident insurance for service; null for none.';

-- A hazard's rule. That everybody is of age and insured is no column: it cannot
-- be switched off.
alter table plan add column hazard_affiliations text[] not null default '{community_worker,grid_member,property_staff,unit_staff}';
alter table plan add column hazard_training text[] not null default '{}';
comment on column plan.hazard_affiliations is 'Who may go near the hazard itself: somebody of one of these. Others are for the perimeter.';
comment on column plan.hazard_training is 'The skills of which one, not lapsed, lets somebody near the hazard; none: one of the plan''s.';

alter table offer add column task text not null default 'direct';
alter table offer add constraint offer_task check (task in ('direct', 'perimeter'));
alter table assignment add column task text not null default 'direct';
alter table assignment add constraint assignment_task check (task in ('direct', 'perimeter'));
comment on column offer.task is 'direct: the incident itself; perimeter (外围): leading people away, supplies, registration, outside the danger.';

-- How a choice stood to the ranking at that moment.
alter table offer add column hand_picked boolean not null default false;
alter table offer add column rank smallint;
alter table offer add column travel_seconds integer;
alter table offer add column first_travel_seconds integer;
create index offer_hand_picked on offer (offered_at) where hand_picked;
comment on column offer.rank is 'The place in the ranking then; null for somebody it did not hold.';
comment on column offer.first_travel_seconds is 'How far the first of the ranking was then; null where it was empty.';

alter table area add column minimum_strength smallint;
alter table area add constraint area_minimum_strength check (minimum_strength between 1 and 1000);
comment on column area.minimum_strength is 'How many on duty a community keeps when others are sent out of it; null for no such number.';

-- +goose Down
select 'a landed migration is not taken back';
