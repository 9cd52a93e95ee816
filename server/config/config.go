// Package config is the one struct that says how a server runs, filled from a
// file, the environment and flags, in that order.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"

	"yiping/server/outbound"
)

// Config says how a server runs.
type Config struct {
	Listen        string   `help:"Address to listen on, host:port." env:"YIPING_LISTEN" default:"127.0.0.1:8080"`
	Data          string   `help:"Data folder: the private PostgreSQL and generated secrets." env:"YIPING_DATA" default:".yiping" type:"path"`
	DatabaseURL   string   `name:"database-url" help:"A PostgreSQL (>= 15, PostGIS >= 3.3) to use instead of the private one." env:"DATABASE_URL"`
	Origins       []string `help:"Further origins (https://host) whose pages may call, for a proxy that changes the host." env:"YIPING_ORIGINS"`
	Proxies       []string `name:"trusted-proxies" help:"Addresses and networks of the proxies in front (10.0.0.5, 10.0.0.0/24): their X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's." env:"YIPING_TRUSTED_PROXIES"`
	MetricsToken  string   `name:"metrics-token" help:"Who shows it (Authorization: Bearer) may read /metrics; without one, only this machine may." env:"YIPING_METRICS_TOKEN"`
	OutboundAllow []string `name:"outbound-allow" help:"Hosts, addresses and networks inside that this server may call all the same, such as login.example.cn or 10.1.2.0/24; http://host where there is no TLS." env:"YIPING_OUTBOUND_ALLOW"`
	Border        int      `name:"border" help:"An incident is its neighbours' too where it is within so many cells (some 350 m each) of their border; -1 for never." env:"YIPING_BORDER" default:"1"`
	LogLevel      string   `help:"Least level that is logged." env:"YIPING_LOG_LEVEL" enum:"debug,info,warn,error,disabled" default:"info"`
	LogJSON       bool     `name:"log-json" help:"Log JSON lines instead of readable ones." env:"YIPING_LOG_JSON"`
}

// Check refuses values that cannot work, with a sentence each.
func (c Config) Check() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("YIPING_LISTEN must be host:port, such as 127.0.0.1:8080, not %q", c.Listen)
	}
	if c.Data == "" {
		return errors.New("YIPING_DATA must name a folder")
	}
	if c.DatabaseURL != "" {
		u, err := url.Parse(c.DatabaseURL)
		if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			return errors.New("DATABASE_URL must begin with postgres://")
		}
	}
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Host == "" || u.Scheme == "" {
			return fmt.Errorf("YIPING_ORIGINS must hold origins such as https://host, not %q", o)
		}
	}
	if c.Border < -1 || c.Border > 10 {
		return fmt.Errorf("YIPING_BORDER must be -1 to 10 cells, not %d", c.Border)
	}
	if _, err := c.ProxyNetworks(); err != nil {
		return fmt.Errorf("YIPING_TRUSTED_PROXIES: %w", err)
	}
	if c.MetricsToken != "" && len(c.MetricsToken) < 16 {
		return errors.New("YIPING_METRICS_TOKEN must be of 16 characters or more; `openssl rand -hex 16` makes one")
	}
	if _, err := outbound.New(outbound.Config{Allow: c.OutboundAllow}); err != nil {
		return fmt.Errorf("YIPING_OUTBOUND_ALLOW: %w", err)
	}
	return nil
}

// ProxyNetworks gives the proxies in front.
func (c Config) ProxyNetworks() ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(c.Proxies))
	for _, entry := range c.Proxies {
		entry = strings.TrimSpace(entry)
		network, err := netip.ParsePrefix(entry)
		if err != nil {
			address, err := netip.ParseAddr(entry)
			if err != nil {
				return nil, fmt.Errorf("%q is no address or network, such as 10.0.0.5 or 10.0.0.0/24", entry)
			}
			network = netip.PrefixFrom(address, address.BitLen())
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// Redacted gives a copy that may be printed: passwords and tokens are left out.
func (c Config) Redacted() Config {
	if c.MetricsToken != "" {
		c.MetricsToken = hidden
	}
	if c.DatabaseURL != "" {
		c.DatabaseURL = redactedURL(c.DatabaseURL)
	}
	return c
}

// String gives what Redacted gives, so that no print tells a secret.
func (c Config) String() string {
	type plain Config
	return fmt.Sprintf("%+v", plain(c.Redacted()))
}

// GoString gives the same.
func (c Config) GoString() string { return c.String() }

// hidden stands for a secret.
const hidden = "***"

// redactedURL hides the password of a database's address: before the host, and
// among the parameters, where the drivers take one too.
func redactedURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return hidden
	}
	if u.User != nil {
		u.User = url.UserPassword(u.User.Username(), hidden)
	}
	if q := u.Query(); q.Has("password") || q.Has("sslpassword") {
		q.Del("password")
		q.Del("sslpassword")
		u.RawQuery = q.Encode()
	}
	return u.String()
}

// DataFolder gives the data folder as an absolute path.
func (c Config) DataFolder() (string, error) {
	path, err := filepath.Abs(c.Data)
	if err != nil {
		return "", fmt.Errorf("YIPING_DATA: %w", err)
	}
	return path, nil
}
