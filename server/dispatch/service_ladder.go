package dispatch

import (
	"context"
	"time"
)

// ClimbLadders tells the next level of each incident whose state has lasted too
// long, each in its own transaction that looks again, and says when the next one
// is due (zero for none).
func (s *Service) ClimbLadders(ctx context.Context) (time.Time, error) {
	return s.eachDue(ctx, s.store.DueLadders, s.climbLadder)
}

func (s *Service) climbLadder(ctx context.Context, id int64) error {
	system := Actor{System: true}
	_, err := s.store.Run(ctx, Command{Actor: system, Name: "incident.escalate"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if now := s.now(); i.LadderAt != nil && !i.LadderAt.After(now) {
			if i, err = s.escalate(ctx, tx, system, i, plan, EscalationLasts, now); err != nil {
				return Outcome{}, err
			}
		}
		return Outcome{Noun: NounIncident, ID: id, Version: i.Version}, nil
	})
	return err
}

// escalate climbs one rung: it is on record who was told, and the event rings at
// their desks.
func (s *Service) escalate(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, why EscalationWhy, now time.Time) (Incident, error) {
	next, level := i.climb(plan)
	if level == "" {
		return next, tx.SaveIncident(ctx, next)
	}
	e := Escalation{IncidentID: i.ID, AreaID: s.Tree().At(i.AreaID, level), Level: level, State: i.State, Why: why, ToldAt: now}
	var err error
	if e.Accounts, err = tx.Desks(ctx, e.AreaID); err != nil {
		return i, err
	}
	if err := tx.InsertEscalation(ctx, &e); err != nil {
		return i, err
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return i, err
	}
	data := map[string]string{"level": string(level), "why": string(why), "state": string(i.State)}
	return next, tx.Emit(ctx, incidentEvent(next, "incident.escalated", i.State, a, now, data))
}
