package simulate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"yiping/server/dispatch"
)

// wave asks as many people as are missing, now and then one more: those the
// ranking recommends, and where they are too few somebody picked by hand. It
// says whether anybody was asked.
func (s *story) wave(ctx context.Context, missing int) (bool, error) {
	if s.chance(0.3) {
		missing++
	}
	ranked, err := s.ranking(ctx)
	if err != nil {
		return false, err
	}
	recommended := map[int64]bool{}
	var people []int64
	for _, k := range ranked.Candidates {
		if _, acts := s.phones[k.Responder.ID]; acts {
			people = append(people, k.Responder.ID)
			recommended[k.Responder.ID] = k.Recommended
		}
	}
	chosen := s.reserve(s.m.id, people, missing)
	if len(chosen) == 0 {
		if chosen, err = s.byHand(ctx, people); err != nil {
			return false, err
		}
	}
	if len(chosen) == 0 {
		return false, nil
	}
	reason := ""
	if slices.ContainsFunc(chosen, func(id int64) bool { return !recommended[id] }) {
		reason = "模拟：就近改派"
	}
	err = s.send(ctx, chosen, reason)
	if codeOf(err) == dispatch.CodeReasonRequired { // the ranking changed meanwhile
		err = s.send(ctx, chosen, "模拟：就近改派")
	}
	if err != nil {
		s.release(s.m.id, chosen...)
	}
	switch codeOf(err) {
	case dispatch.CodeAlreadyAssigned, dispatch.CodeAlreadyOffered, dispatch.CodeNotDispatchable, dispatch.CodeHazardBars:
		return false, nil // somebody else sent them, or their duty ended
	case dispatch.CodeVersionConflict, dispatch.CodeIllegalTransition:
		return false, s.changedMeanwhile(err)
	}
	return err == nil, err
}

func (s *story) ranking(ctx context.Context) (ranked dispatch.Recommendation, err error) {
	err = s.desk.get(ctx, "candidates", fmt.Sprintf("/api/v1/incidents/%d/candidates?limit=50", s.m.id), &ranked)
	return ranked, err
}

// farthest is how many metres somebody is sent by hand.
const farthest = 4000

// byHand takes the nearest of the idle who is not ranked, after a look at
// whether they are to be sent.
func (s *story) byHand(ctx context.Context, ranked []int64) ([]int64, error) {
	idle := s.idle()
	slices.SortStableFunc(idle, func(a, b *phone) int {
		return cmp.Compare(geo.Distance(s.at, a.where()), geo.Distance(s.at, b.where()))
	})
	for _, p := range idle[:min(len(idle), 5)] {
		if slices.Contains(ranked, p.me.ID) || geo.Distance(s.at, p.where()) > farthest {
			continue
		}
		var r dispatch.Responder
		if err := s.desk.get(ctx, "responder", fmt.Sprintf("/api/v1/responders/%d", p.me.ID), &r); err != nil {
			return nil, err
		}
		if r.Duty == dispatch.DutyOff || r.Task != nil {
			continue
		}
		if chosen := s.reserve(s.m.id, []int64{p.me.ID}, 1); len(chosen) > 0 {
			return chosen, nil
		}
	}
	return nil, nil
}

func (s *story) send(ctx context.Context, people []int64, reason string) error {
	return s.act(ctx, s.m, func() error {
		var sent struct {
			Offers []dispatch.Offer `json:"offers"`
		}
		err := s.desk.post(ctx, "send", fmt.Sprintf("/api/v1/incidents/%d/offers", s.m.id),
			body{"version": s.m.version, "responder_ids": people, "reason": reason}, &sent)
		if err != nil {
			return err
		}
		if len(sent.Offers) < len(people) {
			s.ledger.differf("incident %d: %d people were asked, the server says %d", s.m.id, len(people), len(sent.Offers))
		}
		s.m.sent(sent.Offers)
		s.ledger.did(map[bool]string{true: "send", false: "send by hand"}[reason == ""])
		return nil
	})
}

// around gives a point so many metres from another.
func around(l *luck, p orb.Point, from, to int) orb.Point {
	return geo.PointAtBearingAndDistance(p, float64(l.pick(360)), float64(from+l.pick(to-from+1)))
}
