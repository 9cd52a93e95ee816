package dispatch

import (
	"context"
	"time"
)

// answerNotice tells what became of an answer that came by message. Somebody who
// declined knows.
func answerNotice(o Offer, by Way, step string, at time.Time) Notice {
	return Notice{Purpose: PurposeAnswered, IncidentID: o.IncidentID, OfferID: o.ID, ResponderID: o.ResponderID,
		Channel: by, Step: step, Back: step != "decline" || o.State != OfferDeclined, At: at}
}

// TakeReceipt notes what a gateway says became of a message.
func (s *Service) TakeReceipt(ctx context.Context, r Receipt) error {
	return s.store.MessageReceipt(ctx, r)
}

// TakeReply carries out what somebody answered to a gateway, once however often
// it is handed over. An answer that comes too late changes nothing, and the
// person is told so.
func (s *Service) TakeReply(ctx context.Context, r MessageReply) (Outcome, error) {
	asked, err := s.store.MessageAsked(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	system := Actor{System: true}
	out, err := s.AnswerOffer(ctx, Command{Actor: system, Key: "gateway:" + r.ID, Name: "offer." + r.Step, Payload: []byte(itoa(asked.OfferID))},
		asked.OfferID, Answer{Step: r.Step, At: r.At, By: r.By})
	if code := CodeOf(err); code != CodeIllegalTransition && code != CodeAlreadyAssigned {
		return out, err
	}
	late := Command{Actor: system, Key: "gateway-late:" + r.ID, Name: "offer.answered_late", Payload: []byte(itoa(asked.OfferID))}
	return s.store.Run(ctx, late, func(ctx context.Context, tx Tx) (Outcome, error) {
		o, err := tx.Offer(ctx, asked.OfferID)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounOffer, ID: o.ID, Version: o.Version}, tx.Tell(ctx, answerNotice(o, r.By, r.Step, s.now()))
	})
}
