package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rosterAhead is how many days ahead duties are made.
const rosterAhead = 28

// AddShift makes a shift of an area.
func (s *Service) AddShift(ctx context.Context, c Command, in Shift) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		if err := s.allow(c.Actor, ActionAdminister, in.AreaID); err != nil {
			return Outcome{}, err
		}
		in.Version = 1
		if err := checkShift(in); err != nil {
			return Outcome{}, err
		}
		if err := tx.InsertShift(ctx, &in); err != nil {
			return Outcome{}, err
		}
		return s.rosterDone(ctx, tx, c, "shift.created", NounShift, in.ID, in.Version, in.AreaID, nil)
	})
}

func checkShift(in Shift) error {
	if _, err := time.Parse("15:04", in.StartsAt); err != nil || len(in.StartsAt) != 5 {
		return &Error{Code: CodeInvalid, Field: "starts_at", Err: err}
	}
	if in.Kind != DutyOn && in.Kind != DutyOnCall {
		return Refuse(CodeInvalid, "kind")
	}
	return nil
}

// ChangeShift changes a shift; duties of it that have not begun follow.
func (s *Service) ChangeShift(ctx context.Context, c Command, id int64, seen int, in Shift) (Outcome, error) {
	return s.changeShift(ctx, c, id, seen, "shift.changed", func(tx Tx, was Shift) (Shift, error) {
		was.Name, was.Kind, was.StartsAt, was.Minutes = in.Name, in.Kind, in.StartsAt, in.Minutes
		return was, checkShift(was)
	})
}

// RetireShift takes a shift out of use; refused while a rotation has it.
func (s *Service) RetireShift(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeShift(ctx, c, id, seen, "shift.retired", func(tx Tx, was Shift) (Shift, error) {
		used, err := tx.LockRotations(ctx, 0, id, DayOf(s.now()))
		for _, r := range used {
			if !r.TeamGone {
				return was, &Error{Code: CodeInUse, Field: "id", Values: map[string]string{"by": r.TeamName}}
			}
		}
		now := s.now()
		was.Retired = &now
		return was, err
	})
}

func (s *Service) changeShift(ctx context.Context, c Command, id int64, seen int, kind string, change func(tx Tx, was Shift) (Shift, error)) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		was, err := tx.LockShift(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowSeen(c.Actor, was.AreaID, was.Version, seen, was); err != nil {
			return Outcome{}, err
		}
		next, err := change(tx, was)
		if err != nil {
			return Outcome{}, err
		}
		next.Version++
		if err := tx.SaveShift(ctx, next); err != nil {
			return Outcome{}, err
		}
		rotations, err := tx.LockRotations(ctx, 0, id, DayOf(s.now()))
		if err != nil {
			return Outcome{}, err
		}
		if err := s.remake(ctx, tx, c.Actor, rotations); err != nil {
			return Outcome{}, err
		}
		return s.rosterDone(ctx, tx, c, kind, NounShift, id, next.Version, was.AreaID, nil)
	})
}

// allowSeen refuses who does not administer an area, and who saw another version.
func (s *Service) allowSeen(a Actor, areaID int64, version, seen int, current any) error {
	if err := s.allow(a, ActionAdminister, areaID); err != nil {
		return err
	}
	if version != seen {
		return &Error{Code: CodeVersionConflict, Field: "version", Current: current, Values: map[string]string{"by": "somebody"}}
	}
	return nil
}

// AddTeam makes a team with its members.
func (s *Service) AddTeam(ctx context.Context, c Command, in Team, members []int64) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		if err := s.allow(c.Actor, ActionAdminister, in.AreaID); err != nil {
			return Outcome{}, err
		}
		var err error
		if in.Members, err = s.members(ctx, tx, c.Actor, in.AreaID, members); err != nil {
			return Outcome{}, err
		}
		in.Version = 1
		if err := tx.InsertTeam(ctx, &in); err != nil {
			return Outcome{}, err
		}
		return s.rosterDone(ctx, tx, c, "team.created", NounTeam, in.ID, 1, in.AreaID, map[string]string{"members": strconv.Itoa(len(in.Members))})
	})
}

// ChangeTeam renames a team and replaces its members; duties that have not
// begun follow.
func (s *Service) ChangeTeam(ctx context.Context, c Command, id int64, seen int, name string, members []int64) (Outcome, error) {
	return s.changeTeam(ctx, c, id, seen, "team.changed", func(tx Tx, t Team) (Team, error) {
		var err error
		t.Name = name
		t.Members, err = s.members(ctx, tx, c.Actor, t.AreaID, members)
		return t, err
	})
}

