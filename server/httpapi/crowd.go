package httpapi

import (
	"strconv"
	"sync"
)

// Sockets at a time: a command centre's screens share the wall's account, and a
// whole office an address.
const (
	socketsPerAccount = 100
	socketsPerAddress = 1000
)

// crowd counts open sockets, by account and by address.
type crowd struct {
	mu   sync.Mutex
	open map[string]int
}

// enter takes a place, and gives what gives it back.
func (c *crowd) enter(accountID int64, address string) (leave func(), ok bool) {
	account := strconv.FormatInt(accountID, 10)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[account] >= socketsPerAccount || c.open[address] >= socketsPerAddress {
		return nil, false
	}
	c.open[account]++
	c.open[address]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, who := range []string{account, address} {
			if c.open[who]--; c.open[who] == 0 {
				delete(c.open, who)
			}
		}
	}, true
}
