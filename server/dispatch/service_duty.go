package dispatch

import (
	"context"
	"time"
)

// longestDuty bounds what somebody may switch on by themselves.
const longestDuty = 24 * time.Hour

// StartDuty switches the actor's own duty on, until a time or until switched off.
func (s *Service) StartDuty(ctx context.Context, c Command, endsAt *time.Time) (Outcome, error) {
	return s.ownDuty(ctx, c, func(now time.Time) (Duty, error) {
		end := now.Add(longestDuty)
		if endsAt != nil {
			if !endsAt.After(now) || endsAt.After(end) {
				return Duty{}, &Error{Code: CodeInvalid, Field: "ends_at"}
			}
			end = *endsAt
		}
		return Duty{Kind: DutyOn, Origin: "self", StartsAt: now, EndsAt: &end}, nil
	}, "duty.started")
}

// OnCall notes hours in which the actor is willing to be asked.
func (s *Service) OnCall(ctx context.Context, c Command, startsAt, endsAt time.Time) (Outcome, error) {
	return s.ownDuty(ctx, c, func(now time.Time) (Duty, error) {
		if !endsAt.After(startsAt) || !endsAt.After(now) || endsAt.Sub(startsAt) > 7*24*time.Hour {
			return Duty{}, &Error{Code: CodeInvalid, Field: "ends_at"}
		}
		return Duty{Kind: DutyOnCall, Origin: "self", StartsAt: startsAt, EndsAt: &endsAt}, nil
	}, "duty.on_call")
}

func (s *Service) ownDuty(ctx context.Context, c Command, make func(now time.Time) (Duty, error), kind string) (Outcome, error) {
	if c.Actor.ResponderID == 0 || !c.Actor.May(ActionRespond) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		r, err := tx.LockResponder(ctx, c.Actor.ResponderID)
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		d, err := make(now)
		if err != nil {
			return Outcome{}, err
		}
		if current, err := tx.DutyAt(ctx, r.ID, d.Kind, d.StartsAt); err != nil {
			return Outcome{}, err
		} else if current != nil && d.Kind == DutyOn { // already on: the switch shows what is
			return Outcome{Noun: NounDuty, ID: current.ID, Version: current.Version}, nil
		}
		d.ResponderID, d.AreaID, d.Version = r.ID, r.AreaID, 1
		if err := tx.InsertDuty(ctx, &d); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounDuty, ID: d.ID, Version: 1}, tx.Emit(ctx, dutyEvent(d, kind, c.Actor, now))
	})
}

// EndDuty ends a duty now. With it the position is deleted, unless a task goes on.
func (s *Service) EndDuty(ctx context.Context, c Command, id int64) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		if c.Actor.ResponderID == 0 {
			return Outcome{}, Refuse(CodeForbidden, "")
		}
		r, err := tx.LockResponder(ctx, c.Actor.ResponderID)
		if err != nil {
			return Outcome{}, err
		}
		d, err := tx.LockDuty(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if d.ResponderID != r.ID {
			return Outcome{}, Refuse(CodeNotFound, "")
		}
		now := s.now()
		if d.EndsAt != nil && !d.EndsAt.After(now) {
			return Outcome{Noun: NounDuty, ID: id, Version: d.Version}, nil
		}
		if d, err = tx.EndDuty(ctx, id, now); err != nil {
			return Outcome{}, err
		}
		d.AreaID = r.AreaID
		if err := tx.Emit(ctx, dutyEvent(d, "duty.ended", c.Actor, now)); err != nil {
			return Outcome{}, err
		}
		if d.Kind == DutyOn && r.Task == nil {
			return Outcome{Noun: NounDuty, ID: id, Version: d.Version}, tx.DropPosition(ctx, r.ID)
		}
		return Outcome{Noun: NounDuty, ID: id, Version: d.Version}, nil
	})
}

// dutyBatch is how many duties one transaction turns.
const dutyBatch = 200

// TurnDuties tells the log which duties began or ended by the clock, and
// deletes the positions that go with those that ended. It says how many.
func (s *Service) TurnDuties(ctx context.Context) (int, error) {
	turned := 0
	system := Actor{System: true}
	_, err := s.store.Run(ctx, Command{Actor: system, Name: "duty.turn"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		now := s.now()
		began, ended, err := tx.DueDuties(ctx, now, dutyBatch)
		if err != nil {
			return Outcome{}, err
		}
		turned = len(began) + len(ended)
		for _, d := range ended {
			if err := tx.Emit(ctx, dutyEvent(d, "duty.ended", system, now)); err != nil {
				return Outcome{}, err
			}
			if d.Kind != DutyOn {
				continue
			}
			r, err := tx.LockResponder(ctx, d.ResponderID)
			if err != nil {
				return Outcome{}, err
			}
			if r.Duty != DutyOn && r.Task == nil {
				if err := tx.DropPosition(ctx, d.ResponderID); err != nil {
					return Outcome{}, err
				}
			}
		}
		for _, d := range began {
			kind := "duty.started"
			if d.Kind == DutyOnCall {
				kind = "duty.on_call"
			}
			if err := tx.Emit(ctx, dutyEvent(d, kind, system, now)); err != nil {
				return Outcome{}, err
			}
		}
		return Outcome{Noun: NounDuty}, nil
	})
	return turned, err
}

// SetArea makes or replaces an area below one that the actor administers; one
// that is there already must be theirs too.
func (s *Service) SetArea(ctx context.Context, c Command, in AreaInput) (Outcome, error) {
	if !c.Actor.May(ActionAdminister) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		a, err := tx.SaveArea(ctx, in)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowArea(c.Actor, a); err != nil {
			return Outcome{}, err // what was saved is rolled back
		}
		event := Event{Kind: "area.changed", At: s.now(), Noun: NounArea, NounID: a.ID, NounVersion: a.Version,
			AreaID: a.ID, AccountID: accountOf(c.Actor), Data: map[string]string{"level": string(a.Level)}}
		return Outcome{Noun: NounArea, ID: a.ID, Version: a.Version}, tx.Emit(ctx, event)
	})
}

// allowArea: who administers the whole tree may do all within it; else the area
// as it is and its parent must both lie below the actor's.
func (s *Service) allowArea(a Actor, saved Area) error {
	tree := s.Tree()
	_, known := tree.Area(saved.ID)
	switch {
	case a.System:
		return nil
	case saved.ParentID == nil && saved.ID != tree.Root(): // a root beside the district
		return Refuse(CodeForbidden, "parent_id")
	case a.MayIn(tree, ActionAdminister, tree.Root()):
		return nil
	case known && !a.MayIn(tree, ActionAdminister, saved.ID):
		return Refuse(CodeNotFound, "external_id")
	case saved.ParentID == nil || !a.MayIn(tree, ActionAdminister, *saved.ParentID):
		return Refuse(CodeNotFound, "parent_id")
	}
	return nil
}

func dutyEvent(d Duty, kind string, a Actor, at time.Time) Event {
	return Event{Kind: kind, At: at, Noun: NounDuty, NounID: d.ID, NounVersion: d.Version, AreaID: d.AreaID,
		ResponderID: &d.ResponderID, AccountID: accountOf(a), Data: map[string]string{"kind": string(d.Kind)}}
}
