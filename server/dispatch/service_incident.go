package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"yiping/geo"
)

// Intake is a report as it comes in. Coordinates are WGS-84.
type Intake struct {
	TypeCode string // of ours, or standard:code of a table that is mapped to ours
	Point    orb.Point
	Place    string
	Words    string
	Phone    string
	Priority Priority // "" for the plan's
	Verified bool     // a dispatcher heard enough to skip the verification
	Channel  Channel
	Tracking string // a resident's tracking number, "" for none
}

// TrackingNumber gives the tracking number that belongs to an idempotency key:
// 60 bits of its hash. The key is a random UUID known to the reporting phone
// alone, so a repeat yields the same number and nothing has to be stored.
func TrackingNumber(key string) string {
	sum := sha256.Sum256([]byte("yiping tracking " + key))
	code := base32.NewEncoding("23456789ABCDEFGHJKLMNPQRSTUVWXYZ").WithPadding(base32.NoPadding).EncodeToString(sum[:8])
	return code[0:4] + "-" + code[4:8] + "-" + code[8:12]
}

// TrackingHash gives what is stored of a tracking number.
func TrackingHash(number string) []byte {
	sum := sha256.Sum256([]byte(strings.ToUpper(strings.TrimSpace(number))))
	return sum[:]
}

// TakeIn opens an incident from a report.
func (s *Service) TakeIn(ctx context.Context, c Command, in Intake) (Outcome, error) {
	cell, err := cellOf(in.Point)
	if err != nil {
		return Outcome{}, err
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		now := s.now()
		kind, err := tx.TypeAndPlan(ctx, in.TypeCode)
		if err != nil {
			return Outcome{}, err
		}
		areaID, compoundID, err := tx.Locate(ctx, in.Point)
		if err != nil {
			return Outcome{}, err
		}
		if in.Channel == ChannelDispatcher {
			if err := s.allow(c.Actor, ActionDispatch, areaID); err != nil {
				return Outcome{}, Refuse(CodeForbidden, "lon")
			}
		}
		i := newIncident(in, kind, areaID, compoundID, cell, accountOf(c.Actor), now)
		if err := tx.InsertIncident(ctx, &i); err != nil {
			return Outcome{}, err
		}
		r := Report{IncidentID: i.ID, Channel: in.Channel, TypeCode: kind.Code, AreaID: areaID,
			Lon: in.Point.Lon(), Lat: in.Point.Lat(), Place: in.Place, Words: in.Words, Phone: in.Phone, ReceivedAt: now}
		var hash []byte
		if in.Tracking != "" {
			hash = TrackingHash(in.Tracking)
		}
		if err := s.joinBorder(ctx, tx, i); err != nil {
			return Outcome{}, err
		}
		if err := tx.InsertReport(ctx, &r, c.Actor.AccountID, hash); err != nil {
			return Outcome{}, err
		}
		data := map[string]string{"channel": string(in.Channel), "report": itoa(r.ID)}
		if err := tx.Emit(ctx, incidentEvent(i, "incident.reported", "", c.Actor, now, data)); err != nil {
			return Outcome{}, err
		}
		if in.Verified {
			if i, err = s.verifyNew(ctx, tx, i, *kind.Plan, c.Actor, now); err != nil {
				return Outcome{}, err
			}
		}
		return Outcome{Noun: NounIncident, ID: i.ID, Version: i.Version}, nil
	})
}

func newIncident(in Intake, kind IncidentType, areaID int64, compoundID *int64, cell geo.Cell, by *int64, now time.Time) Incident {
	plan := *kind.Plan
	priority := in.Priority
	if priority == "" {
		priority = plan.Priority
	}
	var grade *Grade
	if Graded(kind.Family) { // a plan may be older than a move of its type
		grade = plan.Grade
	}
	i := Incident{TypeCode: kind.Code, PlanID: plan.ID, Grade: grade, Family: kind.Family, AreaID: areaID, CompoundID: compoundID,
		Priority: priority, State: IncidentReported, StateSince: now, DueAt: clock(IncidentReported, plan, now), Version: 1,
		Lon: in.Point.Lon(), Lat: in.Point.Lat(), Cell: cell.String(), Place: in.Place, Summary: in.Words,
		Quota: plan.Quota, Hazard: plan.Hazard, OpenedBy: by, ReportedAt: now}
	i.LadderAt = plan.rungAt(i)
	return i
}

