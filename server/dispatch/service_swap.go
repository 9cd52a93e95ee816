package dispatch

import (
	"context"
	"slices"
	"time"
)

const (
	longestSet = 7 * 24 * time.Hour   // a duty that is set for somebody
	setAhead   = 366 * 24 * time.Hour // how far ahead
	setLate    = 5 * time.Minute      // "from now" may be this old
)

// SetDuty puts somebody on duty or on call for a time.
func (s *Service) SetDuty(ctx context.Context, c Command, responderID int64, kind DutyState, startsAt, endsAt time.Time) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		now := s.now()
		switch {
		case startsAt.Before(now.Add(-setLate)) || startsAt.After(now.Add(setAhead)):
			return Outcome{}, Refuse(CodeInvalid, "starts_at")
		case startsAt.Before(now):
			startsAt = now
		}
		if !endsAt.After(startsAt) || endsAt.Sub(startsAt) > longestSet {
			return Outcome{}, Refuse(CodeInvalid, "ends_at")
		}
		r, err := s.lockForDuty(ctx, tx, c.Actor, responderID)
		if err != nil {
			return Outcome{}, err
		}
		if err := apart(ctx, tx, r.ID, Duty{Kind: kind, StartsAt: startsAt, EndsAt: &endsAt}, now); err != nil {
			return Outcome{}, err
		}
		d := Duty{ResponderID: r.ID, AreaID: r.AreaID, Kind: kind, Origin: "roster", StartsAt: startsAt, EndsAt: &endsAt, Version: 1}
		if err := tx.InsertDuty(ctx, &d); err != nil {
			return Outcome{}, err
		}
		event := "duty.set"
		if !startsAt.After(now) {
			event = startedKind(kind)
		}
		if err := tx.NoteDutyChange(ctx, DutyChange{DutyID: d.ID, Step: "set", ResponderID: r.ID}, c.Actor, now); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounDuty, ID: d.ID, Version: 1}, tx.Emit(ctx, dutyEvent(d, event, c.Actor, now))
	})
}

// lockForDuty locks somebody who is registered and whose duties the actor says.
func (s *Service) lockForDuty(ctx context.Context, tx Tx, a Actor, id int64) (Responder, error) {
	people, err := tx.People(ctx, []int64{id})
	if err != nil {
		return Responder{}, err
	}
	if len(people) == 0 || s.allow(a, ActionRoster, people[0].AreaID) != nil {
		return Responder{}, Refuse(CodeNotFound, "responder_id")
	}
	return tx.LockResponder(ctx, id)
}

// WithdrawDuty takes a duty back that has not begun, and ends one that runs.
func (s *Service) WithdrawDuty(ctx context.Context, c Command, id int64, seen int, reason string) (Outcome, error) {
	return s.changeDuties(ctx, c, []int64{id}, 0, seen, reason, func(ctx context.Context, tx Tx, people map[int64]Responder, duties []Duty, now time.Time) (Outcome, error) {
		d := duties[0]
		kind := "duty.withdrawn"
		if !d.StartsAt.After(now) {
			kind = "duty.ended"
		}
		if err := tx.NoteDutyChange(ctx, DutyChange{DutyID: id, Step: "withdraw", ResponderID: d.ResponderID, Reason: reason}, c.Actor, now); err != nil {
			return Outcome{}, err
		}
		ended, err := tx.EndDuty(ctx, id, now)
		if err != nil {
			return Outcome{}, err
		}
		if err := dropIfOff(ctx, tx, people[d.ResponderID], now); err != nil {
			return Outcome{}, err
		}
		ended.AreaID = d.AreaID
		return Outcome{Noun: NounDuty, ID: id, Version: ended.Version}, tx.Emit(ctx, dutyEvent(ended, kind, c.Actor, now))
	})
}

// HandOver gives what is left of somebody's duty to another person (替班).
func (s *Service) HandOver(ctx context.Context, c Command, id int64, seen int, to int64, reason string) (Outcome, error) {
	return s.changeDuties(ctx, c, []int64{id}, to, seen, reason, func(ctx context.Context, tx Tx, people map[int64]Responder, duties []Duty, now time.Time) (Outcome, error) {
		d := duties[0]
		if d.ResponderID == to {
			return Outcome{}, Refuse(CodeInvalid, "responder_id")
		}
		if err := apart(ctx, tx, to, d, now); err != nil {
			return Outcome{}, err
		}
		next, err := tx.PassDuty(ctx, d, to, now)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.passed(ctx, tx, c.Actor, "hand_over", reason, people, d, next, now); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounDuty, ID: next.ID, Version: next.Version}, dropIfOff(ctx, tx, people[d.ResponderID], now)
	})
}

// SwapDuties exchanges what is left of two people's duties (换班), both or none.
func (s *Service) SwapDuties(ctx context.Context, c Command, id int64, seen int, withID int64, reason string) (Outcome, error) {
	return s.changeDuties(ctx, c, []int64{id, withID}, 0, seen, reason, func(ctx context.Context, tx Tx, people map[int64]Responder, duties []Duty, now time.Time) (Outcome, error) {
		one, other := duties[0], duties[1]
		if one.ResponderID == other.ResponderID {
			return Outcome{}, Refuse(CodeInvalid, "with_duty_id")
		}
		if err := apart(ctx, tx, other.ResponderID, one, now, other.ID); err != nil {
			return Outcome{}, err
		}
		if err := apart(ctx, tx, one.ResponderID, other, now, one.ID); err != nil {
			return Outcome{}, err
		}
		next, back, err := tx.SwapDuties(ctx, one, other, now)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.passed(ctx, tx, c.Actor, "swap", reason, people, one, next, now); err != nil {
			return Outcome{}, err
		}
		if err := s.passed(ctx, tx, c.Actor, "swap", reason, people, other, back, now); err != nil {
			return Outcome{}, err
		}
		if err := dropIfOff(ctx, tx, people[one.ResponderID], now); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounDuty, ID: next.ID, Version: next.Version}, dropIfOff(ctx, tx, people[other.ResponderID], now)
	})
}

