package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type cameraHealthInput struct {
	CommandInput
	IDInput
	Body struct {
		Device  string     `json:"device" enum:"up,down,unknown" doc:"Whether the device answers."`
		Channel string     `json:"channel" enum:"up,down,unknown" doc:"Whether its channel is on the net (联网)."`
		Stream  string     `json:"stream" enum:"up,down,unknown" doc:"Whether it gives a picture (出图)."`
		At      *time.Time `json:"at,omitempty" doc:"When it was looked at; now without it. What is older than what is known changes nothing."`
	}
}

func (a *api) cameraHealth() {
	operation(a, "POST", "/api/v1/cameras/{id}/health", "report-camera-health", "A monitor tells how a camera is", Access(dispatch.ActionReportHealth), 200,
		func(ctx context.Context, in *cameraHealthInput) (*body[dispatch.Camera], error) {
			out, err := a.Service.ReportHealth(ctx, a.command(ctx, in.Key, "camera.health", in), in.ID, dispatch.HealthReport{
				Device: dispatch.Health(in.Body.Device), Channel: dispatch.Health(in.Body.Channel), Stream: dispatch.Health(in.Body.Stream), At: timeOf(in.Body.At)})
			if err != nil {
				return nil, err
			}
			c, err := a.Reader.Camera(ctx, out.ID)
			if err != nil {
				return nil, err
			}
			return answer(found(a.sight(ctx).In(c.AreaID).Camera(c)))
		})
}
