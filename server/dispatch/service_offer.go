package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Send offers an incident to responders: one wave. Whoever is not among those
// the ranking recommends needs a reason.
func (s *Service) Send(ctx context.Context, c Command, id int64, seen int, responderIDs []int64, reason string) (Outcome, error) {
	if len(responderIDs) == 0 {
		return Outcome{}, Refuse(CodeRequired, "responder_ids")
	}
	ranked, err := s.Recommend(ctx, c.Actor, id, "", 0)
	if err != nil {
		return Outcome{}, err
	}
	ids := slices.Compact(slices.Sorted(slices.Values(responderIDs)))
	if err := needReason(ranked, ids, reason); err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowIncident(c.Actor, ActionDispatch, i); err != nil {
			return Outcome{}, err
		}
		if err := checkVersion(ctx, tx, i, seen); err != nil {
			return Outcome{}, err
		}
		now := s.now()
		next := i
		if i.State == IncidentVerified {
			var kind string
			if next, kind, err = i.Step("offer", plan, now); err != nil {
				return Outcome{}, err
			}
			if next.FirstOfferAt == nil {
				next.FirstOfferAt = &now
			}
			if err := tx.SaveIncident(ctx, next); err != nil {
				return Outcome{}, err
			}
			if err := tx.Emit(ctx, incidentEvent(next, kind, i.State, c.Actor, now, nil)); err != nil {
				return Outcome{}, err
			}
		} else if i.State != IncidentDispatching && i.State != IncidentHandling {
			return Outcome{}, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "offer"}}
		}
		wave, err := tx.LastWave(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		for _, responderID := range ids {
			o := Offer{IncidentID: id, ResponderID: responderID, AreaID: i.AreaID, Wave: wave + 1, State: OfferOffered, Version: 1,
				Reason: reason, OfferedBy: accountOf(c.Actor), OfferedAt: now, ExpiresAt: now.Add(time.Duration(plan.OfferSeconds) * time.Second)}
			if at := slices.IndexFunc(ranked.Candidates, func(k Candidate) bool { return k.Responder.ID == responderID }); at >= 0 {
				o.DistanceMeters = &ranked.Candidates[at].DistanceMeters
			}
			if err := s.offerTo(ctx, tx, c.Actor, &o); err != nil {
				return Outcome{}, err
			}
		}
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, nil
	})
}

// needReason asks why where somebody outside the recommended is picked.
func needReason(ranked Recommendation, ids []int64, reason string) error {
	if strings.TrimSpace(reason) != "" {
		return nil
	}
	for _, id := range ids {
		ok := slices.ContainsFunc(ranked.Candidates, func(k Candidate) bool { return k.Responder.ID == id && k.Recommended })
		if !ok {
			return Refuse(CodeReasonRequired, "reason")
		}
	}
	return nil
}

func (s *Service) offerTo(ctx context.Context, tx Tx, a Actor, o *Offer) error {
	r, err := tx.LockResponder(ctx, o.ResponderID)
	if err != nil {
		return err
	}
	if !a.MayIn(s.Tree(), ActionDispatch, r.AreaID) {
		return &Error{Code: CodeNotFound, Field: "responder_ids"}
	}
	if r.Task != nil {
		return &Error{Code: CodeAlreadyAssigned, Field: "responder_ids", Values: map[string]string{"name": r.Name}}
	}
	if r.Duty == DutyOff {
		return &Error{Code: CodeNotDispatchable, Field: "responder_ids", Values: map[string]string{"name": r.Name}}
	}
	if err := tx.InsertOffer(ctx, o); err != nil {
		return err
	}
	return tx.Emit(ctx, offerEvent(*o, "offer.offered", a, o.OfferedAt, nil))
}

// Answer is what came back on an offer.
type Answer struct {
	Step     string // seen, accept, decline, later, withdraw
	Seen     int    // the offer's version the asker saw, 0 where it saw none
	Reason   string
	Minutes  int       // with later
	At       time.Time // the device's time, zero for now
	OnBehalf bool      // a dispatcher records it for the responder
}

