package notify

import (
	"context"

	"yiping/server/dispatch"
)

// Voice calls people, has an offer read out, and takes a key.
type Voice struct{ *Gateway }

// Send begins one call.
func (v Voice) Send(ctx context.Context, m dispatch.Outgoing) (string, error) {
	return v.send(ctx, "/voice", forTask("voice.offer", m), m, map[string]string{"1": "accept", "2": "decline"})
}
