package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"yiping/server/outbound"
)

// Wire says how the server is reached, and whom it reaches itself.
type Wire struct {
	TLSCert       string   `name:"tls-cert" help:"File of the certificate with its chain (PEM): the server then speaks TLS. It is read again when it changes." env:"YIPING_TLS_CERT" type:"path"`
	TLSKey        string   `name:"tls-key" help:"File of the certificate's key (PEM), of mode 0600." env:"YIPING_TLS_KEY" type:"path"`
	RedirectFrom  string   `name:"redirect-from" help:"Beside TLS, an address (host:port) where browsers that come without are sent to it." env:"YIPING_REDIRECT_FROM"`
	Proxies       []string `name:"trusted-proxies" help:"Addresses and networks of the proxies in front (10.0.0.5, 10.0.0.0/24): their X-Forwarded-For and X-Forwarded-Proto are believed, nobody else's." env:"YIPING_TRUSTED_PROXIES"`
	Insecure      bool     `help:"Take requests from other machines without TLS: passwords and personal data can then be read on their way." env:"YIPING_INSECURE"`
	Connections   int      `name:"most-connections" help:"Connections at a time; 0 for no bound." env:"YIPING_MOST_CONNECTIONS" default:"20000"`
	PerAddress    int      `name:"most-connections-per-address" help:"Connections at a time from one address that is no trusted proxy; 0 for no bound." env:"YIPING_MOST_CONNECTIONS_PER_ADDRESS" default:"1000"`
	MetricsToken  string   `name:"metrics-token" help:"Who shows it (Authorization: Bearer) may read /metrics; without one, only this machine may." env:"YIPING_METRICS_TOKEN"`
	OutboundAllow []string `name:"outbound-allow" help:"Hosts, addresses and networks inside that this server may call all the same, such as login.example.cn or 10.1.2.0/24; http://host where there is no TLS." env:"YIPING_OUTBOUND_ALLOW"`
}

func (w Wire) check() error {
	switch {
	case (w.TLSCert == "") != (w.TLSKey == ""):
		return errors.New("YIPING_TLS_CERT and YIPING_TLS_KEY go together: the certificate with its chain, and its key")
	case w.RedirectFrom != "" && w.TLSCert == "":
		return errors.New("YIPING_REDIRECT_FROM needs TLS to send browsers to: set YIPING_TLS_CERT and YIPING_TLS_KEY")
	case w.Connections < 0 || w.PerAddress < 0:
		return errors.New("YIPING_MOST_CONNECTIONS and YIPING_MOST_CONNECTIONS_PER_ADDRESS are 0 or more")
	case w.MetricsToken != "" && len(w.MetricsToken) < 16:
		return errors.New("YIPING_METRICS_TOKEN must be of 16 characters or more; `openssl rand -hex 16` makes one")
	}
	if _, _, err := net.SplitHostPort(w.RedirectFrom); err != nil && w.RedirectFrom != "" {
		return fmt.Errorf("YIPING_REDIRECT_FROM must be host:port, such as 0.0.0.0:80, not %q", w.RedirectFrom)
	}
	if _, err := w.ProxyNetworks(); err != nil {
		return fmt.Errorf("YIPING_TRUSTED_PROXIES: %w", err)
	}
	if _, err := outbound.New(outbound.Config{Allow: w.OutboundAllow}); err != nil {
		return fmt.Errorf("YIPING_OUTBOUND_ALLOW: %w", err)
	}
	return nil
}

// ProxyNetworks gives the proxies in front.
func (w Wire) ProxyNetworks() ([]netip.Prefix, error) {
	networks := make([]netip.Prefix, 0, len(w.Proxies))
	for _, entry := range w.Proxies {
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

// CheckExposed refuses to listen to other machines where none of them could come
// over TLS.
func (c Config) CheckExposed() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || c.TLSCert != "" || len(c.Proxies) > 0 || c.Insecure {
		return err
	}
	if address, err := netip.ParseAddr(host); err == nil && address.IsLoopback() || host == "localhost" {
		return nil
	}
	return fmt.Errorf("other machines can reach %s, and without TLS whoever is in between reads passwords and personal data: "+
		"set YIPING_TLS_CERT and YIPING_TLS_KEY, or put a TLS proxy in front and name it in YIPING_TRUSTED_PROXIES; YIPING_INSECURE=true does without", c.Listen)
}
