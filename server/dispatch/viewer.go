package dispatch

import (
	"context"
	"slices"
)

// Viewer is whose eyes a request reads with: the storage shows no row beyond
// them, whatever is asked. A context without one sees only what is open to all.
type Viewer struct {
	Everywhere  bool
	AreaIDs     []int64 // the areas seen, each of them by name, if only masked
	IncidentIDs []int64 // further incidents that are taken part in
	ResponderID int64   // 0 for none: what is one's own, and what one was asked to
	AccountID   int64   // 0 for none
	Audits      bool    // reads the audit trail
}

// viewing lists what a row of an area must be read for.
var viewing = []Action{ActionSeeMasked, ActionSee, ActionRoster, ActionAdminister, ActionReportHealth}

// Viewer gives whose eyes the actor has: every area in which they may see
// anything. How much of a row they may see is not decided here.
func (a Actor) Viewer(tree *AreaTree) Viewer {
	v := Viewer{Everywhere: a.System, ResponderID: a.ResponderID, AccountID: a.AccountID, Audits: a.May(ActionAudit) && !a.System}
	var roots []int64
	for _, action := range viewing {
		roots = append(roots, a.Roots(action)...)
	}
	if v.Everywhere = v.Everywhere || tree.root != 0 && slices.Contains(roots, tree.root); !v.Everywhere {
		v.AreaIDs = tree.Below(roots...)
	}
	return v
}

type viewerKey struct{}

// WithViewer gives a context in which reads are those of the viewer.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerOf gives the context's viewer, false where there is none.
func ViewerOf(ctx context.Context) (Viewer, bool) {
	v, ok := ctx.Value(viewerKey{}).(Viewer)
	return v, ok
}
