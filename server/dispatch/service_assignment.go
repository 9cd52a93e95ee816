package dispatch

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Progress is a step of one's own work: en_route, on_scene, done or release.
type Progress struct {
	Step     string
	Seen     int // the version the asker saw, 0 where it saw none (a phone without signal)
	Reason   string
	At       time.Time // the device's time, zero for now
	OnBehalf bool
}

// Advance records a step of an assignment. When the last one working is done,
// the incident is resolved; when all have left, it is dispatched again.
func (s *Service) Advance(ctx context.Context, c Command, assignmentID int64, in Progress) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.Assignment(ctx, assignmentID)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowProgress(c.Actor, known, in); err != nil {
			return Outcome{}, err
		}
		i, plan, err := tx.LockIncident(ctx, known.IncidentID)
		if err != nil {
			return Outcome{}, err
		}
		if _, err := tx.LockResponder(ctx, known.ResponderID); err != nil {
			return Outcome{}, err
		}
		as, err := tx.LockAssignment(ctx, assignmentID)
		if err == nil && as.IncidentID != i.ID {
			err = Refuse(CodeMoved, "")
		}
		if err != nil {
			return Outcome{}, err
		}
		if in.Seen != 0 && in.Seen != as.Version {
			return Outcome{}, &Error{Code: CodeVersionConflict, Field: "version", Current: as, Values: map[string]string{"state": string(as.State)}}
		}
		next, err := s.progress(ctx, tx, c.Actor, i, plan, as, in)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.afterProgress(ctx, tx, c.Actor, i, plan, in); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounAssignment, ID: next.ID, Version: next.Version}, nil
	})
}

func (s *Service) allowProgress(a Actor, as Assignment, in Progress) error {
	own := a.ResponderID == as.ResponderID && a.May(ActionRespond)
	dispatches := a.MayIn(s.Tree(), ActionDispatch, as.AreaID)
	if own && !in.OnBehalf || dispatches && (in.OnBehalf || in.Step == "release") {
		return nil
	}
	if own || dispatches || a.Sight(s.Tree()).In(as.AreaID).Sees(FieldAssignment) {
		return Refuse(CodeForbidden, "")
	}
	return Refuse(CodeNotFound, "")
}

func (s *Service) progress(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, as Assignment, in Progress) (Assignment, error) {
	now := s.now()
	if err := pairOff(ctx, tx, plan, as, in); err != nil {
		return as, err
	}
	next, kind, err := as.Step(in.Step, deviceTime(in.At, as.AcceptedAt, now))
	if err != nil {
		return as, err
	}
	if in.Reason != "" {
		next.Reason = in.Reason
	}
	if in.OnBehalf {
		next.OnBehalf = append(slices.Clone(as.OnBehalf), next.State)
	}
	if next.State == AssignmentOnScene {
		next = next.watch(plan, now)
	}
	if err := tx.SaveAssignment(ctx, next); err != nil {
		return as, err
	}
	data := map[string]string{"from": string(as.State), "to": string(next.State)}
	if in.OnBehalf {
		data["on_behalf"] = "true"
	}
	if err := tx.Emit(ctx, assignmentEvent(next, kind, a, now, data)); err != nil {
		return as, err
	}
	if !next.State.Active() {
		// Told by a phone that was without a network: what it sent before is of no task.
		if ended := cmp.Or(deref(next.DoneAt), deref(next.ReleasedAt)); ended.Before(now) {
			if err := tx.DropTrack(ctx, next.ResponderID, ended); err != nil {
				return as, err
			}
		}
		return next, s.dropPositionOffDuty(ctx, tx, next.ResponderID, now)
	}
	return next, nil
}

// pairOff refuses an arrival alone where the plan demands two, unless a dispatcher
// records it and why.
func pairOff(ctx context.Context, tx Tx, plan Plan, as Assignment, in Progress) error {
	if !plan.Pair || in.OnBehalf && in.Reason != "" {
		return nil
	}
	all, err := tx.Assignments(ctx, as.IncidentID)
	if err != nil {
		return err
	}
	if plan.alone(in.Step, as, all) {
		return Refuse(CodeAlone, "")
	}
	return nil
}

