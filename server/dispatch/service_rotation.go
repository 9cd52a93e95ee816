package dispatch

import (
	"context"
	"errors"
	"slices"
	"strconv"
)

// AddRotation lets a team work a pattern of shifts, and makes its first duties.
func (s *Service) AddRotation(ctx context.Context, c Command, in Rotation) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		shifts, err := lockShifts(ctx, tx, in.Shifts)
		if err != nil {
			return Outcome{}, err
		}
		team, err := tx.LockTeam(ctx, in.TeamID)
		if CodeOf(err) == CodeNotFound {
			return Outcome{}, Refuse(CodeNotFound, "team_id")
		} else if err != nil {
			return Outcome{}, err
		}
		if err := s.allow(c.Actor, ActionAdminister, team.AreaID); err != nil {
			return Outcome{}, err
		}
		if err := s.checkRotation(team, shifts, in); err != nil {
			return Outcome{}, err
		}
		in.Version, in.AreaID, in.MadeUntil = 1, team.AreaID, nil
		if err := tx.InsertRotation(ctx, &in); err != nil {
			return Outcome{}, err
		}
		if _, err := s.rosterDone(ctx, tx, c, "rotation.created", NounRotation, in.ID, 1, in.AreaID, nil); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounRotation, ID: in.ID, Version: 1}, s.remake(ctx, tx, c.Actor, []Rotation{in})
	})
}

// checkRotation refuses shifts that the team may not use and days out of order.
func (s *Service) checkRotation(team Team, shifts map[int64]Shift, in Rotation) error {
	if in.EndsOn != nil && *in.EndsOn < in.StartsOn {
		return Refuse(CodeInvalid, "ends_on")
	}
	if !slices.Contains([]string{DaysEvery, DaysWorking, DaysFree}, in.Days) {
		return Refuse(CodeInvalid, "days")
	}
	if len(shifts) == 0 {
		return Refuse(CodeRequired, "shifts")
	}
	for _, shift := range shifts {
		if !s.Tree().Within(team.AreaID, shift.AreaID) {
			return Refuse(CodeNotFound, "shifts")
		}
	}
	return nil
}

// lockShifts locks the shifts of a pattern, so that none changes unseen.
func lockShifts(ctx context.Context, tx Tx, pattern []int64) (map[int64]Shift, error) {
	shifts := map[int64]Shift{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(pattern))) {
		if id == 0 {
			continue
		}
		shift, err := tx.LockShift(ctx, id)
		if CodeOf(err) == CodeNotFound {
			err = Refuse(CodeNotFound, "shifts")
		}
		if err != nil {
			return nil, err
		}
		shifts[id] = shift
	}
	return shifts, nil
}

// EndRotation lets a day be the last. Duties after it that have not begun go,
// but for those handed over. One that has not begun by then is taken away.
func (s *Service) EndRotation(ctx context.Context, c Command, id int64, seen int, last Day) (Outcome, error) {
	return s.changeRotation(ctx, c, id, seen, func(ctx context.Context, tx Tx, r Rotation) (Rotation, error) {
		today := DayOf(s.now())
		if last < today.Add(-1) || last < r.StartsOn && r.StartsOn <= today {
			return r, Refuse(CodeInvalid, "ends_on")
		}
		r.Version++
		r.EndsOn = &last
		kind := "rotation.ended"
		if last < r.StartsOn {
			kind = "rotation.removed"
		}
		_, err := s.rosterDone(ctx, tx, c, kind, NounRotation, r.ID, r.Version, r.AreaID, map[string]string{"ends_on": string(last)})
		return r, err
	})
}

// RemakeRotation makes what is missing: a duty that was in the way may be gone.
func (s *Service) RemakeRotation(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeRotation(ctx, c, id, seen, func(_ context.Context, _ Tx, r Rotation) (Rotation, error) { return r, nil })
}

func (s *Service) changeRotation(ctx context.Context, c Command, id int64, seen int, change func(ctx context.Context, tx Tx, r Rotation) (Rotation, error)) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		was, err := tx.LockRotation(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowSeen(c.Actor, was.AreaID, was.Version, seen, was); err != nil {
			return Outcome{}, err
		}
		next, err := change(ctx, tx, was)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.remake(ctx, tx, c.Actor, []Rotation{next}); err != nil {
			return Outcome{}, err
		}
		if next.EndsOn != nil && *next.EndsOn < next.StartsOn {
			err = tx.DeleteRotation(ctx, id)
		}
		return Outcome{Noun: NounRotation, ID: id, Version: next.Version}, err
	})
}

// MakeRosters keeps duties made some weeks ahead: a transaction each rotation,
// so that one that fails keeps no other waiting.
func (s *Service) MakeRosters(ctx context.Context) error {
	var failed error
	for after, last := int64(0), int64(-1); after != last; {
		last = after
		next := after
		_, err := s.store.Run(ctx, Command{Actor: Actor{System: true}, Name: "roster.make"}, func(ctx context.Context, tx Tx) (Outcome, error) {
			today := DayOf(s.now())
			r, err := tx.LockDueRotation(ctx, after, today, today.Add(rosterAhead))
			if err != nil || r == nil {
				return Outcome{}, err
			}
			next = r.ID
			from := today
			if r.MadeUntil != nil {
				from = max(today, r.MadeUntil.Add(1))
			}
			return Outcome{Noun: NounRotation, ID: r.ID, Version: r.Version}, s.makeUntil(ctx, tx, Actor{System: true}, *r, from, today.Add(rosterAhead))
		})
		after, failed = next, errors.Join(failed, err)
	}
	return failed
}

// remake makes the duties of rotations anew, from today on.
func (s *Service) remake(ctx context.Context, tx Tx, a Actor, rotations []Rotation) error {
	today := DayOf(s.now())
	for _, r := range rotations {
		until := today.Add(rosterAhead)
		if r.MadeUntil != nil {
			until = max(until, *r.MadeUntil)
		}
		if err := s.makeUntil(ctx, tx, a, r, today, until); err != nil {
			return err
		}
	}
	return nil
}

// makeUntil makes a rotation's duties up to a day and notes that it is.
func (s *Service) makeUntil(ctx context.Context, tx Tx, a Actor, r Rotation, from, until Day) error {
	if err := s.make(ctx, tx, a, r, from, until); err != nil {
		return err
	}
	if r.EndsOn != nil {
		until = min(until, *r.EndsOn)
	}
	r.MadeUntil = &until
	return tx.SaveRotation(ctx, r)
}

// make makes a rotation's duties of some days and says so in the log.
func (s *Service) make(ctx context.Context, tx Tx, a Actor, r Rotation, from, to Day) error {
	shifts, err := tx.Shifts(ctx, r.Shifts)
	if err != nil {
		return err
	}
	holidays, err := tx.Holidays(ctx, from, to)
	if err != nil {
		return err
	}
	now := s.now()
	made, err := tx.MakeDuties(ctx, r, PlanDuties(r, shifts, holidays, from, to), from, to, now)
	if err != nil || made == (Made{}) {
		return err
	}
	return tx.Emit(ctx, Event{Kind: "rotation.made", At: now, Noun: NounRotation, NounID: r.ID, NounVersion: r.Version, AreaID: r.AreaID, AccountID: accountOf(a),
		Data: map[string]string{"made": strconv.Itoa(made.Made), "removed": strconv.Itoa(made.Removed), "conflicts": strconv.Itoa(made.Conflicts)}})
}
