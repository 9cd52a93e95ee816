package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type camerasView struct {
	Cameras []dispatch.Camera `json:"cameras" nullable:"false"`
}

func (a *api) cameras() {
	operation(a, "GET", "/api/v1/cameras", "list-cameras", "Cameras within a box", sees(dispatch.FieldCameraRecord), 200, func(ctx context.Context, in *boxInput) (*body[camerasView], error) {
		b, err := parseBox(in.BBox)
		if err != nil {
			return nil, err
		}
		areas, err := a.scope(ctx, dispatch.See(dispatch.FieldCameraRecord), 0)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Cameras(ctx, b, areas, in.Limit)
		return answer(camerasView{list}, err)
	})
	operation(a, "GET", "/api/v1/cameras/{id}", "get-camera", "One camera", sees(dispatch.FieldCameraRecord), 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Camera], error) {
		c, err := a.Reader.Camera(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return answer(found(a.sight(ctx).In(c.AreaID).Camera(c)))
	})
	a.cameraHealth()
}
