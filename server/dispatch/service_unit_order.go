package dispatch

import (
	"context"
	"slices"
	"strings"
	"time"
)

// UnitOrderStore is what of the storage orders need outside a command.
type UnitOrderStore interface {
	// ResponsibleUnits gives the units that are responsible for an incident's
	// place, nearest first: its compound's company, those of its areas (the
	// community, then upward).
	ResponsibleUnits(ctx context.Context, areaIDs []int64, compoundID *int64) ([]ResponsibleUnit, error)
	// DueUnitOrders gives the ids of orders whose clock ran out and of which it
	// was not said, and when the next one's will (zero for none).
	DueUnitOrders(ctx context.Context, at time.Time) ([]int64, time.Time, error)
}

// UnitOrderTx is the part of a transaction that orders need. They are locked
// after their incident and everything else of it.
type UnitOrderTx interface {
	Unit(ctx context.Context, id int64) (Unit, error)
	// CompoundUnit gives the company of a compound, 0 for none.
	CompoundUnit(ctx context.Context, compoundID int64) (int64, error)
	UnitOrder(ctx context.Context, id int64) (UnitOrder, error)
	LockUnitOrder(ctx context.Context, id int64) (UnitOrder, error)
	// UnitOrders locks and gives all orders of an incident, ordered by id.
	UnitOrders(ctx context.Context, incidentID int64) ([]UnitOrder, error)
	InsertUnitOrder(ctx context.Context, o *UnitOrder) error
	// SaveUnitOrder leaves what was said at the steps as it is.
	SaveUnitOrder(ctx context.Context, o UnitOrder) error
	InsertOrderSaid(ctx context.Context, orderID int64, said OrderSaid) error
}

// ProposeUnits says to whom an incident's work may be given: what its plan wants,
// and every unit that is responsible for the place.
func (s *Service) ProposeUnits(ctx context.Context, a Actor, incidentID int64) (UnitProposal, error) {
	i, plan, err := s.store.IncidentPlan(ctx, incidentID)
	if err != nil {
		return UnitProposal{}, err
	}
	if err := s.allowIncident(a, ActionDispatch, i); err != nil {
		return UnitProposal{}, err
	}
	units, err := s.store.ResponsibleUnits(ctx, s.Tree().Above(i.AreaID), i.CompoundID)
	if err != nil {
		return UnitProposal{}, err
	}
	return propose(plan, units), nil
}

// NewUnitOrder is an order to be sent.
type NewUnitOrder struct {
	UnitID int64
	Role   UnitRole
	Words  string // what is asked of the unit
}

// SendOrder gives an incident's work to a unit. The first one begins the
// dispatching; a checking one is for what is resolved.
func (s *Service) SendOrder(ctx context.Context, c Command, incidentID int64, seen int, in NewUnitOrder) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		i, plan, err := tx.LockIncident(ctx, incidentID)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowIncident(c.Actor, ActionDispatch, i); err != nil {
			return Outcome{}, err
		}
		if err := checkVersion(ctx, tx, i, seen); err != nil {
			return Outcome{}, err
		}
		o, err := s.putOrder(ctx, tx, c.Actor, i, plan, UnitOrder{UnitID: in.UnitID, Role: in.Role, Words: in.Words})
		return Outcome{Noun: NounUnitOrder, ID: o.ID, Version: o.Version}, err
	})
}

// putOrder writes a new order, and moves the incident where it is the first.
func (s *Service) putOrder(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, o UnitOrder) (UnitOrder, error) {
	unit, err := tx.Unit(ctx, o.UnitID)
	if CodeOf(err) == CodeNotFound {
		return o, Refuse(CodeNotFound, "unit_id")
	}
	if err != nil {
		return o, err
	}
	if err := s.responsible(ctx, tx, a, i, unit); err != nil {
		return o, err
	}
	if err := s.dispatchingBegins(ctx, tx, a, i, plan, o); err != nil {
		return o, err
	}
	now := s.now()
	o.IncidentID, o.AreaID, o.State, o.Version = i.ID, i.AreaID, OrderSent, 1
	o.SentBy, o.SentAt, o.DoneSeconds = accountOf(a), now, plan.ResolveSeconds
	o.SignBy = plan.due(now, plan.DispatchSeconds)
	if !o.handles() {
		o.DoneSeconds = plan.CheckSeconds
	}
	o.DueAt = &o.SignBy
	if err := tx.InsertUnitOrder(ctx, &o); err != nil {
		return o, err
	}
	data := map[string]string{"role": string(o.Role), "unit": itoa(o.UnitID)}
	if o.PreviousID != nil {
		data["previous"] = itoa(*o.PreviousID)
	}
	return o, tx.Emit(ctx, unitOrderEvent(o, "unit_order.sent", a, now, data))
}

// responsible refuses a unit that has nothing to do with the place: it is one of
// an area above it, the compound's company, or of where the sender dispatches.
func (s *Service) responsible(ctx context.Context, tx Tx, a Actor, i Incident, u Unit) error {
	if s.Tree().Within(i.AreaID, u.AreaID) || a.MayIn(s.Tree(), ActionDispatch, u.AreaID) {
		return nil
	}
	if i.CompoundID != nil {
		if company, err := tx.CompoundUnit(ctx, *i.CompoundID); err != nil || company == u.ID {
			return err
		}
	}
	return Refuse(CodeNotFound, "unit_id")
}