// changeDuties runs a command on duties of others: locks the people in the
// order of their ids, then the duties, and refuses what is over, what went to
// somebody else meanwhile, and what the actor has no say in. seen 0 means that
// the version was not looked at.
func (s *Service) changeDuties(ctx context.Context, c Command, ids []int64, to int64, seen int, reason string,
	change func(ctx context.Context, tx Tx, people map[int64]Responder, duties []Duty, now time.Time) (Outcome, error),
) (Outcome, error) {
	if reason == "" {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		owners, err := s.owners(ctx, tx, c.Actor, ids)
		if err != nil {
			return Outcome{}, err
		}
		people, err := s.lockPeople(ctx, tx, c.Actor, owners, to)
		if err != nil {
			return Outcome{}, err
		}
		locked := map[int64]Duty{}
		for _, id := range slices.Sorted(slices.Values(ids)) {
			if locked[id], err = tx.LockDuty(ctx, id); err != nil {
				return Outcome{}, err
			}
		}
		now, duties := s.now(), []Duty{}
		for k, id := range ids {
			d := locked[id]
			if d.ResponderID != owners[k] || k == 0 && seen != 0 && seen != d.Version {
				return Outcome{}, &Error{Code: CodeVersionConflict, Field: "version", Current: d, Values: map[string]string{"by": "somebody"}}
			}
			if d.EndsAt != nil && !d.EndsAt.After(now) {
				return Outcome{}, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": "ended"}}
			}
			duties = append(duties, d)
		}
		return change(ctx, tx, people, duties, now)
	})
}

// owners gives whose the duties are, before anything is locked.
func (s *Service) owners(ctx context.Context, tx Tx, a Actor, ids []int64) ([]int64, error) {
	owners := []int64{}
	for k, id := range ids {
		d, err := tx.Duty(ctx, id)
		if err == nil {
			err = s.allow(a, ActionRoster, d.AreaID)
		}
		if k > 0 && CodeOf(err) == CodeNotFound {
			err = Refuse(CodeNotFound, "with_duty_id")
		}
		if err != nil {
			return nil, err
		}
		owners = append(owners, d.ResponderID)
	}
	return owners, nil
}

// lockPeople locks the owners, and to where it is somebody, by their ids.
func (s *Service) lockPeople(ctx context.Context, tx Tx, a Actor, owners []int64, to int64) (map[int64]Responder, error) {
	all := slices.Clone(owners)
	if to != 0 {
		all = append(all, to)
	}
	slices.Sort(all)
	people := map[int64]Responder{}
	var err error
	for _, id := range slices.Compact(all) {
		if id == to {
			people[id], err = s.lockForDuty(ctx, tx, a, id)
		} else {
			people[id], err = tx.LockResponder(ctx, id)
		}
		if err != nil {
			return nil, err
		}
	}
	return people, nil
}

// apart refuses to give somebody what is left of a duty where they have another
// of its kind then, and says when.
func apart(ctx context.Context, tx Tx, responderID int64, d Duty, now time.Time, but ...int64) error {
	from := d.StartsAt
	if from.Before(now) {
		from = now
	}
	other, err := tx.OverlappingDuty(ctx, responderID, d.Kind, from, d.EndsAt, append(but, d.ID)...)
	if err != nil || other == nil {
		return err
	}
	return &Error{Code: CodeDutyOverlap, Field: "responder_id", Values: map[string]string{"period": " " + periodText(*other)}}
}

// periodText says a duty's time in the installation's time.
func periodText(d Duty) string {
	start := d.StartsAt.In(rosterZone)
	text := start.Format("2006-01-02 15:04") + "–"
	switch {
	case d.EndsAt == nil:
		return text
	case DayOf(*d.EndsAt) == DayOf(d.StartsAt):
		return text + d.EndsAt.In(rosterZone).Format("15:04")
	}
	return text + d.EndsAt.In(rosterZone).Format("2006-01-02 15:04")
}

// passed notes that a duty went from one to another, and tells the log of both:
// with an event each, whoever keeps people reads both anew.
func (s *Service) passed(ctx context.Context, tx Tx, a Actor, step, reason string, people map[int64]Responder, was, next Duty, now time.Time) error {
	change := DutyChange{DutyID: next.ID, Step: step, ResponderID: was.ResponderID, ToResponderID: next.ResponderID, Reason: reason}
	if err := tx.NoteDutyChange(ctx, change, a, now); err != nil {
		return err
	}
	given := dutyEvent(was, "duty.handed_over", a, now)
	given.Data["to"] = itoa(next.ResponderID)
	given.NounVersion = was.Version + 1
	if err := tx.Emit(ctx, given); err != nil {
		return err
	}
	next.AreaID = people[next.ResponderID].AreaID
	taken := dutyEvent(next, "duty.taken_over", a, now)
	taken.Data["from"] = itoa(was.ResponderID)
	return tx.Emit(ctx, taken)
}

// dropIfOff deletes the position of somebody who is neither on duty nor on a task.
func dropIfOff(ctx context.Context, tx Tx, r Responder, now time.Time) error {
	if r.Task != nil {
		return nil
	}
	d, err := tx.DutyAt(ctx, r.ID, DutyOn, now)
	if err != nil || d != nil {
		return err
	}
	return tx.DropPosition(ctx, r.ID)
}

func startedKind(kind DutyState) string {
	if kind == DutyOnCall {
		return "duty.on_call"
	}
	return "duty.started"
}
