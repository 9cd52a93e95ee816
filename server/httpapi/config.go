package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// configView is what every page needs to begin with.
type configView struct {
	dispatch.Installation
	Version       string                  `json:"version"`
	ServerTime    time.Time               `json:"server_time"`
	Provider      *providerView           `json:"provider,omitempty" doc:"Where people may sign in, beside the password."`
	IncidentTypes []dispatch.IncidentType `json:"incident_types" nullable:"false"`
}

func (a *api) configs() {
	operation(a, "GET", "/api/v1/config", "config", "The installation: district, bounds, incident types", Public, 200,
		func(ctx context.Context, _ *none) (*body[configView], error) {
			i, err := a.Reader.Installation(ctx)
			if err != nil {
				return nil, err
			}
			types, err := a.Reader.IncidentTypes(ctx)
			return answer(configView{i, a.Version, a.Service.Now(), a.provider(), types}, err)
		})
}