func (s *Service) verifyNew(ctx context.Context, tx Tx, i Incident, plan Plan, a Actor, now time.Time) (Incident, error) {
	next, kind, err := i.Step("verify", plan, now)
	if err != nil {
		return i, err
	}
	next.VerifiedBy = accountOf(a)
	if err := tx.SaveIncident(ctx, next); err != nil {
		return i, err
	}
	return next, tx.Emit(ctx, incidentEvent(next, kind, i.State, a, now, nil))
}

// Verify confirms a reported incident, setting its priority where one is given.
func (s *Service) Verify(ctx context.Context, c Command, id int64, seen int, priority Priority) (Outcome, error) {
	return s.changeIncident(ctx, c, id, seen, ActionDispatch, func(_ context.Context, _ Tx, i Incident, p Plan, now time.Time) (Incident, string, map[string]string, error) {
		next, kind, err := i.Step("verify", p, now)
		if i.unconfirmed() {
			next, kind = i.confirm(now)
			err = nil
		}
		next.VerifiedBy = accountOf(c.Actor)
		if priority != "" {
			next.Priority = priority
		}
		return next, kind, nil, err
	})
}

// Reject ends a report that is none, with a reason.
func (s *Service) Reject(ctx context.Context, c Command, id int64, seen int, reason string) (Outcome, error) {
	return s.stepWithReason(ctx, c, id, seen, "reject", reason)
}

// Reopen takes an incident up again after it was resolved, checked or closed.
func (s *Service) Reopen(ctx context.Context, c Command, id int64, seen int, reason string) (Outcome, error) {
	return s.stepWithReason(ctx, c, id, seen, "reopen", reason)
}

// Cancel ends an open incident: its offers are withdrawn, its people released.
func (s *Service) Cancel(ctx context.Context, c Command, id int64, seen int, reason string) (Outcome, error) {
	return s.stepWithReason(ctx, c, id, seen, "cancel", reason)
}

func (s *Service) stepWithReason(ctx context.Context, c Command, id int64, seen int, step, reason string) (Outcome, error) {
	if strings.TrimSpace(reason) == "" {
		return Outcome{}, Refuse(CodeReasonRequired, "reason")
	}
	return s.changeIncident(ctx, c, id, seen, ActionDispatch, func(ctx context.Context, tx Tx, i Incident, p Plan, now time.Time) (Incident, string, map[string]string, error) {
		next, kind, err := i.Step(step, p, now)
		if err != nil {
			return i, "", nil, err
		}
		next.Reason = reason
		switch step {
		case "cancel":
			err = releaseEverybody(ctx, tx, i, c.Actor, now)
		case "reopen":
			err = withdrawOrders(ctx, tx, i, c.Actor, now, true)
		}
		return next, kind, nil, err
	})
}

// Resolve says by hand that the incident is handled. Open offers are withdrawn;
// people still on it must be done or released first.
func (s *Service) Resolve(ctx context.Context, c Command, id int64, seen int, reason string) (Outcome, error) {
	return s.changeIncident(ctx, c, id, seen, ActionDispatch, func(ctx context.Context, tx Tx, i Incident, p Plan, now time.Time) (Incident, string, map[string]string, error) {
		assignments, err := tx.Assignments(ctx, id)
		if err != nil {
			return i, "", nil, err
		}
		if slices.ContainsFunc(assignments, func(a Assignment) bool { return a.State.Active() }) {
			return i, "", nil, Refuse(CodeHasActive, "")
		}
		if err := noOrdersOpen(ctx, tx, i); err != nil {
			return i, "", nil, err
		}
		next, kind, err := i.Step("resolve", p, now)
		if err != nil {
			return i, "", nil, err
		}
		next.ResolvedBy, next.Reason = accountOf(c.Actor), reason
		return next, kind, nil, withdrawOpen(ctx, tx, id, c.Actor, now)
	})
}

