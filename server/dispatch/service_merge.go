package dispatch

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Link adds a report to an incident instead of opening another: the same was
// told again. Nothing of the incident changes.
func (s *Service) Link(ctx context.Context, c Command, id int64, in Intake) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, _, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowIncident(c.Actor, ActionDispatch, i); err != nil {
			return Outcome{}, err
		}
		if i.State.Terminal() {
			return Outcome{}, illegal(i, "link")
		}
		kind, err := tx.TypeAndPlan(ctx, in.TypeCode)
		if err != nil {
			return Outcome{}, err
		}
		areaID, _, err := tx.Locate(ctx, in.Point)
		if err != nil {
			return Outcome{}, err
		}
		now := s.now()
		r := Report{IncidentID: id, Channel: in.Channel, TypeCode: kind.Code, AreaID: areaID, Lon: in.Point.Lon(), Lat: in.Point.Lat(),
			Place: in.Place, Words: in.Words, Phone: in.Phone, ReceivedAt: now}
		if err := tx.InsertReport(ctx, &r, c.Actor.AccountID, nil); err != nil {
			return Outcome{}, err
		}
		event := incidentEvent(i, "incident.linked", i.State, c.Actor, now, map[string]string{"channel": string(in.Channel), "report": itoa(r.ID)})
		return Outcome{Noun: NounIncident, ID: id, Version: i.Version}, tx.Emit(ctx, event)
	})
}

func illegal(i Incident, step string) error {
	return &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": step}}
}

// pair is two incidents, locked, one of which is or was merged into the other.
type pair struct {
	from, into         Incident
	fromPlan, intoPlan Plan
}

// lockPair locks two incidents, whichever is which in the order of their ids, so
// that two who merge them both ways at once do not block each other.
func (s *Service) lockPair(ctx context.Context, tx Tx, a Actor, fromID, intoID int64) (p pair, err error) {
	for _, id := range slices.Sorted(slices.Values([]int64{fromID, intoID})) {
		i, plan, err := tx.LockIncident(ctx, id)
		if err == nil {
			err = s.allowIncident(a, ActionDispatch, i)
		}
		if CodeOf(err) == CodeNotFound && id == intoID {
			err = Refuse(CodeNotFound, "into_id")
		}
		if err != nil {
			return p, err
		}
		if id == fromID {
			p.from, p.fromPlan = i, plan
		} else {
			p.into, p.intoPlan = i, plan
		}
	}
	return p, nil
}

// Merge says that an incident is another one told again. What was reported, said
// and shown of it, and the people on it, go over to the other, whose clocks and
// offers stay as they are. Whom it was still offered to is asked no longer.
func (s *Service) Merge(ctx context.Context, c Command, id int64, seen int, intoID int64, seenInto int, reason string) (Outcome, error) {
	if strings.TrimSpace(reason) == "" {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		p, err := s.lockPair(ctx, tx, c.Actor, id, intoID)
		if err == nil && id == intoID {
			err = Refuse(CodeInvalid, "into_id")
		}
		if err != nil {
			return Outcome{}, err
		}
		if err := checkVersion(ctx, tx, p.from, seen); err != nil {
			return Outcome{}, err
		}
		if err := checkVersion(ctx, tx, p.into, seenInto); err != nil {
			return Outcome{}, err
		}
		now := s.now()
		next, kind, err := p.from.Step("merge", p.fromPlan, now)
		if err != nil {
			return Outcome{}, err
		}
		if p.into.State.Terminal() {
			return Outcome{}, &Error{Code: CodeUnready, Field: "into_id", Values: map[string]string{"state": string(p.into.State)}}
		}
		next.MergedInto = &intoID
		m := Merge{IncidentID: id, IntoID: intoID, Reason: reason, MergedBy: accountOf(c.Actor), MergedAt: now, Was: *next.Was}
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, s.merge(ctx, tx, c.Actor, p, next, kind, m)
	})
}