// afterProgress follows with the incident what its assignments say: the first
// arrival, resolved when the last is done, dispatched again when all have left.
func (s *Service) afterProgress(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, in Progress) error {
	now := s.now()
	if in.Step == "on_scene" && i.FirstArrivalAt == nil {
		i.FirstArrivalAt = &now
		i.Version++
		if err := tx.SaveIncident(ctx, i); err != nil {
			return err
		}
		return tx.Emit(ctx, incidentEvent(i, "incident.arrived", i.State, a, now, nil))
	}
	if in.Step != "done" && in.Step != "release" {
		return nil
	}
	return s.workEnds(ctx, tx, a, i, plan, in.OnBehalf)
}

// workEnds moves an incident on when somebody's or a unit's work on it has ended:
// resolved when the last is done, dispatched again when nobody has it any more.
func (s *Service) workEnds(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, onBehalf bool) error {
	now := s.now()
	if i.State != IncidentHandling {
		_, err := s.refill(ctx, tx, a, i, plan, now)
		return err
	}
	assignments, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return err
	}
	taken, waiting, done, err := ordersOf(ctx, tx, i)
	if err != nil {
		return err
	}
	if taken || slices.ContainsFunc(assignments, func(as Assignment) bool { return as.State.Active() }) {
		_, err := s.refill(ctx, tx, a, i, plan, now)
		return err
	}
	done = done || slices.ContainsFunc(assignments, func(as Assignment) bool { return as.inRound(i) && as.State == AssignmentDone })
	if done && waiting {
		return nil // the unit that was asked may still do its part
	}
	step := "abandon"
	if done {
		step = "resolve"
	}
	next, kind, err := i.Step(step, plan, now)
	if err != nil {
		return err
	}
	if step == "resolve" {
		if !onBehalf {
			next.ResolvedBy = accountOf(a)
		}
		if err := withdrawOpen(ctx, tx, i.ID, a, now); err != nil {
			return err
		}
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return err
	}
	if err := tx.Emit(ctx, incidentEvent(next, kind, i.State, a, now, nil)); err != nil {
		return err
	}
	_, err = s.refill(ctx, tx, a, next, plan, now)
	return err
}

// releaseEverybody ends all that is open on an incident.
func releaseEverybody(ctx context.Context, tx Tx, i Incident, a Actor, now time.Time) error {
	if err := withdrawOpen(ctx, tx, i.ID, a, now); err != nil {
		return err
	}
	if err := withdrawOrders(ctx, tx, i, a, now, false); err != nil {
		return err
	}
	assignments, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return err
	}
	for _, as := range assignments {
		if !as.State.Active() {
			continue
		}
		next, kind, err := as.Step("release", now)
		if err != nil {
			return err
		}
		if err := tx.SaveAssignment(ctx, next); err != nil {
			return err
		}
		data := map[string]string{"from": string(as.State), "to": string(next.State)}
		if err := tx.Emit(ctx, assignmentEvent(next, kind, a, now, data)); err != nil {
			return err
		}
	}
	return nil
}

// dropPositionOffDuty deletes a position that nothing justifies any more.
func (s *Service) dropPositionOffDuty(ctx context.Context, tx Tx, responderID int64, now time.Time) error {
	on, err := tx.DutyAt(ctx, responderID, DutyOn, now)
	if err != nil || on != nil {
		return err
	}
	return tx.DropPosition(ctx, responderID)
}

func assignmentEvent(as Assignment, kind string, a Actor, at time.Time, data map[string]string) Event {
	if data == nil {
		data = map[string]string{}
	}
	return Event{Kind: kind, At: at, Noun: NounAssignment, NounID: as.ID, NounVersion: as.Version, AreaID: as.AreaID,
		IncidentID: &as.IncidentID, ResponderID: &as.ResponderID, AccountID: accountOf(a), Data: data}
}
