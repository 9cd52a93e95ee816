package dispatch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

const (
	// callUpBatch is how many people one transaction asks.
	callUpBatch = 500
	// mostCalled bounds one call-up.
	mostCalled = 50_000
	// furthestCallUp is how far ahead people are called.
	furthestCallUp = 30 * 24 * time.Hour
)

// CallUp calls people up. It writes the call-up and who matches at this moment,
// and nothing else: they are asked by AskCallUps.
func (s *Service) CallUp(ctx context.Context, c Command, in CallUpInput) (Outcome, error) {
	rule, areaID, err := s.callUpRule(c.Actor, in)
	if err != nil {
		return Outcome{}, err
	}
	if strings.TrimSpace(in.Reason) == "" {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	if strings.TrimSpace(in.Place) == "" {
		return Outcome{}, Refuse(CodeRequired, "place")
	}
	if _, err := cellOf(in.Point); err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		now := s.now()
		call := CallUp{AreaID: areaID, AreaIDs: in.AreaIDs, Affiliations: rule.Affiliations, Skills: rule.Skills, Duties: rule.Duties, Quota: in.Quota,
			Reason: in.Reason, Place: in.Place, Lon: in.Point.Lon(), Lat: in.Point.Lat(), GatherAt: rule.At,
			State: CallUpAsking, StateSince: now, Version: 1, CalledBy: accountOf(c.Actor), CalledAt: now}
		if err := tx.InsertCallUp(ctx, &call, rule); err != nil {
			return Outcome{}, err
		}
		data := map[string]string{"total": itoa(int64(call.Total)), "places": itoa(int64(call.Places))}
		return Outcome{Noun: NounCallUp, ID: call.ID, Version: call.Version}, tx.Emit(ctx, callUpEvent(call, "call_up.called", c.Actor, now, data))
	})
}

// PreviewCallUp says how many a call-up would ask now.
func (s *Service) PreviewCallUp(ctx context.Context, a Actor, in CallUpInput) (CallUpPreview, error) {
	rule, _, err := s.callUpRule(a, in)
	if err != nil {
		return CallUpPreview{}, err
	}
	return s.store.CallUpPreview(ctx, rule)
}

// callUpRule gives who matches, and the area that the call-up belongs to: the
// one that holds all the areas asked for, in which the actor dispatches.
func (s *Service) callUpRule(a Actor, in CallUpInput) (CallUpRule, int64, error) {
	tree, now := s.Tree(), s.now()
	if len(in.AreaIDs) == 0 {
		return CallUpRule{}, 0, Refuse(CodeRequired, "area_ids")
	}
	for _, id := range in.AreaIDs {
		if err := s.allow(a, ActionDispatch, id); err != nil {
			return CallUpRule{}, 0, Refuse(CodeOf(err), "area_ids")
		}
	}
	areaID := tree.Common(in.AreaIDs)
	if !a.MayIn(tree, ActionDispatch, areaID) {
		return CallUpRule{}, 0, Refuse(CodeForbidden, "area_ids")
	}
	if in.Quota != nil && (*in.Quota < 1 || *in.Quota > mostCalled) {
		return CallUpRule{}, 0, Refuse(CodeInvalid, "quota")
	}
	duties := slices.Compact(slices.Sorted(slices.Values(in.Duties)))
	if len(duties) == 0 {
		return CallUpRule{}, 0, Refuse(CodeRequired, "duties")
	}
	if in.GatherAt.IsZero() {
		in.GatherAt = now
	}
	if in.GatherAt.Before(now.Add(-time.Hour)) || in.GatherAt.After(now.Add(furthestCallUp)) {
		return CallUpRule{}, 0, Refuse(CodeInvalid, "gather_at")
	}
	return CallUpRule{AreaIDs: tree.Below(in.AreaIDs...), Affiliations: orNone(in.Affiliations), Skills: orNone(in.Skills), Duties: duties, At: in.GatherAt}, areaID, nil
}

func orNone(list []string) []string { return append([]string{}, list...) }

// AskCallUps asks the people of call-ups that nobody has asked yet, a batch a
// transaction. Who goes on after a crash, or does it at the same time on another
// node, goes on from the call-up's own cursor: nobody is asked twice.
func (s *Service) AskCallUps(ctx context.Context) error {
	ids, err := s.store.AskingCallUps(ctx)
	for _, id := range ids {
		err = errors.Join(err, s.askAll(ctx, id))
	}
	return err
}