func (s *Service) merge(ctx context.Context, tx Tx, a Actor, p pair, next Incident, kind string, m Merge) error {
	people, areas, err := workingOn(ctx, tx, p.from.ID)
	if err != nil {
		return err
	}
	if len(people) > 0 && p.into.State != IncidentHandling && !p.into.CanStep("accept") {
		return &Error{Code: CodeUnready, Field: "into_id", Values: map[string]string{"state": string(p.into.State)}}
	}
	if err := noOrdersOpen(ctx, tx, p.from); err != nil {
		return err
	}
	if err := withdrawOrders(ctx, tx, p.from, a, m.MergedAt, true); err != nil {
		return err
	}
	if err := withdrawOpen(ctx, tx, p.from.ID, a, m.MergedAt); err != nil {
		return err
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return err
	}
	if err := s.followParties(ctx, tx, p.from, next, m.MergedAt); err != nil {
		return err
	}
	if err := tx.InsertMerge(ctx, &m); err != nil {
		return err
	}
	data := map[string]string{"into": itoa(m.IntoID)}
	if err := tx.Emit(ctx, incidentEvent(next, kind, p.from.State, a, m.MergedAt, data)); err != nil {
		return err
	}
	into := p.into
	into.Version++
	if err := tx.SaveIncident(ctx, into); err != nil {
		return err
	}
	if err := tx.Emit(ctx, incidentEvent(into, "incident.joined", into.State, a, m.MergedAt, map[string]string{"from_incident": itoa(m.IncidentID)})); err != nil {
		return err
	}
	if err := s.joinMerged(ctx, tx, p.from, into, m, areas); err != nil {
		return err
	}
	if err := s.move(ctx, tx, a, people, into, m); err != nil || len(people) == 0 {
		return err
	}
	return s.worksFromNow(ctx, tx, a, into, p.intoPlan, people)
}

