package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"yiping/server/dispatch"
)

const (
	streamedWithin = 15 * time.Second // in which the live socket must tell what was acknowledged
	longestHold    = 20 * time.Minute // at the real pace; what is not handled by then is cancelled
	leastHold      = 3 * time.Minute  // at any pace: a server under load takes its time
	leastPatience  = 3 * time.Second
	mostWaves      = 6
)

// story is one incident as it is lived through.
type story struct {
	*world
	*luck
	m        *model
	kind     dispatch.IncidentType
	at       orb.Point
	resident *client
	number   string // the resident's
}

// incident lives one incident through, from the report to its end.
func (w *world) incident(ctx context.Context, n int) {
	l := newLuck(w.Seed, 1<<32+uint64(n))
	h := w.happens(l, n)
	for ; h == nil; h = w.happens(l, n) {
		if !w.pause(ctx, time.Second) {
			return
		}
	}
	resident := w.street.people[n%len(w.street.people)]
	number, i, err := w.report(ctx, h, resident)
	switch {
	case codeOf(err) == dispatch.CodeOutsideDistrict: // by the border: no incident, as it should be
		w.ledger.did("report outside")
		return
	case errors.Is(err, errUntold):
		w.ledger.began()
		return
	case err != nil:
		w.failed(ctx, "report", err)
		return
	}
	w.ledger.began()
	s := &story{w, l, newModel(i), h.kind, h.at, resident, number}
	w.keep(s.m)
	s.m.stream(i.State)
	s.end(ctx, s.live(ctx))
}

// live is the way of an incident. Between steps people think; an error ends it.
func (s *story) live(ctx context.Context) error {
	if !s.pause(ctx, s.between(8*time.Second, 30*time.Second)) {
		return ctx.Err()
	}
	if s.chance(0.07) {
		return s.step(ctx, "reject", dispatch.IncidentRejected, body{"reason": "模拟：重复或不属实"})
	}
	if err := s.step(ctx, "verify", dispatch.IncidentVerified, body{}); err != nil {
		return err
	}
	if err := s.track(ctx, s.m, s.resident, s.number); err != nil {
		return err
	}
	for round := 0; ; round++ {
		if err := s.handled(ctx); err != nil {
			return err
		}
		if !s.pause(ctx, s.between(10*time.Second, 30*time.Second)) {
			return ctx.Err()
		}
		passed := round > 0 || !s.chance(0.1)
		if err := s.check(ctx, passed); err != nil {
			return err
		}
		if passed {
			break
		}
	}
	if !s.pause(ctx, s.between(5*time.Second, 15*time.Second)) {
		return ctx.Err()
	}
	return s.step(ctx, "close", dispatch.IncidentClosed, body{})
}

// step is a command that needs no more than the version.
func (s *story) step(ctx context.Context, name string, to dispatch.IncidentState, in body) error {
	return s.act(ctx, s.m, func() error {
		in["version"] = s.m.version
		err := s.desk.post(ctx, name, fmt.Sprintf("/api/v1/incidents/%d/%s", s.m.id, name), in, nil)
		if err == nil {
			s.m.state = to
			s.ledger.did(name)
		}
		return err
	})
}

func (s *story) check(ctx context.Context, passed bool) error {
	return s.act(ctx, s.m, func() error {
		in := body{"version": s.m.version, "passed": passed}
		if !passed {
			in["reason"] = "模拟：现场仍有残留，请再处置"
		}
		err := s.desk.post(ctx, "check", fmt.Sprintf("/api/v1/incidents/%d/check", s.m.id), in, nil)
		if err == nil {
			s.m.checked(passed)
			s.ledger.did(map[bool]string{true: "check", false: "refuse check"}[passed])
		}
		return err
	})
}

// handled sends people in waves until their work is done.
func (s *story) handled(ctx context.Context) error {
	deadline := time.Now().Add(max(time.Duration(float64(longestHold)/s.Speed), leastHold))
	for wave := 0; ; {
		state, missing := s.stand()
		switch {
		case state == dispatch.IncidentResolved:
			return nil
		case time.Now().After(deadline) || wave > mostWaves:
			return s.cancel(ctx, "模拟：一直无人可派")
		case missing > 0:
			sent, err := s.wave(ctx, missing)
			if err != nil {
				return err
			}
			if !sent { // nobody is free: wait for somebody
				if !s.idleFor(ctx, 5*time.Second) {
					return ctx.Err()
				}
				continue
			}
			wave++
		}
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
}

// stand gives the state, and how many more must be asked: none while answers
// are awaited.
func (s *story) stand() (dispatch.IncidentState, int) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.state == dispatch.IncidentVerified || s.m.state == dispatch.IncidentDispatching || s.m.state == dispatch.IncidentHandling {
		waiting := 0
		for _, a := range s.m.asks {
			if a.state.Open() && a.state != dispatch.OfferStandby {
				waiting++
			}
		}
		if waiting == 0 {
			return s.m.state, max(0, s.m.quota-s.m.taken())
		}
	}
	return s.m.state, 0
}

