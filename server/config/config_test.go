package config

import (
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

func TestRedactedHidesThePassword(t *testing.T) {
	c := Config{DatabaseURL: "postgres://yiping:geheim@db/yiping"}.Redacted()
	if strings.Contains(c.DatabaseURL, "geheim") || !strings.Contains(c.DatabaseURL, "db/yiping") {
		t.Fatalf("got %s", c.DatabaseURL)
	}
}
