package postgres

import (
	"context"

	"yiping/server/dispatch"
)

// Watch gives what the accounts of sessions may do now. A session that was ended
// or is over, or whose account was disabled, is missing. One look for all open
// sockets of a node: it goes by the sessions' ids.
func (c *Accounts) Watch(ctx context.Context, sessionIDs []int64) (map[int64][]dispatch.Grant, error) {
	now := c.store.now()
	rows, err := many[sessionRow](ctx, c.store.system(), selectLive+` and s.id = any($1)`, sessionIDs, now)
	if err != nil {
		return nil, err
	}
	alive := make(map[int64][]dispatch.Grant, len(rows))
	for _, r := range rows {
		if r.session(now).Alive(now) {
			alive[r.SessionID] = r.Roles
		}
	}
	return alive, nil
}
