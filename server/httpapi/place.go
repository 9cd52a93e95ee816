package httpapi

import (
	"context"
	"strconv"
	"strings"

	"yiping/server/dispatch"
)

type boxInput struct {
	BBox  string `query:"bbox" required:"true" maxLength:"120" doc:"West,south,east,north in degrees."`
	Kind  string `query:"kind" maxLength:"64"`
	Limit int    `query:"limit" default:"500" minimum:"1" maximum:"2000"`
}

type camerasView struct {
	Cameras []dispatch.Camera `json:"cameras" nullable:"false"`
}

type facilitiesView struct {
	Facilities []dispatch.Facility `json:"facilities" nullable:"false"`
}

type unitsView struct {
	Units []dispatch.Unit `json:"units" nullable:"false"`
}

func (a *api) cameras() {
	operation(a, "GET", "/api/v1/cameras", "list-cameras", "Cameras within a box", Access(dispatch.ActionSee), 200, func(ctx context.Context, in *boxInput) (*body[camerasView], error) {
		b, err := parseBox(in.BBox)
		if err != nil {
			return nil, err
		}
		areas, err := a.scope(ctx, dispatch.ActionSee, 0)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Cameras(ctx, b, areas, in.Limit)
		return answer(camerasView{list}, err)
	})
	operation(a, "GET", "/api/v1/cameras/{id}", "get-camera", "One camera", Access(dispatch.ActionSee), 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Camera], error) {
		c, err := a.Reader.Camera(ctx, in.ID)
		if full, _ := a.sees(ctx, c.AreaID); err == nil && !full {
			err = dispatch.Refuse(dispatch.CodeNotFound, "")
		}
		return answer(c, err)
	})
}

func (a *api) facilities() {
	operation(a, "GET", "/api/v1/facilities", "list-facilities", "Facilities within a box", SignedIn, 200, func(ctx context.Context, in *boxInput) (*body[facilitiesView], error) {
		b, err := parseBox(in.BBox)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Facilities(ctx, b, in.Kind, in.Limit)
		return answer(facilitiesView{list}, err)
	})
	operation(a, "GET", "/api/v1/facilities/{id}", "get-facility", "One facility", SignedIn, 200, func(ctx context.Context, in *IDInput) (*body[dispatch.Facility], error) {
		return answer(a.Reader.Facility(ctx, in.ID))
	})
	operation(a, "GET", "/api/v1/units", "list-units", "Responsible units", Access(dispatch.ActionSee), 200, func(ctx context.Context, _ *none) (*body[unitsView], error) {
		areas, err := a.scope(ctx, dispatch.ActionSee, 0)
		if err != nil {
			return nil, err
		}
		list, err := a.Reader.Units(ctx, areas)
		return answer(unitsView{list}, err)
	})
}

// parseBox reads "west,south,east,north".
func parseBox(text string) (dispatch.Box, error) {
	parts := strings.Split(text, ",")
	var v [4]float64
	if len(parts) != 4 {
		return dispatch.Box{}, dispatch.Refuse(dispatch.CodeInvalid, "bbox")
	}
	for k, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || n != n || n < -180 || n > 180 {
			return dispatch.Box{}, dispatch.Refuse(dispatch.CodeInvalid, "bbox")
		}
		v[k] = n
	}
	b := dispatch.Box{West: v[0], South: v[1], East: v[2], North: v[3]}
	if b.West >= b.East || b.South >= b.North || b.South < -90 || b.North > 90 {
		return b, dispatch.Refuse(dispatch.CodeInvalid, "bbox")
	}
	return b, nil
}