// askAll asks everybody of a call-up.
func (s *Service) askAll(ctx context.Context, id int64) error {
	for {
		if more, err := s.askBatch(ctx, id); err != nil || !more {
			return err
		}
	}
}

// askBatch asks the next batch of a call-up and says whether there are more.
func (s *Service) askBatch(ctx context.Context, id int64) (more bool, err error) {
	system := Actor{System: true}
	_, err = s.store.Run(ctx, Command{Actor: system, Name: "call_up.ask"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		call, err := tx.LockCallUp(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		more = false // it may be run again
		if call.State != CallUpAsking {
			return Outcome{Noun: NounCallUp, ID: id, Version: call.Version}, nil // ended meanwhile
		}
		now := s.now()
		from, to := call.Next(callUpBatch)
		asked, err := tx.InsertMembers(ctx, call, from, to, now)
		if err != nil {
			return Outcome{}, err
		}
		kind := "call_up.asking"
		call.AskedTo = to
		if to == call.Total {
			if call, kind, err = call.Step("finish", now); err != nil {
				return Outcome{}, err
			}
		} else {
			call.Version++
			more = true
		}
		if err := tx.SaveCallUp(ctx, call); err != nil {
			return Outcome{}, err
		}
		data := map[string]string{"after": itoa(int64(from)), "asked_to": itoa(int64(to)), "total": itoa(int64(call.Total)), "asked": itoa(int64(asked))}
		return Outcome{Noun: NounCallUp, ID: id, Version: call.Version}, tx.Emit(ctx, callUpEvent(call, kind, system, now, data))
	})
	return more, err
}

// MemberAnswer is what came back from somebody who was called up.
type MemberAnswer struct {
	Step     string    // seen, come, decline, arrive, leave
	At       time.Time // the device's time, zero for now
	OnBehalf bool      // a dispatcher records it for them
}

// AnswerCallUp records a person's step. Where a quota is wanted and somebody
// declines, the next substitute is asked.
func (s *Service) AnswerCallUp(ctx context.Context, c Command, memberID int64, in MemberAnswer) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.CallUpMember(ctx, memberID)
		if err != nil {
			return Outcome{}, err
		}
		call, err := tx.CallUp(ctx, known.CallUpID)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowMember(c.Actor, call, known, in); err != nil {
			return Outcome{}, err
		}
		replaces := in.Step == "decline" && call.Quota != nil
		lock := tx.ShareCallUp
		if replaces {
			lock = tx.LockCallUp
		}
		if call, err = lock(ctx, call.ID); err != nil {
			return Outcome{}, err
		}
		m, err := tx.LockCallUpMember(ctx, memberID)
		if err != nil {
			return Outcome{}, err
		}
		next, changed, err := s.answerMember(ctx, tx, c.Actor, call, m, in)
		if err == nil && changed && replaces {
			_, err = s.askMore(ctx, tx, call, 1, c.Actor, s.now())
		}
		return Outcome{Noun: NounCallUpMember, ID: next.ID, Version: next.Version}, err
	})
}

// allowMember: people answer for themselves; who dispatches in the call-up's area
// records it for them.
func (s *Service) allowMember(a Actor, call CallUp, m CallUpMember, in MemberAnswer) error {
	own := a.ResponderID == m.ResponderID && a.May(ActionRespond)
	dispatches := a.MayIn(s.Tree(), ActionDispatch, call.AreaID)
	switch {
	case in.OnBehalf && dispatches, !in.OnBehalf && own:
		return nil
	case own || dispatches:
		return Refuse(CodeForbidden, "")
	}
	return Refuse(CodeNotFound, "")
}

func (s *Service) answerMember(ctx context.Context, tx Tx, a Actor, call CallUp, m CallUpMember, in MemberAnswer) (CallUpMember, bool, error) {
	if in.Step == "seen" && m.State != MemberAsked {
		return m, false, nil // seen again, or after an answer: nothing to add
	}
	now := s.now()
	at := now
	switch {
	case in.Step == "arrive":
		at = deviceTime(in.At, call.CalledAt, now)
	case in.Step == "leave" && m.ArrivedAt != nil:
		at = deviceTime(in.At, *m.ArrivedAt, now)
	}
	if !call.State.Open() && m.State != MemberStoodDown {
		return m, false, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(call.State), "step": in.Step}}
	}
	next, kind, err := m.Step(in.Step, at)
	if err != nil {
		return m, false, err
	}
	next.OnBehalf, next.RecordedBy = in.OnBehalf, nil
	if in.OnBehalf {
		next.RecordedBy = accountOf(a)
	}
	if err := tx.SaveCallUpMember(ctx, next); err != nil {
		return m, false, err
	}
	return next, true, tx.Emit(ctx, memberEvent(call, m, next, kind, a, now))
}

