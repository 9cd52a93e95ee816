package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type startDutyInput struct {
	CommandInput
	Body struct {
		EndsAt *time.Time `json:"ends_at,omitempty" doc:"At the latest 24 hours from now, which is the default."`
	}
}

type onCallInput struct {
	CommandInput
	Body struct {
		StartsAt time.Time `json:"starts_at"`
		EndsAt   time.Time `json:"ends_at"`
	}
}

type keyedInput struct {
	CommandInput
	IDInput
}

func (a *api) duties() {
	can := Access(dispatch.ActionRespond)
	operation(a, "GET", "/api/v1/mine", "mine", "What the own phone shows: duty, offers, task, nearby", can, 200, a.mine)
	operation(a, "POST", "/api/v1/incidents/{id}/volunteer", "volunteer", "Say that one can go (我能去): one joins the ranking", can, 204, func(ctx context.Context, in *keyedInput) (*none, error) {
		_, err := a.Service.VolunteerFor(ctx, a.command(ctx, in.Key, "volunteer.open", in.ID), in.ID)
		return &none{}, err
	})
	operation(a, "POST", "/api/v1/incidents/{id}/volunteer/withdraw", "volunteer-withdraw", "Take it back that one can go", can, 204, func(ctx context.Context, in *keyedInput) (*none, error) {
		_, err := a.Service.UnvolunteerFor(ctx, a.command(ctx, in.Key, "volunteer.withdraw", in.ID), in.ID)
		return &none{}, err
	})
	operation(a, "POST", "/api/v1/duty/start", "start-duty", "Switch the own duty on (开始值守)", can, 200, func(ctx context.Context, in *startDutyInput) (*body[dispatch.Duty], error) {
		return a.dutyAfter(ctx)(a.Service.StartDuty(ctx, a.command(ctx, in.Key, "duty.start", in.Body), in.Body.EndsAt))
	})
	operation(a, "POST", "/api/v1/duty/on-call", "on-call", "Note hours on call (备勤)", can, 200, func(ctx context.Context, in *onCallInput) (*body[dispatch.Duty], error) {
		return a.dutyAfter(ctx)(a.Service.OnCall(ctx, a.command(ctx, in.Key, "duty.on_call", in.Body), in.Body.StartsAt, in.Body.EndsAt))
	})
	operation(a, "POST", "/api/v1/duty/{id}/end", "end-duty", "End a duty (结束值守)", can, 204, func(ctx context.Context, in *keyedInput) (*none, error) {
		_, err := a.Service.EndDuty(ctx, a.command(ctx, in.Key, "duty.end", in.ID), in.ID)
		return &none{}, err
	})
}

func (a *api) dutyAfter(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.Duty], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.Duty], error) {
		if err != nil {
			return nil, err
		}
		return answer(a.Reader.Duty(ctx, out.ID))
	}
}

func (a *api) mine(ctx context.Context, _ *none) (*body[dispatch.Mine], error) {
	m, err := a.Reader.Mine(ctx, actorOf(ctx).ResponderID)
	if err != nil {
		return nil, err
	}
	return answer(a.sight(ctx).Mine(m), nil)
}
