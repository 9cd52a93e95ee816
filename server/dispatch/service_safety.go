package dispatch

import (
	"context"
	"strconv"
	"time"
)

// Signal is what somebody at work says of themselves: that they are all right, or
// that they need help.
type Signal struct {
	At       time.Time // the device's time, zero for now
	OnBehalf bool      // a dispatcher who spoke to them records it
}

// withAssignment locks an assignment with its incident for who may speak of it.
func (s *Service) withAssignment(ctx context.Context, tx Tx, a Actor, id int64, in Signal) (Incident, Plan, Assignment, error) {
	known, err := tx.Assignment(ctx, id)
	if err != nil {
		return Incident{}, Plan{}, known, err
	}
	if !a.System {
		if err := s.allowProgress(a, known, Progress{OnBehalf: in.OnBehalf}); err != nil {
			return Incident{}, Plan{}, known, err
		}
	}
	i, plan, err := tx.LockIncident(ctx, known.IncidentID)
	if err != nil {
		return i, plan, known, err
	}
	as, err := tx.LockAssignment(ctx, id)
	if err == nil && as.IncidentID != i.ID {
		err = Refuse(CodeMoved, "")
	}
	return i, plan, as, err
}

// AnswerWelfare records that somebody is all right; the next check counts from
// now. Who was not asked says so as well.
func (s *Service) AnswerWelfare(ctx context.Context, c Command, assignmentID int64, in Signal) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		_, plan, as, err := s.withAssignment(ctx, tx, c.Actor, assignmentID, in)
		if err != nil {
			return Outcome{}, err
		}
		if as.State != AssignmentOnScene {
			return Outcome{}, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(as.State), "step": "welfare"}}
		}
		now := s.now()
		next := as.watch(plan, now)
		next.Version++
		if err := tx.SaveAssignment(ctx, next); err != nil {
			return Outcome{}, err
		}
		data := map[string]string{}
		if in.OnBehalf {
			data["on_behalf"] = "true"
		}
		return Outcome{Noun: NounAssignment, ID: next.ID, Version: next.Version}, tx.Emit(ctx, assignmentEvent(next, "assignment.welfare_answered", c.Actor, now, data))
	})
}

// RaiseAlarm calls for help. Where a call of theirs rings already it is that one.
// The service carries it out: whose desks are told is not for a phone to read.
func (s *Service) RaiseAlarm(ctx context.Context, c Command, assignmentID int64, in Signal) (Outcome, error) {
	return s.store.Run(ctx, c.AsService(), func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, as, err := s.withAssignment(ctx, tx, c.Actor, assignmentID, in)
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		alarm, err := s.raise(ctx, tx, c.Actor, i, plan, Alarm{IncidentID: i.ID, AssignmentID: as.ID, ResponderID: as.ResponderID, AreaID: i.AreaID,
			Kind: AlarmHelp, RaisedAt: deviceTime(in.At, as.AcceptedAt, now), OnBehalf: in.OnBehalf}, now)
		return Outcome{Noun: NounAlarm, ID: alarm.ID, Version: alarm.Version}, err
	})
}

// raise puts an alarm on record and tells the next level at once.
func (s *Service) raise(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, alarm Alarm, now time.Time) (Alarm, error) {
	rings, err := tx.OpenAlarm(ctx, alarm.AssignmentID, alarm.Kind)
	if err != nil {
		return alarm, err
	}
	if rings != nil {
		return *rings, nil
	}
	alarm.State, alarm.Version, alarm.ReceivedAt = AlarmOpen, 1, now
	if err := tx.InsertAlarm(ctx, &alarm); err != nil {
		return alarm, err
	}
	if err := tx.Emit(ctx, alarmEvent(alarm, "alarm.raised", a, now)); err != nil {
		return alarm, err
	}
	_, err = s.escalate(ctx, tx, a, i, plan, EscalationAlarm, now)
	return alarm, err
}

// MoveAlarm acknowledges an alarm, or closes it with what was done, which is noted
// with its incident.
func (s *Service) MoveAlarm(ctx context.Context, c Command, id int64, step, done string) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.Alarm(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		i, _, err := tx.LockIncident(ctx, known.IncidentID)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowIncident(c.Actor, ActionDispatch, i); err != nil {
			return Outcome{}, err
		}
		if step == "close" && done == "" {
			return Outcome{}, Refuse(CodeReasonRequired, "done")
		}
		alarm, err := tx.LockAlarm(ctx, id)
		if err == nil && alarm.IncidentID != i.ID {
			err = Refuse(CodeMoved, "")
		}
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		next, kind, err := alarm.Step(step, accountOf(c.Actor), now)
		if err != nil {
			return Outcome{}, err
		}
		if err := tx.SaveAlarm(ctx, next); err != nil {
			return Outcome{}, err
		}
		if step == "close" {
			e := TimelineEntry{Kind: "note", Words: done, SaidAt: now, ReceivedAt: now}
			if err := tx.InsertTimeline(ctx, &e, i.ID, c.Actor); err != nil {
				return Outcome{}, err
			}
			if err := tx.Emit(ctx, incidentEvent(i, "timeline.added", i.State, c.Actor, now, map[string]string{"kind": "note", "timeline": itoa(e.ID)})); err != nil {
				return Outcome{}, err
			}
		}
		return Outcome{Noun: NounAlarm, ID: id, Version: next.Version}, tx.Emit(ctx, alarmEvent(next, kind, c.Actor, now))
	})
}

// CheckWelfare asks those on scene of whom it is due whether they are all right,
// each in its own transaction that looks again; silence twice is an alarm. It says
// when the next one is due (zero for none).
func (s *Service) CheckWelfare(ctx context.Context) (time.Time, error) {
	return s.eachDue(ctx, s.store.DueWelfare, s.checkWelfare)
}

func (s *Service) checkWelfare(ctx context.Context, id int64) error {
	system := Actor{System: true}
	_, err := s.store.Run(ctx, Command{Actor: system, Name: "assignment.check_welfare"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, as, err := s.withAssignment(ctx, tx, system, id, Signal{})
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		next, kind, due := as.welfareDue(now)
		out := Outcome{Noun: NounAssignment, ID: id, Version: next.Version}
		if !due {
			return out, nil // answered, or left meanwhile
		}
		if err := tx.SaveAssignment(ctx, next); err != nil {
			return out, err
		}
		data := map[string]string{"try": strconv.Itoa(next.WelfareTries)}
		if err := tx.Emit(ctx, assignmentEvent(next, kind, system, now, data)); err != nil || kind != "assignment.silent" {
			return out, err
		}
		_, err = s.raise(ctx, tx, system, i, plan, Alarm{IncidentID: i.ID, AssignmentID: as.ID, ResponderID: as.ResponderID, AreaID: i.AreaID,
			Kind: AlarmSilent, RaisedAt: now}, now)
		return out, err
	})
	return err
}