// Check looks whether a resolved incident is handled well. The checker is not
// the one who resolved it; a refused check sends it back to be dispatched.
func (s *Service) Check(ctx context.Context, c Command, id int64, seen int, passed bool, reason string) (Outcome, error) {
	step := "check"
	if !passed {
		step = "refuse_check"
		if strings.TrimSpace(reason) == "" {
			return Outcome{}, Refuse(CodeReasonRequired, "reason")
		}
	}
	return s.changeIncident(ctx, c, id, seen, ActionCheck, func(ctx context.Context, tx Tx, i Incident, p Plan, now time.Time) (Incident, string, map[string]string, error) {
		if i.State == IncidentResolved && i.ResolvedBy != nil && *i.ResolvedBy == c.Actor.AccountID {
			return i, "", nil, Refuse(CodeSameHandler, "")
		}
		next, kind, err := i.Step(step, p, now)
		if err != nil {
			return i, "", nil, err
		}
		if passed {
			next.CheckedBy = accountOf(c.Actor)
		} else {
			next.Reason = reason
		}
		return next, kind, nil, withdrawOrders(ctx, tx, i, c.Actor, now, true)
	})
}

// Close ends a checked incident.
func (s *Service) Close(ctx context.Context, c Command, id int64, seen int) (Outcome, error) {
	return s.changeIncident(ctx, c, id, seen, ActionDispatch, func(_ context.Context, _ Tx, i Incident, p Plan, now time.Time) (Incident, string, map[string]string, error) {
		next, kind, err := i.Step("close", p, now)
		return next, kind, nil, err
	})
}

// Edit is a change of an incident's fields; nil leaves a field as it is.
type Edit struct {
	Summary  *string
	Place    *string
	Priority *Priority
	Point    *orb.Point
}

func (e Edit) fields() []string {
	var names []string
	for name, set := range map[string]bool{"summary": e.Summary != nil, "place": e.Place != nil, "priority": e.Priority != nil, "point": e.Point != nil} {
		if set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Change edits fields. Edits of different fields merge; of the same one the
// later is refused with who was first. No clock is touched.
func (s *Service) Change(ctx context.Context, c Command, id int64, seen int, e Edit) (Outcome, error) {
	fields := e.fields()
	if len(fields) == 0 {
		return Outcome{}, Refuse(CodeRequired, "fields")
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, _, err := tx.LockIncident(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowIncident(c.Actor, ActionDispatch, i); err != nil {
			return Outcome{}, err
		}
		if i.State.Terminal() {
			return Outcome{}, &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "edit"}}
		}
		if err := refuseOverlap(ctx, tx, i, seen, fields); err != nil {
			return Outcome{}, err
		}
		next, err := s.edited(ctx, tx, i, e, c.Actor)
		if err != nil {
			return Outcome{}, err
		}
		if err := tx.SaveIncident(ctx, next); err != nil {
			return Outcome{}, err
		}
		if e.Point != nil {
			if err := s.joinBorder(ctx, tx, next); err != nil {
				return Outcome{}, err
			}
		}
		event := incidentEvent(next, "incident.edited", i.State, c.Actor, s.now(), map[string]string{"fields": strings.Join(fields, ",")})
		if err := tx.Emit(ctx, event); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounIncident, ID: id, Version: next.Version}, nil
	})
}

func refuseOverlap(ctx context.Context, tx Tx, i Incident, seen int, fields []string) error {
	if seen == i.Version {
		return nil
	}
	edited, by, err := tx.EditedSince(ctx, i.ID, seen)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if slices.Contains(edited, f) {
			return &Error{Code: CodeVersionConflict, Field: f, Current: i, Values: map[string]string{"by": by, "state": string(i.State)}}
		}
	}
	return nil
}

func (s *Service) edited(ctx context.Context, tx Tx, i Incident, e Edit, a Actor) (Incident, error) {
	i.Version++
	if e.Summary != nil {
		i.Summary = *e.Summary
	}
	if e.Place != nil {
		i.Place = *e.Place
	}
	if e.Priority != nil {
		i.Priority = *e.Priority
	}
	if e.Point == nil {
		return i, nil
	}
	cell, err := cellOf(*e.Point)
	if err != nil {
		return i, err
	}
	areaID, compoundID, err := tx.Locate(ctx, *e.Point)
	if err != nil {
		return i, err
	}
	if err := s.allow(a, ActionDispatch, areaID); err != nil {
		return i, Refuse(CodeForbidden, "lon")
	}
	i.Lon, i.Lat, i.Cell, i.AreaID, i.CompoundID = e.Point.Lon(), e.Point.Lat(), cell.String(), areaID, compoundID
	return i, nil
}

