package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type answerInput struct {
	CommandInput
	IDInput
	Body struct {
		Version  int        `json:"version,omitempty" minimum:"0" doc:"The version that was seen; a phone without signal may leave it out."`
		Reason   string     `json:"reason,omitempty" maxLength:"500"`
		Minutes  int        `json:"minutes,omitempty" minimum:"0" maximum:"240" doc:"With later."`
		At       *time.Time `json:"at,omitempty" doc:"When it was tapped, by the device's clock."`
		OnBehalf bool       `json:"on_behalf,omitempty" doc:"A dispatcher records it for the responder (代接单)."`
	}
}

type answeredView struct {
	Offer      dispatch.Offer       `json:"offer"`
	Assignment *dispatch.Assignment `json:"assignment,omitempty"`
}

func (a *api) offers() {
	for _, step := range []struct{ name, summary string }{
		{"seen", "The offer was seen"}, {"accept", "Accept: makes the assignment, or a standby where the quota is full"},
		{"decline", "Decline"}, {"later", "Later, in some minutes"}, {"withdraw", "Withdraw an offer"}} {
		operation(a, "POST", "/api/v1/offers/{id}/"+step.name, "offer-"+step.name, step.summary, SignedIn, 200,
			func(ctx context.Context, in *answerInput) (*body[answeredView], error) {
				return a.answerOffer(ctx, step.name, in)
			})
	}
}

func (a *api) answerOffer(ctx context.Context, step string, in *answerInput) (*body[answeredView], error) {
	out, err := a.Service.AnswerOffer(ctx, a.command(ctx, in.Key, "offer."+step, in), in.ID, dispatch.Answer{Step: step, Seen: in.Body.Version,
		Reason: in.Body.Reason, Minutes: in.Body.Minutes, At: timeOf(in.Body.At), OnBehalf: in.Body.OnBehalf})
	if err != nil {
		return nil, err
	}
	o, err := a.Reader.Offer(ctx, out.ID)
	if err != nil {
		return nil, err
	}
	view, sight := answeredView{}, a.sight(ctx)
	if view.Offer, err = found(sight.Offer(o)); err != nil {
		return nil, err
	}
	as, err := a.Reader.AssignmentOfOffer(ctx, out.ID)
	if as != nil {
		if mine, ok := sight.Assignment(*as); ok {
			view.Assignment = &mine
		}
	}
	return answer(view, err)
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
