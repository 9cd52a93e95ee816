package config

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"yiping/server/provider"
)

// Identity says how people sign in.
type Identity struct {
	Passwords     string   `help:"What is asked of passwords: mlps3 (complexity, change every 90 days, as assessors of level 3 look for) or asvs (12 characters or more, no regular change). Without it, asvs in a demonstration and mlps3 in a real district." env:"YIPING_PASSWORDS" enum:",mlps3,asvs" default:""`
	Issuer        string   `name:"oidc-issuer" help:"Address of an OpenID Connect provider at which people may sign in, too." env:"YIPING_OIDC_ISSUER"`
	Client        string   `name:"oidc-client" help:"What this server is called there (client_id)." env:"YIPING_OIDC_CLIENT"`
	SecretFile    string   `name:"oidc-secret-file" help:"File of mode 0600 with the client's secret." env:"YIPING_OIDC_SECRET_FILE" type:"path"`
	Own           string   `name:"oidc-own" help:"Address of this server as browsers know it, such as https://yiping.example.cn; <own>/api/v1/session/provider/callback is registered there." env:"YIPING_OIDC_OWN"`
	MappingFile   string   `name:"oidc-mapping" help:"JSON file that says which claims give which role where: [{claim, value, role, area}], area by its code, empty for the district." env:"YIPING_OIDC_MAPPING" type:"path"`
	ProviderName  string   `name:"oidc-name" help:"What people call the provider, on the button." env:"YIPING_OIDC_NAME"`
	Scopes        []string `name:"oidc-scopes" help:"What is asked for beside openid." env:"YIPING_OIDC_SCOPES" default:"profile"`
	UsernameClaim string   `name:"oidc-username-claim" help:"Claim with the user name." env:"YIPING_OIDC_USERNAME_CLAIM" default:"preferred_username"`
	NameClaim     string   `name:"oidc-name-claim" help:"Claim with the name that is shown." env:"YIPING_OIDC_NAME_CLAIM" default:"name"`
}

// CallbackPath is where a provider sends people back to.
const CallbackPath = "/api/v1/session/provider/callback"

func (i Identity) check() error {
	if i.Issuer == "" {
		if i.Client+i.SecretFile+i.Own+i.MappingFile != "" {
			return errors.New("YIPING_OIDC_ISSUER is missing beside the other YIPING_OIDC settings")
		}
		return nil
	}
	for name, value := range map[string]string{"YIPING_OIDC_CLIENT": i.Client, "YIPING_OIDC_SECRET_FILE": i.SecretFile, "YIPING_OIDC_MAPPING": i.MappingFile} {
		if value == "" {
			return fmt.Errorf("%s is missing beside YIPING_OIDC_ISSUER", name)
		}
	}
	for name, address := range map[string]string{"YIPING_OIDC_ISSUER": i.Issuer, "YIPING_OIDC_OWN": i.Own} {
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
			return fmt.Errorf("%s must be an address such as https://login.example.cn, not %q", name, address)
		}
	}
	_, err := i.Mapping()
	return err
}

// Mapping reads which claims give which roles.
func (i Identity) Mapping() ([]provider.Line, error) {
	content, err := os.ReadFile(i.MappingFile)
	if err != nil {
		return nil, fmt.Errorf("YIPING_OIDC_MAPPING: %w", err)
	}
	lines, err := provider.ReadMapping(content)
	if err != nil {
		return nil, fmt.Errorf("YIPING_OIDC_MAPPING: %s %w", i.MappingFile, err)
	}
	return lines, nil
}

// Callback gives where the provider sends people back to.
func (i Identity) Callback() string { return strings.TrimSuffix(i.Own, "/") + CallbackPath }
