package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

type facilitiesView struct {
	Facilities []dispatch.Facility `json:"facilities" nullable:"false"`
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
}
