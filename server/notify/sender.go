package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"yiping/server/dispatch"
)

// How the sender goes about it. A lease is longer than an attempt and its noting
// may take: what is claimed again belongs to a node that was killed.
const (
	attemptMost = 8 * time.Second
	webhookMost = 15 * time.Second // as Standard Webhooks asks
	noteMost    = 5 * time.Second
	leaseBeyond = 12 * time.Second
	atOnce      = 16 // attempts of one channel at a time
)

// Queue is where messages wait.
type Queue interface {
	// ClaimMessages takes due messages of a channel for one attempt each (of one
	// incident; 0 for all).
	ClaimMessages(ctx context.Context, channel dispatch.Way, incidentID int64, at time.Time, lease time.Duration, limit int) ([]dispatch.Outgoing, error)
	// NextMessage gives when the next one is due, zero for none.
	NextMessage(ctx context.Context, channel dispatch.Way, incidentID int64) (time.Time, error)
	MessageSent(ctx context.Context, m dispatch.Outgoing, providerID string, at time.Time) error
	// MessageFailed notes an attempt that failed; with a zero time, the last one.
	MessageFailed(ctx context.Context, m dispatch.Outgoing, failure string, again, at time.Time) error
	// MessagePostponed puts off an attempt that was none.
	MessagePostponed(ctx context.Context, m dispatch.Outgoing, until time.Time) error
	// DisableTarget notes that a target asks to be told no more.
	DisableTarget(ctx context.Context, name string, at time.Time) error
	// RecordCall notes that a person's number goes outside. Where it fails,
	// nothing may leave.
	RecordCall(ctx context.Context, m dispatch.Outgoing, recipient string) error
}

// Channel sends one message and gives the other side's id for it. Its errors are
// Failures.
type Channel interface {
	Send(ctx context.Context, m dispatch.Outgoing) (providerID string, err error)
}

// recipient is a channel by which persons' numbers go outside.
type recipient interface{ Recipient() string }

// Sender sends what is due.
type Sender struct {
	queue    Queue
	now      func() time.Time
	log      zerolog.Logger
	channels map[dispatch.Way]channel
	open     sync.WaitGroup
}

type channel struct {
	Channel
	most   time.Duration // of an attempt
	places chan struct{}
}

// NewSender makes one without channels.
func NewSender(queue Queue, now func() time.Time, log zerolog.Logger) *Sender {
	return &Sender{queue: queue, now: now, log: log, channels: map[dispatch.Way]channel{}}
}

// Add gives it a channel.
func (s *Sender) Add(way dispatch.Way, c Channel) {
	most := attemptMost
	if way == dispatch.WayWebhook {
		most = webhookMost
	}
	s.channels[way] = channel{c, most, make(chan struct{}, atOnce)}
}

// Ways gives the channels that it has.
func (s *Sender) Ways() []dispatch.Way {
	var ways []dispatch.Way
	for _, w := range []dispatch.Way{dispatch.WaySMS, dispatch.WayVoice, dispatch.WayGroup, dispatch.WayWebhook} {
		if _, ok := s.channels[w]; ok {
			ways = append(ways, w)
		}
	}
	return ways
}

// Fire begins an attempt for all that is due of a channel and says when the next
// is. It waits for a place, not for the attempts.
func (s *Sender) Fire(ctx context.Context, way dispatch.Way) (time.Time, error) {
	return s.fire(ctx, way, 0)
}

// Look does so for the messages of one incident, over all channels that reach
// persons: the durable job's way.
func (s *Sender) Look(ctx context.Context, incidentID int64) (time.Time, error) {
	var soonest time.Time
	for _, way := range []dispatch.Way{dispatch.WaySMS, dispatch.WayVoice} {
		if _, ok := s.channels[way]; !ok {
			continue
		}
		next, err := s.fire(ctx, way, incidentID)
		if err != nil {
			return time.Time{}, err
		}
		if !next.IsZero() && (soonest.IsZero() || next.Before(soonest)) {
			soonest = next
		}
	}
	return soonest, nil
}

// Wait waits for attempts that are under way.
func (s *Sender) Wait() { s.open.Wait() }

func (s *Sender) fire(ctx context.Context, way dispatch.Way, incidentID int64) (time.Time, error) {
	c, ok := s.channels[way]
	if !ok {
		return time.Time{}, fmt.Errorf("there is no channel %s", way)
	}
	for {
		n, err := c.take(ctx)
		if err != nil {
			return time.Time{}, err
		}
		list, err := s.queue.ClaimMessages(ctx, way, incidentID, s.now(), c.most+leaseBeyond, n)
		for range n - len(list) {
			<-c.places
		}
		if err != nil {
			return time.Time{}, err
		}
		for _, m := range list {
			s.open.Go(func() {
				defer func() { <-c.places }()
				s.attempt(context.WithoutCancel(ctx), c, m)
			})
		}
		if len(list) < n {
			return s.queue.NextMessage(ctx, way, incidentID)
		}
	}
}

// take waits for a place and takes all that are free.
func (c channel) take(ctx context.Context) (int, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case c.places <- struct{}{}:
	}
	for n := 1; ; n++ {
		select {
		case c.places <- struct{}{}:
		default:
			return n, nil
		}
	}
}

// attempt sends one message and notes what became of it. Where that cannot be
// noted, the lease ends and it is sent again.
func (s *Sender) attempt(ctx context.Context, c channel, m dispatch.Outgoing) {
	theirs, err := s.send(ctx, c, m)
	now := s.now()
	ctx, cancel := context.WithTimeout(ctx, noteMost)
	defer cancel()
	if err == nil {
		err = s.queue.MessageSent(ctx, m, theirs, now)
		if err != nil {
			s.log.Warn().Err(err).Int64("message", m.ID).Msg("a message was sent and cannot be noted")
		}
		return
	}
	failure := &Failure{Word: dispatch.FailureUnreachable, Err: err}
	_ = errors.As(err, &failure)
	if !failure.Until.IsZero() {
		if err := s.queue.MessagePostponed(ctx, m, failure.Until); err != nil {
			s.log.Warn().Err(err).Int64("message", m.ID).Msg("a postponed message cannot be noted")
		}
		return
	}
	again, ok := dispatch.RetryAt(m.Channel, m.Attempts, now)
	if failure.Final || !ok {
		again = time.Time{}
	}
	s.log.Warn().Err(err).Int64("message", m.ID).Str("channel", string(m.Channel)).Int("attempt", m.Attempts).Bool("last", again.IsZero()).Msg("a message did not go out")
	if err := s.queue.MessageFailed(ctx, m, failure.Word, again, now); err != nil {
		s.log.Warn().Err(err).Int64("message", m.ID).Msg("a failed message cannot be noted")
	}
	if failure.Word == dispatch.FailureGone {
		if err := s.queue.DisableTarget(ctx, m.Target, now); err != nil {
			s.log.Warn().Err(err).Str("target", m.Target).Msg("a target that is gone cannot be noted")
		}
	}
}

func (s *Sender) send(ctx context.Context, c channel, m dispatch.Outgoing) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.most)
	defer cancel()
	if to, ok := c.Channel.(recipient); ok {
		if m.Phone == "" {
			return "", &Failure{Word: dispatch.FailureNoNumber, Final: true, Err: errors.New("nobody can be called")}
		}
		if err := s.queue.RecordCall(ctx, m, to.Recipient()); err != nil {
			return "", fmt.Errorf("record that a number goes outside: %w", err)
		}
	}
	return c.Send(ctx, m)
}
