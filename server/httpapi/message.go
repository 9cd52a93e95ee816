package httpapi

import (
	"context"

	"yiping/server/dispatch"
)

// messagesView is what was sent about an incident, and over what this
// installation could.
type messagesView struct {
	Channels []dispatch.Way     `json:"channels" nullable:"false" doc:"Beside the app; none without a gateway."`
	Messages []dispatch.Message `json:"messages" nullable:"false"`
}

func (a *api) messages() {
	operation(a, "GET", "/api/v1/incidents/{id}/messages", "get-messages", "What was sent to the people who were asked, and how far it has come",
		Access(dispatch.ActionDispatch), 200, a.viewMessages)
}

func (a *api) viewMessages(ctx context.Context, in *IDInput) (*body[messagesView], error) {
	i, err := a.Reader.Incident(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !actorOf(ctx).MayIn(a.Service.Tree(), dispatch.ActionDispatch, i.AreaID) {
		return nil, dispatch.Refuse(dispatch.CodeNotFound, "")
	}
	view := messagesView{Channels: append([]dispatch.Way{}, a.Reader.Channels()...)}
	view.Messages, err = a.Reader.Messages(ctx, in.ID)
	return answer(view, err)
}
