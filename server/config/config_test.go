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
		{"a user for requests of another database", func(c *Config) { c.DatabaseURL, c.AppURL = "postgres://db/yiping", "mysql://x" }, "YIPING_APP_URL"},
		{"a user of the private database", func(c *Config) { c.SystemURL = "postgres://db/yiping" }, "YIPING_SYSTEM_URL"},
		{"three users", func(c *Config) {
			c.DatabaseURL, c.AppURL, c.SystemURL = "postgres://db/yiping", "postgres://app@db/yiping", "postgres://system@db/yiping"
		}, ""},
		{"origin without scheme", func(c *Config) { c.Origins = []string{"example.org"} }, "YIPING_ORIGINS"},
		{"entries kept too shortly", func(c *Config) { c.AuditDays = 199 }, "YIPING_AUDIT_DAYS"},
		{"entries kept long enough", func(c *Config) { c.AuditDays = 200 }, ""},
		{"a proxy by name", func(c *Config) { c.Proxies = []string{"proxy.example"} }, "YIPING_TRUSTED_PROXIES"},
		{"proxies", func(c *Config) { c.Proxies = []string{"10.0.0.5", "10.1.0.0/16", "fd00::/8"} }, ""},
		{"a token that can be guessed", func(c *Config) { c.MetricsToken = "metrics" }, "YIPING_METRICS_TOKEN"},
		{"a certificate without key", func(c *Config) { c.TLSCert = "cert.pem" }, "YIPING_TLS_KEY"},
		{"a key without certificate", func(c *Config) { c.TLSKey = "key.pem" }, "YIPING_TLS_CERT"},
		{"sent to a TLS that is not there", func(c *Config) { c.RedirectFrom = "0.0.0.0:80" }, "YIPING_REDIRECT_FROM"},
		{"sent to it from nowhere", func(c *Config) { c.TLSCert, c.TLSKey, c.RedirectFrom = "a", "b", "80" }, "host:port"},
		{"fewer connections than none", func(c *Config) { c.PerAddress = -1 }, "YIPING_MOST_CONNECTIONS"},
		{"everybody may be called", func(c *Config) { c.OutboundAllow = []string{"*"} }, "YIPING_OUTBOUND_ALLOW"},
		{"a gateway's secret without a gateway", func(c *Config) { c.GatewaySecret = "key" }, "YIPING_GATEWAY_URL"},
		{"a gateway without secret", func(c *Config) { c.GatewayURL = "https://gateway.example.cn" }, "YIPING_GATEWAY_SECRET_FILE"},
		{"a gateway with a password in its address", func(c *Config) { c.GatewayURL, c.GatewaySecret = "https://a:b@gateway.example.cn", "key" }, "YIPING_GATEWAY_URL"},
		{"a gateway", func(c *Config) { c.GatewayURL, c.GatewaySecret = "https://gateway.example.cn/v1", "key" }, ""},
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
		c := Config{DatabaseURL: database, AppURL: database, SystemURL: database, Wire: Wire{MetricsToken: "geheim-geheim-geheim"}}
		for _, said := range []string{fmt.Sprint(c), fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), c.String(), fmt.Sprintf("%#v", c), c.Redacted().DatabaseURL, c.Redacted().AppURL} {
			if strings.Contains(said, "geheim") {
				t.Errorf("said %s", said)
			}
		}
	}
	if c := (Config{DatabaseURL: "postgres://yiping:geheim@db/yiping"}); !strings.Contains(c.String(), "db/yiping") {
		t.Errorf("said %s", c)
	}
}

// TestExposed: other machines are listened to where they can come over TLS.
func TestExposed(t *testing.T) {
	for _, c := range []struct {
		name, listen string
		change       func(*Config)
		refused      bool
	}{
		{"this machine", "127.0.0.1:8080", func(*Config) {}, false},
		{"this machine by name", "localhost:8080", func(*Config) {}, false},
		{"this machine over IPv6", "[::1]:8080", func(*Config) {}, false},
		{"everybody", "0.0.0.0:8080", func(*Config) {}, true},
		{"everybody, shortly", ":8080", func(*Config) {}, true},
		{"everybody over IPv6", "[::]:8080", func(*Config) {}, true},
		{"the office", "192.168.1.5:8080", func(*Config) {}, true},
		{"a name", "yiping.example.cn:8080", func(*Config) {}, true},
		{"everybody over TLS", "0.0.0.0:8443", func(c *Config) { c.TLSCert, c.TLSKey = "cert.pem", "key.pem" }, false},
		{"everybody through a proxy", "0.0.0.0:8080", func(c *Config) { c.Proxies = []string{"10.0.0.5"} }, false},
		{"everybody, and it is known", "0.0.0.0:8080", func(c *Config) { c.Insecure = true }, false},
	} {
		config := Config{Listen: c.listen}
		c.change(&config)
		if err := config.CheckExposed(); (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "YIPING_TLS_CERT") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