// askMore opens further places of a call-up and asks the substitutes who get them.
// Where the asking has not come to them yet, it asks them as it does.
func (s *Service) askMore(ctx context.Context, tx Tx, call CallUp, places int, a Actor, now time.Time) (CallUp, error) {
	if call.Places == call.Total {
		return call, nil
	}
	call.Places = min(call.Places+places, call.Total)
	call.Version++
	if err := tx.SaveCallUp(ctx, call); err != nil {
		return call, err
	}
	next, err := tx.LockSubstitutes(ctx, call)
	if err != nil {
		return call, err
	}
	for _, m := range next {
		asked, kind, err := m.Step("ask", now)
		if err != nil {
			return call, err
		}
		if err := tx.SaveCallUpMember(ctx, asked); err != nil {
			return call, err
		}
		if err := tx.Emit(ctx, memberEvent(call, m, asked, kind, a, now)); err != nil {
			return call, err
		}
	}
	return call, nil
}

// mostMore bounds how many substitutes are asked by hand at a time.
const mostMore = 200

// CallSubstitutes asks further substitutes because the dispatcher says so.
func (s *Service) CallSubstitutes(ctx context.Context, c Command, id int64, count int) (Outcome, error) {
	if count < 1 || count > mostMore {
		return Outcome{}, Refuse(CodeInvalid, "count")
	}
	return s.changeCallUp(ctx, c, id, "more", func(ctx context.Context, tx Tx, call CallUp, now time.Time) (CallUp, error) {
		if call.Places == call.Total {
			return call, Refuse(CodeInvalid, "count")
		}
		return s.askMore(ctx, tx, call, count, c.Actor, now)
	})
}

// EndCallUp sends everybody home ("stand_down") or calls it off ("cancel"), which
// takes a reason. Who has not been asked is not asked any more.
func (s *Service) EndCallUp(ctx context.Context, c Command, id int64, step, reason string) (Outcome, error) {
	if step == "cancel" && strings.TrimSpace(reason) == "" {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	return s.changeCallUp(ctx, c, id, step, func(ctx context.Context, tx Tx, call CallUp, now time.Time) (CallUp, error) {
		next, kind, err := call.Step(step, now)
		if err != nil {
			return call, err
		}
		next.EndedBy, next.EndedReason = accountOf(c.Actor), reason
		n, err := tx.StandDownMembers(ctx, id, 0, now)
		if err != nil {
			return call, err
		}
		if err := tx.SaveCallUp(ctx, next); err != nil {
			return call, err
		}
		data := map[string]string{"from": string(call.State), "to": string(next.State), "members": itoa(int64(n))}
		return next, tx.Emit(ctx, callUpEvent(next, kind, c.Actor, now, data))
	})
}

// changeCallUp runs a command of who dispatches in a call-up's area on one that
// goes on. What they saw of it does not matter: batches and answers go on
// meanwhile, and change none of these decisions.
func (s *Service) changeCallUp(ctx context.Context, c Command, id int64, step string,
	decide func(ctx context.Context, tx Tx, call CallUp, now time.Time) (CallUp, error),
) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		call, err := tx.LockCallUp(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allow(c.Actor, ActionDispatch, call.AreaID); err != nil {
			return Outcome{}, err
		}
		if !call.State.Open() {
			return Outcome{}, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(call.State), "step": step}}
		}
		next, err := decide(ctx, tx, call, s.now())
		return Outcome{Noun: NounCallUp, ID: id, Version: next.Version}, err
	})
}

func callUpEvent(call CallUp, kind string, a Actor, at time.Time, data map[string]string) Event {
	return Event{Kind: kind, At: at, Noun: NounCallUp, NounID: call.ID, NounVersion: call.Version, AreaID: call.AreaID,
		AccountID: accountOf(a), Data: data}
}

func memberEvent(call CallUp, was, m CallUpMember, kind string, a Actor, at time.Time) Event {
	data := map[string]string{"call_up": itoa(call.ID), "from": string(was.State), "to": string(m.State)}
	if m.OnBehalf {
		data["on_behalf"] = "true"
	}
	return Event{Kind: kind, At: at, Noun: NounCallUpMember, NounID: m.ID, NounVersion: m.Version, AreaID: call.AreaID,
		ResponderID: &m.ResponderID, AccountID: accountOf(a), Data: data}
}
