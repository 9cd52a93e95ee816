package dispatch

import (
	"context"
	"slices"
	"time"
)

// BeginWaves sends an incident's offers by its plan: wave by wave, each wider,
// until there are enough. Whom the asker may not dispatch is not asked.
func (s *Service) BeginWaves(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	ctx = WithViewer(ctx, c.Actor.Viewer(s.Tree()))
	i, plan, err := s.store.IncidentPlan(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	if err := s.allowIncident(c.Actor, ActionDispatch, i); err != nil {
		return Outcome{}, err
	}
	if len(plan.Waves) == 0 {
		return Outcome{}, Refuse(CodeNoWaves, "")
	}
	i.WaveAreas, i.WaveRound = c.Actor.Roots(ActionDispatch), 0
	found, err := s.forWave(ctx, c.Actor, i, plan)
	if err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		now := s.now()
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
		next, err := dispatching(ctx, tx, c.Actor, i, plan, now)
		if err != nil {
			return Outcome{}, err
		}
		next.WaveAreas, next.WaveRound = c.Actor.Roots(ActionDispatch), 0
		next, err = s.sendWave(ctx, tx, c.Actor, next, plan, found, now)
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, err
	})
}

// StopWaves keeps an incident from sending further waves; offers that are out stay.
func (s *Service) StopWaves(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeIncident(ctx, c, id, seen, ActionDispatch, func(_ context.Context, _ Tx, i Incident, _ Plan, _ time.Time) (Incident, string, map[string]string, error) {
		if i.WaveAt == nil {
			return i, "", nil, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "stop_waves"}}
		}
		i.WaveAt, i.WaveAreas = nil, nil
		i.Version++
		return i, "incident.waves_stopped", nil, nil
	})
}

// SendWaves sends the waves that are due, each in its own transaction that looks
// again, and says when the next one is (zero for none).
func (s *Service) SendWaves(ctx context.Context) (time.Time, error) {
	return s.eachDue(ctx, s.store.DueWaves, s.dueWave)
}

func (s *Service) dueWave(ctx context.Context, id int64) error {
	system := Actor{System: true}
	ctx = WithViewer(ctx, system.Viewer(s.Tree()))
	i, plan, err := s.store.IncidentPlan(ctx, id)
	if err != nil {
		return err
	}
	found, err := s.forWave(ctx, system, i, plan)
	if err != nil {
		return err
	}
	_, err = s.store.Run(ctx, Command{Actor: system, Name: "incident.wave"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		now := s.now()
		i, plan, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if i.WaveAt != nil && !i.WaveAt.After(now) {
			i, err = s.sendWave(ctx, tx, system, i, plan, found, now)
		}
		return Outcome{Noun: NounIncident, ID: id, Version: i.Version}, err
	})
	return err
}

// forWave gives whom the round to come may ask, in order.
func (s *Service) forWave(ctx context.Context, a Actor, i Incident, plan Plan) ([]Candidate, error) {
	rule, ok := plan.waveRule(i.WaveRound)
	if !ok || plan.lastWave(i.WaveRound) {
		return nil, nil
	}
	l, err := s.lookFor(ctx, a, i, plan, Wanted{Task: TaskDirect, Limit: plan.toAsk(i.Quota, 0) * 2})
	if err != nil {
		return nil, err
	}
	l.within, l.rings = i.WaveAreas, rule.Rings
	found, err := l.candidates(ctx)
	for k := range found {
		found[k].Rank, found[k].Recommended = k+1, true
	}
	return found, err
}

// sendWave sends one round of offers and sets when the next one is due: at once
// where this one found nobody. Behind the last round the next level is told.
func (s *Service) sendWave(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, found []Candidate, now time.Time) (Incident, error) {
	assignments, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return i, err
	}
	open, err := tx.OpenOffers(ctx, i.ID, 0)
	if err != nil {
		return i, err
	}
	missing := i.Quota - countTaken(i, assignments, TaskDirect)
	asked := count(open, func(o Offer) bool { return o.Task == TaskDirect && (o.State == OfferOffered || o.State == OfferSeen) })
	if missing <= 0 {
		return s.endWaves(ctx, tx, a, i, now)
	}
	if plan.lastWave(i.WaveRound) {
		i.WaveAt, i.WaveAreas = nil, nil
		i.Version++
		if err := tx.Emit(ctx, incidentEvent(i, "incident.short", i.State, a, now, map[string]string{"missing": itoa(int64(missing))})); err != nil {
			return i, err
		}
		return s.escalate(ctx, tx, a, i, plan, EscalationShort, now)
	}
	found = slices.DeleteFunc(slices.Clone(found), func(c Candidate) bool {
		return slices.ContainsFunc(open, func(o Offer) bool { return o.ResponderID == c.Responder.ID })
	})
	wanted := plan.toAsk(missing, asked)
	sent, err := s.offerWave(ctx, tx, a, i, plan, found, wanted, now)
	if err != nil {
		return i, err
	}
	rule, _ := plan.waveRule(i.WaveRound)
	due := now
	if sent > 0 || wanted == 0 {
		due = now.Add(time.Duration(rule.Seconds) * time.Second)
	}
	if wanted > 0 {
		i.WaveRound++
	}
	i.WaveAt = &due
	i.Version++
	if err := tx.SaveIncident(ctx, i); err != nil {
		return i, err
	}
	data := map[string]string{"round": itoa(int64(i.WaveRound)), "sent": itoa(int64(sent)), "wanted": itoa(int64(wanted))}
	return i, tx.Emit(ctx, incidentEvent(i, "incident.wave", i.State, a, now, data))
}

// offerWave offers to the first of those found who can still go.
func (s *Service) offerWave(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, found []Candidate, wanted int, now time.Time) (sent int, err error) {
	wave, err := tx.LastWave(ctx, i.ID)
	if err != nil {
		return 0, err
	}
	for _, c := range found {
		if sent == wanted {
			break
		}
		o := Offer{IncidentID: i.ID, ResponderID: c.Responder.ID, AreaID: i.AreaID, Wave: wave + 1, Task: TaskDirect, State: OfferOffered, Version: 1,
			OfferedBy: accountOf(a), OfferedAt: now, ExpiresAt: now.Add(time.Duration(plan.OfferSeconds) * time.Second)}
		o.Choice, o.DistanceMeters = Recommendation{Candidates: found}.choice(c.Responder.ID)
		err := s.offerTo(ctx, tx, a, i, plan, &o)
		switch CodeOf(err) {
		case "":
			sent++
		case CodeAlreadyAssigned, CodeNotDispatchable, CodeHazardBars, CodeNotFound: // meanwhile
		default:
			return sent, err
		}
	}
	return sent, nil
}

// endWaves stops the waves of an incident that has enough people.
func (s *Service) endWaves(ctx context.Context, tx Tx, a Actor, i Incident, now time.Time) (Incident, error) {
	i.WaveAt = nil
	i.Version++
	if err := tx.SaveIncident(ctx, i); err != nil {
		return i, err
	}
	return i, tx.Emit(ctx, incidentEvent(i, "incident.enough", i.State, a, now, nil))
}