// dispatchingBegins brings an incident to dispatching at its first order, and
// refuses one for which the time is over, or has not come.
func (s *Service) dispatchingBegins(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, o UnitOrder) error {
	if o.handles() {
		_, err := dispatching(ctx, tx, a, i, plan, s.now())
		return err
	}
	if i.State != IncidentResolved {
		return &Error{Code: CodeIllegalTransition, Values: map[string]string{"state": string(i.State), "step": "offer"}}
	}
	return s.checksNotOwnWork(ctx, tx, i, o.UnitID)
}

// checksNotOwnWork: the unit that checks is not one that handled.
func (s *Service) checksNotOwnWork(ctx context.Context, tx Tx, i Incident, unitID int64) error {
	orders, err := tx.UnitOrders(ctx, i.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(orders, func(o UnitOrder) bool {
		return o.UnitID == unitID && o.handles() && o.State == OrderDone && o.inRound(i)
	}) {
		return Refuse(CodeSameHandler, "unit_id")
	}
	return nil
}

// OrderStep is what is done with an order: sign, return, ask_extension,
// ask_suspension, approve, refuse, resume, done, reassign or withdraw.
type OrderStep struct {
	Step     string
	Seen     int // the version the asker saw
	Reason   string
	Until    time.Time // with ask_extension
	UnitID   int64     // with reassign: to whom
	OnBehalf bool      // a dispatcher records it for the unit
}

// longestExtension bounds how much time can be asked for at once.
const longestExtension = 90 * day

// MoveOrder takes a step of an order, and lets the incident follow.
func (s *Service) MoveOrder(ctx context.Context, c Command, id int64, in OrderStep) (Outcome, error) {
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.UnitOrder(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allowOrder(c.Actor, known, in); err != nil {
			return Outcome{}, err
		}
		i, plan, err := tx.LockIncident(ctx, known.IncidentID)
		if err != nil {
			return Outcome{}, err
		}
		o, err := tx.LockUnitOrder(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if in.Seen != o.Version {
			return Outcome{}, &Error{Code: CodeVersionConflict, Field: "version", Current: o, Values: map[string]string{"by": "somebody", "state": string(o.State)}}
		}
		o.calendar = plan.Calendar
		next, err := s.moveOrder(ctx, tx, c.Actor, o, in)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.afterOrder(ctx, tx, c.Actor, i, plan, next, in); err != nil {
			return Outcome{}, err
		}
		return Outcome{Noun: NounUnitOrder, ID: id, Version: next.Version}, nil
	})
}

// allowOrder lets in who may take a step, by the machine's table.
func (s *Service) allowOrder(a Actor, o UnitOrder, in OrderStep) error {
	own := a.OfUnit(o.UnitID)
	dispatches := a.MayIn(s.Tree(), ActionDispatch, o.AreaID)
	switch in.Step {
	case "approve", "refuse":
		if a.MayIn(s.Tree(), ActionCheck, o.AreaID) {
			return nil
		}
	default:
		by := unitOrderSteps[in.Step].by
		switch {
		case by == byUnit && (own && !in.OnBehalf || dispatches && in.OnBehalf),
			by == byEither && (own || dispatches),
			by == byDesk && dispatches:
			return nil
		}
	}
	if _, sees := a.Sight(s.Tree()).UnitOrder(o); sees || own {
		return Refuse(CodeForbidden, "")
	}
	return Refuse(CodeNotFound, "")
}

func (s *Service) moveOrder(ctx context.Context, tx Tx, a Actor, o UnitOrder, in OrderStep) (UnitOrder, error) {
	step, now := in.Step, s.now()
	if step == "approve" || step == "refuse" {
		step = o.decision(step)
	}
	rule := unitOrderSteps[step]
	if rule.by == byApprover && o.AskedBy != nil && *o.AskedBy == a.AccountID {
		return o, Refuse(CodeOwnRequest, "")
	}
	if rule.why && strings.TrimSpace(in.Reason) == "" {
		return o, Refuse(CodeReasonRequired, "reason")
	}
	var until *time.Time
	if step == "ask_extension" {
		if o.DoneBy != nil && !in.Until.After(*o.DoneBy) || !in.Until.After(now) || in.Until.After(now.Add(longestExtension)) {
			return o, Refuse(CodeInvalid, "until")
		}
		until = &in.Until
	}
	next, kind, err := o.Step(step, until, now)
	if err != nil {
		return o, err
	}
	next.OnBehalf = in.OnBehalf && rule.by == byUnit
	switch {
	case rule.by == byApprover:
		next.DecidedBy = accountOf(a)
	case step == "ask_extension" || step == "ask_suspension":
		next.AskedBy = accountOf(a)
	}
	if in.Reason != "" {
		said := OrderSaid{Step: strings.TrimPrefix(kind, string(NounUnitOrder)+"."), Words: in.Reason, By: accountOf(a), At: now, OnBehalf: next.OnBehalf}
		if err := tx.InsertOrderSaid(ctx, o.ID, said); err != nil {
			return o, err
		}
	}
	return next, s.saveOrder(ctx, tx, a, o, next, kind, now)
}

func (s *Service) saveOrder(ctx context.Context, tx Tx, a Actor, before, next UnitOrder, kind string, now time.Time) error {
	if err := tx.SaveUnitOrder(ctx, next); err != nil {
		return err
	}
	data := map[string]string{"from": string(before.State), "to": string(next.State)}
	if next.OnBehalf {
		data["on_behalf"] = "true"
	}
	return tx.Emit(ctx, unitOrderEvent(next, kind, a, now, data))
}

// afterOrder follows with what an order's step brings: the next order where it
// is reassigned, and the incident's own move.
func (s *Service) afterOrder(ctx context.Context, tx Tx, a Actor, i Incident, plan Plan, o UnitOrder, in OrderStep) error {
	if in.Step == "reassign" {
		if in.UnitID == o.UnitID {
			return Refuse(CodeInvalid, "unit_id")
		}
		if _, err := s.putOrder(ctx, tx, a, i, plan, UnitOrder{UnitID: in.UnitID, Role: o.Role, Words: o.Words, PreviousID: &o.ID}); err != nil {
			return err
		}
	}
	if !o.handles() {
		return nil
	}
	if in.Step == "sign" {
		return s.handlingBegins(ctx, tx, a, i, plan, s.now())
	}
	if !o.State.Open() {
		return s.workEnds(ctx, tx, a, i, plan, in.OnBehalf)
	}
	return nil
}

// ordersOf says how the orders to handle an incident stand: some are signed for,
// some wait to be, some of this round are done.
func ordersOf(ctx context.Context, tx Tx, i Incident) (taken, waiting, done bool, err error) {
	orders, err := tx.UnitOrders(ctx, i.ID)
	for _, o := range orders {
		if o.handles() {
			taken = taken || o.State.Taken()
			waiting = waiting || o.State == OrderSent
			done = done || o.State == OrderDone && o.inRound(i)
		}
	}
	return taken, waiting, done, err
}

// noOrdersOpen refuses to resolve what units still work on.
func noOrdersOpen(ctx context.Context, tx Tx, i Incident) error {
	taken, waiting, _, err := ordersOf(ctx, tx, i)
	if err == nil && (taken || waiting) {
		err = Refuse(CodeHasOpenOrders, "")
	}
	return err
}

// withdrawOrders ends the open orders of an incident, those to check alone or all.
func withdrawOrders(ctx context.Context, tx Tx, i Incident, a Actor, now time.Time, checking bool) error {
	orders, err := tx.UnitOrders(ctx, i.ID)
	if err != nil {
		return err
	}
	for _, o := range orders {
		if !o.State.Open() || checking && o.handles() {
			continue
		}
		next, kind, err := o.Step("withdraw", nil, now)
		if err != nil {
			return err
		}
		next.OnBehalf = false
		if err := tx.SaveUnitOrder(ctx, next); err != nil {
			return err
		}
		data := map[string]string{"from": string(o.State), "to": string(next.State)}
		if err := tx.Emit(ctx, unitOrderEvent(next, kind, a, now, data)); err != nil {
			return err
		}
	}
	return nil
}

// TellOverdue says of each order whose clock ran out that it did, each in its own
// transaction that looks again, and when the next one's will (zero for none).
func (s *Service) TellOverdue(ctx context.Context) (time.Time, error) {
	return s.eachDue(ctx, s.store.DueUnitOrders, s.tellOverdue)
}

func (s *Service) tellOverdue(ctx context.Context, id int64) error {
	system := Actor{System: true}
	_, err := s.store.Run(ctx, Command{Actor: system, Name: "unit_order.overdue"}, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.UnitOrder(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if _, _, err := tx.LockIncident(ctx, known.IncidentID); err != nil {
			return Outcome{}, err
		}
		o, err := tx.LockUnitOrder(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		now, out := s.now(), Outcome{Noun: NounUnitOrder, ID: id, Version: o.Version}
		if !o.CanStep("overdue") || o.DueAt.After(now) {
			return out, nil // told, or taken a step meanwhile
		}
		next, kind, err := o.Step("overdue", nil, now)
		if err != nil {
			return out, err
		}
		out.Version = next.Version
		if err := tx.SaveUnitOrder(ctx, next); err != nil {
			return out, err
		}
		return out, tx.Emit(ctx, unitOrderEvent(next, kind, system, now, map[string]string{"from": string(o.State), "to": string(next.State)}))
	})
	return err
}

func unitOrderEvent(o UnitOrder, kind string, a Actor, at time.Time, data map[string]string) Event {
	return Event{Kind: kind, At: at, Noun: NounUnitOrder, NounID: o.ID, NounVersion: o.Version, AreaID: o.AreaID,
		IncidentID: &o.IncidentID, AccountID: accountOf(a), Data: data}
}
