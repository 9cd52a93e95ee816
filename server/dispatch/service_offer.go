package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Send offers an incident itself to responders, see SendTask.
func (s *Service) Send(ctx context.Context, c Command, id int64, seen int, responderIDs []int64, reason string) (Outcome, error) {
	return s.SendTask(ctx, c, id, seen, responderIDs, reason, TaskDirect)
}

// SendTask offers a task of an incident to responders: one wave. Whoever is not
// among those the ranking recommends needs a reason; whom the hazard keeps away
// is refused, whatever the reason.
func (s *Service) SendTask(ctx context.Context, c Command, id int64, seen int, responderIDs []int64, reason string, task TaskKind) (Outcome, error) {
	if len(responderIDs) == 0 {
		return Outcome{}, Refuse(CodeRequired, "responder_ids")
	}
	ranked, err := s.Recommend(ctx, c.Actor, id, Wanted{Task: task})
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
		next, err := dispatching(ctx, tx, c.Actor, i, plan, now)
		if err != nil {
			return Outcome{}, err
		}
		wave, err := tx.LastWave(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		for _, responderID := range ids {
			o := Offer{IncidentID: id, ResponderID: responderID, AreaID: i.AreaID, Wave: wave + 1, Task: task, State: OfferOffered, Version: 1,
				Reason: reason, OfferedBy: accountOf(c.Actor), OfferedAt: now, ExpiresAt: now.Add(time.Duration(plan.OfferSeconds) * time.Second)}
			o.Choice, o.DistanceMeters = ranked.choice(responderID)
			if err := s.offerTo(ctx, tx, c.Actor, i, plan, &o); err != nil {
				return Outcome{}, err
			}
		}
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, nil
	})
}

// dispatching brings an incident to where offers and orders may go out.
func dispatching(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, now time.Time) (Incident, error) {
	if i.State == IncidentDispatching || i.State == IncidentHandling {
		return i, nil
	}
	step := "offer"
	if i.State == IncidentReported && plan.SendFirst {
		step = "send_first"
	}
	next, kind, err := i.Step(step, plan, now)
	if err != nil {
		return i, err
	}
	if next.FirstOfferAt == nil {
		next.FirstOfferAt = &now
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return i, err
	}
	return next, tx.Emit(ctx, incidentEvent(next, kind, i.State, a, now, nil))
}

