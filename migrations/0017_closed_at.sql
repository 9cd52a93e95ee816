-- +goose Up
-- What was closed today is counted for every overview.
create index incident_closed_at on incident (closed_at) where closed_at is not null;

-- +goose Down
select 'a landed migration is not taken back';
