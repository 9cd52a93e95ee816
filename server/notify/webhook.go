package notify

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"yiping/server/dispatch"
)

// Webhook is a system of others that is told of events as Standard Webhooks says.
// The order is not promised: the offset gives it.
type Webhook struct {
	url    string
	signer Signer
	client *http.Client
	now    func() time.Time
}

// Webhooks are all of them by name.
type Webhooks map[string]*Webhook

// payload is an event as it goes outside: ids and states, of nobody.
type payload struct {
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      payloadData `json:"data"`
}

type payloadData struct {
	Offset     int64             `json:"offset"`
	Noun       dispatch.Noun     `json:"noun"`
	NounID     int64             `json:"noun_id"`
	Version    int               `json:"noun_version"`
	AreaID     int64             `json:"area_id"`
	IncidentID *int64            `json:"incident_id,omitempty"`
	Data       map[string]string `json:"data"`
}

// Send sends one event. Whoever answers 410 is called no more; a redirection is
// a failure like any other.
func (w Webhooks) Send(ctx context.Context, m dispatch.Outgoing) (string, error) {
	h, ok := w[m.Target]
	if !ok || m.Event == nil {
		return "", unknownTarget()
	}
	e := m.Event
	body := encode(payload{e.Kind, e.At, payloadData{e.Offset, e.Noun, e.NounID, e.NounVersion, e.AreaID, e.IncidentID, e.Data}})
	header := http.Header{}
	h.signer.Sign(header, m.Key, h.now(), body)
	status, _, err := post(ctx, h.client, h.url, header, body)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusGone:
		return "", &Failure{Word: dispatch.FailureGone, Final: true, Err: fmt.Errorf("it answers %d", status)}
	case status < 200 || status > 299:
		return "", &Failure{Word: dispatch.FailureUnreachable, Err: fmt.Errorf("it answers %d", status)}
	}
	return "", nil
}