func (s *Service) offerTo(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, o *Offer) error {
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
	if err := mayGo(plan, r, o.Task, o.OfferedAt); err != nil {
		return err
	}
	if at, _, _, ok := r.stand(o.OfferedAt); ok && o.TravelSeconds == nil {
		seconds := s.ways.Travel(at, orb.Point{i.Lon, i.Lat}, r.Vehicle)
		o.TravelSeconds = &seconds
	}
	if err := tx.InsertOffer(ctx, o); err != nil {
		return err
	}
	if err := takeVolunteer(ctx, tx, i, *o, a); err != nil {
		return err
	}
	if err := tx.Tell(ctx, Notice{Purpose: PurposeOffer, IncidentID: o.IncidentID, OfferID: o.ID, ResponderID: o.ResponderID, At: o.OfferedAt}); err != nil {
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
	By       Way       // the gateway's channel that it came by, "" for the app
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
		if err == nil && in.By != "" {
			err = tx.Tell(ctx, answerNotice(o, in.By, in.Step, s.now()))
		}
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
	late := o.State == OfferWithdrawn && o.EndedFor == EndedQuota && (i.State == IncidentDispatching || i.State == IncidentHandling)
	if in.Step == "accept" && (o.State.Open() || late) {
		if err := mayGo(plan, r, o.Task, now); err != nil { // what let them may have lapsed since
			return o, err
		}
		full, err := quotaFull(ctx, tx, i, o.Task)
		if err != nil {
			return o, err
		}
		switch {
		case full && o.State == OfferStandby:
			return o, nil
		case late: // there were enough a moment ago: they stand by, and are called where one is needed after all
			in.Step = "follow"
		case full:
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
	if in.Step == "withdraw" {
		next.EndedFor = EndedByHand
	}
	if in.Step == "later" {
		until := now.Add(time.Duration(in.Minutes) * time.Minute)
		next.LaterUntil, next.ExpiresAt = &until, until // then they are asked again, see remind
	}
	if err := tx.SaveOffer(ctx, next); err != nil {
		return o, err
	}
	data := map[string]string{"from": string(o.State), "to": string(next.State)}
	if in.OnBehalf {
		data["on_behalf"] = "true"
	}
	if in.By != "" {
		data["by"] = string(in.By)
	}
	if err := tx.Emit(ctx, offerEvent(next, kind, a, now, data)); err != nil {
		return o, err
	}
	switch in.Step {
	case "accept":
		err = s.assign(ctx, tx, a, i, plan, r, next, deviceTime(in.At, o.OfferedAt, now))
	case "decline", "withdraw", "follow":
		_, err = s.refill(ctx, tx, a, i, plan, now)
	}
	return next, err
}

// quotaFull says whether a task of an incident has all the people it needs: the
// perimeter takes no place from those who go in.
func quotaFull(ctx context.Context, tx Tx, i Incident, task TaskKind) (bool, error) {
	assignments, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return false, err
	}
	return countTaken(i, assignments, task) >= i.Quota, nil
}

// countTaken counts the places of a task's quota that are filled in this round.
func countTaken(i Incident, assignments []Assignment, task TaskKind) int {
	n := 0
	for _, a := range assignments {
		if a.Task == task && (a.State.Active() || a.State == AssignmentDone && a.inRound(i)) {
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
	as := Assignment{IncidentID: i.ID, ResponderID: o.ResponderID, AreaID: i.AreaID, OfferID: o.ID, Task: o.Task,
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
	if err := withdraw(ctx, tx, others, EndedOtherTask, a, now); err != nil {
		return err
	}
	if full, err := quotaFull(ctx, tx, i, o.Task); err != nil {
		return err
	} else if full {
		open, err := tx.OpenOffers(ctx, i.ID, 0)
		if err != nil {
			return err
		}
		open = slices.DeleteFunc(open, func(other Offer) bool { return other.Task != o.Task || other.State == OfferStandby })
		if err := withdraw(ctx, tx, open, EndedQuota, a, now); err != nil {
			return err
		}
		if o.Task == TaskDirect && i.WaveAt != nil {
			if i, err = s.endWaves(ctx, tx, a, i, now); err != nil {
				return err
			}
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

// ExpireOffers ends the offers whose time is up, and asks those again who wanted
// to be asked later, each in its own transaction that looks again; it says when
// the next one's will be (zero for none).
func (s *Service) ExpireOffers(ctx context.Context) (time.Time, error) {
	return s.eachDue(ctx, s.store.DueOffers, s.expireOffer)
}

func (s *Service) expireOffer(ctx context.Context, id int64) error {
	system := Actor{System: true}
	_, err := s.store.Run(ctx, Command{Actor: system, Name: "offer.expire"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.Offer(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		i, plan, err := tx.LockIncident(ctx, known.IncidentID)
		if err != nil {
			return Outcome{}, err
		}
		o, err := tx.LockOffer(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		now, step := s.now(), "expire"
		if o.State == OfferLater {
			step = "remind"
		}
		if !o.State.Open() || o.State == OfferStandby || o.ExpiresAt.After(now) {
			return Outcome{Noun: NounOffer, ID: id, Version: o.Version}, nil // answered meanwhile
		}
		next, kind, err := o.Step(step, now)
		if err != nil {
			return Outcome{}, err
		}
		if step == "remind" {
			next.ExpiresAt = now.Add(time.Duration(plan.OfferSeconds) * time.Second)
		}
		if err := saveOffer(ctx, tx, o, next, kind, system, now); err != nil {
			return Outcome{}, err
		}
		if step == "expire" {
			_, err = s.refill(ctx, tx, system, i, plan, now)
		}
		return Outcome{Noun: NounOffer, ID: id, Version: next.Version}, err
	})
	return err
}

func withdrawOpen(ctx context.Context, tx Tx, incidentID int64, a Actor, now time.Time) error {
	open, err := tx.OpenOffers(ctx, incidentID, 0)
	if err != nil {
		return err
	}
	return withdraw(ctx, tx, open, EndedIncident, a, now)
}

func withdraw(ctx context.Context, tx Tx, offers []Offer, why EndedFor, a Actor, now time.Time) error {
	for _, o := range offers {
		next, kind, err := o.Step("withdraw", now)
		if err != nil {
			return err
		}
		next.EndedFor = why
		if err := saveOffer(ctx, tx, o, next, kind, a, now); err != nil {
			return err
		}
	}
	return nil
}

// saveOffer writes an offer after a step, and the event that tells of it.
func saveOffer(ctx context.Context, tx Tx, was, next Offer, kind string, a Actor, now time.Time) error {
	if err := tx.SaveOffer(ctx, next); err != nil {
		return err
	}
	if next.State == OfferOffered { // asked again: they are reached again, too
		if err := tx.Tell(ctx, Notice{Purpose: PurposeOffer, IncidentID: next.IncidentID, OfferID: next.ID, ResponderID: next.ResponderID, At: now}); err != nil {
			return err
		}
	}
	data := map[string]string{"from": string(was.State), "to": string(next.State)}
	if next.EndedFor != "" {
		data["for"] = string(next.EndedFor)
	}
	return tx.Emit(ctx, offerEvent(next, kind, a, now, data))
}

func offerEvent(o Offer, kind string, a Actor, at time.Time, data map[string]string) Event {
	if data == nil {
		data = map[string]string{}
	}
	data["wave"] = itoa(int64(o.Wave))
	return Event{Kind: kind, At: at, Noun: NounOffer, NounID: o.ID, NounVersion: o.Version, AreaID: o.AreaID,
		IncidentID: &o.IncidentID, ResponderID: &o.ResponderID, AccountID: accountOf(a), Data: data}
}
