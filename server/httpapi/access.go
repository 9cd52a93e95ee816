package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"yiping/server/dispatch"
)

type contextKey int

const (
	keySession contextKey = iota
	keyLanguage
	keyRequestID
	keyCaller
	keyLimit
	keyAttempt
	keyRequest
)

// authorize is the choke point of all operations.
func (a *api) authorize(ctx huma.Context, next func(huma.Context)) {
	access, _ := ctx.Operation().Metadata["access"].(Access)
	r, _ := humago.Unwrap(ctx)
	admitted, err := a.admit(r, access)
	if err != nil {
		p := a.problem(ctx.Context(), err)
		var refused *dispatch.Error
		if errors.As(err, &refused) && refused.Code == dispatch.CodeTooMany {
			ctx.SetHeader("Retry-After", waiting(refused).Get("Retry-After"))
		}
		_ = huma.WriteErr(a.huma, ctx, p.GetStatus(), "", p)
		return
	}
	next(huma.WithContext(ctx, admitted))
}

// admit looks the session up where the route asks for one, and refuses who may
// not call it. The session travels in the context, and with it whose eyes the
// storage reads with.
func (a *api) admit(r *http.Request, access Access) (context.Context, error) {
	ctx := context.WithValue(r.Context(), keyRequest, r)
	limit, address := limitFrom(ctx), callerOf(ctx).network()
	if access == Public {
		return ctx, a.addresses.take(address+" "+limit.Kind, limit.Address)
	}
	t := attemptOf(ctx)
	t.presented = carries(r)
	if err := a.addresses.spent(address+" forges", forger); err != nil && t.presented {
		return ctx, err
	}
	s, looked, err := a.whose(r)
	if err != nil {
		if dispatch.CodeOf(err) == dispatch.CodeSignedOut && t.presented {
			_ = a.addresses.take(address+" forges", forger) // asked for before the next is looked up
		}
		return ctx, err
	}
	t.admitted(r, s)
	if err := a.people.take(strconv.FormatInt(s.Account.ID, 10)+" "+limit.Kind, limit.Account); err != nil {
		return ctx, err
	}
	if err := held(r, s, access); err != nil {
		return ctx, err
	}
	if looked {
		if err := a.Accounts.Seen(ctx, s); err != nil { // no reason to show nothing
			a.Log.Warn().Err(err).Msg("that a session is used cannot be noted")
		}
	}
	if access != SignedIn && access != InPerson && access != Entering && !s.Actor().May(dispatch.Action(access)) {
		return ctx, dispatch.Refuse(dispatch.CodeForbidden, "")
	}
	ctx = dispatch.WithViewer(ctx, s.Actor().Viewer(a.Service.Tree()))
	return context.WithValue(ctx, keySession, s), nil
}

func sessionOf(ctx context.Context) dispatch.Session {
	s, _ := ctx.Value(keySession).(dispatch.Session)
	return s
}

func actorOf(ctx context.Context) dispatch.Actor { return sessionOf(ctx).Actor() }

// scope gives the areas in which the actor may do something, nil for all of
// them, narrowed to one area and below where it is given.
func (a *api) scope(ctx context.Context, action dispatch.Action, areaID int64) ([]int64, error) {
	tree, actor := a.Service.Tree(), actorOf(ctx)
	if areaID == 0 {
		return tree.Reach(actor.Roots(action)), nil
	}
	if !actor.MayIn(tree, action, areaID) {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "area_id")
	}
	return tree.Reach([]int64{areaID}), nil
}

// reach gives how far the actor sees incidents: by area, and by what areas of
// theirs take part in, narrowed to one area and below where it is given.
func (a *api) reach(ctx context.Context, areaID int64) (dispatch.Reach, error) {
	see := dispatch.See(dispatch.FieldIncident)
	areas, err := a.scope(ctx, see, areaID)
	roots := actorOf(ctx).PartyRoots(see)
	if areaID != 0 && len(roots) > 0 {
		roots = []int64{areaID}
	}
	return dispatch.Reach{AreaIDs: areas, PartyAreaIDs: a.Service.Tree().Below(roots...)}, err
}

// sight gives how the actor sees things: what every answer goes through.
func (a *api) sight(ctx context.Context) dispatch.Sight {
	return actorOf(ctx).Sight(a.Service.Tree())
}

// found gives what is shown, CodeNotFound where it does not exist for the actor.
func found[T any](thing T, shown bool) (T, error) {
	if !shown {
		return thing, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	return thing, nil
}

// incidentView gives how the actor sees an incident, by area or by taking part,
// CodeNotFound where it does not exist for them.
func (a *api) incidentView(ctx context.Context, i dispatch.Incident) (dispatch.View, error) {
	actor, asked := actorOf(ctx), false
	if actor.ResponderID != 0 {
		var err error
		if asked, err = a.Reader.TakesPart(ctx, actor.ResponderID, i.ID); err != nil {
			return dispatch.View{}, err
		}
	}
	if actor.UnitID != 0 {
		var err error
		if asked, err = a.Reader.UnitTakesPart(ctx, actor.UnitID, i.ID); err != nil {
			return dispatch.View{}, err
		}
	}
	v := a.sight(ctx).Incident(i, asked)
	return found(v, v.Sees(dispatch.FieldIncident))
}

// shownIncident gives an incident as the actor sees it.
func (a *api) shownIncident(ctx context.Context, i dispatch.Incident) (dispatch.Incident, error) {
	v, err := a.incidentView(ctx, i)
	if err != nil {
		return dispatch.Incident{}, err
	}
	return found(v.Incident(i))
}

// seesOf refuses who does not see something of an incident whole.
func (a *api) seesOf(ctx context.Context, i dispatch.Incident, f dispatch.Field) error {
	v, err := a.incidentView(ctx, i)
	if err == nil && v.Of(f) != dispatch.Whole {
		err = dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	return err
}

// shownResponder gives a person as the actor sees them.
func (a *api) shownResponder(ctx context.Context, r dispatch.Responder) (dispatch.Responder, error) {
	return found(a.sight(ctx).Responder(r).Responder(r))
}
