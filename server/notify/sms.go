package notify

import (
	"context"

	"yiping/server/dispatch"
)

// SMS sends text messages: an offer that can be answered with 1 or 2, and what
// became of the answer.
type SMS struct{ *Gateway }

// Send sends one.
func (s SMS) Send(ctx context.Context, m dispatch.Outgoing) (string, error) {
	return s.send(ctx, "/sms", smsTemplate(m), m, nil)
}

func smsTemplate(m dispatch.Outgoing) string {
	if m.Purpose == dispatch.PurposeOffer {
		return forTask("sms.offer", m)
	}
	switch m.OfferState {
	case dispatch.OfferAccepted:
		return forTask("sms.accepted", m)
	case dispatch.OfferStandby:
		return "sms.standby"
	case dispatch.OfferDeclined:
		return "sms.declined"
	}
	return "sms.over"
}
