package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"

	"yiping/server/notify"
)

// Gateway says how people are reached beside the app.
type Gateway struct {
	GatewayURL       string `name:"gateway-url" help:"Address of an HTTP gateway that sends text messages (<address>/sms) and makes calls (<address>/voice). Without it, people are reached in the app alone." env:"YIPING_GATEWAY_URL"`
	GatewaySecret    string `name:"gateway-secret-file" help:"File of mode 0600 with the key that calls to it and from it are signed with: whsec_ and 24 to 64 bytes in Base64, a line each." env:"YIPING_GATEWAY_SECRET_FILE" type:"path"`
	GatewayTemplates string `name:"gateway-templates" help:"JSON file with its template codes and texts of your own: {\"sms.offer\": {\"code\", \"text\"}, ...}." env:"YIPING_GATEWAY_TEMPLATES" type:"path"`
	GatewayTargets   string `name:"gateway-targets" help:"JSON file of mode 0600 with the chat groups (wecom, dingtalk, feishu) and systems (webhook) that are told what happens: [{name, kind, url, secret, area, events}]." env:"YIPING_GATEWAY_TARGETS" type:"path"`
	GatewayName      string `name:"gateway-name" help:"What the gateway is called in the register of what goes outside." env:"YIPING_GATEWAY_NAME" default:"gateway"`
}

func (g Gateway) check() error {
	if g.GatewayURL == "" {
		if g.GatewaySecret+g.GatewayTemplates != "" {
			return errors.New("YIPING_GATEWAY_URL is missing beside the other YIPING_GATEWAY settings")
		}
		return nil
	}
	if u, err := url.Parse(g.GatewayURL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("YIPING_GATEWAY_URL must be an address such as https://gateway.example.cn/v1, not %q", g.GatewayURL)
	}
	if g.GatewaySecret == "" {
		return errors.New("YIPING_GATEWAY_SECRET_FILE is missing beside YIPING_GATEWAY_URL")
	}
	_, err := g.Templates()
	return err
}

// Templates reads the texts.
func (g Gateway) Templates() (notify.Templates, error) {
	own := notify.Templates{}
	if g.GatewayTemplates != "" {
		content, err := os.ReadFile(g.GatewayTemplates)
		if err == nil {
			err = json.Unmarshal(content, &own)
		}
		if err != nil {
			return nil, fmt.Errorf("YIPING_GATEWAY_TEMPLATES: %w", err)
		}
	}
	all, err := notify.NewTemplates(own)
	if err != nil {
		return nil, fmt.Errorf("YIPING_GATEWAY_TEMPLATES: %w", err)
	}
	return all, nil
}
