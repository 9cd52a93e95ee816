// Package config is the one struct that says how a server runs, filled from a
// file, the environment and flags, in that order.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"

	"yiping/server/outbound"
)

// Config says how a server runs.
type Config struct {
	Listen        string   `help:"Address to listen on, host:port." env:"YIPING_LISTEN" default:"127.0.0.1:8080"`
	Data          string   `help:"Data folder: the private PostgreSQL and generated secrets." env:"YIPING_DATA" default:".yiping" type:"path"`
	DatabaseURL   string   `name:"database-url" help:"A PostgreSQL (>= 15, PostGIS >= 3.3) to use instead of the private one." env:"DATABASE_URL"`
	Origins       []string `help:"Further origins (https://host) whose pages may call, for a proxy that changes the host." env:"YIPING_ORIGINS"`
	OutboundAllow []string `name:"outbound-allow" help:"Hosts, addresses and networks inside that this server may call all the same, such as login.example.cn or 10.1.2.0/24; http://host where there is no TLS." env:"YIPING_OUTBOUND_ALLOW"`
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
	if _, err := outbound.New(outbound.Config{Allow: c.OutboundAllow}); err != nil {
		return fmt.Errorf("YIPING_OUTBOUND_ALLOW: %w", err)
	}
	return nil
}

// Redacted gives a copy that may be printed: the password of the database is
// left out.
func (c Config) Redacted() Config {
	if u, err := url.Parse(c.DatabaseURL); err == nil && u.User != nil {
		u.User = url.UserPassword(u.User.Username(), "***")
		c.DatabaseURL = u.String()
	} else if err != nil {
		c.DatabaseURL = "***"
	}
	return c
}

// DataFolder gives the data folder as an absolute path.
func (c Config) DataFolder() (string, error) {
	path, err := filepath.Abs(c.Data)
	if err != nil {
		return "", fmt.Errorf("YIPING_DATA: %w", err)
	}
	return path, nil
}
