package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// mostHops bounds how many entries of X-Forwarded-For are looked at.
const mostHops = 32

// caller is from where a request comes. Everything that depends on it (limits,
// cookies, what is on record) asks callerOf, and nothing else is believed.
type caller struct {
	address netip.Addr // zero where it is not known
	secure  bool       // over TLS from the caller to us, or to a proxy of ours
	direct  bool       // no proxy is between, as far as can be told
}

// callerOf gives from where a request comes.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(keyCaller).(caller)
	return c
}

// local says that a request comes from this machine itself.
func (c caller) local() bool { return c.direct && c.address.IsLoopback() }

// network gives what is limited as one: of IPv6 the /64, of which a single
// customer has a whole one.
func (c caller) network() string {
	if !c.address.Is6() {
		return c.address.String()
	}
	network, err := c.address.Prefix(64)
	if err != nil {
		return c.address.String()
	}
	return network.String()
}

// coarse gives where a request comes from as the audit trail and the sessions keep it: to 24
// bits of IPv4 or 48 of IPv6, which tells an office from elsewhere and no person.
func (c caller) coarse() string {
	bits := 24
	if c.address.Is6() {
		bits = 48
	}
	network, err := c.address.Prefix(bits)
	if err != nil || !network.IsValid() {
		return ""
	}
	return network.String()
}

// findCaller reads where a request comes from. What X-Forwarded-For and -Proto
// say is believed from the proxies alone: from the last entry backwards, past
// the proxies, the first address that is none of them is the caller's.
func findCaller(r *http.Request, proxies []netip.Prefix) caller {
	c := caller{address: addressIn(r.RemoteAddr), secure: r.TLS != nil}
	said := r.Header.Values("X-Forwarded-For")
	c.direct = len(said) == 0 && r.Header.Get("Forwarded") == ""
	if !oneOf(proxies, c.address) {
		return c
	}
	if proto := r.Header.Values("X-Forwarded-Proto"); len(proto) > 0 {
		last := proto[len(proto)-1]
		c.secure = strings.EqualFold(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]), "https")
	}
	hops := strings.Split(strings.Join(said, ","), ",")
	for k := len(hops) - 1; k >= max(0, len(hops)-mostHops); k-- {
		address := addressIn(strings.TrimSpace(hops[k]))
		if !address.IsValid() {
			break // whoever wrote this: nothing before it is believed
		}
		if c.address = address; !oneOf(proxies, address) {
			break
		}
	}
	return c
}

func oneOf(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
}

// addressIn reads an address, with its port or without, zero where there is none.
func addressIn(text string) netip.Addr {
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone("")
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return address.Unmap().WithZone("")
}
