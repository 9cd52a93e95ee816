-- +goose Up
-- The four rates of a district's cameras are read from this index alone.
create index camera_rates on camera (area_id, channel_health, device_health, stream_health) where retired_at is null;

-- +goose Down
select 'a landed migration is not taken back';
