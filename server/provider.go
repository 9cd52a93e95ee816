package main

import (
	"bytes"
	"fmt"

	"yiping/server/dispatch"
	"yiping/server/httpapi"
	"yiping/server/outbound"
	"yiping/server/provider"
	"yiping/server/secret"
)

// provider gives where people may sign in beside the password, nil for nowhere.
func (a *app) provider(tree *dispatch.AreaTree) (httpapi.SignInProvider, error) {
	if a.Issuer == "" {
		return nil, nil
	}
	key, err := secret.Read(a.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("YIPING_OIDC_SECRET_FILE: %w", err)
	}
	mapping, err := a.Mapping()
	if err != nil {
		return nil, err
	}
	client, err := outbound.New(outbound.Config{Allow: a.OutboundAllow})
	if err != nil {
		return nil, fmt.Errorf("YIPING_OUTBOUND_ALLOW: %w", err)
	}
	for n, l := range mapping {
		if l.Area != "" && !tree.HasCode(l.Area) {
			a.log.Warn().Int("line", n+1).Str("area", l.Area).Msg("no area has this code: the line of the provider's mapping gives nothing until one has")
		}
	}
	return provider.New(provider.Config{Issuer: a.Issuer, ClientID: a.Client, Secret: string(bytes.TrimSpace(key)), Callback: a.Callback(), Scopes: a.Scopes,
		UsernameClaim: a.UsernameClaim, NameClaim: a.NameClaim, Mapping: mapping, Client: client, Now: a.now}), nil
}