// Note adds words, or that 119, 110 or 120 was told, to an incident's timeline.
func (s *Service) Note(ctx context.Context, c Command, id int64, kind, words string, saidAt time.Time) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, err := lockStanding(ctx, tx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowNote(ctx, tx, c.Actor, i); err != nil {
			return Outcome{}, err
		}
		if i.destroyed() {
			return Outcome{}, Refuse(CodeDestroyed, "")
		}
		now := s.now()
		e := TimelineEntry{Kind: kind, Words: words, SaidAt: deviceTime(saidAt, i.ReportedAt, now), ReceivedAt: now}
		if err := tx.InsertTimeline(ctx, &e, i.ID, c.Actor); err != nil {
			return Outcome{}, err
		}
		event := incidentEvent(i, "timeline.added", i.State, c.Actor, now, map[string]string{"kind": kind, "timeline": itoa(e.ID)})
		return Outcome{Noun: NounTimeline, ID: e.ID, Version: 1}, tx.Emit(ctx, event)
	})
}

// AddPhoto adds a picture, already encoded anew by the server, to an incident.
// A resident's picture names its report by its tracking number's incident.
func (s *Service) AddPhoto(ctx context.Context, c Command, incidentID, reportID int64, jpeg []byte, width, height int) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, err := lockStanding(ctx, tx, incidentID)
		if err != nil {
			return Outcome{}, err
		}
		if reportID == 0 {
			if err := s.allowNote(ctx, tx, c.Actor, i); err != nil {
				return Outcome{}, err
			}
		}
		if i.destroyed() {
			return Outcome{}, Refuse(CodeDestroyed, "")
		}
		p := Photo{Width: width, Height: height, CreatedAt: s.now()}
		if err := tx.InsertPhoto(ctx, &p, i.ID, reportID, jpeg); err != nil {
			return Outcome{}, err
		}
		event := incidentEvent(i, "photo.added", i.State, c.Actor, s.now(), map[string]string{"photo": itoa(p.ID)})
		return Outcome{Noun: NounPhoto, ID: p.ID, Version: 1}, tx.Emit(ctx, event)
	})
}

// lockStanding locks the incident that stands for one: what is said of an incident
// that was merged meanwhile is said of the other.
func lockStanding(ctx context.Context, tx Tx, id int64) (Incident, error) {
	standing, err := tx.StandsFor(ctx, id)
	if err != nil {
		return Incident{}, err
	}
	i, _, err := tx.LockIncident(ctx, standing)
	if err == nil && i.State == IncidentMerged {
		err = Refuse(CodeMoved, "")
	}
	return i, err
}

// allowNote lets in who may add words and pictures to an incident: in their
// areas, where their area takes part, and who, or whose unit, works on it.
func (s *Service) allowNote(ctx context.Context, tx Tx, a Actor, i Incident) error {
	err := s.allowIncident(a, ActionNote, i)
	if err == nil || a.mayByParty(s.Tree(), ActionNote, i.Parties) {
		return nil
	}
	if a.UnitID != 0 {
		orders, failed := tx.UnitOrders(ctx, i.ID)
		if failed != nil {
			return failed
		}
		if slices.ContainsFunc(orders, func(o UnitOrder) bool { return o.State.TakesPart() && a.OfUnit(o.UnitID) }) {
			return nil
		}
	}
	if a.ResponderID == 0 || !a.May(ActionRespond) {
		return err
	}
	assignments, failed := tx.Assignments(ctx, i.ID)
	if failed != nil {
		return failed
	}
	if slices.ContainsFunc(assignments, func(as Assignment) bool {
		return as.ResponderID == a.ResponderID && as.State != AssignmentReleased
	}) {
		return nil
	}
	return err
}

// deviceTime takes a device's time where it is believable: not before what it
// follows, not in the future; else now.
func deviceTime(at, notBefore, now time.Time) time.Time {
	if at.IsZero() || at.Before(notBefore) || at.After(now) {
		return now
	}
	return at
}

func cellNumber(text string) int64 {
	cell, err := geo.ParseCell(text)
	if err != nil {
		return 0
	}
	return cell.Int64()
}
