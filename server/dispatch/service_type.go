package dispatch

import (
	"context"
	"slices"
	"strconv"
)

// changeTypes runs a command that changes the types for the whole district: what
// it made is told of in one event.
func (s *Service) changeTypes(ctx context.Context, c Command, kind string, noun Noun,
	decide func(ctx context.Context, tx Tx, types TypeTree) (id int64, version int, data map[string]string, err error),
) (Outcome, error) {
	root := s.Tree().Root()
	if !c.Actor.MayIn(s.Tree(), ActionAdminister, root) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		types, err := tx.LockTypes(ctx)
		if err != nil {
			return Outcome{}, err
		}
		id, version, data, err := decide(ctx, tx, types)
		if err != nil {
			return Outcome{}, err
		}
		return s.rosterDone(ctx, tx, c, kind, noun, id, version, root, data)
	})
}

// AddType adds a type under another, with the first version of its plan where one
// is given. The outcome is the type's.
func (s *Service) AddType(ctx context.Context, c Command, n NewType, plan *Plan, note string) (Outcome, error) {
	return s.changeTypes(ctx, c, "type.added", NounType, func(ctx context.Context, tx Tx, types TypeTree) (int64, int, map[string]string, error) {
		x, err := types.Add(n)
		if err != nil {
			return 0, 0, nil, err
		}
		if plan != nil {
			if err := plan.Check(x.Family); err != nil {
				return 0, 0, nil, err
			}
		}
		if err := tx.InsertType(ctx, &x); err != nil {
			return 0, 0, nil, err
		}
		if plan != nil {
			first := *plan
			first.Version = 1
			if err := tx.InsertPlan(ctx, x.Code, &first, note, c.Actor); err != nil {
				return 0, 0, nil, err
			}
		}
		return x.ID, x.Version, map[string]string{"family": x.Family}, nil
	})
}

// ChangeType renames, moves, retires a type or takes it into use again. The
// incidents that are of it keep their plan.
func (s *Service) ChangeType(ctx context.Context, c Command, code string, seen int, e TypeEdit) (Outcome, error) {
	return s.changeTypes(ctx, c, "type.changed", NounType, func(ctx context.Context, tx Tx, types TypeTree) (int64, int, map[string]string, error) {
		now, ok := types.Find(code)
		if !ok {
			return 0, 0, nil, Refuse(CodeNotFound, "code")
		}
		if seen != now.Version {
			return 0, 0, nil, &Error{Code: CodeVersionConflict, Field: "version", Current: now, Values: map[string]string{"by": "somebody"}}
		}
		changed, err := types.Change(code, e, s.now())
		if err != nil {
			return 0, 0, nil, err
		}
		for _, x := range changed {
			if err := tx.SaveType(ctx, x); err != nil {
				return 0, 0, nil, err
			}
		}
		x := changed[0]
		return x.ID, x.Version, map[string]string{"family": x.Family, "retired": strconv.FormatBool(x.RetiredAt != nil)}, nil
	})
}

// PlanConflict is what a refused version of a plan finds instead: the newest one,
// and what it changed since the one that was seen.
type PlanConflict struct {
	Plan    PlanVersion  `json:"plan"`
	Changes []PlanChange `json:"changes" nullable:"false"`
}

// AddPlan makes a new version of a type's plan, after the one that was seen (0
// for none). Incidents that are open keep the version they started with.
func (s *Service) AddPlan(ctx context.Context, c Command, code string, seen int, p Plan, note string) (Outcome, error) {
	return s.changeTypes(ctx, c, "plan.changed", NounPlan, func(ctx context.Context, tx Tx, types TypeTree) (int64, int, map[string]string, error) {
		x, err := types.Plannable(code)
		if err != nil {
			return 0, 0, nil, err
		}
		versions, err := tx.PlanVersions(ctx, code)
		if err != nil {
			return 0, 0, nil, err
		}
		if err := seenPlan(versions, seen); err != nil {
			return 0, 0, nil, err
		}
		if err := p.Check(x.Family); err != nil {
			return 0, 0, nil, err
		}
		if len(versions) > 0 && len(PlanChanges(versions[0].Plan, p)) == 0 {
			return 0, 0, nil, Refuse(CodeUnchanged, "plan")
		}
		p.Version = seen + 1
		if err := tx.InsertPlan(ctx, code, &p, note, c.Actor); err != nil {
			return 0, 0, nil, err
		}
		return p.ID, p.Version, map[string]string{"type": strconv.FormatInt(x.ID, 10)}, nil
	})
}

// seenPlan refuses who saw another version than the newest one.
func seenPlan(versions []PlanVersion, seen int) error {
	if len(versions) == 0 {
		if seen != 0 {
			return Refuse(CodeNotFound, "version")
		}
		return nil
	}
	newest := versions[0]
	if newest.Version == seen {
		return nil
	}
	conflict := PlanConflict{Plan: newest, Changes: []PlanChange{}}
	if k := slices.IndexFunc(versions, func(v PlanVersion) bool { return v.Version == seen }); k >= 0 {
		conflict.Changes = PlanChanges(versions[k].Plan, newest.Plan)
	}
	by := newest.By
	if by == "" {
		by = "somebody"
	}
	return &Error{Code: CodeVersionConflict, Field: "version", Current: conflict, Values: map[string]string{"by": by}}
}

// SetWorkingHours says when offices work in the week; the clocks that go by
// working hours count by it from now on, those that run already stay.
func (s *Service) SetWorkingHours(ctx context.Context, c Command, week []Hours) (Outcome, error) {
	root := s.Tree().Root()
	if !c.Actor.MayIn(s.Tree(), ActionAdminister, root) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	if err := CheckHours(week); err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		if err := tx.SaveWorkingHours(ctx, week); err != nil {
			return Outcome{}, err
		}
		return s.rosterDone(ctx, tx, c, "calendar.set", NounCalendar, 1, 1, root, map[string]string{"stretches": strconv.Itoa(len(week))})
	})
}
