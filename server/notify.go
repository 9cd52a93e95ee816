package main

import (
	"context"
	"fmt"
	"time"

	"yiping/server/dispatch"
	"yiping/server/httpapi"
	"yiping/server/jobs"
	"yiping/server/notify"
	"yiping/server/outbound"
	"yiping/server/postgres"
	"yiping/server/secret"
)

// ways gives the channels beside the app over which persons are reached.
func (a *app) ways() []dispatch.Way {
	if a.GatewayURL == "" {
		return nil
	}
	return []dispatch.Way{dispatch.WaySMS, dispatch.WayVoice}
}

// gateway gives what text messages and calls go through, nil for none.
func (a *app) gateway() (*notify.Gateway, error) {
	if a.GatewayURL == "" {
		a.log.Info().Msg("people are reached in the app alone; YIPING_GATEWAY_URL names a gateway for text messages and calls")
		return nil, nil
	}
	content, err := secret.Read(a.GatewaySecret)
	if err != nil {
		return nil, fmt.Errorf("YIPING_GATEWAY_SECRET_FILE: %w", err)
	}
	signer, err := notify.NewSigner(content)
	if err != nil {
		return nil, fmt.Errorf("YIPING_GATEWAY_SECRET_FILE: %w", err)
	}
	templates, err := a.Templates()
	if err != nil {
		return nil, err
	}
	client, err := outbound.New(outbound.Config{Allow: a.OutboundAllow})
	if err != nil {
		return nil, fmt.Errorf("YIPING_OUTBOUND_ALLOW: %w", err)
	}
	return &notify.Gateway{URL: a.GatewayURL, Name: a.GatewayName, Signer: signer, Templates: templates, Client: notify.Plain(client), Now: a.now}, nil
}

// callbacks gives what verifies the gateway's own calls.
func callbacks(g *notify.Gateway) httpapi.Gateway {
	if g == nil {
		return nil
	}
	return g
}

// sender gives what sends messages, with a job of the clock's for each channel.
func (a *app) sender(store *postgres.Store, gateway *notify.Gateway) (*notify.Sender, []jobs.Job, error) {
	s := notify.NewSender(store, a.now, a.log)
	if gateway != nil {
		s.Add(dispatch.WaySMS, notify.SMS{Gateway: gateway})
		s.Add(dispatch.WayVoice, notify.Voice{Gateway: gateway})
	}
	clock, err := a.targets(store, s)
	if err != nil {
		return nil, nil, err
	}
	for _, way := range s.Ways() {
		clock = append(clock, jobs.Job{Name: "send by " + string(way), Every: time.Second, Run: fireBy(s, way)})
	}
	return s, clock, nil
}

// targets adds the groups and systems that are told what happens, where there
// are any, with the job that finds out what.
func (a *app) targets(store *postgres.Store, s *notify.Sender) ([]jobs.Job, error) {
	if a.GatewayTargets == "" {
		return nil, nil
	}
	content, err := secret.Read(a.GatewayTargets)
	if err != nil {
		return nil, fmt.Errorf("YIPING_GATEWAY_TARGETS: %w", err)
	}
	entries, err := notify.ReadEntries(content)
	if err != nil {
		return nil, fmt.Errorf("YIPING_GATEWAY_TARGETS: %w", err)
	}
	client, err := outbound.New(outbound.Config{Allow: a.OutboundAllow, Timeout: 15 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("YIPING_OUTBOUND_ALLOW: %w", err)
	}
	channels, err := notify.NewTargets(entries, notify.Plain(client), a.now)
	if err != nil {
		return nil, err
	}
	s.Add(dispatch.WayGroup, channels.Groups)
	s.Add(dispatch.WayWebhook, channels.Webhooks)
	var names []string
	var keep []dispatch.Target
	for _, e := range entries {
		names, keep = append(names, e.Name), append(keep, e.Target())
	}
	unknown, err := store.KeepTargets(a.ctx, keep)
	for _, name := range unknown {
		a.log.Warn().Str("target", name).Msg("no area has the code that it names: it is told nothing")
	}
	return []jobs.Job{{Name: "tell groups and systems", Every: time.Second, Run: func(ctx context.Context) (time.Time, error) {
		for {
			if more, err := store.FanOut(ctx, names); err != nil || !more {
				return time.Time{}, err
			}
		}
	}}}, err
}

func fireBy(s *notify.Sender, way dispatch.Way) func(ctx context.Context) (time.Time, error) {
	return func(ctx context.Context) (time.Time, error) { return s.Fire(ctx, way) }
}
