package postgres

import (
	"context"

	"yiping/server/dispatch"
)

func (t *tx) LockCamera(ctx context.Context, id int64) (dispatch.Camera, error) {
	return one[dispatch.Camera](ctx, t, selectCamera+` from camera c where c.id = $1 and c.retired_at is null for update`, id)
}

func (t *tx) SaveCameraHealth(ctx context.Context, c dispatch.Camera) error {
	_, err := t.Exec(ctx, `update camera set device_health = $2, channel_health = $3, stream_health = $4, health_at = $5,
		version = $6, updated_at = case when version = $6 then updated_at else $7 end where id = $1`,
		c.ID, c.DeviceHealth, c.ChannelHealth, c.StreamHealth, c.HealthAt, c.Version, t.store.now())
	return err
}
