// Package config is the one struct that says how a server runs, filled from a
// file, the environment and flags, in that order.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
)

// Config says how a server runs.
type Config struct {
	Listen      string   `help:"Address to listen on, host:port." env:"YIPING_LISTEN" default:"127.0.0.1:8080"`
	Data        string   `help:"Data folder: the private PostgreSQL and generated secrets." env:"YIPING_DATA" default:".yiping" type:"path"`
	DatabaseURL string   `name:"database-url" help:"A PostgreSQL (>= 15, PostGIS >= 3.3) to use instead of the private one, as the owner of the tables; yiping migrate --help says which roles it needs." env:"DATABASE_URL"`
	AppURL      string   `name:"app-url" help:"With DATABASE_URL: the same database as a user bound by row-level security (a member of yiping_app), for requests." env:"YIPING_APP_URL"`
	SystemURL   string   `name:"system-url" help:"With DATABASE_URL: the same database as a member of yiping_system, for the service's own work." env:"YIPING_SYSTEM_URL"`
	Origins     []string `help:"Further origins (https://host) whose pages may call, for a proxy that changes the host." env:"YIPING_ORIGINS"`
	Border      int      `name:"border" help:"An incident is its neighbours' too where it is within so many cells (some 350 m each) of their border; -1 for never." env:"YIPING_BORDER" default:"1"`
	LogLevel    string   `help:"Least level that is logged." env:"YIPING_LOG_LEVEL" enum:"debug,info,warn,error,disabled" default:"info"`
	LogJSON     bool     `name:"log-json" help:"Log JSON lines instead of readable ones." env:"YIPING_LOG_JSON"`
	Wire
	Audit
	Identity
	Gateway
}

// Check refuses values that cannot work, with a sentence each.
func (c Config) Check() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("YIPING_LISTEN must be host:port, such as 127.0.0.1:8080, not %q", c.Listen)
	}
	if c.Data == "" {
		return errors.New("YIPING_DATA must name a folder")
	}
	for name, address := range map[string]string{"DATABASE_URL": c.DatabaseURL, "YIPING_APP_URL": c.AppURL, "YIPING_SYSTEM_URL": c.SystemURL} {
		u, err := url.Parse(address)
		switch {
		case address == "":
		case err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql"):
			return fmt.Errorf("%s must begin with postgres://", name)
		case c.DatabaseURL == "":
			return fmt.Errorf("%s goes with DATABASE_URL: the private PostgreSQL makes its users itself", name)
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
	return errors.Join(c.Wire.check(), c.Audit.check(), c.Identity.check(), c.Gateway.check())
}

// Redacted gives a copy that may be printed: passwords and tokens are left out.
func (c Config) Redacted() Config {
	if c.MetricsToken != "" {
		c.MetricsToken = hidden
	}
	for _, address := range []*string{&c.DatabaseURL, &c.AppURL, &c.SystemURL} {
		if *address != "" {
			*address = redactedURL(*address)
		}
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
