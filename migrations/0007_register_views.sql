-- +goose Up
-- The roster as a register: duties of the last week and later, with the area of
-- the person, in the form that lists and exports of every register read.

create view duty_register as
select d.id, d.version, r.area_id, d.responder_id, d.kind, d.period, d.source, coalesce(d.external_id, 'duty-' || d.id) as external_id, r.name,
       null::timestamptz as retired_at, d.created_at as updated_at
from duty d join responder r on r.id = d.responder_id
where d.period && tstzrange(now() - interval '7 days', null) and r.retired_at is null;

-- +goose Down
select 'a landed migration is not taken back';