// AnswerOffer records an answer. An acceptance makes the assignment, or a
// standby where the quota is full, and withdraws the person's other offers.
func (s *Service) AnswerOffer(ctx context.Context, c Command, offerID int64, in Answer) (Outcome, error) {
	if in.Step == "later" && (in.Minutes < 1 || in.Minutes > 240) {
		return Outcome{}, &Error{Code: CodeInvalid, Field: "minutes"}
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.Offer(ctx, offerID)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowAnswer(c.Actor, known, in); err != nil {
			return Outcome{}, err
		}
		i, plan, err := tx.LockIncident(ctx, known.IncidentID)
		if err != nil {
			return Outcome{}, err
		}
		r, err := tx.LockResponder(ctx, known.ResponderID)
		if err != nil {
			return Outcome{}, err
		}
		o, err := tx.LockOffer(ctx, offerID)
		if err != nil {
			return Outcome{}, err
		}
		if in.Seen != 0 && in.Seen != o.Version && in.Step != "accept" && in.Step != "decline" && in.Step != "seen" {
			return Outcome{}, &Error{Code: CodeVersionConflict, Field: "version", Current: o, Values: map[string]string{"state": string(o.State)}}
		}
		o, err = s.answer(ctx, tx, c.Actor, i, plan, r, o, in)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounOffer, ID: o.ID, Version: o.Version}, nil
	})
}

// allowAnswer: the responder answers their own offers; a dispatcher of the area
// withdraws, or answers on somebody's behalf.
func (s *Service) allowAnswer(a Actor, o Offer, in Answer) error {
	if a.System {
		return nil
	}
	dispatches := a.MayIn(s.Tree(), ActionDispatch, o.AreaID)
	own := a.ResponderID == o.ResponderID && a.May(ActionRespond)
	switch {
	case in.Step == "withdraw":
		if dispatches {
			return nil
		}
	case in.OnBehalf:
		if dispatches {
			return nil
		}
	case own:
		return nil
	}
	if own || dispatches || a.Sight(s.Tree()).In(o.AreaID).Sees(FieldOffer) {
		return Refuse(CodeForbidden, "")
	}
	return Refuse(CodeNotFound, "")
}

func (s *Service) answer(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, r Responder, o Offer, in Answer) (Offer, error) {
	now := s.now()
	if in.Step == "seen" && o.State != OfferOffered {
		return o, nil // seen again, or after an answer: nothing to add
	}
	if in.Step == "accept" && o.State.Open() {
		full, err := quotaFull(ctx, tx, i)
		if err != nil {
			return o, err
		}
		if full {
			in.Step = "standby"
		}
	}
	next, kind, err := o.Step(in.Step, now)
	if err != nil {
		return o, err
	}
	next.AnswerReason, next.OnBehalf = in.Reason, in.OnBehalf
	if in.Step != "seen" {
		next.AnsweredBy = accountOf(a)
	}
	if in.Step == "later" {
		until := now.Add(time.Duration(in.Minutes) * time.Minute)
		next.LaterUntil, next.ExpiresAt = &until, until.Add(time.Duration(plan.OfferSeconds)*time.Second)
	}
	if err := tx.SaveOffer(ctx, next); err != nil {
		return o, err
	}
	data := map[string]string{"from": string(o.State), "to": string(next.State)}
	if in.OnBehalf {
		data["on_behalf"] = "true"
	}
	if err := tx.Emit(ctx, offerEvent(next, kind, a, now, data)); err != nil {
		return o, err
	}
	if in.Step == "accept" {
		err = s.assign(ctx, tx, a, i, plan, r, next, deviceTime(in.At, o.OfferedAt, now))
	}
	return next, err
}

func quotaFull(ctx context.Context, tx Tx, i Incident) (bool, error) {
	assignments, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return false, err
	}
	return countTaken(i, assignments) >= i.Quota, nil
}

// countTaken counts the places of the quota that are filled in this round.
func countTaken(i Incident, assignments []Assignment) int {
	n := 0
	for _, a := range assignments {
		if a.State.Active() || a.State == AssignmentDone && a.inRound(i) {
			n++
		}
	}
	return n
}

