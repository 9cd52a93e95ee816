package dispatch

import (
	"context"
	"strings"
	"time"
)

// GroupInput makes a group of a call-up or changes one: its name and leader, and
// who is moved to it.
type GroupInput struct {
	ID           int64 // 0 for a new one
	Seen         int   // the version of one that is changed
	Name         string
	LeaderID     *int64
	ResponderIDs []int64
}

// SetCallUpGroup makes or changes a group. Its leader is one of it.
func (s *Service) SetCallUpGroup(ctx context.Context, c Command, callUpID int64, in GroupInput) (Outcome, error) {
	in.Name = strings.TrimSpace(in.Name)
	if in.Name == "" {
		return Outcome{}, Refuse(CodeRequired, "name")
	}
	people := append([]int64{}, in.ResponderIDs...)
	if in.LeaderID != nil {
		people = append(people, *in.LeaderID)
	}
	return s.changeCallUp(ctx, c, callUpID, "group", func(ctx context.Context, tx Tx, call CallUp, now time.Time) (CallUp, error) {
		g, err := groupFor(ctx, tx, call, in)
		if err != nil {
			return call, err
		}
		moved, err := tx.PutInGroup(ctx, g, people)
		if err != nil {
			return call, err
		}
		data := map[string]string{"group": itoa(g.ID), "members": itoa(int64(moved))}
		return call, tx.Emit(ctx, callUpEvent(call, "call_up.grouped", c.Actor, now, data))
	})
}

// groupFor saves the group that is asked for.
func groupFor(ctx context.Context, tx Tx, call CallUp, in GroupInput) (CallUpGroup, error) {
	if in.ID == 0 {
		g := CallUpGroup{CallUpID: call.ID, Name: in.Name, LeaderID: in.LeaderID, Version: 1}
		err := tx.InsertCallUpGroup(ctx, &g, call.AreaID)
		return g, err
	}
	g, err := lockGroup(ctx, tx, call, in.ID)
	if err != nil {
		return g, err
	}
	if g.Version != in.Seen {
		return g, &Error{Code: CodeVersionConflict, Field: "version", Current: g, Values: map[string]string{"by": "somebody"}}
	}
	g.Name, g.LeaderID = in.Name, in.LeaderID
	g.Version++
	return g, tx.SaveCallUpGroup(ctx, g)
}

func lockGroup(ctx context.Context, tx Tx, call CallUp, id int64) (CallUpGroup, error) {
	g, err := tx.LockCallUpGroup(ctx, id)
	if err == nil && g.CallUpID != call.ID {
		err = Refuse(CodeNotFound, "group_id")
	}
	return g, err
}

// GroupCallUpByArea puts everybody who comes or has arrived and is in no group
// into one of their community.
func (s *Service) GroupCallUpByArea(ctx context.Context, c Command, callUpID int64) (Outcome, error) {
	return s.changeCallUp(ctx, c, callUpID, "group", func(ctx context.Context, tx Tx, call CallUp, now time.Time) (CallUp, error) {
		moved, err := tx.GroupByArea(ctx, call)
		if err != nil {
			return call, err
		}
		data := map[string]string{"members": itoa(int64(moved))}
		return call, tx.Emit(ctx, callUpEvent(call, "call_up.grouped", c.Actor, now, data))
	})
}

// StandDownGroup sends one group home; the call-up goes on.
func (s *Service) StandDownGroup(ctx context.Context, c Command, callUpID, groupID int64) (Outcome, error) {
	return s.changeCallUp(ctx, c, callUpID, "stand_down", func(ctx context.Context, tx Tx, call CallUp, now time.Time) (CallUp, error) {
		g, err := lockGroup(ctx, tx, call, groupID)
		if err != nil {
			return call, err
		}
		n, err := tx.StandDownMembers(ctx, call.ID, g.ID, now)
		if err != nil {
			return call, err
		}
		g.StoodDownAt = &now
		g.Version++
		if err := tx.SaveCallUpGroup(ctx, g); err != nil {
			return call, err
		}
		data := map[string]string{"group": itoa(g.ID), "members": itoa(int64(n))}
		return call, tx.Emit(ctx, callUpEvent(call, "call_up.group_stood_down", c.Actor, now, data))
	})
}
