package httpapi

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
	"yiping/server/live"
)

// arriving is how many sockets are put on the feed at a time: after a restart
// thousands come, and what is done for all of them at once is done in time for none.
const arriving = 64

// arrive puts the socket on the feed in its turn, unless its client has left
// meanwhile: it has come again, and what would be read for it is read for nobody.
func (c *socket) arrive(first hello) bool {
	if !c.queue(first) {
		return false
	}
	defer func() { <-c.api.arriving }()
	return !c.wire.left() && c.subscribe(c.ctx, first)
}

// waitingBeat is how often a client whose turn has not come is told that it will.
const waitingBeat = 2 * time.Second

// queue waits for the socket's turn. Meanwhile its client hears that we are there: if
// all gave up after a while and came again, the line would be of those who have left,
// and nobody's turn would come while they wait.
func (c *socket) queue(first hello) bool {
	select {
	case c.api.arriving <- struct{}{}:
		return true
	default:
	}
	beats := time.NewTicker(waitingBeat)
	defer beats.Stop()
	for {
		if c.wire.left() || !c.wire.put(live.Waiting(first.offset(), time.Now()).Wire(false)) {
			return false
		}
		select {
		case c.api.arriving <- struct{}{}:
			return true
		case <-c.watched.changed: // the writer has no part in it before the socket is on the feed
			if goesOn, _ := c.lookAgain(); !goesOn {
				return false
			}
		case <-beats.C:
		}
	}
}

// subscribe puts the socket on the feed with the rights of its session, or closes it.
func (c *socket) subscribe(ctx context.Context, first hello) bool {
	sub, err := c.openFeed(ctx, first)
	if err != nil {
		c.api.Log.Warn().Err(err).Msg("live feed: no subscription")
		c.close(closeTryLater)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		sub.Leave()
		return false
	}
	if c.sub != nil {
		c.sub.Leave()
	}
	c.sub = sub
	sub.Look(c.view)
	c.kick()
	return true
}

// subscription is what the socket takes from, nil before it is on the feed.
func (c *socket) subscription() Subscription {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sub
}

// unsubscribe ends it, for good.
func (c *socket) unsubscribe() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.sub != nil {
		c.sub.Leave()
	}
}

func (c *socket) openFeed(ctx context.Context, first hello) (Subscription, error) {
	actor := c.actor
	ctx = dispatch.WithViewer(ctx, actor.Viewer(c.api.Service.Tree()))
	var home int64
	if actor.ResponderID != 0 {
		var err error
		if home, err = c.api.Reader.HomeArea(ctx, actor.ResponderID); err != nil {
			return nil, err
		}
	}
	epoch := ""
	if first.Since != nil {
		epoch = first.Since.Epoch
	}
	return c.api.Feed.Subscribe(ctx, actor, home, epoch, first.offset(), c.wish, c.kick)
}

// look turns the feed to another part of the map.
func (c *socket) look(view *orb.Bound) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.view = view
	c.sub.Look(view)
}

// renew takes over what has become of the session, false where the socket has ended
// over it. With other rights it is put on the feed anew: what waits for it is dropped,
// and a whole picture takes the place of the one before.
func (c *socket) renew() bool {
	goesOn, others := c.lookAgain()
	if !goesOn || !others {
		return goesOn
	}
	if !c.subscribe(c.ctx, hello{}) {
		return false
	}
	c.mu.Lock()
	open := c.incident
	c.mu.Unlock()
	c.attend(c.ctx, open)
	return true
}

// lookAgain reads the session anew: whether the socket goes on, and whether with
// other rights. A database that does not answer changes nothing: it ends nobody's
// session, and the watch asks again.
func (c *socket) lookAgain() (goesOn, others bool) {
	session, err := c.api.identify(c.ctx, c.claim)
	switch {
	case dispatch.CodeOf(err) == dispatch.CodeSignedOut:
		c.close(closeSignedOut)
		return false, false
	case err != nil:
		return true, false
	case len(session.Needs()) > 0: // a second factor is due: not by a socket
		c.close(closeRights)
		return false, false
	}
	c.mu.Lock()
	before := c.roles
	c.takeOver(session)
	c.mu.Unlock()
	c.api.watch.has(c.watched, session)
	return true, !sameGrants(before, session.Account.Roles)
}