// workingOn locks the people on an incident and their assignments, and gives what
// they do and whose they are.
func workingOn(ctx context.Context, tx Tx, incidentID int64) (active []Assignment, areas []int64, err error) {
	all, err := tx.Assignments(ctx, incidentID)
	if err != nil {
		return nil, nil, err
	}
	active = slices.DeleteFunc(all, func(as Assignment) bool { return !as.State.Active() && as.State != AssignmentReserved })
	of := map[int64]int64{}
	for _, id := range peopleOf(active) {
		r, err := tx.LockResponder(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		of[r.AreaID] = r.AreaID
	}
	return active, slices.Sorted(maps.Keys(of)), nil
}

func peopleOf(list []Assignment) []int64 {
	ids := make([]int64, len(list))
	for k, as := range list {
		ids[k] = as.ResponderID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// move lets assignments go on under another incident: where the merge leads, or
// back. Nobody leaves their work, and nobody has two.
func (s *Service) move(ctx context.Context, tx Tx, a Actor, list []Assignment, to Incident, m Merge) error {
	for _, as := range list {
		data := map[string]string{"from_incident": itoa(as.IncidentID)}
		as.IncidentID, as.AreaID = to.ID, to.AreaID
		as.Version++
		if err := tx.MoveAssignment(ctx, as, m); err != nil {
			return err
		}
		if err := tx.Emit(ctx, assignmentEvent(as, "assignment.moved", a, s.now(), data)); err != nil {
			return err
		}
	}
	return nil
}

// joinMerged lets those take part in the incident merged into who did in the one
// merged: its area, its neighbours, and those whose people come.
func (s *Service) joinMerged(ctx context.Context, tx Tx, from, into Incident, m Merge, areas []int64) error {
	border, tree := []int64{from.AreaID}, s.Tree()
	for _, p := range from.Parties {
		if p.Until == nil && p.Why == PartyBorder {
			border = append(border, p.AreaID)
		}
	}
	for why, ids := range map[PartyReason][]int64{PartyBorder: border, PartySupporting: areas} {
		ids = slices.DeleteFunc(ids, func(id int64) bool { return tree.Within(into.AreaID, id) })
		if len(ids) == 0 {
			continue
		}
		if err := tx.JoinParties(ctx, m, why, ids); err != nil {
			return err
		}
	}
	return nil
}

// worksFromNow follows with an incident that people came to it who are at work:
// it is being handled, and somebody may be there already.
func (s *Service) worksFromNow(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, people []Assignment) error {
	if err := s.handlingBegins(ctx, tx, a, i, plan, s.now()); err != nil {
		return err
	}
	if !slices.ContainsFunc(people, func(as Assignment) bool { return as.State == AssignmentOnScene }) {
		return nil
	}
	i, _, err := tx.LockIncident(ctx, i.ID)
	if err != nil {
		return err
	}
	return s.afterProgress(ctx, tx, a, i, plan, Progress{Step: "on_scene"})
}

// Unmerge takes an incident out of the one it was merged into. What came from it
// goes back, also what was done since; it stands where it stood, its clock
// counting from then. What was added to the other since stays there.
func (s *Service) Unmerge(ctx context.Context, c Command, id int64, seen int, reason string) (Outcome, error) {
	if strings.TrimSpace(reason) == "" {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.MergeOf(ctx, id)
		if CodeOf(err) == CodeNotFound {
			return Outcome{}, s.notMerged(ctx, tx, c.Actor, id)
		}
		if err != nil {
			return Outcome{}, err
		}
		p, err := s.lockPair(ctx, tx, c.Actor, id, known.IntoID)
		if err != nil {
			return Outcome{}, err
		}
		if err := checkVersion(ctx, tx, p.from, seen); err != nil {
			return Outcome{}, err
		}
		m, err := tx.MergeOf(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if p.from.destroyed() {
			return Outcome{}, Refuse(CodeDestroyed, "")
		}
		if p.into.State == IncidentMerged { // what is here went on with it
			return Outcome{}, illegal(p.into, "unmerge")
		}
		now := s.now()
		p.from.Was = &m.Was
		next, kind, err := p.from.Step("unmerge", p.fromPlan, now)
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, s.unmerge(ctx, tx, c.Actor, p, next, kind, m, reason, now)
	})
}

// notMerged refuses to take apart what is not merged, to who may know.
func (s *Service) notMerged(ctx context.Context, tx Tx, a Actor, id int64) error {
	i, _, err := tx.LockIncident(ctx, id)
	if err != nil {
		return err
	}
	if err := s.allowIncident(a, ActionDispatch, i); err != nil {
		return err
	}
	return illegal(i, "unmerge")
}

func (s *Service) unmerge(ctx context.Context, tx Tx, a Actor, p pair, next Incident, kind string, m Merge, reason string, now time.Time) error {
	people, err := tx.MergedAssignments(ctx, m)
	if err != nil {
		return err
	}
	for _, id := range peopleOf(people) {
		if _, err := tx.LockResponder(ctx, id); err != nil {
			return err
		}
	}
	if err := tx.EndMerge(ctx, m, accountOf(a), reason, now); err != nil {
		return err
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return err
	}
	if err := tx.RejoinParties(ctx, m, now); err != nil {
		return err
	}
	data := map[string]string{"out_of": itoa(m.IntoID)}
	if err := tx.Emit(ctx, incidentEvent(next, kind, p.from.State, a, now, data)); err != nil {
		return err
	}
	if err := s.move(ctx, tx, a, people, next, m); err != nil {
		return err
	}
	into := p.into
	into.Version++
	if err := tx.SaveIncident(ctx, into); err != nil {
		return err
	}
	if err := tx.Emit(ctx, incidentEvent(into, "incident.parted", into.State, a, now, map[string]string{"from_incident": itoa(m.IncidentID)})); err != nil {
		return err
	}
	if len(people) == 0 {
		return nil
	}
	return s.leftAlone(ctx, tx, a, into, p.intoPlan, now)
}

// leftAlone sends an incident back to be dispatched where those who went were all
// who worked on it.
func (s *Service) leftAlone(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, now time.Time) error {
	if !i.CanStep("abandon") {
		return nil
	}
	rest, err := tx.Assignments(ctx, i.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(rest, func(as Assignment) bool { return as.State.Active() }) {
		return nil
	}
	next, kind, err := i.Step("abandon", plan, now)
	if err != nil {
		return err
	}
	if err := tx.SaveIncident(ctx, next); err != nil {
		return err
	}
	return tx.Emit(ctx, incidentEvent(next, kind, i.State, a, now, nil))
}
