package dispatch

import (
	"context"
	"slices"
	"time"
)

// Valid says whether the health is a known one.
func (h Health) Valid() bool {
	return slices.Contains([]Health{HealthUp, HealthDown, HealthUnknown}, h)
}

// CameraTx is the part of a transaction that cameras need.
type CameraTx interface {
	LockCamera(ctx context.Context, id int64) (Camera, error)
	SaveCameraHealth(ctx context.Context, c Camera) error
}

// HealthReport is what a monitor says of a camera, each part on its own.
type HealthReport struct {
	Device  Health
	Channel Health
	Stream  Health
	At      time.Time // when it was looked at, zero for now
}

// ReportHealth takes over how a camera is. What was looked at earlier than what
// is known changes nothing; the same states again only say that they still
// hold, with no event, so that a monitor may report as often as it likes.
func (s *Service) ReportHealth(ctx context.Context, c Command, id int64, in HealthReport) (Outcome, error) {
	for field, h := range map[string]Health{"device": in.Device, "channel": in.Channel, "stream": in.Stream} {
		if !h.Valid() {
			return Outcome{}, Refuse(CodeInvalid, field)
		}
	}
	return s.store.Run(ctx, c, func(ctx context.Context, tx Tx) (Outcome, error) {
		known, err := tx.LockCamera(ctx, id)
		if err != nil {
			return Outcome{}, err
		}
		if err := s.allow(c.Actor, ActionReportHealth, known.AreaID); err != nil {
			return Outcome{}, err
		}
		now := s.now()
		next, news, changed := known.observed(in, now)
		if !news {
			return Outcome{Noun: NounCamera, ID: id, Version: known.Version}, nil
		}
		if err := tx.SaveCameraHealth(ctx, next); err != nil {
			return Outcome{}, err
		}
		out := Outcome{Noun: NounCamera, ID: id, Version: next.Version}
		if !changed {
			return out, nil
		}
		return out, tx.Emit(ctx, Event{Kind: "camera.health", At: now, Noun: NounCamera, NounID: id, NounVersion: next.Version,
			AreaID: next.AreaID, AccountID: accountOf(c.Actor),
			Data: map[string]string{"device": string(next.DeviceHealth), "channel": string(next.ChannelHealth), "stream": string(next.StreamHealth)}})
	})
}

// observed gives the camera after a report: whether it says anything newer than
// what is known, and whether a state is another.
func (c Camera) observed(in HealthReport, now time.Time) (next Camera, news, changed bool) {
	at := deviceTime(in.At, time.Time{}, now)
	if c.HealthAt != nil && at.Before(*c.HealthAt) {
		return c, false, false
	}
	changed = c.DeviceHealth != in.Device || c.ChannelHealth != in.Channel || c.StreamHealth != in.Stream
	c.DeviceHealth, c.ChannelHealth, c.StreamHealth, c.HealthAt = in.Device, in.Channel, in.Stream, &at
	if changed {
		c.Version++
	}
	return c, true, changed
}
