package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	sound := Config{Listen: "127.0.0.1:8080", Data: ".yiping"}
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"sound", func(*Config) {}, ""},
		{"listen without port", func(c *Config) { c.Listen = "localhost" }, "YIPING_LISTEN"},
		{"no data folder", func(c *Config) { c.Data = "" }, "YIPING_DATA"},
		{"another database", func(c *Config) { c.DatabaseURL = "mysql://x" }, "DATABASE_URL"},
		{"origin without scheme", func(c *Config) { c.Origins = []string{"example.org"} }, "YIPING_ORIGINS"},
		{"a proxy by name", func(c *Config) { c.Proxies = []string{"proxy.example"} }, "YIPING_TRUSTED_PROXIES"},
		{"proxies", func(c *Config) { c.Proxies = []string{"10.0.0.5", "10.1.0.0/16", "fd00::/8"} }, ""},
		{"a token that can be guessed", func(c *Config) { c.MetricsToken = "metrics" }, "YIPING_METRICS_TOKEN"},
		{"everybody may be called", func(c *Config) { c.OutboundAllow = []string{"*"} }, "YIPING_OUTBOUND_ALLOW"},
		{"a provider inside may be called", func(c *Config) { c.OutboundAllow = []string{"login.example.cn:8443", "10.1.0.0/16"} }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := sound
			tt.change(&c)
			err := c.Check()
			if tt.want == "" && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Fatalf("got %v, want a sentence naming %s", err, tt.want)
			}
		})
	}
}

// TestNothingPrintsASecret: however a configuration is printed.
func TestNothingPrintsASecret(t *testing.T) {
	for _, database := range []string{"postgres://yiping:geheim@db/yiping", "postgres://db/yiping?user=yiping&password=geheim&sslpassword=geheim", "postgres://yiping:geheim@[db/yiping"} {
		c := Config{DatabaseURL: database, MetricsToken: "geheim-geheim-geheim"}
		for _, said := range []string{fmt.Sprint(c), fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%s", c), fmt.Sprintf("%#v", c), c.Redacted().DatabaseURL} {
			if strings.Contains(said, "geheim") {
				t.Errorf("said %s", said)
			}
		}
	}
	if c := (Config{DatabaseURL: "postgres://yiping:geheim@db/yiping"}); !strings.Contains(c.String(), "db/yiping") {
		t.Errorf("said %s", c)
	}
}