// assign makes the assignment of an accepted offer: one active one a person,
// the person's other offers and, at quota, the incident's others withdrawn.
func (s *Service) assign(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, r Responder, o Offer, at time.Time) error {
	now := s.now()
	if r.Task != nil {
		return &Error{Code: CodeAlreadyAssigned, Values: map[string]string{"name": r.Name}}
	}
	as := Assignment{IncidentID: i.ID, ResponderID: o.ResponderID, AreaID: i.AreaID, OfferID: o.ID,
		State: AssignmentAccepted, Version: 1, AcceptedAt: at}
	if err := tx.InsertAssignment(ctx, &as); err != nil {
		return err
	}
	if err := s.join(ctx, tx, i, PartySupporting, []int64{r.AreaID}); err != nil {
		return err
	}
	if err := tx.Emit(ctx, assignmentEvent(as, "assignment.accepted", a, now, nil)); err != nil {
		return err
	}
	others, err := tx.OpenOffers(ctx, 0, o.ResponderID)
	if err != nil {
		return err
	}
	if err := withdraw(ctx, tx, others, a, now); err != nil {
		return err
	}
	if full, err := quotaFull(ctx, tx, i); err != nil {
		return err
	} else if full {
		if err := withdrawOpen(ctx, tx, i.ID, a, now); err != nil {
			return err
		}
	}
	return s.handlingBegins(ctx, tx, a, i, plan, now)
}

// handlingBegins moves an incident to handling at its first acceptance.
func (s *Service) handlingBegins(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, now time.Time) error {
	if !i.CanStep("accept") {
		return nil
	}
	next, kind, err := i.Step("accept", plan, now)
	if err != nil {
		return err
	}
	if next.FirstAcceptanceAt == nil {
		next.FirstAcceptanceAt = &now
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return err
	}
	return tx.Emit(ctx, incidentEvent(next, kind, i.State, a, now, nil))
}

// ExpireOffers ends the offers whose time is up, each in its own transaction
// that looks again, and says when the next one's will be (zero for none).
func (s *Service) ExpireOffers(ctx context.Context) (time.Time, error) {
	ids, next, err := s.store.DueOffers(ctx, s.now())
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range ids {
		if err := s.expireOffer(ctx, id); err != nil {
			return time.Time{}, err
		}
	}
	return next, nil
}

func (s *Service) expireOffer(ctx context.Context, id int64) error {
	system := Actor{System: true}
	_, err := s.store.Run(ctx, Command{Actor: system, Name: "offer.expire"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.Offer(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if _, _, err := tx.LockIncident(ctx, known.IncidentID); err != nil {
			return Outcome{}, err
		}
		o, err := tx.LockOffer(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		if !o.State.Open() || o.State == OfferStandby || o.ExpiresAt.After(now) {
			return Outcome{Noun: NounOffer, ID: id, Version: o.Version}, nil // answered meanwhile
		}
		next, kind, err := o.Step("expire", now)
		if err != nil {
			return Outcome{}, err
		}
		if err := tx.SaveOffer(ctx, next); err != nil {
			return Outcome{}, err
		}
		data := map[string]string{"from": string(o.State), "to": string(next.State)}
		return Outcome{Noun: NounOffer, ID: id, Version: next.Version}, tx.Emit(ctx, offerEvent(next, kind, system, now, data))
	})
	return err
}

func withdrawOpen(ctx context.Context, tx Tx, incidentID int64, a Actor, now time.Time) error {
	open, err := tx.OpenOffers(ctx, incidentID, 0)
	if err != nil {
		return err
	}
	return withdraw(ctx, tx, open, a, now)
}

func withdraw(ctx context.Context, tx Tx, offers []Offer, a Actor, now time.Time) error {
	for _, o := range offers {
		next, kind, err := o.Step("withdraw", now)
		if err != nil {
			return err
		}
		if err := tx.SaveOffer(ctx, next); err != nil {
			return err
		}
		data := map[string]string{"from": string(o.State), "to": string(next.State)}
		if err := tx.Emit(ctx, offerEvent(next, kind, a, now, data)); err != nil {
			return err
		}
	}
	return nil
}

func offerEvent(o Offer, kind string, a Actor, at time.Time, data map[string]string) Event {
	if data == nil {
		data = map[string]string{}
	}
	data["wave"] = itoa(int64(o.Wave))
	return Event{Kind: kind, At: at, Noun: NounOffer, NounID: o.ID, NounVersion: o.Version, AreaID: o.AreaID,
		IncidentID: &o.IncidentID, ResponderID: &o.ResponderID, AccountID: accountOf(a), Data: data}
}
