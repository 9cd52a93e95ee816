-- +goose Up
-- How long each step took is drawn from the log: the incidents of a period by
-- when they were reported, and of each the few events that mark a step.
create index event_reported on event (at, incident_id) where kind = 'incident.reported';
create index event_mark on event (incident_id) include (kind, at, "offset")
    where kind in ('incident.verified', 'incident.handling', 'incident.arrived', 'incident.resolved', 'incident.check_refused', 'incident.reopened',
        'incident.closed', 'incident.rejected', 'incident.cancelled', 'incident.merged', 'incident.unmerged', 'offer.offered', 'unit_order.sent',
        'assignment.accepted', 'unit_order.signed', 'assignment.on_scene');

-- +goose Down
select 'a landed migration is not taken back';
