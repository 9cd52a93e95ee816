package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

// SignedInput is a request that a gateway has signed (Standard Webhooks). Its id
// tells a repeat.
type SignedInput struct {
	ID        string `header:"Webhook-Id" required:"true" maxLength:"200"`
	Timestamp string `header:"Webhook-Timestamp" required:"true" maxLength:"20"`
	Signature string `header:"Webhook-Signature" required:"true" maxLength:"1000"`
	RawBody   []byte
}

type receiptInput struct {
	SignedInput
	Body struct {
		ID         string     `json:"id,omitempty" maxLength:"100" doc:"The message's id as it was sent."`
		ProviderID string     `json:"provider_id,omitempty" maxLength:"200" doc:"Else the gateway's own, as it answered."`
		State      string     `json:"state" enum:"sent,delivered,read,failed"`
		At         *time.Time `json:"at,omitempty"`
	}
}

type gatewayAnswerInput struct {
	SignedInput
	Body struct {
		ID      string     `json:"id,omitempty" maxLength:"100" doc:"Of the message that it answers, where the gateway knows."`
		From    string     `json:"from,omitempty" maxLength:"40" doc:"Else the number that it comes from."`
		Channel string     `json:"channel" enum:"sms,voice"`
		Text    string     `json:"text" maxLength:"500" doc:"What was written or pressed: 1 accepts, 2 declines."`
		At      *time.Time `json:"at,omitempty"`
	}
}

type takenView struct {
	Taken bool `json:"taken" doc:"Whether it was about something that is known and could be understood."`
}

func (a *api) gateways() {
	operation(a, "POST", "/api/v1/gateway/receipts", "gateway-receipt", "A gateway says what became of a message", Public, 200,
		func(ctx context.Context, in *receiptInput) (*body[takenView], error) {
			if err := a.fromGateway(in.SignedInput); err != nil {
				return nil, err
			}
			b := in.Body
			err := a.Service.TakeReceipt(ctx, dispatch.Receipt{Key: b.ID, ProviderID: b.ProviderID, State: dispatch.MessageState(b.State), At: a.momentOf(b.At)})
			return answer(takenView{err == nil}, err)
		})
	operation(a, "POST", "/api/v1/gateway/answers", "gateway-answer", "A gateway hands over what somebody wrote or pressed", Public, 200, a.gatewayAnswer)
}

func (a *api) gatewayAnswer(ctx context.Context, in *gatewayAnswerInput) (*body[takenView], error) {
	if err := a.fromGateway(in.SignedInput); err != nil {
		return nil, err
	}
	b := in.Body
	step, ok := dispatch.ReadReply(b.Text)
	if !ok {
		return answer(takenView{}, nil)
	}
	_, err := a.Service.TakeReply(ctx, dispatch.MessageReply{ID: in.ID, Key: b.ID, Phone: b.From, Step: step, At: a.momentOf(b.At), By: dispatch.Way(b.Channel)})
	if dispatch.CodeOf(err) == dispatch.CodeNotFound {
		return answer(takenView{}, nil) // a number that nobody has, or a message long forgotten: again it is the same
	}
	return answer(takenView{err == nil}, err)
}

// fromGateway refuses what the gateway has not signed, or not just now.
func (a *api) fromGateway(in SignedInput) error {
	if a.Gateway == nil {
		return dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	if a.Gateway.Verify(in.ID, in.Timestamp, in.Signature, in.RawBody) != nil {
		return dispatch.Refuse(codeBadSignature, "Webhook-Signature")
	}
	return nil
}

// momentOf gives a gateway's time, now without one; it is never later.
func (a *api) momentOf(t *time.Time) time.Time {
	now := a.Service.Now()
	if t == nil || t.After(now) {
		return now
	}
	return *t
}
