package httpapi

import (
	"context"
	"time"

	"yiping/server/dispatch"
)

type sendOrderInput struct {
	CommandInput
	IDInput
	Body struct {
		Version int    `json:"version" minimum:"1" doc:"The incident's version that was seen."`
		UnitID  int64  `json:"unit_id" minimum:"1"`
		Role    string `json:"role" enum:"lead,support,check"`
		Words   string `json:"words,omitempty" maxLength:"1000" doc:"What is asked of the unit."`
	}
}

type orderStepInput struct {
	CommandInput
	IDInput
	Body struct {
		Version  int        `json:"version" minimum:"1" doc:"The version that was seen."`
		Reason   string     `json:"reason,omitempty" maxLength:"500"`
		Until    *time.Time `json:"until,omitempty" doc:"With ask-extension: until when."`
		UnitID   int64      `json:"unit_id,omitempty" minimum:"0" doc:"With reassign: to whom."`
		OnBehalf bool       `json:"on_behalf,omitempty" doc:"A dispatcher records it for the unit (代填)."`
	}
}

type unitOrdersInput struct {
	Queue  string `query:"queue" enum:"open,sign,overdue,approval,returned,all" default:"open"`
	AreaID int64  `query:"area_id"`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200"`
	Cursor string `query:"cursor" maxLength:"64"`
}

type unitOrdersView struct {
	Orders     []dispatch.UnitOrder `json:"orders" nullable:"false"`
	NextCursor string               `json:"next_cursor,omitempty"`
	Total      int                  `json:"total"`
}

func (a *api) unitOrders() {
	can := Access(dispatch.ActionDispatch)
	operation(a, "GET", "/api/v1/unit-orders", "list-unit-orders", "A queue of orders to units, newest first: a unit's people see its own", SignedIn, 200, a.listUnitOrders)
	operation(a, "GET", "/api/v1/incidents/{id}/units", "propose-units", "To which units its work may be given, by its plan and its place", can, 200,
		func(ctx context.Context, in *IDInput) (*body[dispatch.UnitProposal], error) {
			return answer(a.Service.ProposeUnits(ctx, actorOf(ctx), in.ID))
		})
	operation(a, "POST", "/api/v1/incidents/{id}/unit-orders", "send-unit-order", "Give its work to a unit", can, 201,
		func(ctx context.Context, in *sendOrderInput) (*body[dispatch.UnitOrder], error) {
			return a.changedOrder(ctx)(a.Service.SendOrder(ctx, a.command(ctx, in.Key, "unit_order.send", in), in.ID, in.Body.Version,
				dispatch.NewUnitOrder{UnitID: in.Body.UnitID, Role: dispatch.UnitRole(in.Body.Role), Words: in.Body.Words}))
		})
	for _, step := range []struct{ path, name, summary string }{
		{"sign", "sign", "Sign for it (签收)"}, {"return", "return", "Return it with a reason (退回)"},
		{"ask-extension", "ask_extension", "Ask for more time (延期)"}, {"ask-suspension", "ask_suspension", "Ask to put it off (挂账)"},
		{"approve", "approve", "Approve what is asked for; not by who asked"}, {"refuse", "refuse", "Refuse what is asked for; not by who asked"},
		{"resume", "resume", "Take up again what was put off"}, {"done", "done", "Say that it is done"},
		{"reassign", "reassign", "Give it to another unit instead (改派)"}, {"withdraw", "withdraw", "Withdraw it"}} {
		operation(a, "POST", "/api/v1/unit-orders/{id}/"+step.path, "unit-order-"+step.path, step.summary, SignedIn, 200,
			func(ctx context.Context, in *orderStepInput) (*body[dispatch.UnitOrder], error) {
				return a.changedOrder(ctx)(a.Service.MoveOrder(ctx, a.command(ctx, in.Key, "unit_order."+step.name, in), in.ID, dispatch.OrderStep{
					Step: step.name, Seen: in.Body.Version, Reason: in.Body.Reason, Until: timeOf(in.Body.Until), UnitID: in.Body.UnitID, OnBehalf: in.Body.OnBehalf}))
			})
	}
}

// changedOrder answers with the order that a command changed, as it is now.
func (a *api) changedOrder(ctx context.Context) func(dispatch.Outcome, error) (*body[dispatch.UnitOrder], error) {
	return func(out dispatch.Outcome, err error) (*body[dispatch.UnitOrder], error) {
		if err != nil {
			return nil, err
		}
		o, err := a.Reader.UnitOrder(ctx, out.ID)
		if err != nil {
			return nil, err
		}
		return answer(found(a.sight(ctx).UnitOrder(o)))
	}
}

func (a *api) listUnitOrders(ctx context.Context, in *unitOrdersInput) (*body[unitOrdersView], error) {
	f := dispatch.UnitOrderFilter{UnitID: actorOf(ctx).UnitID, Queue: in.Queue, Limit: in.Limit}
	if f.UnitID == 0 {
		if !actorOf(ctx).May(dispatch.See(dispatch.FieldUnitOrder)) {
			return nil, dispatch.Refuse(dispatch.CodeForbidden, "")
		}
		var err error
		if f.AreaIDs, err = a.scope(ctx, dispatch.See(dispatch.FieldUnitOrder), in.AreaID); err != nil {
			return nil, err
		}
	}
	var err error
	if f.BeforeID, err = readCursor(in.Cursor); err != nil {
		return nil, err
	}
	list, total, err := a.Reader.UnitOrders(ctx, f)
	if err != nil {
		return nil, err
	}
	view := unitOrdersView{Total: total, Orders: dispatch.Each(list, a.sight(ctx).UnitOrder)}
	if len(list) == in.Limit {
		view.NextCursor = writeCursor(list[len(list)-1].ID)
	}
	return answer(view, nil)
}
