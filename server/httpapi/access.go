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
	ctx := r.Context()
	limit, address := limitFrom(ctx), callerOf(ctx).network()
	if access == Public {
		return ctx, a.addresses.take(address+" "+limit.Kind, limit.Address)
	}
	token := tokenOf(r)
	if token == "" {
		return ctx, dispatch.Refuse(dispatch.CodeSignedOut, "")
	}
	if err := a.addresses.spent(address+" forges", forger); err != nil {
		return ctx, err
	}
	s, err := a.Accounts.SessionByToken(ctx, token)
	if err != nil {
		if dispatch.CodeOf(err) == dispatch.CodeSignedOut {
			_ = a.addresses.take(address+" forges", forger) // asked for before the next is looked up
		}
		return ctx, err
	}
	if err := a.people.take(strconv.FormatInt(s.Account.ID, 10)+" "+limit.Kind, limit.Account); err != nil {
		return ctx, err
	}
	if access != SignedIn && !s.Actor().May(dispatch.Action(access)) {
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
	roots := actor.Roots(action)
	if areaID != 0 {
		if !actor.MayIn(tree, action, areaID) {
			return nil, dispatch.Refuse(dispatch.CodeNotFound, "area_id")
		}
		roots = []int64{areaID}
	}
	for _, root := range roots {
		if root == tree.Root() {
			return nil, nil
		}
	}
	ids := tree.Below(roots...)
	if ids == nil {
		ids = []int64{}
	}
	return ids, nil
}

// sees gives how much of a thing in an area the actor may see.
func (a *api) sees(ctx context.Context, areaID int64) (full, masked bool) {
	tree, actor := a.Service.Tree(), actorOf(ctx)
	return actor.MayIn(tree, dispatch.ActionSee, areaID), actor.MayIn(tree, dispatch.ActionSeeMasked, areaID)
}

// shownResponder gives a person as the actor may see them, CodeNotFound where
// they may not.
func (a *api) shownResponder(ctx context.Context, r dispatch.Responder) (dispatch.Responder, error) {
	actor := actorOf(ctx)
	tree := a.Service.Tree()
	full, masked := actor.MayIn(tree, dispatch.See(dispatch.FieldResponderPhone), r.AreaID), actor.MayIn(tree, dispatch.See(dispatch.FieldResponder), r.AreaID)
	switch {
	case actor.ResponderID == r.ID && actor.ResponderID != 0:
		return r, nil
	case full:
		if !actor.MayIn(a.Service.Tree(), dispatch.ActionSeePhones, r.AreaID) || r.Task == nil {
			r.Phone = dispatch.MaskPhone(r.Phone)
		}
		return r, nil
	case masked:
		return dispatch.MaskResponder(r), nil
	}
	return r, dispatch.Refuse(dispatch.CodeNotFound, "")
}

// shownIncident gives an incident as the actor may see it, CodeNotFound where
// they may not: by area, or by taking part.
func (a *api) shownIncident(ctx context.Context, i dispatch.Incident) (dispatch.Incident, error) {
	full, masked := a.sees(ctx, i.AreaID)
	if full {
		return i, nil
	}
	if actor := actorOf(ctx); actor.ResponderID != 0 {
		part, err := a.Reader.TakesPart(ctx, actor.ResponderID, i.ID)
		if err != nil {
			return i, err
		}
		if part {
			return i, nil
		}
	}
	if masked {
		return dispatch.MaskIncident(i), nil
	}
	return i, dispatch.Refuse(dispatch.CodeNotFound, "")
}

// seesWords refuses who may not see an incident with its words and pictures.
func (a *api) seesWords(ctx context.Context, i dispatch.Incident) error {
	i, err := a.shownIncident(ctx, i)
	if err == nil && i.Masked {
		err = dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	return err
}