func (s *story) idleFor(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(time.Duration(float64(d)/s.Speed), 20*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.freed:
	case <-timer.C:
	}
	return true
}

// wait waits until something of the incident changes; after a while without an
// answer the dispatcher looks, and takes back what stays unanswered.
func (s *story) wait(ctx context.Context) error {
	patience := time.NewTimer(s.patience())
	defer patience.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.m.poke:
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if s.m.foreign {
			return errForeign
		}
		return s.stale(ctx)
	case <-patience.C:
	}
	return s.takeBack(ctx)
}

// stale looks anew where the live socket told another state, or that an
// offer's time is up. The caller holds the model's lock.
func (s *story) stale(ctx context.Context) error {
	up := false
	for _, a := range s.m.asks {
		up = up || a.state.Open() && a.state != dispatch.OfferStandby && a.expires.Before(time.Now())
	}
	if !up && s.m.lastStreamed() == s.m.state {
		return nil
	}
	return s.look(ctx, s.m)
}

// patience is how long a dispatcher waits for an answer: until the offers' time
// is up, now and then less; where life is faster than the server's clock, so much
// less.
func (s *story) patience() time.Duration {
	offer := time.Duration(s.kind.Plan.OfferSeconds) * time.Second
	if s.Speed > 1 {
		return max(time.Duration(float64(offer)/s.Speed), leastPatience)
	}
	if s.chance(0.1) {
		return offer / 3
	}
	return offer + 3*time.Second
}

// takeBack withdraws the offers that are left unanswered, those who asked for
// time apart, and looks.
func (s *story) takeBack(ctx context.Context) error {
	for _, id := range s.m.silent() {
		err := s.act(ctx, s.m, func() error {
			a := s.m.asks[id]
			if !a.state.Open() {
				return nil
			}
			err := s.desk.post(ctx, "withdraw", fmt.Sprintf("/api/v1/offers/%d/withdraw", id), body{}, nil)
			if err == nil {
				a.state = dispatch.OfferWithdrawn
				s.ledger.did("withdraw")
			}
			return err
		})
		if err != nil && codeOf(err) != dispatch.CodeIllegalTransition { // its time was up the moment before
			return err
		}
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.foreign {
		return errForeign
	}
	return s.look(ctx, s.m)
}

// cancel ends an incident that is not handled.
func (s *story) cancel(ctx context.Context, why string) error {
	err := s.act(ctx, s.m, func() error {
		err := s.desk.post(ctx, "cancel", fmt.Sprintf("/api/v1/incidents/%d/cancel", s.m.id), body{"version": s.m.version, "reason": why}, nil)
		if err == nil {
			s.m.cancelled()
			s.ledger.did("cancel")
		}
		return err
	})
	if err != nil {
		return err
	}
	return errCancelled
}

// errCancelled ends a story early, as it should be.
var errCancelled = errors.New("cancelled")

// changedMeanwhile gives what a conflict means: somebody else's hand, which the
// look after the act has seen, is none of ours to explain.
func (s *story) changedMeanwhile(err error) error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.foreign {
		return errForeign
	}
	return err
}

// end compares the last state with what the live socket and the resident are
// told, and lets the incident go.
func (s *story) end(ctx context.Context, err error) {
	switch {
	case err == nil || errors.Is(err, errCancelled):
		s.concluded(ctx)
		if err := s.track(ctx, s.m, s.resident, s.number); err != nil {
			s.failed(ctx, fmt.Sprintf("follow incident %d", s.m.id), err)
		}
		s.ledger.over(string(s.m.state))
	case errors.Is(err, errForeign):
		s.ledger.over("others went on")
	case ctx.Err() != nil:
		s.ledger.over("interrupted") // it is cancelled with all that is left
		return
	default:
		s.failed(ctx, fmt.Sprintf("incident %d", s.m.id), err)
		s.failed(ctx, fmt.Sprintf("cancel incident %d", s.m.id), s.cancelLeft(ctx, s.m.id))
		s.ledger.over("failed")
	}
	s.forget(s.m.id)
}

// concluded waits until the live socket told the last state.
func (s *story) concluded(ctx context.Context) {
	late := time.NewTimer(streamedWithin)
	defer late.Stop()
	for s.m.lastStreamed() != s.m.state {
		select {
		case <-s.m.poke:
		case <-late.C:
			s.ledger.differf("incident %d: it is %s, the live socket says %s", s.m.id, s.m.state, s.m.lastStreamed())
			return
		case <-ctx.Done():
			return
		}
	}
}
