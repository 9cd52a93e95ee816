package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type signalInput struct {
	CommandInput
	IDInput
	Body struct {
		At       *time.Time `json:"at,omitempty" doc:"When it was tapped, by the device's clock."`
		OnBehalf bool       `json:"on_behalf,omitempty" doc:"A dispatcher who spoke to them records it (代填)."`
	}
}

type moveAlarmInput struct {
	CommandInput
	IDInput
}

type closeAlarmInput struct {
	CommandInput
	IDInput
	Body struct {
		Done string `json:"done" maxLength:"500" doc:"What was done; it is noted with the incident."`
	}
}

type alarmsInput struct {
	IncidentID int64 `query:"incident_id" minimum:"0" doc:"Of one incident, those that are closed too; 0 for all that are not closed."`
}

type alarmsView struct {
	Alarms []dispatch.Alarm `json:"alarms" nullable:"false"`
}

func (a *api) safety() {
	operation(a, "POST", "/api/v1/assignments/{id}/welfare", "answer-welfare", "Somebody on scene is all right", SignedIn, 200,
		func(ctx context.Context, in *signalInput) (*body[dispatch.Assignment], error) {
			out, err := a.Service.AnswerWelfare(ctx, a.command(ctx, in.Key, "assignment.welfare", in), in.ID, signalOf(in))
			if err != nil {
				return nil, err
			}
			as, err := a.Reader.Assignment(ctx, out.ID)
			if err != nil {
				return nil, err
			}
			return answer(found(a.sight(ctx).Assignment(as)))
		})
	operation(a, "POST", "/api/v1/assignments/{id}/alarm", "raise-alarm", "Call for help (遇险求助)", SignedIn, 201,
		func(ctx context.Context, in *signalInput) (*body[dispatch.Alarm], error) {
			return a.changedAlarm(ctx)(a.Service.RaiseAlarm(ctx, a.command(ctx, in.Key, "alarm.raise", in), in.ID, signalOf(in)))
		})
	operation(a, "GET", "/api/v1/alarms", "list-alarms", "Alarms that are not closed, oldest first", sees(dispatch.FieldAssignment), 200,
		func(ctx context.Context, in *alarmsInput) (*body[alarmsView], error) {
			list, err := a.Reader.Alarms(ctx, in.IncidentID)
			if err != nil {
				return nil, err
			}
			return answer(alarmsView{Alarms: dispatch.Each(list, a.sight(ctx).Alarm)}, nil)
		})
	operation(a, "POST", "/api/v1/alarms/{id}/acknowledge", "acknowledge-alarm", "See to an alarm", SignedIn, 200,
		func(ctx context.Context, in *moveAlarmInput) (*body[dispatch.Alarm], error) {
			return a.changedAlarm(ctx)(a.Service.MoveAlarm(ctx, a.command(ctx, in.Key, "alarm.acknowledge", in), in.ID, "acknowledge", ""))
		})
	operation(a, "POST", "/api/v1/alarms/{id}/close", "close-alarm", "Close an alarm with what was done", SignedIn, 200,
		func(ctx context.Context, in *closeAlarmInput) (*body[dispatch.Alarm], error) {
			return a.changedAlarm(ctx)(a.Service.MoveAlarm(ctx, a.command(ctx, in.Key, "alarm.close", in), in.ID, "close", in.Body.Done))
		})
}

func signalOf(in *signalInput) dispatch.Signal {
	return dispatch.Signal{At: timeOf(in.Body.At), OnBehalf: in.Body.OnBehalf}
}

// changedAlarm gives the alarm that a command changed, as the asker sees it.
func (a *api) changedAlarm(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.Alarm], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.Alarm], error) {
		if err != nil {
			return nil, err
		}
		alarm, err := a.Reader.Alarm(ctx, out.ID)
		if err != nil {
			return nil, err
		}
		return answer(found(a.sight(ctx).Alarm(alarm)))
	}
}
