package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type progressInput struct {
	CommandInput
	IDInput
	Body struct {
		Version  int        `json:"version,omitempty" minimum:"0"`
		Reason   string     `json:"reason,omitempty" maxLength:"500"`
		At       *time.Time `json:"at,omitempty" doc:"When it was tapped, by the device's clock."`
		OnBehalf bool       `json:"on_behalf,omitempty" doc:"A dispatcher records it for the responder (代填)."`
	}
}

func (a *api) assignments() {
	for _, step := range []struct{ path, name, summary string }{
		{"en-route", "en_route", "On the way (已出发)"}, {"on-scene", "on_scene", "Arrived (已到场)"},
		{"done", "done", "Done (处置完毕)"}, {"release", "release", "Leave the task"}} {
		operation(a, "POST", "/api/v1/assignments/{id}/"+step.path, "assignment-"+step.path, step.summary, SignedIn, 200,
			func(ctx context.Context, in *progressInput) (*body[dispatch.Assignment], error) {
				out, err := a.Service.Advance(ctx, a.command(ctx, in.Key, "assignment."+step.name, in), in.ID, dispatch.Progress{Step: step.name,
					Seen: in.Body.Version, Reason: in.Body.Reason, At: timeOf(in.Body.At), OnBehalf: in.Body.OnBehalf})
				if err != nil {
					return nil, err
				}
				as, err := a.Reader.Assignment(ctx, out.ID)
				if err != nil {
					return nil, err
				}
				return answer(found(a.sight(ctx).Assignment(as)))
			})
	}
}