// RetireTeam ends a team and its rotations; duties that have begun, or were
// handed over, stay.
func (s *Service) RetireTeam(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeTeam(ctx, c, id, seen, "team.retired", func(_ Tx, t Team) (Team, error) {
		now := s.now()
		t.Retired = &now
		return t, nil
	})
}

func (s *Service) changeTeam(ctx context.Context, c Command, id int64, seen int, kind string, change func(tx Tx, t Team) (Team, error)) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		was, err := tx.LockTeam(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowSeen(c.Actor, was.AreaID, was.Version, seen, was); err != nil {
			return Outcome{}, err
		}
		next, err := change(tx, was)
		if err != nil {
			return Outcome{}, err
		}
		next.Version++
		if err := tx.SaveTeam(ctx, next); err != nil {
			return Outcome{}, err
		}
		today := DayOf(s.now())
		rotations, err := tx.LockRotations(ctx, id, 0, today)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.remake(ctx, tx, c.Actor, rotations); err != nil {
			return Outcome{}, err
		}
		return s.rosterDone(ctx, tx, c, kind, NounTeam, id, next.Version, was.AreaID, map[string]string{"members": strconv.Itoa(len(next.Members))})
	})
}

// members looks people up and refuses, by name, those outside an area. Who may
// not be seen is called by the number alone.
func (s *Service) members(ctx context.Context, tx Tx, a Actor, areaID int64, ids []int64) ([]TeamMember, error) {
	people, err := tx.People(ctx, ids)
	if err != nil {
		return nil, err
	}
	tree := s.Tree()
	members, outside := []TeamMember{}, []string{}
	for _, id := range ids {
		k := slices.IndexFunc(people, func(p Person) bool { return p.ID == id })
		switch {
		case slices.ContainsFunc(members, func(m TeamMember) bool { return m.ID == id }):
		case k >= 0 && tree.Within(people[k].AreaID, areaID):
			members = append(members, TeamMember{ID: id, Name: people[k].Name})
		case k >= 0 && a.MayIn(tree, See(FieldRoster), people[k].AreaID):
			outside = append(outside, people[k].Name)
		default:
			outside = append(outside, "#"+itoa(id))
		}
	}
	if len(outside) > 0 {
		return nil, &Error{Code: CodeOutsideArea, Field: "member_ids", Values: map[string]string{"names": strings.Join(outside, ", "), "area": tree.Name(areaID)}}
	}
	return members, nil
}

// SetHoliday says that a day differs from the week; rotations that go by
// working days follow.
func (s *Service) SetHoliday(ctx context.Context, c Command, h Holiday) (Outcome, error) {
	return s.changeHoliday(ctx, c, "holiday.set", h.Day, func(ctx context.Context, tx Tx) error { return tx.SaveHoliday(ctx, h) })
}

// RemoveHoliday makes a day one like others of the week.
func (s *Service) RemoveHoliday(ctx context.Context, c Command, d Day) (Outcome, error) {
	return s.changeHoliday(ctx, c, "holiday.removed", d, func(ctx context.Context, tx Tx) error { return tx.DeleteHoliday(ctx, d) })
}

func (s *Service) changeHoliday(ctx context.Context, c Command, kind string, d Day, write func(ctx context.Context, tx Tx) error) (Outcome, error) {
	root := s.Tree().Root()
	if !c.Actor.MayIn(s.Tree(), ActionAdminister, root) {
		return Outcome{}, Refuse(CodeForbidden, "")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		if err := write(ctx, tx); err != nil {
			return Outcome{}, err
		}
		rotations, err := tx.LockRotations(ctx, 0, 0, d)
		if err != nil {
			return Outcome{}, err
		}
		for _, r := range rotations {
			if r.Days == DaysEvery || r.MadeUntil == nil || *r.MadeUntil < d || r.StartsOn > d {
				continue
			}
			if err := s.make(ctx, tx, c.Actor, r, d, d); err != nil {
				return Outcome{}, err
			}
		}
		return s.rosterDone(ctx, tx, c, kind, NounHoliday, d.number(), 1, root, map[string]string{"day": string(d)})
	})
}

// rosterDone writes a command's event and gives its outcome.
func (s *Service) rosterDone(ctx context.Context, tx Tx, c Command, kind string, noun Noun, id int64, version int, areaID int64, data map[string]string) (Outcome, error) {
	event := Event{Kind: kind, At: s.now(), Noun: noun, NounID: id, NounVersion: version, AreaID: areaID, AccountID: accountOf(c.Actor), Data: data}
	if err := tx.Emit(ctx, event); err != nil {
		return Outcome{}, fmt.Errorf("%s: %w", kind, err)
	}
	return Outcome{Noun: noun, ID: id, Version: version}, nil
}
