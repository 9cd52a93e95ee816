package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

// watching says which incident the client has open, null for none.
type watching struct {
	Type     string `json:"type"`
	Incident *int64 `json:"incident" doc:"The one that it has open, null for none. It is told who else has it open where it may dispatch there."`
}

// attend takes over which incident the client has open. Where it may not dispatch
// it is nobody's business, and it is told of nobody.
func (c *socket) attend(ctx context.Context, incident *int64) {
	c.mu.Lock()
	c.incident = incident
	actor := c.actor
	c.mu.Unlock()
	open := int64(0)
	if incident != nil && c.dispatches(ctx, actor, *incident) {
		open = *incident
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// With other rights by now, or another incident open, it is asked again.
	if c.incident == incident && sameGrants(actor.Grants, c.actor.Grants) {
		c.sub.Open(open)
	}
}

func (c *socket) dispatches(ctx context.Context, actor dispatch.Actor, incidentID int64) bool {
	tree := c.api.Service.Tree()
	if !actor.May(dispatch.ActionDispatch) {
		return false
	}
	i, err := c.api.Reader.Incident(dispatch.WithViewer(ctx, actor.Viewer(tree)), incidentID)
	return err == nil && actor.MayIn(tree, dispatch.ActionDispatch, i.AreaID)
}
